#include "report/publication.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/file/file.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/words/language.h"
#include "report/line.h"
#include "report/manifest/signature.h"

static bool is_same_export(const struct manifest_found *found, const char *export_path,
                           const unsigned char *export_sha256)
{
    char *path = realpath(export_path, NULL);
    bool same = digest_is(export_sha256, found->input_sha256) ||
                (path && strcmp(found->input_path, path) == 0);

    free(path);
    return same;
}

int publication_take_digests(const struct manifest_found *found, struct publication_place *place,
                             struct error *err)
{
    size_t count = found->replaced_count;
    size_t skip = count >= MANIFEST_REPLACED_MAX ? count + 1 - MANIFEST_REPLACED_MAX : 0;

    place->replaced = calloc(count - skip + 1, sizeof(*place->replaced));
    if (!place->replaced)
        return error_no_memory(err);
    for (size_t i = skip; i < count; i++)
        memcpy(place->replaced[place->replaced_count++], found->replaced[i],
               MANIFEST_SHA256_TEXT_BYTES);
    memcpy(place->replaced[place->replaced_count++], found->report_sha256,
           MANIFEST_SHA256_TEXT_BYTES);
    return 0;
}

int publication_refuse(const char *report_path, const char *why, struct error *err)
{
    return error_set(err, EXIT_CANNOT_CREATE,
                     "'%s' exists and %s; nothing was sent. Name another report with -o, or use "
                     "--overwrite, which moves it aside",
                     LOG_QUOTED(report_path), why);
}

static int refuse_platform(const char *report_path, const char *then, const char *now,
                           struct error *err)
{
    return error_set(err, EXIT_BAD_CONFIG,
                     "'%s' is the report of this export on platform '%s', not '%s'; nothing was "
                     "sent. Name the same --gateway. Only if it is truly another platform, and its "
                     "claims are to be sent there as well: another report with -o, or --overwrite",
                     LOG_QUOTED(report_path), LOG_QUOTED(then), LOG_QUOTED(now));
}

/* What the manifest tells, which names a run. */
static int take_manifest(const struct manifest_found *found, const char *export_path,
                         const unsigned char *export_sha256, enum place_choice choice, bool exists,
                         struct publication_place *place, struct error *err)
{
    bool is_ours = is_same_export(found, export_path, export_sha256);

    snprintf(place->standing, sizeof(place->standing), "%s", found->run);
    place->is_foreign = exists && !is_ours && choice == PLACE_NAMED;
    if (is_ours) {
        snprintf(place->ledger_id, sizeof(place->ledger_id), "%s", found->ledger_id);
        snprintf(place->run, sizeof(place->run), "%s", found->run);
        place->finished_ms = found->finished_ms;
        place->report_stands = exists && digest_is(export_sha256, found->input_sha256);
    }
    return exists ? publication_take_digests(found, place, err) : 0;
}

/* Whether the folder has no room for so long a name as the manifest's. */
static bool is_too_long(const char *report_path)
{
    struct buffer path = {0};
    struct stat ignored;
    bool too_long = false;

    manifest_path(report_path, &path);
    too_long = lstat(buffer_string(&path), &ignored) != 0 && errno == ENAMETOOLONG;
    buffer_release(&path);
    return too_long;
}

static int refuse_long(const char *report_path, struct error *err)
{
    return error_set(err, EXIT_CANNOT_CREATE,
                     "what stands beside the report '%s' would need a longer name than the file "
                     "system takes: %s; nothing was sent. Name a report with a shorter name with "
                     "-o",
                     LOG_QUOTED(report_path), strerror(ENAMETOOLONG));
}

/* What is no manifest of ours may go where a person says so; what may not be read is not judged. */
static int refuse_unread(const char *report_path, enum place_choice choice, struct error *err)
{
    char why[ERROR_TEXT_BYTES / 2];

    if (err->exit_code == EXIT_INPUT_REFUSED)
        return choice == PLACE_OVERWRITE
                   ? 0
                   : publication_refuse(report_path, _("has a manifest that is not whole"), err);
    if (err->exit_code == EXIT_RESOURCES)
        return -1;
    if (is_too_long(report_path))
        return refuse_long(report_path, err);
    snprintf(why, sizeof(why), "%.*s", (int)sizeof(why) - 1, err->text);
    return error_set(err, EXIT_CANNOT_CREATE,
                     "the manifest of the report that is there tells whose it is: %s; nothing was "
                     "sent. Be the user who may read it, or name another report with -o",
                     why);
}

