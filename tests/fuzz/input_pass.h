/*
 * input_pass: one pass over an export, and all that it came to, for the target of exports.
 */
#ifndef CLAIMBATCH_FUZZ_INPUT_PASS_H
#define CLAIMBATCH_FUZZ_INPUT_PASS_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/money.h"
#include "input/claim/claim.h"
#include "input/export/charset.h"
#include "input/inspection/inspection.h"
#include "input/reader/reader.h"

#define NOW_MS INT64_C(1670803200000)
#define CELL_END "\xfe" /* bytes that UTF-8 never has */
#define RECORD_END "\xff"

/* How a file is to be read. */
struct options {
    enum encoding encoding;
    struct reader_settings settings;
    struct rules rules;
    const struct profile *profile; /* NULL: each row stands for itself */
};

/* What a pass over a file came to. */
struct outcome {
    struct error err; /* exit_code 0: it was read to its end */
    uint64_t rows, invalid, blank_lines;
    money fee;
    bool unfinished;
    struct buffer header, cells; /* each with its end, so that no two records look the same */
    struct buffer findings;
    struct buffer claims; /* the valid ones */
};

/* Reads the file once, judges its rows, and looks at each for what must hold. */
void input_pass(struct export *export, const struct survey *survey, const struct options *options,
                struct outcome *ret_outcome);
void input_pass_release(struct outcome *outcome);

/* A cell and the end of a record, as they are kept. */
void input_take_cell(void *text, size_t len, void *cells);
void input_take_record(int c, void *cells);

/* What must hold of every claim that is valid. */
void input_check_claim(const struct claim *claim);

bool input_is_same(const struct buffer *a, const struct buffer *b);

#endif
