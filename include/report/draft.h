/*
 * draft: a report that is being written, beside the name it will have.
 *
 * Its lines are appended to output.text, and counted in the tally by who appends them; the draft
 * keeps the digest and the size of what it has written of them, which its manifest tells.
 *
 * Tested by tests/unit/test_report.c, test_revision.c
 */
#ifndef CLAIMBATCH_REPORT_DRAFT_H
#define CLAIMBATCH_REPORT_DRAFT_H

#include <stdint.h>

#include "base/file/output.h"
#include "report/tally.h"

struct digest;
struct error;

struct draft {
    struct output output;
    struct tally *tally; /* of the lines */

    /* the draft's own */
    struct digest *sha256;
    uint64_t bytes;
};

/* Makes and locks REPORT.partial, with the names of the columns in it. Fails as output_lock; close
 * it in any case. */
int draft_open(const char *report_path, struct draft *ret_draft, struct error *err);

/* Begins anew, in the same unfinished file. */
int draft_restart(struct draft *draft, struct error *err);

/* Writes the lines once that is worth a call. EXIT_CANNOT_WRITE. */
int draft_advance(struct draft *draft, struct error *err);

/* Writes the rest and syncs it: only the name is missing. */
int draft_finish(struct draft *draft, struct error *err);

/* A zeroed one is fine. */
void draft_close(struct draft *draft);

#endif
