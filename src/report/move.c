#include "report/move.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "ledger/moves.h"
#include "report/beside.h"
#include "report/manifest/manifest.h"

/* What belongs to a report, in the order in which it moves: the report goes before its manifest, as
 * when they are published. */
static const char *const companions[] = {"", BESIDE_MANIFEST, BESIDE_STARTED};

#define COMPANION_COUNT (sizeof(companions) / sizeof(*companions))

int move_place(const char *path, struct buffer *ret_place, struct error *err)
{
    size_t len = file_folder_length(path);
    char *folder = len ? strndup(path, len) : strdup(".");
    char *real = folder ? realpath(folder, NULL) : NULL;
    int cause = errno;

    free(folder);
    if (!real)
        return error_set(err, EXIT_CANNOT_CREATE, "cannot find the folder of '%s': %s",
                         LOG_QUOTED(path), strerror(cause));
    buffer_format(ret_place, "%s/%s", strcmp(real, "/") == 0 ? "" : real, path + len);
    free(real);
    return ret_place->failed ? error_no_memory(err) : 0;
}

/* ---- the new name ---- */

int move_name(const char *path, const char *run, struct buffer *ret_name, struct error *err)
{
    size_t stem = file_stem_length(path);
    int is_free = 0;

    for (unsigned n = 1; !is_free; n++) {
        buffer_reset(ret_name);
        buffer_format(ret_name, "%.*s.%s", (int)stem, path, run);
        if (n > 1)
            buffer_format(ret_name, ".%u", n);
        buffer_text(ret_name, path + stem);
        if (ret_name->failed)
            return error_no_memory(err);
        is_free = beside_is_free(ret_name->ptr, err);
    }
    return is_free > 0 ? 0 : -1;
}

/* ---- moving ---- */

/* Whether what tells of a start, which may stand there beside the report of another run, is of this
 * one. */
static bool is_start_of(const char *path, const char *run)
{
    struct buffer text = {0};
    struct buffer wanted = {0};
    struct error ignored;
    bool is_it;

    buffer_format(&wanted, "\"%s\"", run);
    is_it = *run && !wanted.failed && !file_read_all(path, MANIFEST_BYTES_MAX, &text, &ignored) &&
            strstr(buffer_string(&text), wanted.ptr);
    buffer_release(&wanted);
    buffer_release(&text);
    return is_it;
}

/* Renames what is there still; *ret_moved counts it. What stands at the new name stays. */
static int rename_all(const struct report_move *move, size_t *ret_moved, struct error *err)
{
    struct buffer from = {0};
    struct buffer to = {0};
    enum file_moved moved;
    int result = 0;

    *ret_moved = 0;
    for (size_t i = 0; i < COMPANION_COUNT && !result; i++) {
        buffer_reset(&from);
        buffer_reset(&to);
        buffer_format(&from, "%s%s", buffer_string(&move->from), companions[i]);
        buffer_format(&to, "%s%s", buffer_string(&move->to), companions[i]);
        moved = FILE_NOT_THERE;
        if (from.failed || to.failed)
            result = error_no_memory(err);
        else if (i < 2 || is_start_of(from.ptr, buffer_string(&move->run)))
            result = file_move(from.ptr, to.ptr, &moved, err);
        *ret_moved += !result && moved == FILE_MOVED;
    }
    buffer_release(&from);
    buffer_release(&to);
    return result;
}

/* By what has moved, or by its manifest alone. */
static int sync_place(const struct report_move *move, struct error *err)
{
    struct buffer manifest = {0};
    int result;

    if (access(buffer_string(&move->to), F_OK) == 0)
        return file_sync_folder(buffer_string(&move->to), err);
    manifest_path(buffer_string(&move->to), &manifest);
    result = manifest.failed ? error_no_memory(err) : file_sync_folder(manifest.ptr, err);
    buffer_release(&manifest);
    return result;
}

static int make_move(struct ledger *ledger, struct report_move *move, struct error *err)
{
    struct error ignored;
    size_t moved;

    if (ledger_move_begin(ledger, move, err))
        return -1;
    if (rename_all(move, &moved, err)) {
        if (!moved)
            ledger_move_withdraw(ledger, move, &ignored);
        return -1;
    }
    return sync_place(move, err) ? -1 : ledger_move_end(ledger, move, err);
}

