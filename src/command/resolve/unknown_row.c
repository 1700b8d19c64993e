#include "unknown_row.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/money.h"
#include "base/words/language.h"
#include "base/words/terminal.h"
#include "report/advice/advice.h"

#define SHOWN_BYTES 2048 /* of a message */
#define LABEL_COLUMNS 15

/* Whether the report of this run is not at its path any more: another one took its place. */
static int is_report_gone(const char *path, const char *run, bool *ret_gone, struct error *err)
{
    struct manifest_found manifest;
    int found = manifest_read(path, &manifest, err);

    *ret_gone = found <= 0 || strcmp(manifest.run, run) != 0;
    manifest_found_release(&manifest);
    return found < 0 && err->exit_code == EXIT_RESOURCES ? -1 : 0;
}

static bool is_of_its_content(const struct unknown_row *unknown_row)
{
    return memcmp(unknown_row->attempt.record.digest, unknown_row->line->record.digest,
                  DIGEST_CLAIM_BYTES) == 0;
}

/* The row that the claim's open attempt belongs to. */
static int look_up_place(struct ledger *ledger, struct unknown_row *unknown_row, struct error *err)
{
    struct run_record run;
    bool gone = false;
    int found = ledger_run_get(ledger, unknown_row->at.run, &run, err);

    if (found > 0) {
        unknown_row->at_report = run.report_path;
        snprintf(unknown_row->at_run, sizeof(unknown_row->at_run), "%s", run.name);
        if (unknown_row->kind == UNKNOWN_ROW_WAITS &&
            is_report_gone(run.report_path, run.name, &gone, err))
            return -1;
        gone = gone && !ledger_run_is_alive(ledger, run.id);
    }
    if (found >= 0)
        found = ledger_row_get(ledger, unknown_row->at, &unknown_row->attempt, err);
    if (gone)
        unknown_row->kind =
            found > 0 && is_of_its_content(unknown_row) ? UNKNOWN_ROW_HEIR : UNKNOWN_ROW_ORPHAN;
    return found < 0 ? -1 : 0;
}

static enum unknown_row_kind kind_of(const struct claim_state *state, const struct row_place *place)
{
    if (!state->open)
        return UNKNOWN_ROW_OVER;
    if (state->open_is_intent)
        return UNKNOWN_ROW_SENDING;
    return state->open_at.run == place->run && state->open_at.row == place->row ? UNKNOWN_ROW_OWN
                                                                                : UNKNOWN_ROW_WAITS;
}

int unknown_row_look_up(struct ledger *ledger, const struct run_record *run,
                        const struct revision_row *row, struct unknown_row *ret_unknown,
                        struct error *err)
{
    const struct claim *claim = &row->was->claim;
    struct claim_key key = {claim->workcard_id, claim->claim_order_no};
    struct row_place place = {run->id, row->line.record.row};
    struct claim_state state;

    ret_unknown->line = &row->line;
    ret_unknown->fee_fen = claim->claim_fee;
    ret_unknown->at_run[0] = '\0';
    ret_unknown->at_report = "";
    known_row_reset(&ret_unknown->attempt);
    if (ledger_claim_get(ledger, run->platform, &key, &state, err))
        return -1;
    ret_unknown->at = state.open_at;
    ret_unknown->kind = kind_of(&state, &place);
    return state.open ? look_up_place(ledger, ret_unknown, err) : 0;
}

void unknown_row_release(struct unknown_row *unknown_row)
{
    known_row_release(&unknown_row->attempt);
}

bool unknown_row_is_settled_here(const struct unknown_row *unknown_row)
{
    return unknown_row_is_settled_by_word(unknown_row) || unknown_row->kind == UNKNOWN_ROW_ORPHAN;
}

bool unknown_row_is_settled_by_word(const struct unknown_row *unknown_row)
{
    return unknown_row->kind == UNKNOWN_ROW_OWN || unknown_row->kind == UNKNOWN_ROW_HEIR;
}

int unknown_row_was_accepted(struct ledger *ledger, const struct run_record *run,
                             const struct revision_row *row, bool *ret_accepted, struct error *err)
{
    const struct claim *claim = &row->was->claim;
    struct claim_key key = {claim->workcard_id, claim->claim_order_no};
    struct claim_state state;

    *ret_accepted = false;
    if (!row->was->has_claim || strcmp(row->line.record.code, "RELEASED") != 0)
        return 0;
    if (ledger_claim_get(ledger, run->platform, &key, &state, err))
        return -1;
    *ret_accepted = state.accepted && !state.open &&
                    memcmp(state.accepted_digest, row->line.record.digest, DIGEST_CLAIM_BYTES) == 0;
    return 0;
}

