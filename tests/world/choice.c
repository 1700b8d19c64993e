#include "world.h"

struct world *world;
int self;

/* splitmix64 */
static uint64_t scatter(uint64_t x)
{
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

uint64_t choice_of(enum stream stream, uint64_t key, uint64_t bound)
{
    uint64_t x = scatter(scatter(world->plan.seed * STREAMS + stream) ^ scatter(key));

    return bound ? x % bound : x;
}

uint64_t choice(enum stream stream, uint64_t bound)
{
    return choice_of(stream, ++world->drawn[stream], bound);
}

bool chance(enum stream stream, unsigned percent)
{
    return choice(stream, 100) < percent;
}

_Static_assert(MARK_COUNT <= 64, "a bit for each mark");

void mark(enum mark mark)
{
    world->marks |= UINT64_C(1) << mark;
}

const char *mark_words(enum mark mark)
{
    static const char *const words[] = {
#define X(name, text) text,
        MARKS(X)
#undef X
    };

    return words[mark];
}
