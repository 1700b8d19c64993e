/*
 * server_answer: what a server says of a claim, read from its rows. Private to this folder.
 *
 * Tested by tests/unit/test_server_turn.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_SERVER_ANSWER_H
#define CLAIMBATCH_LEDGER_POSTGRES_SERVER_ANSWER_H

#include "server_turn.h"
#include "session.h"

/* The row of an answer to TURN_ASK. */
int server_answer_read(const struct session *session, int row, struct server_answer *ret_answer,
                       struct error *err);

/* The answer to TURN_FACTS. */
void server_answer_facts(const struct session *session, struct server_facts *ret_facts);

#endif
