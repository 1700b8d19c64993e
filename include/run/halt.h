/*
 * halt: the reasons to send nothing more.
 *
 * Once a stop has begun no new intent is made; what is in flight finishes and is recorded. The
 * first reason stays.
 *
 * Tested by tests/e2e/test_log.py
 */
#ifndef CLAIMBATCH_RUN_HALT_H
#define CLAIMBATCH_RUN_HALT_H

#include <stdbool.h>
#include <stddef.h>

struct coordinator;
struct coordinator_stop;
struct error;

bool halt_is_begun(const struct coordinator *c);

/* Begins a stop, and calls back what was not handed to a connection. The sentence is for people,
 * and in English for the report. */
void halt_begin(struct coordinator *c, int exit_code, const char *because, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * Begins a stop that ends in the run's error: the export can no longer be trusted, or the report
 * not be written. What is in flight is recorded all the same. The first error stays.
 */
void halt_fail(struct coordinator *c, const struct error *error);

/* Says why nothing more is sent; and that what was in flight then has come home. */
void halt_say_begin(const struct coordinator_stop *stop, size_t in_flight);
void halt_say_end(const struct coordinator_stop *stop);

/* Today's quota is used up: our own, or that of the gateway. */
void halt_for_quota(struct coordinator *c, bool is_ours);

/* Whether a signal, what many answers say together, or --max-failures asks for a stop. */
void halt_check_space(struct coordinator *c);  /* or a disk that gets full */
void halt_check_ledger(struct coordinator *c); /* or a ledger that is gone from its place */
void halt_check_signal(struct coordinator *c);
void halt_check_pace(struct coordinator *c);
void halt_check_failures(struct coordinator *c);

#endif
