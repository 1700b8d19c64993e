/*
 * spool: a private copy, without a name, of an input that cannot be read by position.
 *
 * Tested by tests/unit/test_export.c
 */
#ifndef CLAIMBATCH_INPUT_EXPORT_SPOOL_H
#define CLAIMBATCH_INPUT_EXPORT_SPOOL_H

#include <stdbool.h>

struct error;

/* The descriptor of a new file in $TMPDIR that has no name, or -1. */
int spool_create(struct error *err);

/* Copies what is left to read to a new file in $TMPDIR: its descriptor, or -1. *ret_unread says
 * that reading failed, for which errno has the cause and *err nothing. EXIT_CANNOT_WRITE where the
 * file system is nearly full and more comes. */
int spool_copy(int from, bool *ret_unread, struct error *err);

#endif
