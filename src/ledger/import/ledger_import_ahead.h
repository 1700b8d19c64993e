/*
 * ledger_import_ahead: what a ledger on a server knows of the next rows of a report, read at once.
 *
 * An import asks for each row what is known of it and of its claim: that would be a round trip
 * each. Here it is answered out of what was read for a page of rows. Nobody else changes the ledger
 * meanwhile (other_workers.h), and what the row at hand has changed itself is not answered any
 * more. A claim that stands in a page more than once is not read ahead.
 *
 * Tested by tests/e2e/test_server_import.py
 */
#ifndef CLAIMBATCH_LEDGER_IMPORT_LEDGER_IMPORT_AHEAD_H
#define CLAIMBATCH_LEDGER_IMPORT_LEDGER_IMPORT_AHEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/store/database.h"

struct import_ahead;

/* Fills in the rows of what the answer asks for, as database_step then tells them: true, or false
 * where the server has to be asked. NULL knows nothing. */
bool ledger_import_ahead_answer(struct import_ahead *ahead, struct answer *answer);

/* Whether the statement is one whose answer nobody reads, so that it need not be waited for; what
 * it changes is not answered any more. */
bool ledger_import_ahead_puts_off(struct import_ahead *ahead, int statement);

void ledger_import_ahead_release(struct import_ahead *ahead); /* NULL is fine */

#endif
