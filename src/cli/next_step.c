#include "cli/next_step.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/words/language.h"
#include "cli/options/options.h"
#include "cli/same_file.h"
#include "cli/summary.h"

static void append_option(struct buffer *words, const char *name, const char *value)
{
    buffer_format(words, " --%s ", name);
    summary_quote(value, words);
}

static bool was_typed(const struct options *o, enum section section, const char *key)
{
    const struct setting *setting = settings_find(&o->settings, section, key);

    return setting && setting->origin.kind == ORIGIN_OPTION;
}

void next_step_append_command(const struct options *o, const char *command, const char *file,
                              struct buffer *words)
{
    buffer_format(words, "claimbatch %s", command);
    if (file) {
        buffer_byte(words, ' ');
        summary_quote(file, words);
    }
    if (o->config_file)
        append_option(words, "config", o->config_file);
    if (was_typed(o, SECTION_RUN, "ledger"))
        append_option(words, "ledger", o->ledger);
    if (was_typed(o, SECTION_GATEWAY, "url"))
        append_option(words, "gateway", o->gateway);
}

/* The rows that are to be sent now: by the export's own command where it still is there. */
static void append_sending(const struct next_step *next_step, struct buffer *words)
{
    const struct manifest_found *manifest = next_step->manifest;
    bool has_export =
        strcmp(manifest->command, "upload") == 0 && *manifest->input_path &&
        same_file_export(manifest->input_path, manifest->input_bytes, manifest->input_sha256);

    next_step_append_command(next_step->options, has_export ? "upload" : "rerun",
                             has_export ? manifest->input_path : next_step->options->claims, words);
    if (has_export)
        append_option(words, "report", next_step->options->claims);
    append_option(words, "app-key", manifest->app_key);
}

static void append_deciding(const struct next_step *next_step, bool by_row, struct buffer *words)
{
    const char *list = next_step->list;

    if (list) {
        language_append(words,
                        "next: send the list to the platform's support; when 'as' (accepted or "
                        "not-executed), 'by' and 'reason' are filled in: ");
        next_step_append_command(next_step->options, "resolve", next_step->options->claims, words);
        append_option(words, "from", list);
        return;
    }
    language_append(words, "next: ask the platform what became of them; a list for its support: ");
    next_step_append_command(next_step->options, "resolve", next_step->options->claims, words);
    buffer_text(words, " -o FILE");
    if (!by_row)
        return;
    language_append(words, "\nor say yourself what it was (accepted or not-executed): ");
    next_step_append_command(next_step->options, "resolve", next_step->options->claims, words);
    buffer_text(words, " --row N --as accepted --by NAME --reason TEXT");
}

static void say_what_is_next(const struct next_step *next_step)
{
    struct buffer words = {0};

    if (next_step->totals->own) {
        append_deciding(next_step, next_step->totals->own > next_step->orphans, &words);
    } else if (next_step->waiting) {
        language_append(&words, "next: ");
        next_step_append_command(next_step->options, "resolve", next_step->elsewhere, &words);
    } else if (next_step->is_abandoned) {
        language_append(&words, "next: nothing is left to do; the corrected export is a new run");
    } else if (next_step->over || (next_step->open && next_step->open == next_step->judged)) {
        language_append(&words,
                        "next: have the rows judged anew whose claim was settled in another "
                        "run, with the same options as before: ");
        append_sending(next_step, &words);
        if (next_step->over)
            buffer_text(&words, " --resend-unknown --by NAME --reason TEXT");
    } else if (next_step->open) {
        language_append(&words,
                        "next: send what was not executed, with the same options as before: ");
        append_sending(next_step, &words);
    } else {
        language_append(&words, "next: nothing is left to do");
    }
    log_info("%s", buffer_string(&words));
    buffer_release(&words);
}

static void say_what_was_settled(const struct next_step *next_step)
{
    const struct unknown_row_totals *t = next_step->totals;

    if (!next_step->was_settled)
        return;
    log_info("settled and recorded: %llu%s", (unsigned long long)t->settled,
             t->settled ? _("; the report was published anew") : "");
    if (t->settled_before)
        log_info("settled like this before: %llu", (unsigned long long)t->settled_before);
    if (t->skipped)
        log_info("lines of the file where 'as' is empty: %llu", (unsigned long long)t->skipped);
}

void next_step_print(const struct next_step *next_step)
{
    const struct unknown_row_totals *t = next_step->totals;
    void (*say)(const char *format, ...) __attribute__((format(printf, 1, 2))) =
        t->unknown ? log_warn : log_info;

    say_what_was_settled(next_step);
    if (next_step->is_abandoned)
        log_info("run %s was abandoned: none of its rows is sent any more", next_step->run->name);
    else if (!next_step->run->finished_ms)
        log_warn("run %s was interrupted after this report was written; the same command as then "
                 "goes on with it",
                 next_step->run->name);
    say(_("run %s, report '%s': unknown rows: %llu; to be settled here: %llu; waiting for another "
          "row: %llu"),
        next_step->run->name, LOG_QUOTED(next_step->options->claims),
        (unsigned long long)t->unknown, (unsigned long long)t->own,
        (unsigned long long)next_step->waiting);
    if (next_step->orphans)
        log_info(
            "of those to be settled here, only with a list (-o FILE), since what is unknown is "
            "other content of their claim: %llu",
            (unsigned long long)next_step->orphans);
    if (next_step->list)
        log_info("the list: %s", LOG_QUOTED(next_step->list));
    say_what_is_next(next_step);
}
