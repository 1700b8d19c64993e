#include "cli/summary.h"

#include <string.h>

#include "base/buffer.h"
#include "base/character.h"
#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "base/words/terminal.h"
#include "cli/correction.h"
#include "cli/exit_code.h"

#define CODES_SHOWN 12

static void append_count(enum outcome outcome, uint64_t rows, struct buffer *text)
{
    char label[OUTCOME_LABEL_BYTES];

    buffer_text(text, "  ");
    terminal_cell(text, outcome_label(outcome, label), outcome_label_columns());
    buffer_format(text, " %10llu", (unsigned long long)rows);
}

static void append_counts(const struct tally *tally, struct buffer *text)
{
    char yuan[MONEY_TEXT_BYTES];

    for (int i = 0; i < OUTCOME_COUNT; i++) {
        enum outcome outcome = (enum outcome)i;
        uint64_t rows = tally_rows(tally, outcome);

        if (!rows)
            continue;
        append_count(outcome, rows, text);
        if (outcome != OUTCOME_INVALID)
            language_format(text, " %18s yuan", money_format_yuan(tally_fee(tally, outcome), yuan));
        buffer_byte(text, '\n');
    }
}

static void append_codes(struct tally *tally, struct buffer *text)
{
    enum outcome outcome;
    uint64_t rows;
    const char *code;
    size_t shown = 0;

    for (size_t i = 0; (code = tally_code(tally, i, &outcome, &rows)); i++) {
        if (outcome == OUTCOME_ACCEPTED)
            continue;
        if (shown++ == CODES_SHOWN) {
            language_append(text, "  … and other codes: see the manifest\n");
            return;
        }
        buffer_format(text, "  %10llu %s %s\n", (unsigned long long)rows, outcome_word(outcome),
                      LOG_QUOTED(code));
    }
}

static void append_changed(const struct summary *s, struct buffer *text)
{
    if (s->changed.rows) {
        language_append(text, "sent, though their claim was accepted with other content: ");
        correction_describe(&s->changed, text);
        buffer_byte(text, '\n');
    }
    if (s->held.rows) {
        language_append(text, "held back, because their claim was accepted with other content: ");
        correction_describe(&s->held, text);
        buffer_byte(text, '\n');
    }
}

/* Rows with warnings are sent: so they are told where a person still sees it. */
static void append_warnings(const struct inspection *inspection, struct buffer *text)
{
    char first[INSPECTION_FIRST_BYTES];

    for (int rule = 0; rule < RULE_COUNT; rule++)
        if (inspection->warned[rule]) {
            inspection_first(inspection, (enum rule)rule, first);
            language_format(text, "%12llu warning %s, first: %s\n",
                            (unsigned long long)inspection->warned[rule],
                            rule_code((enum rule)rule), first);
        }
}

/* Rows of one claim that do not agree on its money: the later one is sent after the earlier. */
static void append_repeats(const struct tally *tally, struct buffer *text)
{
    const struct tally_repeats *repeats = tally_repeats(tally);

    if (repeats && repeats->rows)
        language_format(
            text,
            "claims that stand in the export several times: %s%llu row%s another amount "
            "than the row before of the same claim, first row %llu after row %llu; see "
            "that the last one of each is right\n",
            repeats->more ? _("at least ") : "", (unsigned long long)repeats->rows,
            repeats->rows == 1 ? _(" has") : _("s have"), (unsigned long long)repeats->first_row,
            (unsigned long long)repeats->row_before);
}

/* Where --limit and its number end, if they begin here with a blank; NULL: it is another word. */
static const char *end_of_limit(const char *at)
{
    static const char option[] = " --limit";
    size_t len = strlen(option);

    if (strncmp(at, option, len) != 0 || (at[len] != ' ' && at[len] != '='))
        return NULL;
    len++;
    return at + len + strcspn(at + len, " ");
}

/* The command as it was typed, but for --limit: what is printed can be typed as it stands. */
static void append_without_limit(const char *invocation, struct buffer *text)
{
    bool is_quoted = false;

    for (const char *at = invocation; *at; at++) {
        const char *end = is_quoted ? NULL : end_of_limit(at);

        if (end) {
            at = end - 1;
            continue;
        }
        if (!is_quoted && *at == '\\' && at[1])
            buffer_byte(text, *at++);
        else
            is_quoted ^= *at == '\'';
        buffer_byte(text, *at);
    }
}

