/*
 * ledger: the durable record of what was sent, and of what came of it.
 *
 * Commit, then act: the coordinator records intents and outcomes inside ledger_begin …
 * ledger_commit, and only what is committed may be sent or shown. What is committed survives
 * SIGKILL and power loss. Hides the database: no function here speaks SQL, and the states are those
 * of outcome.h. A run is alive while the kernel holds its lock, so a killed run never blocks the
 * next one.
 *
 * A ledger belongs to one thread. Every function that can fail returns -1 with EXIT_CANNOT_WRITE
 * (disk full, failed sync, damaged), EXIT_TRY_LATER (held too long by another process) or what its
 * comment says; after that nothing of the open transaction is in the ledger.
 *
 * Tested by tests/unit/test_ledger_open.c and the others whose names begin with test_ledger_
 */
#ifndef CLAIMBATCH_LEDGER_LEDGER_H
#define CLAIMBATCH_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/money.h"
#include "ledger/holder.h"
#include "ledger/known_row.h"
#include "ledger/outcome.h"
#include "ledger/row_link.h"

struct error;
struct ledger;

#define LEDGER_ID_BYTES 33 /* hex and NUL */
#define LEDGER_SCHEMA 5
#define LEDGER_BUSY_MS                                                                             \
    10000 /* how long another process may hold the ledger before a call gives up */

/*
 * Appends the default place: $STATE_DIRECTORY/ledger.db, else $XDG_STATE_HOME/claimbatch/ledger.db,
 * else ~/.local/state/…. EXIT_BAD_CONFIG when the environment names none.
 */
int ledger_default_path(struct buffer *ret_path, struct error *err);

/* The same of another file in that folder. */
int ledger_state_path(const char *name, struct buffer *ret_path, struct error *err);

/*
 * Opens the ledger, made if missing, owner-only, with its folders. EXIT_CANNOT_CREATE when it
 * cannot be made; EXIT_BAD_CONFIG when it is no ledger, of a newer version, read-only or on a
 * network file system.
 */
int ledger_open(const char *path, struct ledger **ret_ledger, struct error *err);
void ledger_close(struct ledger *ledger);

const char *ledger_id(const struct ledger *ledger);
const char *ledger_path(const struct ledger *ledger);
bool ledger_is_new(const struct ledger *ledger); /* made by this ledger_open */

/* Whether it is a file: one on a server takes no room on this host. */
bool ledger_is_local(const struct ledger *ledger);

/* What is open as `fd`, and tells what the ledger knows, is its owner's, though root made it. */
void ledger_give(const struct ledger *ledger, int fd, const char *path);

/* One transaction a turn. Begin takes the write lock; EXIT_TRY_LATER: another process holds it, or
 * may, and it can be tried again. Commit returns when all of it is on disk. */
int ledger_begin(struct ledger *ledger, struct error *err);
int ledger_commit(struct ledger *ledger, struct error *err);

/* The same for what can be recorded once more: it is counted beside the ledger only when it stands
 * in the ledger's own file. So where the log of it is lost, the ledger is what it was before, and
 * not one whose last commits are gone. Where others hinder that for now, it is as above. */
int ledger_commit_carried(struct ledger *ledger, struct error *err);
void ledger_rollback(struct ledger *ledger);
/* Whether one is open. A function that fails because of the ledger has rolled it back. */
bool ledger_is_begun(const struct ledger *ledger);

/* For who only reads, much: what is read until ledger_look_end is as of one moment, and costs less.
 * No transaction may be open. */
int ledger_look_begin(struct ledger *ledger, struct error *err);
void ledger_look_end(struct ledger *ledger);

/* Whether the file is still where it was opened, and its log has a name. What is written to files
 * that were removed is gone when the process ends. */
bool ledger_is_in_place(const struct ledger *ledger);

/* Makes sure that transactions of so many bytes find room, whatever else fills the disk meanwhile:
 * false when it is full. Where the file system cannot do that, true. */
bool ledger_take_room(struct ledger *ledger, uint64_t bytes);

/* Whether another process has committed between the last two transactions: what was decided in the
 * first may not hold in the second. Never within a run's turns on a server (turn.h): an intent that
 * rests on what has changed is refused there. */
