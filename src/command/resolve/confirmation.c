#include "confirmation.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/money.h"
#include "base/words/language.h"
#include "base/words/terminal.h"
#include "cli/options/options.h"

void confirmation_name(const struct decision *decision, const char *run, int64_t fee_fen)
{
    char yuan[MONEY_TEXT_BYTES] = "";
    char amount[MONEY_TEXT_BYTES + 16] = "";

    if (fee_fen >= 0)
        snprintf(amount, sizeof(amount), _(", %s yuan"), money_format_yuan(fee_fen, yuan));
    log_info("run %s, row %llu: claim '%s' of work order %lld%s: %s", run,
             (unsigned long long)decision->row, LOG_QUOTED(decision->claim_order_no),
             (long long)decision->workcard_id, amount,
             decision->outcome == OUTCOME_ACCEPTED ? _("accepted") : _("not executed"));
}

bool confirmation_can_ask(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

int confirmation_ask(const struct options *options, uint64_t count, struct error *err)
{
    struct buffer question = {0}, room = {0};
    char answer[16] = "";

    if (options->yes || !confirmation_can_ask())
        return 0;
    language_format(&question, "record %s? [y/N] ", count == 1 ? _("this") : _("these"));
    fputs(terminal_text(buffer_string(&question), &room), stderr);
    fflush(stderr);
    buffer_release(&question);
    buffer_release(&room);
    if (fgets(answer, sizeof(answer), stdin))
        answer[strcspn(answer, "\r\n")] = '\0';
    if (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0)
        return 0;
    return error_set(err, EXIT_ROWS_UNKNOWN, "not confirmed: nothing was settled");
}
