/*
 * detection: which encoding a file has.
 *
 * Decided over the whole file: a BOM, then strict UTF-8, then strict GB18030, else refused. A file
 * that fails as UTF-8 though most of its non-ASCII bytes form valid characters is a damaged one and
 * never taken for GB18030.
 *
 * Tested by tests/unit/test_charset.c
 */
#ifndef CLAIMBATCH_INPUT_EXPORT_DETECTION_H
#define CLAIMBATCH_INPUT_EXPORT_DETECTION_H

#include <stddef.h>

#include "input/export/charset.h"

struct error;

/* One pass over a file's bytes, in pieces of any size, that finds out what they are. */
struct detection;
struct detection *detection_open(void); /* NULL without memory */
/* Before anything is fed: without a mark it may be UTF-16, for the user says so. */
void detection_want_utf16(struct detection *detection);
void detection_feed(struct detection *detection, const unsigned char *bytes, size_t len);
/*
 * Ends the pass. `wanted` as in export_survey. 0, or -1 with EXIT_INPUT_REFUSED and `name`, line
 * and byte offset in the text. *ret_bom_bytes is the length of the mark at the start.
 */
int detection_finish(struct detection *detection, enum encoding wanted, const char *name,
                     enum encoding *ret_encoding, size_t *ret_bom_bytes, struct error *err);
void detection_close(struct detection *detection);

#endif
