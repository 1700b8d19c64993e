/*
 * grant: intents of what may be sent now, as far as in-flight limit, pacing and quota allow.
 *
 * Tested by tests/unit/test_grant.c and tests/e2e/test_upload.py
 */
#ifndef CLAIMBATCH_RUN_GRANT_H
#define CLAIMBATCH_RUN_GRANT_H

struct coordinator;
struct error;
struct job;

/* Records intents in the open transaction. *ret_jobs, linked by queue_next, may be handed to the
 * pool once it is committed, but for those that grant_take_back takes off then. */
int grant_jobs(struct coordinator *c, struct job **ret_jobs, struct error *err);

/* Another run may have begun to send a claim since it was judged: it is judged anew. */
int grant_take_back(struct coordinator *c, struct job **jobs, struct error *err);

#endif
