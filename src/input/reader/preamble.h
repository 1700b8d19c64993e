/*
 * preamble: lines above the header, as banks and shops write them.
 *
 * Tested by tests/unit/test_reader.c
 */
#ifndef CLAIMBATCH_INPUT_READER_PREAMBLE_H
#define CLAIMBATCH_INPUT_READER_PREAMBLE_H

#include <stdint.h>

#include "input/export/export.h"

struct error;

#define PREAMBLE_LINES_MAX 200

/* Where a header that is known stands below the first line, adds to the refusal which line it is
 * and what to do. */
void preamble_advise(struct export *export, const struct survey *survey, uint32_t delimiter,
                     struct error *err);

#endif
