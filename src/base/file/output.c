#include "base/file/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

int output_lock(const char *path, struct output *ret_output, struct error *err)
{
    *ret_output = (struct output){.path = path, .fd = -1};
    buffer_format(&ret_output->partial, "%s.partial", path);
    if (ret_output->partial.failed)
        return error_no_memory(err);
    ret_output->fd = file_create_locked(ret_output->partial.ptr, err);
    return ret_output->fd < 0 ? -1 : 0;
}

bool output_is_locked(const char *path)
{
    struct buffer partial = {0};
    bool is_locked;
    int fd = -1;

    buffer_format(&partial, "%s.partial", path);
    if (!partial.failed)
        fd = open(partial.ptr, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    buffer_release(&partial);
    if (fd < 0)
        return false;
    is_locked = flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
    close(fd);
    return is_locked;
}

int output_open(const char *path, struct output *ret_output, struct error *err)
{
    *ret_output = (struct output){.path = path, .fd = -1};
    return file_check_replaceable(path, err) ? -1 : output_lock(path, ret_output, err);
}

void output_open_standard(struct output *ret_output)
{
    *ret_output = (struct output){.fd = -1, .is_standard = true};
}

const char *output_partial(const struct output *output)
{
    return buffer_string(&output->partial);
}

static int sync_file(struct output *output, struct error *err)
{
    output->unsynced = 0;
    return file_sync(output->fd, output->partial.ptr, err);
}

static int write_text(struct output *output, struct error *err)
{
    const struct buffer *text = &output->text;

    if (file_write(output->fd, output->partial.ptr, text->ptr, text->len, err))
        return -1;
    output->unsynced += text->len;
    return output->unsynced >= OUTPUT_SYNC_BYTES ? sync_file(output, err) : 0;
}

int output_flush(struct output *output, struct error *err)
{
    if (output->text.failed)
        return error_no_memory(err);
    if (output->is_standard)
        fwrite(buffer_string(&output->text), 1, output->text.len, stdout);
    else if (write_text(output, err))
        return -1;
    buffer_reset(&output->text);
    return 0;
}

int output_advance(struct output *output, struct error *err)
{
    return output->text.len >= OUTPUT_FLUSH_BYTES ? output_flush(output, err) : 0;
}

int output_restart(struct output *output, struct error *err)
{
    buffer_reset(&output->text);
    if (ftruncate(output->fd, 0) != 0 || lseek(output->fd, 0, SEEK_SET) != 0)
        return error_set(err, EXIT_CANNOT_WRITE, "cannot write '%s': %s",
                         LOG_QUOTED(output->partial.ptr), strerror(errno));
    return 0;
}

int output_finish(struct output *output, struct error *err)
{
    return output_flush(output, err) ? -1 : sync_file(output, err);
}

int output_take_name(struct output *output, struct error *err)
{
    if (file_publish(output->fd, output->partial.ptr, output->path, err))
        return -1;
    output->published = true;
    return 0;
}

int output_move(struct output *output, enum file_moved *ret_moved, struct error *err)
{
    if (file_check_at(output->fd, output->partial.ptr, err) ||
        file_move(output->partial.ptr, output->path, ret_moved, err))
        return -1;
    output->published = *ret_moved == FILE_MOVED;
    return 0;
}

int output_publish(struct output *output, struct error *err)
{
    if (output->is_standard)
        return output_flush(output, err) ? -1 : output_flush_standard(err);
    return output_finish(output, err) || output_take_name(output, err)
               ? -1
               : file_sync_folder(output->path, err);
}

void output_close(struct output *output)
{
    if (output->path && output->fd >= 0 && !output->published &&
        file_is_at(output->fd, output->partial.ptr) > 0)
        file_discard(output->partial.ptr); /* ours: the lock is held */
    output_leave(output);
}

void output_leave(struct output *output)
{
    if (output->path && output->fd >= 0)
        close(output->fd);
    buffer_release(&output->partial);
    buffer_release(&output->text);
    memset(output, 0, sizeof(*output));
}

int output_flush_standard(struct error *err)
{
    bool has_failed = ferror(stdout);
    int cause = has_failed ? ENOSPC : 0; /* what failed before tells no cause: the usual one */

    errno = 0;
    if (fflush(stdout))
        cause = errno;
    else if (!has_failed)
        return 0;
    return error_set(err, EXIT_CANNOT_WRITE, "cannot write standard output: %s", strerror(cause));
}

bool output_is_standard(const char *path)
{
    return path && strcmp(path, "-") == 0;
}
