/*
 * rate_control: the rate at which a gateway takes calls, found by sending (`--rate auto`).
 *
 * Pure: time is an argument (monotonic milliseconds), nothing waits here. The rate grows while
 * answers are good and it is what bounds the sends; it falls below the last one that was kept for a
 * while when the gateway refuses calls, when they begin to queue, and when they fail. From time to
 * time it is tried whether more is taken by now, the less often the more each refusal costs.
 *
 * Tested by tests/unit/test_rate_control.c
 */
#ifndef CLAIMBATCH_GATEWAY_RATE_CONTROL_H
#define CLAIMBATCH_GATEWAY_RATE_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#define RATE_CONTROL_FIRST 5 /* calls a second, where nothing is known of the gateway */
#define RATE_CONTROL_MOST 100000
#define RATE_CONTROL_SECONDS 60 /* how far back sends are counted */
#define RATE_CONTROL_DURATIONS 64

/* What an answer says of the rate. */
enum rate_sign {
    RATE_GOOD,    /* the gateway took the call, whatever it said of the claim */
    RATE_REFUSED, /* a ban, or HTTP 429: more than it takes */
    RATE_FAILED,  /* 5xx, no connection, no answer */
};

/* Members are private; zero-initialised by rate_control_start. */
struct rate_control {
    double rate;       /* now */
    double most;       /* never passed */
    double proven;     /* kept for a whole step without a sign against it; 0: none yet */
    double limit;      /* the rate at which it was refused last; 0: it never was */
    bool is_searching; /* no limit is known: large steps */
    bool is_long;      /* the limit that was met counts over more than a second */
    int64_t start_ms;
    int64_t step_ms;     /* when the step at hand began */
    int64_t step_end_ms; /* calls that leave later are of the next one */
    int64_t hold_ms;     /* no growth before */
    int64_t episode_ms;  /* refusals of what was sent before are of the last one */
    int64_t penalty_ms;  /* what the last refusal cost */
    int64_t refused;     /* calls, in the episode at hand */
    int refusals_in_a_row;
    struct {
        int64_t sent, good, failed;
        int64_t durations_ms[RATE_CONTROL_DURATIONS]; /* of the last good ones */
    } step;
    double base_ms; /* what a call takes when nothing queues; 0: not known */
    struct {
        int64_t second, sent;
    } history[RATE_CONTROL_SECONDS];
};

/* Begins with `first` calls a second, what an earlier run has found, or 0: nothing is known. `most`
 * is never passed; 0: RATE_CONTROL_MOST. */
void rate_control_start(struct rate_control *control, int64_t first, int64_t most, int64_t now_ms);

/* Calls a second to keep from now on. At least 1. */
double rate_control_rate(const struct rate_control *control);

/* A call has left. */
void rate_control_sent(struct rate_control *control, int64_t sent_ms);

/* How long the gateway asks to wait where it refuses (wait_ms; 0 or less: it does not say).
 * Returns how long to wait at least in its place: more than it says when it refuses again and
 * again. 0 where nothing asks for it. */
int64_t rate_control_answered(struct rate_control *control, enum rate_sign sign, int64_t sent_ms,
                              int64_t now_ms, int64_t wait_ms);

/* What to remember for the next run: a rate that was kept; 0 where none was yet. */
int64_t rate_control_proven(const struct rate_control *control);

#endif