static void append_import(const struct summary *s, struct buffer *text)
{
    language_append(text, "next: if it is lost, a new one learns from the report what was sent; "
                          "before that nothing of this export may be sent: ");
    buffer_text(text, "claimbatch import ");
    summary_quote(s->report_path, text);
    buffer_text(text, " --ledger ");
    summary_quote(s->ledger_path, text);
    language_append(text, " --by NAME --reason TEXT, with the same --gateway\n");
}

/* What was wrong stays so until somebody fixes it: then the same command again is no advice. */
static void append_again(const struct summary *s, struct buffer *text)
{
    if (s->stop->is_clock) {
        language_format(text,
                        "next: the same command fails again until this machine's clock is right: "
                        "the gateway refuses its time. Then: %s\n",
                        s->invocation);
    } else if (s->stop->exit_code == EXIT_NOT_PERMITTED) {
        language_format(text,
                        "next: the same command fails again until what the gateway refuses is "
                        "right: the app key");
        if (s->app_key)
            buffer_format(text, " %s", LOG_QUOTED(s->app_key));
        language_append(text, ", its secret");
        if (s->secret_file)
            language_format(text, " in '%s'", LOG_QUOTED(s->secret_file));
        language_format(text, ", the session, or their permissions. Then: %s\n", s->invocation);
    } else if (s->stop->exit_code == EXIT_UNREACHABLE && strcmp(s->stop->because, "gateway") == 0) {
        language_format(text,
                        "next: the same command fails again until --gateway, the trusted "
                        "certificates or what stands between is right. Claims that were "
                        "accepted by one --gateway are sent again to another one. Then: %s\n",
                        s->invocation);
    } else if (strcmp(s->stop->because, "ledger-gone") == 0) {
        language_format(text, "next: once the ledger is back in its place: %s\n", s->invocation);
        append_import(s, text);
    } else if (strcmp(s->stop->because, "limit") == 0) {
        language_format(text,
                        "next: look on the platform whether the rows that were sent are right. "
                        "Then, without --limit for all that are left: ");
        append_without_limit(s->invocation, text);
        buffer_byte(text, '\n');
    } else if (strcmp(s->stop->because, "require-valid") == 0) {
        language_format(text, "next: once the export is correct, or without --require-valid: %s\n",
                        s->invocation);
    } else if (strcmp(s->stop->because, "max-changed") == 0) {
        language_format(text,
                        "next: once the export is correct, or with another --max-changed: %s\n",
                        s->invocation);
    } else if (strcmp(s->stop->because, "order-no-alike") == 0 ||
               strcmp(s->stop->because, "other-order-no") == 0) {
        language_format(text,
                        "next: once claim_order_no is as it was, or, if they are other claims, "
                        "with --rule damaged-order-no=warn: %s\n",
                        s->invocation);
    } else if (strcmp(s->stop->because, "other-work-order") == 0) {
        language_format(text,
                        "next: once each row has its own workcard_id and claim_order_no, or, if "
                        "they are other claims, with --rule damaged-order-no=warn: %s\n",
                        s->invocation);
    } else {
        language_format(text, "next: %s\n", s->invocation);
    }
}

static void append_suspects(const struct tally *tally, struct buffer *text)
{
    uint64_t rows = tally_suspects(tally);

    if (rows)
        language_format(
            text,
            language_plural(
                "%llu row has the warning SUSPECT_ANSWER: something between here and the gateway "
                "sent bytes that nobody had asked for behind its answer, so it may be about "
                "another row. Ask the platform about it\n",
                "%llu rows have the warning SUSPECT_ANSWER: something between here and the gateway "
                "sent bytes that nobody had asked for behind their answers, so each may be about "
                "another row. Ask the platform about them\n",
                rows),
            (unsigned long long)rows);
}

static void append_resend(const struct summary *s, struct buffer *text)
{
    if (*s->resend_from)
        language_format(text,
                        "or, if none of them was executed, from %s (Beijing time) on, for a host "
                        "that was not heard of any more may send what it has signed until then: "
                        "%s\n",
                        s->resend_from, s->resend);
    else
        language_format(text, "or, if none of them was executed: %s\n", s->resend);
}