int publication_look(const char *report_path, const char *export_path,
                     const unsigned char *export_sha256, const char *platform,
                     enum place_choice choice, struct publication_place *ret_place,
                     struct error *err)
{
    struct manifest_found found;
    enum file_stands stands = file_look(report_path);
    bool exists = stands != FILE_NONE;
    int read;
    int result;

    memset(ret_place, 0, sizeof(*ret_place));
    if (stands == FILE_OTHER)
        return error_set(
            err, EXIT_CANNOT_CREATE,
            "the report path '%s' is not a regular file (a link, a folder, …); nothing "
            "was sent. Name another report with -o, or a folder as -o DIR/",
            LOG_QUOTED(report_path));
    read = manifest_read(report_path, &found, err);
    result = read < 0 ? refuse_unread(report_path, choice, err) : 0;
    ret_place->is_there = exists || read;
    if (!result && read <= 0) {
        ret_place->is_unclaimed = exists && choice != PLACE_OVERWRITE;
        ret_place->is_like_a_report = exists && line_begins_file(report_path);
    } else if (!result && exists && choice != PLACE_OVERWRITE &&
               is_same_export(&found, export_path, export_sha256) &&
               strcmp(found.platform, platform) != 0) {
        result = refuse_platform(report_path, found.platform, platform, err);
    } else if (!result) {
        result = take_manifest(&found, export_path, export_sha256, choice, exists, ret_place, err);
    }
    manifest_found_release(&found);
    return result;
}

void publication_place_release(struct publication_place *place)
{
    free(place->replaced);
    memset(place, 0, sizeof(*place));
}

int publication_open(const char *report_path, struct publication *ret_publication,
                     struct error *err)
{
    *ret_publication = (struct publication){.manifest = {.fd = -1}};
    manifest_path(report_path, &ret_publication->path);
    if (ret_publication->path.failed)
        return error_no_memory(err);
    return output_lock(ret_publication->path.ptr, &ret_publication->manifest, err);
}

int publication_check(const struct publication *publication, const char *report_path,
                      struct error *err)
{
    if (file_check_replaceable(report_path, err) ||
        file_check_replaceable(publication->path.ptr, err))
        return -1;
    /* By a file that is there: where the folder cannot be read, its file system is synced. */
    return file_sync_folder(publication->manifest.partial.ptr, err);
}

void publication_close(struct publication *publication)
{
    if (publication->is_cut)
        output_leave(&publication->manifest); /* publication_complete gives it its name */
    else
        output_close(&publication->manifest);
    buffer_release(&publication->path);
    buffer_release(&publication->json);
}

/* The manifest is whole before the report takes its name, and takes its own after it. */
static int publish(struct publication *publication, struct draft *draft,
                   const struct manifest *manifest, struct error *err)
{
    struct output *output = &publication->manifest;

    if (manifest_format(manifest, &output->text, err) ||
        (manifest->key && signature_add(manifest->key, &output->text, err)))
        return -1;
    buffer_append(&publication->json, output->text.ptr, output->text.len);
    if (publication->json.failed)
        return error_no_memory(err);
    if (output_finish(output, err))
        return -1;
    ledger_give(manifest->ledger, draft->output.fd, draft->output.path);
    ledger_give(manifest->ledger, output->fd, output->path);
    if (output_take_name(&draft->output, err))
        return -1;
    publication->is_cut = true;
    if (output_publish(output, err))
        return -1;
    publication->is_cut = false;
    return 0;
}

int publication_make(struct publication *publication, struct draft *draft,
                     struct manifest *manifest, struct error *err)
{
    unsigned char sha256[DIGEST_SHA256_BYTES];

