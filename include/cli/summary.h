/*
 * summary: the last words of a run: counts, paths, and what to type next.
 *
 * Tested by tests/e2e/test_upload.py
 */
#ifndef CLAIMBATCH_CLI_SUMMARY_H
#define CLAIMBATCH_CLI_SUMMARY_H

#include "input/inspection/inspection.h"
#include "ledger/changed.h"
#include "report/tally.h"
#include "run/coordinator.h"

/* Borrowed. */
struct summary {
    const struct coordinator_stop *stop;
    struct tally *tally;
    const struct inspection *inspection; /* its warnings are told */
    struct changed_sum changed; /* rows sent though their claim was accepted with other content */
    struct changed_sum held;    /* … held back for that */
    const char *run;            /* its id */
    const char *report_path;    /* NULL: none was published */
    const char *ledger_path;
    bool is_ledger_gone;               /* and there is no report */
    const char *app_key, *secret_file; /* as they were named; NULL: not */
    const char *invocation;            /* the command as it was typed, quoted for a shell */
    const char *resolve;               /* … the one that lists and settles unknown rows */
    const char *resend;                /* … and the one that sends them again */
    const char *resend_from;           /* when that is refused no more; "": now */
    const char *left;      /* what to do about rows that a re-run has not taken; "": nothing */
    const char *left_next; /* … and the command for it; "": none */
};

/* The command to type next, once its cause is gone; "": nothing is left to do. */
const char *summary_next(const struct summary *summary);

/* Logs it; as a warning where the exit code is not 0, so that --quiet shows it. */
void summary_print(const struct summary *summary);

/* Logs what is known of a run that ended with an error, and so without a report. */
void summary_print_unfinished(const struct summary *summary,
                              const struct coordinator_progress *progress);

/* Appends a word quoted for a POSIX shell, if it needs that. */
void summary_quote(const char *word, struct buffer *ret_text);

#endif
