/*
 * pool: worker threads that share the in-flight limit. All threads and locks of the program are
 * here.
 *
 * A job is handed in with pool_submit and comes back, attempted once and judged, from pool_collect.
 * In between it belongs to the pool: first in the queue, then to one worker, then among the done.
 * The coordinator is the only caller.
 *
 * Tested by tests/unit/test_pool.c and tests/e2e/test_transport.py
 */
#ifndef CLAIMBATCH_RUN_POOL_POOL_H
#define CLAIMBATCH_RUN_POOL_POOL_H

#include <stddef.h>

#include "run/pool/submit.h"

struct error;
struct job;
struct pool;

/* Starts `workers` threads that together keep at most `in_flight` calls on the wire, each of up to
 * submit_claims jobs: `jobs` below is the product. EXIT_RESOURCES when that fails. */
int pool_start(const struct submit_settings *settings, size_t workers, size_t in_flight,
               struct pool **ret_pool, struct error *err);

/* Every job must have been collected before. NULL is fine. */
void pool_stop(struct pool *pool);

/* Takes ownership of the jobs, linked by queue_next in the order they are to be sent. */
void pool_submit(struct pool *pool, struct job *jobs);

/*
 * Gives back the jobs that have ended, linked by queue_next, and their ownership; NULL if none.
 * Never waits. pool_fd becomes readable when there is reason to collect: a queue that would run dry
 * before jobs collected then are submitted again, if that takes as long as the last time; until
 * then others may be waiting. The call clears it.
 */
struct job *pool_collect(struct pool *pool);
int pool_fd(const struct pool *pool);

/*
 * With `tells_departures` in the client's settings: moves the moments at which requests left since
 * the last call to `ret`, which has room for POOL_DEPARTURES, and returns how many. Called after
 * pool_collect it has told of every job that was ever collected.
 */
#define POOL_DEPARTURES(jobs) (2 * (jobs))
size_t pool_departures(struct pool *pool, struct departure *ret);

/*
 * Moves to `ret`, which has room for POOL_SUSPICIONS, the rows of calls whose answer may be another
 * row's (client_suspicions), and returns how many. Their jobs may be in the pool yet, or were
 * collected long ago. After pool_end it has told of all.
 */
#define POOL_SUSPICIONS(jobs) (8 * (jobs) + 64)
size_t pool_suspicions(struct pool *pool, uint64_t *ret);

/* Ends the threads, once every job has been collected; only pool_suspicions may be called then. */
void pool_end(struct pool *pool);

/* Calls back every job whose request was surely not handed to a connection: they are collected with
 * VERDICT_WITHDRAWN. */
void pool_recall(struct pool *pool);

#endif
