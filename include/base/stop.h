/*
 * stop: what a signal asks for.
 *
 * SIGINT, SIGTERM and SIGHUP ask once for a clean stop; a second one leaves at once. The handler
 * only sets flags and wakes the coordinator through a pipe.
 *
 * Tested by tests/unit/test_stop.c and tests/e2e/test_signals.py
 */
#ifndef CLAIMBATCH_BASE_STOP_H
#define CLAIMBATCH_BASE_STOP_H

#include <stddef.h>

struct error;

/* Catches the signals from now on; SIGPIPE is ignored. Call once, from main. */
int stop_watch(struct error *err);

/* The signal that asked for a stop, or 0. Any thread. */
int stop_signal(void);

/* Becomes readable when a signal came. */
int stop_fd(void);

/*
 * The sentence that a second signal prints before the process leaves; what the handler writes is
 * what was last set here. At most STOP_LAST_WORDS bytes, cut if longer.
 */
#define STOP_LAST_WORDS 1024
void stop_last_words(const char *text);

#endif
