/*
 * dry_run: what a run would send, on standard output: counts, money, and the first request with
 * what is secret masked.
 *
 * Tested by tests/e2e/test_upload.py
 */
#ifndef CLAIMBATCH_COMMAND_UPLOAD_DRY_RUN_H
#define CLAIMBATCH_COMMAND_UPLOAD_DRY_RUN_H

#include "gateway/top.h"
#include "run/start/rehearsal.h"

struct error;
struct options;

/* Borrowed. */
struct dry_run {
    const struct options *options;
    const struct rehearsal_settings *rehearsal; /* without a visitor */
    const char *url;
    struct top_app app;
};

int dry_run_print(const struct dry_run *dry_run, struct error *err);

#endif
