#include "input_pass.h"
#include "../claim_text.h"
#include "target.h"

void input_take_cell(void *text, size_t len, void *cells)
{
    buffer_append(cells, text, len);
    buffer_text(cells, CELL_END);
}

void input_take_record(int c, void *cells)
{
    (void)c;
    buffer_text(cells, RECORD_END);
}

static void keep_record(const struct record *record, struct buffer *cells)
{
    for (size_t i = 0; i < record->count; i++) {
        MUST(strlen(record->cells[i].text) == record->cells[i].len);
        MUST(character_is_utf8(record->cells[i].text));
        input_take_cell((void *)(uintptr_t)record->cells[i].text, record->cells[i].len, cells);
    }
    input_take_record(0, cells);
}

static void keep_findings(const struct rules *rules, const struct columns *columns,
                          const struct record *record, const struct findings *findings,
                          struct buffer *text)
{
    struct buffer codes = {0};

    for (size_t i = 0; i < findings->count; i++) {
        size_t start = text->len;

        explanation_of_finding(&findings->list[i], rules, columns, record, text);
        MUST(text->len > start && character_is_utf8(text->ptr + start));
        buffer_text(text, CELL_END);
    }
    findings_codes(findings, SEVERITY_ERROR, &codes);
    MUST((codes.len > 0) == findings_invalid(findings));
    buffer_release(&codes);
    buffer_text(text, RECORD_END);
}

void input_check_claim(const struct claim *claim)
{
    MUST(claim->workcard_id >= 0 && claim->claim_count >= 0 && claim->claim_fee >= 0);
    MUST(claim->claim_status >= 0 && claim->claim_status <= 2);
    MUST(strlen(claim->claim_time) == CLAIM_TIME_BYTES - 1);
    MUST(*claim->claim_order_no && character_is_utf8(claim->claim_order_no));
    MUST(character_is_utf8(claim->claim_desc));
}

static void judge(const struct options *options, const struct reader *reader,
                  const struct record *record, struct claim_store *store, struct outcome *outcome)
{
    struct claim claim = {0};
    struct findings findings = {0};

    const struct rules *rules = &options->rules;

    if (options->profile && profile_is_footer(options->profile, record->row))
        return;
    claim_judge(rules, reader_columns(reader), options->profile, record, NOW_MS, store, &claim,
                &findings);
    keep_findings(rules, reader_columns(reader), record, &findings, &outcome->findings);
    outcome->rows++;
    if (findings_invalid(&findings)) {
        outcome->invalid++;
        return;
    }
    input_check_claim(&claim);
    claim_text(&outcome->claims, &claim, CELL_END[0]);
    buffer_text(&outcome->claims, RECORD_END);
    outcome->fee += claim.claim_fee;
}

static void check_places(const struct reader *reader, const struct record *record)
{
    uint64_t first_line = 0, line = 0, column = 0;

    reader_locate(reader, 0, &first_line, &column);
    MUST(first_line == record->line && column == 1);
    reader_locate(reader, record->count - 1, &line, &column);
    MUST(line >= first_line && column > 0);
}

static void read_all(const struct options *options, struct reader *reader, struct outcome *outcome)
{
    struct claim_store store = {0};
    struct record record = {.row = 1};
    uint64_t row = 1, line = 0;
    int result = 0;

    keep_record(reader_header(reader), &outcome->header);
    while ((result = reader_next(reader, &record, &outcome->err)) > 0) {
        MUST(record.row > row && record.line > line && record.count > 0);
        row = record.row;
        line = record.line;
        keep_record(&record, &outcome->cells);
        check_places(reader, &record);
        judge(options, reader, &record, &store, outcome);
    }
    MUST((result == 0) == (outcome->err.exit_code == 0));
    outcome->blank_lines = reader_blank_lines(reader);
    outcome->unfinished = reader_is_unfinished(reader);
    claim_store_release(&store);
}

void input_pass(struct export *export, const struct survey *survey, const struct options *options,
                struct outcome *ret_outcome)
{
    struct reader *reader = NULL;

    *ret_outcome = (struct outcome){0};
    if (reader_open(export, survey, &options->settings, &reader, &ret_outcome->err) == 0)
        read_all(options, reader, ret_outcome);
    reader_close(reader);
}

void input_pass_release(struct outcome *outcome)
{
    buffer_release(&outcome->header);
    buffer_release(&outcome->cells);
    buffer_release(&outcome->findings);
    buffer_release(&outcome->claims);
}

bool input_is_same(const struct buffer *a, const struct buffer *b)
{
    return a->len == b->len && memcmp(buffer_string(a), buffer_string(b), a->len) == 0;
}
