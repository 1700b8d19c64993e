#include "spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "ledger/store/place.h"
#include "spill_record.h"

struct spill {
    struct buffer path;
    int fd;
    off_t len; /* of what is whole and synced */
    size_t count;
    struct buffer pending;
};

/* Nobody else has it: a second process of one worker is an error of what gave it the number. */
static int create(struct spill *spill, const char *folder, struct error *err)
{
    const char *path = buffer_string(&spill->path);
    struct place_owner owner;
    struct stat status;

    spill->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (spill->fd < 0 && errno == EEXIST)
        return error_set(err, EXIT_CANNOT_CREATE,
                         "'%s' is there already: another process has been this worker of the "
                         "ledger. Was the database put back from a backup? Answers that come now "
                         "are not kept, and their calls stay unknown",
                         LOG_QUOTED(path));
    if (spill->fd < 0 || stat(folder, &status))
        return error_set(err, EXIT_CANNOT_CREATE,
                         "cannot create '%s': %s. Answers that come now are not kept, and their "
                         "calls stay unknown",
                         LOG_QUOTED(path), strerror(errno));
    owner = place_owner_of(&status);
    owner.mode = 0600;
    place_give(spill->fd, path, &owner);
    return 0;
}

/* What was written is taken back where not all of it was, so that what comes later is found. */
static int append(struct spill *spill, struct error *err)
{
    const char *path = buffer_string(&spill->path);
    int result = -1;

    if (spill->pending.failed)
        error_no_memory(err);
    else if (lseek(spill->fd, spill->len, SEEK_SET) < 0)
        error_set(err, EXIT_CANNOT_WRITE, "cannot write '%s': %s", LOG_QUOTED(path),
                  strerror(errno));
    else if (!file_write(spill->fd, path, spill->pending.ptr, spill->pending.len, err))
        result = file_sync(spill->fd, path, err);
    if (result == 0)
        spill->len += (off_t)spill->pending.len;
    else if (ftruncate(spill->fd, spill->len))
        error_add(err, "nor can what was written be taken back");
    buffer_reset(&spill->pending);
    return result;
}

int spill_open(const char *folder, const struct spill_owner *owner, struct spill **ret_spill,
               struct error *err)
{
    struct spill *spill = calloc(1, sizeof(*spill));

    *ret_spill = NULL;
    if (!spill)
        return error_no_memory(err);
    spill->fd = -1;
    buffer_format(&spill->path, "%s/ledger-%s.%lld.spill", folder, owner->ledger,
                  (long long)owner->worker);
    spill_record_put_head(&spill->pending, owner);
    if (spill->path.failed)
        error_no_memory(err);
    else if (!create(spill, folder, err) && !append(spill, err) &&
             !file_sync_folder(spill->path.ptr, err)) {
        *ret_spill = spill;
        return 0;
    }
    if (spill->fd >= 0)
        file_discard(spill->path.ptr);
    spill_close(spill);
    return -1;
}

void spill_put(struct buffer *records, const struct spill_answer *answer)
{
    spill_record_put(records, answer);
}

int spill_append(struct spill *spill, const char *records, size_t len, size_t count,
                 struct error *err)
{
    buffer_append(&spill->pending, records, len);
    if (append(spill, err)) {
        error_add(err, "these answers are not kept: their calls stay unknown if this process ends "
                       "before the ledger has them");
        return -1;
    }
    spill->count += count;
    return 0;
}

size_t spill_count(const struct spill *spill)
{
    return spill->count;
}

const char *spill_path(const struct spill *spill)
{
    return buffer_string(&spill->path);
}

void spill_discard(struct spill *spill)
{
    file_discard(buffer_string(&spill->path));
    spill_close(spill);
}

void spill_close(struct spill *spill)
{
    if (!spill)
        return;
    if (spill->fd >= 0)
        close(spill->fd);
    buffer_release(&spill->path);
    buffer_release(&spill->pending);
    free(spill);
}
