/*
 * server_turn: what a worker tells the server of its rows, and asks of it, in one transaction and
 * one round trip.
 *
 * All of it is queued; the commit carries it out. It is kept until the server has acknowledged it:
 * where the connection is lost, or the commit came with a warning, the same is said again under a
 * new epoch, which shuts out what the old connection may still bring. What is granted, and what is
 * known, is written to the places that were named, after the acknowledgement and never before. Who
 * asks keeps those places until then. A turn belongs to one thread.
 *
 * Tested by tests/unit/test_server_turn.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_SERVER_TURN_H
#define CLAIMBATCH_LEDGER_POSTGRES_SERVER_TURN_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/ledger.h"

struct error;
struct server_turn;
struct worker;

/* What is worked on. */
struct server_work {
    int32_t platform;
    int64_t run;
    const char *folder; /* of this host's state, where answers are kept; NULL: they are not */
};

/* The URL and the worker, which has begun, live as long as the turn. `patience_ms`: how long a
 * server that cannot be reached is tried. */
int server_turn_open(const char *url, struct worker *worker, const struct server_work *work,
                     int64_t patience_ms, struct server_turn **ret_turn, struct error *err);
void server_turn_close(struct server_turn *turn); /* NULL is fine; what is queued is forgotten */

/* The number of one more call. Also of a note: under it, it is written once. */
int64_t server_turn_call(struct server_turn *turn);

/* How an attempt ends. */
enum server_end {
    SERVER_END_OVER,    /* the claim is free: it was accepted, or surely not executed */
    SERVER_END_STAYS,   /* it is unknown, or what was unknown before it is */
    SERVER_END_PUT_OFF, /* a resend that was not executed: the attempt before it is the open one */
};

/* An attempt, or a note of a row. */
struct server_attempt {
    int64_t call;
    int64_t claim; /* 0: the row's claim is not known */
    bool has_fee;
    int64_t fee_fen; /* becomes the claim's where it is accepted */
};

/* What becomes of an attempt that is open, of a row that has none, or is unknown though it has
 * none. */
void server_turn_end(struct server_turn *turn, const struct server_attempt *attempt,
                     enum server_end end, const struct row_record *record);
void server_turn_note(struct server_turn *turn, const struct server_attempt *attempt,
                      const struct row_record *record);
void server_turn_doubt(struct server_turn *turn, const struct server_attempt *attempt,
                       const struct row_record *record);

/* Rows of any run that wait for this claim's attempt are to be judged again. */
void server_turn_release(struct server_turn *turn, int64_t claim);

/* A warning of a row that is recorded, as ledger_row_warn adds it. */
void server_turn_warn(struct server_turn *turn, uint64_t row, const char *code);

/* Of a row that is noted: its claim was accepted with other content, which came to that (NULL: not
 * known); or it was so, and is no more. With an intent that goes by itself. */
void server_turn_change(struct server_turn *turn, uint64_t row, const int64_t *fee_before,
                        int64_t fee_after);
void server_turn_unchanged(struct server_turn *turn, uint64_t row);

/* What a row is to be sent for. */
struct server_intent {
    int64_t call;
    struct claim_key key;
    int64_t claim;   /* 0: it is not known */
    int32_t version; /* as it was judged */
    bool resend;     /* an attempt that is unknown is no obstacle */
    bool changed;    /* it was accepted with other content, which came to … */
    bool has_before; /* … else that is not known */
    int64_t before_fen, fee_fen;
};

/* *ret_refused after the commit: it is not as it was judged, and nothing is recorded; else
 * *ret_claim is the claim. */
void server_turn_intend(struct server_turn *turn, const struct server_intent *intent,
                        const struct row_record *record, bool *ret_refused, int64_t *ret_claim);

/* What is known of a claim. */
struct server_answer {
    int64_t claim; /* 0: nothing */
    int32_t version;
    int64_t open_call; /* 0: none */
    bool is_early;     /* it may not be settled or sent again yet */
    struct row_facts facts;
    struct known_row open; /* the open attempt's row; 0: no row tells of it */
    struct known_row last; /* the newest row of any run, where it was asked for; 0: none */
};

/* `repeated`: as in ledger_row_ask. An answer that was zeroed, or given before, is filled anew. */
void server_turn_ask(struct server_turn *turn, const struct claim_key *key, uint64_t row,
                     bool repeated, bool last, struct server_answer *ret_answer);
void server_answer_release(struct server_answer *answer);

/* What no row tells. */
struct server_facts {
    int64_t now_ms;
    int64_t ban_ms; /* that are left of the app key's ban */
    int32_t day;    /* of its calls */
    int64_t calls;
    int64_t generation; /* of those who share its rate */
    int halt_code;      /* of the run; 0: it goes on */
};

/* The app key is borrowed until the commit. */
void server_turn_facts(struct server_turn *turn, const char *app_key,
                       struct server_facts *ret_facts);

/* Says all that was queued, and asks; the worker's beat goes with it where it is due. Where that
 * fails all of it is still queued. EXIT_TRY_LATER: the server cannot be reached, or the worker was
 * fenced, as that tells. EXIT_BAD_CONFIG: the ledger has lost what it had acknowledged. */
int server_turn_commit(struct server_turn *turn, struct error *err);

/*
 * Keeps the ends that are queued in a spill, for the next start: where nothing is said any more,
 * and by itself while the server cannot be reached. An acknowledgement ends that.
 * EXIT_CANNOT_CREATE, EXIT_CANNOT_WRITE: they are not kept. spill.h has what is asked of it; NULL:
 * nothing is kept.
 */
struct spill;
int server_turn_keep(struct server_turn *turn, struct error *err);
const struct spill *server_turn_kept(const struct server_turn *turn);

/* Of a worker that was fenced: tells the ledger of them as answers that come late, by a session of
 * its own. Where that fails they can still be kept. */
struct session;
int server_turn_tell_late(struct server_turn *turn, struct session *session, struct error *err);

/* Keeps the answers that are queued on this host, while the server cannot be reached. Where they
 * cannot be kept that is a warning. */
void server_turn_keep_meanwhile(struct server_turn *turn);

/* The same of who gives up: adds to the error where they are, or why they are not. Whether they are
 * kept. */
bool server_turn_keep_last(struct server_turn *turn, struct error *err);

#endif
