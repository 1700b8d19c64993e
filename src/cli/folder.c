#include "cli/folder.h"

#include <string.h>
#include <sys/stat.h>

#include "base/file/file.h"

void folder_place(const char *path, const char *name, struct buffer *ret_path)
{
    size_t len = strlen(path);
    struct stat status;

    buffer_text(ret_path, path);
    if (len && path[len - 1] == '/')
        buffer_text(ret_path, name);
    else if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        buffer_format(ret_path, "/%s", name);
}

void folder_name(const char *path, const char *ending, struct buffer *ret_name)
{
    const char *name = file_last_part(path);

    buffer_format(ret_name, "%.*s%s", (int)file_stem_length(name), name, ending);
}
