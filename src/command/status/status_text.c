#include "status_text.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/money.h"
#include "base/words/language.h"
#include "base/words/terminal.h"
#include "report/manifest/manifest.h"

#define FIELD_BYTES 2048 /* a message is, too */
#define LINES_INDENT 4
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)

static const char *when(int64_t wall_ms, char text[CLOCK_TOP_BYTES])
{
    clock_format_top(wall_ms, text);
    return text;
}

/* "3 h ago": how long somebody has been waiting. */
static void append_age(int64_t age_ms, struct buffer *text)
{
    if (age_ms < 0)
        language_append(text, "in the future");
    else if (age_ms < MINUTE_MS)
        language_format(text, "%lld s ago", (long long)(age_ms / 1000));
    else if (age_ms < HOUR_MS)
        language_format(text, "%lld min ago", (long long)(age_ms / MINUTE_MS));
    else if (age_ms < 2 * CLOCK_DAY_MS)
        language_format(text, "%lld h ago", (long long)(age_ms / HOUR_MS));
    else
        language_format(text, "%lld days ago", (long long)(age_ms / CLOCK_DAY_MS));
}

void status_text_head(const struct ledger *ledger, int64_t now_ms, struct buffer *ret_text)
{
    char now[CLOCK_TOP_BYTES];

    language_format(ret_text, "ledger  %s\n        id %s\n        looked at %s Beijing time\n",
                    LOG_QUOTED_LONG(ledger_path(ledger)), ledger_id(ledger), when(now_ms, now));
}

/* ---- runs ---- */

static void append_counts(const struct view_run *run, struct buffer *text)
{
    char yuan[MONEY_TEXT_BYTES], label[OUTCOME_LABEL_BYTES];

    for (int i = 0; i < OUTCOME_COUNT; i++) {
        const struct run_count *count = &run->counts[i];

        if (!count->rows)
            continue;
        buffer_text(text, "  ");
        terminal_cell(text, outcome_label((enum outcome)i, label), outcome_label_columns());
        buffer_format(text, " %12llu", (unsigned long long)count->rows);
        if (run->has_money && i != OUTCOME_INVALID)
            language_format(text, " %20s yuan",
                            money_format_yuan(money_parse_fen(count->fee_fen), yuan));
        buffer_byte(text, '\n');
    }
}

static void append_abandonment(const struct abandonment *a, struct buffer *text)
{
    char at[CLOCK_TOP_BYTES];

    language_format(text, "  abandoned %s by %s: %s\n  none of its rows is sent any more\n",
                    when(a->at_ms, at), LOG_QUOTED_WITHIN(a->by, FIELD_BYTES),
                    LOG_QUOTED_WITHIN(a->reason, FIELD_BYTES));
}

/* What is left to do with it. */
static void append_remarks(const struct view_run *run, struct buffer *text)
{
    const struct run_record *r = &run->record;
    char sha256[DIGEST_SHA256_BYTES * 2 + 1];

    if (!run->has_money)
        language_append(text, "  (its rows so far)\n");
    if (run->abandonment.run) {
        append_abandonment(&run->abandonment, text);
        return;
    }
    if (r->finished_ms && !r->published)
        language_append(text,
                        "  its report was not published whole; the same command publishes it\n");
    if (r->open_rows) {
        hex_format(r->export_sha256, DIGEST_SHA256_BYTES, sha256);
        language_format(text,
                        language_plural("  %llu row would be sent by the same command again, with "
                                        "the same export (SHA-256 %.12s…)\n",
                                        "  %llu rows would be sent by the same command again, with "
                                        "the same export (SHA-256 %.12s…)\n",
                                        r->open_rows),
                        (unsigned long long)r->open_rows, sha256);
    }
    if (r->released)
        language_format(text,
                        language_plural("  %llu row may go on since an attempt was settled\n",
                                        "  %llu rows may go on since an attempt was settled\n",
                                        r->released),
                        (unsigned long long)r->released);
}

