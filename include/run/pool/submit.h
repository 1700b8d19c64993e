/*
 * submit: one attempt: encode, sign, send, verdict. With several claims a call, one of each.
 *
 * A submitter belongs to one worker thread. It never retries, decides, logs or touches the ledger.
 *
 * Tested by tests/unit/test_submit.c and tests/e2e/test_upload.py
 */
#ifndef CLAIMBATCH_RUN_POOL_SUBMIT_H
#define CLAIMBATCH_RUN_POOL_SUBMIT_H

#include <stddef.h>

#include "gateway/http/client.h"
#include "gateway/top.h"
#include "gateway/verdict.h"

struct error;
struct job;
struct submitter;

/* What all attempts of a run have in common. Borrowed for the submitter's life. */
struct submit_settings {
    struct top_app app;
    const char *secret;
    struct client_settings client;
    struct verdict_settings verdict;
    size_t claims_per_call; /* most; up to 1: single calls, else batch calls, to the client's url */
};

/* Most claims of a call. */
static inline size_t submit_claims(const struct submit_settings *settings)
{
    return settings->claims_per_call > 1 ? settings->claims_per_call : 1;
}

int submit_open(const struct submit_settings *settings, size_t capacity,
                struct submitter **ret_submitter, struct error *err);
/* Every job must have been finished before. NULL is fine. */
void submit_close(struct submitter *submitter);

/* Begins an attempt of the job and those in its company, in one call; at most `capacity` calls at a
 * time. */
void submit_start(struct submitter *submitter, struct job *job);

/* Drives all calls for at most timeout_ms; gives back the jobs of those that have ended, each
 * judged, linked by queue_next. NULL if none. */
struct job *submit_finish(struct submitter *submitter, int timeout_ms);

/* As client_departures, client_suspicions, client_last_look, client_wake and client_recall; the
 * tags of suspicions are rows. */
size_t submit_departures(struct submitter *submitter, struct departure *ret);
size_t submit_suspicions(struct submitter *submitter, uint64_t *ret);
void submit_last_look(struct submitter *submitter);
void submit_wake(struct submitter *submitter);
void submit_recall(struct submitter *submitter);

#endif
