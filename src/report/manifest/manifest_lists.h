/*
 * manifest_lists: the lists of a manifest: reports that it replaced, and events.
 *
 * Tested by tests/unit/test_manifest.c
 */
#ifndef CLAIMBATCH_REPORT_MANIFEST_MANIFEST_LISTS_H
#define CLAIMBATCH_REPORT_MANIFEST_MANIFEST_LISTS_H

#include "members.h"
#include "report/manifest/manifest.h"

/* Reads the reports that this one replaced. */
void manifest_lists_take_replaced(struct members *m, struct manifest_found *found);
/* Reads the events of the run. */
void manifest_lists_take_events(struct members *m, struct manifest_found *found);

#endif
