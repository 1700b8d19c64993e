/*
 * unsettled_json: what `resolve --json` prints: one document on standard output, row by row.
 *
 * Hides yajl.
 *
 * Tested by tests/e2e/test_resolve.py
 */
#ifndef CLAIMBATCH_COMMAND_RESOLVE_UNSETTLED_JSON_H
#define CLAIMBATCH_COMMAND_RESOLVE_UNSETTLED_JSON_H

#include <stdbool.h>

#include "command/resolve/unsettled.h"
#include "report/manifest/manifest.h"

struct unsettled_json;

/* What a call came to. */
struct unsettled_totals {
    uint64_t unknown; /* rows that are unknown now */
    uint64_t own;     /* of them: to be settled in this report */
    uint64_t settled, settled_before, skipped;
    uint64_t changed; /* rows that the ledger knew in another way than the report */
    bool republished;
    int exit_code;
};

/* Begins the document. NULL without memory. */
struct unsettled_json *unsettled_json_open(const char *report,
                                           const struct manifest_found *manifest);
void unsettled_json_close(struct unsettled_json *json); /* NULL is fine */

void unsettled_json_add(struct unsettled_json *json, const struct unsettled *unsettled);
void unsettled_json_end(struct unsettled_json *json, const struct unsettled_totals *totals);

#endif
