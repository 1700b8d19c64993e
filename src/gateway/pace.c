#include "gateway/pace.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "pace_window.h"

/* Sends that are spread may still go together when they fall into so short a time: a turn's. */
#define SPREAD_MS 20

/* How soon to ask again when the sends of other runs fill the sliding second: when those leave it
   is not known here. */
#define OTHERS_RECHECK_MS 100

struct pace {
    struct pace_settings settings;
    uint64_t random;

    /* rate */
    struct pace_window window;
    int64_t outstanding; /* granted, not known to have left: may leave at any moment */
    double spread;       /* sends a second that are spread evenly; 0: they are not */
    double credit;       /* sends that may go at once */
    int64_t credit_ms;   /* when that was counted */
    int64_t others;

    /* the gate */
    enum pace_state cause; /* PACE_OPEN, or one of PACE_BAN … PACE_BRAKE */
    int64_t until_ms;      /* then a probe may go */
    bool probing;          /* a probe granted after the pause at hand is not judged yet */
    uint64_t epoch;        /* counts pauses; tickets of an earlier one are stale */

    /* outage and brake */
    int64_t trouble_since_ms; /* while the cause is one of them */
    int64_t probe_interval_ms;
    size_t unknowns_in_a_row;

    int bans_in_a_row;
    bool long_ban;

    size_t accepted, rejected;
};

/* ---- the sliding second ---- */

static void spread_advance(struct pace *pace, int64_t now_ms)
{
    double most = pace->spread * SPREAD_MS / 1000;

    pace->credit += pace->spread * (double)(now_ms - pace->credit_ms) / 1000;
    pace->credit_ms = now_ms;
    if (pace->credit > (most > 1 ? most : 1))
        pace->credit = most > 1 ? most : 1;
}

/* How many of `room` may go at once. */
static size_t spread_allowance(struct pace *pace, int64_t now_ms, size_t room,
                               int64_t *ret_until_ms)
{
    if (pace->spread == 0)
        return room;
    spread_advance(pace, now_ms);
    if (pace->credit < 1) {
        double some = pace->spread * SPREAD_MS / 2000;

        *ret_until_ms =
            now_ms + 1 + (int64_t)(((some > 1 ? some : 1) - pace->credit) * 1000 / pace->spread);
        return 0;
    }
    return (double)room < pace->credit ? room : (size_t)pace->credit;
}

static size_t rate_allowance(struct pace *pace, int64_t now_ms, size_t wanted,
                             int64_t *ret_until_ms)
{
    int64_t taken = 0;

    *ret_until_ms = now_ms;
    if (pace->settings.rate == 0)
        return wanted;
    pace_window_advance(&pace->window, now_ms);
    taken = pace->window.total + pace->outstanding + pace->others;
    if (taken < pace->settings.rate) {
        size_t room = (size_t)(pace->settings.rate - taken);

        return spread_allowance(pace, now_ms, room < wanted ? room : wanted, ret_until_ms);
    }
    *ret_until_ms = pace_window_relief_ms(&pace->window);
    if (pace->others > 0 && *ret_until_ms > now_ms + OTHERS_RECHECK_MS)
        *ret_until_ms = now_ms + OTHERS_RECHECK_MS;
    return 0;
}

/* ---- the gate ---- */

static bool is_trouble(enum pace_state cause)
{
    return cause == PACE_OUTAGE || cause == PACE_BRAKE;
}

static int64_t patience_end_ms(const struct pace *pace)
{
    return pace->trouble_since_ms + pace->settings.outage_patience_ms;
}

static void open_gate(struct pace *pace)
{
    pace->cause = PACE_OPEN;
    pace->probing = false;
}

static void close_gate(struct pace *pace, enum pace_state cause, int64_t until_ms)
{
    pace->cause = cause;
    pace->until_ms = until_ms;
    pace->probing = false;
    pace->epoch++;
}

/* Closes the gate for outage or brake, or keeps it closed after a probe that failed. The patience
   runs on from the first failure when one follows the other. */
static void close_for_trouble(struct pace *pace, enum pace_state cause, int64_t now_ms)
{
    if (is_trouble(pace->cause)) {
        pace->probe_interval_ms *= 2;
        if (pace->probe_interval_ms > PACE_PROBE_MAX_MS)
            pace->probe_interval_ms = PACE_PROBE_MAX_MS;
    } else {
        pace->trouble_since_ms = now_ms;
        pace->probe_interval_ms = PACE_PROBE_MIN_MS;
    }
    close_gate(pace, cause, now_ms + pace->probe_interval_ms);
}

/* A wait that the gateway named: replaces outage and brake, prolongs another wait, never shortens
   one. */
