/*
 * error: why a run ended.
 *
 * A run's error is a sentence and an exit code; a row's outcome is never one. The sentence is
 * written where the context is richest and printed once, by main. It says what happened, whether
 * anything was sent, and what to do; lower case, the user's own text in single quotes.
 *
 * Tested by tests/unit/test_error.c
 */
#ifndef CLAIMBATCH_BASE_ERROR_H
#define CLAIMBATCH_BASE_ERROR_H

/* Exit codes of contract section 7. */
enum exit_code {
    EXIT_COMPLETE = 0,     /* every row is accepted or skipped */
    EXIT_ROWS_BAD = 1,     /* some rows are rejected, failed or invalid */
    EXIT_BAD_USAGE = 2,    /* wrong usage */
    EXIT_ROWS_UNKNOWN = 3, /* some rows are unknown */
    EXIT_STOPPED = 4,      /* a limit the user set, or the first 100 answers all rejections */
    EXIT_INPUT_REFUSED = 65,
    EXIT_INPUT_MISSING = 66,
    EXIT_UNREACHABLE = 69,
    EXIT_INTERNAL = 70,
    EXIT_RESOURCES = 71, /* out of memory or threads */
    EXIT_CANNOT_CREATE = 73,
    EXIT_CANNOT_WRITE = 74,
    EXIT_TRY_LATER = 75,
    EXIT_NOT_PERMITTED = 77,
    EXIT_BAD_CONFIG = 78,
    EXIT_SIGNAL_BASE = 128, /* plus the number of the signal */
};

#define ERROR_TEXT_BYTES 2048

struct error {
    int exit_code;
    char text[ERROR_TEXT_BYTES]; /* UTF-8, no final newline; cut when too long */
};

/* Fills err, whatever it held before. Always returns -1, so that callers can `return error_set(…)`.
 */
int error_set(struct error *err, int exit_code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds what else is to be said, unless it is said already. */
void error_add(struct error *err, const char *words);

/* The error of an allocation that failed: EXIT_RESOURCES. Always returns -1. */
int error_no_memory(struct error *err);

#endif
