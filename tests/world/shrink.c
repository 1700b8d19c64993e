#include "shrink.h"

#include <string.h>

#include "world.h"

#define WORDS_ALIKE 24 /* so many letters of a violation are the same */

static char wanted[WORDS_BYTES];

/* Two violations are of one kind when their words are, whatever the numbers. */
static void keep_words(const char *from, char *to)
{
    for (; *from; from++)
        if (*from < '0' || *from > '9')
            *to++ = *from;
    *to = '\0';
}

static bool fails(const struct plan *plan)
{
    char words[WORDS_BYTES];

    history_run(plan);
    keep_words(world->violation, words);
    return strncmp(words, wanted, WORDS_ALIKE) == 0;
}

/* Takes the change when it still fails. */
static bool take(struct plan *plan, const struct plan *changed)
{
    if (memcmp(plan, changed, sizeof(*plan)) == 0 || !fails(changed))
        return false;
    *plan = *changed;
    return true;
}

static bool leave_out_operations(struct plan *plan)
{
    bool is_smaller = false;

    for (int i = plan->count - 1; i >= 0; i--) {
        struct plan changed = *plan;
        struct operation *o = &changed.operations[i];

        memmove(o, o + 1, (size_t)(--changed.count - i) * sizeof(*o));
        memset(&changed.operations[changed.count], 0, sizeof(*o));
        is_smaller |= take(plan, &changed);
    }
    return is_smaller;
}

static bool calm_operations(struct plan *plan)
{
    bool is_smaller = false;

    for (int i = 0; i < plan->count; i++)
        for (int part = 0; part < 6; part++) {
            struct plan changed = *plan;
            struct operation *o = &changed.operations[i];

            if (part == 0)
                memset(&o->second_signal, 0, sizeof(o->second_signal));
            else if (part == 1)
                memset(&o->signal, 0, sizeof(o->signal));
            else if (part == 2)
                memset(&o->kill, 0, sizeof(o->kill));
            else if (part == 3)
                memset(&o->failing, 0, sizeof(o->failing));
            else if (part == 4)
                o->beside = false;
            else
                o->gap_ms = 0;
            is_smaller |= take(plan, &changed);
        }
    return is_smaller;
}

static bool leave_out_claims(struct plan *plan)
{
    bool is_smaller = false;

    for (int claim = plan->claims - 1; claim >= 0; claim--) {
        struct plan changed = *plan;

        if (claim && claim == changed.claims - 1)
            changed.claims--;
        else
            changed.without |= UINT64_C(1) << claim;
        is_smaller |= take(plan, &changed);
    }
    return is_smaller;
}

static bool turn_off_faults(struct plan *plan)
{
    bool is_smaller = false;

    for (int i = 0; i < SWARMS + 5; i++) {
        struct plan changed = *plan;

        if (i < SWARMS)
            changed.swarm &= ~(UINT32_C(1) << i);
        else if (i == SWARMS)
            changed.fault_percent = 0;
        else if (i == SWARMS + 1)
            changed.quota = 0;
        else if (i == SWARMS + 2)
            changed.rate = 0;
        else if (i == SWARMS + 3)
            changed.batch = 1;
        else
            changed.looks_at_intents = false;
        is_smaller |= take(plan, &changed);
    }
    return is_smaller;
}

void shrink(struct plan *plan)
{
    bool is_smaller = true;

    keep_words(world->violation, wanted);
    while (is_smaller) {
        is_smaller = leave_out_operations(plan);
        is_smaller |= turn_off_faults(plan);
        is_smaller |= leave_out_claims(plan);
        is_smaller |= calm_operations(plan);
    }
}
