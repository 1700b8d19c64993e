/*
 * world: one history of an office, its program, its gateway and its clock, in memory that all its
 * processes share.
 *
 * Every number that decides something comes from choice(): the same plan gives the same history.
 */
#ifndef WORLD_H
#define WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan.h"

#define ACTORS 4 /* 0 is the office, which starts the others */
#define SENT_MAX 4096
#define EVENTS_MAX 16384 /* the last ones are kept */
#define EVENTS_OF_A_START 200000
#define WORDS_BYTES 512
#define BANS_MAX 256

#define APP_KEY "12345678"
#define SECRET "helloworld"
#define FIRST_WORKCARD INT64_C(700000000001)
#define FIRST_FEE 10000
#define VERSIONS_MAX 100 /* of a claim: its fee is FIRST_FEE + VERSIONS_MAX * claim + version */

/* What a gateway said of a call, as far as the process that sent it has heard. */
enum said { SAID_NOTHING, SAID_ACCEPTED, SAID_REJECTED, SAID_NOT_EXECUTED, SAID_UNKNOWN };

/* A call that left: the truth. */
struct sent {
    int64_t mono_ms, wall_ms;
    int claim, version;
    uint64_t row;
    int actor, start; /* the so-manyeth start of the history */
    bool executed;
    enum said said;
    bool is_collected, is_certain; /* by the coordinator; and its transaction is over */
    int round;                     /* in which a person said to send claims again; 0: none */
    bool is_resubmitted, is_of_other_ledger;
    bool settled; /* a person said what became of it */
    int fault;    /* in the sandbox's table; -1: none */
    int before;   /* the last one of this claim; -1: none */
};

struct ban {
    int64_t until_ms;
    int actor, start;
    int64_t heard; /* number of the event with which its process heard of it; 0: not yet */
    int64_t known; /* … after which every turn has to know; 0: not yet */
};

enum actor_state { ACTOR_FREE, ACTOR_LIVES, ACTOR_ENDED, ACTOR_KILLED };

struct actor {
    enum actor_state state;
    int pid;
    uint32_t turn; /* a futex: 1 when it is this one's turn */
    int64_t wake_ms;
    int start, exit_code;
    int round; /* that its calls belong to; 0: none */
    struct operation operation;
    int counted[EVENT_KINDS];
    int64_t events;
    int64_t turn_began; /* number of the event with which its turn began */
    bool was_signalled;
    bool is_failing, has_failed; /* its disk */
};

struct event {
    int64_t mono_ms;
    uint8_t actor, kind;
    int32_t a, b;
};

struct world {
    struct plan plan;
    int64_t wall_ms, mono_ms;
    int64_t jumped_ms; /* monotonic: when the wall clock was set last */
    struct actor actors[ACTORS];
    int holder; /* whose turn it is */
    int starts, kills, failures, suspected, rounds;
    bool is_quiet; /* the last phase: nothing goes wrong any more */
    bool had_accident;
    bool goes_on_blind; /* a person goes on, though a report is that the ledger cannot learn from */
    bool is_damaged;    /* the ledger: of a log that was lost a part had been carried over */
    uint64_t trace;     /* a digest of all events */
    uint64_t drawn[STREAMS];
    int64_t event_count;
    struct event events[EVENTS_MAX];
    int sent_count;
    struct sent sent[SENT_MAX];
    int order[SENT_MAX]; /* of the calls, by time */
    int last_sent[CLAIMS_MAX];
    bool is_asked_for[CLAIMS_MAX]; /* by a --resubmit that did not live to send it */
    bool was_any_asked_for;
    int calls_of[CLAIMS_MAX];
    int64_t banned_until_ms, unreachable_until_ms;
    int ban_count;
    struct ban bans[BANS_MAX];
    uint64_t marks;
    char violation[WORDS_BYTES]; /* the first one; "": none */
};

extern struct world *world;
extern int self; /* the number of this process among the actors */

/* ---- choices: choice.c ---- */

/* A number below `bound`: the next one of a stream, or one that belongs to a key, however many were
 * drawn before. */
uint64_t choice(enum stream stream, uint64_t bound);
uint64_t choice_of(enum stream stream, uint64_t key, uint64_t bound);
bool chance(enum stream stream, unsigned percent);

/* ---- marks: what a campaign must have reached ---- */

