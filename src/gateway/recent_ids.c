#include "gateway/recent_ids.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* An id has its place in one of these sets; the oldest of its set gives way. */
#define WAYS 4
#define SETS (RECENT_IDS_KEPT / WAYS)

struct entry {
    uint64_t hash;           /* 0: none */
    uint64_t connections[2]; /* the first it came on, and another; 0: none */
};

struct set {
    struct entry entries[WAYS];
    unsigned next; /* the one to give way */
};

struct recent_ids {
    struct set sets[SETS];
};

struct recent_ids *recent_ids_open(void)
{
    return calloc(1, sizeof(struct recent_ids));
}

void recent_ids_close(struct recent_ids *ids)
{
    free(ids);
}

static enum recent note_again(struct entry *entry, uint64_t connection)
{
    if (entry->connections[1])
        return RECENT_COMMON;
    if (entry->connections[0] == connection)
        return RECENT_REPEATED;
    entry->connections[1] = connection;
    return RECENT_ELSEWHERE;
}

enum recent recent_ids_note(struct recent_ids *ids, const char *request_id, uint64_t connection)
{
    uint64_t hash = hash_text(1, request_id) | 1;
    struct set *set = &ids->sets[(hash >> 32) % SETS];

    for (int i = 0; i < WAYS; i++)
        if (set->entries[i].hash == hash)
            return note_again(&set->entries[i], connection);
    set->entries[set->next] = (struct entry){.hash = hash, .connections = {connection, 0}};
    set->next = (set->next + 1) % WAYS;
    return RECENT_NEW;
}
