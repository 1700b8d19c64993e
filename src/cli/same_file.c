#include "cli/same_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "report/manifest/manifest.h"

bool same_file_export(const char *path, uint64_t bytes, const char *sha256)
{
    unsigned char found[DIGEST_SHA256_BYTES];
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool is_it = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
                 (uint64_t)status.st_size == bytes && digest_of_file(fd, found) == 0 &&
                 digest_is(found, sha256);

    if (fd >= 0)
        close(fd);
    return is_it;
}

bool same_file_report(const char *path, const char *run)
{
    struct manifest_found manifest;
    struct error unread;
    bool is_it = manifest_read(path, &manifest, &unread) > 0 && strcmp(manifest.run, run) == 0 &&
                 access(path, F_OK) == 0;

    manifest_found_release(&manifest);
    return is_it;
}

bool same_file_is_of_another(const char *path, const char *run)
{
    struct manifest_found manifest;
    struct error unread;
    bool is_it = manifest_read(path, &manifest, &unread) > 0 && strcmp(manifest.run, run) != 0;

    manifest_found_release(&manifest);
    return is_it;
}
