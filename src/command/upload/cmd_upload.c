/* claimbatch upload: check the whole export, submit every claim once, write the report. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "base/words/language.h"
#include "cli/correction.h"
#include "cli/statement.h"
#include "command/commands.h"
#include "command/upload/submission.h"
#include "freshness.h"
#include "report/beside.h"
#include "run/start/rehearsal.h"

static int check_round(const struct options *o, struct error *err)
{
    if (o->resend_unknown && o->resubmit)
        return error_set(err, EXIT_BAD_USAGE,
                         "--resend-unknown and --resubmit are two rounds: first the one, then the "
                         "other; nothing was sent");
    if ((o->resend_unknown || o->resubmit) && (!o->by || !o->reason))
        return error_set(err, EXIT_BAD_USAGE,
                         "sending again needs --by NAME and --reason TEXT, which are recorded; "
                         "nothing was sent");
    if (o->new_ledger && (!o->by || !o->reason))
        return error_set(err, EXIT_BAD_USAGE,
                         "--new-ledger needs --by NAME and --reason TEXT, which are recorded with "
                         "what it passes over; nothing was sent");
    if ((o->by || o->reason) && !o->resend_unknown && !o->resubmit && !o->new_ledger)
        return error_set(err, EXIT_BAD_USAGE,
                         "--by and --reason go with --resend-unknown, --resubmit or --new-ledger; "
                         "nothing was sent");
    return statement_check(o->by, o->reason, err);
}

static int name_report(const char *claims, struct buffer *ret_name, struct error *err)
{
    beside_name_report(file_last_part(claims), ret_name);
    return ret_name->failed ? error_no_memory(err) : 0;
}

static bool begins_with(const char *path, const char *start)
{
    return strncmp(path, start, strlen(start)) == 0;
}

/* "-", and what names a descriptor: nothing that is written beside it would be found again. */
static bool has_no_folder(const char *claims)
{
    return strcmp(claims, "-") == 0 || begins_with(claims, "/proc/") ||
           (begins_with(claims, "/dev/") && !begins_with(claims, "/dev/shm/"));
}

/* How unknown rows are sent again. */
static int word_resend(struct submission *s, struct error *err)
{
    struct buffer *words = &s->resend;

    if (s->options->resend_unknown) {
        language_append(words, "the same with another --reason, which makes it another round");
    } else {
        if (s->options->resubmit)
            language_append(words, "the same without --resubmit, but with");
        else
            buffer_text(words, s->invocation);
        buffer_text(words, " --resend-unknown --by NAME --reason TEXT");
    }
    return words->failed ? error_no_memory(err) : 0;
}

static int choose_report_path(struct submission *s, struct error *err)
{
    const char *claims = s->options->claims;
    struct buffer name = {0};
    int result = name_report(claims, &name, err);

    if (!result)
        result = submission_place(s, claims, has_no_folder(claims) ? NULL : name.ptr, err);
    buffer_release(&name);
    return result;
}

/* ---- the first pass ---- */

static int inspect(struct submission *s, struct error *err)
{
    const struct options *o = s->options;

    s->row_source = (struct row_source){
        .encoding = o->encoding,
        .reader = o->reader,
        .rules = o->rules,
        .now_ms = clock_wall_ms(),
    };
    if (export_open(o->claims, &s->row_source.export, err) ||
        export_spare(s->row_source.export, buffer_string(&s->report_path), err) ||
        inspection_run(&s->row_source, &s->inspection, err))
        return -1;
    inspection_reading(&s->row_source, &s->inspection, &s->reading);
    return s->reading.failed ? error_no_memory(err) : 0;
}

static int expect(const struct submission *s, struct error *err)
{
    const struct options *o = s->options;

    return inspection_expect(&s->inspection, o->expect_rows, o->expect_fee, err) ||
                   inspection_require_rows(&s->inspection, o->min_rows, err)
               ? -1
               : 0;
}

/* The first pass is made anew where the run goes on by another time. */
static int keep_time(struct submission *s, struct error *err)
{
    int kept = submission_keep_time(s, err);

    if (kept <= 0)
        return kept;
    inspection_release(&s->inspection);
    return inspection_run(&s->row_source, &s->inspection, err) ? -1 : expect(s, err);
}

/* Warnings are sent: so they are told, by code, with the first row of each. */
static void say_warnings(const struct inspection *i)
{
    char first[INSPECTION_FIRST_BYTES];

    for (int rule = 0; rule < RULE_COUNT; rule++)
        if (i->warned[rule])
            log_event(LOG_WARN, "rule-warning",
                      LOG_FIELDS(LOG_FIELD_TEXT("code", rule_code((enum rule)rule)),
                                 LOG_FIELD_NUMBER("rows", i->warned[rule]),
                                 LOG_FIELD_NUMBER("row", i->first_row[rule])),
                      "warning %s: %llu, first in %s", rule_code((enum rule)rule),
                      (unsigned long long)i->warned[rule],
                      inspection_first(i, (enum rule)rule, first));
    if (i->profile.footer_rows)
        log_info(
            language_plural("%llu line below the claims is no claim and was passed over: %s",
                            "%llu lines below the claims are no claims and were passed over: %s",
                            i->profile.footer_rows),
            (unsigned long long)i->profile.footer_rows, buffer_string(&i->footer));
}

