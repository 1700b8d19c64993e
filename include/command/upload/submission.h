/*
 * submission: what every command that sends claims does: settings, ledger, run, report, last words.
 *
 * A command opens what its rows come from and says which run they belong to; the rest is here, so
 * that all of them keep the same promises. Used by one thread, once.
 *
 * Tested by tests/e2e/test_upload.py and tests/e2e/test_rerun.py
 */
#ifndef CLAIMBATCH_COMMAND_UPLOAD_SUBMISSION_H
#define CLAIMBATCH_COMMAND_UPLOAD_SUBMISSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "cli/credentials.h"
#include "cli/options/options.h"
#include "cli/progress.h"
#include "gateway/endpoint.h"
#include "gateway/proxy.h"
#include "report/publication.h"
#include "run/coordinator.h"
#include "run/start/rehearsal.h"
#include "run/start/resume.h"

struct error;
struct report;
struct signing_key;

/* Everything that is open. A zeroed one with options and invocation is to be prepared. */
struct submission {
    const struct options *options;
    const char *invocation;

    /* The command's: set before submission_resume. */
    const char *command;               /* as in struct resume_settings */
    const char *parent;                /* … */
    char parent_name[LEDGER_ID_BYTES]; /* of a run that corrects another, or goes on with that */
    int64_t origin;                    /* … */
    int64_t sequence;                  /* of that line in the order of runs; 0: there is none yet */
    enum round_kind round;             /* … */
    struct row_source row_source;      /* the export in it is borrowed */
    struct inspection inspection;
    char completed[LEDGER_ID_BYTES]; /* the run whose publication this start has completed; "" */
    struct buffer reading, report_path;
    struct buffer first_path;       /* … before its folder went away; empty: it did not */
    enum place_choice choice;       /* of the report's path */
    struct publication_place place; /* what stands at report_path */
    struct buffer resend;           /* the command that sends unknown rows again */
    struct buffer left, left_next;  /* as in struct summary */
    struct buffer export_place, report_place; /* whole paths, as the ledger records them */

    /* By submission_prepare. */
    struct endpoint endpoint;
    char call_url[ENDPOINT_BYTES]; /* where its calls go */
    struct proxy proxy;
    struct credentials credentials;
    struct signing_key *key; /* NULL: manifests are not signed */
    struct buffer ledger_path;

    /* By the functions below it. */
    struct ledger *ledger; /* NULL: not opened */
    struct resumed resumed;
    struct report *report;
    struct publication publication;
    struct stat standing; /* of what it will replace, when sending begins; no links: nothing */
    struct buffer json;
    struct progress progress;
    bool has_foreseen;
    struct rehearsal foreseen;
    bool has_passed;   /* --new-ledger, and there was something that it let this start pass over */
    bool is_announced; /* what tells of the run before its report is there, and was not before */
    bool is_sending;   /* from now on something may have been sent */
    struct coordinator_stop stop;
};

/* Checks what all of them need: app key, limits, gateway, and reads the secrets. Opens nothing. */
int submission_prepare(struct submission *submission, struct error *err);

/* Opens the ledger, made if missing. */
int submission_open_ledger(struct submission *submission, struct error *err);

/* The run that this command goes on with: 1, or 0 when there is none, or no ledger yet. */
int submission_find_run(const struct submission *submission, struct run_record *ret_run,
                        struct error *err);

/* Once the input was inspected: 1 where the run that this command goes on with knows a later time
 * than the clock does. The source's is that now, and the first pass is to be made anew. Else 0. */
int submission_keep_time(struct submission *submission, struct error *err);

/* Warns if the input is not any more what was checked; whether it is not. */
bool submission_say_changed(const struct submission *submission);

/* Gives a run of a list of problems its place: behind the rows of the export that it came from,
 * where the ledger knows a run of that. Says which. */
int submission_find_corrected(struct submission *submission, struct error *err);

/* What would be sent, on standard output; nothing is written. Returns an exit code. */
int submission_rehearse(struct submission *submission, struct error *err);

/* The same for the run at hand, in `foreseen`; once. */
int submission_foresee(struct submission *submission, struct error *err);

/*
 * The path of the report: the file or folder of -o, the folder of --report-dir, else `folder_of`'s,
 * with `name` in a folder. Sets report_path and choice. EXIT_BAD_USAGE where a name is needed, but
 * NULL.
 */
int submission_place(struct submission *submission, const char *folder_of, const char *name,
                     struct error *err);

/* Looks at what stands at report_path, as publication_look; opens nothing. */
int submission_look(struct submission *submission, struct error *err);

/* Whether a ledger stands where it is named; one on a server says itself if it does not. */
bool submission_has_ledger(const struct submission *submission);

/* Once the ledger is open: ends what moves of reports an earlier start has left half done, and goes
 * where the run's own report has moved to. EXIT_CANNOT_CREATE when a report of another export is
 * at a path that was named. */
int submission_follow_place(struct submission *submission, struct error *err);

/* EXIT_INPUT_REFUSED when the run was abandoned, or the one whose rows it takes. */
int submission_check_abandoned(struct submission *submission, struct error *err);

/* Finds or makes the run, and says which it is. EXIT_BAD_CONFIG when the report in its place was
 * made with another ledger, EXIT_CANNOT_CREATE when it is none of this run; or as above. */
int submission_resume(struct submission *submission, struct error *err);

/* Submits what is left, publishes the report and says the last words. Returns an exit code. */
int submission_run(struct submission *submission, struct error *err);

/* Says that nothing was sent, if so; releases everything. Returns `result`. */
int submission_end(struct submission *submission, int result, struct error *err);

#endif
