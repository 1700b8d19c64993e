/* Unit tests of input/columns: which column holds which field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "input/reader/columns.h"
#include "input/reader/reader.h"

#define CELLS_MAX 32
#define PLAIN "workcard_id|claim_order_no|claim_status|claim_time|claim_fee"

/* What --column says: one field, one header; a NULL header is nothing. */
struct wish {
    enum field field;
    const char *header;
};

/* Resolves headers that are joined by '|'. */
static int resolve(const char *headers, struct wish first, struct wish second, enum fee_unit unit,
                   struct columns *ret_columns, struct buffer *ret_unused, struct error *err)
{
    char text[2048];
    struct cell cells[CELLS_MAX];
    const char *wanted[FIELD_COUNT] = {0};
    struct record header = {.row = 3, .line = 3, .cells = cells};
    char *rest = text;

    snprintf(text, sizeof(text), "%s", headers);
    while (rest) {
        char *cell = strsep(&rest, "|");

        cells[header.count++] = (struct cell){cell, strlen(cell)};
    }
    if (first.header)
        wanted[first.field] = first.header;
    if (second.header)
        wanted[second.field] = second.header;
    return columns_resolve(&header, "claims.csv", first.header ? wanted : NULL, unit, ret_columns,
                           ret_unused, err);
}

static const struct wish nothing;

