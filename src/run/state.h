/*
 * state: what the coordinator knows: one struct, owned by its thread, and the functions that all
 * steps of a turn need. Each member is changed by the step that it stands under, and may be read by
 * all; coordinator opens and closes them.
 *
 * The steps, in the order of a turn: collect, halt, refill, grant; coordinator.c calls
 * them inside one transaction.
 *
 * Tested by tests/e2e/test_upload.py
 */
#ifndef CLAIMBATCH_RUN_STATE_H
#define CLAIMBATCH_RUN_STATE_H

#include "gateway/rate_control.h"
#include "input/inspection/claim_rows.h"
#include "job.h"
#include "ledger/shared_limits.h"
#include "ledger/store/space.h"
#include "run/coordinator.h"
#include "run/pool/pool.h"
#include "run/rows/feed.h"
#include "run/rows/window.h"
#include "unexecuted.h"

/* When to look again at a claim that another run is sending. */
#define STATE_OTHER_RUN_WAIT_MS 200

/* Stretches of time that a window of pacing covers, and some more. */
#define STATE_STRETCHES (PACE_WINDOW_MS / LEDGER_STRETCH_MS + 4)

/* Where other hosts may say a rate, which then is this run's, too. */
#define STATE_RATE_UNSAID 1000000

/* Days on which calls of one turn may leave, unless somebody plays with the clock. */
#define STATE_DAYS 4

struct coordinator {
    /* fixed for the run */
    const struct coordinator_settings *settings;
    struct submit_settings submit;
    int64_t rate; /* claims a second that pacing keeps: as said, or STATE_RATE_UNSAID; 0: none */
    struct feed *feed;
    struct window *window;
    struct pool *pool;
    struct pace *pace;
    struct unexecuted *unexecuted; /* the last rows that were not executed, if their answers hold */
    struct job *lost;              /* whose answers the ledger was not told, by turn_next */
    struct error *failure;         /* the caller's; filled in by what ends the run with an error */

    /* coordinator: the turn */
    int64_t now_ms; /* monotonic, once a turn */
    int64_t wall_ms;
    size_t outstanding; /* jobs in the pool */

    /* refill */
    bool feed_at_end;
    bool limit_hit;
    int64_t taken;           /* rows sent or about to be, in this start */
    int64_t changed;         /* of them: corrections of what other runs sent */
    struct buffer words;     /* of the message at hand */
    struct judged_row given; /* to the report, at hand */

    /* refill, collect and suspect */
    uint64_t outcomes[OUTCOME_COUNT]; /* of rows that became final in this start */
    uint64_t answered[OUTCOME_COUNT]; /* those of them that were sent in it */

    /* collect */
    struct departure *told; /* room for what the pool tells in a turn */
    struct verdict outage;  /* of the last call that could not be made */

    /* grant: what pacing said */
    int64_t pace_until_ms;
    enum pace_state pace_state;

    /* halt */
    struct coordinator_stop stop;
    struct space *reserve;
    int signal_seen;
    bool failed; /* the run has an error: no report can be published */

    /* suspect */
    bool ids_are_common; /* that was said */
    uint64_t *suspects;  /* rows whose answer is suspect, not dealt with yet */
    size_t suspect_count, suspects_max;
    size_t
        suspects_known;  /* when this turn began; behind suspect_count are those dealt with in it */
    uint64_t report_row; /* up to which lines were to be written last, and when */
    int64_t report_ms;
    bool report_waits;    /* to be begun anew, at the end */
    bool report_is_stale; /* a line that is written says less than the ledger */

    /* shared limits */
    struct {
        int64_t stretch_ms, calls;
    } departures[STATE_STRETCHES]; /* of this turn */
    int64_t pending;               /* as last told to other runs */
    int64_t began_ms;              /* wall time of the first turn of this start; 0: before it */
    struct {
        int64_t ahead_ms;       /* the clock on the wall, of the monotonic one, in the last turn */
        int64_t doubt_until_ms; /* monotonic: it was set, and that is not forgotten yet */
    } clock;
    int64_t ban_until_ms; /* wall time, as last read */
    struct {
        int32_t day; /* Beijing time; 0: none */
        int64_t calls;
    } charges[STATE_DAYS]; /* changes of the days' counts in this turn */

    /* auto_rate */
    struct rate_control rate_control;
    int64_t rate_known; /* calls a second, as the ledger remembers it; 0: none */
    double rate_share;  /* of what is found, as others leave it; 0: all */

    /* firewall */
    struct {
        bool has_definite;  /* a definite answer came in this start */
        size_t calls_since; /* it, what a firewall may have answered not counted */
        size_t in_a_row;    /* set aside since it */
        bool is_told;
        int doubt; /* exit code of the answer that put in doubt whether the gateway answers; 0 */
        char words[VERDICT_TEXT_BYTES]; /* … and what it said */
    } firewall;

    /* other_run */
    struct {
        int64_t told, given_up; /* runs that rows wait or waited for */
        uint64_t rows;          /* that were given up */
    } holder;

    /* pauses */
    struct event pause; /* the pause at hand, as recorded; at_ms 0: none */
};

/* Rows that may be on the wire at once: those of all calls. */
size_t state_rows_in_flight(const struct coordinator *c);

/* The app key whose calls these are, with its platform. Borrowed from the settings. */
struct app state_app(const struct coordinator *c);

/* How the ledger knows a job's row. Borrowed from the job. */
struct row_ref state_ref(const struct coordinator *c, struct job *job);

/* The record of a job's row, without what an attempt adds. Borrowed from the job. */
struct row_record state_record(const struct coordinator *c, const struct job *job,
                               enum row_state state, enum outcome outcome);

/* The row is final: it is counted and its job is free. */
void state_leave(struct coordinator *c, struct job *job, enum outcome outcome);

#endif
