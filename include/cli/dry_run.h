/*
 * dry_run: what an upload would send, on standard output: counts, money, and the first request with
 * what is secret masked.
 *
 * Tested by tests/e2e/test_upload.py
 */
#ifndef CLAIMBATCH_CLI_DRY_RUN_H
#define CLAIMBATCH_CLI_DRY_RUN_H

#include "gateway/top.h"
#include "input/inspection.h"
#include "ledger/ledger.h"

struct error;

/* Borrowed. */
struct dry_run {
    const struct intake *intake;
    const struct inspection *inspection;
    struct ledger *ledger; /* NULL: there is none yet */
    const char *platform, *url;
    struct top_app app;
    int64_t run; /* 0: a new one */
};

int dry_run_print(const struct dry_run *dry_run, struct error *err);

#endif
