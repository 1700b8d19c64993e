/*
 * gateway: what the gateway of the world does with a call, and what its client makes of that.
 *
 * Bodies are checked by the sandbox's own check, faults are the sandbox's, answers are in its
 * words.
 */
#ifndef GATEWAY_H
#define GATEWAY_H

#include <stdbool.h>
#include <stdint.h>

struct exchange;

/* Decided at the moment when it is about to leave. */
struct fate {
    int fault;   /* in the sandbox's table; -1: none */
    bool leaves; /* it reaches the gateway */
    bool executed;
    int64_t takes_ms; /* until the answer, or the end of the wait for one */
    int ban_s;        /* > 0: the answer names a ban */
    bool is_quota;
};

/* `body` is the whole request. */
void gateway_decide(const char *body, int claim, int version, struct fate *ret_fate);

/* Fills in what the client knows at the end. */
void gateway_answer(const struct fate *fate, uint64_t id, struct exchange *exchange);

#endif
