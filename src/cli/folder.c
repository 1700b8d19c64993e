#include "cli/folder.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>

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
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t len = strlen(name);

    if (len > 4 && strcasecmp(name + len - 4, ".csv") == 0)
        len -= 4;
    buffer_format(ret_name, "%.*s%s", (int)len, name, ending);
}
