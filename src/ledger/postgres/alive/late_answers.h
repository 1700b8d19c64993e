/*
 * late_answers: answers that came when the worker that had asked was fenced already, or dead.
 *
 * One that is about the claim's open attempt settles it: that became unknown, and now it is known.
 * Any other changes nothing, for a person has said something else of its attempt, or its claim was
 * sent again: it is kept as evidence. So is the first, beside.
 *
 * Tested by tests/unit/test_late_answers.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_ALIVE_LATE_ANSWERS_H
#define CLAIMBATCH_LEDGER_POSTGRES_ALIVE_LATE_ANSWERS_H

#include "ledger/postgres/server_turn.h"

struct session;

struct late_answer {
    struct server_attempt attempt;
    enum server_end end;
    const struct row_record *record;
    bool applied; /* out: or was in time; else it is evidence, and to be told as an error */
};

/*
 * Stores answers of one run's rows, all or none. The same again changes nothing, nor does one that
 * was recorded in time, without its worker having learnt of it. The run is no
 * longer as its report says, and is judged anew by the same command; so are rows that waited for
 * what was settled. An answer that tells nothing but that the call is over ends its quarantine.
 */
int late_answers_store(struct session *session, int64_t run, struct late_answer *answers,
                       size_t count, struct error *err);

#endif
