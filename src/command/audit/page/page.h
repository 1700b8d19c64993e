/*
 * page: an audit as one file that a browser shows.
 *
 * All of it is in the file: it loads nothing, sends nothing, and its content security policy allows
 * it no more. It is under PAGE_BYTES_MAX whatever the audit holds: what does not fit is left out,
 * and the page says how much.
 *
 * Tested by tests/unit/test_page.c and tests/e2e/test_page.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_PAGE_PAGE_H
#define CLAIMBATCH_COMMAND_AUDIT_PAGE_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct audit;
struct error;

#define PAGE_BYTES_MAX ((size_t)2 << 20)

/* Makes the page, which says by which version it was made and when. -1 without memory. */
int page_make(const struct audit *audit, const char *version, int64_t now_ms,
              struct buffer *ret_page, struct error *err);

/* Looks whether a page may take this place: EXIT_CANNOT_CREATE when something stands there that is
 * no page of an audit. It is never overwritten, whatever the user says: it may be the report. */
int page_look(const char *path, struct error *err);

/* Writes a page beside its place, owner-only, and gives it its name. Looks again. */
int page_write(const struct buffer *page, const char *path, struct error *err);

#endif