/* An optional field without a column: one that is not used may be meant for it. */
static void say_column_meant(const struct columns *columns, enum field field)
{
    const char *similar = columns->similar[field];

    if (columns->index[field] == COLUMN_ABSENT && *similar)
        log_info("no column for %s: if '%s' is meant, say --column '%s=%s'",
                 column_field_name(field), similar, column_field_name(field), similar);
}

static void say_what_was_read(const struct submission *s)
{
    const struct inspection *i = &s->inspection;
    char yuan[MONEY_TEXT_BYTES], fen[MONEY_TEXT_BYTES];

    log_event(LOG_INFO, "input",
              LOG_FIELDS(LOG_FIELD_TEXT("name", export_name(s->row_source.export)),
                         LOG_FIELD_NUMBER("rows", i->rows), LOG_FIELD_NUMBER("invalid", i->invalid),
                         LOG_FIELD_JSON("fee_fen", money_format_fen(inspection_fee(i), fen)),
                         LOG_FIELD_TEXT("encoding", charset_encoding_name(i->survey.encoding))),
              language_plural("%s: %llu row, %llu invalid, %s yuan; %s, amounts in %s",
                              "%s: %llu rows, %llu invalid, %s yuan; %s, amounts in %s", i->rows),
              LOG_QUOTED(export_name(s->row_source.export)), (unsigned long long)i->rows,
              (unsigned long long)i->invalid, money_format_yuan(inspection_fee(i), yuan),
              charset_encoding_name(i->survey.encoding), _(column_unit_name(i->columns.fee_unit)));
    if (!i->rows)
        log_event(LOG_WARN, "empty-export", LOG_FIELDS(LOG_FIELD_NUMBER("rows", 0)),
                  "there are no claims below the header; an export that must not be empty is "
                  "refused by --min-rows 1");
    inspection_warn_of_unit(i);
    if (i->unused_columns.len)
        log_info("columns not used: %s", LOG_QUOTED(buffer_string(&i->unused_columns)));
    say_column_meant(&i->columns, FIELD_CLAIM_DESC);
    say_column_meant(&i->columns, FIELD_CLAIM_COUNT);
    say_warnings(i);
}

/* ---- ledger, run and report ---- */

/* A new export at the path of an earlier one: what it holds that is new. */
static int say_what_is_new(struct submission *s, struct error *err)
{
    const struct rehearsal *r = &s->foreseen;
    struct buffer changed = {0};

    if (s->resumed.kind != RESUME_NEW || !*s->place.run || s->place.report_stands)
        return 0;
    if (submission_foresee(s, err))
        return -1;
    correction_describe(&r->changed, &changed);
    log_info("a new export in the place of an earlier one: rows accepted already: %llu, unknown: "
             "%llu, new: %llu; changed since they were accepted: %s",
             (unsigned long long)(r->rows[FATE_ACCEPTED] + r->rows[FATE_SUPERSEDED]),
             (unsigned long long)r->rows[FATE_UNSETTLED], (unsigned long long)r->rows[FATE_SEND],
             r->changed.rows ? buffer_string(&changed) : _("none"));
    buffer_release(&changed);
    return 0;
}

static int open_run(struct submission *s, struct error *err)
{
    if (submission_look(s, err) || submission_open_ledger(s, err) || keep_time(s, err) ||
        submission_follow_place(s, err) || submission_find_corrected(s, err) ||
        submission_check_abandoned(s, err) || freshness_check(s, err) || submission_resume(s, err))
        return -1;
    return say_what_is_new(s, err);
}

/* A ledger that is not there yet is not made by a dry run. */
static int rehearse(struct submission *s, struct error *err)
{
    if (submission_has_ledger(s) && (submission_open_ledger(s, err) || keep_time(s, err)))
        return -1;
    if (submission_find_corrected(s, err) || submission_check_abandoned(s, err) ||
        freshness_check(s, err))
        return -1;
    return submission_rehearse(s, err);
}

static int upload(struct submission *s, struct error *err)
{
    const struct options *o = s->options;

    if (check_round(o, err) || choose_report_path(s, err) || word_resend(s, err) ||
        submission_prepare(s, err) || inspect(s, err))
        return -1;
    say_what_was_read(s);
    if (expect(s, err))
        return -1;
    if (o->dry_run)
        return rehearse(s, err);
    return open_run(s, err) ? -1 : submission_run(s, err);
}

int cmd_upload(const struct options *options, const char *invocation, struct error *err)
{
    struct submission s = {
        .options = options,
        .invocation = invocation,
        .command = "upload",
        .round = options->resend_unknown ? ROUND_RESEND_UNKNOWN
                 : options->resubmit     ? ROUND_RESUBMIT
                                         : ROUND_NONE,
    };
    int result = submission_end(&s, upload(&s, err), err);

    export_close(s.row_source.export);
    return result;
}
