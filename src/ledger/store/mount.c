#include "mount.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/error.h"
#include "base/log.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

bool mount_lists_network(FILE *mountinfo, dev_t device)
{
    static const char *const types[] = {
        "fuse.sshfs",    "fuse.glusterfs", "fuse.ceph-fuse", "fuse.s3fs",      "fuse.rclone",
        "fuse.davfs",    "fuse.gcsfuse",   "fuse.goofys",    "fuse.juicefs",   "fuse.curlftpfs",
        "fuse.smbnetfs", "fuse.mount-s3",  "fuse.blobfuse2", "fuse.seaweedfs", "fuse.moosefs",
    };
    char *line = NULL;
    size_t room = 0;
    bool found = false;

    while (!found && getline(&line, &room, mountinfo) > 0) {
        /* "36 35 0:45 /root /place options [fields] - type source options" */
        const char *rest = strstr(line, " - ");
        unsigned major_number;
        unsigned minor_number;

        if (!rest || sscanf(line, "%*d %*d %u:%u", &major_number, &minor_number) != 2 ||
            makedev(major_number, minor_number) != device)
            continue;
        rest += strlen(" - ");
        for (size_t i = 0; i < COUNT(types); i++)
            found |= strlen(types[i]) == strcspn(rest, " ") &&
                     strncmp(rest, types[i], strlen(types[i])) == 0;
    }
    free(line);
    return found;
}

static bool is_network_in_user_space(int fd)
{
    FILE *mountinfo = fopen("/proc/self/mountinfo", "re");
    struct stat status;
    bool found;

    if (!mountinfo)
        return false;
    found = fstat(fd, &status) == 0 && mount_lists_network(mountinfo, status.st_dev);
    fclose(mountinfo);
    return found;
}

bool mount_is_network(int fd)
{
    static const unsigned long kinds[] = {
        NFS_SUPER_MAGIC,  SMB_SUPER_MAGIC,   SMB2_SUPER_MAGIC,          CIFS_SUPER_MAGIC,
        AFS_SUPER_MAGIC,  CODA_SUPER_MAGIC,  NCP_SUPER_MAGIC,           V9FS_MAGIC,
        CEPH_SUPER_MAGIC, OCFS2_SUPER_MAGIC, 0x0bd00bd0UL /* Lustre */, 0x01161970UL /* GFS2 */,
    };
    struct statfs status;

    if (fstatfs(fd, &status))
        return false;
    for (size_t i = 0; i < COUNT(kinds); i++)
        if ((unsigned long)status.f_type == kinds[i])
            return true;
    return (unsigned long)status.f_type == FUSE_SUPER_MAGIC && is_network_in_user_space(fd);
}

static bool is_mounted_alone(int fd)
{
    struct statx status;

    return statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &status) == 0 &&
           (status.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

int mount_check(int fd, const char *path, struct error *err)
{
    struct stat status;
    const char *quoted = LOG_QUOTED(path);

    if (mount_is_network(fd))
        return error_set(err, EXIT_BAD_CONFIG,
                         "the ledger '%s' is on a network file system, where its locks cannot be "
                         "trusted; name a place on a local disk with --ledger",
                         quoted);
    if (fstat(fd, &status) == 0 && status.st_nlink > 1)
        return error_set(err, EXIT_BAD_CONFIG,
                         "the ledger '%s' has %lu names (hard links), and by each of them other "
                         "locks; leave it one name, or use a symbolic link",
                         quoted, (unsigned long)status.st_nlink);
    if (is_mounted_alone(fd))
        return error_set(err, EXIT_BAD_CONFIG,
                         "the ledger '%s' is mounted without its folder, so that its locks and its "
                         "log would be elsewhere; mount the folder that holds it",
                         quoted);
    return 0;
}
