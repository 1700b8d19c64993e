#include "cli/exit_code.h"

#include "base/error.h"
#include "report/tally.h"
#include "run/coordinator.h"

int exit_code_of_run(const struct coordinator_stop *stop, const struct tally *tally)
{
    if (stop->exit_code)
        return stop->exit_code;
    if (tally_counted_as(tally, OUTCOME_UNKNOWN))
        return EXIT_ROWS_UNKNOWN;
    if (tally_counted_as(tally, OUTCOME_REJECTED) || tally_counted_as(tally, OUTCOME_FAILED) ||
        tally_counted_as(tally, OUTCOME_INVALID) || tally_counted_as(tally, OUTCOME_UNSENT))
        return EXIT_ROWS_BAD;
    return EXIT_COMPLETE;
}
