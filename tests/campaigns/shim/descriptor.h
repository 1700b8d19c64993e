/*
 * descriptor: what a descriptor is of.
 */
#ifndef CLAIMBATCH_CAMPAIGNS_SHIM_DESCRIPTOR_H
#define CLAIMBATCH_CAMPAIGNS_SHIM_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden) /* the program has names of its own */

/* A regular file or a folder, and no standard stream. */
bool descriptor_is_file(int fd);

/* Empty where it has none. */
const char *descriptor_path(int fd, char *text, size_t size);

#pragma GCC visibility pop

#endif
