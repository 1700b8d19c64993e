/*
 * problem_list: the rows with problems, as a CSV for the one who fixes them.
 *
 * In the encoding and with the delimiter of the export; each line has in front of the cells, as
 * they stand in the export, where it came from (input/reader/problem_line.h), so that upload takes
 * it back. Owner-only; written beside and renamed.
 *
 * Tested by tests/e2e/test_check.py and tests/e2e/test_problem_list.py
 */
#ifndef CLAIMBATCH_COMMAND_CHECK_PROBLEM_LIST_H
#define CLAIMBATCH_COMMAND_CHECK_PROBLEM_LIST_H

#include <stdbool.h>

#include "base/buffer.h"
#include "input/claim/findings.h"
#include "input/claim/rules.h"
#include "input/export/export.h"
#include "input/reader/reader.h"

struct error;
struct problem_list;

/* What the sheet is of. */
struct problem_list_source {
    const struct export *export;
    const struct survey *survey; /* with the SHA-256 */
    const struct reader *reader;
};

/*
 * Begins a sheet that is to take the name `path`. EXIT_CANNOT_CREATE when something else than a
 * sheet stands there and `overwrite` is false, or when it is the export itself, whatever it says.
 */
int problem_list_open(const char *path, const struct problem_list_source *source, bool overwrite,
                      struct problem_list **ret_sheet, struct error *err);

/* Adds a row with its findings; `codes` and `problems` are their words, the worst of them
 * `severity`. */
int problem_list_add(struct problem_list *sheet, const struct record *record,
                     const struct findings *findings, enum severity severity, const char *codes,
                     const char *problems, struct error *err);

/* Syncs it and gives it its name. */
int problem_list_publish(struct problem_list *sheet, struct error *err);

/* What was not published is removed. NULL is fine. */
void problem_list_close(struct problem_list *sheet);

#endif
