#include "run/halt.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/words/language.h"
#include "base/words/terminal.h"
#include "state.h"

#define PERCENT_FROM 100 /* answers from which on --max-failures N% is judged */

bool halt_is_begun(const struct coordinator *c)
{
    return c->stop.exit_code != 0;
}

/* --limit is what the user wants to see, not what went wrong. */
static enum log_level level_of(const struct coordinator_stop *stop)
{
    return strcmp(stop->because, "limit") == 0 ? LOG_INFO : LOG_WARN;
}

void halt_say_begin(const struct coordinator_stop *stop, size_t in_flight)
{
    char calls[80] = "";

    if (in_flight)
        snprintf(calls, sizeof(calls),
                 language_plural("; at most %zu call in flight is given time to finish",
                                 "; at most %zu calls in flight are given time to finish",
                                 in_flight),
                 in_flight);
    log_event(level_of(stop), "stop-begin",
              LOG_FIELDS(LOG_FIELD_TEXT("because", stop->because),
                         LOG_FIELD_NUMBER("exit_code", stop->exit_code),
                         LOG_FIELD_NUMBER("in_flight", in_flight)),
              "stopping: %s%s%s", LOG_QUOTED_WITHIN(stop->sentence, COORDINATOR_TEXT_BYTES), calls,
              strcmp(stop->because, "signal") == 0 && in_flight ? _(" (again: leave at once)")
                                                                : "");
}

void halt_say_end(const struct coordinator_stop *stop)
{
    log_event(level_of(stop), "stop-end",
              LOG_FIELDS(LOG_FIELD_TEXT("because", stop->because),
                         LOG_FIELD_NUMBER("exit_code", stop->exit_code)),
              "stopped: nothing is in flight any more");
}

static size_t in_flight(const struct coordinator *c)
{
    size_t most = c->settings->in_flight;

    return c->outstanding < most ? c->outstanding : most;
}

void halt_begin(struct coordinator *c, int exit_code, const char *because, const char *format, ...)
{
    va_list args;

    if (halt_is_begun(c))
        return;
    c->stop.exit_code = exit_code;
    snprintf(c->stop.because, sizeof(c->stop.because), "%s", because);
    va_start(args, format);
    vsnprintf(c->stop.sentence, sizeof(c->stop.sentence), language_of(format), args);
    va_end(args);
    va_start(args, format);
    vsnprintf(c->stop.record, sizeof(c->stop.record), format, args);
    va_end(args);
    halt_say_begin(&c->stop, in_flight(c));
    if (c->pool)
        pool_recall(c->pool);
}

void halt_fail(struct coordinator *c, const struct error *error)
{
    halt_begin(c, error->exit_code, "error", "%s", error->text);
    if (c->failed)
        return;
    c->failed = true;
    *c->failure = *error;
}

void halt_check_space(struct coordinator *c)
{
    if (!c->reserve || (!space_is_tight(c->reserve) &&
                        ledger_take_room(c->settings->ledger, space_bytes(c->reserve))))
        return;
    space_release(c->reserve);
    c->reserve = NULL;
    halt_begin(c, EXIT_CANNOT_WRITE, "disk-full",
               "the disk of the ledger is full; what was in flight is recorded. Make room");
}

void halt_check_ledger(struct coordinator *c)
{
    if (halt_is_begun(c) || ledger_is_in_place(c->settings->ledger))
        return;
    halt_begin(c, EXIT_CANNOT_WRITE, "ledger-gone",
               "the ledger or its log (-wal) was removed, moved or replaced while it was in use. "
               "Bring it back; if it is lost, the report knows what was sent: claimbatch import");
}

void halt_check_signal(struct coordinator *c)
{
    struct buffer words = {0}, room = {0};
    int number = stop_signal();

    if (number && !c->signal_seen) {
        c->signal_seen = number;
        if (halt_is_begun(c))
            log_warn("%s: it is stopping already (again: leave at once)", strsignal(number));
        halt_begin(c, EXIT_SIGNAL_BASE + number, "signal", "stopped by a signal (%s)",
                   sigdescr_np(number));
    }
    language_format(&words,
                    "\nclaimbatch: left at once; rows in flight, unknown now: up to %zu; no "
                    "report was published: the same command goes on\n",
                    window_count(c->window, JOB_GRANTED));
    stop_last_words(terminal_text(buffer_string(&words), &room));
    buffer_release(&words);
    buffer_release(&room);
}

void halt_check_pace(struct coordinator *c)
{
    long long patience = c->settings->outage_patience_ms / 1000;

    switch (pace_ended(c->pace, c->now_ms)) {
    case PACE_GO_ON:
        return;
    case PACE_END_OUTAGE:
        halt_begin(c, EXIT_UNREACHABLE, "outage",
                   "the gateway could not be reached for %lld s (--outage-patience): %s", patience,
                   c->outage.code);
        return;
    case PACE_END_BRAKE:
        halt_begin(c, EXIT_UNREACHABLE, "no-definite-answers",
                   "the gateway gave no definite answer for %lld s (--outage-patience)", patience);
        return;
    case PACE_END_LONG_BAN:
        halt_begin(c, EXIT_TRY_LATER, "ban", "the gateway banned this app key for over 10 minutes");
        return;
    case PACE_END_BANS:
        halt_begin(c, EXIT_TRY_LATER, "ban", "the gateway banned this app key 10 times in a row");
        return;
    case PACE_END_REJECTIONS:
        halt_begin(c, EXIT_STOPPED, "all-rejected",
                   "the first 100 answers were all rejections: look at their messages before "
                   "sending more");
        return;
    }
}

void halt_check_failures(struct coordinator *c)
{
    const struct coordinator_settings *s = c->settings;
    uint64_t bad =
        c->answered[OUTCOME_REJECTED] + c->answered[OUTCOME_FAILED] + c->answered[OUTCOME_UNKNOWN];
    uint64_t answered = bad + c->answered[OUTCOME_ACCEPTED];

    if (!bad)
        return;
    if ((s->max_failures >= 0 && bad >= (uint64_t)s->max_failures) ||
        (s->max_failures_percent >= 0 && answered >= PERCENT_FROM &&
         bad * 100 >= (uint64_t)s->max_failures_percent * answered))
        halt_begin(c, EXIT_STOPPED, "max-failures",
                   "rejected, failed or unknown: %llu of %llu (--max-failures)",
                   (unsigned long long)bad, (unsigned long long)answered);
}

void halt_for_quota(struct coordinator *c, bool is_ours)
{
    char when[CLOCK_TOP_BYTES];

    clock_format_top(clock_next_beijing_day_ms(c->wall_ms), when);
    if (is_ours)
        halt_begin(c, EXIT_TRY_LATER, "quota",
                   "today's quota of calls is used up (--daily-quota); start again at %s Beijing "
                   "time",
                   when);
    else
        halt_begin(c, EXIT_TRY_LATER, "quota",
                   "the gateway says that today's quota of calls is used up; start again at %s "
                   "Beijing time",
                   when);
}
