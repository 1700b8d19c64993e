#include "report/beside.h"

#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file/file.h"

bool beside_has_ending(const char *path, const char *ending)
{
    size_t len = strlen(path), end = strlen(ending);

    return len > end && strcmp(path + len - end, ending) == 0;
}

void beside_name_report(const char *export_path, struct buffer *ret_path)
{
    buffer_format(ret_path, "%.*s.report.csv", (int)file_stem_length(export_path), export_path);
}

bool beside_stands(const char *report_path, const char *ending)
{
    struct buffer path = {0};
    bool stands;

    buffer_format(&path, "%s%s", report_path, ending);
    stands = path.failed || file_look(path.ptr) != FILE_NONE;
    buffer_release(&path);
    return stands;
}

int beside_is_free(const char *report_path, struct error *err)
{
    static const char *const endings[] = {"", BESIDE_MANIFEST, BESIDE_PARTIAL, BESIDE_STARTED};
    struct buffer path = {0};
    bool is_free = true;

    for (size_t i = 0; i < sizeof(endings) / sizeof(*endings) && is_free; i++) {
        buffer_reset(&path);
        buffer_format(&path, "%s%s", report_path, endings[i]);
        if (path.failed) {
            buffer_release(&path);
            return error_no_memory(err);
        }
        is_free = file_look(path.ptr) == FILE_NONE;
    }
    buffer_release(&path);
    return is_free;
}
