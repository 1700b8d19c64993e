/*
 * traces: the manifests beside an export that tell of earlier runs of it.
 *
 * Tested by tests/e2e/test_resume.py
 */
#ifndef CLAIMBATCH_REPORT_TRACES_H
#define CLAIMBATCH_REPORT_TRACES_H

#include "report/manifest.h"

struct error;

/* Sees one of them; `report_path` is the report it describes. Other than 0 ends the visit. */
typedef int (*traces_visitor)(void *context, const char *report_path,
                              const struct manifest_found *manifest, struct error *err);

/*
 * Shows the manifests in the folder of the export that name its content and this platform. Returns
 * 0, or what the visitor did; a folder that cannot be listed and what is no manifest of ours tell
 * nothing. -1 without memory.
 */
int traces_visit(const char *export_path, const unsigned char *export_sha256, const char *platform,
                 traces_visitor visit, void *context, struct error *err);

#endif
