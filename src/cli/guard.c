#include "cli/guard.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "report/traces.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* ---- the ledger ---- */

static int refuse_other(const struct submission *s, const char *report_path, const char *named,
                        struct error *err)
{
    char quoted[2][LOG_QUOTE_BYTES];

    return error_set(err, EXIT_BAD_CONFIG,
                     "the report '%s' of this export was made with ledger %s, but '%s' is ledger "
                     "%s; nothing was sent. Name the right one with --ledger, or say --new-ledger "
                     "if it is lost: then rows may be sent twice",
                     log_quote(report_path, quoted[0], LOG_QUOTE_BYTES), named,
                     log_quote(ledger_path(s->ledger), quoted[1], LOG_QUOTE_BYTES),
                     ledger_id(s->ledger));
}

static int refuse_older(const struct submission *s, const char *report_path, const char *run,
                        struct error *err)
{
    char quoted[2][LOG_QUOTE_BYTES];

    return error_set(err, EXIT_BAD_CONFIG,
                     "the ledger '%s' does not know run %s, whose report is '%s': it is an older "
                     "copy of itself; nothing was sent. Bring back the newer one, or say "
                     "--new-ledger if it is lost: then rows may be sent twice",
                     log_quote(ledger_path(s->ledger), quoted[0], LOG_QUOTE_BYTES), run,
                     log_quote(report_path, quoted[1], LOG_QUOTE_BYTES));
}

static int check_origin(const struct submission *s, const char *report_path, const char *named,
                        const char *run_name, struct error *err)
{
    struct run_record run;
    int found;

    if (!*named)
        return 0;
    if (strcmp(named, ledger_id(s->ledger)) != 0)
        return refuse_other(s, report_path, named, err);
    found = ledger_run_named(s->ledger, run_name, &run, err);
    if (found < 0)
        return -1;
    return found ? 0 : refuse_older(s, report_path, run_name, err);
}

static int see_trace(void *context, const char *report_path, const struct manifest_found *manifest,
                     struct error *err)
{
    return check_origin(context, report_path, manifest->ledger_id, manifest->run, err);
}

int guard_ledger(const struct submission *s, struct error *err)
{
    struct run_record run;
    int found;

    if (s->options->new_ledger)
        return 0;
    if (check_origin(s, s->report_path.ptr, s->place.ledger_id, s->place.run, err))
        return -1;
    /* Where a run of this export was begun with this ledger, it was meant. */
    found = submission_find_run(s, &run, err);
    if (found < 0)
        return -1;
    /* A rerun begins with a report: that is looked at for itself. */
    if (found || s->parent || strcmp(s->options->claims, "-") == 0)
        return 0;
    return traces_visit(s->options->claims, s->inspection.survey.sha256, s->endpoint.platform,
                        see_trace, (void *)(uintptr_t)s, err);
}

/* ---- the files ---- */

static int refuse_file(const char *path, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];

    return error_set(err, EXIT_CANNOT_CREATE,
                     "the report cannot go to '%s': this command reads or keeps that file; nothing "
                     "was sent. Name another report with -o",
                     log_quote(path, quoted, sizeof(quoted)));
}

/* `beside` names what stands with the file, each beginning with what is added to its path. */
static int check_file(const struct submission *s, const char *file, const char *const *beside,
                      size_t count, struct error *err)
{
    static const char *const outputs[] = {"", ".partial", ".manifest.json",
                                          ".manifest.json.partial"};
    struct buffer kept = {0};
    struct buffer written = {0};
    int result = 0;

    for (size_t i = 0; file && i < count * COUNT(outputs) && !result; i++) {
        buffer_reset(&kept);
        buffer_reset(&written);
        buffer_format(&kept, "%s%s", file, beside[i / COUNT(outputs)]);
        buffer_format(&written, "%s%s", s->report_path.ptr, outputs[i % COUNT(outputs)]);
        if (kept.failed || written.failed)
            result = error_no_memory(err);
        else if (file_is_same(kept.ptr, written.ptr))
            result = refuse_file(s->report_path.ptr, err);
    }
    buffer_release(&kept);
    buffer_release(&written);
    return result;
}

int guard_files(const struct submission *s, struct error *err)
{
    /* SQLite's own (https://www.sqlite.org/tempfiles.html), and the lock. */
    static const char *const ledgers[] = {"", "-wal", "-shm", "-journal", ".lock"};
    static const char *const alone[] = {""};
    const struct options *o = s->options;
    char *place = realpath(s->ledger_path.ptr, NULL); /* none is there yet: as it is named */
    int result = 0;
    const char *const files[] = {o->claims,   o->app_secret_file, o->session_file,
                                 o->sign_key, o->config_file,     o->ca_file};

    for (size_t i = 0; i < COUNT(files) && !result; i++)
        result = check_file(s, files[i], alone, COUNT(alone), err);
    if (!result)
        result = check_file(s, place ? place : s->ledger_path.ptr, ledgers, COUNT(ledgers), err);
    free(place);
    return result;
}
