/*
 * calls: the pool of the world: what is queued, on the wire, and answered.
 *
 * A call leaves and is answered at moments of its own, whatever its process does meanwhile.
 */
#ifndef CALLS_H
#define CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway.h"
#include "run/job.h"
#include "run/pool/submit.h"

#define SLOTS_MAX 64

struct call {
    struct job *job; /* NULL: the slot is free */
    int64_t at_ms;   /* when it leaves; then, when it is answered */
    int64_t left_ms, left_wall_ms;
    bool has_begun, is_doubted;
    struct fate fate;    /* its parts are the job and its company */
    int sent[PARTS_MAX]; /* among those that left; -1: it never did */
    int64_t submitted;
};

struct calls {
    const struct submit_settings *settings;
    struct submitter *submitter;
    struct exchange *begun, *ended; /* between the submitter and its client, which is the world */
    size_t in_flight;               /* calls */
    size_t jobs;                    /* … of so many jobs together */
    struct call slots[SLOTS_MAX];
    struct job *queue, **queue_tail;
    size_t queued;
    int64_t submitted; /* number of the event of the last submit */
    struct job *done;
    size_t done_count;
    struct departure told[2 * SLOTS_MAX];
    size_t told_count;
    uint64_t suspicions[SLOTS_MAX * PARTS_MAX];
    size_t suspicion_count;
    bool is_advancing;
};

extern struct calls pool;

int calls_claim(const struct job *job);
/* Takes what is queued where there is room. */
void calls_fill(void);
/* Takes back what has not left. */
void calls_recall(void);
/* The next one that leaves or is answered; NULL without any. */
struct call *calls_next(void);

#endif