static void columns_are_recognised_by_every_name(void **state)
{
    static const struct {
        const char *headers;
        int index[FIELD_COUNT];
        enum fee_unit unit;
    } cases[] = {
        {"workcard_id|claim_desc|claim_count|claim_order_no|claim_status|claim_time|claim_fee",
         {0, 1, 2, 3, 4, 5, 6},
         FEE_UNIT_FEN},
        {"claim_fee|claim_time|claim_status|claim_order_no|claim_count|claim_desc|workcard_id",
         {6, 5, 4, 3, 2, 1, 0},
         FEE_UNIT_FEN},
        {"工单ID|理赔描述|理赔单数量|理赔单号|理赔状态|理赔时间|理赔金额(分)",
         {0, 1, 2, 3, 4, 5, 6},
         FEE_UNIT_FEN},
        {"工单号|拒赔原因|理赔数量|理赔单号|理赔状态|理赔时间|理赔金额（分）",
         {0, 1, 2, 3, 4, 5, 6},
         FEE_UNIT_FEN},
        {"工单编号|拒绝理赔原因|理赔数量|理赔单号|理赔状态|理赔时间|理赔金额(元)",
         {0, 1, 2, 3, 4, 5, 6},
         FEE_UNIT_YUAN},
        {"工单ID|理赔单号|理赔状态|理赔时间|理赔金额（元）",
         {0, COLUMN_ABSENT, COLUMN_ABSENT, 1, 2, 3, 4},
         FEE_UNIT_YUAN},
        /* Blanks of every kind, BOM and case aside. */
        {"\ufeffWorkcard_ID|\u3000CLAIM_ORDER_NO |\u00a0claim_status\t|claim_time\u3000| Claim_Fee",
         {0, COLUMN_ABSENT, COLUMN_ABSENT, 1, 2, 3, 4},
         FEE_UNIT_FEN},
        {"工单ID|理赔单号|理赔状态|理赔时间|理赔金额(元）",
         {0, COLUMN_ABSENT, COLUMN_ABSENT, 1, 2, 3, 4},
         FEE_UNIT_YUAN},
        {"工单id|理赔单号|理赔状态|理赔时间|理赔金额 （元）",
         {0, COLUMN_ABSENT, COLUMN_ABSENT, 1, 2, 3, 4},
         FEE_UNIT_YUAN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct columns columns = {0};
        struct buffer unused = {0};
        struct error err = {0};

        if (resolve(cases[i].headers, nothing, nothing, FEE_UNIT_UNDECLARED, &columns, &unused,
                    &err))
            fail_msg("case %zu: %s", i, err.text);
        for (size_t field = 0; field < FIELD_COUNT; field++)
            assert_int_equal(columns.index[field], cases[i].index[field]);
        assert_int_equal(columns.fee_unit, cases[i].unit);
        assert_string_equal(buffer_string(&unused), "");
    }
}

static void columns_nobody_asked_for_are_named(void **state)
{
    struct columns columns = {0};
    struct buffer unused = {0};
    struct error err = {0};

    (void)state;
    assert_int_equal(resolve("备注|" PLAIN "||操作员\x1b", nothing, nothing, FEE_UNIT_UNDECLARED,
                             &columns, &unused, &err),
                     0);
    assert_string_equal(buffer_string(&unused), "备注, 操作员\\x1B");
    assert_int_equal(columns.index[FIELD_WORKCARD_ID], 1);
    assert_int_equal(columns.count, 8);
    buffer_release(&unused);
}

static void columns_named_by_the_user_win(void **state)
{
    struct columns columns = {0};
    struct buffer unused = {0};
    struct error err = {0};

    (void)state;
    /* Blanks and case aside; the recognised column is then one nobody asked for. */
    if (resolve(PLAIN "|案件号", (struct wish){FIELD_CLAIM_ORDER_NO, "案件号 "}, nothing,
                FEE_UNIT_UNDECLARED, &columns, &unused, &err))
        fail_msg("%s", err.text);
    assert_int_equal(columns.index[FIELD_CLAIM_ORDER_NO], 5);
    assert_string_equal(buffer_string(&unused), "claim_order_no");
    buffer_reset(&unused);

    /* A recognised name may be given to another field, if its own field gets one too. */
    if (resolve(PLAIN "|no", (struct wish){FIELD_CLAIM_DESC, "CLAIM_ORDER_NO"},
                (struct wish){FIELD_CLAIM_ORDER_NO, "no"}, FEE_UNIT_UNDECLARED, &columns, &unused,
                &err))
        fail_msg("%s", err.text);
    assert_int_equal(columns.index[FIELD_CLAIM_DESC], 1);
    assert_int_equal(columns.index[FIELD_CLAIM_ORDER_NO], 5);
    assert_string_equal(buffer_string(&unused), "");

    /* Of two columns that mean one field, the user's word decides. */
    if (resolve(PLAIN "|理赔金额(元)", (struct wish){FIELD_CLAIM_FEE, "理赔金额(元)"}, nothing,
                FEE_UNIT_UNDECLARED, &columns, &unused, &err))
        fail_msg("%s", err.text);
    assert_int_equal(columns.index[FIELD_CLAIM_FEE], 5);
    assert_int_equal(columns.fee_unit, FEE_UNIT_YUAN);
    buffer_release(&unused);
}

static void columns_take_the_unit_of_header_or_option(void **state)
{
    static const struct {
        const char *fee;
        enum fee_unit option, unit;
    } cases[] = {
        {"claim_fee", FEE_UNIT_UNDECLARED, FEE_UNIT_FEN},
        {"claim_fee", FEE_UNIT_FEN, FEE_UNIT_FEN},
        /* A word that is written in the header can not be contradicted; this one is none. */
        {"claim_fee", FEE_UNIT_YUAN, FEE_UNIT_YUAN},
        {"理赔金额", FEE_UNIT_FEN, FEE_UNIT_FEN},
        {"理赔金额", FEE_UNIT_YUAN, FEE_UNIT_YUAN},
        {"理赔金额(元)", FEE_UNIT_YUAN, FEE_UNIT_YUAN},
        {"理赔金额（分）", FEE_UNIT_FEN, FEE_UNIT_FEN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char headers[256];
        struct columns columns = {0};
        struct buffer unused = {0};
        struct error err = {0};

        snprintf(headers, sizeof(headers), "工单号|理赔单号|理赔状态|理赔时间|%s", cases[i].fee);
        if (resolve(headers, nothing, nothing, cases[i].option, &columns, &unused, &err))
            fail_msg("case %zu: %s", i, err.text);
        assert_int_equal(columns.fee_unit, cases[i].unit);
    }
}

static void columns_take_the_unit_in_the_users_own_header(void **state)
{
    static const struct {
        const char *header;
        enum fee_unit unit;
    } cases[] = {
        {"赔款(元)", FEE_UNIT_YUAN}, {"赔款 （ 元 ）", FEE_UNIT_YUAN}, {"赔款（元)", FEE_UNIT_YUAN},
        {"赔款(分)", FEE_UNIT_FEN},  {"赔款（分）", FEE_UNIT_FEN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct wish wish = {FIELD_CLAIM_FEE, cases[i].header};
        char headers[256];
        struct columns columns = {0};
        struct buffer unused = {0};
        struct error err = {0};

        snprintf(headers, sizeof(headers), "工单号|理赔单号|理赔状态|理赔时间|%s", cases[i].header);
        if (resolve(headers, wish, nothing, FEE_UNIT_UNDECLARED, &columns, &unused, &err))
            fail_msg("case %zu: %s", i, err.text);
        assert_int_equal(columns.fee_unit, cases[i].unit);
    }
}

static void columns_refuse_what_is_not_clear(void **state)
{
    static const struct {
        const char *headers;
        struct wish first, second;
        enum fee_unit unit;
        const char *words[4];
    } cases[] = {
        /* Missing. */
        {"workcard_id|claim_order_no|claim_status|claim_time",
         {0},
         {0},
         FEE_UNIT_UNDECLARED,
         {"no column for claim_fee", "理赔金额(元)", "the columns are 'workcard_id'", "--column"}},
        {"编号|案件",
         {0},
         {0},
         FEE_UNIT_UNDECLARED,
         {"no column for workcard_id", "claim_time", "'编号', '案件'", "--column FIELD=HEADER"}},
        {"workcard_id;claim_order_no;claim_status;claim_time;claim_fee",
         {0},
         {0},
         FEE_UNIT_UNDECLARED,
         {"--delimiter", "'workcard_id;", NULL}},
        {"\x1b[31m", {0}, {0}, FEE_UNIT_UNDECLARED, {"'\\x1B[31m'", NULL}},
        /* Twice. */
        {PLAIN "|理赔金额(分)",
         {0},
         {0},
         FEE_UNIT_UNDECLARED,
         {"column 5 'claim_fee' and column 6 '理赔金额(分)'", "both mean claim_fee",
          "--column claim_fee=HEADER", NULL}},
        {"workcard_id|" PLAIN,
         {0},
         {0},
         FEE_UNIT_UNDECLARED,
         {"column 1 'workcard_id' and column 2 'workcard_id'", "rename one", NULL}},
        {PLAIN "|no|no",
         {FIELD_CLAIM_ORDER_NO, "no"},
         {0},
         FEE_UNIT_UNDECLARED,
         {"column 6 'no' and column 7 'no'", "rename one", NULL}},
        {PLAIN "|no",
         {FIELD_CLAIM_ORDER_NO, "no"},
         {FIELD_CLAIM_DESC, "no"},
         FEE_UNIT_UNDECLARED,
         {"column 6 'no'", "both claim_desc and claim_order_no", NULL}},
        /* Not there, and what is. */
        {PLAIN,
         {FIELD_CLAIM_DESC, "原因"},
         {0},
         FEE_UNIT_UNDECLARED,
         {"--column claim_desc", "'原因' that is not there", "'claim_time', 'claim_fee'", NULL}},
        /* Taken away from the field that it is usually for. */
        {PLAIN,
         {FIELD_CLAIM_DESC, "claim_order_no"},
         {0},
         FEE_UNIT_UNDECLARED,
         {"no column for claim_order_no", NULL}},
        /* The unit. */
        {"工单号|理赔单号|理赔状态|理赔时间|理赔金额",
         {0},
         {0},
         FEE_UNIT_UNDECLARED,
         {"column 5 '理赔金额' does not say", "--fee-unit fen or --fee-unit yuan", NULL}},
        {PLAIN "|赔款(元)",
         {FIELD_CLAIM_FEE, "赔款(元)"},
         {0},
         FEE_UNIT_FEN,
         {"column 6 '赔款(元)' says yuan but --fee-unit says fen", NULL}},
        {PLAIN "|赔款（万元）",
         {FIELD_CLAIM_FEE, "赔款（万元）"},
         {0},
         FEE_UNIT_YUAN,
         {"column 6 '赔款（万元）' says a unit that is neither fen nor yuan",
          "export the amounts in yuan", NULL}},
        {PLAIN "|赔款",
         {FIELD_CLAIM_FEE, "赔款"},
         {0},
         FEE_UNIT_UNDECLARED,
         {"column 6 '赔款' does not say", "--fee-unit", NULL}},
        {"工单号|理赔单号|理赔状态|理赔时间|理赔金额(元)",
         {0},
         {0},
         FEE_UNIT_FEN,
         {"column 5 '理赔金额(元)' says yuan but --fee-unit says fen", "take the option away",
          NULL}},
        {"工单号|理赔单号|理赔状态|理赔时间|理赔金额（分）",
         {0},
         {0},
         FEE_UNIT_YUAN,
         {"'理赔金额（分）' says fen but --fee-unit says yuan", NULL}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct columns columns = {0};
        struct buffer unused = {0};
        struct error err = {0};

        if (resolve(cases[i].headers, cases[i].first, cases[i].second, cases[i].unit, &columns,
                    &unused, &err) == 0)
            fail_msg("case %zu passed", i);
        assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
        assert_non_null(strstr(err.text, "'claims.csv', line 3"));
        assert_non_null(strstr(err.text, "nothing was sent"));
        for (size_t k = 0; k < 4 && cases[i].words[k]; k++) {
            if (!strstr(err.text, cases[i].words[k]))
                fail_msg("case %zu lacks '%s': %s", i, cases[i].words[k], err.text);
        }
        buffer_release(&unused);
    }
}

static void field_names_are_read_back(void **state)
{
    enum field field = FIELD_NONE;

    (void)state;
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        assert_true(column_field_parse(column_field_name((enum field)i), &field));
        assert_int_equal(field, i);
    }
    assert_string_equal(column_field_name(FIELD_CLAIM_FEE), "claim_fee");
    assert_false(column_field_parse("fee", &field));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_recognised_by_every_name),
        cmocka_unit_test(columns_nobody_asked_for_are_named),
        cmocka_unit_test(columns_named_by_the_user_win),
        cmocka_unit_test(columns_take_the_unit_of_header_or_option),
        cmocka_unit_test(columns_take_the_unit_in_the_users_own_header),
        cmocka_unit_test(columns_refuse_what_is_not_clear),
        cmocka_unit_test(field_names_are_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
