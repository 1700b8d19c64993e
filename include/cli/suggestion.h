/*
 * suggestion: the word that was probably meant.
 *
 * Tested by tests/unit/test_suggestion.c
 */
#ifndef CLAIMBATCH_CLI_SUGGESTION_H
#define CLAIMBATCH_CLI_SUGGESTION_H

#include <stddef.h>

/* The i-th word to choose from, NULL past the last. */
typedef const char *suggestion_word(size_t i);

/* The word nearest to what was typed, by inserted, deleted, changed and swapped letters; NULL when
 * none is near. */
const char *suggestion_find(const char *typed, suggestion_word *words);

#endif
