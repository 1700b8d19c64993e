/*
 * shared_limits: what all runs of an app key share: the calls of the day, bans, and the rate.
 *
 * Tested by tests/unit/test_ledger_shared_limits.c
 */
#ifndef CLAIMBATCH_LEDGER_SHARED_LIMITS_H
#define CLAIMBATCH_LEDGER_SHARED_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct ledger;

/* An app key of a platform. */
struct app {
    const char *platform, *key;
};

/* Claims sent on a Beijing day (20221212) by all runs of this app key. */
int ledger_calls_get(struct ledger *ledger, const struct app *app, int32_t day, int64_t *ret_calls,
                     struct error *err);
int ledger_calls_add(struct ledger *ledger, const struct app *app, int32_t day, int64_t calls,
                     struct error *err);

/* How many more may be sent on that day of so many. On
 * a server, how many of those that this process has taken for itself, some at a time, for the day
 * of the server. */
int ledger_calls_left(struct ledger *ledger, const struct app *app, int32_t day, int64_t quota,
                      int64_t *ret_left, struct error *err);

/* How long the gateway has banned an app key. Wall time may be set back meanwhile: a ban never
 * lasts longer than the wait the gateway named, counted from now. A server counts it by its own
 * clock: those of its hosts differ. */
struct ban {
    int64_t until_ms; /* wall time of who asks; 0: it was never banned */
    int64_t wait_ms;  /* negative: an earlier version did not record it */
};

/* How much of it is left; 0: it is over. */
int64_t ledger_ban_rest_ms(const struct ban *ban, int64_t now_ms);

int ledger_ban_get(struct ledger *ledger, const struct app *app, int64_t now_ms,
                   struct ban *ret_ban, struct error *err);

/* Records a ban of wait_ms from now on, unless more is left of the one before. */
int ledger_ban_set(struct ledger *ledger, const struct app *app, int64_t now_ms, int64_t wait_ms,
                   struct error *err);

/* Calls a second that the gateway was found to take of an app key; 0: nobody has looked. */
int ledger_rate_get(struct ledger *ledger, const struct app *app, int64_t *ret_calls,
                    struct error *err);
int ledger_rate_set(struct ledger *ledger, const struct app *app, int64_t calls, int64_t now_ms,
                    struct error *err);

/*
 * For the rate that all runs share. A run says how many calls it has granted that may leave at any
 * moment (pending), and how many left in a stretch of LEDGER_STRETCH_MS that begins at stretch_ms
 * (wall time, a multiple of it). What is older than a few seconds is forgotten, and so is what lies
 * further ahead than that: the clock was set back since.
 */
#define LEDGER_STRETCH_MS 25
int ledger_departures_add(struct ledger *ledger, const struct app *app, int64_t run,
                          int64_t stretch_ms, int64_t calls, struct error *err);
int ledger_pending_set(struct ledger *ledger, const struct app *app, int64_t run, int64_t pending,
                       int64_t now_ms, struct error *err);

/* One turn of a run. */
struct turn {
    int64_t run;
    bool is_first;    /* of this start of the run … */
    int64_t began_ms; /* … which began then: its own calls do not count */
    int64_t now_ms;
    int64_t window_ms; /* in which calls count against the rate; 0: the run keeps none */
    int64_t rate;      /* that was said; 0: none */
    int64_t taken;     /* own calls that fall into the window, or may yet */
};

/* What a turn has to know that no row tells. */
struct turn_facts {
    struct ban ban; /* where another process may have set it since the last turn; else until_ms 0 */
    int64_t others; /* with a rate: calls that may fall into the window before now, those that left
                       and those that other runs have pending */
    bool has_share; /* on a server others keep the rate, too: this is what is left for this run, of
                       what its user said or one of the others */
    int64_t share;  /* claims a second */
};

/*
 * In the open transaction. In the first turn, and with a rate in each, calls that starts which have
 * ended had pending count as having left now: those of runs that no process works on, and in the
 * first turn those of the run's own earlier starts. That turn also counts as of now what left by a
 * clock that was ahead. What is not counted so is lost for good when the start tells of its own.
 */
int ledger_turn_facts(struct ledger *ledger, const struct app *app, const struct turn *turn,
                      struct turn_facts *ret_facts, struct error *err);

#endif