/* An interrupted run has none yet, and that of another one may stand there. */
static void append_report(const struct run_record *r, struct buffer *text)
{
    struct manifest_found manifest = {0};
    struct error unread;
    bool is_looked_at = !r->published && *r->report_path;

    if (is_looked_at && manifest_read(r->report_path, &manifest, &unread) > 0 &&
        strcmp(manifest.run, r->name) != 0)
        language_format(text, "  report: none; '%s' is the one of run %s\n",
                        LOG_QUOTED_LONG(r->report_path), manifest.run);
    else
        language_format(text, "  report %s\n", LOG_QUOTED_LONG(r->report_path));
    if (is_looked_at)
        manifest_found_release(&manifest);
}

void status_text_run(const struct view_run *run, struct buffer *ret_text)
{
    const struct run_record *r = &run->record;
    char started[CLOCK_TOP_BYTES];

    language_format(ret_text, "\nrun %s  %s", r->name, view_state_name(run->state));
    if (run->state == VIEW_STOPPED)
        buffer_format(ret_text, " (%s)", LOG_QUOTED(r->stopped_because));
    language_format(ret_text, "  %s\n  started %s\n", LOG_QUOTED_LONG(r->command),
                    when(r->started_ms, started));
    if (run->state == VIEW_PRUNED) {
        if (run->abandonment.run)
            append_abandonment(&run->abandonment, ret_text);
        return;
    }
    language_format(ret_text, "  export %s\n", LOG_QUOTED_LONG(r->export_name));
    append_report(r, ret_text);
    if (*r->parent)
        language_format(ret_text, "  rows of run %s\n", LOG_QUOTED(r->parent));
    append_counts(run, ret_text);
    append_remarks(run, ret_text);
}

/* ---- today ---- */

void status_text_app(const struct view_app *app, int64_t quota, int64_t now_ms, bool first,
                     struct buffer *ret_text)
{
    char text[CLOCK_TOP_BYTES];

    if (first)
        language_format(ret_text, "\ncalls of today, %.10s in Beijing\n", when(now_ms, text));
    buffer_format(ret_text, "  %s", LOG_QUOTED(app->platform));
    language_format(ret_text, ", app key %s\n", LOG_QUOTED(app->app_key));
    buffer_format(ret_text, "    %lld", (long long)app->calls);
    if (quota)
        language_format(ret_text, " of %lld, %lld left", (long long)quota,
                        (long long)(app->calls < quota ? quota - app->calls : 0));
    buffer_byte(ret_text, '\n');
    if (app->banned_until_ms)
        language_format(ret_text, "    banned until %s\n", when(app->banned_until_ms, text));
}

/* ---- unknown attempts ---- */

void status_text_unknown_head(uint64_t count, uint64_t shown, struct buffer *ret_text)
{
    if (!count) {
        language_append(ret_text, "\nno unknown attempt is left to be settled\n");
        return;
    }
    language_format(ret_text, "\nunknown attempts that nobody has settled: %llu",
                    (unsigned long long)count);
    if (shown < count)
        language_format(ret_text, " (the oldest %llu; all with --all)", (unsigned long long)shown);
    buffer_byte(ret_text, '\n');
}

void status_text_unknown(const struct view_unknown *unknown, int64_t now_ms,
                         struct buffer *ret_text)
{
    char text[CLOCK_TOP_BYTES];
    struct buffer age = {0};

    append_age(now_ms - unknown->submitted_ms, &age);
    language_format(ret_text, "  %s (%s) ", when(unknown->submitted_ms, text), buffer_string(&age));
    buffer_release(&age);
    buffer_format(ret_text, "%s\n", LOG_QUOTED(unknown->code));
    language_format(ret_text, "    claim %s, workcard %lld\n", LOG_QUOTED(unknown->claim_order_no),
                    (long long)unknown->workcard_id);
    language_format(ret_text, "    row %llu of run %s\n", (unsigned long long)unknown->place.row,
                    unknown->run_name);
}

