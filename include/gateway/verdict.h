/*
 * verdict: what an answer, or its absence, means for the row (protocol section 6).
 *
 * Pure, and a table. Three questions in this order: did it surely not execute? was it surely
 * refused? else it is unknown. Where two lines match, the more cautious wins.
 *
 * Tested by tests/unit/test_verdict.c, line by line
 */
#ifndef CLAIMBATCH_GATEWAY_VERDICT_H
#define CLAIMBATCH_GATEWAY_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/http/exchange.h"
#include "gateway/top.h"

enum verdict_kind {
    VERDICT_ACCEPTED,
    VERDICT_REJECTED,
    VERDICT_UNKNOWN,
    VERDICT_AGAIN,  /* surely not executed; uses up an attempt */
    VERDICT_OUTAGE, /* surely not handed over; uses up no attempt; the gateway cannot be reached */
    VERDICT_WITHDRAWN, /* held back by ourselves before hand-over; uses up no attempt */
    VERDICT_BAN,       /* surely not executed, nobody sends for wait_ms; uses up no attempt */
    VERDICT_QUOTA,     /* surely not executed; today's quota is used up: stop */
    VERDICT_STOP, /* surely not executed; nothing more may be sent: stop with exit_code; row unsent
                   */
    VERDICT_UNKNOWN_STOP, /* perhaps executed; stop with exit_code */
};

#define VERDICT_CODE_BYTES 64
#define VERDICT_TEXT_BYTES 768

struct verdict {
    enum verdict_kind kind;
    int exit_code;   /* of the two kinds that stop; EXIT_TRY_LATER for VERDICT_QUOTA; else 0 */
    int64_t wait_ms; /* VERDICT_BAN, and VERDICT_UNKNOWN of an answer that may be another row's: the
                        ban's length; VERDICT_AGAIN: of Retry-After, for all workers;
                        else -1 */
    char code[VERDICT_CODE_BYTES]; /* the gateway's code, or ours in upper-case words */
    char sub_code[ANSWER_CODE_BYTES * 2];
    char message[VERDICT_TEXT_BYTES]; /* for the report: the gateway's words, or what happened */
    char request_id[ANSWER_ID_BYTES];
};

/* "The user has it in writing": what a sub_code means, whatever the table says. */
struct verdict_override {
    char sub_code[ANSWER_CODE_BYTES * 2];
    enum verdict_kind kind; /* REJECTED, UNKNOWN or AGAIN */
};

struct verdict_settings {
    const struct verdict_override *overrides; /* borrowed */
    size_t override_count;
    bool has_session; /* whether calls carry a session; code 26 says so if not */
};

/* Whether a code of VERDICT_STOP may come from a firewall in front of the gateway that dislikes the
 * text of one row: HTTP 403, 405 and 413. */
bool verdict_is_firewall_code(const char *code);

/* Longest wait a Retry-After may ask for, and the ban over which a run stops. */
#define VERDICT_RETRY_AFTER_MAX_S 600
#define VERDICT_BAN_MAX_S 600

/*
 * Judges a call that has ended. `answer` is what top_parse_answer made of the body; it is looked at
 * only when the HTTP status is 200 and the exchange is PHASE_ANSWERED.
 */
void verdict_judge(const struct verdict_settings *settings, const struct exchange *exchange,
                   const struct answer *answer, struct verdict *ret_verdict);

/* The answer may be about another row, for the reason given: whatever it said, the row is unknown.
 * Its request_id stays, as evidence. */
void verdict_doubt(struct verdict *verdict, const char *code, const char *reason);

#endif
