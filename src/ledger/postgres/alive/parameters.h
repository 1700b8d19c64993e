/*
 * parameters: what a statement is asked with.
 *
 * Tested by tests/unit/test_worker.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_ALIVE_PARAMETERS_H
#define CLAIMBATCH_LEDGER_POSTGRES_ALIVE_PARAMETERS_H

struct error;
struct session;

/*
 * Asks a statement that stays where it is. `kinds` has a letter for each value that follows: s for
 * a text, which is null where it is NULL; i for an int64_t; n for one that is null where it is
 * negative.
 */
int parameters_ask(struct session *session, const char *statement, struct error *err,
                   const char *kinds, ...);

#endif
