#include "cli/protected_place.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "base/words/language.h"
#include "cli/options/config.h"
#include "cli/options/options.h"
#include "input/export/own_file.h"
#include "report/beside.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define DATABASE "SQLite format 3"
#define KEY "-----BEGIN "

/* One look at one place. */
struct look {
    const struct options *options;
    const char *path;
    const char *ledger; /* of this command; NULL: none is known */
    bool failed;        /* no memory */
};

static bool begins_with(const char *path, const char *text)
{
    return file_begins_with(path, text, strlen(text));
}

/* What is in front of the ending; empty where the path has another one. */
static void take_stem(struct look *look, const char *ending, struct buffer *ret_stem)
{
    buffer_reset(ret_stem);
    if (beside_has_ending(look->path, ending))
        buffer_append(ret_stem, look->path, strlen(look->path) - strlen(ending));
    look->failed |= ret_stem->failed;
}

static bool is_read(const struct look *look)
{
    const struct options *o = look->options;
    const char *const files[] = {
        o->claims,          o->export_file,  o->from,
        o->app_secret_file, o->session_file, o->sign_key,
        o->verify_key,      o->ca_file,      o->config ? config_path(o->config) : o->config_file};
    bool same = false;

    for (size_t i = 0; i < COUNT(files) && !same; i++)
        same = files[i] && file_is_same(files[i], look->path);
    for (size_t i = 0; i < o->operand_count && !same; i++)
        same = file_is_same(o->operands[i], look->path);
    return same;
}

static bool is_ledger(const struct look *look, const char *path)
{
    return begins_with(path, DATABASE) || (look->ledger && file_is_same(look->ledger, path));
}

/* Whether it is there already or not. */
static bool is_beside_ledger(struct look *look)
{
    static const char *const endings[] = {"-wal", "-shm", "-journal", ".lock"};
    struct buffer stem = {0};
    bool found = false;

    for (size_t i = 0; i < COUNT(endings) && !found; i++) {
        take_stem(look, endings[i], &stem);
        found = stem.len && is_ledger(look, buffer_string(&stem));
    }
    buffer_release(&stem);
    return found;
}

static bool is_beside_report(struct look *look)
{
    static const char *const endings[] = {BESIDE_MANIFEST, BESIDE_STARTED};
    struct buffer stem = {0};
    bool found = false;

    for (size_t i = 0; i < COUNT(endings) && !found; i++) {
        take_stem(look, endings[i], &stem);
        found = stem.len && (file_look(look->path) != FILE_NONE ||
                             file_look(buffer_string(&stem)) != FILE_NONE);
    }
    buffer_release(&stem);
    return found;
}

static bool is_beside_export(const struct look *look)
{
    return beside_has_ending(look->path, BESIDE_LEDGER) && file_look(look->path) != FILE_NONE;
}

static const char *find_cause(struct look *look)
{
    if (is_ledger(look, look->path))
        return _("is a ledger, or another database");
    if (is_beside_ledger(look))
        return _("belongs to the ledger beside it");
    if (own_file_at(look->path) == OWN_FILE_REPORT)
        return _("is a report");
    if (is_beside_report(look))
        return _("belongs to the report beside it, and tells of its run");
    if (is_beside_export(look))
        return _("tells which ledger knows of the export beside it");
    if (begins_with(look->path, KEY))
        return _("is a key or a certificate");
    return is_read(look) ? _("is read by this very command") : NULL;
}

static int spare(struct look *look, const char *option, struct error *err)
{
    const char *cause = find_cause(look);

    if (look->failed)
        return error_no_memory(err);
    return cause ? error_set(err, EXIT_CANNOT_CREATE,
                             "'%s' %s: nothing is ever written over it. Name another file with %s",
                             LOG_QUOTED(look->path), cause, option)
                 : 0;
}

/* An output is written as PATH.partial first. */
int protected_place_spare(const struct options *options, const char *path, const char *option,
                          struct error *err)
{
    struct buffer ledger = {0}, partial = {0};
    struct error none;
    bool has_ledger = !options_ledger_path(options, &ledger, &none) && !ledger.failed;
    char *place = has_ledger ? realpath(buffer_string(&ledger), NULL) : NULL;
    struct look look = {.options = options, .path = path};
    int result = 0;

    if (has_ledger)
        look.ledger = place ? place : buffer_string(&ledger);
    buffer_format(&partial, "%s%s", path, BESIDE_PARTIAL);
    if (partial.failed)
        result = error_no_memory(err);
    else if (strcmp(path, "-") != 0)
        result = spare(&look, option, err);
    look.path = buffer_string(&partial);
    if (!result && strcmp(path, "-") != 0)
        result = spare(&look, option, err);
    free(place);
    buffer_release(&ledger);
    buffer_release(&partial);
    return result;
}
