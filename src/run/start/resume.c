#include "run/start/resume.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "ledger/abandonment.h"
#include "ledger/changed.h"
#include "rereading.h"
#include "run/other_run.h"

static int refuse_second(const struct resume_settings *s, const struct run_record *run,
                         struct error *err)
{
    struct buffer words = {0};
    int result = other_run_describe(s->ledger, run->id, &words, err);

    if (!result)
        result = error_set(err, EXIT_TRY_LATER,
                           "%s is sending this export at this moment; nothing was sent by this "
                           "one. Wait until it has ended",
                           buffer_string(&words));
    buffer_release(&words);
    return result;
}

static int refuse_reading(const struct run_record *run, const char *reading, uint64_t row,
                          struct error *err)
{
    return error_set(err, EXIT_BAD_CONFIG,
                     "run %s of this export read it in another way, by which row %llu was another "
                     "claim; nothing was sent\n"
                     "  then: %s\n  now:  %s\n"
                     "Give the same options as then, and the same command goes on",
                     run->name, (unsigned long long)row, run->reading, reading);
}

/* `held`: rows that were held back because their claim was accepted with other content. */
static enum resume_kind kind_of(const struct run_record *run, const struct round *round,
                                uint64_t held, const struct resume_settings *s)
{
    bool holds = s->row_source->rules.severity[RULE_CHANGED_SINCE_ACCEPTED] == SEVERITY_ERROR;

    if (!run->finished_ms || *run->stopped_because)
        return RESUME_GO_ON;
    if (run->open_rows || run->released || run->invalid_rows != s->inspection->invalid + held ||
        (held && !holds))
        return RESUME_RETRY;
    if (round->id && !round->finished)
        return RESUME_ROUND;
    /* The report of an earlier end of the run, at another place, is not that of this one. */
    return run->published && s->report_stands && s->report_finished_ms == run->finished_ms
               ? RESUME_NOTHING
               : RESUME_PUBLISH;
}

static int create(const struct resume_settings *s, struct run_record *run, struct error *err)
{
    *run = (struct run_record){
        .command = s->command,
        .platform = s->platform,
        .export_name = s->export_name,
        .export_sha256 = s->inspection->survey.sha256,
        .export_bytes = s->inspection->survey.bytes,
        .reading = s->reading,
        .report_path = s->report_path,
        .started_ms = s->row_source->now_ms,
        .stopped_because = "",
        .parent = s->parent ? s->parent : "",
        .origin = s->origin,
        .corrects = s->corrects,
    };
    return ledger_run_create(s->ledger, run, err);
}

static int lock(const struct resume_settings *s, const struct run_record *run, struct error *err)
{
    int taken = ledger_run_lock(s->ledger, run->id, err);

    if (taken < 0)
        return -1;
    if (!taken)
        return refuse_second(s, run, err);
    return ledger_run_note_process(s->ledger, run->id, getpid(), err);
}

int64_t resume_latest_ms(const struct run_record *run)
{
    return run->finished_ms > run->started_ms ? run->finished_ms : run->started_ms;
}

/* The run begins anew: as of now it is neither finished nor published. */
static int reopen(const struct resume_settings *s, struct resumed *resumed, struct error *err)
{
    struct run_record *run = &resumed->run;

    if (resume_latest_ms(run) > s->row_source->now_ms)
        s->row_source->now_ms = resume_latest_ms(run);
    if (ledger_run_take_released(s->ledger, run->id, err))
        return -1;
    if (resumed->kind == RESUME_NOTHING)
        return 0;
    run->reading = s->reading;
    run->export_name = s->export_name;
    run->report_path = s->report_path;
    run->started_ms = s->row_source->now_ms;
    run->finished_ms = 0;
    run->stopped_because = "";
    run->complete = false;
    run->published = false;
    return ledger_run_save(s->ledger, run, err);
}

/* Finds the run this start belongs to: 1, or 0 when it is a new one. */
static int find(const struct resume_settings *s, struct run_record *run, struct error *err)
{
    int found =
        ledger_run_find(s->ledger, s->command, s->platform, s->inspection->survey.sha256, run, err);

    if (found <= 0 || strcmp(run->reading, s->reading) == 0)
        return found;
    if (ledger_run_is_alive(s->ledger, run->id))
        return refuse_second(s, run, err);
    /* As long as nothing was sent there is nothing to go on with. */
    return ledger_run_has_rows(s->ledger, run->id, err);
}

/* Takes what was in flight into the ledger's rows, which then are all that was sent, and judges the
 * reading by them. */
static int recover(const struct resume_settings *s, const struct run_record *run, size_t *ret_lost,
                   struct error *err)
{
    uint64_t row = 0;
    int fits = 1;

