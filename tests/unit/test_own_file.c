/* Unit tests of input/own_file: files of our own are known whatever a spreadsheet made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "input/export/own_file.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#define REPORT                                                                                     \
    "row,workcard_id,claim_desc,claim_count,claim_order_no,claim_status,claim_time,claim_fee,"     \
    "outcome,code,sub_code,message,warnings,attempts,http_status,request_id,submitted_at,"         \
    "duration_ms,digest"
#define PROBLEMS "row,line,severity,codes,problems"

static void a_file_of_ours_is_known_by_its_first_line(void **state)
{
    static const struct {
        const char *line;
        char delimiter;
        enum own_file kind;
    } cases[] = {
        {REPORT, ',', OWN_FILE_REPORT},
        {"\"row\",\"workcard_id\",\"outcome\",\"code\",\"sub_code\",\"message\",\"attempts\"", ',',
         OWN_FILE_REPORT},
        {"row;workcard_id;outcome;code;sub_code;message;warnings;digest", ';', OWN_FILE_REPORT},
        {"row\toutcome\tcode\tsub_code\tmessage\twarnings", '\t', OWN_FILE_REPORT},
        {"row^outcome^code^sub_code^message^warnings", '^', OWN_FILE_REPORT},
        /* A mark that was read as letters, a column that was taken out. */
        {"锘縭ow,outcome,code,sub_code,message,attempts,http_status,request_id", ',',
         OWN_FILE_REPORT},
        {"row,digest,submitted_at,workcard_id,claim_order_no,claim_fee,request_id,as,by,reason",
         ',', OWN_FILE_DECISIONS},
        {PROBLEMS ",workcard_id", ',', OWN_FILE_PROBLEMS},
        {"row|line|severity|codes|problems|工单ID", '|', OWN_FILE_PROBLEMS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char delimiter = '\0';
        enum own_file kind =
            own_file_of_header(cases[i].line, strlen(cases[i].line), '^', &delimiter);

        if (kind != cases[i].kind || delimiter != cases[i].delimiter)
            fail_msg("'%s': %d by '%c'", cases[i].line, (int)kind, delimiter);
    }
}

static void an_export_is_none_of_ours(void **state)
{
    static const char *const lines[] = {
        "",
        "workcard_id,claim_desc,claim_count,claim_order_no,claim_status,claim_time,claim_fee",
        "工单ID,理赔单号,理赔状态,理赔时间,理赔金额(元),拒赔原因",
        /* Names of an office that are also ours, but too few. */
        "row,code,message,workcard_id,claim_order_no,claim_status,claim_time,claim_fee,reason",
        "row,line,platform,outcome,run,workcard_id,claim_order_no,claim_status,claim_time,digest",
        ",,,,,,,,,,,,,,,",
        "code,code,code",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        char delimiter = '\0';

        if (own_file_of_header(lines[i], strlen(lines[i]), ',', &delimiter) != OWN_FILE_NONE)
            fail_msg("'%s'", lines[i]);
        assert_int_equal(delimiter, ',');
    }
}

static void what_is_no_table_is_known_by_its_first_bytes(void **state)
{
    (void)state;
    assert_non_null(strstr(own_file_of_bytes("SQLite format 3\0\x10", 17), "ledger"));
    assert_non_null(strstr(own_file_of_bytes("{", 1), "manifest"));
    assert_null(own_file_of_bytes("workcard_id", 11));
    assert_null(own_file_of_bytes("SQLi", 4));
    assert_null(own_file_of_bytes("", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_ours_is_known_by_its_first_line),
        cmocka_unit_test(an_export_is_none_of_ours),
        cmocka_unit_test(what_is_no_table_is_known_by_its_first_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