bool ledger_has_news(const struct ledger *ledger);

/* ---- runs ---- */

/* A run of one export on one platform. Texts are borrowed from the caller, or from the ledger until
 * its next run call. */
struct run_record {
    int64_t id;                 /* of its rows' keys */
    char name[LEDGER_ID_BYTES]; /* the run id that people see */
    const char *command;        /* "upload" or "rerun" */
    const char *platform;
    const char *export_name;
    const unsigned char *export_sha256; /* 32 bytes */
    uint64_t export_bytes;
    const char *reading; /* how the export was read, as one line; the same for the whole run */
    const char *report_path;
    int64_t started_ms;
    int64_t finished_ms;         /* 0: not finished */
    const char *stopped_because; /* "" when complete or under way */
    bool complete;
    uint64_t open_rows; /* that the same command would send again, as the report counted them */
    uint64_t invalid_rows;
    bool published;     /* the report and its manifest have their final names */
    const char *parent; /* the run whose report this one takes its rows from; "" if none */
    int64_t origin;     /* the first run of that line, in whose place its rows stand; 0: itself */
    int64_t sequence; /* the place of its line in the order of runs: when it began, as wall time */
    int64_t rank;     /* … and its own in that line: the first has 0 */
    const unsigned char *corrects; /* a run of a list of problems: the SHA-256 of the export its
                                      rows came from, which a run that begins later may be of; NULL:
                                      it is not, or not read back */
    uint64_t released; /* rows that waited for another attempt of their claim, which was settled
                          since this run's last start */
};

/* The newest run of this export on this platform by this command: 1 found, 0 none. */
int ledger_run_find(struct ledger *ledger, const char *command, const char *platform,
                    const unsigned char export_sha256[32], struct run_record *ret_run,
                    struct error *err);

/* The first run of this export that was pruned: of its record the name, command, platform and times
 * are known: 1 found, 0 none. */
int ledger_run_find_pruned(struct ledger *ledger, const char *command, const char *platform,
                           const unsigned char export_sha256[32], struct run_record *ret_run,
                           struct error *err);
/* A manifest tells which export the run was of: one that was pruned before ledgers kept that
 * (0.1.0) knows it again. Others stay as they are. */
int ledger_run_recall_pruned(struct ledger *ledger, int64_t run,
                             const unsigned char export_sha256[32], struct error *err);

/* The run of that name, which people see, or of that id: 1 found, 0 none. */
int ledger_run_named(struct ledger *ledger, const char *name, struct run_record *ret_run,
                     struct error *err);
int ledger_run_get(struct ledger *ledger, int64_t id, struct run_record *ret_run,
                   struct error *err);

/* Records a new run in the open transaction, behind all others; sets id, name and sequence. */
int ledger_run_create(struct ledger *ledger, struct run_record *run, struct error *err);

/* Records what changes in a run's life: started_ms (of this start) and all that follows it, and
 * report_path, in the open transaction. */
int ledger_run_save(struct ledger *ledger, const struct run_record *run, struct error *err);

/* What the report of a run adds up to, by outcome. */
struct run_count {
    uint64_t rows;
    uint64_t counts_as; /* rows that count as this outcome for the exit code */
    char fee_fen[MONEY_TEXT_BYTES];
};

/* Sets `released` to 0, in the open transaction: this start looks at those rows again. */
int ledger_run_take_released(struct ledger *ledger, int64_t run, struct error *err);

/* Records, in the open transaction, or reads the counts of a run; OUTCOME_COUNT entries. */
int ledger_run_count_put(struct ledger *ledger, int64_t run, const struct run_count *counts,
                         struct error *err);
int ledger_run_count_get(struct ledger *ledger, int64_t run, struct run_count *ret_counts,
                         struct error *err);

/* Whether the platform has runs of other lines than that one (struct run_record): 1 or 0. */
int ledger_run_has_others(struct ledger *ledger, const char *platform, int64_t sequence,
                          struct error *err);

/* The platform that this ledger knew last but that one; appended. 1, or 0: there is none. */
int ledger_platform_other(struct ledger *ledger, const char *platform, struct buffer *ret_name,
                          struct error *err);

