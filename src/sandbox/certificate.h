/*
 * certificate: a self-signed certificate for a gateway on this machine.
 *
 * Hides OpenSSL. EC P-256, valid for 127.0.0.1, ::1 and localhost for a day.
 *
 * Tested by tests/e2e/test_sandbox.py
 */
#ifndef CLAIMBATCH_SANDBOX_CERTIFICATE_H
#define CLAIMBATCH_SANDBOX_CERTIFICATE_H

#include <stdbool.h>

#include "base/buffer.h"

struct error;

/* Certificates a client must refuse, but for the first. */
enum certificate_kind { CERTIFICATE_GOOD, CERTIFICATE_EXPIRED, CERTIFICATE_OTHER_HOST };

/* "good", "expired", "other-host". */
bool certificate_kind_parse(const char *name, enum certificate_kind *ret_kind);

/* Both in PEM. EXIT_INTERNAL when OpenSSL refuses. */
int certificate_make(enum certificate_kind kind, struct buffer *ret_certificate,
                     struct buffer *ret_key, struct error *err);

#endif
