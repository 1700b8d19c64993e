#include "typed.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "disk.h"
#include "world.h"

#define GATEWAY "http://127.0.0.1:1/router/rest"

void words_add(struct words *words, const char *word)
{
    if (words->count == ARGUMENTS_MAX - 1)
        abort();
    snprintf(words->words[words->count++], NAME_BYTES, "%s", word);
}

void words_add_number(struct words *words, const char *option, int64_t number)
{
    char text[32];

    words_add(words, option);
    snprintf(text, sizeof(text), "%lld", (long long)number);
    words_add(words, text);
}

void words_add_gateway(struct words *words)
{
    words_add(words, "--gateway");
    words_add(words, GATEWAY);
}

static void add_statement(struct words *words, const char *reason)
{
    words_add(words, "--by");
    words_add(words, "desk");
    words_add(words, "--reason");
    words_add(words, reason);
}

void words_add_reason(struct words *words)
{
    add_statement(words, "looked up");
}

/* The same words again go on with their round, which sends a claim once. */
void words_add_round(struct words *words, int round)
{
    char text[NAME_BYTES];

    snprintf(text, sizeof(text), "round %d", round);
    add_statement(words, text);
}

struct words words_begin(const char *command, const char *operand, const char *ledger)
{
    struct words words = {.count = 0};

    words_add(&words, "claimbatch");
    words_add(&words, command);
    if (operand)
        words_add(&words, operand);
    if (ledger) {
        words_add(&words, "--ledger");
        words_add(&words, ledger);
    }
    words_add(&words, "-q");
    return words;
}

struct words words_sending(const char *command, const char *operand, const char *ledger)
{
    struct words words = words_begin(command, operand, ledger);

    words_add_gateway(&words);
    words_add(&words, "--app-key");
    words_add(&words, APP_KEY);
    words_add(&words, "--app-secret-file");
    words_add(&words, "secret");
    words_add_number(&words, "-c", world->plan.in_flight);
    words_add_number(&words, "-w", 1);
    if (world->plan.batch > 1)
        words_add_number(&words, "--batch", world->plan.batch);
    words_add_number(&words, "--retries", world->plan.retries);
    words_add_number(&words, "--outage-patience", 20);
    words_add_number(&words, "--max-changed", 1000);
    if (world->plan.rate)
        words_add_number(&words, "--rate", world->plan.rate);
    if (world->plan.quota && !world->is_quiet)
        words_add_number(&words, "--daily-quota", world->plan.quota);
    return words;
}

bool operation_sends(enum operation_kind kind)
{
    return kind == OPERATION_UPLOAD || kind == OPERATION_RERUN || kind == OPERATION_RESEND ||
           kind == OPERATION_RESUBMIT || kind == OPERATION_OTHER_LEDGER;
}

/* Only a start after an accident may be refused for its ledger. */
static void expect(const struct operation *operation, int code, bool has_failed)
{
    static const int usual[] = {0, 1, 3, 4, 69, 75, 77, 130, -SIGKILL};

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
    /* A kill between a report and its manifest: they do not fit each other. */
    if (code == 65 && operation->kind == OPERATION_IMPORT && (world->kills || world->failures))
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
