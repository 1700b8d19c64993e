/* claimbatch audit: whether reports are true, and what they add up to. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/output.h"
#include "cli/audit_json.h"
#include "cli/audit_text.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/version.h"
#include "ledger/ledger.h"
#include "report/audit.h"
#include "report/page.h"

/* What the user typed counts; else the export is read as the manifest says. */
static bool is_typed(const struct options *options, enum section section, const char *key)
{
    const struct setting *setting = settings_find(&options->settings, section, key);

    return setting && setting->origin.kind == ORIGIN_OPTION;
}

static void take_reading(const struct options *options, struct audit_settings *settings)
{
    for (int i = 0; i < FIELD_COUNT; i++)
        settings->wanted_columns[i] = options->reader.wanted_columns[i];
    if (is_typed(options, SECTION_INPUT, "encoding"))
        settings->encoding = options->encoding;
    if (is_typed(options, SECTION_INPUT, "delimiter"))
        settings->delimiter = options->reader.delimiter;
    if (is_typed(options, SECTION_INPUT, "fee_unit"))
        settings->fee_unit = options->reader.fee_unit;
    settings->rules = options->rules;
    for (int i = 0; i < RULE_COUNT; i++)
        settings->is_rule_wanted[i] = is_typed(options, SECTION_RULES, rule_name((enum rule)i));
    settings->is_rule_wanted[RULE_MAX_FEE] = is_typed(options, SECTION_RUN, "max-fee");
}

static int print(const struct buffer *text, struct error *err)
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
    if (!result)
        result = print(&text, err);
    buffer_release(&text);
    return result;
}

/* The verdict and where the page is; the page has the rest. */
static void tell(const struct options *options, const struct audit *audit)
{
    char quoted[LOG_QUOTE_BYTES];

    log_quote(options->html, quoted, sizeof(quoted));
    if (audit->agrees)
        log_info("everything that was checked agrees; the page: %s", quoted);
    else
        log_warn("%llu disagreement%s; the page: %s",
                 (unsigned long long)audit->disagreements_found,
                 audit->disagreements_found == 1 ? "" : "s", quoted);
}

static bool goes_to_output(const char *path)
{
    return strcmp(path, "-") == 0;
}

static int write_page(const struct options *options, const struct audit *audit, struct error *err)
{
    struct buffer page = {0};
    int result = page_make(audit, CLAIMBATCH_VERSION, clock_wall_ms(), &page, err);

    if (!result && goes_to_output(options->html))
        result = print(&page, err);
    else if (!result)
        result = page_write(&page, options->html, err);
    if (!result && !goes_to_output(options->html))
        tell(options, audit);
    buffer_release(&page);
    return result;
}

static int show(const struct options *options, const struct audit *audit, struct error *err)
{
    if (options->html && write_page(options, audit, err))
        return -1;
    return options->html && !options->json ? 0 : print_summary(options, audit, err);
}

/* Before the reports are read, which takes its time. */
static int look_at_place(const struct options *options, struct error *err)
{
    if (!options->html)
        return 0;
    if (!goes_to_output(options->html))
        return page_look(options->html, err);
    if (options->json)
        return error_set(err, EXIT_BAD_USAGE,
                         "--json and --html - both write to standard output; name a file for the "
                         "page");
    return 0;
}

static int run(const struct options *options, const struct audit_settings *settings,
               struct error *err)
{
    struct audit audit;
    int result;

    if (look_at_place(options, err))
        return -1;
    result = audit_run(settings, &audit, err);
    if (!result)
        result = show(options, &audit, err);
    if (!result)
        result = audit.agrees ? EXIT_COMPLETE : EXIT_ROWS_BAD;
    audit_release(&audit);
    return result;
}

int cmd_audit(const struct options *options, const char *invocation, struct error *err)
{
    struct buffer ledger = {0};
    struct error none;
    struct audit_settings settings = {
        .paths = options->operands,
        .path_count = options->operand_count,
        .export_path = options->export_file,
        .ledger_path = options->ledger,
        .ledger_is_named = options->ledger != NULL,
        .verify_key = options->verify_key,
    };
    int result;

    (void)invocation;
    take_reading(options, &settings);
    /* Without a place for a ledger there is none to compare with. */
    if (!options->ledger && !ledger_default_path(&ledger, &none) && !ledger.failed)
        settings.ledger_path = ledger.ptr;
    result = run(options, &settings, err);
    buffer_release(&ledger);
    return result;
}
