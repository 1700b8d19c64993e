/*
 * fault: what can go wrong, and which request it happens to.
 *
 * The table has a row for every class of protocol section 6: at which phase of a request it
 * strikes, whether the claim executes, what is answered, and what a careful client must make of it.
 * At most one fault strikes a request. Which one depends on the seed, the claim, and how often that
 * claim has come, not on the order of arrival: the same seed gives the same faults whatever the
 * scheduling. Faults that strike before a claim can be read depend on the number of the connection.
 *
 * Tested by tests/unit/test_sandbox_fault.c
 */
#ifndef CLAIMBATCH_SANDBOX_FAULT_H
#define CLAIMBATCH_SANDBOX_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct error;

enum fault_phase {
    FAULT_BEFORE_REQUEST, /* when a connection is accepted */
    FAULT_BEFORE_BODY,    /* the headers were read, the body was not */
    FAULT_AFTER_BODY,     /* the whole request was read, nothing is answered */
    FAULT_MID_ANSWER,     /* the answer begins and does not end as announced, or slowly */
    FAULT_ANSWER,         /* a whole answer is sent */
};

/* What is done to the connection. */
enum fault_effect {
    EFFECT_ANSWER, /* a whole answer */
    EFFECT_SLOW,   /* a whole answer, byte by byte */
    EFFECT_CUT,    /* half of the announced answer */
    EFFECT_CUT_HEADER,
    EFFECT_NOT_HTTP,
    EFFECT_CLOSE,
    EFFECT_RESET,
    EFFECT_HOLD,   /* no answer until the client leaves */
    EFFECT_REFUSE, /* nobody listens for a while */
    EFFECT_NO_TLS, /* the handshake fails */
};

/* What the claim's verdict must be. */
enum fault_class {
    FAULT_ACCEPTED,
    FAULT_REJECTED,
    FAULT_AGAIN,
    FAULT_BAN,
    FAULT_OUTAGE,
    FAULT_UNKNOWN,
    FAULT_STOP,
};

enum fault_executes { FAULT_UNEXECUTED, FAULT_EXECUTED, FAULT_EITHER };

enum fault_words {
    WORDS_SUCCESS,
    WORDS_STRING_BOOLEAN,
    WORDS_RAW_CONTROL,
    WORDS_NO_REQUEST_ID,
    WORDS_MISSING_IS_SUCCESS,
    WORDS_DOUBLED_IS_SUCCESS,
    WORDS_WRONG_SHAPE,
    WORDS_REJECTION,
    WORDS_ERROR,
    WORDS_ERROR_STRING_CODE,
    /* from here on, the words of a whole call, not of one claim */
    WORDS_CALL,
    WORDS_CALL_ERROR = WORDS_CALL,
    WORDS_BAN,   /* and the ban begins */
    WORDS_QUOTA, /* of this call alone */
    WORDS_EMPTY,
    WORDS_HTML,
    WORDS_XML,
    WORDS_MALFORMED,
    WORDS_TOO_LARGE,
    WORDS_PART_LESS,
};

struct fault {
    const char *name;
    enum fault_class class;
    enum fault_executes executes;
    enum fault_phase phase;
    enum fault_effect effect;
    enum fault_words words;
    int status;           /* of HTTP; 0 means 200 */
    int code;             /* of an error */
    const char *sub_code; /* NULL: none */
    const char *says;     /* for people */
};

/* The table; NULL beyond its end. */
const struct fault *fault_at(size_t index);
/* An error of the gateway, with a code. */
bool fault_is_refusal(enum fault_words words);
/* It concerns the whole call, and is told once. */
bool fault_is_whole(enum fault_words words);
/* It may be told of one claim of a call of several. */
enum fault_width { FAULT_OF_CALL, FAULT_OF_CLAIM, FAULT_OF_BOTH };
enum fault_width fault_width(const struct fault *fault);
const char *fault_phase_name(const struct fault *fault);

/* Writes the table for people. */
void fault_print(FILE *to);

/* ---- the choice ---- */

struct faults;

struct faults_settings {
    uint64_t seed;
    uint64_t attempts; /* strike only the first so many attempts of a claim; 0: all */
    bool tls;          /* without, groups leave out what needs it */
};

int faults_open(const struct faults_settings *settings, struct faults **ret_faults,
                struct error *err);
void faults_close(struct faults *faults);

/*
 * Adds a share as the user typed it: NAME=P with P as 0.01 or 1%. NAME is a fault, `all-CLASS`, or
 * `every-row` (all that do not stop a run); a group divides P evenly. EXIT_BAD_USAGE for an unknown
 * name, a bad P, or shares over 100 % together.
 */
int faults_add(struct faults *faults, const char *share, struct error *err);

/* Whether any fault of this phase group may strike at all. */
bool faults_any(const struct faults *faults, enum fault_phase phase);

/* Numbers that decide about one call. Zeroed, then filled in by one or more of the next two. */
struct draw {
    uint64_t bits;
    uint64_t attempt; /* of the first claim */
};

/* The claim has come once more. */
void fault_draw_claim(struct faults *faults, int64_t workcard_id, const char *claim_order_no,
                      struct draw *draw);

/* The so-manyeth request of a connection; 0 the connection itself. */
void fault_draw_connection(const struct faults *faults, uint64_t connection, uint64_t request,
                           struct draw *draw);

/* A further number below `bound`, which is not 0; another one for each salt. */
uint64_t fault_draw_number(const struct draw *draw, unsigned salt, uint64_t bound);

/* The fault that strikes, or NULL. FAULT_AFTER_BODY stands for all phases from there on. */
const struct fault *faults_choose(const struct faults *faults, enum fault_phase phase,
                                  const struct draw *draw);

#endif
