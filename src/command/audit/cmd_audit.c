/* claimbatch audit: whether reports are true, and what they add up to. */
#include <string.h>

#include "audit.h"
#include "audit_show.h"
#include "base/error.h"
#include "cli/folder.h"
#include "cli/options/options.h"
#include "cli/protected_place.h"
#include "command/audit/month/month_show.h"
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

static int run(const struct options *options, const struct audit_settings *settings,
               struct error *err)
{
    struct audit audit;
    int result;

    if (audit_show_look(options, err))
        return -1;
    result = audit_run(settings, &audit, err);
    if (!result)
        result = audit_show(options, &audit, err);
    if (!result)
        result = audit.agrees ? EXIT_COMPLETE : EXIT_ROWS_BAD;
    audit_release(&audit);
    return result;
}

/* ---- several exports ---- */

/* Whether they are to be taken as what stands in folders, or of many exports: 1, or 0. Reports that
 * are named and do not belong together in some other way are for audit_run to refuse. */
static int are_many(const struct options *options, const struct audit_settings *settings,
                    struct report_list *ret_list, struct error *err)
{
    bool has_folder = report_list_has_folder(settings->paths, settings->path_count);
    bool is_asked = has_folder || options->csv || options->xlsx;

    if (!is_asked && settings->path_count < 2)
        return 0;
    if (report_list_gather(settings->paths, settings->path_count, ret_list, err))
        return is_asked || err->exit_code == EXIT_RESOURCES ? -1 : 0;
    return is_asked || ret_list->groups > 1;
}

static int run_many(const struct options *options, const struct audit_settings *settings,
                    const struct report_list *list, struct error *err)
{
    if (list->groups > 1 && options->export_file)
        return error_set(err, EXIT_BAD_USAGE,
                         "these are reports of %zu exports, and --export is about one: name its "
                         "reports",
                         list->groups);
    return month_show_run(options, settings, list, err);
}

static int run_all(const struct options *options, const struct audit_settings *settings,
                   struct error *err)
{
    struct report_list list = {0};
    int result = are_many(options, settings, &list, err);

    if (result > 0)
        result = run_many(options, settings, &list, err);
    else if (!result)
        result = run(options, settings, err);
    report_list_release(&list);
    return result;
}

/* ---- places ---- */

/* Where files go: in a folder they have the name of the report, or of an audit where it is of
 * more. */
struct places {
    struct buffer html, csv, xlsx;
};

static const char *place(const struct options *options, const char *path, const char *ending,
                         struct buffer *ret_place)
{
    struct buffer name = {0};
    const char *first = options->operands[0];

    if (!path)
        return NULL;
    if (options->operand_count > 1 || report_list_has_folder(&first, 1))
        buffer_format(&name, "audit%s", ending);
    else
        folder_name(first, ending, &name);
    folder_place(path, buffer_string(&name), ret_place);
    ret_place->failed |= name.failed;
    buffer_release(&name);
    return buffer_string(ret_place);
}

/* Also a name that is still free can belong to a ledger or a report. */
static int spare_own(const struct options *placed, struct error *err)
{
    if ((placed->html && protected_place_spare(placed, placed->html, "--html", err)) ||
        (placed->csv && protected_place_spare(placed, placed->csv, "--csv", err)) ||
        (placed->xlsx && protected_place_spare(placed, placed->xlsx, "--xlsx", err)))
        return -1;
    return 0;
}

static int run_placed(const struct options *options, const struct audit_settings *settings,
                      struct error *err)
{
    struct places places = {0};
    struct options placed = *options;
    int result;

    placed.html = place(options, options->html, ".html", &places.html);
    placed.csv = place(options, options->csv, ".claims.csv", &places.csv);
    placed.xlsx = place(options, options->xlsx, ".xlsx", &places.xlsx);
    result = places.html.failed || places.csv.failed || places.xlsx.failed
                 ? error_no_memory(err)
                 : spare_own(&placed, err);
    if (!result)
        result = run_all(&placed, settings, err);
    buffer_release(&places.html);
    buffer_release(&places.csv);
    buffer_release(&places.xlsx);
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
    result = run_placed(options, &settings, err);
    buffer_release(&ledger);
    return result;
}
