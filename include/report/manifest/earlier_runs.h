/*
 * earlier_runs: the manifests beside an export and a report that tell of earlier runs.
 *
 * Those of runs that have no report yet (started.h) are shown before those of reports: a run that
 * publishes at this moment makes the one before it removes the other, so that none is missed. Those
 * of exports whose reports lie elsewhere are last.
 *
 * Tested by tests/unit/test_earlier_runs.c and tests/e2e/test_identity.py
 */
#ifndef CLAIMBATCH_REPORT_MANIFEST_EARLIER_RUNS_H
#define CLAIMBATCH_REPORT_MANIFEST_EARLIER_RUNS_H

#include "report/manifest/manifest.h"

struct error;

enum earlier_run_kind {
    EARLIER_RUN_STARTED,  /* it has no report yet */
    EARLIER_RUN_REPORTED, /* it has a report here */
    EARLIER_RUN_ELSEWHERE /* its export lies here, its report does not */
};
#define EARLIER_RUN_KINDS 3

struct earlier_run {
    const char *path; /* of the manifest */
    enum earlier_run_kind kind;
    const struct manifest_found *manifest; /* NULL: nobody but its owner can read it */
    const char *unread;                    /* … and why */
};

/* Sees one of them. Other than 0 ends the visit. */
typedef int (*earlier_runs_visitor)(void *context, const struct earlier_run *earlier_run,
                                    struct error *err);

/*
 * Shows the manifests that lie in the folders of these files, also where a file is a link to
 * another folder; a NULL is passed over. Of a folder that we may not list, those beside the files
 * themselves are shown. Returns 0, or what the visitor did; a folder that is not there and what is
 * no manifest of ours tell nothing. -1 without memory or descriptors, or where a folder cannot be
 * read.
 */
int earlier_runs_visit(const char *const *files, size_t count, earlier_runs_visitor visit,
                       void *context, struct error *err);

#endif
