/*
 * sqlstate: what a PostgreSQL server's error means for a run. Pure.
 *
 * Tested by tests/unit/test_sqlstate.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_SQLSTATE_H
#define CLAIMBATCH_LEDGER_POSTGRES_SQLSTATE_H

#include <stdbool.h>

#define SQLSTATE_BYTES 6 /* five characters and a NUL */
#define SQLSTATE_NEED                                                                              \
    "CB001" /* what a statement stands on, as it said by need(), does not hold                     \
             */

/*
 * The exit code of an error with this code, "" for a connection that is not there or was lost:
 * EXIT_TRY_LATER where the same may work in a while, EXIT_CANNOT_WRITE where the server's disk is
 * full, EXIT_BAD_CONFIG where a person has to change something, else EXIT_INTERNAL.
 */
int sqlstate_exit_code(const char *state);

/* Of what only happens where statements that one session has prepared come to another one. */
bool sqlstate_is_of_pooler(const char *state);

/* The code in a message of a connection that failed, as libpq writes it when it is asked for all
 * ("FATAL:  28P01: …"). False where the server said nothing. */
bool sqlstate_find(const char *message, char ret_state[SQLSTATE_BYTES]);

#endif
