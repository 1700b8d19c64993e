#include "ledger/outcome.h"

#include <stdio.h>
#include <string.h>

static const char *const names[OUTCOME_COUNT] = {
    [OUTCOME_ACCEPTED] = "accepted", [OUTCOME_REJECTED] = "rejected", [OUTCOME_FAILED] = "failed",
    [OUTCOME_UNKNOWN] = "unknown",   [OUTCOME_INVALID] = "invalid",   [OUTCOME_SKIPPED] = "skipped",
    [OUTCOME_UNSENT] = "unsent",
};

const char *outcome_name(enum outcome outcome)
{
    return names[outcome];
}

bool outcome_parse(const char *name, enum outcome *ret_outcome)
{
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret_outcome = (enum outcome)i;
            return true;
        }
    }
    return false;
}

bool outcome_is_there(const struct row_record *record)
{
    return record->state == ROW_FINAL || record->state == ROW_NOTED;
}

uint64_t outcome_awaited_row(const struct row_record *record)
{
    const char *at = strstr(record->message, "(row ");
    unsigned long long row;

    return at && sscanf(at, "(row %llu of an earlier run)", &row) == 1 ? row : 0;
}

bool outcome_is_noted(const struct row_record *record)
{
    /* Ledgers before schema 4 had no state for it. */
    return record->state == ROW_NOTED || (record->state == ROW_FINAL && record->attempts == 0);
}