    if (ledger_run_recover(s->ledger, run->id, ret_lost, err))
        return -1;
    if (strcmp(run->reading, s->reading) != 0)
        fits = rereading_fits(s->ledger, run->id, s->row_source, s->inspection, &row, err);
    if (fits < 0)
        return -1;
    return fits ? 0 : refuse_reading(run, s->reading, row, err);
}

static int open_round(const struct resume_settings *s, struct resumed *resumed, struct error *err)
{
    if (s->round == ROUND_NONE)
        return 0;
    if (s->round == ROUND_RESEND_UNKNOWN &&
        ledger_run_check_resend(s->ledger, resumed->run.id, err))
        return -1;
    return ledger_round_open(s->ledger, resumed->run.id, s->round, s->by, s->reason,
                             s->row_source->now_ms, &resumed->round, err);
}

/* What is special about this start. `then`: the reading that the run had before, which may be
 * another. */
static void describe_start(const struct resume_settings *s, const char *then, struct buffer *words)
{
    if (s->has_passed)
        buffer_format(words, "--new-ledger, said by %s: %s", s->by, s->reason);
    if (strcmp(then, s->reading) == 0)
        return;
    buffer_format(words, "%sread in another way; before: %s; now: %s", words->len ? "; " : "", then,
                  s->reading);
    log_info("rows that were never sent are read in another way: %s", s->reading);
}

static int record_start(const struct resume_settings *s, const struct resumed *resumed,
                        const char *then, struct error *err)
{
    struct event start = {.kind = EVENT_START, .at_ms = clock_wall_ms()};
    struct buffer words = {0};
    int result;

    if (resumed->kind == RESUME_NOTHING)
        return 0;
    describe_start(s, then, &words);
    start.text = buffer_string(&words);
    result = words.failed ? error_no_memory(err)
                          : ledger_event_put(s->ledger, resumed->run.id, &start, err);
    buffer_release(&words);
    return result;
}

static int refuse_abandoned(const struct abandonment *a, struct error *err)
{
    char at[CLOCK_TOP_BYTES];

    clock_format_top(a->at_ms, at);
    return error_set(err, EXIT_INPUT_REFUSED,
                     "run %s was abandoned at %s Beijing time by '%s': '%s'; none of its rows is "
                     "sent any more. Correct the export and upload that: it is a new run",
                     a->name, at, LOG_QUOTED(a->by), LOG_QUOTED(a->reason));
}

int resume_check_abandoned(const struct resume_settings *s, struct error *err)
{
    struct abandonment a;
    struct run_record parent = {0};
    int found = ledger_abandonment_find(s->ledger, s->command, s->platform,
                                        s->inspection->survey.sha256, &a, err);

    if (!found && s->corrects)
        found = ledger_abandonment_find(s->ledger, "upload", s->platform, s->corrects, &a, err);
    if (!found && s->parent) {
        found = ledger_run_named(s->ledger, s->parent, &parent, err);
        if (found > 0)
            found = ledger_abandonment_get(s->ledger, parent.id, &a, err);
    }
    return found > 0 ? refuse_abandoned(&a, err) : found;
}

/* What may take long is no part of the transaction, which others wait for. */
static int await(const struct resume_settings *s, struct error *err)
{
    struct run_record run;
    int found = ledger_run_find(s->ledger, s->command, s->platform, s->inspection->survey.sha256,
                                &run, err);

    return found < 0 ? -1 : ledger_run_await(s->ledger, found ? run.id : 0, err);
}

int resume_run(const struct resume_settings *s, struct resumed *ret_resumed, struct error *err)
{
    struct run_record *run = &ret_resumed->run;
    struct changed_sum sent;
    struct changed_sum held = {0};
    struct buffer then = {0};
    int found;

    memset(ret_resumed, 0, sizeof(*ret_resumed));
    if (await(s, err) || ledger_begin(s->ledger, err))
        return -1;
    found = resume_check_abandoned(s, err) ? -1 : find(s, run, err);
    if (found < 0)
        goto fail;
    /* What is lost was sent in the round before the one that is opened now. */
    if ((!found && create(s, run, err)) || lock(s, run, err) ||
        (found && recover(s, run, &ret_resumed->lost, err)) || open_round(s, ret_resumed, err) ||
        (found && ledger_changed_sum(s->ledger, run->id, &sent, &held, err)))
        goto fail;
    buffer_text(&then, run->reading);
    ret_resumed->kind = found ? kind_of(run, &ret_resumed->round, held.rows, s) : RESUME_NEW;
    if ((found && reopen(s, ret_resumed, err)) ||
        record_start(s, ret_resumed, then.failed ? s->reading : buffer_string(&then), err) ||
        ledger_commit(s->ledger, err))
        goto fail;
    buffer_release(&then);
    return 0;
fail:
    buffer_release(&then);
    ledger_rollback(s->ledger);
    return -1;
}
