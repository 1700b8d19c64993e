/*
 * drawing: pieces of a picture of inline SVG.
 *
 * Tested by tests/unit/test_chart.c
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_PAGE_DRAWING_H
#define CLAIMBATCH_COMMAND_AUDIT_PAGE_DRAWING_H

#include "base/buffer.h"

#define LABELS 22   /* beneath a plot */
#define BAR_PART 86 /* percent of a bar's place */
#define SECOND_MS 1000

/* An attribute in percent. */
void drawing_percent(struct buffer *page, const char *name, double value);
/* An attribute in pixels. */
void drawing_pixels(struct buffer *page, const char *name, double value);
/* One bar or block; x and width in percent, the rest in pixels. */
void drawing_block(struct buffer *page, double x, double width, double y, double height,
                   const char *class);
/* A line across. */
void drawing_line(struct buffer *page, double x1, double x2, double y1, double y2,
                  const char *class);
/* Begins a text at a place; the caller ends it. */
void drawing_begin_label(struct buffer *page, double x, double y, const char *class);
/* Begins a picture of that height; the caller ends it. */
void drawing_begin(struct buffer *page, const char *name, int height);

#endif
