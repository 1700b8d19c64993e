#include "base/process/confinement.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/words/language.h"

#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

/* What the first version of Landlock knows of writing; programs are started nowhere. */
#define WRITING                                                                                    \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                               \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |   \
     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

void confinement_forbid_dumps(void)
{
    /* 1 and not 0: a core that is piped to a program ignores a limit of 0. */
    const struct rlimit limit = {1, 1};

    setrlimit(RLIMIT_CORE, &limit);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* ---- folders ---- */

static void add(struct confinement *confinement, const char *folder)
{
    buffer_append(&confinement->folders, folder, strlen(folder) + 1);
    confinement->count++;
}

void confinement_allow_folder(struct confinement *confinement, const char *path)
{
    char *copy = strdup(*path ? path : ".");
    char *folder = copy;
    struct stat status;

    if (!copy)
        return;
    while (stat(folder, &status) && errno == ENOENT && strcmp(folder, "/") != 0 &&
           strcmp(folder, ".") != 0)
        folder = dirname(folder);
    add(confinement, folder);
    free(copy);
}

void confinement_allow_file(struct confinement *confinement, const char *path)
{
    char *copy = strdup(path);
    char *place = realpath(path, NULL);

    if (copy)
        confinement_allow_folder(confinement, dirname(copy));
    if (place)
        add(confinement, dirname(place));
    free(copy);
    free(place);
}

void confinement_allow_temporary(struct confinement *confinement)
{
    static const char *const variables[] = {"TMPDIR", "SQLITE_TMPDIR"};
    static const char *const folders[] = {"/tmp", "/var/tmp", "/usr/tmp"};

    for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++) {
        const char *value = getenv(variables[i]);

        if (value && *value)
            add(confinement, value);
    }
    for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
        add(confinement, folders[i]);
}

void confinement_release(struct confinement *confinement)
{
    buffer_release(&confinement->folders);
    *confinement = (struct confinement){0};
}

/* ---- Landlock (https://docs.kernel.org/userspace-api/landlock.html); glibc has no calls for it
 * ---- */

static uint64_t writing_of(int version)
{
    uint64_t writing = WRITING;

    if (version >= 2)
        writing |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= 3)
        writing |= LANDLOCK_ACCESS_FS_TRUNCATE;
    return writing;
}

/* A folder that cannot be opened is none that could be written to. */
static void allow(int rules, uint64_t writing, const char *folder)
{
    struct landlock_path_beneath_attr beneath = {
        .allowed_access = writing,
        .parent_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC),
    };

    if (beneath.parent_fd < 0)
        return;
    (void)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
    close(beneath.parent_fd);
}

/* Whether writing is restricted to the folders. */
static bool restrict_writing(const struct confinement *confinement)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    uint64_t writing = writing_of((int)version);
    struct landlock_ruleset_attr handled = {.handled_access_fs =
                                                writing | LANDLOCK_ACCESS_FS_EXECUTE};
    const char *folder = buffer_string(&confinement->folders);
    bool is_restricted;
    int rules;

    if (version < 1 || confinement->folders.failed)
        return false;
    rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
    if (rules < 0)
        return false;
    for (size_t i = 0; i < confinement->count; i++, folder += strlen(folder) + 1)
        allow(rules, writing, folder);
    /* Whatever is written to through a descriptor that is open already stays as it is. */
    is_restricted = syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    close(rules);
    return is_restricted;
}

void confinement_begin(const struct confinement *confinement, struct buffer *ret_told)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
        buffer_text(ret_told, _("not confined: the kernel knows no no_new_privs"));
        return;
    }
    buffer_text(ret_told, restrict_writing(confinement)
                              ? _("confined: files are written in the folders of this command only")
                              : _("files may be written anywhere: the kernel has no Landlock"));
    language_append(ret_told, "; ");
    syscalls_restrict(ret_told);
}
