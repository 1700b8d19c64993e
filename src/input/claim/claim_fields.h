/*
 * claim_fields: the cells of a claim with a number or a time.
 *
 * Tested by tests/unit/test_claim.c
 */
#ifndef CLAIMBATCH_INPUT_CLAIM_CLAIM_FIELDS_H
#define CLAIMBATCH_INPUT_CLAIM_CLAIM_FIELDS_H

#include "input/claim/claim.h"
#include "input/value/value.h"

struct judgement {
    const struct rules *rules;
    const struct columns *columns;
    const struct profile *profile; /* NULL: nothing is known of other rows */
    const struct record *record;
    struct findings *findings;
    bool parsed[FIELD_COUNT]; /* the claim's member is set */
};

/* Each field of each row goes through these. */

static inline const struct cell *claim_find_cell(const struct columns *columns,
                                                 const struct record *record, enum field field)
{
    static const struct cell empty = {"", 0};
    int index = columns->index[field];

    return index == COLUMN_ABSENT || (size_t)index >= record->count ? &empty
                                                                    : &record->cells[index];
}

static inline void claim_add_finding(struct judgement *judgement, enum rule rule, enum field field)
{
    findings_add(judgement->findings, judgement->rules, rule, field);
}

static inline struct value claim_value_in(const struct judgement *judgement, enum field field)
{
    return value_of_field(claim_find_cell(judgement->columns, judgement->record, field), field);
}

/* The value of a field that must not be empty. */
static inline bool claim_take_value(struct judgement *judgement, enum field field,
                                    struct value *ret_value)
{
    *ret_value = claim_value_in(judgement, field);
    if (!vocabulary_is_null(&judgement->rules->vocabulary, *ret_value))
        return true;
    claim_add_finding(judgement, RULE_MISSING_FIELD, field);
    return false;
}

/* Notes what came of a field. `damaged`: a spreadsheet spoilt the value; where that is no error by
 * itself, the rule of the field's form fires as well, for nothing is guessed. */
static inline void claim_note(struct judgement *judgement, enum rule broken, bool damaged,
                              enum field field)
{
    judgement->parsed[field] = broken == RULE_NONE;
    if (broken == RULE_NONE)
        return;
    if (damaged)
        claim_add_finding(judgement, RULE_EXCEL_NUMBER, field);
    if (!damaged || judgement->rules->severity[RULE_EXCEL_NUMBER] != SEVERITY_ERROR)
        claim_add_finding(judgement, broken, field);
}

/* Reads a field into the claim, and notes what is wrong with it. */
void claim_take_count(struct judgement *judgement, struct claim *claim);
void claim_take_fee(struct judgement *judgement, struct claim *claim);
void claim_take_time(struct judgement *judgement, int64_t now_ms, struct claim *claim);

#endif
