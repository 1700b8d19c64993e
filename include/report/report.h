/*
 * report: the ledger's projection: one line for every row of the export, in its order.
 *
 * An ordered pass over export and ledger that follows the run. As long as rows become final in the
 * order in which they are read, the run gives them, and what it records of them, so that neither is
 * read again; from the first one on that was not given the report reads for itself. It is written
 * beside its final name, as REPORT.partial, which is locked meanwhile, never read back, and made
 * anew after a crash; publication_make gives it its name. What a line says is durable in the ledger
 * before.
 *
 * Tested by tests/unit/test_report.c
 */
#ifndef CLAIMBATCH_REPORT_REPORT_H
#define CLAIMBATCH_REPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "input/inspection/inspection.h"
#include "ledger/ledger.h"
#include "report/tally.h"

struct draft;
struct error;
struct report;

/* Borrowed for the report's life. */
struct report_settings {
    const char *path;
    const struct row_source *row_source;
    const struct inspection *inspection;
    struct ledger *ledger;
    int64_t run;
};

/* Begins the pass. EXIT_TRY_LATER when another process writes this report, EXIT_CANNOT_CREATE when
 * it cannot be made. */
int report_open(const struct report_settings *settings, struct report **ret_report,
                struct error *err);
/* What was not published stays, unfinished. NULL is fine. */
void report_close(struct report *report);

/*
 * Gives a row that is final: the one at that place, counted from 0, of all that a pass over the
 * source yields, and what the ledger knows of it; NULL for an invalid one. It is of use where it
 * is the next one, and all before were given. What the open transaction records may be given:
 * nothing of it leaves this process before the next report_advance. report_take_end: the source
 * has so many rows.
 */
struct judged_row;
int report_take(struct report *report, uint64_t place, const struct judged_row *row,
                const struct row_record *known, struct error *err);
void report_take_end(struct report *report, uint64_t rows);

/* Writes the lines of the rows before `frontier`, all of which are final, but at most `most` of
 * them: more follow with the next call. */
int report_advance(struct report *report, uint64_t frontier, uint64_t most, struct error *err);

/* Writes the rest and syncs the file: rows without an outcome are unsent, for the reason given. */
int report_finish(struct report *report, const char *code, const char *message, struct error *err);

/* The warning of a row whose answer may be another row's; such lines are counted. */
#define REPORT_SUSPECT_ANSWER "SUSPECT_ANSWER"

/* Whether the row's line is among those written. */
bool report_has_written(const struct report *report, uint64_t row);

/* Begins anew, in the same unfinished file: what the ledger says of rows that were written has
 * changed. */
int report_restart(struct report *report, struct error *err);

/* What the lines so far add up to. */
struct tally *report_tally(const struct report *report);

/* What is written, to be published once it is finished. Borrowed. */
struct draft *report_draft(struct report *report);

#endif
