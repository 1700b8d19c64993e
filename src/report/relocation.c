#include "report/relocation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "ledger/ledger.h"
#include "report/beside.h"
#include "report/move.h"

static bool is_gone(const struct output *output)
{
    return file_is_at(output->fd, output_partial(output)) == 0;
}

bool relocation_is_due(const struct publication *publication, const struct draft *draft)
{
    return is_gone(&draft->output) || is_gone(&publication->manifest);
}

/* A name that is free, of a report that nothing there is mistaken for. */
static int find_name(const char *wanted, const char *run, struct buffer *ret_path,
                     struct error *err)
{
    int is_free = beside_is_free(wanted, err);

    if (is_free <= 0)
        return is_free < 0 ? -1 : move_name(wanted, run, ret_path, err);
    buffer_reset(ret_path);
    buffer_text(ret_path, wanted);
    return ret_path->failed ? error_no_memory(err) : 0;
}

/* A descriptor of a file without a name can be read by way of what /proc shows of it. */
static int copy(int from, struct output *to, struct error *err)
{
    char name[64], bytes[65536];
    ssize_t len = 0;
    int result = 0;
    int fd;

    snprintf(name, sizeof(name), "/proc/self/fd/%d", from);
    fd = open(name, O_RDONLY | O_CLOEXEC);
    while (!result && fd >= 0 && (len = read(fd, bytes, sizeof(bytes))) > 0) {
        buffer_append(&to->text, bytes, (size_t)len);
        result = output_flush(to, err);
    }
    if (fd < 0 || len < 0)
        result = error_set(err, EXIT_CANNOT_WRITE, "cannot read what was written of the report: %s",
                           strerror(errno));
    if (fd >= 0)
        close(fd);
    return result ? -1 : output_finish(to, err);
}

static int take_draft(int from, const char *path, struct draft *draft, struct error *err)
{
    return output_lock(path, &draft->output, err) ? -1 : copy(from, &draft->output, err);
}

/* What a try before has left is closed. */
static int prepare_at(const char *path, int from, struct publication *publication,
                      struct draft *draft, struct error *err)
{
    publication_close(publication);
    output_close(&draft->output);
    draft->output = (struct output){.fd = -1};
    return take_draft(from, path, draft, err) || publication_open(path, publication, err) ? -1 : 0;
}

static int find_other(const char *path, const char *run, struct buffer *ret_path, struct error *err)
{
    struct buffer wanted = {0};
    int result = -1;

    if (!ledger_state_path(file_last_part(path), &wanted, err) &&
        !file_make_folders(wanted.ptr, err))
        result = find_name(wanted.ptr, run, ret_path, err);
    buffer_release(&wanted);
    return result;
}

static int prepare(const char *path, const char *run, int from, struct publication *publication,
                   struct draft *draft, struct buffer *ret_path, struct error *err)
{
    buffer_text(ret_path, path);
    if (ret_path->failed)
        return error_no_memory(err);
    if (!prepare_at(ret_path->ptr, from, publication, draft, err))
        return 0;
    if (find_other(path, run, ret_path, err) ||
        prepare_at(ret_path->ptr, from, publication, draft, err))
        return -1;
    log_warn("the folder of the report, '%s', went away while the run went on: the report is '%s'",
             LOG_QUOTED(path), LOG_QUOTED(ret_path->ptr));
    return 0;
}

int relocation_prepare(const char *path, const char *run, struct publication *publication,
                       struct draft *draft, struct buffer *ret_path, struct error *err)
{
    int from = fcntl(draft->output.fd, F_DUPFD_CLOEXEC, 0);
    int result = from < 0 ? error_set(err, EXIT_RESOURCES, "cannot keep the report open: %s",
                                      strerror(errno))
                          : prepare(path, run, from, publication, draft, ret_path, err);

    if (from >= 0)
        close(from);
    return result;
}
