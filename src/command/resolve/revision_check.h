/*
 * revision_check: whether a report is the one of its manifest, before it is brought up to date.
 *
 * Tested by tests/unit/test_revision.c
 */
#ifndef CLAIMBATCH_COMMAND_RESOLVE_REVISION_CHECK_H
#define CLAIMBATCH_COMMAND_RESOLVE_REVISION_CHECK_H

#include "report/draft.h"
#include "report/publication.h"
#include "revision.h"

struct revision {
    const struct revision_settings *settings;
    struct draft draft; /* what is to become the report */
    struct publication publication;
    struct scan *scan;
    bool cut_short;
    struct ledger_rows *rows;
    struct known_row known; /* what it knows of the row at hand */
    struct scan_row was;
    struct buffer warnings, old_text, new_text;
    struct tally *tally; /* of what was published */
};

/* EXIT_INPUT_REFUSED where the report is not the one that its manifest describes, and its rows do
 * not prove themselves. */
int revision_check_bytes(struct revision *revision, struct error *err);

#endif
