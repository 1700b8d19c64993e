/*
 * array: a list that grows as things are appended to it. Its owner has the list, how many are in
 * it, and for how many it has room.
 *
 * Tested by tests/unit/test_array.c
 */
#ifndef CLAIMBATCH_BASE_ARRAY_H
#define CLAIMBATCH_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

/* Doubles a list of elements of so many bytes; `list` is the address of the pointer to it. False
 * without memory: then it is as it was. */
bool array_grow(void *list, size_t *room, size_t bytes);

/* Whether one more can be appended: makes room where there is none. */
#define ARRAY_HAS_ROOM(list, count, room)                                                          \
    ((count) < (room) || array_grow(&(list), &(room), sizeof(*(list))))

#endif
