#include "limit.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"

#define WINDOW_MS 1000

struct limit {
    struct limit_settings settings;
    pthread_mutex_t lock;
    /* all below: under lock */
    int64_t *taken_ms; /* ring of the last flow_limit claims let through */
    size_t oldest;
    int64_t ban_until_ms;
    int32_t day;
    int64_t taken_today;
};

int limit_open(const struct limit_settings *settings, struct limit **ret_limit, struct error *err)
{
    struct limit *limit = calloc(1, sizeof(*limit));

    if (!limit)
        return error_no_memory(err);
    limit->settings = *settings;
    limit->ban_until_ms = INT64_MIN;
    pthread_mutex_init(&limit->lock, NULL);
    if (settings->flow_limit) {
        limit->taken_ms = calloc((size_t)settings->flow_limit, sizeof(*limit->taken_ms));
        if (!limit->taken_ms) {
            limit_close(limit);
            return error_no_memory(err);
        }
        for (int64_t i = 0; i < settings->flow_limit; i++)
            limit->taken_ms[i] = INT64_MIN / 2;
    }
    *ret_limit = limit;
    return 0;
}

void limit_close(struct limit *limit)
{
    if (!limit)
        return;
    pthread_mutex_destroy(&limit->lock);
    free(limit->taken_ms);
    free(limit);
}

static void refuse_with(const char *sub_code, int64_t seconds, struct refusal *ret_refusal)
{
    *ret_refusal = (struct refusal){.code = REFUSAL_LIMITED};
    snprintf(ret_refusal->sub_code, sizeof(ret_refusal->sub_code), "%s", sub_code);
    snprintf(ret_refusal->sub_msg, sizeof(ret_refusal->sub_msg),
             "This ban will last for %" PRId64 " more seconds", seconds);
}

static void refuse_banned(int64_t left_ms, struct refusal *ret_refusal)
{
    refuse_with("accesscontrol.limited-by-api-access-count", (left_ms + 999) / 1000, ret_refusal);
}

void limit_quota_refusal(int64_t wall_ms, struct refusal *ret_refusal)
{
    int64_t left_ms = clock_next_beijing_day_ms(wall_ms) - wall_ms;

    refuse_with("accesscontrol.limited-by-app-access-count", (left_ms + 999) / 1000, ret_refusal);
}

/* Under lock. */
static bool second_is_full(const struct limit *limit, size_t claims, int64_t mono_ms)
{
    size_t size = (size_t)limit->settings.flow_limit;

    if (!size)
        return false;
    return claims > size ||
           mono_ms - limit->taken_ms[(limit->oldest + claims - 1) % size] < WINDOW_MS;
}

/* Under lock. */
static bool day_is_full(struct limit *limit, size_t claims, int64_t wall_ms)
{
    int32_t day = clock_beijing_day(wall_ms);

    if (!limit->settings.daily_quota)
        return false;
    if (day != limit->day) {
        limit->day = day;
        limit->taken_today = 0;
    }
    return limit->taken_today + (int64_t)claims > limit->settings.daily_quota;
}

/* Under lock. */
static void take(struct limit *limit, size_t claims, int64_t mono_ms)
{
    limit->taken_today += (int64_t)claims;
    for (size_t i = 0; limit->taken_ms && i < claims; i++) {
        limit->taken_ms[limit->oldest] = mono_ms;
        limit->oldest = (limit->oldest + 1) % (size_t)limit->settings.flow_limit;
    }
}

/* Under lock. */
static void start_ban(struct limit *limit, int64_t mono_ms, struct refusal *ret_refusal)
{
    limit->ban_until_ms = mono_ms + limit->settings.ban_seconds * 1000;
    refuse_banned(limit->ban_until_ms - mono_ms, ret_refusal);
}

void limit_take(struct limit *limit, size_t claims, int64_t mono_ms, int64_t wall_ms,
                struct refusal *ret_refusal)
{
    *ret_refusal = (struct refusal){0};
    pthread_mutex_lock(&limit->lock);
    if (mono_ms < limit->ban_until_ms)
        refuse_banned(limit->ban_until_ms - mono_ms, ret_refusal);
    else if (day_is_full(limit, claims, wall_ms))
        limit_quota_refusal(wall_ms, ret_refusal);
    else if (second_is_full(limit, claims, mono_ms))
        start_ban(limit, mono_ms, ret_refusal);
    else
        take(limit, claims, mono_ms);
    pthread_mutex_unlock(&limit->lock);
}

void limit_ban(struct limit *limit, int64_t mono_ms, struct refusal *ret_refusal)
{
    pthread_mutex_lock(&limit->lock);
    start_ban(limit, mono_ms, ret_refusal);
    pthread_mutex_unlock(&limit->lock);
}
