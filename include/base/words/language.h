/*
 * language: words for people, in their language.
 *
 * What a person reads is written in English in the sources and looked up in the catalogue of the
 * language that LANGUAGE, LC_ALL, LC_MESSAGES and LANG ask for. Functions that format for people
 * (error_set, log_warn, language_format and others) look up their format themselves; po/keywords
 * names them for xgettext. Everything is UTF-8 here; base/words/terminal knows what is shown.
 *
 * What machines read is English: JSON, and what is kept (report, ledger, manifest), so that the
 * same run has the same report whoever goes on with it, and where. Numbers, times and patterns
 * never depend on the locale: it is that of the calling thread, and of its words alone.
 *
 * Only the thread of main starts it; in others, words are English.
 *
 * Tested by tests/unit/test_language.c and tests/e2e/test_language.py
 */
#ifndef CLAIMBATCH_BASE_WORDS_LANGUAGE_H
#define CLAIMBATCH_BASE_WORDS_LANGUAGE_H

#include <stdbool.h>

#include "base/buffer.h"

/* Marks words for the catalogue that are looked up where they are shown; looks words up. */
#define N_(english) english
#define _(english) language_of(english)

/* Takes the language of the environment, and reads all files that it needs: it may be that none
 * can be opened later. */
void language_start(void);

/* From here on English, for who reads JSON. */
void language_stop(void);

/* Whether words are English: what is recorded needs no word beside it then. */
bool language_is_english(void);

/* The words in the language in force; "" stays "", NULL stays NULL. */
const char *language_of(const char *english) __attribute__((format_arg(1)));
const char *language_plural(const char *one, const char *many, unsigned long long count)
    __attribute__((format_arg(1), format_arg(2)));

/* While words are made that are kept, they are English. May be nested. */
void language_record_begin(void);
void language_record_end(void);

/* As buffer_format and buffer_text, for people. */
void language_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void language_append(struct buffer *buffer, const char *english);

/* As printf, for people, on standard output. */
void language_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
