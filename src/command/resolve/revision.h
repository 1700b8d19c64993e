/*
 * revision: a report brought up to date with the ledger, without its export.
 *
 * The rows and their content come from the report, what became of them from the ledger: where it
 * knows a row in another way, its word counts; every other line stays byte for byte. Only a report
 * that is the one its manifest describes is revised, or one whose publication was cut short
 * between the two, when each of its rows proves itself by its digest.
 *
 * Tested by tests/unit/test_revision.c and tests/e2e/test_resolve.py
 */
#ifndef CLAIMBATCH_COMMAND_RESOLVE_REVISION_H
#define CLAIMBATCH_COMMAND_RESOLVE_REVISION_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/ledger.h"
#include "report/line.h"
#include "report/manifest/manifest.h"
#include "report/scan.h"
#include "report/tally.h"

struct error;
struct revision;
struct signing_key;

/* Borrowed for the revision's life. */
struct revision_settings {
    const char *program_version;
    const char *path; /* of the report */
    const struct manifest_found *manifest;
    struct ledger *ledger;
    const struct run_record *run; /* that the manifest names, as the ledger knows it */
};

/* One row. What it borrows is valid until the next call on the revision. */
struct revision_row {
    const struct scan_row *was; /* as the report has it */
    struct line line;           /* as it is */
    bool differs;               /* the two would not be written alike */
};

/*
 * Opens the report and reads it once. EXIT_INPUT_MISSING when it cannot be opened;
 * EXIT_INPUT_REFUSED when it is no report, or not the one that the manifest describes: it says what
 * was changed. A revision reads the ledger only within its calls.
 */
int revision_open(const struct revision_settings *settings, struct revision **ret_revision,
                  struct error *err);
void revision_close(struct revision *revision); /* NULL is fine */

/* Whether the manifest beside the report is an older one: publishing the two was cut short. */
bool revision_was_cut_short(const struct revision *revision);

/*
 * The next row: 1, or 0 behind the last one, or -1. EXIT_INPUT_REFUSED when the report cannot be
 * brought up to date: a row that was invalid has been sent since, and only its export says what.
 */
int revision_next(struct revision *revision, struct revision_row *ret_row, struct error *err);

/* Begins anew with the first row. */
int revision_restart(struct revision *revision, struct error *err);

/* Makes and locks the unfinished files, so that revision_publish finds its names free; it does so
 * itself where this was not called. */
int revision_prepare(struct revision *revision, struct error *err);

/*
 * Publishes the report as it is now, with its manifest, signed if `key` is not NULL, and records in
 * the ledger what it adds up to. The old report's digest is kept in the new manifest. The same for
 * the run, which is that of the settings, as it stands then. Crashing at any moment leaves the run
 * as not published, or everything done.
 */
int revision_publish(struct revision *revision, const struct signing_key *key, struct error *err);

/* What the report that was published adds up to; NULL before. */
const struct tally *revision_tally(const struct revision *revision);

#endif
