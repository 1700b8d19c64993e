/*
 * month_claim: one claim, in its final state, out of all rows that reports of many exports have of
 * it.
 *
 * Its rows come in the order of time. The newest says what the claim's state is, but for these: one
 * that was skipped as superseded or repeated says nothing new, ALREADY_ACCEPTED means accepted, and
 * what is unknown stays so until it is accepted. Pure.
 *
 * Tested by tests/unit/test_month_claim.c
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_MONTH_MONTH_CLAIM_H
#define CLAIMBATCH_COMMAND_AUDIT_MONTH_MONTH_CLAIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "ledger/outcome.h"

#define MONTH_NO_DAY INT64_MIN
#define MONTH_NO_STATUS (-1)

/* One row of one export, as its reports tell its final state. Texts are borrowed, never NULL. */
struct month_line {
    size_t platform; /* a number for each */
    size_t source;   /* … and for each app key of a platform */
    const char *workcard_id, *claim_order_no;
    int64_t alone; /* not 0: the row does not say which claim it is, so it is one by itself */
    int64_t at_ms; /* when it was sent, else when its run began; 0: not known */
    int64_t day;   /* the Beijing day of that, counted from 1970-01-01; MONTH_NO_DAY */
    size_t export;
    uint64_t row;
    enum outcome outcome;
    int status;      /* claim_status; MONTH_NO_STATUS of an invalid row */
    int64_t fee_fen; /* 0 of an invalid row */
    int64_t content; /* the same for the same content; 0: not known */
    int64_t submitted_ms;
    const char *code, *message, *request_id;
};

struct month_claim {
    struct month_line final; /* its state, and which row says so */
    uint64_t lines;
    bool is_accepted;     /* by any of its rows … */
    int64_t accepted_fen; /* … and with which amount last */
    int64_t first_fen;    /* … and first */
    uint64_t changes;     /* how often that amount became another one */
    bool is_twice;        /* one content was accepted by two exports, one after another */
    size_t twice_before, twice_after; /* these two */
    uint64_t twice_row_before, twice_row_after;

    /* its own */
    int64_t accepted_content;
    size_t accepted_export;
    uint64_t accepted_row;
    bool was_sent; /* what is accepted was sent by a row at hand */
    struct buffer texts;
};

/* Begins with the first row of a claim; zeroed before its first use. */
void month_claim_begin(struct month_claim *claim, const struct month_line *line);

/* Takes the next row of the same claim. */
void month_claim_add(struct month_claim *claim, const struct month_line *line);

/* Whether a row is of the claim. */
bool month_claim_has(const struct month_claim *claim, const struct month_line *line);

/* Whether somebody has to see to it: unknown, rejected, failed or invalid. */
bool month_claim_is_open(const struct month_claim *claim);

void month_claim_release(struct month_claim *claim);

#endif