#define MARKS(X)                                                                                   \
    X(KILLED_AFTER_COMMIT, "killed between commit and submit")                                     \
    X(KILLED_IN_FLIGHT, "killed with calls in flight")                                             \
    X(KILLED_AFTER_ANSWER, "killed between an answer and its commit")                              \
    X(KILLED_AT_RENAME, "killed at a rename")                                                      \
    X(KILLED_AT_REMOVAL, "killed at a removal")                                                    \
    X(KILLED_AT_SYNC, "killed at a sync")                                                          \
    X(KILLED_AT_CREATION, "killed at the making of a file")                                        \
    X(KILLED_IDLE, "killed with no call in flight")                                                \
    X(KILLED_TWICE, "killed twice in a row")                                                       \
    X(KILLED_RERUN, "a rerun was killed")                                                          \
    X(KILLED_RESOLVE, "a resolve was killed")                                                      \
    X(KILLED_IMPORT, "an import was killed")                                                       \
    X(KILLED_ROUND, "a round was killed")                                                          \
    X(KILLED_PRUNE, "a prune was killed")                                                          \
    X(POWER_LOST, "the power was lost")                                                            \
    X(DISK_FAILED, "a disk was full, or failed")                                                   \
    X(TWO_STARTS_A_SECOND, "two starts sent within a second")                                      \
    X(RATE_FULL, "a sliding second was full")                                                      \
    X(RATE_OVER_STARTS, "a sliding second was filled by two starts")                               \
    X(QUOTA_FULL, "the quota of a day was used up")                                                \
    X(MIDNIGHT, "a call left after midnight whose run began before")                               \
    X(TWO_AT_ONCE, "two runs had calls in flight at once")                                         \
    X(LEDGER_BUSY, "a process waited for the ledger")                                              \
    X(BAN_HEARD, "a ban was heard")                                                                \
    X(BAN_WHILE_WAITING, "a ban came while another run was going on")                              \
    X(BAN_AND_KILL, "killed in a ban")                                                             \
    X(BAN_LONG, "a ban was too long to wait for")                                                  \
    X(BATCH, "a call carried several claims")                                                      \
    X(PART_STRUCK, "one claim of a call failed")                                                   \
    X(WITHDRAWN, "a call was withdrawn")                                                           \
    X(OUTAGE, "the gateway could not be reached")                                                  \
    X(STOPPED_BY_ANSWER, "an answer stopped the run")                                              \
    X(SUSPECTED, "an answer may have been another row's")                                          \
    X(SIGNAL_ONCE, "Ctrl-C")                                                                       \
    X(SIGNAL_TWICE, "Ctrl-C twice")                                                                \
    X(CLOCK_BACK, "the clock was set back")                                                        \
    X(CLOCK_AHEAD, "the clock was set ahead")                                                      \
    X(CORRECTION, "a claim was corrected after it was accepted")                                   \
    X(SUPERSEDED, "an older content came after a newer one")                                       \
    X(REJECTED_AGAIN, "a rejected claim was sent again")                                           \
    X(REPEATED_CLAIM, "an export held a claim twice")                                              \
    X(RERUN_SENT, "a rerun sent something")                                                        \
    X(RESEND_SENT, "a round sent an unknown claim again")                                          \
    X(RESUBMIT_SENT, "a round sent an accepted claim again")                                       \
    X(SETTLED_ACCEPTED, "a person settled a claim as accepted")                                    \
    X(SETTLED_NOT_EXECUTED, "a person settled a claim as not executed")                            \
    X(SETTLED_THEN_SENT, "a claim was sent after a person's word")                                 \
    X(SETTLED_BESIDE_RUN, "a person settled while a run went on")                                  \
    X(SETTLED_WITHOUT_REPORT, "a claim was settled by its number")                                 \
    X(JUDGED_ANEW, "rows were judged anew whose claims were settled elsewhere")                    \
    X(IMPORTED, "a ledger learned from reports")                                                   \
    X(IMPORTED_START, "a ledger learned from a start without a report")                            \
    X(RESTORED, "a backup took the ledger's place")                                                \
    X(LOST_LOG, "the ledger's log was lost")                                                       \
    X(LOST_LEDGER, "the ledger was lost")                                                          \
    X(OTHER_LEDGER, "another ledger was used")                                                     \
    X(REFUSED, "a start was refused for its ledger")                                               \
    X(NEW_LEDGER, "a person went on with a ledger that knows less")                                \
    X(PRUNED, "a ledger was pruned")                                                               \
    X(SECOND_EXPORT, "a new export came in the place of an earlier one")                           \
    X(EXPORT_CHANGED, "an export changed while its run went on")                                   \
    X(REPORT_MOVED, "a report moved aside")                                                        \
    X(UNKNOWN_AT_END, "a report had unknown rows")                                                 \
    X(RAN_BESIDE_ITSELF, "the same export was started twice at once")

enum mark {
#define X(name, words) MARK_##name,
    MARKS(X)
#undef X
        MARK_COUNT
};

void mark(enum mark mark);
const char *mark_words(enum mark mark);

/* ---- turns: turn.c ---- */

/* Something happens: it is noted, and this process may be struck, or others get their turn. */
void happen(enum event_kind kind, int a, int b);
void note(enum event_kind kind, int a, int b);
/* Others get their turn until then, by the monotonic clock. */
void sleep_until(int64_t mono_ms);
/* Time that the machine takes. */
void take_time(int64_t ms);
bool is_alone(void);

/* Starts the program in a process of its own; its number among the actors. */
int process_start(char *const *arguments, const struct operation *operation);
/* Waits until it ends: its exit code, or minus its signal. */
int process_wait(int actor);
/* Kills what still lives at the end of a history. */
void process_end_all(void);
/* Ends this process in its own words. */
void process_end(int exit_code) __attribute__((noreturn));

/* ---- seams: seams.c ---- */

/* Once, for all starts. */
void program_prepare(void);
int program_main(int argc, char **argv);
/* Lets the calls of this process leave and be answered up to now. */
void gateway_advance(void);
size_t gateway_in_flight(void);

/* ---- the oracle: oracle.c, reports.c ---- */

void violation(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A call leaves; it was submitted with that event. */
void oracle_sent(int sent, int64_t submitted);
/* This process ends with intents that it can no more withdraw. */
void oracle_lose_intents(void);
/* A person said what became of the calls of a content up to now. */
void oracle_settle(int claim, int version);
/* Whether a call with this content was: what the support finds. */
bool oracle_was_executed(int claim, int version);
/* The version of the content that the ledger holds an open attempt of, as far as the export that it
 * is from is still there; -1: none. */
int oracle_open_version(int claim);
/* Whether the ledger holds an attempt that is unknown. */
bool oracle_has_open(void);
/* Whether the tables and indexes of the ledger do not fit each other. */
bool oracle_is_damaged(void);
/* Every report that lies in the folder is true. */
void oracle_check_reports(void);
/* The end: each claim of the newest exports was executed, or rejected. */
void oracle_check_end(void);

void story_print(void);

#endif
