/*
 * relocation: a finished report whose place went away is published elsewhere.
 *
 * Its folder was removed while the run went on, or something took its unfinished file away. What
 * was written is still open, and may be all that tells what was sent.
 *
 * Tested by tests/e2e/test_report_place.py
 */
#ifndef CLAIMBATCH_REPORT_RELOCATION_H
#define CLAIMBATCH_REPORT_RELOCATION_H

#include "report/publication.h"

struct error;

/* Whether report or manifest are no longer at their unfinished names. */
bool relocation_is_due(const struct publication *publication, const struct draft *draft);

/*
 * Takes both to unfinished names again: those of `path`, if its folder is there, else, with a
 * warning, those of a free name in the folder where ledgers are by default, which is made. Appends
 * the path under which they may be published then; it has to outlive both. EXIT_CANNOT_CREATE,
 * EXIT_CANNOT_WRITE.
 */
int relocation_prepare(const char *path, const char *run, struct publication *publication,
                       struct draft *draft, struct buffer *ret_path, struct error *err);

#endif
