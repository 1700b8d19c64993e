/*
 * import_started: a start that left no report, of whose rows a ledger is to learn that they may
 * have been sent.
 *
 * What stands at the place of its report (started.h) says what was to be sent, and by which
 * reading; the rows are those of the export, or of the report that a re-run took them from. Each
 * that the start may have sent becomes unknown.
 *
 * Tested by tests/e2e/test_import_start.py
 */
#ifndef CLAIMBATCH_COMMAND_IMPORT_IMPORT_STARTED_H
#define CLAIMBATCH_COMMAND_IMPORT_IMPORT_STARTED_H

#include <stdbool.h>
#include <stdint.h>

#include "report/manifest/manifest.h"

struct error;

/* One start. A zeroed one with the borrowed texts is to be opened. */
struct import_started {
    const char *path;                  /* "REPORT.csv.started.json" */
    const char *export_path;           /* of its export, or of the report whose rows it took */
    const char *const *wanted_columns; /* FIELD_COUNT, as struct reader_settings has them */
    struct manifest_found manifest;
};

/* Whether a path is named as that of a start. */
bool import_started_is_named(const char *path);

/*
 * EXIT_INPUT_MISSING when it or the export cannot be opened, EXIT_INPUT_REFUSED when it is not
 * whole or of another export, EXIT_BAD_CONFIG when it is of another platform or the columns are
 * found otherwise. Release it in any case.
 */
int import_started_open(struct import_started *import_started, const char *platform,
                        struct error *err);
void import_started_release(struct import_started *import_started);

struct import_started_counts {
    uint64_t rows;    /* that can be sent */
    uint64_t learned; /* of them; they are unknown now */
};

/* Lets the ledger learn it, in the open transaction; *ret_known: it knew more already, and learned
 * nothing. */
int import_started_take(const struct import_started *import_started, struct ledger *ledger,
                        struct import_started_counts *ret_counts, int64_t *ret_run, bool *ret_known,
                        struct error *err);

#endif