static void close_for_wait(struct pace *pace, enum pace_state cause, int64_t until_ms, bool fresh)
{
    bool waiting = pace->cause == PACE_BAN || pace->cause == PACE_RETRY_AFTER;

    if (!waiting || (fresh && until_ms >= pace->until_ms)) {
        close_gate(pace, cause, until_ms);
    } else if (until_ms > pace->until_ms) {
        pace->cause = cause;
        pace->until_ms = until_ms;
    }
}

/* ---- verdicts ---- */

static void judge_ban(struct pace *pace, int64_t wait_ms, bool fresh, int64_t now_ms)
{
    if (fresh)
        pace->bans_in_a_row++;
    if (wait_ms > VERDICT_BAN_MAX_S * INT64_C(1000))
        pace->long_ban = true;
    pace->unknowns_in_a_row = 0;
    close_for_wait(pace, PACE_BAN, now_ms + wait_ms, fresh);
}

/* The gateway said something of the row, so it can be reached and knows what it does. A stale one
   says nothing of a ban that came after it. */
static void judge_definite(struct pace *pace, bool fresh)
{
    pace->unknowns_in_a_row = 0;
    if (fresh)
        pace->bans_in_a_row = 0;
    if (is_trouble(pace->cause))
        open_gate(pace);
}

static void judge_again(struct pace *pace, int64_t wait_ms, bool fresh, int64_t now_ms)
{
    judge_definite(pace, fresh);
    if (wait_ms >= 0)
        close_for_wait(pace, PACE_RETRY_AFTER, now_ms + wait_ms, fresh);
}

static void judge_unknown(struct pace *pace, bool fresh, bool probe, int64_t now_ms)
{
    size_t limit =
        pace->settings.in_flight > PACE_BRAKE_MIN ? pace->settings.in_flight : PACE_BRAKE_MIN;

    if (!fresh)
        return;
    pace->unknowns_in_a_row++;
    if (probe || pace->unknowns_in_a_row >= limit)
        close_for_trouble(pace, PACE_BRAKE, now_ms);
}

static void judge_by_kind(struct pace *pace, const struct verdict *verdict, bool fresh, bool probe,
                          int64_t now_ms)
{
    switch (verdict->kind) {
    case VERDICT_ACCEPTED:
        pace->accepted++;
        judge_definite(pace, fresh);
        break;
    case VERDICT_REJECTED:
        pace->rejected++;
        judge_definite(pace, fresh);
        break;
    case VERDICT_AGAIN:
        judge_again(pace, verdict->wait_ms, fresh, now_ms);
        break;
    case VERDICT_BAN:
        judge_ban(pace, verdict->wait_ms, fresh, now_ms);
        break;
    case VERDICT_UNKNOWN: /* … of which row is in doubt, but not the ban that it names */
        if (verdict->wait_ms >= 0)
            judge_ban(pace, verdict->wait_ms, fresh, now_ms);
        else
            judge_unknown(pace, fresh, probe, now_ms);
        break;
    case VERDICT_OUTAGE:
        if (fresh)
            close_for_trouble(pace, PACE_OUTAGE, now_ms);
        break;
    case VERDICT_WITHDRAWN:
    case VERDICT_QUOTA:
    case VERDICT_STOP:
    case VERDICT_UNKNOWN_STOP:
        break;
    }
}

/* ---- exported ---- */

struct pace *pace_open(const struct pace_settings *settings, struct error *err)
{
    struct pace *pace = calloc(1, sizeof(*pace));

    if (!pace) {
        error_no_memory(err);
        return NULL;
    }
    pace->settings = *settings;
    pace->random = settings->seed;
    return pace;
}

void pace_close(struct pace *pace)
{
    free(pace);
}

void pace_set_rate(struct pace *pace, double rate, int64_t now_ms)
{
    bool is_first = pace->spread == 0;

    spread_advance(pace, now_ms);
    pace->spread = rate;
    if (is_first)
        pace->credit = INFINITY; /* and no more than the time of a turn is worth */
    pace->settings.rate = (int64_t)rate + ((double)(int64_t)rate < rate);
}

/* The pause at hand allows nothing now. */
static bool gate_closed(const struct pace *pace, int64_t now_ms)
{
    return pace->cause != PACE_OPEN && (pace->probing || now_ms < pace->until_ms);
}

size_t pace_allowance(struct pace *pace, int64_t now_ms, size_t wanted, int64_t *ret_until_ms,
                      enum pace_state *ret_state)
{
    size_t allowed = 0;

