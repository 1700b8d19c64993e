#include "ledger/outcome.h"

#include <stdio.h>
#include <string.h>

#include "base/words/language.h"
#include "base/words/terminal.h"

static const char *const names[OUTCOME_COUNT] = {
    [OUTCOME_ACCEPTED] = "accepted", [OUTCOME_REJECTED] = "rejected", [OUTCOME_FAILED] = "failed",
    [OUTCOME_UNKNOWN] = "unknown",   [OUTCOME_INVALID] = "invalid",   [OUTCOME_SKIPPED] = "skipped",
    [OUTCOME_UNSENT] = "unsent",
};

const char *outcome_name(enum outcome outcome)
{
    return names[outcome];
}

const char *outcome_word(enum outcome outcome)
{
    static const char *const words[OUTCOME_COUNT] = {
        [OUTCOME_ACCEPTED] = N_("accepted"), [OUTCOME_REJECTED] = N_("rejected"),
        [OUTCOME_FAILED] = N_("failed"),     [OUTCOME_UNKNOWN] = N_("unknown"),
        [OUTCOME_INVALID] = N_("invalid"),   [OUTCOME_SKIPPED] = N_("skipped"),
        [OUTCOME_UNSENT] = N_("unsent"),
    };

    return _(words[outcome]);
}

const char *outcome_label(enum outcome outcome, char ret_text[OUTCOME_LABEL_BYTES])
{
    const char *word = outcome_word(outcome);

    if (strcmp(word, names[outcome]) == 0)
        snprintf(ret_text, OUTCOME_LABEL_BYTES, "%s", word);
    else
        snprintf(ret_text, OUTCOME_LABEL_BYTES, "%s %s", word, names[outcome]);
    return ret_text;
}

size_t outcome_label_columns(void)
{
    char text[OUTCOME_LABEL_BYTES];
    size_t most = 9; /* so that other words have room in this column, too */

    for (int i = 0; i < OUTCOME_COUNT; i++) {
        size_t columns = terminal_columns(outcome_label((enum outcome)i, text));

        most = columns > most ? columns : most;
    }
    return most;
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
