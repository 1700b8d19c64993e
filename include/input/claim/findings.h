/*
 * findings: which rules a row broke, and the words for it.
 *
 * Tested by tests/unit/test_findings.c
 */
#ifndef CLAIMBATCH_INPUT_CLAIM_FINDINGS_H
#define CLAIMBATCH_INPUT_CLAIM_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "input/claim/rules.h"
#include "input/reader/columns.h"
#include "input/reader/reader.h"

/* One rule broken by one field of a record. */
struct finding {
    enum rule rule;
    enum severity severity; /* WARN or ERROR */
    enum field field;       /* FIELD_NONE: the row as a whole */
};

#define FINDINGS_MAX 24

struct findings {
    size_t count;
    struct finding list[FINDINGS_MAX];
};

/* Adds a finding unless its rule is off, behind those of the same and earlier fields; the row as a
 * whole comes first. */
void findings_add(struct findings *findings, const struct rules *rules, enum rule rule,
                  enum field field);

/* The same, but no more than a warning. */
void findings_warn(struct findings *findings, const struct rules *rules, enum rule rule,
                   enum field field);

/* Whether one of the findings makes the row invalid. */
bool findings_invalid(const struct findings *findings);

/* Appends the codes of the findings of that severity, joined by ';', each once. */
void findings_codes(const struct findings *findings, enum severity severity,
                    struct buffer *ret_codes);

/*
 * Appends a sentence on one finding for the clerk: what is wrong, with the value in single quotes
 * (as it is in the record, control characters shown, cut when long), and how to fix it. UTF-8, no
 * final newline.
 */
void explanation_of_finding(const struct finding *finding, const struct rules *rules,
                            const struct columns *columns, const struct record *record,
                            struct buffer *ret_sentence);

/* Appends the sentences on all that makes the row invalid, each with its cell, joined by "; ".
 * Returns the first of those findings, NULL when there is none. */
const struct finding *explanation_of_findings(const struct findings *findings,
                                              const struct rules *rules,
                                              const struct columns *columns,
                                              const struct record *record,
                                              struct buffer *ret_sentences);

#endif
