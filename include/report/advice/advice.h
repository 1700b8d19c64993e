/*
 * advice: what a code means, whether the row was executed, and what to do.
 *
 * For people; it decides nothing. What the program does about an answer of the gateway is not
 * written down a second time: it is asked of verdict.h. Knows every code that a report, a manifest
 * or an exit can show. All texts are static.
 *
 * Tested by tests/unit/test_advice.c
 */
#ifndef CLAIMBATCH_REPORT_ADVICE_ADVICE_H
#define CLAIMBATCH_REPORT_ADVICE_ADVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "ledger/outcome.h"

enum advice_kind {
    ADVICE_OUTCOME,  /* a word of the column outcome */
    ADVICE_ROW,      /* a code of ours, of a row or of its warnings */
    ADVICE_RULE,     /* a code of ours, of a rule that a row breaks */
    ADVICE_HTTP,     /* a status of HTTP */
    ADVICE_GATEWAY,  /* a code of the gateway */
    ADVICE_SUB_CODE, /* a sub_code of the gateway, or a pattern of them */
    ADVICE_STOP,     /* why a run stopped, as the manifest says it */
    ADVICE_EXIT,     /* an exit code */
    ADVICE_KIND_COUNT,
};

enum advice_executed {
    ADVICE_NOT_EXECUTED,
    ADVICE_PERHAPS_EXECUTED,
    ADVICE_EXECUTED,
    ADVICE_NO_ROW, /* it says nothing about a row */
};

#define ADVICE_CODE_BYTES 128

/* Sentences without a full stop at their end. */
struct advice {
    enum advice_kind kind;
    char code[ADVICE_CODE_BYTES]; /* as it is shown: "TIMEOUT", "HTTP_503", "50", "isv.*" */
    const char *sub_code; /* ADVICE_GATEWAY: which sub_codes this is about, a pattern; "" any
                             other, or none */
    const char *meaning;
    enum advice_executed executed;
    const char *fate; /* what the program does about it; "" where the meaning says it */
    const char *todo; /* what a person does; "" nothing */
};

/* "outcome" … "exit code". */
const char *advice_kind_name(enum advice_kind kind);

/* "no", "perhaps", "yes" or "". */
const char *advice_executed_name(enum advice_executed executed);

/*
 * Of a line of a report: its code and sub_code ("" for none) and its outcome. Where the code means
 * nothing to this program, or by a setting of the user's ended in another outcome than it usually
 * does, the advice is that of the outcome. Always filled in.
 */
void advice_find(const char *code, const char *sub_code, enum outcome outcome,
                 struct advice *ret_advice);

/*
 * The i-th meaning of a word as a person types it, whatever its case and with '-' for '_': 75 is an
 * exit code and may be a code of the gateway. A code of the gateway has an entry for each kind of
 * sub_code that makes a difference, the one without last. False past the last.
 */
bool advice_meaning(const char *word, size_t i, struct advice *ret_advice);

/* The i-th entry of all that have a name, by kind. False past the last. */
bool advice_at(size_t i, struct advice *ret_advice);

/* The i-th name of a code, for a suggestion; NULL past the last. */
const char *advice_word(size_t i);

#endif
