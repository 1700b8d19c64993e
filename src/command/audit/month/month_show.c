#include "month_show.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file/output.h"
#include "base/log.h"
#include "base/words/language.h"
#include "base/words/terminal.h"
#include "cli/options/options.h"
#include "cli/version.h"
#include "command/audit/audit_json.h"
#include "command/audit/audit_show.h"
#include "command/audit/page/page.h"
#include "command/audit/page/page_month.h"
#include "command/audit/reports/report_list.h"
#include "month.h"
#include "month_csv.h"
#include "month_json.h"
#include "month_text.h"
#include "month_xlsx.h"

struct show {
    const struct options *options;
    struct month month;
    bool is_one; /* export */
    struct month_csv *csv;
};

/* ---- places ---- */

static int look(const struct options *options, struct error *err)
{
    int prints =
        options->json + output_is_standard(options->html) + output_is_standard(options->csv);

    if (prints > 1)
        return error_set(err, EXIT_BAD_USAGE,
                         "only one of --json, --html - and --csv - can be written to standard "
                         "output; name files for the others");
    if ((options->csv && month_csv_look(options->csv, err)) ||
        (options->xlsx && month_xlsx_look(options->xlsx, err)))
        return -1;
    return audit_show_look(options, err);
}

/* Whether the summary is printed: not beside a file that has it all. */
static bool is_printed(const struct options *options)
{
    return options->json || (!options->html && !options->csv && !options->xlsx);
}

/* ---- each export ---- */

static int print_json(const struct month_export *export, struct error *err)
{
    struct buffer text = {0};
    int result = 0;

    if (export->fault)
        buffer_text(&text, "null\n");
    else
        result = audit_json(&export->audit, &text, err);
    if (!result)
        result = audit_show_print(&text, err);
    buffer_release(&text);
    return result;
}

/* The audit of the only export, under its name. */
static int show_one(const struct show *show, const struct month_export *export, struct error *err)
{
    char day[MONTH_DAY_BYTES];

    if (export->fault)
        return 0;
    if (is_printed(show->options) && !show->options->json)
        language_printf("== '%s' of %s ==\n", LOG_QUOTED(export->name),
                        month_sums_day_text(month_sums_day_of(export->started_ms), day));
    return show->options->html || is_printed(show->options)
               ? audit_show(show->options, &export->audit, err)
               : 0;
}

static int show_export(void *context, const struct month_export *export, struct error *err)
{
    const struct show *show = context;

    if (export->fault)
        log_error("%s", export->fault);
    if (show->options->json && show->month.export_count > 1)
        fputs(",\n", stdout);
    if (show->options->json && (!show->is_one || export->fault))
        return print_json(export, err);
    return show->is_one ? show_one(show, export, err) : 0;
}

static int show_claim(void *context, const struct month_claim *claim, struct error *err)
{
    const struct show *show = context;

    return show->csv ? month_csv_add(show->csv, &show->month, claim, err) : 0;
}

/* ---- all of them ---- */

static int print_month(const struct show *show, struct error *err)
{
    struct buffer text = {0};
    int result = show->options->json ? month_json(&show->month, &text, err)
                                     : month_text(&show->month, &text, err);

    if (!result && show->options->json)
        result = audit_show_print(&text, err);
    else if (!result) {
        terminal_print(buffer_string(&text));
        result = output_flush_standard(err);
    }
    buffer_release(&text);
    return result;
}

/* The verdict and where the files are; they have the rest. */
static void tell(const struct show *show, const char *what, const char *path)
{
    const struct month *month = &show->month;

    if (!path || output_is_standard(path))
        return;
    if (month->agrees)
        log_info("everything that was checked agrees; %s: %s", what, LOG_QUOTED(path));
    else if (month->disagreements)
        log_warn("%llu disagreement%s; %s: %s", (unsigned long long)month->disagreements,
                 month->disagreements == 1 ? "" : "s", what, LOG_QUOTED(path));
    else
        log_warn("not all reports are there; %s: %s", what, LOG_QUOTED(path));
}

static int write_page(const struct show *show, struct error *err)
{
    const char *path = show->options->html;
    struct buffer page = {0};
    int result = page_month_make(&show->month, CLAIMBATCH_VERSION, clock_wall_ms(), &page, err);

    if (!result)
        result =
            output_is_standard(path) ? audit_show_print(&page, err) : page_write(&page, path, err);
    buffer_release(&page);
    if (!result)
        tell(show, _("the page"), path);
    return result;
}

static int write_files(struct show *show, struct error *err)
{
    const struct options *o = show->options;

    if (o->html && !show->is_one && write_page(show, err))
        return -1;
    if (show->csv && month_csv_publish(show->csv, err))
        return -1;
    tell(show, _("the claims"), o->csv);
    if (o->xlsx && month_xlsx_write(&show->month, o->xlsx, err))
        return -1;
    tell(show, _("the workbook"), o->xlsx);
    return 0;
}

static int show_month(struct show *show, struct error *err)
{
    if (show->options->json)
        fputs(show->is_one ? "]}\n" : "],\n\"month\":\n", stdout);
    if (write_files(show, err))
        return -1;
    if (!show->is_one && is_printed(show->options) && print_month(show, err))
        return -1;
    if (show->options->json && !show->is_one)
        fputs("}\n", stdout);
    return output_flush_standard(err);
}

static int exit_code_of(const struct month *month)
{
    int worst = month->agrees ? EXIT_COMPLETE : EXIT_ROWS_BAD;

    for (size_t i = 0; i < month->export_count; i++)
        if (month->exports[i].exit_code > worst)
            worst = month->exports[i].exit_code;
    return worst;
}

static int run(struct show *show, const struct month_settings *settings, struct error *err)
{
    const struct options *o = show->options;

    if (look(o, err) || (o->csv && month_csv_open(o->csv, &show->csv, err)))
        return -1;
    if (o->json)
        printf("{\"missing\": %zu, \"exports\": [\n", settings->reports->missing);
    if (month_run(settings, &show->month, err) || show_month(show, err))
        return -1;
    return exit_code_of(&show->month);
}

int month_show_run(const struct options *options, const struct audit_settings *settings,
                   const struct report_list *reports, struct error *err)
{
    struct show show = {.options = options, .is_one = reports->groups == 1};
    const struct month_settings of_month = {
        .audit = settings,
        .reports = reports,
        .on_export = show_export,
        .on_claim = show_claim,
        .context = &show,
    };
    int result = run(&show, &of_month, err);

    month_csv_close(show.csv);
    month_release(&show.month);
    return result;
}
