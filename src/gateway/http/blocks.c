#include "blocks.h"

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

struct blocks {
    struct kept *first[SIZES];
    size_t bytes[SIZES];
    uintptr_t secret;
};

static _Thread_local struct blocks *in_use;

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

static struct kept *disguise(const struct blocks *blocks, uintptr_t pointer)
{
    return (struct kept *)(pointer ^ blocks->secret);
}

static void *take(struct blocks *blocks, unsigned size)
{
    struct kept *kept = blocks->first[size];

    if (!kept)
        return NULL;
    blocks->first[size] = disguise(blocks, kept->next);
    blocks->bytes[size] -= bytes_of(size);
    kept->mark = 0;
    return kept;
}

/* Whether the block is kept already. It may look so by chance. */
static bool is_kept(const struct blocks *blocks, unsigned size, const struct kept *block)
{
    const struct kept *kept = blocks->first[size];

    while (kept && kept != block)
        kept = disguise(blocks, kept->next);
    return kept != NULL;
}

static bool keep(struct blocks *blocks, void *block)
{
    unsigned size = size_of(block);
    struct kept *kept = block;

    if (size >= SIZES || blocks->bytes[size] >= KEPT_BYTES)
        return false;
    if (kept->mark == ~blocks->secret && is_kept(blocks, size, kept))
        abort();
    kept->mark = ~blocks->secret;
    kept->next = (uintptr_t)disguise(blocks, (uintptr_t)blocks->first[size]);
    blocks->first[size] = kept;
    blocks->bytes[size] += bytes_of(size);
    return true;
}

struct blocks *blocks_open(void)
{
    struct blocks *blocks = calloc(1, sizeof(*blocks));

    /* Without random numbers it is as good as malloc without them. */
    if (blocks && getrandom(&blocks->secret, sizeof(blocks->secret), GRND_NONBLOCK) < 0)
        blocks->secret = (uintptr_t)blocks;
    return blocks;
}

void blocks_close(struct blocks *blocks)
{
    void *block;

    if (!blocks)
        return;
    for (unsigned size = 0; size < SIZES; size++)
        while ((block = take(blocks, size)))
            free(block);
    free(blocks);
}

void blocks_use(struct blocks *blocks)
{
    in_use = blocks;
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

void *blocks_get(size_t size)
{
    unsigned number = in_use ? size_for(size) : SIZES;
    void *block = number < SIZES ? take(in_use, number) : NULL;

    if (block)
        return block;
    return make(number < SIZES ? bytes_of(number) : size);
}

void *blocks_get_zeroed(size_t count, size_t size)
{
    void *block;

    if (!in_use || (size && count > LARGEST_BYTES / size))
        return calloc(count, size);
    block = blocks_get(count * size);
    return block ? memset(block, 0, count * size) : NULL;
}

void *blocks_resize(void *block, size_t size)
{
    size_t room = block ? malloc_usable_size(block) : 0;
    void *moved;

    if (!in_use)
        return realloc(block, size);
    if (block && size <= room && size >= room / 2)
        return block;
    moved = blocks_get(size);
    if (moved && block) {
        memcpy(moved, block, size < room ? size : room);
        blocks_free(block);
    }
    return moved;
}

char *blocks_copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = blocks_get(size);

    return copy ? memcpy(copy, text, size) : NULL;
}

void blocks_free(void *block)
{
    if (block && !(in_use && keep(in_use, block)))
        free(block);
}

CURLcode blocks_take_over(long flags)
{
    return curl_global_init_mem(flags, blocks_get, blocks_free, blocks_resize, blocks_copy_text,
                                blocks_get_zeroed);
}
