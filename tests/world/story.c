/* A history as a person can read it. */
#include <inttypes.h>
#include <stdio.h>

#include "sandbox/fault.h"
#include "world.h"

static const char *fault_of(int claim, int64_t mono_ms)
{
    int i = world->last_sent[claim];

    while (i >= 0 && world->sent[i].mono_ms > mono_ms)
        i = world->sent[i].before;
    return i >= 0 && world->sent[i].fault >= 0 ? fault_at((size_t)world->sent[i].fault)->name : "";
}

static void tell(const struct event *event)
{
    printf("%10.3f s  %d  %s", (double)(event->mono_ms - world->events[0].mono_ms) / 1000,
           event->actor, event_words[event->kind]);
    switch ((enum event_kind)event->kind) {
    case EVENT_START:
        printf(" %d: %s", event->a, operation_words[event->b]);
        break;
    case EVENT_DEPART:
        printf(" claim %d version %d", event->a, event->b);
        break;
    case EVENT_ANSWER:
        printf(" claim %d verdict %d %s", event->a, event->b, fault_of(event->a, event->mono_ms));
        break;
    case EVENT_END:
        printf(" of start %d with %d", event->a, event->b);
        break;
    case EVENT_KILL:
        printf(" of start %d at %s", event->a, event_words[event->b]);
        break;
    case EVENT_JUMP:
        printf(" of the wall clock by %d s", event->a);
        break;
    case EVENT_OFFICE:
        printf(": %s ended with %d", operation_words[event->a], event->b);
        break;
    default:
        printf(" %d %d", event->a, event->b);
        break;
    }
    putchar('\n');
}

static bool is_told(const struct event *event)
{
    static const bool untold[EVENT_KINDS] = {
        [EVENT_OPEN] = true, [EVENT_WRITE] = true, [EVENT_SYNC] = true,
        [EVENT_CUT] = true,  [EVENT_TURN] = true,  [EVENT_REMOVE] = true,
    };

    return !untold[event->kind];
}

void story_print(void)
{
    int64_t from = world->event_count > EVENTS_MAX ? world->event_count - EVENTS_MAX : 0;

    for (int64_t i = from; i < world->event_count; i++)
        if (is_told(&world->events[i % EVENTS_MAX]))
            tell(&world->events[i % EVENTS_MAX]);
    printf("            trace %016" PRIx64 " of %" PRId64 " events\n", world->trace,
           world->event_count);
    if (*world->violation)
        printf("            %s\n", world->violation);
}
