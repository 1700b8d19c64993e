#include "report/missing_report.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "report/beside.h"

int missing_report_refuse(const char *path, int cause, struct error *err)
{
    const char *quoted = LOG_QUOTED(path);

    if (cause == ENOENT &&
        (beside_stands(path, BESIDE_PARTIAL) || beside_stands(path, BESIDE_STARTED)))
        return error_set(err, EXIT_INPUT_MISSING,
                         "there is no report '%s' yet: its run was interrupted before it could be "
                         "published. Type the upload again: it goes on, and publishes it",
                         quoted);
    if (cause == ENOENT && beside_stands(path, BESIDE_MANIFEST))
        return error_set(err, EXIT_INPUT_MISSING,
                         "the report '%s' is not there, though its manifest is: bring it back, or "
                         "type the upload again, which publishes it anew",
                         quoted);
    return error_set(err, EXIT_INPUT_MISSING, "cannot open the report '%s': %s", quoted,
                     strerror(cause));
}
