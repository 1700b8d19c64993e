/*
 * audit_json: what an audit came to, as one JSON document.
 *
 * Hides yajl. Times are RFC 3339, money is integers of any length, in fen.
 *
 * Tested by tests/e2e/test_audit.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_AUDIT_JSON_H
#define CLAIMBATCH_COMMAND_AUDIT_AUDIT_JSON_H

#include "audit.h"
#include "base/buffer.h"

struct error;

#define AUDIT_JSON_FORMAT "claimbatch-audit-1"

/* Appends it. -1 without memory. */
int audit_json(const struct audit *audit, struct buffer *ret_json, struct error *err);

#endif
