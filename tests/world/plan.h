/*
 * plan: what happens in a history, as data: made from a seed, written and read as text, and made
 * smaller piece by piece.
 */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CLAIMS_MAX 64
#define OPERATIONS_MAX 20

/* What draws numbers apart from each other, so that leaving out one thing moves no other. */
enum stream { STREAM_SCRIPT, STREAM_GATEWAY, STREAM_SCHEDULE, STREAM_DISK, STREAM_CHANCE, STREAMS };

/* At what a process may be killed or interrupted. */
#define EVENTS_TABLE(X)                                                                            \
    X(ANY, "any")                                                                                  \
    X(START, "start")                                                                              \
    X(OPEN, "open")                                                                                \
    X(WRITE, "write")                                                                              \
    X(SYNC, "sync")                                                                                \
    X(CUT, "cut")                                                                                  \
    X(RENAME, "rename")                                                                            \
    X(REMOVE, "remove")                                                                            \
    X(SUBMIT, "submit")                                                                            \
    X(DEPART, "depart")                                                                            \
    X(ANSWER, "answer")                                                                            \
    X(TURN, "turn")                                                                                \
    X(BUSY, "busy")                                                                                \
    X(END, "end")                                                                                  \
    X(KILL, "kill")                                                                                \
    X(SIGNAL, "signal")                                                                            \
    X(JUMP, "jump")                                                                                \
    X(POWER, "power")                                                                              \
    X(FAILURE, "failure")                                                                          \
    X(OFFICE, "office")

enum event_kind {
#define X(name, word) EVENT_##name,
    EVENTS_TABLE(X)
#undef X
        EVENT_KINDS
};
extern const char *const event_words[];

#define OPERATIONS_TABLE(X)                                                                        \
    X(UPLOAD, "upload")                                                                            \
    X(RERUN, "rerun")                                                                              \
    X(RESEND, "resend")                                                                            \
    X(RESUBMIT, "resubmit")                                                                        \
    X(RESOLVE, "resolve")                                                                          \
    X(IMPORT, "import")                                                                            \
    X(PRUNE, "prune")                                                                              \
    X(BACKUP, "backup")                                                                            \
    X(AUDIT, "audit")                                                                              \
    X(NEXT_EXPORT, "next-export")                                                                  \
    X(JUMP, "jump")                                                                                \
    X(RESTORE, "restore")                                                                          \
    X(LOSE_LOG, "lose-log")                                                                        \
    X(LOSE_LEDGER, "lose-ledger")                                                                  \
    X(OTHER_LEDGER, "other-ledger")

enum operation_kind {
#define X(name, word) OPERATION_##name,
    OPERATIONS_TABLE(X)
#undef X
        OPERATION_KINDS
};
extern const char *const operation_words[];

/* The so-manyeth event of a kind within a start; 0: never. */
struct strike {
    enum event_kind kind;
    int nth;
};

/* What a disk does from an event on. */
enum failure { FAILURE_FULL, FAILURE_ONCE, FAILURE_BROKEN };

struct operation {
    enum operation_kind kind;
    int file;        /* which export, by place: 0 and 1 */
    int beside;      /* or 0: the next operation begins while this one goes on, a little later */
    int64_t gap_ms;  /* before it */
    int64_t jump_ms; /* OPERATION_JUMP: of the wall clock */
    struct strike kill, signal, second_signal, failing;
    int failure; /* an enum failure */
};

/* Kinds of faults, each on in half of the histories. */
#define SWARM_TABLE(X)                                                                             \
    X(KILLS, "kills")                                                                              \
    X(SIGNALS, "signals")                                                                          \
    X(UNKNOWN, "unknown")                                                                          \
    X(REJECTED, "rejected")                                                                        \
    X(AGAIN, "again")                                                                              \
    X(BAN, "ban")                                                                                  \
    X(OUTAGE, "outage")                                                                            \
    X(STOP, "stop")                                                                                \
    X(ODD, "odd")                                                                                  \
    X(BESIDE, "beside")                                                                            \
    X(CLOCK, "clock")                                                                              \
    X(ACCIDENTS, "accidents")                                                                      \
    X(PEOPLE, "people")                                                                            \
    X(SLOW_DISK, "slow-disk")                                                                      \
    X(SLOW_GATEWAY, "slow-gateway")                                                                \
    X(SWITCHES, "switches")                                                                        \
    X(HURRY, "hurry")                                                                              \
    X(POWER, "power")                                                                              \
    X(FAILURES, "failures")

enum swarm {
#define X(name, word) SWARM_##name,
    SWARM_TABLE(X)
#undef X
        SWARMS
};
extern const char *const swarm_words[];

struct plan {
    uint64_t seed;
    uint32_t swarm; /* a bit for each kind */
    int percent;    /* of the calls meet a fault */
    int claims;
    uint64_t without; /* a bit for each claim that is left out */
    int in_flight, batch, rate, quota, retries;
    int64_t begin_ms;        /* wall time */
    int looks_at_intents;    /* or 0 */
    int has_ledger;          /* … or 0: the first start makes it */
    int limit, max_failures; /* of each start that sends; 0: none */
    int count;
    struct operation operations[OPERATIONS_MAX];
};

bool plan_has(const struct plan *plan, enum swarm swarm);
void plan_make(uint64_t seed, struct plan *ret_plan);
void plan_print(const struct plan *plan, FILE *to);
/* False when the text is none. */
bool plan_read(FILE *from, struct plan *ret_plan);

#endif
