#include "drawing.h"
#include "base/words/language.h"
#include "input/value/stretch.h"
#include "report/line.h"

#include <inttypes.h>

/* By hand, for printf writes a comma where the locale says so. */
static void fixed(struct buffer *page, double value)
{
    int64_t hundredths = (int64_t)(value * 100 + 0.5);

    buffer_format(page, "%" PRId64 ".%02" PRId64, hundredths / 100, hundredths % 100);
}

void drawing_percent(struct buffer *page, const char *name, double value)
{
    buffer_format(page, " %s=\"", name);
    fixed(page, value);
    buffer_text(page, "%\"");
}

void drawing_pixels(struct buffer *page, const char *name, double value)
{
    buffer_format(page, " %s=\"", name);
    fixed(page, value);
    buffer_byte(page, '"');
}

/* One bar or block; x and width in percent, the rest in pixels. */
void drawing_block(struct buffer *page, double x, double width, double y, double height,
                   const char *class)
{
    buffer_text(page, "<rect");
    drawing_percent(page, "x", x);
    drawing_percent(page, "width", width);
    drawing_pixels(page, "y", y);
    drawing_pixels(page, "height", height);
    buffer_format(page, " class=\"%s\"/>", class);
}

void drawing_line(struct buffer *page, double x1, double x2, double y1, double y2,
                  const char *class)
{
    buffer_text(page, "<line");
    drawing_percent(page, "x1", x1);
    drawing_percent(page, "x2", x2);
    drawing_pixels(page, "y1", y1);
    drawing_pixels(page, "y2", y2);
    buffer_format(page, " class=\"%s\"/>", class);
}

/* Begins a word beneath a plot; at the edges it keeps inside. */
void drawing_begin_label(struct buffer *page, double x, double y, const char *class)
{
    buffer_text(page, "<text");
    drawing_percent(page, "x", x);
    drawing_pixels(page, "y", y);
    buffer_format(page, " class=\"%s %s\">", x < 4 ? "start" : x > 96 ? "end" : "middle", class);
}

void drawing_begin(struct buffer *page, const char *name, int height)
{
    buffer_format(page,
                  "<svg class=\"plot\" role=\"img\" width=\"100%%\" height=\"%d\" "
                  "aria-labelledby=\"%s-title %s-desc\">",
                  height, name, name);
}