/* What to do, the most urgent first. */
static void append_next(const struct summary *s, struct buffer *text)
{
    uint64_t open = tally_rows(s->tally, OUTCOME_FAILED) + tally_rows(s->tally, OUTCOME_UNSENT);

    if (tally_rows(s->tally, OUTCOME_UNKNOWN))
        language_format(
            text,
            "next: ask the platform what became of the unknown rows; they are not sent again "
            "until somebody says so. To list and to settle them: %s\n",
            s->resolve);
    if (tally_rows(s->tally, OUTCOME_UNKNOWN))
        append_resend(s, text);
    if (s->held.rows)
        language_append(text, "next: if the changes are meant, the same with "
                              "--rule changed-since-accepted=warn sends them\n");
    if (tally_rows(s->tally, OUTCOME_INVALID) > s->held.rows)
        language_append(text, "next: fix the invalid rows in the export and upload it again; the "
                              "report says what is wrong with each\n");
    if (tally_rows(s->tally, OUTCOME_REJECTED))
        language_append(text, "next: the gateway refused the rejected rows; its words are in the "
                              "report. Correct them in the export and upload it again\n");
    if (open || s->stop->exit_code)
        append_again(s, text);
    else if (exit_code_of_run(s->stop, s->tally) == EXIT_COMPLETE && !*s->left)
        language_append(text, "next: nothing is left to do\n");
    buffer_text(text, s->left);
}

/* Whether rows are left because of the stop. */
static bool is_early(const struct coordinator_stop *stop)
{
    return stop->exit_code && strcmp(stop->because, COORDINATOR_EXPORT_CHANGED) != 0;
}

const char *summary_next(const struct summary *s)
{
    if (tally_rows(s->tally, OUTCOME_UNKNOWN))
        return s->resolve;
    return exit_code_of_run(s->stop, s->tally) == EXIT_COMPLETE ? s->left_next : s->invocation;
}

/* {"accepted":{"rows":3,"fee_fen":300}, …} */
static void put_outcomes(const struct tally *tally, struct buffer *ret_json)
{
    char fen[MONEY_TEXT_BYTES];

    for (int i = 0; i < OUTCOME_COUNT; i++)
        buffer_format(ret_json, "%s\"%s\":{\"rows\":%llu,\"fee_fen\":%s}", i ? "," : "{",
                      outcome_name((enum outcome)i),
                      (unsigned long long)tally_rows(tally, (enum outcome)i),
                      money_format_fen(tally_fee(tally, (enum outcome)i), fen));
    buffer_byte(ret_json, '}');
}

/* The summary for whoever reads lines of JSON: the same in fields. */
static void log_end(const struct summary *s, const char *text)
{
    int exit_code = exit_code_of_run(s->stop, s->tally);
    struct buffer outcomes = {0};

    put_outcomes(s->tally, &outcomes);
    log_event(exit_code == EXIT_COMPLETE ? LOG_INFO : LOG_WARN, "end",
              LOG_FIELDS(LOG_FIELD_NUMBER("exit_code", exit_code),
                         LOG_FIELD_TEXT("stopped_because", s->stop->because),
                         LOG_FIELD_NUMBER("rows", tally_all_rows(s->tally)),
                         LOG_FIELD_JSON("outcomes", buffer_string(&outcomes)),
                         LOG_FIELD_NUMBER("changed", s->changed.rows),
                         LOG_FIELD_TEXT("report", s->report_path ? s->report_path : ""),
                         LOG_FIELD_TEXT("ledger", s->ledger_path),
                         LOG_FIELD_TEXT("next", summary_next(s))),
              "%s", text);
    buffer_release(&outcomes);
}

