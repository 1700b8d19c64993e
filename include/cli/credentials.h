/*
 * credentials: the app's secret and session.
 *
 * They come from a file, from CLAIMBATCH_APP_SECRET and CLAIMBATCH_SESSION, or from
 * $CREDENTIALS_DIRECTORY/app-secret and /session, in this order; never from argv. They are wiped
 * when released and kept out of core files by main.
 *
 * Tested by tests/e2e/test_secrets.py
 */
#ifndef CLAIMBATCH_CLI_CREDENTIALS_H
#define CLAIMBATCH_CLI_CREDENTIALS_H

#include "base/buffer.h"

struct error;

struct credentials {
    struct buffer app_secret;
    struct buffer session; /* empty: none */
};

/* Reads them. EXIT_BAD_CONFIG when there is no secret, or a file is refused. The file names may be
 * NULL. */
int credentials_read(const char *secret_file, const char *session_file,
                     struct credentials *ret_credentials, struct error *err);
void credentials_release(struct credentials *credentials);

#endif
