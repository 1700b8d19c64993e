/*
 * credentials: the app's secret and session.
 *
 * They come from the file an option names, from CLAIMBATCH_APP_SECRET and CLAIMBATCH_SESSION, from
 * $CREDENTIALS_DIRECTORY/app-secret and /session, or from the file a configuration names, in this
 * order; never from argv. What the environment had is wiped there.
 *
 * Tested by tests/e2e/test_options.py
 */
#ifndef CLAIMBATCH_CLI_CREDENTIALS_H
#define CLAIMBATCH_CLI_CREDENTIALS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/process/secret.h"

struct error;

struct credentials {
    struct secret app_secret;
    struct secret session; /* its text is NULL: none */
};

/* The file that is named for a secret. */
struct credential_file {
    const char *path; /* NULL: none */
    bool typed;       /* by an option; else the environment wins over it */
};

/* Reads them, once a process. EXIT_BAD_CONFIG when there is no secret, or one is refused. */
int credentials_read(struct credential_file secret, struct credential_file session,
                     struct credentials *ret_credentials, struct error *err);

/* Appends, as comments of a configuration, where each comes from when not from a file; masked. */
void credentials_describe(struct credential_file secret, struct credential_file session,
                          struct buffer *ret_text);

void credentials_release(struct credentials *credentials);

#endif
