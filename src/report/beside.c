#include "report/beside.h"

#include <stddef.h>

#include "base/buffer.h"
#include "base/file/file.h"

bool beside_stands(const char *report_path, const char *ending)
{
    struct buffer path = {0};
    bool stands;

    buffer_format(&path, "%s%s", report_path, ending);
    stands = path.failed || file_look(path.ptr) != FILE_NONE;
    buffer_release(&path);
    return stands;
}

bool beside_is_free(const char *report_path)
{
    static const char *const endings[] = {"", BESIDE_MANIFEST, BESIDE_PARTIAL, BESIDE_STARTED};

    for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++)
        if (beside_stands(report_path, endings[i]))
            return false;
    return true;
}
