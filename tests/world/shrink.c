#include "shrink.h"

#include <stddef.h>
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

/* What a plan, or an operation, is smaller without. */
struct piece {
    size_t at, size;
};

#define PIECE(of, member) offsetof(struct of, member), sizeof(((struct of *)NULL)->member)

static bool clear(struct plan *plan, size_t at, const struct piece *pieces, size_t count)
{
    bool is_smaller = false;

    for (size_t i = 0; i < count; i++) {
        struct plan changed = *plan;

        memset((char *)&changed + at + pieces[i].at, 0, pieces[i].size);
        changed.batch += !changed.batch; /* a call has at least one claim */
        is_smaller |= take(plan, &changed);
    }
    return is_smaller;
}

static bool calm_operations(struct plan *plan)
{
    static const struct piece pieces[] = {
        {PIECE(operation, second_signal)}, {PIECE(operation, signal)}, {PIECE(operation, kill)},
        {PIECE(operation, failing)},       {PIECE(operation, beside)}, {PIECE(operation, gap_ms)},
    };
    bool is_smaller = false;

    for (int i = 0; i < plan->count; i++)
        is_smaller |= clear(plan, offsetof(struct plan, operations[i]), pieces,
                            sizeof(pieces) / sizeof(*pieces));
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
    static const struct piece pieces[] = {{PIECE(plan, percent)},
                                          {PIECE(plan, quota)},
                                          {PIECE(plan, rate)},
                                          {PIECE(plan, batch)},
                                          {PIECE(plan, looks_at_intents)},
                                          {PIECE(plan, has_ledger)},
                                          {PIECE(plan, limit)},
                                          {PIECE(plan, max_failures)}};
    bool is_smaller = false;

    for (int i = 0; i < SWARMS; i++) {
        struct plan changed = *plan;

        changed.swarm &= ~(UINT32_C(1) << i);
        is_smaller |= take(plan, &changed);
    }
    return clear(plan, 0, pieces, sizeof(pieces) / sizeof(*pieces)) || is_smaller;
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
