#include "input/export/export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/words/language.h"
#include "detection.h"
#include "export_part.h"
#include "spool.h"

#define CTRL_Z 0x1a
#define CTRL_Z_MAX 1024 /* of them at the end of a file */

/* What a survey needs while it runs. */
struct pass {
    struct detection *detection;
    struct digest *whole; /* NULL: not wanted */
    unsigned char *bytes;
};

static int refuse_to_open(const struct export *export, const char *why, struct error *err)
{
    return error_set(err, EXIT_INPUT_MISSING, "cannot read '%s': %s", LOG_QUOTED(export->name),
                     why);
}

static int refuse_to_go_on(const struct export *export, struct error *err)
{
    return error_set(err, EXIT_SIGNAL_BASE + stop_signal(),
                     "stopped by a signal while '%s' was read; nothing was sent",
                     LOG_QUOTED(export->name));
}

/* What errno says; a pipe may keep the program waiting until a signal ends that. */
static int refuse_to_read(const struct export *export, struct error *err)
{
    return errno == EINTR && stop_signal() ? refuse_to_go_on(export, err)
                                           : refuse_to_open(export, strerror(errno), err);
}

ssize_t export_read_fully_at(int fd, unsigned char *bytes, size_t len, uint64_t offset)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = pread(fd, bytes + done, len - done, (off_t)(offset + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

/* What cannot be read by position is copied, for it is read more than once. */
static int spool(struct export *export, struct error *err)
{
    bool unread;
    int fd = spool_copy(export->fd, &unread, err);

    if (fd < 0)
        return unread ? refuse_to_read(export, err) : -1;
    close(export->fd);
    export->fd = fd;
    export->spooled = true;
    return 0;
}

static int open_source(struct export *export, const char *path, struct error *err)
{
    bool standard_input = strcmp(path, "-") == 0;
    struct stat info = {0};

    export->name = strdup(standard_input ? "standard input" : path);
    if (!export->name)
        return error_no_memory(err);
    export->fd = standard_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (export->fd < 0 || fstat(export->fd, &info))
        return refuse_to_read(export, err);
    export->device = info.st_dev;
    export->inode = info.st_ino;
    if (S_ISDIR(info.st_mode))
        return refuse_to_open(export, _("it is a folder"), err);
    return standard_input || !S_ISREG(info.st_mode) ? spool(export, err) : 0;
}

int export_open(const char *path, struct export **ret_export, struct error *err)
{
    struct export *export = calloc(1, sizeof(*export));

    *ret_export = NULL;
    if (!export)
        return error_no_memory(err);
    export->fd = -1;
    if (open_source(export, path, err)) {
        export_close(export);
        return -1;
    }
    *ret_export = export;
    return 0;
}

void export_close(struct export *export)
{
    if (!export)
        return;
    if (export->fd >= 0)
        close(export->fd);
    free(export->name);
    free(export->blocks);
    free(export);
}

const char *export_name(const struct export *export)
{
    return export->name;
}

static bool is_at(const struct export *export, const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && info.st_dev == export->device && info.st_ino == export->inode;
}

int export_spare(const struct export *export, const char *path, struct error *err)
{
    struct buffer partial = {0};
    bool taken = false;

    buffer_format(&partial, "%s.partial", path);
    if (partial.failed)
        return error_no_memory(err);
    taken = is_at(export, path) || is_at(export, partial.ptr);
    buffer_release(&partial);
    return taken ? error_set(err, EXIT_CANNOT_CREATE,
                             "what is written to '%s' would take the place of the export itself; "
                             "name another file with -o; nothing was sent",
                             LOG_QUOTED(path))
                 : 0;
}

static int digest_block(const struct export *export, const unsigned char *bytes, size_t len,
                        struct block *ret_block, struct error *err)
{
    int result = -1;
    struct digest *sha256 = NULL;

    *ret_block = (struct block){{0}};
    if (!export->named) {
        uint64_t hash = hash_bytes(bytes, len);

        memcpy(ret_block->digest, &hash, sizeof(hash));
        return 0;
    }
    sha256 = digest_open();
    if (!sha256 || digest_update(sha256, bytes, len) || digest_finish(sha256, ret_block->digest))
        error_set(err, EXIT_INTERNAL, "cannot compute SHA-256");
    else
        result = 0;
    digest_close(sha256);
    return result;
}

static struct block *new_block(struct export *export)
{
    if (!ARRAY_HAS_ROOM(export->blocks, export->block_count, export->block_room))
        return NULL;
    return &export->blocks[export->block_count++];
}

static int survey_block(struct export *export, struct pass *pass, size_t len, struct error *err)
{
    struct block *block = new_block(export);

    if (!block)
        return error_no_memory(err);
    if (digest_block(export, pass->bytes, len, block, err))
        return -1;
    if (pass->whole && digest_update(pass->whole, pass->bytes, len))
        return error_set(err, EXIT_INTERNAL, "cannot compute SHA-256");
    detection_feed(pass->detection, pass->bytes, len);
    export->bytes += len;
    return 0;
}

/* How much of the file is to be surveyed next, if it is there. */
static size_t next_len(const struct export *export)
{
    uint64_t left = export->limit ? export->limit - export->bytes : EXPORT_BLOCK_BYTES;

    return left < EXPORT_BLOCK_BYTES ? (size_t)left : EXPORT_BLOCK_BYTES;
}

static int survey_blocks(struct export *export, struct pass *pass, struct error *err)
{
    ssize_t n = 0;

    do {
        if (stop_signal())
            return refuse_to_go_on(export, err);
        n = export_read_fully_at(export->fd, pass->bytes, next_len(export), export->bytes);
        if (n < 0)
            return refuse_to_read(export, err);
        if (n > 0 && survey_block(export, pass, (size_t)n, err))
            return -1;
    } while ((size_t)n == EXPORT_BLOCK_BYTES);
    return 0;
}

/* Where the text ends: DOS and some banks write Ctrl-Z behind it. */
static uint64_t find_text_end(const struct export *export, enum encoding encoding)
{
    bool wide = encoding == ENCODING_UTF16LE || encoding == ENCODING_UTF16BE;
    uint64_t end = export->bytes, width = wide ? 2 : 1;
    unsigned char unit[2] = {0};

    while (end >= width && export->bytes - end < CTRL_Z_MAX * width &&
           export_read_fully_at(export->fd, unit, width, end - width) == (ssize_t)width &&
           unit[encoding == ENCODING_UTF16BE ? 1 : 0] == CTRL_Z &&
           (!wide || unit[encoding == ENCODING_UTF16BE ? 0 : 1] == 0))
        end -= width;
    return end;
}

/* Takes the pass over and ends it. */
static int survey(struct export *export, enum encoding wanted, struct pass pass,
                  struct survey *ret_survey, struct error *err)
{
    int result = -1;

    *ret_survey = (struct survey){0};
    export->surveyed = false;
    export->named = pass.whole != NULL;
    export->bytes = 0;
    export->block_count = 0;
    if (!pass.detection || !pass.bytes) {
        error_no_memory(err);
        goto out;
    }
    export->began_ms = clock_wall_ms();
    if (fstat(export->fd, &export->before)) {
        refuse_to_read(export, err);
        goto out;
    }
    if (wanted == ENCODING_UTF16)
        detection_want_utf16(pass.detection);
    if (survey_blocks(export, &pass, err) ||
        detection_finish(pass.detection, wanted, export->name, &ret_survey->encoding,
                         &ret_survey->bom_bytes, err))
        goto out;
    if (pass.whole && digest_finish(pass.whole, ret_survey->sha256)) {
        error_set(err, EXIT_INTERNAL, "cannot compute SHA-256");
        goto out;
    }
    ret_survey->bytes = export->bytes;
    ret_survey->text_bytes = find_text_end(export, ret_survey->encoding);
    export->surveyed = true;
    result = 0;
out:
    detection_close(pass.detection);
    digest_close(pass.whole);
    free(pass.bytes);
    return result;
}

int export_survey(struct export *export, enum encoding wanted, struct survey *ret_survey,
                  struct error *err)
{
    struct digest *whole = digest_open();

    if (!whole)
        return error_no_memory(err);
    return survey(export, wanted,
                  (struct pass){detection_open(), whole, malloc(EXPORT_BLOCK_BYTES)}, ret_survey,
                  err);
}

int export_survey_unnamed(struct export *export, enum encoding wanted, struct survey *ret_survey,
                          struct error *err)
{
    return survey(export, wanted, (struct pass){detection_open(), NULL, malloc(EXPORT_BLOCK_BYTES)},
                  ret_survey, err);
}

static int refuse_changed(const struct export *export, struct error *err)
{
    return error_set(err, EXIT_TRY_LATER,
                     "'%s' changed while it was read; no row from the changed part was sent; let "
                     "whatever writes it finish, then start again",
                     LOG_QUOTED(export->name));
}

/* How many bytes a block had when it was surveyed; 0: it comes after the end. */
static size_t surveyed_len(const struct export *export, uint64_t number)
{
    uint64_t offset = number * EXPORT_BLOCK_BYTES;
    uint64_t left = offset < export->bytes ? export->bytes - offset : 0;

    return left < EXPORT_BLOCK_BYTES ? (size_t)left : EXPORT_BLOCK_BYTES;
}

/* Whether the bytes of the block are those of the survey; *len becomes their count then. */
int export_check_block(const struct export *export, uint64_t number, const unsigned char *bytes,
                       size_t *len, struct error *err)
{
    size_t expected = surveyed_len(export, number);
    struct block block = {0};

    if (*len < expected)
        return refuse_changed(export, err);
    *len = expected;
    if (expected == 0)
        return 0;
    if (digest_block(export, bytes, expected, &block, err))
        return -1;
    if (memcmp(block.digest, export->blocks[number].digest, sizeof(block.digest)) != 0)
        return refuse_changed(export, err);
    return 0;
}

int export_read(struct export *export, uint64_t number, unsigned char *ret_bytes, size_t *ret_len,
                struct error *err)
{
    ssize_t n = export_read_fully_at(export->fd, ret_bytes, EXPORT_BLOCK_BYTES,
                                     number * EXPORT_BLOCK_BYTES);
    size_t len = n < 0 ? 0 : (size_t)n;

    *ret_len = 0;
    if (n < 0)
        return refuse_to_read(export, err);
    if (export->surveyed && export_check_block(export, number, ret_bytes, &len, err))
        return -1;
    *ret_len = len;
    return 0;
}
