#include "base/array.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 16

bool array_grow(void *list, size_t *room, size_t bytes)
{
    size_t more = *room ? 2 * *room : ROOM_FIRST;
    void *old, *grown;

    /* Copied, for a pointer of another type may not be looked at as a void *. */
    memcpy(&old, list, sizeof(old));
    grown = more > SIZE_MAX / bytes ? NULL : realloc(old, more * bytes);
    if (!grown)
        return false;
    memcpy(list, &grown, sizeof(grown));
    *room = more;
    return true;
}
