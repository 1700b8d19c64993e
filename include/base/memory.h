/*
 * memory: for a library that does not look whether it got any.
 *
 * yajl writes through whatever its allocator returns. From this one it always gets memory; where
 * there is none the program ends at once, with one line and EXIT_RESOURCES. To a run that is what a
 * kill is: an intent without an outcome is unknown. The functions have the form that yajl wants;
 * the context is not used. Any thread.
 *
 * Tested by tests/campaigns/faults.py
 */
#ifndef CLAIMBATCH_BASE_MEMORY_H
#define CLAIMBATCH_BASE_MEMORY_H

#include <stddef.h>

void *memory_get(void *context, size_t size);
void *memory_resize(void *context, void *old, size_t size);
void memory_free(void *context, void *old);

#endif