    *ret_state = PACE_OPEN;
    if (gate_closed(pace, now_ms)) {
        *ret_state = pace->probing ? PACE_PROBE : pace->cause;
        *ret_until_ms = pace_pause_until(pace, now_ms);
    } else {
        if (pace->cause != PACE_OPEN && wanted > 1)
            wanted = 1;
        allowed = rate_allowance(pace, now_ms, wanted, ret_until_ms);
        if (allowed == 0 && wanted > 0)
            *ret_state = PACE_RATE;
    }
    if (is_trouble(pace->cause) && now_ms < patience_end_ms(pace) &&
        patience_end_ms(pace) < *ret_until_ms)
        *ret_until_ms = patience_end_ms(pace);
    return allowed;
}

struct pace_ticket pace_grant(struct pace *pace, int64_t now_ms)
{
    struct pace_ticket ticket = {.epoch = pace->epoch, .probe = pace->cause != PACE_OPEN};

    (void)now_ms;
    pace->outstanding++;
    pace->credit--;
    if (ticket.probe)
        pace->probing = true;
    return ticket;
}

void pace_take_back(struct pace *pace, struct pace_ticket ticket)
{
    pace->outstanding--;
    pace->credit++;
    if (ticket.probe)
        pace->probing = false;
}

void pace_sent(struct pace *pace, int64_t sent_ms)
{
    pace->outstanding--;
    if (sent_ms < 0)
        pace->credit++;
    if (sent_ms >= 0 && pace->settings.rate > 0)
        pace_window_add(&pace->window, sent_ms);
}

void pace_judged(struct pace *pace, struct pace_ticket ticket, const struct verdict *verdict,
                 int64_t now_ms)
{
    bool fresh = ticket.epoch == pace->epoch;
    bool probe = fresh && ticket.probe && pace->probing;
    bool definite = verdict->kind == VERDICT_ACCEPTED || verdict->kind == VERDICT_REJECTED ||
                    verdict->kind == VERDICT_AGAIN;

    if (probe)
        pace->probing = false;
    judge_by_kind(pace, verdict, fresh, probe, now_ms);
    /* A probe that came through opens the gate, unless its own answer began another pause or the
       pause was prolonged meanwhile. */
    if (probe && definite && ticket.epoch == pace->epoch && now_ms >= pace->until_ms)
        open_gate(pace);
}

void pace_ban_until(struct pace *pace, int64_t until_ms, int64_t now_ms)
{
    if (until_ms <= now_ms)
        return;
    if (until_ms - now_ms > VERDICT_BAN_MAX_S * INT64_C(1000))
        pace->long_ban = true;
    close_for_wait(pace, PACE_BAN, until_ms, false);
}

void pace_others(struct pace *pace, size_t sends_in_window)
{
    pace->others = (int64_t)sends_in_window;
}

enum pace_end pace_ended(const struct pace *pace, int64_t now_ms)
{
    if (pace->long_ban)
        return PACE_END_LONG_BAN;
    if (pace->bans_in_a_row >= PACE_BANS_IN_A_ROW_MAX)
        return PACE_END_BANS;
    if (pace->accepted == 0 && pace->rejected >= PACE_REJECTIONS_FIRST)
        return PACE_END_REJECTIONS;
    if (is_trouble(pace->cause) && now_ms >= patience_end_ms(pace))
        return pace->cause == PACE_OUTAGE ? PACE_END_OUTAGE : PACE_END_BRAKE;
    return PACE_GO_ON;
}

int64_t pace_pending(const struct pace *pace)
{
    return pace->outstanding;
}

int64_t pace_taken(struct pace *pace, int64_t now_ms)
{
    pace_window_advance(&pace->window, now_ms);
    return pace->window.total + pace->outstanding;
}

enum pace_state pace_cause(const struct pace *pace)
{
    return pace->cause;
}

int64_t pace_pause_until(const struct pace *pace, int64_t now_ms)
{
    if (pace->cause == PACE_OPEN)
        return now_ms;
    if (pace->probing)
        return INT64_MAX;
    return pace->until_ms > now_ms ? pace->until_ms : now_ms;
}

/* splitmix64 */
static uint64_t next_random(struct pace *pace)
{
    uint64_t z = pace->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

int64_t pace_backoff_ms(struct pace *pace, int attempt)
{
    int64_t bound = PACE_BACKOFF_MIN_MS;

    for (int i = 1; i < attempt && bound < PACE_BACKOFF_MAX_MS; i++)
        bound *= 2;
    if (bound > PACE_BACKOFF_MAX_MS)
        bound = PACE_BACKOFF_MAX_MS;
    return (int64_t)(next_random(pace) % (uint64_t)(bound + 1));
}
