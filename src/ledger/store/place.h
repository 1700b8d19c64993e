/*
 * place: whether a ledger, and what SQLite and the locks keep beside it, is ours to write.
 *
 * Who may write to the ledger's folder can put a link or a file of his own there and have it
 * opened, written, or given away. So what stands beside the ledger has to be a regular file with
 * one name, of the ledger's owner, root or ourselves; and root acts as the ledger's owner where
 * others than root could change the folder.
 *
 * Tested by tests/e2e/test_trust.py
 */
#ifndef CLAIMBATCH_LEDGER_STORE_PLACE_H
#define CLAIMBATCH_LEDGER_STORE_PLACE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

struct error;

/* Whose a ledger is. */
struct place_owner {
    uid_t uid;
    gid_t gid;
    mode_t mode;
};

struct place_owner place_owner_of(const struct stat *ledger);

/* EXIT_CANNOT_CREATE when what `status` tells of, which is at `path`, is not ours to write. */
int place_check_file(const char *path, const struct stat *status, const struct place_owner *owner,
                     struct error *err);

/* The same for all that may stand beside the ledger at `path`, by whatever name that is; what is
 * not there is fine. */
int place_check_beside(const char *path, const struct place_owner *owner, struct error *err);

/* Warns where others than the ledger's owner and root can take the ledger away or replace it. */
void place_warn(const char *path, const struct place_owner *owner);

/* What root has made for the owner is his, so that it stays usable to him. */
void place_give(int fd, const char *path, const struct place_owner *owner);

/* Whether we may not write the ledger, its folder, or what SQLite keeps beside it. */
bool place_denies_writing(const char *path);

/*
 * Until place_leave, files are opened and made with the rights of the ledger's owner: where we are
 * root, he is not, and somebody else than root could change the folder. Of this thread alone.
 * Returns whether it is so; place_leave takes it.
 */
bool place_enter(const char *path, const struct place_owner *owner);
void place_leave(bool entered);

#endif
