/*
 * limit: flow limit, ban and daily quota of the app.
 *
 * A call over the flow limit starts a ban, and every call inside a ban is refused, as the gateway
 * does it. Time is an argument. Any thread.
 *
 * Tested by tests/unit/test_sandbox_limit.c
 */
#ifndef CLAIMBATCH_SANDBOX_LIMIT_H
#define CLAIMBATCH_SANDBOX_LIMIT_H

#include <stddef.h>
#include <stdint.h>

#include "check.h"

struct error;
struct limit;

#define LIMIT_FLOW_MAX 1000000

struct limit_settings {
    int64_t flow_limit;  /* claims in any second; 0: no limit */
    int64_t daily_quota; /* claims a Beijing day; 0: no limit */
    int64_t ban_seconds;
};

int limit_open(const struct limit_settings *settings, struct limit **ret_limit, struct error *err);
void limit_close(struct limit *limit);

/* Takes `claims` out of both limits, all or none; a refusal says why not. */
void limit_take(struct limit *limit, size_t claims, int64_t mono_ms, int64_t wall_ms,
                struct refusal *ret_refusal);

/* Starts a ban out of turn, and the refusal of the call that met it. */
void limit_ban(struct limit *limit, int64_t mono_ms, struct refusal *ret_refusal);

/* The refusal of a call beyond the daily quota. */
void limit_quota_refusal(int64_t wall_ms, struct refusal *ret_refusal);

#endif
