#include "status_abandon.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "report/manifest/started.h"
#include "run/other_run.h"

static int refuse_active(const struct status_abandon *a, int64_t run, struct error *err)
{
    struct buffer words = {0};
    int result = other_run_describe(a->ledger, run, &words, err);

    if (!result)
        result = error_set(err, EXIT_TRY_LATER,
                           "%s is active at this moment; nothing was abandoned. Stop it (Ctrl-C), "
                           "or wait until it has ended, then type the same again",
                           buffer_string(&words));
    buffer_release(&words);
    return result;
}

static int find_run(const struct status_abandon *a, struct run_record *ret_run, struct error *err)
{
    int found = ledger_run_named(a->ledger, a->run, ret_run, err);

    return found ? (found < 0 ? -1 : 0)
                 : error_set(err, EXIT_INPUT_MISSING,
                             "the ledger knows no run '%s'; nothing was abandoned. Its runs are "
                             "listed by: claimbatch status --all",
                             LOG_QUOTED(a->run));
}

static int abandon_one(const struct status_abandon *a, int64_t run, struct status_abandoned *done,
                       struct error *err)
{
    int taken = ledger_run_lock(a->ledger, run, err);
    size_t lost;

    if (taken <= 0)
        return taken < 0 ? -1 : refuse_active(a, run, err);
    if (ledger_run_abandon(a->ledger, run, a->now_ms, a->by, a->reason, &lost, err))
        return -1;
    done->lost += lost;
    return 0;
}

static int abandon_line(const struct status_abandon *a, struct status_abandoned *done,
                        struct error *err)
{
    struct abandonment before;
    struct run_record run;
    int64_t id = 0;
    int found;

    if (find_run(a, &run, err))
        return -1;
    done->run = run.id;
    found = ledger_abandonment_get(a->ledger, run.id, &before, err);
    if (found < 0)
        return -1;
    done->was_before = found > 0;
    while ((found = ledger_run_line_next(a->ledger, done->run, id, &id, err)) > 0)
        if (abandon_one(a, id, done, err))
            return -1;
    return found;
}

/* What may take long is no part of the transaction, which others wait for. */
static int await_line(const struct status_abandon *a, struct error *err)
{
    struct run_record run;
    int64_t id = 0;
    int found;

    if (find_run(a, &run, err))
        return -1;
    while ((found = ledger_run_line_next(a->ledger, run.id, id, &id, err)) > 0)
        if (ledger_run_await(a->ledger, id, err))
            return -1;
    return found;
}

/* Where nothing was sent, the file that says what may have been is in nobody's way. */
static void tidy(void *context, const struct view_run *view)
{
    struct ledger *ledger = context;
    const struct run_record *run = &view->record;
    struct error why;

    if (run->finished_ms || !*run->report_path || ledger_run_has_rows(ledger, run->id, &why) != 0)
        return;
    if (started_remove(run->report_path, run, ledger, &why))
        log_warn("%s", why.text);
}

int status_abandon_visit(struct ledger *ledger, int64_t run,
                         void (*visit)(void *context, const struct view_run *run), void *context,
                         struct error *err)
{
    struct view_run view;
    int64_t id = 0;
    int found;

    while ((found = ledger_run_line_next(ledger, run, id, &id, err)) > 0) {
        found = view_run_next(ledger, id + 1, &view, err);
        if (found < 0)
            return -1;
        if (found)
            visit(context, &view);
    }
    return found;
}

int status_abandon_run(const struct status_abandon *a, struct status_abandoned *ret_done,
                       struct error *err)
{
    *ret_done = (struct status_abandoned){0};
    if (await_line(a, err) || ledger_begin(a->ledger, err))
        return -1;
    if (abandon_line(a, ret_done, err)) {
        ledger_rollback(a->ledger);
        return -1;
    }
    if (ledger_commit(a->ledger, err))
        return -1;
    return status_abandon_visit(a->ledger, ret_done->run, tidy, a->ledger, err);
}
