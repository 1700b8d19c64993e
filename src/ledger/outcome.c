#include "ledger/outcome.h"

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
