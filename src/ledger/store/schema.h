/*
 * schema: whether a ledger's tables are those that this program makes, to the letter. Private to
 * this folder.
 *
 * A table that was planted, an index that was dropped, a trigger, a view: each can make a ledger
 * lie, or run what somebody else wrote. So the schema is compared before anything else is asked.
 *
 * Tested by tests/e2e/test_tamper.py
 */
#ifndef CLAIMBATCH_LEDGER_STORE_SCHEMA_H
#define CLAIMBATCH_LEDGER_STORE_SCHEMA_H

#include "database.h"

/* From now on nothing that stands in the file runs: no trigger, no view, no function; and nothing
 * that this process is told may change the schema by the back door. */
int schema_distrust(struct ledger *ledger, struct error *err);

/* What is wrong with the schema of a ledger of this version, in words; "": nothing. */
int schema_compare(struct ledger *ledger, int64_t version, struct buffer *ret_words,
                   struct error *err);

/* EXIT_BAD_CONFIG when anything is. */
int schema_check(struct ledger *ledger, int64_t version, struct error *err);

#endif
