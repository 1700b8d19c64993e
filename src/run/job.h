/*
 * job: the one struct that moves.
 *
 * A job is one row on its way, filled in from left to right: row, claim, attempt, outcome. All jobs
 * are allocated once, when a run starts. Between pool_submit and pool_collect a job belongs to the
 * pool; at any other time to the coordinator.
 *
 * Tested by tests/e2e/test_upload.py
 */
#ifndef CLAIMBATCH_RUN_JOB_H
#define CLAIMBATCH_RUN_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "gateway/http/exchange.h"
#include "gateway/pace.h"
#include "gateway/verdict.h"
#include "input/claim/claim.h"
#include "ledger/row_link.h"

struct claim_entry;

/* Where a job is. Only the coordinator changes it. */
enum job_state {
    JOB_FREE,
    JOB_BLOCKED, /* an earlier row of its claim is open in the window */
    JOB_JUDGE,   /* the ledger is to be asked what becomes of it, at due_ms */
    JOB_ASKED,   /* … and was: it says so once this turn is committed */
    JOB_ASIDE,   /* tried once more when nothing else is left to do: see firewall.h */
    JOB_READY,   /* may be sent, at due_ms, when pace allows it */
    JOB_GRANTED, /* its intent is in the transaction or committed; from the commit on the pool's */
};

/* What a firewall in front of the gateway may have had against a row. */
enum job_firewall {
    JOB_FIREWALL_NONE,
    JOB_FIREWALL_ASIDE, /* it answered in the gateway's place; the row waits for the end */
    JOB_FIREWALL_LAST,  /* this is its last try */
};

/* What a job keeps of the memory of one text or answer for those to come: a larger one, as a page
 * in the place of an answer, would else stay with every job that ever met it. */
#define JOB_KEPT_BYTES 16384
/* … and where it is that of many claims. */
#define JOB_KEPT_BATCH_BYTES 1024

struct job {
    /* the row: set by the coordinator when the row is read */
    uint64_t row;
    uint64_t place;     /* among all rows of the source, counted from 0 */
    struct claim claim; /* its texts live in store */
    struct claim_store store;
    unsigned char digest[DIGEST_CLAIM_BYTES];
    bool repeated;        /* other rows of the export may be of the same claim */
    bool counted;         /* against --limit */
    bool changed_counted; /* against --max-changed */
    enum job_firewall firewall;
    bool resend;       /* its claim has an unknown attempt, and a person said to send it again */
    bool unrecorded;   /* … of which no ledger knows */
    uint64_t open_row; /* an earlier row of its claim, not of this run, that is unknown; 0: none */
    bool in_round;     /* is to be sent in the round at hand */
    bool keeps; /* … and was accepted in this run: that stays so unless the answer is lost */
    struct buffer codes;   /* warnings of the rules, and those that it brought along */
    struct buffer earlier; /* what was known of it before a resend */
    bool changed;          /* its claim was accepted with other content, which came to … */
    bool has_before;
    int64_t before_fen;

    struct row_link link; /* the ledger's */

    /* the attempt at hand: set by the coordinator before pool_submit */
    int attempts;    /* calls handed over so far, over all starts */
    int tries;       /* those of them that used up one of --retries, in this start */
    int32_t days[2]; /* the Beijing days whose quota it was counted on; 0: none */
    struct pace_ticket ticket;
    bool refused; /* another run has begun to send its claim: no attempt after all */

    /* the last attempt that was handed over */
    int64_t sent_ms, duration_ms;
    int http_status;

    /* the attempt's end: set by the worker before pool_collect */
    struct exchange exchange;
    struct verdict verdict;
    bool id_is_common; /* its request_id was the first to show that they tell no call from another
                        */

    /* the pool's, under its lock */
    struct job *queue_next;

    /* the pool's: the call at hand */
    struct job *company; /* the next of those in the same call, while it is on its way */
    bool leads;          /* it is the first of its call; each call has one such job */

    /* the coordinator's, within a turn */
    struct job *turn_next; /* the next of those that were collected */
    bool ended;            /* its row is final; the job is free once that is committed */

    /* the coordinator's: see window.h */
    enum job_state state;
    int64_t waits_since_ms;            /* monotonic: for another run that holds its claim; 0 */
    int64_t due_ms;                    /* monotonic: not before */
    struct job *older, *newer;         /* all open jobs, in the order of the file */
    struct job *list_prev, *list_next; /* those of one state */
    struct job *same_claim_next;       /* the next row of this claim, which waits for this one */
    struct claim_entry *entry;
};

#endif
