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

#define PARTS_MAX 8 /* claims of a call */

struct exchange;

struct part {
    int claim, version;
    bool executed;
    bool is_struck; /* by the fault of the call */
};

/* Decided at the moment when it is about to leave. */
struct fate {
    int fault;        /* in the sandbox's table; -1: none */
    bool is_narrow;   /* the fault is told of what it struck; else of the whole call */
    bool leaves;      /* it reaches the gateway */
    int64_t takes_ms; /* until the answer, or the end of the wait for one */
    int ban_s;        /* > 0: the answer names a ban */
    bool is_quota;
    int count;
    struct part parts[PARTS_MAX];
};

/* The request is in the exchange, the claims that it should carry in the fate. */
void gateway_decide(const struct exchange *exchange, struct fate *fate);

/* Fills in what the client knows at the end. */
void gateway_answer(const struct fate *fate, uint64_t id, struct exchange *exchange);

#endif
