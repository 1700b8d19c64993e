/*
 * month_text: what reports of many exports came to, for people.
 *
 * The verdict first, then all of them together, then each export in short. Readable in
 * the columns there are.
 *
 * Tested by tests/e2e/test_month.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_MONTH_MONTH_TEXT_H
#define CLAIMBATCH_COMMAND_AUDIT_MONTH_MONTH_TEXT_H

#include "base/buffer.h"
#include "month.h"

#define MONTH_TEXT_CLAIMS 20 /* of a list are shown; the rest is in --json */
#define MONTH_TEXT_FINDINGS 50

/* Appends it. `ret_text` turns `failed` without memory. */
int month_text(const struct month *month, struct buffer *ret_text, struct error *err);

#endif
