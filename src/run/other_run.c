#include "run/other_run.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "run/halt.h"
#include "state.h"

/* Whether somebody has stopped the process, by its state in /proc (proc(5)). */
static bool is_stopped(int64_t process)
{
    char path[64];
    char line[512] = "";
    const char *end;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)process);
    file = fopen(path, "re");
    if (!file)
        return false;
    end = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
    fclose(file);
    return end && (strncmp(end, ") T", 3) == 0 || strncmp(end, ") t", 3) == 0);
}

int other_run_describe(struct ledger *ledger, int64_t run, struct buffer *ret_words,
                       struct error *err)
{
    struct run_record record;
    struct run_process process;
    int found = ledger_run_get(ledger, run, &record, err);

    if (found < 0 || ledger_run_process(ledger, run, &process, err))
        return -1;
    language_format(ret_words, "run %s", found ? record.name : _("of which nothing is known"));
    if (process.id && process.is_here && is_stopped(process.id))
        language_format(ret_words, " (process %lld, which is stopped: kill -CONT %lld)",
                        (long long)process.id, (long long)process.id);
    else if (process.id && *process.host)
        language_format(ret_words, " (host %s, process %lld)", LOG_QUOTED(process.host),
                        (long long)process.id);
    else if (process.id)
        language_format(ret_words, " (process %lld)", (long long)process.id);
    return ret_words->failed ? error_no_memory(err) : 0;
}

int other_run_refuse(struct ledger *ledger, int64_t run, struct error *err)
{
    struct buffer words = {0};

    if (!other_run_describe(ledger, run, &words, err))
        error_set(err, EXIT_TRY_LATER,
                  "%s is active at this moment; wait until it has ended, then type the same again; "
                  "nothing was settled",
                  buffer_string(&words));
    buffer_release(&words);
    return -1;
}

static int say_who(struct coordinator *c, const struct job *job, int64_t run, struct error *err)
{
    struct buffer words = {0};
    int result = other_run_describe(c->settings->ledger, run, &words, err);

    if (!result)
        log_event(LOG_WARN, "row-waits",
                  LOG_FIELDS(LOG_FIELD_NUMBER("row", job->row),
                             LOG_FIELD_TEXT("waits_for", buffer_string(&words)),
                             LOG_FIELD_NUMBER("patience_s", c->settings->wait_patience_ms / 1000)),
                  "row %llu waits for %s, which has its claim in flight; for at most %lld s "
                  "(--wait-patience)",
                  (unsigned long long)job->row, buffer_string(&words),
                  (long long)(c->settings->wait_patience_ms / 1000));
    buffer_release(&words);
    return result;
}

int other_run_wait(struct coordinator *c, struct job *job, int64_t run, struct buffer *ret_words,
                   struct error *err)
{
    int result;

    if (!job->waits_since_ms)
        job->waits_since_ms = c->now_ms;
    if (c->holder.told != run && say_who(c, job, run, err))
        return -1;
    c->holder.told = run;
    if (c->holder.given_up != run &&
        c->now_ms - job->waits_since_ms < c->settings->wait_patience_ms)
        return 0;
    c->holder.given_up = run;
    c->holder.rows++;
    language_record_begin();
    result = other_run_describe(c->settings->ledger, run, ret_words, err);
    language_record_end();
    return result ? -1 : 1;
}

void other_run_check(struct coordinator *c)
{
    if (c->holder.rows)
        halt_begin(c, EXIT_TRY_LATER, "held-by-run",
                   "rows not sent because another run has their claims in flight: %llu; their "
                   "messages say which",
                   (unsigned long long)c->holder.rows);
}
