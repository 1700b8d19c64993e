/* claimbatch audit: whether reports are true, and what they add up to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "audit_json.h"
#include "audit_text.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file/output.h"
#include "base/log.h"
#include "cli/options/options.h"
#include "cli/version.h"
#include "command/audit/page/page.h"
#include "command/audit/reports/report_list.h"
#include "command/commands.h"
#include "ledger/ledger.h"

/* What the user typed counts; else the export is read as the manifest says. */
static bool is_typed(const struct options *options, enum section section, const char *key)
{
    const struct setting *setting = settings_find(&options->settings, section, key);

    return setting && setting->origin.kind == ORIGIN_OPTION;
}

/* Whether something that decides what cells mean was typed. */
static bool is_any_word_typed(const struct options *options)
{
    static const char *const keys[] = {"null", "short-rows", "order-no-pattern", "oldest-time"};

    for (size_t i = 0; i < options->settings.count; i++)
        if (options->settings.list[i].section == SECTION_STATUSES &&
            options->settings.list[i].origin.kind == ORIGIN_OPTION)
            return true;
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        if (is_typed(options, SECTION_INPUT, keys[i]))
            return true;
    return false;
}

static void take_reading(const struct options *options, struct audit_settings *settings)
{
    for (int i = 0; i < FIELD_COUNT; i++)
        settings->export.wanted_columns[i] = options->reader.wanted_columns[i];
    if (is_typed(options, SECTION_INPUT, "encoding"))
        settings->export.encoding = options->encoding;
    if (is_typed(options, SECTION_INPUT, "delimiter"))
        settings->export.delimiter = options->reader.delimiter;
    if (is_typed(options, SECTION_INPUT, "fee_unit"))
        settings->export.fee_unit = options->reader.fee_unit;
    settings->export.rules = options->rules;
    for (int i = 0; i < RULE_COUNT; i++)
        settings->export.is_rule_wanted[i] =
            is_typed(options, SECTION_RULES, rule_name((enum rule)i));
    settings->export.are_words_wanted = is_any_word_typed(options);
    settings->export.is_rule_wanted[RULE_MAX_FEE] = is_typed(options, SECTION_RUN, "max-fee");
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
    if (audit->agrees)
        log_info("everything that was checked agrees; the page: %s", LOG_QUOTED(options->html));
    else
        log_warn("%llu disagreement%s; the page: %s",
                 (unsigned long long)audit->disagreements_found,
                 audit->disagreements_found == 1 ? "" : "s", LOG_QUOTED(options->html));
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

/* ---- folders ---- */

/* One export; what cannot be audited ends that one alone. Returns an exit code, or -1. */
static int run_group(const struct options *options, const struct audit_settings *settings,
                     const struct collected *first, size_t count, struct error *err)
{
    const char **paths = calloc(count, sizeof(*paths));
    struct audit_settings of_group = *settings;
    char day[CLOCK_TOP_BYTES];
    int result;

    if (!paths)
        return error_no_memory(err);
    for (size_t i = 0; i < count; i++)
        paths[i] = first[i].path;
    of_group.paths = paths;
    of_group.path_count = count;
    clock_format_top(first->started_ms, day);
    if (!options->json)
        printf("== '%s' of %.10s ==\n", LOG_QUOTED(first->input_name), day);
    result = run(options, &of_group, err);
    free(paths);
    if (result >= 0 ||
        (err->exit_code != EXIT_INPUT_REFUSED && err->exit_code != EXIT_INPUT_MISSING))
        return result;
    log_error("%s", err->text);
    if (options->json)
        fputs("null\n", stdout);
    return err->exit_code;
}

/* All exports, each by itself; as JSON in one document. The worst of their exit codes. */
static int run_groups(const struct options *options, const struct audit_settings *settings,
                      const struct report_list *c, struct error *err)
{
    int worst = c->missing ? EXIT_ROWS_BAD : EXIT_COMPLETE;

    if (options->json)
        printf("{\"missing\": %zu, \"exports\": [\n", c->missing);
    for (size_t i = 0, next; i < c->count; i = next) {
        int result;

        for (next = i + 1; next < c->count && c->list[next].group == c->list[i].group;)
            next++;
        if (options->json && i)
            fputs(",\n", stdout);
        result = run_group(options, settings, &c->list[i], next - i, err);
        if (result < 0)
            return -1;
        worst = result > worst ? result : worst;
    }
    if (options->json)
        fputs("]}\n", stdout);
    return worst;
}

static int run_folders(const struct options *options, const struct audit_settings *settings,
                       struct error *err)
{
    struct report_list c;
    int result = report_list_gather(settings->paths, settings->path_count, &c, err);

    if (!result && c.groups > 1 && (options->html || options->export_file))
        result = error_set(err, EXIT_BAD_USAGE,
                           "these are reports of %zu exports, and --html and --export are about "
                           "one: name its reports",
                           c.groups);
    if (!result)
        result = run_groups(options, settings, &c, err);
    report_list_release(&c);
    return result;
}

int cmd_audit(const struct options *options, const char *invocation, struct error *err)
{
    struct buffer ledger = {0};
    struct error none;
    struct audit_settings settings = {
        .paths = options->operands,
        .path_count = options->operand_count,
        .export.path = options->export_file,
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
    result = report_list_has_folder(settings.paths, settings.path_count)
                 ? run_folders(options, &settings, err)
                 : run(options, &settings, err);
    buffer_release(&ledger);
    return result;
}
