#include "report/missing_report.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"

static bool stands_beside(const char *path, const char *ending)
{
    struct buffer beside = {0};
    struct stat status;
    bool is_there;

    buffer_format(&beside, "%s%s", path, ending);
    is_there = !beside.failed && lstat(beside.ptr, &status) == 0;
    buffer_release(&beside);
    return is_there;
}

int missing_report_refuse(const char *path, int cause, struct error *err)
{
    const char *quoted = LOG_QUOTED(path);

    if (cause == ENOENT &&
        (stands_beside(path, ".partial") || stands_beside(path, ".started.json")))
        return error_set(err, EXIT_INPUT_MISSING,
                         "there is no report '%s' yet: its run was interrupted before it could be "
                         "published. Type the upload again: it goes on, and publishes it",
                         quoted);
    if (cause == ENOENT && stands_beside(path, ".manifest.json"))
        return error_set(err, EXIT_INPUT_MISSING,
                         "the report '%s' is not there, though its manifest is: bring it back, or "
                         "type the upload again, which publishes it anew",
                         quoted);
    return error_set(err, EXIT_INPUT_MISSING, "cannot open the report '%s': %s", quoted,
                     strerror(cause));
}
