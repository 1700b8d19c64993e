#include "report_list.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "base/words/language.h"
#include "report/beside.h"
#include "report/line.h"
#include "report/manifest/manifest.h"
#include "report/missing_report.h"

static bool is_folder(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool report_list_has_folder(const char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_folder(paths[i]))
            return true;
    return false;
}

static void collected_release(struct collected *one)
{
    free(one->path);
    free(one->run);
    free(one->parent);
    free(one->export);
    free(one->input_name);
    *one = (struct collected){0};
}

void report_list_release(struct report_list *report_list)
{
    for (size_t i = 0; i < report_list->count; i++)
        collected_release(&report_list->list[i]);
    for (size_t i = 0; i < report_list->start_count; i++)
        free(report_list->starts[i]);
    free(report_list->starts);
    free(report_list->list);
    *report_list = (struct report_list){0};
}

/* ---- one report ---- */

static bool is_there_already(const struct report_list *report_list, const char *path)
{
    for (size_t i = 0; i < report_list->count; i++)
        if (file_is_same(report_list->list[i].path, path))
            return true;
    return false;
}

static int fill(struct collected *one, const char *path, const struct manifest_found *manifest,
                struct error *err)
{
    struct buffer export = {0};

    buffer_format(&export, "%s %s %s", manifest->input_sha256, manifest->ledger_id,
                  manifest->platform);
    *one = (struct collected){
        .path = strdup(path),
        .run = strdup(manifest->run),
        .parent = strdup(manifest->parent_run),
        .export = export.failed ? NULL : strdup(export.ptr),
        .input_name = strdup(manifest->input_name),
        .started_ms = manifest->started_ms,
    };
    buffer_release(&export);
    if (one->path && one->run && one->parent && one->export && one->input_name)
        return 0;
    collected_release(one);
    return error_no_memory(err);
}

static int add(struct report_list *report_list, const char *path,
               const struct manifest_found *manifest, struct error *err)
{
    struct collected one;

    if (is_there_already(report_list, path))
        return 0;
    if (fill(&one, path, manifest, err))
        return -1;
    if (!ARRAY_HAS_ROOM(report_list->list, report_list->count, report_list->room)) {
        collected_release(&one);
        return error_no_memory(err);
    }
    report_list->list[report_list->count++] = one;
    return 0;
}

/* ---- a folder ---- */

static int take_manifest(struct report_list *report_list, const char *report_path,
                         struct error *err)
{
    struct manifest_found manifest;
    struct error unread;
    struct stat status;
    int found = manifest_read(report_path, &manifest, &unread);
    int result = 0;

    if (found < 0 && unread.exit_code == EXIT_RESOURCES) {
        result = error_no_memory(err);
    } else if (found < 0) {
        log_warn("passed over: %s", unread.text);
        report_list->missing++;
    } else if (found && stat(report_path, &status)) {
        log_warn("the manifest of '%s' (run %s) is there, but not the report: %s",
                 LOG_QUOTED(report_path), manifest.run, strerror(errno));
        report_list->missing++;
    } else if (found) {
        result = add(report_list, report_path, &manifest, err);
    }
    manifest_found_release(&manifest);
    return result;
}

/* As it is when a publication was cut between its two files. */
static bool is_cut(const char *report_path)
{
    return beside_stands(report_path, "") && !beside_stands(report_path, BESIDE_MANIFEST) &&
           beside_stands(report_path, BESIDE_MANIFEST BESIDE_PARTIAL);
}

/* What tells of a start: whether that left a report is known when all folders were seen. */
static int take_start(struct report_list *report_list, const char *path, struct error *err)
{
    char *kept = strdup(path);

    if (!kept ||
        !ARRAY_HAS_ROOM(report_list->starts, report_list->start_count, report_list->start_room)) {
        free(kept);
        return error_no_memory(err);
    }
    report_list->starts[report_list->start_count++] = kept;
    return 0;
}

/* Whether a report tells of that start, or of a later one of the same run: it was gone on with
 * where its export lay then. */
static bool has_report(const struct report_list *report_list, const char *start)
{
    struct manifest_found manifest;
    struct error ignored;
    bool found = false;

    if (manifest_read_start(start, &manifest, &ignored) > 0)
        for (size_t i = 0; i < report_list->count && !found; i++)
            found = strcmp(report_list->list[i].run, manifest.run) == 0 &&
                    report_list->list[i].started_ms >= manifest.started_ms;
    manifest_found_release(&manifest);
    return found;
}

static bool is_of_rerun(const char *start)
{
    struct manifest_found manifest;
    struct error ignored;
    bool is_rerun = manifest_read_start(start, &manifest, &ignored) > 0 && *manifest.parent_run;

    manifest_found_release(&manifest);
    return is_rerun;
}

/* Where the report stands without its manifest, that is told of it. */
static bool is_of_cut_report(const char *start)
{
    struct buffer report = {0};
    bool is_of_cut;

    buffer_format(&report, "%.*s", (int)(strlen(start) - strlen(BESIDE_STARTED)), start);
    is_of_cut = !report.failed && is_cut(report.ptr);
    buffer_release(&report);
    return is_of_cut;
}