/* Whether any row of the run is recorded, or has an intent: 1 or 0. */
int ledger_run_has_rows(struct ledger *ledger, int64_t run, struct error *err);

/* Whether any row of the run has an intent: 1 or 0. */
int ledger_run_has_intents(struct ledger *ledger, int64_t run, struct error *err);

/* The last row of the run that is recorded; 0: none. */
int ledger_run_last_row(struct ledger *ledger, int64_t run, uint64_t *ret_row, struct error *err);

/*
 * Turns every intent of this run, which no live process works on, into an unknown outcome, in the
 * open transaction. The message says that the run ended before the answer. They count as sent in
 * the newest round of the run that is not at its end. *ret_count may be NULL.
 */
int ledger_run_recover(struct ledger *ledger, int64_t run, size_t *ret_count, struct error *err);

/* Why claims are sent again by a person's word. The values are stored in ledgers: never renumber.
 */
enum round_kind {
    ROUND_NONE = 0,
    ROUND_RESEND_UNKNOWN = 1,
    ROUND_RESUBMIT = 2,
};

/* A round: each claim of the run is sent again once in it. */
struct round {
    int64_t id; /* 0: no round */
    enum round_kind kind;
    bool finished;
};

/* Finds the round of this run with the same kind, name and reason, or opens it, in the open
 * transaction. */
int ledger_round_open(struct ledger *ledger, int64_t run, enum round_kind kind, const char *by,
                      const char *reason, int64_t now_ms, struct round *ret_round,
                      struct error *err);

/* EXIT_INPUT_REFUSED while what a host had in flight in this run, that was not heard of any more,
 * may yet arrive at the gateway: its unknown rows must not be sent again. In a file never. */
int ledger_run_check_resend(struct ledger *ledger, int64_t run, struct error *err);

/* Appends from when on that is over, "2026-11-28 10:31:17" in Beijing time; nothing: it is. */
int ledger_run_resend_from(struct ledger *ledger, int64_t run, struct buffer *ret_from,
                           struct error *err);

/* Records, in the open transaction, that the round has come to its end. */
int ledger_round_finish(struct ledger *ledger, int64_t round, int64_t now_ms, struct error *err);

/* What happened to a run as a whole. The values are stored in ledgers: never renumber. */
enum event_kind {
    EVENT_START = 0, /* a start of the program went on with the run */
    EVENT_BAN = 1,   /* the gateway said to wait */
    EVENT_OUTAGE = 2,
    EVENT_BRAKE = 3,       /* no definite answers */
    EVENT_STOP = 4,        /* the start ended before the last row */
    EVENT_END = 5,         /* the start ended after it */
    EVENT_LATE_ANSWER = 6, /* an answer came when the run was another host's already */
    EVENT_TAKEN_OVER = 7,  /* the host that had the run was not heard of any more */
    EVENT_KIND_COUNT = 8,
};

/* "start" … "end". */
const char *ledger_event_name(enum event_kind kind);

#define LEDGER_EVENTS_MAX 1000 /* kept of a run: the first ones */

struct event {
    enum event_kind kind;
    int64_t at_ms;    /* wall time; no two events of one kind have the same */
    int64_t until_ms; /* 0: it did not last, or is not over */
    const char *text; /* why; may be "" */
};

/* Records an event in the open transaction, or that it is over when kind and at_ms are those of one
 * recorded before. */
int ledger_event_put(struct ledger *ledger, int64_t run, const struct event *event,
                     struct error *err);

/* Calls `visit` with each event of a run, in the order of time. */
int ledger_events_visit(struct ledger *ledger, int64_t run,
                        void (*visit)(void *context, const struct event *event), void *context,
                        struct error *err);

/* ---- claims ---- */

/* By what a claim is known, beside the platform. */
struct claim_key {
    int64_t workcard_id;
    const char *claim_order_no;
};

/* Where a row is; or where it stands in the order of rows: then `run` is the run's sequence. */
struct row_place {
    int64_t run;
    uint64_t row;
};

/* The order of a claim's rows: run by start, then row. */
bool ledger_row_is_before(const struct row_place *a, const struct row_place *b);

