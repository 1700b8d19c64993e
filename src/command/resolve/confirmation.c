#include "confirmation.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/money.h"
#include "base/stop.h"
#include "base/words/language.h"
#include "base/words/terminal.h"
#include "cli/options/options.h"
#include "cli/same_file.h"
#include "ledger/holder.h"

#define LOOK_MS 1000

/* ", 1.01 yuan" */
static void put_amount(const struct decision *decision, int64_t fee_fen, const char *report,
                       const char *run, struct buffer *words)
{
    char yuan[MONEY_TEXT_BYTES];

    if (fee_fen >= 0)
        language_format(words, ", %s yuan", money_format_yuan(fee_fen, yuan));
    else if (report && *report && same_file_report(report, run))
        language_format(words, ", the amount is in row %llu of '%s'",
                        (unsigned long long)decision->row, LOG_QUOTED(report));
}

static void put_attempt(const struct decision *decision, struct buffer *words)
{
    char time[CLOCK_TOP_BYTES];

    if (decision->submitted_ms) {
        clock_format_top(decision->submitted_ms, time);
        language_format(words, ", handed over %s", time);
    }
    if (*decision->known)
        language_format(words, ", %s", LOG_QUOTED(decision->known));
}

void confirmation_name(const struct decision *decision, const char *run, int64_t fee_fen,
                       const char *report)
{
    struct buffer words = {0};

    put_amount(decision, fee_fen, report, run, &words);
    put_attempt(decision, &words);
    log_info("run %s, row %llu: claim '%s' of work order %lld%s: %s", run,
             (unsigned long long)decision->row, LOG_QUOTED(decision->claim_order_no),
             (long long)decision->workcard_id, buffer_string(&words),
             decision->outcome == OUTCOME_ACCEPTED ? _("accepted") : _("not executed"));
    buffer_release(&words);
}

bool confirmation_can_ask(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

/* Until something was typed, or a signal asks for a stop. A person may take longer than a lease. */
static int await_answer(struct ledger *ledger, struct error *err)
{
    struct pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {stop_fd(), POLLIN, 0}};

    while (!stop_signal() && poll(fds, 2, LOOK_MS) <= 0)
        if (ledger_beat(ledger, err))
            return -1;
    return 0;
}

int confirmation_ask(const struct options *options, struct ledger *ledger, uint64_t count,
                     struct error *err)
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
    if (await_answer(ledger, err))
        return -1;
    if (!stop_signal() && fgets(answer, sizeof(answer), stdin))
        answer[strcspn(answer, "\r\n")] = '\0';
    if (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0)
        return 0;
    return error_set(err, EXIT_ROWS_UNKNOWN, "not confirmed: nothing was settled");
}