/* ---- what a person said of what is not known here ---- */

static void append_statement(int64_t at_ms, const char *by, const char *reason, bool first,
                             struct buffer *text)
{
    char at[CLOCK_TOP_BYTES];

    if (first)
        language_append(text, "\nsent before and not known to this ledger, as was said with "
                              "--new-ledger or import\n");
    language_format(text, "  %s by %s: %s\n", when(at_ms, at), LOG_QUOTED_WITHIN(by, FIELD_BYTES),
                    LOG_QUOTED_WITHIN(reason, FIELD_BYTES));
}

void status_text_pass(const struct view_pass *pass, bool first, struct buffer *ret_text)
{
    static const char *const rows[] = {
        [PASS_OTHERS] = N_("what it sent of other exports"),
        [PASS_REPORT] = N_("its report is taken at its word"),
        [PASS_EXPORT] = N_("what it sent of the same export"),
    };

    append_statement(pass->at_ms, pass->by, pass->reason, first, ret_text);
    if (*pass->ledger)
        language_format(ret_text, "    passed over: run %s of ledger %s, %s\n",
                        LOG_QUOTED(pass->run), pass->ledger, language_of(rows[pass->kind]));
    else
        language_format(ret_text, "    passed over, unread: %s\n", LOG_QUOTED_LONG(pass->run));
}

void status_text_gap(const struct view_gap *gap, bool first, struct buffer *ret_text)
{
    append_statement(gap->at_ms, gap->by, gap->reason, first, ret_text);
    language_format(ret_text, "    gone: all that was recorded after commit %lld of then\n",
                    (long long)gap->after);
}

/* ---- one claim ---- */

static void append_digest(const unsigned char *digest, struct buffer *text)
{
    char hex[2 * DIGEST_CLAIM_BYTES + 1];

    hex_format(digest, DIGEST_CLAIM_BYTES, hex);
    buffer_text(text, hex);
}

/* Sentences, in lines that fit below what they are about. */
static void append_lines(const char *words, struct buffer *text)
{
    buffer_format(text, "%*s", LINES_INDENT, "");
    terminal_flow(words, LINES_INDENT, LINES_INDENT, terminal_width(STDOUT_FILENO), text);
}

static void append_open(const struct view_claim *claim, struct buffer *text)
{
    const struct claim_state *state = &claim->state;

    if (!state->open)
        return;
    language_format(text, "  open: row %llu of run %s\n", (unsigned long long)state->open_at.row,
                    claim->open_run_name);
    append_lines(state->open_run_alive ? _("is being sent at this moment")
                                       : _("is unknown, and nobody has settled it"),
                 text);
}

void status_text_claim(const char *claim_order_no, const struct view_claim *claim,
                       struct buffer *ret_text)
{
    const struct claim_state *state = &claim->state;
    char text[CLOCK_TOP_BYTES];

    language_format(ret_text, "\nclaim %s, workcard %lld\n", LOG_QUOTED(claim_order_no),
                    (long long)claim->workcard_id);
    language_format(ret_text, "  on %s\n", LOG_QUOTED(claim->platform));
    if (state->accepted) {
        language_format(ret_text, "  accepted %s: row %llu of run %s\n    content ",
                        when(state->accepted_ms, text), (unsigned long long)state->accepted_at.row,
                        state->accepted_run_name);
        append_digest(state->accepted_digest, ret_text);
        buffer_byte(ret_text, '\n');
    } else {
        language_append(ret_text, "  never accepted\n");
    }
    append_open(claim, ret_text);
    if (!claim->rows && !state->open)
        language_append(ret_text, "  its rows were pruned\n");
}

static void append_round(const struct view_row *row, struct buffer *text)
{
    if (row->round == ROUND_NONE)
        return;
    language_format(text, "    sent again (%s) by ",
                    row->round == ROUND_RESUBMIT ? "--resubmit" : "--resend-unknown");
    language_format(text, "%s: ", LOG_QUOTED(row->round_by));
    buffer_format(text, "%s\n", LOG_QUOTED(row->round_reason));
}