int move_aside(struct ledger *ledger, const char *path, const char *run, const char *stem,
               struct buffer *ret_path, struct error *err)
{
    struct report_move move = {.at_ms = clock_wall_ms()};
    int result = move_name(path, *run ? run : stem, ret_path, err);

    buffer_text(&move.run, run);
    if (!result && (move_place(path, &move.from, err) || move_place(ret_path->ptr, &move.to, err)))
        result = -1;
    if (!result)
        result = move.run.failed ? error_no_memory(err) : make_move(ledger, &move, err);
    ledger_move_release(&move);
    return result;
}

/* ---- what was cut short ---- */

/* Whether what stands at the old path still is what was to be moved: not the report of a run that
 * came there otherwise. */
static bool is_as_recorded(const struct report_move *move)
{
    struct manifest_found manifest;
    struct error unread;
    int found = manifest_read(buffer_string(&move->from), &manifest, &unread);
    bool is_it = found <= 0 || strcmp(manifest.run, buffer_string(&move->run)) == 0;

    manifest_found_release(&manifest);
    return is_it;
}

/* It must not stop the starts of other exports; one of this path moves the report itself. */
static int put_off(const struct error *why)
{
    log_warn("a report is to be moved aside, and that cannot be done now: %s", why->text);
    return 0;
}

/* Under the lock of the path. */
static int complete_locked(struct ledger *ledger, const struct report_move *move, struct error *err)
{
    size_t moved = 0;

    if (is_as_recorded(move)) {
        if (rename_all(move, &moved, err))
            return err->exit_code == EXIT_CANNOT_CREATE ? put_off(err) : -1;
        if (sync_place(move, err))
            return -1;
    }
    if (moved)
        log_info("the report of run %s is at '%s': moving it there was cut short before",
                 buffer_string(&move->run), LOG_QUOTED(buffer_string(&move->to)));
    return ledger_move_end(ledger, move, err);
}

/* One that another run is making, or whose folder is not there, waits for a later start. */
static int complete(struct ledger *ledger, const struct report_move *move, struct error *err)
{
    struct buffer partial = {0};
    struct error why;
    int result = 0;
    int fd;

    buffer_format(&partial, "%s" BESIDE_PARTIAL, buffer_string(&move->from));
    if (partial.failed)
        return error_no_memory(err);
    fd = file_create_locked(partial.ptr, &why);
    if (fd >= 0) {
        result = complete_locked(ledger, move, err);
        file_discard(partial.ptr);
        close(fd);
    } else if (why.exit_code != EXIT_TRY_LATER) {
        put_off(&why);
    }
    buffer_release(&partial);
    return result;
}

int move_complete(struct ledger *ledger, struct error *err)
{
    struct report_move move;
    int64_t last = 0;
    int found;

    while ((found = ledger_move_open(ledger, last, &move, err)) > 0) {
        int result = complete(ledger, &move, err);

        last = move.id;
        ledger_move_release(&move);
        if (result)
            return -1;
    }
    return found;
}

/* ---- where a report went ---- */

/* One step. It went to another name in the same folder, which stays as it was typed. */
static int follow_once(struct ledger *ledger, const char *run, struct buffer *path,
                       struct error *err)
{
    struct buffer place = {0};
    struct buffer to = {0};
    int found = move_place(path->ptr, &place, err);

    if (!found)
        found = ledger_move_find(ledger, run, place.ptr, &to, err);
    if (found > 0) {
        path->len = file_folder_length(path->ptr);
        path->ptr[path->len] = '\0';
        buffer_text(path, to.ptr + file_folder_length(to.ptr));
    }
    if (found > 0 && path->failed)
        found = error_no_memory(err);
    buffer_release(&place);
    buffer_release(&to);
    return found;
}

int move_follow(struct ledger *ledger, const char *run, struct buffer *path, struct error *err)
{
    int found = follow_once(ledger, run, path, err);
    int result = found;

    /* A report may have moved more than once; each name is longer than the one before. */
    while (found > 0)
        found = follow_once(ledger, run, path, err);
    return found < 0 ? -1 : result;
}
