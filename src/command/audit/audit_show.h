/*
 * audit_show: an audit where the user wants to have it: text, JSON, or a page.
 *
 * Tested by tests/e2e/test_audit.py and tests/e2e/test_page.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_AUDIT_SHOW_H
#define CLAIMBATCH_COMMAND_AUDIT_AUDIT_SHOW_H

#include "audit.h"
#include "base/buffer.h"

struct options;

/* Whether the places are free; before the reports are read, which takes its time. */
int audit_show_look(const struct options *options, struct error *err);

int audit_show(const struct options *options, const struct audit *audit, struct error *err);

/* Prints on standard output. EXIT_CANNOT_WRITE. */
int audit_show_print(const struct buffer *text, struct error *err);

#endif
