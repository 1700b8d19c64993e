/*
 * pace: whether a claim may be sent now.
 *
 * Pure: time is an argument (monotonic milliseconds), nothing waits here. It holds what concerns
 * all workers of a run at once: the rate in every sliding second, bans, Retry-After, outages and
 * the brake, and the rhythm of retries. Its invariants: never more than `rate` sends in any sliding
 * second; nothing is sent inside a ban; after a pause one probe goes first.
 *
 * A send is granted (pace_grant), later known to have left at some moment or not at all
 * (pace_sent), and finally judged (pace_judged). Between grant and pace_sent it may leave at any
 * moment, so it counts all the while.
 *
 * Tested by tests/unit/test_pace.c, test_pace_ban.c, test_pace_outage.c, test_pace_simulation.c
 */
#ifndef CLAIMBATCH_GATEWAY_PACE_H
#define CLAIMBATCH_GATEWAY_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/verdict.h"

struct error;
struct pace;

/* The sliding second is kept a little longer, so that it holds at the gateway too, where calls
 * arrive with jitter. */
#define PACE_WINDOW_MS 1025
#define PACE_BACKOFF_MIN_MS 500
#define PACE_BACKOFF_MAX_MS 30000
#define PACE_PROBE_MIN_MS 1000 /* outage and brake probe after 1, 2, 4 … 30 s */
#define PACE_PROBE_MAX_MS 30000
#define PACE_BANS_IN_A_ROW_MAX 10
#define PACE_BRAKE_MIN 10
#define PACE_REJECTIONS_FIRST 100

struct pace_settings {
    int64_t rate; /* claims a sliding second; 0: no limit */
    size_t in_flight;
    int64_t outage_patience_ms;
    uint64_t seed; /* of the jitter */
};

/* Why nothing may be sent. */
enum pace_state {
    PACE_OPEN,
    PACE_RATE,        /* the sliding second is full */
    PACE_BAN,         /* the gateway said so */
    PACE_RETRY_AFTER, /* HTTP 429 said so */
    PACE_OUTAGE,      /* failures before hand-over */
    PACE_BRAKE,       /* too many unknowns without a definite answer */
    PACE_PROBE,       /* a probe is under way */
};

/* A reason to stop the run that arose from many answers, not from one. */
enum pace_end {
    PACE_GO_ON,
    PACE_END_OUTAGE,     /* patience used up without reaching the gateway: exit 69 */
    PACE_END_BRAKE,      /* patience used up without a definite answer: exit 69 */
    PACE_END_LONG_BAN,   /* a ban over 10 minutes: exit 75 */
    PACE_END_BANS,       /* 10 bans in a row: exit 75 */
    PACE_END_REJECTIONS, /* the first 100 answers all rejections: exit 4 */
};

struct pace *pace_open(const struct pace_settings *settings, struct error *err);
void pace_close(struct pace *pace);

/*
 * How many claims may be sent now, at most `wanted`. With 0, *ret_until_ms is when to ask again
 * (monotonic), INT64_MAX when only a pace_sent or pace_judged can change the answer, and *ret_state
 * says why. In an outage or brake it is no later than the end of the patience, so that pace_ended
 * is asked in time.
 */
size_t pace_allowance(struct pace *pace, int64_t now_ms, size_t wanted, int64_t *ret_until_ms,
                      enum pace_state *ret_state);

/*
 * Another rate from now on, in claims a second, at least 1: it also holds over times shorter than
 * the sliding second, in which sends are spread evenly. Only for a pace that was opened with a
 * rate.
 */
void pace_set_rate(struct pace *pace, double rate, int64_t now_ms);

/* Takes one send out of the allowance. The ticket is to be given back in pace_sent and pace_judged.
 */
struct pace_ticket {
    uint64_t epoch; /* which pause it was granted after */
    bool probe;
};
struct pace_ticket pace_grant(struct pace *pace, int64_t now_ms);

/* Takes back a grant of this turn whose send is not made after all, before pace hears of anything
 * else: all is as if it had not been granted. Instead of pace_sent and pace_judged. */
void pace_take_back(struct pace *pace, struct pace_ticket ticket);

/* The send left at sent_ms, or will never leave (sent_ms < 0). Once for each grant. */
void pace_sent(struct pace *pace, int64_t sent_ms);

/*
 * Takes note of how a send was judged. Bans, Retry-After, outages and unknowns close the gate for
 * all; a definite answer (accepted, rejected, again) ends outage and brake, a ban or Retry-After
 * replaces them. An unknown answer to a probe keeps the gate closed as a brake, whatever closed it.
 * An answer to a call that was granted before the last pause began prolongs the pause if it names a
 * longer one, and counts as no further ban or failure. Once for each grant, after its pace_sent.
 */
void pace_judged(struct pace *pace, struct pace_ticket ticket, const struct verdict *verdict,
                 int64_t now_ms);

/* A ban that another run of this app key met, or that is remembered from an earlier run: closes the
 * gate until then. */
void pace_ban_until(struct pace *pace, int64_t until_ms, int64_t now_ms);

/* Sends of other runs of this app key that fall into the sliding second now; they count like own
 * ones. */
void pace_others(struct pace *pace, size_t sends_in_window);

/* Whether the run has to end for what many answers say together. */
enum pace_end pace_ended(const struct pace *pace, int64_t now_ms);

/* Calls that were granted and are not known to have left: they may leave at any moment. */
int64_t pace_pending(const struct pace *pace);

/* Calls that fall into the sliding second, or may yet: those that left in it, and those pending.
 * Others' do not count. Only with a rate. */
int64_t pace_taken(struct pace *pace, int64_t now_ms);

/* Why the gateway makes the run pause, from PACE_BAN to PACE_BRAKE, until a probe has been
 * answered; PACE_OPEN: it does not. */
enum pace_state pace_cause(const struct pace *pace);

/* Monotonic time at which the pause at hand ends, or now when there is none; INT64_MAX during a
 * probe. */
int64_t pace_pause_until(const struct pace *pace, int64_t now_ms);

/* How long to wait before attempt `attempt` + 1 (attempt counts from 1): full jitter below an
 * exponential bound. */
int64_t pace_backoff_ms(struct pace *pace, int attempt);

#endif
