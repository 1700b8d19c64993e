/* Unit tests of report/manifest: what was written is read back, and nothing else is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "ledger_place.h"
#include "memfile.h"
#include "report/manifest/manifest.h"

static const char export_text[] = "claim_fee,workcard_id,claim_order_no,claim_status,claim_time\n"
                                  "100,1,A,1,2022-12-01 10:00:00\n"
                                  "200,2,B,1,2022-12-01\n";

/* What a manifest is written of. */
struct scene {
    struct place *place;
    struct memfile export;
    struct row_source row_source;
    struct inspection inspection;
    struct run_record run;
    struct tally *tally;
    struct manifest manifest;
    unsigned char sha256[DIGEST_SHA256_BYTES];
    char report_path[128], manifest_path[160];
    struct buffer json;
    struct manifest_found found;
};

static void fill_tally(struct tally *tally)
{
    assert_int_equal(tally_add(tally, OUTCOME_ACCEPTED, OUTCOME_ACCEPTED, "SUCCESS", INT64_MAX), 0);
    assert_int_equal(tally_add(tally, OUTCOME_ACCEPTED, OUTCOME_ACCEPTED, "SUCCESS", INT64_MAX), 0);
    assert_int_equal(tally_add(tally, OUTCOME_REJECTED, OUTCOME_REJECTED, "50", 7), 0);
    assert_int_equal(tally_add(tally, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, "50", 5), 0);
    assert_int_equal(tally_add(tally, OUTCOME_UNSENT, OUTCOME_UNSENT, "a\xff\"b", 0), 0);
}

static void record_events(struct scene *s)
{
    const struct event events[] = {
        {EVENT_START, STARTED_MS, 0, ""},
        {EVENT_BAN, STARTED_MS + 5, STARTED_MS + 900, "\"limited\", 理赔"},
        {EVENT_END, STARTED_MS + 999, 0, ""},
    };

    begin(s->place->ledger);
    for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++)
        assert_int_equal(ledger_event_put(s->place->ledger, s->run.id, &events[i], &err), 0);
    commit(s->place->ledger);
}

