/*
 * status_abandon: a person declares a run of a wrong file over.
 *
 * Tested by tests/e2e/test_abandon.py
 */
#ifndef CLAIMBATCH_COMMAND_STATUS_STATUS_ABANDON_H
#define CLAIMBATCH_COMMAND_STATUS_STATUS_ABANDON_H

#include "ledger/view/view.h"

struct error;

/* Texts are borrowed. */
struct status_abandon {
    struct ledger *ledger; /* opened to be written */
    const char *run;       /* its name */
    const char *by, *reason;
    int64_t now_ms;
};

struct status_abandoned {
    int64_t run;
    bool was_before; /* … abandoned */
    size_t lost;     /* attempts whose answers were not stored: they are unknown now */
};

/*
 * Abandons the run and those that take their rows from it, all or none. EXIT_INPUT_MISSING when
 * there is no such run, EXIT_TRY_LATER while one of them is active.
 */
int status_abandon_run(const struct status_abandon *abandon, struct status_abandoned *ret_done,
                       struct error *err);

/* Calls `visit` with each of them, as they are now. */
int status_abandon_visit(struct ledger *ledger, int64_t run,
                         void (*visit)(void *context, const struct view_run *run), void *context,
                         struct error *err);

#endif
