#include "report/traces.h"

#include <dirent.h>
#include <string.h>

#include "base/error.h"
#include "gateway/digest.h"

#define SUFFIX ".manifest.json"

struct traces {
    char sha256[MANIFEST_SHA256_TEXT_BYTES];
    const char *platform;
    traces_visitor visit;
    void *context;
};

static bool is_manifest(const char *name)
{
    size_t len = strlen(name);

    return len > strlen(SUFFIX) && strcmp(name + len - strlen(SUFFIX), SUFFIX) == 0;
}

static int look(const struct traces *traces, const char *report_path, struct error *err)
{
    struct manifest_found manifest;
    struct error unread;
    int found = manifest_read(report_path, &manifest, &unread);
    int result = 0;

    if (found < 0 && unread.exit_code == EXIT_RESOURCES)
        result = error_no_memory(err);
    else if (found > 0 && strcmp(manifest.input_sha256, traces->sha256) == 0 &&
             strcmp(manifest.platform, traces->platform) == 0)
        result = traces->visit(traces->context, report_path, &manifest, err);
    manifest_found_release(&manifest);
    return result;
}

int traces_visit(const char *export_path, const unsigned char *export_sha256, const char *platform,
                 traces_visitor visit, void *context, struct error *err)
{
    struct traces traces = {.platform = platform, .visit = visit, .context = context};
    const char *slash = strrchr(export_path, '/');
    size_t folder_len = slash ? (size_t)(slash - export_path) + 1 : 0;
    struct buffer path = {0};
    struct dirent *entry;
    DIR *folder;
    int result = 0;

    digest_hex(export_sha256, DIGEST_SHA256_BYTES, traces.sha256);
    buffer_append(&path, export_path, folder_len);
    folder = path.failed ? NULL : opendir(folder_len ? path.ptr : ".");
    while (folder && !path.failed && !result && (entry = readdir(folder))) {
        if (!is_manifest(entry->d_name))
            continue;
        buffer_reset(&path);
        buffer_append(&path, export_path, folder_len);
        buffer_append(&path, entry->d_name, strlen(entry->d_name) - strlen(SUFFIX));
        if (!path.failed)
            result = look(&traces, path.ptr, err);
    }
    if (path.failed)
        result = error_no_memory(err);
    if (folder)
        closedir(folder);
    buffer_release(&path);
    return result;
}