/* What is known of a claim over all runs of its platform. */
struct claim_state {
    bool accepted; /* some content of it was; the newest in the order of rows follows */
    unsigned char accepted_digest[DIGEST_CLAIM_BYTES];
    struct row_place accepted_at;
    struct row_place accepted_order; /* … in the order of rows: its run is that one's sequence */
    int64_t accepted_rank; /* … and where one row was sent again and again, the rank of its run */
    int64_t accepted_ms;
    char accepted_run_name[LEDGER_ID_BYTES];
    bool accepted_unseen; /* which content that was only a report knows that was not imported */
    bool has_fee;         /* else what was accepted came to is not known … */
    int64_t fee_fen;      /* … here */
    bool open;            /* it has an open attempt: an intent, or an unsettled unknown */
    bool open_is_intent;
    bool open_run_alive; /* it is an intent, and its run is alive */
    struct row_place open_at;
};

/* Whether what was accepted stands behind that place in the order of rows. */
bool ledger_claim_is_newer(const struct claim_state *state, const struct row_place *order,
                           int64_t rank);

int ledger_claim_get(struct ledger *ledger, const char *platform, const struct claim_key *key,
                     struct claim_state *ret_state, struct error *err);

/* Of so many claims the same: in one round trip, where the ledger is on a server. */
int ledger_claims_get(struct ledger *ledger, const char *platform, const struct claim_key *keys,
                      size_t count, struct claim_state *ret_states, struct error *err);

/* Whether any claim's number is not before `first` and before `end`, byte by byte. */
int ledger_claims_between(struct ledger *ledger, const char *first, const char *end, bool *ret_any,
                          struct error *err);

/* Calls `take`, which must not ask the ledger, with the claims of any of these work orders, in no
 * order, at most `max` of them: one walk through all claims. -1 also where it says so. */
int ledger_claims_of_work_orders(struct ledger *ledger, const char *platform,
                                 const int64_t *workcard_ids, size_t count, size_t max,
                                 int (*take)(void *context, const struct claim_key *key,
                                             struct error *err),
                                 void *context, struct error *err);

/* Which of these numbers may be those of claims, of whichever work orders: in one round trip, where
 * the ledger is on a server. */
int ledger_numbers_find(struct ledger *ledger, const char *const *order_nos, size_t count,
                        bool *ret_found, struct error *err);

/* The claim of this number whose work order comes next behind *workcard_id: 1, or 0 when there is
 * none. */
int ledger_number_next(struct ledger *ledger, const char *platform, const char *order_no,
                       int64_t *workcard_id, struct error *err);

/* The newest row of this claim, in whichever run: 1, or 0 when none is known. */
int ledger_claim_last(struct ledger *ledger, const char *platform, const struct claim_key *key,
                      struct known_row *ret_known, struct error *err);

/*
 * The row directly before `row` of this claim in this run, if the ledger knows one: 1, or 0. Its
 * texts are not filled in.
 */
int ledger_claim_before(struct ledger *ledger, const char *platform, const struct claim_key *key,
                        struct row_place place, struct row_record *ret_record, struct error *err);

/* ---- rows, in the open transaction ---- */

struct row_ref {
    const char *platform;
    struct row_place place;
    struct claim_key key;
    bool resend; /* the claim has an unknown attempt, and a person said to send it again */
    bool has_fee;
    int64_t fee_fen; /* becomes the claim's where the row is accepted */
    bool changed;    /* it was accepted with other content, which came to … */
    bool has_before; /* else that is not known */
    int64_t before_fen;
    struct row_link *link; /* in a run's turns */
};

/* What is known of a row before it is decided what becomes of it. */
struct row_facts {
    struct claim_state claim;
    bool has_before; /* ledger_claim_before has found a row … */
    struct row_record before;
};

/* `repeated`: other rows of this run may be of the same claim, so that one may stand before it. 0,
 * or 1: it is asked with this turn, and is known when the same is asked again after that. */
int ledger_row_ask(struct ledger *ledger, const struct row_ref *ref, bool repeated,
                   struct row_facts *ret_facts, struct error *err);