/* What was answered: codes and message. */
static void append_answer(const struct row_record *r, struct buffer *text)
{
    struct buffer words = {0};

    buffer_text(&words, LOG_QUOTED(r->code));
    if (*r->sub_code)
        buffer_format(&words, " %s", LOG_QUOTED(r->sub_code));
    if (*r->message)
        buffer_format(&words, "%s%s", words.len ? _(": ") : "",
                      LOG_QUOTED_WITHIN(r->message, FIELD_BYTES));
    if (words.len)
        append_lines(buffer_string(&words), text);
    text->failed |= words.failed;
    buffer_release(&words);
}

static void append_field(const char *name, const char *value, struct buffer *text)
{
    if (*value)
        buffer_format(text, "%s%s", name, LOG_QUOTED_WITHIN(value, FIELD_BYTES));
}

void status_text_row(const struct view_row *row, struct buffer *ret_text)
{
    const struct row_record *r = &row->record;
    char text[CLOCK_TOP_BYTES];

    language_format(ret_text, "\n  run %s, row %llu: %s\n", row->run_name,
                    (unsigned long long)row->place.row,
                    outcome_is_there(r) ? outcome_word(r->outcome) : _("to be sent again"));
    append_answer(r, ret_text);
    if (r->submitted_ms)
        language_format(ret_text, "    sent %s, attempts %d, HTTP status %d",
                        when(r->submitted_ms, text), r->attempts, r->http_status);
    else
        language_append(ret_text, "    not sent");
    append_field(_("\n    request_id "), r->request_id, ret_text);
    append_field(_("\n    warnings "), r->warnings, ret_text);
    language_append(ret_text, "\n    content ");
    append_digest(r->digest, ret_text);
    buffer_byte(ret_text, '\n');
    append_round(row, ret_text);
}

void status_text_settlement(const struct view_settlement *settlement, struct buffer *ret_text)
{
    char text[CLOCK_TOP_BYTES];

    language_format(ret_text, "    settled %s as %s", when(settlement->at_ms, text),
                    settlement->outcome == OUTCOME_ACCEPTED ? _("accepted") : _("not executed"));
    append_field(_(" by "), settlement->by, ret_text);
    append_field(_(": "), settlement->reason, ret_text);
    append_field(_("\n      it was unknown: "), settlement->was, ret_text);
    buffer_byte(ret_text, '\n');
}

/* ---- pruning ---- */

void status_text_prune(const struct prune *prune, int64_t before_ms, bool is_plan,
                       struct buffer *ret_text)
{
    char text[CLOCK_TOP_BYTES];

    language_format(ret_text, language_plural("\n%s: %llu row", "\n%s: %llu rows", prune->rows),
                    is_plan ? _("would be forgotten") : _("forgotten"),
                    (unsigned long long)prune->rows);
    language_format(ret_text,
                    language_plural(" of %llu run that ended before %s\n",
                                    " of %llu runs that ended before %s\n", prune->runs),
                    (unsigned long long)prune->runs, when(before_ms, text));
    if (prune->kept_open)
        language_format(
            ret_text,
            language_plural("kept: %llu older run with unknown attempts nobody has settled\n",
                            "kept: %llu older runs with unknown attempts nobody has settled\n",
                            prune->kept_open),
            (unsigned long long)prune->kept_open);
    if (prune->kept_active)
        language_format(ret_text,
                        language_plural("kept: %llu older run that is active\n",
                                        "kept: %llu older runs that are active\n",
                                        prune->kept_active),
                        (unsigned long long)prune->kept_active);
    language_append(ret_text, "kept of every claim: its key and its newest accepted content\n");
}

void status_text_prune_size(struct buffer *ret_text)
{
    language_append(ret_text, "the file keeps its size, because a run is active or the disk has no "
                              "room for a copy;\nwhat became free in it is used again\n");
}
