/*
 * exit_code: the exit code of a run that came to an end (contract section 7).
 *
 * Tested by tests/e2e/test_upload.py
 */
#ifndef CLAIMBATCH_CLI_EXIT_CODE_H
#define CLAIMBATCH_CLI_EXIT_CODE_H

struct coordinator_stop;
struct tally;

/* Of why it stopped; else of its rows. */
int exit_code_of_run(const struct coordinator_stop *stop, const struct tally *tally);

#endif