    if (digest_finish(draft->sha256, sha256))
        return error_no_memory(err);
    manifest->report_sha256 = sha256;
    manifest->report_bytes = draft->bytes;
    manifest->tally = draft->tally;
    return publish(publication, draft, manifest, err);
}

/* ---- one that was cut short ---- */

static int file_sha256(const char *path, char ret_hex[MANIFEST_SHA256_TEXT_BYTES])
{
    unsigned char sha256[DIGEST_SHA256_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    int result = fd < 0 ? -1 : digest_of_file(fd, sha256);

    if (!result)
        hex_format(sha256, sizeof(sha256), ret_hex);
    if (fd >= 0)
        close(fd);
    return result;
}

/* A run that lives holds it: then it is between the two at this moment, and ends that itself. */
static bool tells_of(const char *partial, int fd, const char *report_path,
                     struct manifest_found *ret_found)
{
    char sha256[MANIFEST_SHA256_TEXT_BYTES];
    struct error unread;

    if (flock(fd, LOCK_EX | LOCK_NB) || file_is_at(fd, partial) <= 0)
        return false;
    return manifest_read_file(partial, ret_found, &unread) > 0 &&
           !file_sha256(report_path, sha256) && strcmp(sha256, ret_found->report_sha256) == 0;
}

static bool has_replaced(const struct manifest_found *found, const struct manifest_found *earlier)
{
    for (size_t i = 0; i < found->replaced_count; i++)
        if (strcmp(found->replaced[i], earlier->report_sha256) == 0)
            return true;
    return false;
}

/* Whether no manifest stands at the path, or the one of a report of this run before. */
static bool is_due(const char *path, const struct manifest_found *found)
{
    struct manifest_found standing;
    struct error unread;
    int read = manifest_read_file(path, &standing, &unread);
    bool is_earlier = read > 0 && strcmp(standing.run, found->run) == 0 &&
                      strcmp(standing.ledger_id, found->ledger_id) == 0 &&
                      strcmp(standing.report_sha256, found->report_sha256) != 0 &&
                      has_replaced(found, &standing);

    manifest_found_release(&standing);
    return !read || is_earlier;
}

/* Both paths are of the manifest. */
static int take_place(const char *report_path, const char *path, const char *partial,
                      char ret_run[LEDGER_ID_BYTES], struct error *err)
{
    int fd = open(partial, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct manifest_found found = {0};
    int result = 0;

    if (fd >= 0 && tells_of(partial, fd, report_path, &found) && is_due(path, &found)) {
        snprintf(ret_run, LEDGER_ID_BYTES, "%s", found.run);
        result = file_publish(fd, partial, path, err) || file_sync_folder(path, err) ? -1 : 1;
    }
    manifest_found_release(&found);
    if (fd >= 0)
        close(fd);
    return result;
}

int publication_complete(const char *report_path, char ret_run[LEDGER_ID_BYTES], struct error *err)
{
    struct buffer path = {0};
    struct buffer partial = {0};
    int result = 0;

    manifest_path(report_path, &path);
    buffer_format(&partial, "%s.partial", buffer_string(&path));
    if (path.failed || partial.failed)
        result = error_no_memory(err);
    else if (access(report_path, F_OK) == 0)
        result = take_place(report_path, path.ptr, partial.ptr, ret_run, err);
    buffer_release(&path);
    buffer_release(&partial);
    return result;
}

int publication_mend(const char *report_path, struct error *err)
{
    char run[LEDGER_ID_BYTES];
    int found = publication_complete(report_path, run, err);

    if (found > 0)
        log_info("the report of run %s did not have its manifest yet, because its publication was "
                 "cut short: '%s' has it now",
                 run, LOG_QUOTED(report_path));
    return found < 0 ? -1 : 0;
}

bool publication_was_changed(const char *report_path)
{
    char sha256[MANIFEST_SHA256_TEXT_BYTES];
    struct manifest_found found;
    struct error unread;
    bool was_changed = manifest_read(report_path, &found, &unread) > 0 &&
                       !file_sha256(report_path, sha256) &&
                       strcmp(sha256, found.report_sha256) != 0;

    manifest_found_release(&found);
    return was_changed;
}
