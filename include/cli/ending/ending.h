/*
 * ending: what is known of a run once it is over, for those who are told: the command of --after
 * and the file of --metrics.
 *
 * Filled in by the command as far as it gets: of a start that was refused only how it ended is
 * known. No claim, and no text of one, is in it.
 *
 * Tested by tests/e2e/test_after.py and tests/e2e/test_metrics.py
 */
#ifndef CLAIMBATCH_CLI_ENDING_ENDING_H
#define CLAIMBATCH_CLI_ENDING_ENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/money.h"
#include "ledger/ledger.h"

struct after;
struct coordinator_progress;
struct error;
struct options;
struct summary;

/* Zeroed knows nothing. */
struct ending {
    int64_t began_ms; /* monotonic; 0: nothing was prepared, and nobody is told */
    struct after *after;
    const char *command; /* "upload", "rerun" */
    const char *invocation;

    char run[LEDGER_ID_BYTES]; /* "": there is none */
    char because[32];          /* what stopped it; "": nothing */
    struct buffer report;      /* absolute; empty: none was published */
    struct buffer manifest;    /* its text; empty: none was published */
    struct buffer next;

    bool has_rows; /* what became of each is known */
    bool has_fees;
    uint64_t rows[OUTCOME_COUNT];
    money fee_fen[OUTCOME_COUNT];
    uint64_t open; /* of a run that ended with an error: neither, as far as is known */
    uint64_t changed;

    bool has_ledger; /* what follows is known */
    struct buffer ledger;
    int64_t unknown_row; /* unknown attempts in the whole ledger that nobody has settled */
    int64_t calls;       /* of today, of this app key */
    int64_t quota_left;  /* of --daily-quota; -1: it is not given */
    int64_t ledger_bytes;
};

/* Whether somebody is to be told: then what follows costs something. */
bool ending_is_wanted(const struct options *options);

/* Looks at what the options ask for, and starts what has to be started before anything else.
 * EXIT_CANNOT_CREATE where the file of --metrics holds something else. */
int ending_prepare(struct ending *ending, const struct options *options, struct error *err);

/* Takes over what a summary says, and the manifest. */
void ending_take(struct ending *ending, const struct summary *summary,
                 const struct buffer *manifest);

/* The same for a run that ended with an error: counts alone. */
void ending_take_unfinished(struct ending *ending, const struct summary *summary,
                            const struct coordinator_progress *progress);

/* The ledger as it is now; it is open. */
void ending_look(struct ending *ending, const struct options *options, const char *platform,
                 struct ledger *ledger);

/* Writes the metrics and runs the command: what goes wrong is logged and changes nothing. */
void ending_tell(struct ending *ending, const struct options *options, int exit_code);

void ending_release(struct ending *ending);

#endif
