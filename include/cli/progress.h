/*
 * progress: what a person sees while a run is under way.
 *
 * On a terminal one line that is drawn anew, no wider than the terminal; elsewhere one plain line
 * every 10 seconds.
 *
 * Tested by tests/e2e/test_progress.py
 */
#ifndef CLAIMBATCH_CLI_PROGRESS_H
#define CLAIMBATCH_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options/options.h"
#include "run/coordinator.h"

#define PROGRESS_LINE_EVERY_MS 10000
#define PROGRESS_DRAW_EVERY_MS 200

struct progress {
    bool is_shown, is_drawn;      /* drawn: on a terminal, in place */
    int64_t started_ms, shown_ms; /* monotonic */
    uint64_t done_at_start;
    struct coordinator_progress last; /* what was shown last */
    bool counting;                    /* done_at_start is known */
};

void progress_start(struct progress *progress, enum progress_mode mode, enum log_format format);

/* As coordinator_settings.show; `context` is the struct progress. */
void progress_show(void *context, const struct coordinator_progress *now);

/* Takes the line off the terminal. */
void progress_end(struct progress *progress);

#endif