void summary_print(const struct summary *s)
{
    unsigned long long rows = tally_all_rows(s->tally);
    struct buffer text = {0};

    if (s->stop->exit_code)
        buffer_format(&text, "%s%s\n", is_early(s->stop) ? _("ended early: ") : "",
                      LOG_QUOTED_WITHIN(s->stop->sentence, COORDINATOR_TEXT_BYTES));
    buffer_format(&text, language_plural("run %s %s: %llu row\n", "run %s %s: %llu rows\n", rows),
                  s->run, is_early(s->stop) ? _("stopped") : _("finished"), rows);
    append_counts(s->tally, &text);
    append_codes(s->tally, &text);
    append_warnings(s->inspection, &text);
    append_repeats(s->tally, &text);
    append_changed(s, &text);
    append_suspects(s->tally, &text);
    if (s->report_path)
        language_format(&text, "report:   %s\nmanifest: %s.manifest.json\n",
                        LOG_QUOTED_LONG(s->report_path), LOG_QUOTED_LONG(s->report_path));
    language_format(&text, "ledger:   %s\n", LOG_QUOTED_LONG(s->ledger_path));
    append_next(s, &text);
    if (text.len)
        text.ptr[--text.len] = '\0';
    log_end(s, buffer_string(&text));
    buffer_release(&text);
}

void summary_print_unfinished(const struct summary *s, const struct coordinator_progress *progress)
{
    struct buffer text = {0};

    language_format(
        &text,
        language_plural("run %s ended with an error, and no report was published: %llu row\n",
                        "run %s ended with an error, and no report was published: %llu rows\n",
                        progress->rows),
        s->run, (unsigned long long)progress->rows);
    for (int i = 0; i < OUTCOME_COUNT; i++)
        if (progress->outcomes[i]) {
            append_count((enum outcome)i, progress->outcomes[i], &text);
            buffer_byte(&text, '\n');
        }
    buffer_text(&text, "  ");
    terminal_cell(&text, _("open"), outcome_label_columns());
    buffer_format(&text, " %10llu\n", (unsigned long long)(progress->rows - progress->done));
    language_format(&text, "ledger:   %s\n", LOG_QUOTED_LONG(s->ledger_path));
    if (s->is_ledger_gone)
        language_append(&text,
                        "next: send nothing of this export before the ledger is back where it "
                        "was: nothing else knows what was sent. ");
    language_format(&text, "next, when the error below is fixed: %s", s->invocation);
    log_warn("%s", buffer_string(&text));
    buffer_release(&text);
}

/* How many bytes the first character has, and whether a terminal shows it as it is. */
static size_t take_character(const char *text, bool *ret_shown)
{
    char one[CHARACTER_ROOM] = "";
    uint32_t point;
    size_t len = character_decode(text, &point);

    memcpy(one, text, len ? len : 1);
    *ret_shown = strcmp(LOG_QUOTED(one), one) == 0;
    return len ? len : 1;
}

/* For words that a terminal would not show as they are: printf writes what it would obey. A shell
 * takes line ends away from the end of what printf writes, so these stand behind it. */
static void quote_bytes(const char *word, struct buffer *ret_text)
{
    size_t len = strlen(word);
    const char *end = word + len;
    bool shown;

    while (end > word && end[-1] == '\n')
        end--;
    buffer_text(ret_text, "\"$(printf '");
    for (const char *at = word; at < end; at += len) {
        len = take_character(at, &shown);
        if (!shown || strchr("'!", *at) || (at == word && *at == '-'))
            for (size_t i = 0; i < len; i++)
                buffer_format(ret_text, "\\%03o", (unsigned char)at[i]);
        else
            buffer_format(ret_text, "%s%.*s",
                          *at == '%'    ? "%"
                          : *at == '\\' ? "\\"
                                        : "",
                          (int)len, at);
    }
    buffer_text(ret_text, "')\"");
    if (*end)
        buffer_format(ret_text, "'%s'", end);
}

void summary_quote(const char *word, struct buffer *ret_text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_./:=,%+@";

    if (*word && strspn(word, plain) == strlen(word)) {
        buffer_text(ret_text, word);
        return;
    }
    if (strcmp(LOG_QUOTED_LONG(word), word) != 0) {
        quote_bytes(word, ret_text);
        return;
    }
    buffer_byte(ret_text, '\'');
    for (; *word; word++) {
        if (*word == '\'')
            buffer_text(ret_text, "'\\''");
        else
            buffer_byte(ret_text, *word);
    }
    buffer_byte(ret_text, '\'');
}
