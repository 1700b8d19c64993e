/*
 * same_file: whether a file still is the one that a run took or wrote, before a command names it.
 *
 * Days share names: at the path of a run's export or report another one may stand by now.
 *
 * Tested by tests/e2e/test_interrupted.py
 */
#ifndef CLAIMBATCH_CLI_SAME_FILE_H
#define CLAIMBATCH_CLI_SAME_FILE_H

#include <stdbool.h>
#include <stdint.h>

/* `sha256` in hex, as manifests have it. */
bool same_file_export(const char *path, uint64_t bytes, const char *sha256);

/* Whether the manifest beside it says that it is the report of that run; or that of another. */
bool same_file_report(const char *path, const char *run);
bool same_file_is_of_another(const char *path, const char *run);

#endif
