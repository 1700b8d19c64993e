#include "page_part.h"

#include <string.h>

#include "base/words/language.h"
#include "html.h"

static bool is_in_table(const struct audit_code *code)
{
    return code->outcome != OUTCOME_UNSENT && code->outcome != OUTCOME_SKIPPED;
}

/* A code that was cut stands for several. */
static bool is_one_code(const struct audit_code *code)
{
    return strlen(code->code) < AUDIT_CODE_BYTES - sizeof("…") &&
           strcmp(code->code, AUDIT_OTHER_CODE) != 0;
}

/* The way to the table of rows; the script makes it choose the code's. */
static void put_way(const struct audit_code *code, struct buffer *page)
{
    buffer_format(page, "<span class=\"way\"> · <a href=\"#rows\" data-outcome=\"%s\"",
                  outcome_word(code->outcome));
    if (is_one_code(code)) {
        buffer_text(page, " data-code=");
        html_attribute(page, code->code, PAGE_NAME_BYTES);
    }
    language_append(page, ">show in the table</a></span>");
}

static void put_first_rows(const struct page_context *context, const struct audit_code *code)
{
    struct buffer *page = context->page;

    buffer_text(page,
                code->rows == 1 ? _("<p class=\"first\">Row ") : _("<p class=\"first\">Rows "));
    for (size_t i = 0; i < code->first_count; i++) {
        if (i)
            language_append(page, ", ");
        page_row_number(context, code->first_rows[i]);
    }
    if (code->rows > code->first_count)
        language_append(page, ", …");
    if (is_in_table(code))
        put_way(code, page);
    buffer_text(page, "</p>");
}

static void put_sentence(struct buffer *page, const char *name, const char *words)
{
    if (!*words)
        return;
    buffer_format(page, "<dt>%s</dt><dd>", _(name));
    html_text(page, words);
    buffer_text(page, "</dd>");
}

static void put_executed(const struct audit_code *code, struct buffer *page)
{
    language_format(page, "<dt>Executed</dt><dd><b>%s</b>",
                    advice_executed_name(code->advice.executed));
    if (*code->advice.fate) {
        language_append(page, "; ");
        html_text(page, code->advice.fate);
    }
    buffer_text(page, "</dd>");
}

static void put_advice(const struct audit_code *code, struct buffer *page)
{
    buffer_text(page, "<dl>");
    put_sentence(page, "Meaning", code->advice.meaning);
    put_sentence(page, _("First message"), code->message);
    put_executed(code, page);
    put_sentence(page, _("To do"), code->advice.todo);
    buffer_text(page, "</dl>");
}

static void put_code(const struct page_context *context, const struct audit_code *code)
{
    struct buffer *page = context->page;

    buffer_text(page, "<li><h3>");
    page_outcome(page, code->outcome);
    buffer_text(page, " <code>");
    html_cut(page, *code->code ? code->code : _("no code"), PAGE_NAME_BYTES);
    buffer_text(page, "</code></h3><p class=\"count\"><b>");
    html_counted(page, code->rows, "row");
    buffer_text(page, "</b>");
    if (code->outcome != OUTCOME_INVALID) {
        buffer_text(page, " <span>");
        html_yuan(page, code->fee_fen);
        language_append(page, " yuan</span>");
    }
    buffer_text(page, "</p>");
    put_advice(code, page);
    put_first_rows(context, code);
    buffer_text(page, "</li>\n");
}

void page_codes(const struct page_context *context)
{
    const struct audit *audit = context->audit;
    struct buffer *page = context->page;
    size_t limit = page->len + PAGE_CODES_BYTES;
    size_t shown = 0;

    if (!audit->code_count)
        return;
    language_append(page, "<section id=\"codes\"><h2>Why rows are not accepted</h2>\n"
                          "<ol class=\"codes\">\n");
    while (shown < audit->code_count) {
        size_t before = page->len;

        put_code(context, &audit->codes[shown]);
        if (!page_keeps(page, before, limit))
            break;
        shown++;
    }
    buffer_text(page, "</ol>\n");
    page_left_out(page, audit->code_count - shown, _("other code"), _(", left out here.</p>\n"));
    buffer_text(page, "</section>\n");
}