/*
 * Records that the row may be sent from now on. *ret_refused: the claim already has an open
 * attempt, and nothing is recorded; in a turn it is known once that is committed. With `resend` an
 * unknown attempt is no obstacle. `record` has digest, attempts (this one included), tries,
 * submitted_ms, warnings and round. Of a row whose content was changed it is recorded what that
 * comes to: see changed.h.
 */
int ledger_row_intend(struct ledger *ledger, const struct row_ref *ref,
                      const struct row_record *record, bool *ret_refused, struct error *err);

/*
 * Records what came of the intent. ROW_FINAL closes it (an unknown stays open until it is settled,
 * an accepted one becomes the claim's newest accepted content if no later row is), ROW_AGAIN
 * withdraws or repeats it. Of a resend, which does not end what is unknown, ROW_AGAIN makes the
 * attempt before it the open one again; where no row tells of that, `record` becomes the row that
 * does.
 */
int ledger_row_end(struct ledger *ledger, const struct row_ref *ref,
                   const struct row_record *record, struct error *err);

/*
 * Records that a row is unknown which has no intent any more: the answer that ended its last
 * attempt may be another row's. Where another run has an intent of the claim by now, the row's
 * attempt is the open one once that ends, unless it was accepted.
 */
int ledger_row_doubt(struct ledger *ledger, const struct row_ref *ref,
                     const struct row_record *record, struct error *err);

/* Adds a warning to a recorded row, in the open transaction, unless it has it or is unknown: 1, or
 * 0 when nothing changed. */
int ledger_row_warn(struct ledger *ledger, struct row_place place, const char *code,
                    struct error *err);

/*
 * Records the outcome of a row that had no intent (skipped, unknown UNSETTLED, unsent
 * EARLIER_ROW_OPEN, invalid CHANGED_SINCE_ACCEPTED), and what its change comes to. `repeated` says
 * that other rows of this export may be of the same claim, so that it can be found by
 * ledger_claim_before.
 */
int ledger_row_note(struct ledger *ledger, const struct row_ref *ref,
                    const struct row_record *record, bool repeated, struct error *err);

/* A person's word on what became of an unknown attempt. */
struct settlement {
    enum outcome outcome;        /* OUTCOME_ACCEPTED, or OUTCOME_FAILED: it was not executed */
    const unsigned char *digest; /* of the attempt that is meant */
    int64_t submitted_ms;        /* … and when it was handed over */
    const char *by, *reason;
    int64_t at_ms;
};

/*
 * Settles the unknown attempt of this row, in the open transaction: 1, or 0 when the claim's open
 * attempt is not this one, or there is none. The row becomes `accepted` RESOLVED_ACCEPTED or
 * `failed` RESOLVED_NOT_EXECUTED; rows of any run that wait for it become `unsent` RELEASED. The
 * latter may become the former, as long as nothing of the claim was sent since.
 */
int ledger_row_resolve(struct ledger *ledger, const struct row_ref *ref,
                       const struct settlement *settlement, struct error *err);

/* One row of a run: 1, or 0 when it is not known; then the record is that of an untouched row. */
int ledger_row_get(struct ledger *ledger, struct row_place place, struct known_row *ret_known,
                   struct error *err);

/* The rows of a run that the ledger knows, in order, as they are when they are asked for. Quick
 * inside a transaction, or between ledger_look_begin and ledger_look_end. */
struct ledger_rows;
int ledger_rows_open(struct ledger *ledger, int64_t run, struct ledger_rows **ret_rows,
                     struct error *err);
/* For ledger_rows_find, where nobody writes rows behind the one that was asked for last: what is
 * known of them may be read before they are asked for. */
void ledger_rows_read_ahead(struct ledger_rows *rows);
/* The next one: 1, or 0 at the end. */
int ledger_rows_next(struct ledger_rows *rows, struct known_row *ret_known, struct error *err);
/* This one: 1, or 0 when it is not known; then the record is that of an untouched row. For who asks
 * for rows in their order, and not by ledger_rows_next. */
int ledger_rows_find(struct ledger_rows *rows, uint64_t row, struct known_row *ret_known,
                     struct error *err);
void ledger_rows_close(struct ledger_rows *rows); /* before the ledger; NULL is fine */

#endif
