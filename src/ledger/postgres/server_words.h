/*
 * server_words: what libpq and a server say of a failure, as text. Pure.
 *
 * Tested by tests/unit/test_server_words.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_SERVER_WORDS_H
#define CLAIMBATCH_LEDGER_POSTGRES_SERVER_WORDS_H

#include <stdbool.h>

struct buffer;

/* Appends the words on one line, without the places in the server's source. */
void server_words_join(const char *words, struct buffer *ret_text);

/* Whether a connection failed for its certificates. libpq has no code for that; these words are in
 * its messages in English and Chinese, and the names of settings in any language. */
bool server_words_are_of_tls(const char *words);

/* Whether it failed as PgBouncer refuses settings of a connection, in versions up to 1.19 all of
 * them: a server never does in these words. */
bool server_words_are_of_pooler(const char *words);

#endif
