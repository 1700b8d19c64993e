#include "curl_memory.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Sizes in steps of 16 up to 64, then four steps to each doubling. */
#define SMALL_STEP 16
#define SMALL_SIZES 4
#define LARGEST_BYTES 32768
#define SIZES 40
/* Of each size; the handles of 32 calls, which may all end in one turn of a worker. */
#define KEPT_BYTES 262144

/* A block that is kept. */
struct kept {
    uintptr_t next; /* disguised: what writes into a freed block cannot choose where it points to */
    uintptr_t mark; /* tells that it is kept, most probably */
};

struct curl_memory {
    struct kept *first[SIZES];
    size_t bytes[SIZES];
    uintptr_t secret;
};

static _Thread_local struct curl_memory *in_use;

/* ---- sizes ---- */

/* The number of the smallest size that has room for so many bytes; SIZES: none has. */
static unsigned size_for(size_t bytes)
{
    unsigned power;
    size_t last = bytes - 1;

    if (bytes <= (size_t)SMALL_STEP * SMALL_SIZES)
        return bytes ? (unsigned)(last / SMALL_STEP) : 0;
    if (bytes > LARGEST_BYTES)
        return SIZES;
    power = 63 - (unsigned)__builtin_clzll(last);
    return (power - 6) * 4 + (unsigned)(last >> (power - 2));
}

static size_t bytes_of(unsigned size)
{
    if (size < SMALL_SIZES)
        return (size_t)SMALL_STEP * (size + 1);
    return (size_t)(5 + size % 4) << (size / 4 + 3);
}

/* The number of the largest size that the block has room for; SIZES: it is too large to be kept. */
static unsigned size_of(void *block)
{
    size_t room = malloc_usable_size(block);

    return room > LARGEST_BYTES + SMALL_STEP ? SIZES : size_for(room + 1) - 1;
}

/* ---- lists ---- */

static struct kept *disguise(const struct curl_memory *memory, uintptr_t pointer)
{
    return (struct kept *)(pointer ^ memory->secret);
}

static void *take(struct curl_memory *memory, unsigned size)
{
    struct kept *kept = memory->first[size];

    if (!kept)
        return NULL;
    memory->first[size] = disguise(memory, kept->next);
    memory->bytes[size] -= bytes_of(size);
    kept->mark = 0;
    return kept;
}

/* Whether the block is kept already. It may look so by chance. */
static bool is_kept(const struct curl_memory *memory, unsigned size, const struct kept *block)
{
    const struct kept *kept = memory->first[size];

    while (kept && kept != block)
        kept = disguise(memory, kept->next);
    return kept != NULL;
}

static bool keep(struct curl_memory *memory, void *block)
{
    unsigned size = size_of(block);
    struct kept *kept = block;

    if (size >= SIZES || memory->bytes[size] >= KEPT_BYTES)
        return false;
    if (kept->mark == ~memory->secret && is_kept(memory, size, kept))
        abort();
    kept->mark = ~memory->secret;
    kept->next = (uintptr_t)disguise(memory, (uintptr_t)memory->first[size]);
    memory->first[size] = kept;
    memory->bytes[size] += bytes_of(size);
    return true;
}

struct curl_memory *curl_memory_open(void)
{
    struct curl_memory *memory = calloc(1, sizeof(*memory));

    /* Without random numbers it is as good as malloc without them. */
    if (memory && getrandom(&memory->secret, sizeof(memory->secret), GRND_NONBLOCK) < 0)
        memory->secret = (uintptr_t)memory;
    return memory;
}

void curl_memory_close(struct curl_memory *memory)
{
    void *block;

    if (!memory)
        return;
    for (unsigned size = 0; size < SIZES; size++)
        while ((block = take(memory, size)))
            free(block);
    free(memory);
}

void curl_memory_use(struct curl_memory *memory)
{
    in_use = memory;
}

/* ---- what libcurl is given ---- */

/* With a mark that says something when it is looked at. */
static void *make(size_t bytes)
{
    struct kept *block = malloc(bytes < sizeof(*block) ? sizeof(*block) : bytes);

    if (block)
        block->mark = 0;
    return block;
}

void *curl_memory_get(size_t size)
{
    unsigned number = in_use ? size_for(size) : SIZES;
    void *block = number < SIZES ? take(in_use, number) : NULL;

    if (block)
        return block;
    return make(number < SIZES ? bytes_of(number) : size);
}

void *curl_memory_get_zeroed(size_t count, size_t size)
{
    void *block;

    if (!in_use || (size && count > LARGEST_BYTES / size))
        return calloc(count, size);
    block = curl_memory_get(count * size);
    return block ? memset(block, 0, count * size) : NULL;
}

void *curl_memory_resize(void *block, size_t size)
{
    size_t room = block ? malloc_usable_size(block) : 0;
    void *moved;

    if (!in_use)
        return realloc(block, size);
    if (block && size <= room && size >= room / 2)
        return block;
    moved = curl_memory_get(size);
    if (moved && block) {
        memcpy(moved, block, size < room ? size : room);
        curl_memory_free(block);
    }
    return moved;
}

char *curl_memory_copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = curl_memory_get(size);

    return copy ? memcpy(copy, text, size) : NULL;
}

void curl_memory_free(void *block)
{
    if (block && !(in_use && keep(in_use, block)))
        free(block);
}

CURLcode curl_memory_take_over(long flags)
{
    return curl_global_init_mem(flags, curl_memory_get, curl_memory_free, curl_memory_resize,
                                curl_memory_copy_text, curl_memory_get_zeroed);
}
