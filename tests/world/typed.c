#include "typed.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk.h"
#include "world.h"

void words_say(struct words *words, const char *format, ...)
{
    char text[4096];
    char *rest = text;
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    for (char *word; (word = strtok_r(rest, " ", &rest));) {
        if (words->count == ARGUMENTS_MAX - 1)
            abort();
        for (char *at = word; (at = strchr(at, '~'));)
            *at = ' ';
        snprintf(words->words[words->count++], NAME_BYTES, "%s", word);
    }
}

struct words words_begin(const char *command, const char *operand)
{
    struct words words = {.count = 0};

    words_say(&words, "claimbatch %s %s --ledger " LEDGER " -q", command, operand);
    return words;
}

struct words words_sending(const char *command, const char *operand, const char *ledger)
{
    const struct plan *plan = &world->plan;
    struct words words = {.count = 0};

    words_say(&words, "claimbatch %s %s --ledger %s -q " WORDS_GATEWAY, command, operand, ledger);
    words_say(&words, "--app-key " APP_KEY " --app-secret-file secret -c %d -w 1", plan->in_flight);
    if (plan->batch > 1)
        words_say(&words, "--batch %d", plan->batch);
    words_say(&words, "--retries %d --outage-patience 20 --max-changed 1000", plan->retries);
    if (plan->rate)
        words_say(&words, "--rate %d", plan->rate);
    if (plan->limit && !world->is_quiet)
        words_say(&words, "--limit %d", plan->limit);
    if (plan->max_failures && !world->is_quiet)
        words_say(&words, "--max-failures %d", plan->max_failures);
    if (plan->quota && !world->is_quiet)
        words_say(&words, "--daily-quota %d", plan->quota);
    return words;
}

bool operation_sends(enum operation_kind kind)
{
    return kind == OPERATION_UPLOAD || kind == OPERATION_RERUN || kind == OPERATION_RESEND ||
           kind == OPERATION_RESUBMIT || kind == OPERATION_OTHER_LEDGER;
}

/* Whoever writes a damaged ledger is refused; an audit may look at it. */
static bool is_refused_for_damage(const struct operation *operation, int code)
{
    bool went_on = code == 0 || code == 1 || code == 3 || code == 4;

    if (!world->is_damaged || operation->kind == OPERATION_OTHER_LEDGER)
        return false;
    if (went_on && operation->kind != OPERATION_AUDIT)
        violation("'%s' went on with a damaged ledger", operation_words[operation->kind]);
    return code == EXIT_NO_WRITE;
}

/* Only a start after an accident may be refused for its ledger. */
static void expect(const struct operation *operation, int code, bool has_failed)
{
    static const int usual[] = {0, 1, 3, 4, 69, 75, 77, 130, -SIGKILL};

    if (is_refused_for_damage(operation, code))
        return;
    for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
        if (code == usual[i])
            return;
    if (has_failed && (code == EXIT_NO_RESOURCES || code == EXIT_NO_PLACE || code == EXIT_NO_WRITE))
        return;
    /* A ledger in the making, or one that was emptied, is none yet. */
    if (code == 66 && !operation_sends(operation->kind) &&
        (!world->sent_count || world->had_accident))
        return;
    if (code == EXIT_REFUSED_LEDGER && !operation_sends(operation->kind) && !world->sent_count)
        return;
    if (code == EXIT_REFUSED_LEDGER && world->had_accident) {
        mark(MARK_REFUSED);
        return;
    }
    /* A kill or a failing disk between a report and its manifest, and then another export. */
    if (code == EXIT_NO_PLACE && (world->kills || world->failures) &&
        world->marks >> MARK_SECOND_EXPORT & 1)
        return;
    /* … or another run has moved it aside meanwhile. */
    if (code == 66 && !is_alone() &&
        (operation->kind == OPERATION_RERUN || operation->kind == OPERATION_IMPORT))
        return;
    /* A failing disk between a report and its manifest: they do not fit each other. */
    if (code == 65 && operation->kind == OPERATION_IMPORT && world->failures)
        return;
    /* Another report's decision may have settled the row. */
    if (code == 65 && (operation->kind == OPERATION_RERUN || operation->kind == OPERATION_RESOLVE))
        return;
    violation("'%s' ended with %d", operation_words[operation->kind], code);
}

int words_start(const struct words *words, const struct operation *operation)
{
    char *arguments[ARGUMENTS_MAX];

    for (int i = 0; i < words->count; i++)
        arguments[i] = (char *)words->words[i];
    arguments[words->count] = NULL;
    return process_start(arguments, operation);
}

int words_finish(int actor, const struct operation *operation)
{
    static bool was_killed;
    int code = process_wait(actor);

    note(EVENT_OFFICE, (int)operation->kind, code);
    if (was_killed && code == -SIGKILL)
        mark(MARK_KILLED_TWICE);
    was_killed = code == -SIGKILL;
    if (was_killed && is_alone() && plan_has(&world->plan, SWARM_POWER) && choice(STREAM_DISK, 2))
        disk_lose_power();
    expect(operation, code, world->actors[actor].has_failed);
    return code;
}

int words_run(const struct words *words, const struct operation *operation)
{
    return words_finish(words_start(words, operation), operation);
}