static int set_up(void **state)
{
    static const char replaced[1][MANIFEST_SHA256_TEXT_BYTES] = {
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"};
    struct scene *s = calloc(1, sizeof(*s));

    assert_int_equal(make_place((void **)&s->place), 0);
    s->export = memfile_text(export_text);
    s->row_source.reader.delimiter = ',';
    s->row_source.now_ms = STARTED_MS;
    rules_init(&s->row_source.rules);
    s->row_source.rules.severity[RULE_DATE_ONLY] = SEVERITY_OFF;
    s->row_source.rules.max_fee = 5000;
    assert_int_equal(export_open(s->export.path, &s->row_source.export, &err), 0);
    assert_int_equal(inspection_run(&s->row_source, &s->inspection, &err), 0);
    s->run = create_run(s->place->ledger, 1);
    s->run.finished_ms = STARTED_MS + 1000;
    s->run.stopped_because = "limit";
    record_events(s);
    s->tally = tally_open();
    fill_tally(s->tally);
    memset(s->sha256, 0xab, sizeof(s->sha256));
    snprintf(s->report_path, sizeof(s->report_path), "%s/r\xff.csv", s->place->folder);
    snprintf(s->manifest_path, sizeof(s->manifest_path), "%s.manifest.json", s->report_path);
    s->manifest = (struct manifest){
        .program_version = "1.2",
        .run = &s->run,
        .parent_run = "20221211-00000000",
        .row_source = &s->row_source,
        .inspection = &s->inspection,
        .gateway = "https://eco.taobao.com/router/rest",
        .app_key = "12345678",
        .ledger = s->place->ledger,
        .tally = s->tally,
        .report_path = s->report_path,
        .report_bytes = 4096,
        .report_sha256 = s->sha256,
        .replaced = replaced,
        .replaced_count = 1,
    };
    assert_int_equal(manifest_format(&s->manifest, &s->json, &err), 0);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    void *place = s->place;

    unlink(s->manifest_path);
    manifest_found_release(&s->found);
    buffer_release(&s->json);
    tally_close(s->tally);
    inspection_release(&s->inspection);
    export_close(s->row_source.export);
    memfile_close(&s->export);
    free(s);
    return remove_place(&place);
}

static void write_manifest(const struct scene *s, const char *text, size_t len)
{
    FILE *file = fopen(s->manifest_path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void what_was_written_is_read_back(void **state)
{
    struct scene *s = *state;
    struct manifest_found *m = &s->found;

    write_manifest(s, s->json.ptr, s->json.len);
    if (manifest_read(s->report_path, m, &err) != 1)
        fail_msg("%s", err.text);
    assert_string_equal(m->run, s->run.name);
    assert_string_equal(m->parent_run, "20221211-00000000");
    assert_string_equal(m->ledger_id, ledger_id(s->place->ledger));
    assert_string_equal(m->program_version, "1.2");
    assert_string_equal(m->command, "upload");
    assert_string_equal(m->platform, PLATFORM);
    assert_string_equal(m->gateway, "https://eco.taobao.com/router/rest");
    assert_string_equal(m->app_key, "12345678");
    assert_int_equal(m->input_bytes, strlen(export_text));
    assert_int_equal(m->input_rows, 2);
    assert_int_equal(m->started_ms, STARTED_MS);
    assert_int_equal(m->finished_ms, STARTED_MS + 1000);
    assert_false(m->complete);
    assert_string_equal(m->stopped_because, "limit");
    assert_string_equal(m->report_name, "r\\xFF.csv"); /* JSON is UTF-8 */
    assert_int_equal(m->report_bytes, 4096);
    assert_int_equal(m->report_rows, 5);
    assert_string_equal(m->report_sha256,
                        "abababababababababababababababababababababababababababababababab");
    assert_int_equal(m->replaced_count, 1);
    assert_string_equal(m->replaced[0], s->manifest.replaced[0]);
    assert_false(m->signature.is_there);
}

static void the_reading_is_read_back(void **state)
{
    struct scene *s = *state;
    const struct manifest_reading *reading = &s->found.reading;

    write_manifest(s, s->json.ptr, s->json.len);
    assert_int_equal(manifest_read(s->report_path, &s->found, &err), 1);
    assert_int_equal(reading->encoding, ENCODING_UTF8);
    assert_int_equal(reading->delimiter, ',');
    assert_int_equal(reading->fee_unit, FEE_UNIT_FEN);
    assert_int_equal(reading->columns[FIELD_CLAIM_FEE], 0);
    assert_int_equal(reading->columns[FIELD_CLAIM_TIME], 4);
    assert_int_equal(reading->columns[FIELD_CLAIM_DESC], COLUMN_ABSENT);
    assert_memory_equal(reading->rules.severity, s->row_source.rules.severity,
                        sizeof(reading->rules.severity));
    assert_int_equal(reading->rules.max_fee, s->row_source.rules.max_fee);
    assert_int_equal(reading->rules.oldest_s, s->row_source.rules.oldest_s);
    assert_int_equal(reading->rules.vocabulary.null_count,
                     s->row_source.rules.vocabulary.null_count);
    assert_int_equal(reading->rules.vocabulary.status_count,
                     s->row_source.rules.vocabulary.status_count);
}

static void counts_money_and_events_are_read_back(void **state)
{
    struct scene *s = *state;
    struct manifest_found *m = &s->found;

    write_manifest(s, s->json.ptr, s->json.len);
    assert_int_equal(manifest_read(s->report_path, m, &err), 1);
    assert_int_equal(m->rows[OUTCOME_ACCEPTED], 2);
    assert_true(m->fee_fen[OUTCOME_ACCEPTED] == (money)INT64_MAX * 2);
    assert_int_equal(m->rows[OUTCOME_FAILED], 0);
    assert_int_equal(m->code_count, 3);
    assert_string_equal(m->codes[0].code, "50");
    assert_int_equal(m->codes[0].rows, 2); /* of both outcomes */
    assert_string_equal(m->codes[1].code, "SUCCESS");
    assert_string_equal(m->codes[2].code, "a\\xFF\"b");
    assert_int_equal(m->event_count, 3);
    assert_string_equal(m->events[1].kind, "ban");
    assert_int_equal(m->events[1].at_ms, STARTED_MS + 5);
    assert_int_equal(m->events[1].until_ms, STARTED_MS + 900);
    assert_string_equal(m->events[1].text, "\"limited\", 理赔");
    assert_int_equal(m->events[2].until_ms, 0);
}

/* Writes the manifest with the first `old` replaced, and expects that it is refused with these
 * words. */
static void assert_refused(struct scene *s, const char *old, const char *new, const char *words)
{
    const char *at = strstr(s->json.ptr, old);
    struct buffer text = {0};

    assert_non_null(at);
    buffer_append(&text, s->json.ptr, (size_t)(at - s->json.ptr));
    buffer_text(&text, new);
    buffer_text(&text, at + strlen(old));
    write_manifest(s, text.ptr, text.len);
    buffer_release(&text);
    if (manifest_read(s->report_path, &s->found, &err) != -1)
        fail_msg("'%s' was taken in place of '%s'", new, old);
    assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
    if (!strstr(err.text, words))
        fail_msg("'%s' is not in: %s", words, err.text);
    manifest_found_release(&s->found);
}

static void what_is_not_ours_is_refused_and_named(void **state)
{
    static const char *const cases[][3] = {
        {"claimbatch-manifest-1", "claimbatch-manifest-2", "not a whole manifest"},
        {"\"version\"", "\"versio\"", "'version'"},
        {"\"version\": \"1.2\"", "\"version\": 12", "'version'"},
        {"\"run\": \"2", "\"run\": \"x", "'run'"},
        {"\"parent_run\": \"2", "\"parent_run\": \"/", "'parent_run'"},
        {"\"command\"", "\"commands\"", "'command'"},
        {"\"ledger_id\": \"", "\"ledger_id\": \"x", "'ledger_id'"},
        {"\"complete\": false", "\"complete\": 0", "'complete'"},
        {"\"complete\": false", "\"complete\": null", "'complete'"},
        {"\"started\": \"2022-12-12", "\"started\": \"2022-13-12", "'started'"},
        {"+08:00", "+09:00", "'started'"},
        {"\"encoding\": \"utf-8\"", "\"encoding\": \"utf-9\"", "'input.encoding'"},
        {"\"delimiter\": \",\"", "\"delimiter\": \",,\"", "'reading.delimiter'"},
        {"\"fee_unit\": \"fen\"", "\"fee_unit\": \"fan\"", "'reading.fee_unit'"},
        {"\"claim_fee\": 1", "\"claim_fee\": -1", "'reading.columns'"},
        {"\"claim_fee\": 1", "\"claim_fee\": 99999999999", "'reading.columns'"},
        {"\"date-only\": \"off\"", "\"date-only\": \"of\"", "date-only"},
        {"\"max_fee\": 5000", "\"max_fee\": \"5000\"", "'reading.max_fee'"},
        {"\"rows\": 2", "\"rows\": 2.0", "'input.rows'"},
        {"\"rows\": 2", "\"rows\": -2", "'input.rows'"},
        {"\"rows\": 2", "\"rows\": 99999999999999999999", "'input.rows'"},
        {"18446744073709551614", "1e9", "'outcomes.accepted'"},
        {"18446744073709551614", "-1", "'outcomes.accepted'"},
        {"18446744073709551614", "999999999999999999999999999999999999999", "'outcomes.accepted'"},
        {"\"rejected\"", "\"rejecte\"", "'outcomes.rejected'"},
        {"\"SUCCESS\": 2", "\"SUCCESS\": \"2\"", "'codes.SUCCESS'"},
        {"\"codes\": {", "\"codes\": 5, \"kodes\": {", "'codes'"},
        {"\"kind\": \"ban\"", "\"kin\": \"ban\"", "'events'"},
        {"\"events\": [", "\"events\": [7, ", "'events'"},
        {"\"bytes\": 4096", "\"bytes\": null", "'report.bytes'"},
        {"\"sha256\": \"abab", "\"sha256\": \"ABAB", "'report.sha256'"},
        {"\"0123456789abcdef", "\"0123456789abcde", "'replaced'"},
        {"\"replaced\": [", "\"replaced\": {\"a\": [", "no JSON"},
        {"\"replaced\"", "\"run\"", "twice: 'run'"},
        {"\"kind\": \"ban\"", "\"kind\": \"ban\", \"kind\": \"ban\"", "twice: 'kind'"},
        {"\"run\"", "/* a comment */ \"run\"", "no JSON"},
        {"\"run\"", "'run'", "no JSON"},
        {"limited", "limi\nted", "no JSON"},
        {"limited", "limi\xffted", "no JSON"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_refused(*state, cases[i][0], cases[i][1], cases[i][2]);
}

static void a_cut_manifest_is_refused_wherever_it_was_cut(void **state)
{
    struct scene *s = *state;

    for (size_t len = 0; len + 1 < s->json.len; len += 13) {
        write_manifest(s, s->json.ptr, len);
        assert_int_equal(manifest_read(s->report_path, &s->found, &err), -1);
        assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
        manifest_found_release(&s->found);
    }
}

static void deep_json_is_refused_before_it_is_built(void **state)
{
    struct scene *s = *state;
    size_t len = MANIFEST_BYTES_MAX;
    char *text = malloc(len);

    for (int kind = 0; kind < 2; kind++) {
        for (size_t i = 0; i < len; i++)
            text[i] = kind ? '[' : "{\"a\":"[i % 5];
        write_manifest(s, text, len);
        assert_int_equal(manifest_read(s->report_path, &s->found, &err), -1);
        assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
        manifest_found_release(&s->found);
    }
    free(text);
}

static void without_a_manifest_there_is_none(void **state)
{
    struct scene *s = *state;

    unlink(s->manifest_path);
    assert_int_equal(manifest_read(s->report_path, &s->found, &err), 0);
    assert_string_equal(s->found.command, "");
    assert_int_equal(manifest_require(s->report_path, PLATFORM, &s->found, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
}

static void a_manifest_of_another_platform_is_not_taken(void **state)
{
    struct scene *s = *state;

    write_manifest(s, s->json.ptr, s->json.len);
    assert_int_equal(manifest_require(s->report_path, OTHER_PLATFORM, &s->found, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    manifest_found_release(&s->found);
    assert_int_equal(manifest_require(s->report_path, PLATFORM, &s->found, &err), 0);
    manifest_found_release(&s->found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_written_is_read_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_reading_is_read_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(counts_money_and_events_are_read_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_ours_is_refused_and_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cut_manifest_is_refused_wherever_it_was_cut, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(deep_json_is_refused_before_it_is_built, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_manifest_there_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_manifest_of_another_platform_is_not_taken, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
