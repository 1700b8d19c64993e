/*
 * confinement: what the process can no longer do once it works on what others wrote.
 *
 * Where the kernel has Landlock, files are written only in the folders that were named; reading is
 * left to the resolver, to certificates and to exports. Where it has seccomp (and the program was
 * built with libseccomp), only the system calls of src/base/process/syscalls.c are left: none that
 * starts a program, traces a process, or makes memory executable that was written. What is missing
 * is done without, and told. It holds for this thread and all that are started later, so it begins
 * before the first; no privilege is gained any more by whatever is started. Nothing can undo it.
 *
 * Tested by tests/e2e/test_confinement.py
 */
#ifndef CLAIMBATCH_BASE_PROCESS_CONFINEMENT_H
#define CLAIMBATCH_BASE_PROCESS_CONFINEMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/* Zeroed allows nothing. */
struct confinement {
    struct buffer folders; /* each ends with a NUL */
    size_t count;
};

/* Dumps would hold the secrets, and who may trace the process may read them. At the very start. */
void confinement_forbid_dumps(void);

/* Allows to write in a folder, or where it is still to be made in the nearest that is there. */
void confinement_allow_folder(struct confinement *confinement, const char *path);

/* Allows to make and replace this file: its folder, and the one a symbolic link leads to. */
void confinement_allow_file(struct confinement *confinement, const char *path);

/* Allows what libraries may write to: the folders of temporary files. */
void confinement_allow_temporary(struct confinement *confinement);

/* Begins, and appends in words what of it holds. */
void confinement_begin(const struct confinement *confinement, struct buffer *ret_told);

void confinement_release(struct confinement *confinement);

/* Leaves only the system calls that are needed; appends in words what came of it. no_new_privs has
 * to be set. */
void syscalls_restrict(struct buffer *ret_told);

#endif
