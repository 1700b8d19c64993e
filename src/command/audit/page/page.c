#include "page.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file/file.h"
#include "base/file/output.h"
#include "base/log.h"
#include "base/words/language.h"
#include "html.h"
#include "page_part.h"

/* How every page begins, in its language; by these it is known. */
#define FIRST_LINE "<!doctype html>\n"
#define NEXT_LINES                                                                                 \
    "<head>\n<meta charset=\"utf-8\">\n<meta name=\"generator\" content=\"claimbatch audit\">\n"
#define LANGUAGE_LINE_BYTES 32

/* ---- the whole ---- */

/* A hash allows exactly these bytes, and nothing else that somebody may get into the page. */
void page_begin(struct buffer *page, const char *title)
{
    char style[HTML_SOURCE_BYTES];
    char script[HTML_SOURCE_BYTES];

    page->failed |= html_source(page_style, page_style_bytes, style) ||
                    html_source(page_script, page_script_bytes, script);
    buffer_text(page, FIRST_LINE);
    language_append(page, "<html lang=\"en\">\n");
    buffer_text(page, NEXT_LINES);
    buffer_format(page,
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                  "style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'\">\n",
                  style, script);
    buffer_text(page, "<meta name=\"referrer\" content=\"no-referrer\">\n"
                      "<meta name=\"robots\" content=\"noindex\">\n"
                      "<meta name=\"format-detection\" content=\"telephone=no\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                      "<meta name=\"color-scheme\" content=\"light dark\">\n"
                      "<title>");
    html_text(page, title);
    buffer_text(page, "</title>\n<style>");
    buffer_append(page, page_style, page_style_bytes);
    language_append(page, "</style>\n</head>\n<body>\n");
}

void page_end(struct buffer *page, const char *version, int64_t now_ms)
{
    language_format(page, "</main>\n<footer><p>Made by claimbatch %s on <time>", version);
    html_time(page, now_ms);
    language_append(page,
                    "</time>, Beijing time as all times here. This page holds personal data. It "
                    "is one file that loads nothing and sends nothing.</p></footer>\n<script>");
    buffer_append(page, page_script, page_script_bytes);
    buffer_text(page, "</script>\n</body>\n</html>\n");
}

/* Returns how many of the rows that need a person are on the page. */
static size_t put_all(const struct page_context *context)
{
    size_t rows;

    page_begin(context->page, context->audit->agrees ? _("Audit: agrees") : _("Audit: disagrees"));
    page_verdict(context);
    buffer_text(context->page, "<main>\n");
    page_disagreements(context);
    page_totals(context);
    page_codes(context);
    page_time(context);
    page_reports(context);
    rows = page_rows(context, PAGE_BYTES_MAX - PAGE_END_BYTES);
    page_end(context->page, context->version, context->now_ms);
    return rows;
}

int page_make(const struct audit *audit, const char *version, int64_t now_ms,
              struct buffer *ret_page, struct error *err)
{
    struct page_context context = {audit, ret_page, version, now_ms, audit->open_count};
    size_t rows = put_all(&context);

    /* Again when not all rows fit: it is said above them, and no number may lead to a row that is
     * not there. */
    while (rows < context.linked && !ret_page->failed) {
        context.linked = rows;
        buffer_reset(ret_page);
        rows = put_all(&context);
    }
    return ret_page->failed ? error_no_memory(err) : 0;
}

/* ---- the file ---- */

static int refuse(const char *path, const char *why, struct error *err)
{
    return error_set(err, EXIT_CANNOT_CREATE, "'%s' %s; name another file with --html",
                     LOG_QUOTED(path), why);
}

static bool is_page(const char *path)
{
    char bytes[sizeof(FIRST_LINE NEXT_LINES) + LANGUAGE_LINE_BYTES] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool same = fd >= 0 && read(fd, bytes, sizeof(bytes) - 1) > 0 &&
                strncmp(bytes, FIRST_LINE, strlen(FIRST_LINE)) == 0;
    const char *head = same ? strchr(bytes + strlen(FIRST_LINE), '\n') : NULL;

    if (fd >= 0)
        close(fd);
    return head && strncmp(head + 1, NEXT_LINES, strlen(NEXT_LINES)) == 0;
}

int page_look(const char *path, struct error *err)
{
    enum file_stands stands = file_look(path);

    if (stands == FILE_OTHER)
        return refuse(path, _("is not a regular file (a link, a folder, …)"), err);
    if (stands == FILE_REGULAR && !is_page(path))
        return refuse(path, _("exists and is no page of an audit"), err);
    return 0;
}

int page_write(const struct buffer *page, const char *path, struct error *err)
{
    struct output output = {0};
    int result = page_look(path, err);

    if (!result)
        result = output_open(path, &output, err);
    if (!result) {
        buffer_append(&output.text, page->ptr, page->len);
        result = output_publish(&output, err);
    }
    output_close(&output);
    return result;
}
