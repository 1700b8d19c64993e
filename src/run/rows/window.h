/*
 * window: the rows a run has open, in the order of the file.
 *
 * Holds all jobs of a run, allocated once. A row enters when it is read and leaves when it is
 * final. Two invariants: of the open rows of one claim only the first can be anything but
 * JOB_BLOCKED; every row before window_frontier is final.
 *
 * Tested by tests/unit/test_window.c
 */
#ifndef CLAIMBATCH_RUN_ROWS_WINDOW_H
#define CLAIMBATCH_RUN_ROWS_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "run/job.h"

struct error;
struct window;

int window_open(size_t jobs, struct window **ret_window, struct error *err);
void window_close(struct window *window); /* NULL is fine */

/* A free job to be filled in and entered, or NULL when all are in use. It stays free until
 * window_enter. */
struct job *window_spare(struct window *window);

/* Enters a filled job behind all others: as JOB_JUDGE, or JOB_BLOCKED when an earlier row of its
 * claim is open. -1 without memory. */
int window_enter(struct window *window, struct job *job, struct error *err);

/* Moves a job to another state; it comes behind the others of that state. */
void window_move(struct window *window, struct job *job, enum job_state state, int64_t due_ms);

/* Frees a job whose row is final; the next row of its claim, if it waits, becomes JOB_JUDGE. */
void window_leave(struct window *window, struct job *job);

/*
 * The first job of a state (JUDGE or READY) that is due, or NULL; and when the first of those that
 * are not will be: INT64_MAX if none.
 */
struct job *window_due(struct window *window, enum job_state state, int64_t now_ms);
int64_t window_next_due(const struct window *window, int64_t now_ms);

/* All jobs of a state (ASKED or READY) that are due become JOB_JUDGE: what they are judged by has
 * come, or has changed. */
void window_rejudge(struct window *window, enum job_state state);

/* The open job of a row, or NULL. Looks at all of them. */
struct job *window_find(const struct window *window, uint64_t row);
/* The first job of a state, whenever it is due, or NULL. */
struct job *window_first(const struct window *window, enum job_state state);

/* Jobs in a state. */
size_t window_count(const struct window *window, enum job_state state);

/* Jobs that are not free. */
size_t window_used(const struct window *window);

/* Every row before this one is final; `next_row` is the first row not yet read. */
uint64_t window_frontier(const struct window *window, uint64_t next_row);

#endif
