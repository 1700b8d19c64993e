/*
 * started: what stands at a report's place before the first send, REPORT.csv.started.json, and
 * beside an export whose report lies elsewhere, EXPORT.csv.ledger.json.
 *
 * A manifest without outcomes and report, that names run, export, ledger and count of commits. It
 * is durable before anything is sent and removed once report and manifest have their names, so that
 * at any moment a file tells of what was sent, also to who has another ledger, or none. It is made
 * only where none stands. Unlike reports it may be read by others, as far as the umask lets them:
 * it is for them, and holds nothing of claims. The one beside the export stays, until the next run
 * of a file of that name: who sends the export by hand finds no report there.
 *
 * Tested by tests/e2e/test_identity.py and tests/e2e/test_report_place.py
 */
#ifndef CLAIMBATCH_REPORT_MANIFEST_STARTED_H
#define CLAIMBATCH_REPORT_MANIFEST_STARTED_H

#include <stdbool.h>

#include "report/manifest/manifest.h"

struct error;

struct started_settings {
    const struct manifest *manifest;
    /* Asked where one of another run stands there, before that is moved: -1 refuses the start. */
    int (*judge)(void *context, struct error *err);
    /* Told of it, once it has moved to `aside`. */
    int (*left)(void *context, const struct manifest_found *found, const char *aside,
                struct error *err);
    void *context;
};

/*
 * Makes it; one of the same run is replaced, and so is one whose run has published. One that
 * another run has left is judged, and then moved aside, to REPORT.RUN.csv.started.json.
 * EXIT_BAD_CONFIG when one stands there that cannot be read. *ret_made: there was none of this run
 * before.
 */
int started_make(const struct started_settings *settings, bool *ret_made, struct error *err);

/*
 * Makes that beside the export, if its folder is another one than the report's: one of another run
 * that stands there is judged, and replaced, or moved aside where another ledger knows that run. A
 * folder that may not be written to, or a file there that is none of ours, is logged and no error;
 * -1 where one is refused (EXIT_BAD_CONFIG) or another run is making it (EXIT_TRY_LATER).
 */
int started_mark_export(const struct started_settings *settings, const char *claims,
                        struct error *err);

/* Removes that beside the export, if it is of this run, which sent nothing. */
int started_unmark_export(const char *claims, const struct run_record *run, struct ledger *ledger,
                          struct error *err);

/* Removes that of this run, also from where it was moved, and also one that another ledger has left
 * and this one has imported. */
int started_remove(const char *report_path, const struct run_record *run, struct ledger *ledger,
                   struct error *err);

#endif
