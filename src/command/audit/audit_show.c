#include "audit_show.h"

#include <stdio.h>

#include "audit_json.h"
#include "audit_text.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file/output.h"
#include "base/log.h"
#include "base/words/terminal.h"
#include "cli/options/options.h"
#include "cli/version.h"
#include "command/audit/page/page.h"

int audit_show_print(const struct buffer *text, struct error *err)
{
    fwrite(buffer_string(text), 1, text->len, stdout);
    return output_flush_standard(err);
}

static int print_summary(const struct options *options, const struct audit *audit,
                         struct error *err)
{
    struct buffer text = {0};
    int result = 0;

    if (options->json)
        result = audit_json(audit, &text, err);
    else
        audit_text(audit, &text);
    if (!result && text.failed)
        result = error_no_memory(err);
    if (!result && options->json)
        result = audit_show_print(&text, err);
    else if (!result) {
        terminal_print(buffer_string(&text));
        result = output_flush_standard(err);
    }
    buffer_release(&text);
    return result;
}

/* The verdict and where the page is; the page has the rest. */
static void tell(const struct options *options, const struct audit *audit)
{
    if (audit->agrees)
        log_info("everything that was checked agrees; the page: %s", LOG_QUOTED(options->html));
    else
        log_warn("%llu disagreement%s; the page: %s",
                 (unsigned long long)audit->disagreements_found,
                 audit->disagreements_found == 1 ? "" : "s", LOG_QUOTED(options->html));
}

static int write_page(const struct options *options, const struct audit *audit, struct error *err)
{
    struct buffer page = {0};
    int result = page_make(audit, CLAIMBATCH_VERSION, clock_wall_ms(), &page, err);

    if (!result && output_is_standard(options->html))
        result = audit_show_print(&page, err);
    else if (!result)
        result = page_write(&page, options->html, err);
    if (!result && !output_is_standard(options->html))
        tell(options, audit);
    buffer_release(&page);
    return result;
}

int audit_show(const struct options *options, const struct audit *audit, struct error *err)
{
    if (options->html && write_page(options, audit, err))
        return -1;
    return options->html && !options->json ? 0 : print_summary(options, audit, err);
}

int audit_show_look(const struct options *options, struct error *err)
{
    if (!options->html)
        return 0;
    if (!output_is_standard(options->html))
        return page_look(options->html, err);
    if (options->json)
        return error_set(err, EXIT_BAD_USAGE,
                         "--json and --html - both write to standard output; name a file for the "
                         "page");
    return 0;
}
