/* What a spill has, read back. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "ledger/store/place.h"
#include "spill_record.h"

#define SPILL_BYTES_MAX ((size_t)256 << 20) /* far more than the answers of one process */

/* The folder's owner is who may have made it. */
static int check_ours(int fd, const char *path, struct error *err)
{
    struct buffer folder = {0};
    const char *slash = strrchr(path, '/');
    struct place_owner owner;
    struct stat status, above;
    int result = -1;

    buffer_append(&folder, slash ? path : ".", slash ? (size_t)(slash - path) + 1 : 1);
    if (folder.failed)
        error_no_memory(err);
    else if (fstat(fd, &status) || stat(folder.ptr, &above))
        error_set(err, EXIT_INPUT_MISSING, "cannot look at '%s': %s", LOG_QUOTED(path),
                  strerror(errno));
    else {
        owner = place_owner_of(&above);
        result = place_check_file(path, &status, &owner, err);
    }
    buffer_release(&folder);
    return result;
}

static int read_bytes(const char *path, struct buffer *bytes, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    int result;

    if (fd < 0 && errno == ELOOP)
        return error_set(err, EXIT_CANNOT_CREATE, "'%s' is a symbolic link; remove it",
                         LOG_QUOTED(path));
    if (fd < 0)
        return error_set(err, EXIT_INPUT_MISSING, "cannot open '%s': %s", LOG_QUOTED(path),
                         strerror(errno));
    result =
        check_ours(fd, path, err) || file_read_open(fd, path, SPILL_BYTES_MAX, bytes, err) ? -1 : 0;
    close(fd);
    return result;
}

int spill_read(const char *path, struct spill_content *ret_content, struct error *err)
{
    struct spill_content *c = ret_content;
    struct spill_answer answer;
    size_t from = 0; /* what lies before is whole */

    *c = (struct spill_content){0};
    if (read_bytes(path, &c->bytes, err)) {
        spill_release(c);
        return -1;
    }
    if (!c->bytes.len || !spill_record_take_head(&c->bytes, &from, &c->owner)) {
        c->owner = (struct spill_owner){0};
        c->is_torn = true;
        return 0;
    }
    for (size_t next = from; spill_record_take(&c->bytes, &next, &answer); from = next) {
        if (!ARRAY_HAS_ROOM(c->answers, c->count, c->room)) {
            spill_release(c);
            return error_no_memory(err);
        }
        c->answers[c->count++] = answer;
    }
    c->is_torn = from < c->bytes.len;
    return 0;
}

void spill_release(struct spill_content *content)
{
    free(content->answers);
    buffer_release(&content->bytes);
    *content = (struct spill_content){0};
}
