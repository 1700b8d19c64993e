/*
 * vocabulary: what the words of an office mean.
 *
 * Which word or code of a status column is which claim_status, and which words stand in cells that
 * are empty in truth. Words are borrowed and must outlive the vocabulary.
 *
 * Tested by tests/unit/test_vocabulary.c
 */
#ifndef CLAIMBATCH_INPUT_VALUE_VOCABULARY_H
#define CLAIMBATCH_INPUT_VALUE_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input/value/stretch.h"

#define VOCABULARY_STATUSES_MAX 128
#define VOCABULARY_NULLS_MAX 64

struct status_word {
    const char *word;
    int status; /* 0, 1 or 2 */
};

struct vocabulary {
    struct status_word statuses[VOCABULARY_STATUSES_MAX]; /* the three known words come first */
    size_t status_count;
    bool has_numbers; /* a number is among them: numbers that are not mean nothing */
    const char *nulls[VOCABULARY_NULLS_MAX];
    size_t null_count;
    size_t longest_null;  /* in bytes */
    bool null_first[256]; /* whether a null word begins with the byte */
};

/* What vocabulary_add_status says of a word that has another value: by its address. */
extern const char vocabulary_conflict[];

/* The three words of the platform and the usual null words. */
void vocabulary_init(struct vocabulary *ret_vocabulary);

/* Adds a word of a status. False, with a static sentence, when it cannot be: no status, no room, or
 * the word has another value. The same again is fine. */
bool vocabulary_add_status(struct vocabulary *vocabulary, const char *word, const char *status,
                           const char **ret_why);

/* Adds a null word; "none" clears the list. False when there is no room, or it is empty. */
bool vocabulary_add_null(struct vocabulary *vocabulary, const char *word, const char **ret_why);

/* The status that a cell means; false when it means none. */
bool vocabulary_status(const struct vocabulary *vocabulary, struct value value,
                       int64_t *ret_status);

/* Whether the text, not empty, is one of the null words, compared without case. */
bool vocabulary_has_null(const struct vocabulary *vocabulary, struct value value);

/* Whether the cell is empty or holds a null word. Hardly any cell begins as one does. */
static inline bool vocabulary_is_null(const struct vocabulary *vocabulary, struct value value)
{
    return value.len == 0 || (vocabulary->null_first[(unsigned char)*value.ptr] &&
                              vocabulary_has_null(vocabulary, value));
}

#endif
