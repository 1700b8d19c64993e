/*
 * folder: a folder in the place of a file that is to be written: the file gets its usual name
 * there.
 *
 * Tested by tests/e2e/test_folders.py
 */
#ifndef CLAIMBATCH_CLI_FOLDER_H
#define CLAIMBATCH_CLI_FOLDER_H

#include "base/buffer.h"

/* Appends `path`, or where that is a folder, or ends with a slash as one does, the name in it. */
void folder_place(const char *path, const char *name, struct buffer *ret_path);

/* Appends the last part of a path without the ending of a CSV, and another in its place:
 * "in/claims.csv", ".problems.csv" → "claims.problems.csv". */
void folder_name(const char *path, const char *ending, struct buffer *ret_name);

#endif
