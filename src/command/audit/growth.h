/*
 * growth: what was appended to an export since it was sent, and is in no report yet.
 *
 * What was sent is its beginning, and is compared as ever. The rows behind that are counted.
 *
 * Tested by tests/e2e/test_audit.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_GROWTH_H
#define CLAIMBATCH_COMMAND_AUDIT_GROWTH_H

#include <stdint.h>

struct audit;
struct error;
struct export_rows_settings;
struct manifest_found;

/* Says so, as a disagreement where there are such rows. `last_row` is the last of what was sent. */
int growth_tell(struct audit *audit, const struct export_rows_settings *settings,
                const struct manifest_found *manifest, uint64_t last_row, struct error *err);

#endif
