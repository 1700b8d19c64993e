/*
 * month_json: what reports of many exports came to, for machines.
 *
 * Tested by tests/e2e/test_month.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_MONTH_MONTH_JSON_H
#define CLAIMBATCH_COMMAND_AUDIT_MONTH_MONTH_JSON_H

#include "base/buffer.h"
#include "month.h"

#define MONTH_JSON_CLAIMS 5000 /* of a list; how many more there are is said */

/* Appends one document, of all but the exports themselves. */
int month_json(const struct month *month, struct buffer *ret_json, struct error *err);

#endif
