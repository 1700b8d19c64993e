/*
 * audit_text: what an audit came to, for people.
 *
 * The verdict first. Sentences end where the terminal does (80 columns where it is none);
 * nothing from outside reaches a terminal unquoted.
 *
 * Tested by tests/e2e/test_audit.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_AUDIT_TEXT_H
#define CLAIMBATCH_COMMAND_AUDIT_AUDIT_TEXT_H

#include "audit.h"
#include "base/buffer.h"

#define AUDIT_TEXT_DISAGREEMENTS 50 /* are shown; the rest is in --json */
#define AUDIT_TEXT_CODES 20
#define AUDIT_TEXT_EVENTS 20

/* Appends it. `ret_text` turns `failed` without memory. */
void audit_text(const struct audit *audit, struct buffer *ret_text);

/* Its verdict alone, with what disagrees and what was not checked. */
void audit_text_verdict(const struct audit *audit, struct buffer *out);

/* Rows and money of each outcome that has any, a line each. */
void audit_text_outcomes(const struct audit_sum *sums, struct buffer *out);

/* A line that begins at column `indent`, its further lines two columns deeper. */
void audit_text_line(struct buffer *out, size_t indent, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
