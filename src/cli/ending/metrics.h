/*
 * metrics: how the last run ended, for Prometheus: a file in the text format, as the node
 * exporter's textfile collector takes it.
 *
 * Written beside and renamed, readable by all: it holds counts only. The label `batch` is the
 * file's name without its ending, so that several files do not meet. What a start does not know,
 * because it was refused, stays as the last one has written it.
 *
 * Tested by tests/e2e/test_metrics.py
 */
#ifndef CLAIMBATCH_CLI_ENDING_METRICS_H
#define CLAIMBATCH_CLI_ENDING_METRICS_H

#include <stdint.h>

struct ending;
struct error;

/* EXIT_CANNOT_CREATE when a file stands there that is none of ours. */
int metrics_check(const char *path, struct error *err);

/* EXIT_CANNOT_CREATE, EXIT_CANNOT_WRITE. */
int metrics_write(const char *path, const struct ending *ending, int exit_code, struct error *err);

#endif
