/* Whether the file is what it was when it was surveyed, and what it was before that. */
#include "input/export/export.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/words/language.h"
#include "export_part.h"

/* Times are kept by a clock that ticks slowly, on some file systems every other second: a file that
 * was written to just before the survey may have been written to after it. */
#define TIMES_TELL_MS 10000

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool was_long_ago(const struct timespec *time, int64_t now_ms)
{
    return (int64_t)time->tv_sec * 1000 + TIMES_TELL_MS < now_ms;
}

/* Whether nobody can have written to the file since the survey began. */
static bool is_untouched(const struct export *export, const struct stat *now)
{
    const struct stat *before = &export->before;

    return now->st_size == before->st_size && is_same_time(&now->st_mtim, &before->st_mtim) &&
           is_same_time(&now->st_ctim, &before->st_ctim) &&
           was_long_ago(&before->st_mtim, export->began_ms) &&
           was_long_ago(&before->st_ctim, export->began_ms);
}

/* Whether each block of the file is the surveyed one. What cannot be read is not. */
static bool has_surveyed_blocks(const struct export *export, int fd)
{
    unsigned char *bytes = malloc(EXPORT_BLOCK_BYTES);
    bool same = bytes != NULL;
    struct error ignored;

    for (uint64_t number = 0; same && number < export->block_count; number++) {
        ssize_t n =
            export_read_fully_at(fd, bytes, EXPORT_BLOCK_BYTES, number * EXPORT_BLOCK_BYTES);
        size_t len = n < 0 ? 0 : (size_t)n;

        same = n >= 0 && !export_check_block(export, number, bytes, &len, &ignored);
    }
    free(bytes);
    return same;
}

static const char *change_of_content(const struct export *export, int fd, const struct stat *now)
{
    if ((uint64_t)now->st_size < export->bytes)
        return _("was cut");
    if ((uint64_t)now->st_size > export->bytes)
        return _("has grown");
    return has_surveyed_blocks(export, fd) ? NULL : _("was written to");
}

/* Another file has the name now. A copy of the same content is none. */
static const char *change_of_name(const struct export *export)
{
    int fd = open(export->name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat now;
    bool same;

    if (fd < 0)
        return NULL;
    same = fstat(fd, &now) == 0 && S_ISREG(now.st_mode) && !change_of_content(export, fd, &now);
    close(fd);
    return same ? NULL : _("was replaced");
}

const char *export_change(const struct export *export)
{
    struct stat now;
    const char *change = NULL;

    if (export->spooled || !export->surveyed)
        return NULL;
    if (fstat(export->fd, &now))
        return _("cannot be looked at any more");
    if (!is_untouched(export, &now))
        change = change_of_content(export, export->fd, &now);
    if (!change && stat(export->name, &now) == 0 &&
        (now.st_dev != export->device || now.st_ino != export->inode))
        change = change_of_name(export);
    return change;
}

/* ---- before the survey ---- */

static bool add_bytes(const struct export *export, uint64_t bytes, unsigned char *room,
                      struct digest *digest)
{
    for (uint64_t done = 0; done < bytes;) {
        size_t len =
            bytes - done < EXPORT_BLOCK_BYTES ? (size_t)(bytes - done) : EXPORT_BLOCK_BYTES;

        if (export_read_fully_at(export->fd, room, len, done) != (ssize_t)len ||
            digest_update(digest, room, len))
            return false;
        done += len;
    }
    return true;
}

static bool begins_with(const struct export *export, uint64_t bytes, const char *sha256)
{
    unsigned char *room = malloc(EXPORT_BLOCK_BYTES);
    unsigned char digest[DIGEST_SHA256_BYTES];
    struct digest *of = digest_open();
    bool begins = room && of && add_bytes(export, bytes, room, of) &&
                  digest_finish(of, digest) == 0 && digest_is(digest, sha256);

    digest_close(of);
    free(room);
    return begins;
}

bool export_cut(struct export *export, uint64_t bytes, const char *sha256)
{
    struct stat now;

    if (!bytes || fstat(export->fd, &now) || (uint64_t)now.st_size <= bytes ||
        !begins_with(export, bytes, sha256))
        return false;
    export->limit = bytes;
    return true;
}
