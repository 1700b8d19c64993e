/* Unit tests of input/profile: what an export looks like as a whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "input/claim/claim.h"
#include "input/claim/profile.h"
#include "input/inspection/footer.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const struct columns columns = {.index = {0, 1, 2, 3, 4, 5, 6}, .count = 7};

/* Notes rows whose cells are joined by '|'; NULL ends them. */
static bool profile_of(const char *const *rows, struct census **ret_census,
                       struct profile *ret_profile)
{
    struct profile before;
    struct rules rules;
    struct error err = {0};

    rules_init(&rules);
    profile_init(&before);
    *ret_census = census_open();
    assert_non_null(*ret_census);
    for (uint64_t row = 2; rows[row - 2]; row++) {
        struct cell cells[16];
        struct record record = {.row = row, .line = row, .cells = cells};
        char text[512];
        char *rest = text;

        snprintf(text, sizeof(text), "%s", rows[row - 2]);
        while (rest) {
            char *cell = strsep(&rest, "|");

            cells[record.count++] = (struct cell){cell, strlen(cell)};
        }
        assert_int_equal(census_note(*ret_census, &rules, &columns, &record, &err), 0);
    }
    return census_finish(*ret_census, &before, ret_profile);
}

static void profile_tells_rounding_from_chance(void **state)
{
    (void)state;
    /* 6 of 6 numbers of 16 digits: one in a million. */
    assert_true(census_chance(6, 6, 1) <= 1.000001e-6);
    assert_true(census_chance(5, 5, 1) > 1e-6);
    assert_true(census_chance(2, 2, 3) <= 1.000001e-6);
    assert_true(census_chance(1, 1, 3) > 1e-6);
    /* Once in a thousand, as chance has it. */
    assert_true(census_chance(1000000, 1000, 3) > 0.01);
    assert_true(census_chance(1000000, 1070, 3) > 0.005);
    assert_true(census_chance(1000000, 1200, 3) < 1e-6);
    assert_true(census_chance(100000, 10000, 1) > 0.01);
    assert_true(census_chance(100, 0, 3) == 1);
}

static void profile_names_a_footer_and_cut_rows(void **state)
{
    static const struct {
        const char *rows[8];
        uint64_t footer_row, cut[2];
    } cases[] = {
        {{"1||1|A|1|t|5", "2||1|B|1|t|5"}, 0, {0}},
        {{"1||1|A|1|t|5", "合计", "2||1|B|1|t|5"}, 0, {2}},
        {{"1||1|A|1|t|5", "合计：128.00元"}, 3, {0}},
        {{"1||1|A|1|t|5", "------", "共2笔，成功1笔，合计128.00元"}, 3, {0}},
        {{"1||1|A|1|t|5", "||||||", ""}, 3, {0}},
        {{"1||1|A|1|t|5", "人民币合计||||||1,128.00"}, 3, {0}},
        {{"1||1|A|1|t|5", "合计损失过大"}, 0, {2}},
        {{"1||1|A|1|t|5", "缺少购机发票", "2||1|B|1|t|5"}, 0, {2}},
        {{"1||1|A|1|t|5", "------", "2||1|B|1|t|5"}, 0, {2}},
        {{"1||1|A|1|t|5", "||||||", "2||1|B|1|t|5"}, 0, {0}},
        {{"1||1|A|1|t|5", "(2 rows affected)"}, 3, {0}},
        {{"1||1|A|1|t|5", "合计|||2|||"}, 3, {0}},
        {{"1||1|A|1|t|5", "2|合计|||||5"}, 3, {0}},
        {{"1||1|A|1|t|5", "|||合计|||5"}, 3, {0}},
        {{"1||1|A|1|t|5", "||合计|1|||5"}, 3, {0}},
        {{"1||1|A|1|t|5", "|||||合计：|5"}, 3, {0}},
        {{"1||1|A|1|t|5", "8815301637|合计|1|B|1||5"}, 0, {0}},
        {{"1||1|A|1|t|5", "|合计|1|B2026001|1|t|5"}, 0, {0}},
        {{"1||1|A|1|t|5", "2||1|B|1|t|5", "共3处划痕"}, 0, {3}},
        {{"1||1|A|1|t|5", "制表人：王"}, 3, {0}},
        {{"1||1|A|1|t|5", "制表人：王||审核：李||||"}, 3, {0}},
        {{"1||1|A|1|t|5", "打印时间：2026-11-26 09:00|第 1 页 / 共 1 页"}, 3, {0}},
        {{"1||1|A|1|t|5", "*** End of Report ***"}, 3, {0}},
        {{"1||1|A|1|t|5", "合计|||2|||5", "审 核 人|||||||"}, 3, {0}},
        {{"1||1|A|1|t|5", "合计人民币壹佰贰拾捌元整"}, 3, {0}},
        {{"1||1|A|1|t|5", "审核不通过"}, 0, {2}},
        {{"1||1|A|1|t|5", "备注：缺发票", "2||1|B|1|t|5"}, 0, {2}},
        {{"1||1|A|1|t|5", "8815301637|备注：旧单|1|B|1|t|5"}, 0, {0}},
        {{"1||1|A|1|t|5", "备注：|||B|1|t|128"}, 0, {0}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct census *census = NULL;
        struct profile profile;

        profile_of(cases[i].rows, &census, &profile);
        if (profile.footer_row != cases[i].footer_row)
            fail_msg("case %zu: footer %d", i, (int)profile.footer_row);
        assert_int_equal(profile.cut_count, cases[i].cut[0] != 0);
        if (cases[i].cut[0])
            assert_true(profile_is_cut(&profile, cases[i].cut[0]));
        assert_false(profile_is_cut(&profile, 99));
        census_close(census);
    }
}

static void profile_of_a_usual_export_changes_nothing(void **state)
{
    static const char *const usual[] = {"1||1|LP1|1|t|5", "2||1|LP2|1|t|5", NULL};
    static const char *const odd[] = {"1||1|LP1|1|t|5", "2||1|46330|1|t|5", "3||1|LP3|1|t|5", NULL};
    static const char *const alike[] = {"1||1|46330|1|t|5", "2||1|46331|1|t|5", NULL};
    struct census *census = NULL;
    struct profile profile;

    (void)state;
    assert_false(profile_of(usual, &census, &profile));
    census_close(census);
    assert_true(profile_of(odd, &census, &profile));
    assert_true(profile.is_odd[ORDER_SERIAL]);
    census_close(census);
    assert_false(profile_of(alike, &census, &profile));
    assert_false(profile.is_odd[ORDER_SERIAL]);
    census_close(census);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profile_tells_rounding_from_chance),
        cmocka_unit_test(profile_names_a_footer_and_cut_rows),
        cmocka_unit_test(profile_of_a_usual_export_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