void unknown_row_append_place(const struct unknown_row *unknown_row, struct buffer *ret_text)
{
    language_format(ret_text, "row %llu of run %s, report '%s'",
                    (unsigned long long)unknown_row->at.row, unknown_row->at_run,
                    LOG_QUOTED_LONG(unknown_row->at_report));
}

static void print_label(const char *name)
{
    struct buffer label = {0};

    buffer_text(&label, "  ");
    terminal_cell(&label, name, LABEL_COLUMNS - 2);
    terminal_print(buffer_string(&label));
    buffer_release(&label);
}

/* A text from outside, so that a terminal shows it as it is. */
static void print_text(const char *name, const char *text)
{
    if (!*text)
        return;
    print_label(name);
    terminal_print(LOG_QUOTED_WITHIN(text, SHOWN_BYTES));
    putchar('\n');
}

/* A sentence: in lines that fit. */
static void print_sentence(const char *name, const char *text)
{
    struct buffer lines = {0};

    if (!*text)
        return;
    print_label(name);
    terminal_flow(LOG_QUOTED_WITHIN(text, SHOWN_BYTES), LABEL_COLUMNS, LABEL_COLUMNS,
                  terminal_width(STDOUT_FILENO), &lines);
    terminal_print(buffer_string(&lines));
    buffer_release(&lines);
}

/* Messages are recorded in English, whoever reads them. */
static void print_meaning(const struct row_record *r)
{
    struct advice advice;

    if (language_is_english())
        return;
    advice_find(r->code, r->sub_code, OUTCOME_UNKNOWN, &advice);
    print_sentence(_("meaning"), advice.meaning);
}

static void print_attempt(const struct row_record *r)
{
    char time[CLOCK_RFC3339_BYTES];
    char digest[DIGEST_CLAIM_TEXT_BYTES];

    if (r->submitted_ms) {
        clock_format_rfc3339(r->submitted_ms, time);
        printf("  %-12s %d\n", "attempts", r->attempts);
        print_label(_("handed over"));
        language_printf("%s, %lld ms\n", time, (long long)r->duration_ms);
    }
    if (r->http_status)
        printf("  %-12s %d\n", "http_status", r->http_status);
    print_text("code", r->code);
    print_text("sub_code", r->sub_code);
    print_meaning(r);
    print_sentence("message", r->message);
    print_text("request_id", *r->request_id ? r->request_id : _("none came"));
    hex_format(r->digest, DIGEST_CLAIM_BYTES, digest);
    print_text("digest", digest);
}

static void print_kind(const struct unknown_row *unknown_row)
{
    struct buffer place = {0};

    if (unknown_row->kind == UNKNOWN_ROW_OWN)
        return;
    print_label(unknown_row->kind == UNKNOWN_ROW_OVER ? _("over") : _("waits for"));
    unknown_row_append_place(unknown_row, &place);
    if (unknown_row->kind == UNKNOWN_ROW_HEIR) {
        language_printf("%s, which is not there any more: settle it here\n", buffer_string(&place));
        print_attempt(&unknown_row->attempt.record);
    } else if (unknown_row->kind == UNKNOWN_ROW_ORPHAN) {
        language_printf("%s, which is not there any more: settle it here, with a list\n",
                        buffer_string(&place));
        print_attempt(&unknown_row->attempt.record);
    } else if (unknown_row->kind == UNKNOWN_ROW_WAITS)
        language_printf("%s: settle that one\n", buffer_string(&place));
    else if (unknown_row->kind == UNKNOWN_ROW_SENDING)
        language_printf("%s, which is being sent\n", buffer_string(&place));
    else
        language_printf("its claim was settled in another run\n");
    buffer_release(&place);
}

void unknown_row_print(const struct unknown_row *unknown_row)
{
    const struct line *line = unknown_row->line;
    char yuan[MONEY_TEXT_BYTES];

    language_printf("row %llu\n", (unsigned long long)line->record.row);
    print_text("workcard_id", line->fields[FIELD_WORKCARD_ID]);
    print_text("claim_order", line->fields[FIELD_CLAIM_ORDER_NO]);
    print_label("claim_fee");
    language_printf("%s yuan\n", money_format_yuan(unknown_row->fee_fen, yuan));
    print_attempt(&line->record);
    print_kind(unknown_row);
}
