/*
 * resume: which run a command goes on with.
 *
 * The same rows of the same input on the same platform are the same run, whatever its path: it goes
 * on where it ended, tries again what failed, or has nothing left to do. Everything else is a new
 * run. While this process lives it holds the run's lock.
 *
 * Tested by tests/e2e/test_resume.py
 */
#ifndef CLAIMBATCH_RUN_START_RESUME_H
#define CLAIMBATCH_RUN_START_RESUME_H

#include <stdbool.h>
#include <stddef.h>

#include "input/inspection/inspection.h"
#include "ledger/ledger.h"

struct error;

enum resume_kind {
    RESUME_NEW,     /* a run that did not exist */
    RESUME_GO_ON,   /* it was interrupted or stopped */
    RESUME_RETRY,   /* it was finished; some rows are to be tried again */
    RESUME_ROUND,   /* it was finished; a person said to send some of its claims again */
    RESUME_PUBLISH, /* it was finished, but its report is not there */
    RESUME_NOTHING, /* it was finished; nothing is left to send, and the report stands */
};

struct resume_settings {
    struct ledger *ledger;
    const char *command; /* with what it takes: another selection of rows is another run */
    const char *platform;
    struct row_source *row_source;
    const struct inspection *inspection;
    const char *reading;
    const char *export_name, *report_path; /* as they are recorded */
    const char *parent;                    /* as in struct run_record */
    int64_t origin;
    const unsigned char *corrects; /* … */
    enum round_kind round;         /* ROUND_NONE, or what a person said, with name and reason */
    const char *by, *reason;
    bool has_passed;            /* they said --new-ledger, and it let something be passed over */
    bool report_stands;         /* report and manifest of this export are at report_path */
    int64_t report_finished_ms; /* … and the run ended then, as they tell */
};

struct resumed {
    enum resume_kind kind;
    struct run_record run; /* texts borrowed from the settings */
    struct round round;
    size_t lost; /* intents of an earlier start that became unknown */
};

/* The latest moment that starts of the run have seen, whatever the clock says now. */
int64_t resume_latest_ms(const struct run_record *run);

/* EXIT_INPUT_REFUSED when the run, or the one whose rows it takes, was abandoned. */
int resume_check_abandoned(const struct resume_settings *settings, struct error *err);

/*
 * Finds or makes the run and takes its lock. EXIT_TRY_LATER when another process has it,
 * EXIT_BAD_CONFIG when it was read in another way, EXIT_INPUT_REFUSED as above. The moment called
 * now of an earlier start is kept if it was later, so that no row that was sent turns invalid.
 */
int resume_run(const struct resume_settings *settings, struct resumed *ret_resumed,
               struct error *err);

#endif