static void say_interrupted(const struct report_list *report_list)
{
    for (size_t i = 0; i < report_list->start_count; i++) {
        const char *start = report_list->starts[i];

        if (has_report(report_list, start) || is_of_cut_report(start))
            continue;
        if (is_of_rerun(start))
            log_warn(
                "'%s': a rerun was interrupted before it could publish its report, or is "
                "active; type the rerun again, or, where nothing is left to send, see claimbatch "
                "status",
                LOG_QUOTED(start));
        else
            log_warn("'%s': a run was interrupted before it could publish its report, or is "
                     "active; type the upload again",
                     LOG_QUOTED(start));
    }
}

static bool is_report_alone(const char *path)
{
    return beside_has_ending(path, ".csv") && !beside_stands(path, BESIDE_MANIFEST) &&
           line_begins_file(path);
}

static void say_alone(const char *path)
{
    if (is_cut(path))
        log_warn("'%s' is a report whose publication was interrupted before its manifest, or is "
                 "under way; it is passed over. To make it whole: claimbatch resolve '%s'",
                 LOG_QUOTED(path), LOG_QUOTED(path));
    else
        log_warn("'%s' is a report without a manifest, and passed over: name it to audit it alone",
                 LOG_QUOTED(path));
}

/* A file of a folder: a manifest, a report without one, or nothing that matters. */
static int take_file(struct report_list *report_list, struct buffer *path, struct error *err)
{
    if (beside_has_ending(path->ptr, BESIDE_MANIFEST)) {
        path->len -= strlen(BESIDE_MANIFEST);
        path->ptr[path->len] = '\0';
        return take_manifest(report_list, path->ptr, err);
    }
    if (beside_has_ending(path->ptr, BESIDE_STARTED))
        return take_start(report_list, path->ptr, err);
    if (is_report_alone(path->ptr)) {
        say_alone(path->ptr);
        report_list->missing++;
    }
    return 0;
}

static int skip_dots(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int take_folder(struct report_list *report_list, const char *folder, struct error *err)
{
    struct dirent **names;
    int count = scandir(folder, &names, skip_dots, alphasort);
    int result = 0;

    if (count < 0)
        return error_set(err, EXIT_INPUT_MISSING, "cannot read the folder '%s': %s",
                         LOG_QUOTED(folder), strerror(errno));
    for (int i = 0; i < count; i++) {
        struct buffer path = {0};

        buffer_format(&path, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/",
                      names[i]->d_name);
        if (!result)
            result = path.failed ? error_no_memory(err) : take_file(report_list, &path, err);
        buffer_release(&path);
        free(names[i]);
    }
    free(names);
    return result;
}

/* A report that was named has to be there, and to have its manifest. */
static int take_named(struct report_list *report_list, const char *path, struct error *err)
{
    struct manifest_found manifest;
    int found;

    if (access(path, R_OK))
        return missing_report_refuse(path, errno, err);
    found = manifest_read(path, &manifest, err);
    if (found > 0)
        found = add(report_list, path, &manifest, err);
    else if (!found)
        found = error_set(err, EXIT_INPUT_REFUSED, "'%s' has no manifest beside it: audit it alone",
                          LOG_QUOTED(path));
    manifest_found_release(&manifest);
    return found;
}

/* ---- groups ---- */

static bool are_of_one_export(const struct collected *a, const struct collected *b)
{
    return strcmp(a->export, b->export) == 0 || strcmp(a->run, b->run) == 0 ||
           (*a->parent && strcmp(a->parent, b->run) == 0) ||
           (*b->parent && strcmp(b->parent, a->run) == 0) ||
           (*a->parent && strcmp(a->parent, b->parent) == 0);
}

static void join(struct report_list *report_list, size_t from, size_t to)
{
    for (size_t i = 0; i < report_list->count; i++)
        if (report_list->list[i].group == from)
            report_list->list[i].group = to;
}

static int compare_groups(const void *a, const void *b)
{
    const struct collected *x = a;
    const struct collected *y = b;

    return x->group != y->group ? (x->group < y->group ? -1 : 1) : strcmp(x->path, y->path);
}

static void group(struct report_list *report_list)
{
    struct collected *list = report_list->list;
    size_t last = SIZE_MAX;

    for (size_t i = 0; i < report_list->count; i++)
        list[i].group = i;
    for (size_t i = 0; i < report_list->count; i++)
        for (size_t k = 0; k < i; k++)
            if (list[i].group != list[k].group && are_of_one_export(&list[i], &list[k]))
                join(report_list, list[i].group, list[k].group);
    if (report_list->count)
        qsort(list, report_list->count, sizeof(*list), compare_groups);
    for (size_t i = 0; i < report_list->count; i++) {
        size_t old = list[i].group;

        report_list->groups += old != last;
        last = old;
        list[i].group = report_list->groups - 1;
    }
}

int report_list_gather(const char *const *paths, size_t count, struct report_list *ret_report_list,
                       struct error *err)
{
    int result = 0;

    *ret_report_list = (struct report_list){0};
    for (size_t i = 0; i < count && !result; i++)
        result = is_folder(paths[i]) ? take_folder(ret_report_list, paths[i], err)
                                     : take_named(ret_report_list, paths[i], err);
    say_interrupted(ret_report_list);
    if (!result && !ret_report_list->count && !ret_report_list->missing)
        result = error_set(err, EXIT_INPUT_MISSING, "there is no report in '%s'%s",
                           LOG_QUOTED(paths[0]), count > 1 ? _(" or the other folders") : "");
    if (!result)
        group(ret_report_list);
    return result;
}
