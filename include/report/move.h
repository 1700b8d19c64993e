/*
 * move: a report that stands where another is to go moves aside, and nothing is lost.
 *
 * "claims.report.csv" becomes "claims.report.RUN.csv", RUN being the run it is of, and its manifest
 * goes with it as it is. Nothing is ever replaced: where something stands there already, a number
 * follows the run. The ledger knows of a move before anything is renamed and after all of it is
 * durable, so that one that was cut short is completed by the next start.
 *
 * Tested by tests/e2e/test_move.py
 */
#ifndef CLAIMBATCH_REPORT_MOVE_H
#define CLAIMBATCH_REPORT_MOVE_H

#include "base/buffer.h"

struct error;
struct ledger;

/* Appends the absolute form of a path, of which the folder must be there. EXIT_CANNOT_CREATE. */
int move_place(const char *path, struct buffer *ret_place, struct error *err);

/* Appends the name under which the report of `run` would stand beside `path`, and which is free. */
int move_name(const char *path, const char *run, struct buffer *ret_name, struct error *err);

/*
 * Moves what stands at `path`, whose lock is held, aside. `run` is whose report it is, or "" when
 * that is not known; then `stem` stands in the name. Appends the new path, as typed. Fails with
 * EXIT_CANNOT_CREATE, and leaves what could not be moved where it is.
 */
int move_aside(struct ledger *ledger, const char *path, const char *run, const char *stem,
               struct buffer *ret_path, struct error *err);

/* Completes what earlier starts could not, as far as that is possible now. */
int move_complete(struct ledger *ledger, struct error *err);

/* Changes `path` to where the report of `run` went that was there: 1, or 0 when it was not moved.
 */
int move_follow(struct ledger *ledger, const char *run, struct buffer *path, struct error *err);

#endif
