/*
 * row_log: what the log says of single rows.
 *
 * Never the claim itself: its row, the attempt, codes and the gateway's request_id.
 *
 * Tested by tests/e2e/test_log.py
 */
#ifndef CLAIMBATCH_RUN_ROW_LOG_H
#define CLAIMBATCH_RUN_ROW_LOG_H

struct job;

/* How one attempt was judged; shown by --verbose. */
void row_log_attempt(const struct job *job);

/* Nothing was stored of these answers, linked by turn_next: the operator is told, row by row. */
void row_log_lost(const struct job *jobs);

#endif
