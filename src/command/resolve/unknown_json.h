/*
 * unknown_json: what `resolve --json` prints: one document on standard output, row by row.
 *
 * Tested by tests/e2e/test_resolve.py
 */
#ifndef CLAIMBATCH_COMMAND_RESOLVE_UNKNOWN_JSON_H
#define CLAIMBATCH_COMMAND_RESOLVE_UNKNOWN_JSON_H

#include <stdbool.h>

#include "cli/next_step.h"
#include "report/manifest/manifest.h"
#include "unknown_row.h"

struct json;

/* Begins the document. NULL without memory. */
struct json *unknown_json_open(const char *report, const struct manifest_found *manifest);
void unknown_json_add(struct json *document, const struct unknown_row *unknown_row);
void unknown_json_end(struct json *document, const struct unknown_row_totals *totals);

#endif
