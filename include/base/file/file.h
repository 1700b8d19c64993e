/*
 * file: files that are whole or not there.
 *
 * Everything is created owner-only and without following a link at the end of the path. A file is
 * written beside its final name, synced, and takes the name by rename; the folder is synced after
 * it.
 *
 * Tested by tests/unit/test_file.c
 */
#ifndef CLAIMBATCH_BASE_FILE_FILE_H
#define CLAIMBATCH_BASE_FILE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"

struct error;

/*
 * Opens `path` for writing, empty, owner-only, and holds an exclusive lock on it; made if missing.
 * A file left there by a process that died is taken over where it is regular, our own and has no
 * other name. Returns the descriptor, or -1: EXIT_TRY_LATER when another process holds it,
 * EXIT_CANNOT_CREATE when it cannot be made or locked, or what is there is not ours.
 */
int file_create_locked(const char *path, struct error *err);

/* Writes all of it or fails with EXIT_CANNOT_WRITE, naming `path`. */
int file_write(int fd, const char *path, const void *bytes, size_t len, struct error *err);

/* Syncs the file's content. EXIT_CANNOT_WRITE when the disk says no. */
int file_sync(int fd, const char *path, struct error *err);

/* Whether the file behind fd still is the one at path: 1, or 0, for its writer may just have
 * renamed it away; -1 with errno. */
int file_is_at(int fd, const char *path);

/* Opens a file that is appended to, or makes it: a regular one of our own with one name, a pipe of
 * our own, or a device; never through a link. Its descriptor, or -1. */
int file_open_append(const char *path, struct error *err);

/* EXIT_CANNOT_CREATE when the file behind `fd` is not, or no longer, the one at `path`. */
int file_check_at(int fd, const char *path, struct error *err);

/* Gives the synced file behind `fd`, which is at `from`, its final name; EXIT_CANNOT_CREATE when
 * another one is there by now. Not durable until file_sync_folder. */
int file_publish(int fd, const char *from, const char *to, struct error *err);

/* Removes a file of our own that nobody needs any more. Where that fails it is told, and is no
 * error: what was to be done is done without it. errno stays as it was. */
void file_discard(const char *path);

/* Whether file_publish may take the place of what stands at `path`, as far as that can be known
 * before: EXIT_CANNOT_CREATE when not. */
int file_check_replaceable(const char *path, struct error *err);

/* Whether the file system takes such a name; nothing is made. EXIT_CANNOT_CREATE when not. */
int file_check_name(const char *path, struct error *err);

/* The length of the folder in a path, with its slash; 0: none is said. What comes behind it. And
 * the length of a path without ".csv", in any case of its letters. */
size_t file_folder_length(const char *path);
const char *file_last_part(const char *path);
size_t file_stem_length(const char *path);

enum file_moved {
    FILE_MOVED,
    FILE_NOT_THERE,   /* nothing is at the old name */
    FILE_PLACE_TAKEN, /* something is at the new name */
};

/* Gives a file another name where nothing stands; never replaces anything. A move that a kill cut
 * short is ended by the same again. EXIT_CANNOT_CREATE for any other cause. */
int file_move(const char *from, const char *to, enum file_moved *ret_moved, struct error *err);

/* Syncs the folder that holds `path`, or the whole file system where it has no sync of folders.
 * One that cannot do that either is told once and is no error: what follows must hold without it.
 */
int file_sync_folder(const char *path, struct error *err);

/* Makes what is missing of the folders that `path` is in, owner-only. EXIT_CANNOT_CREATE. */
int file_make_folders(const char *path, struct error *err);

/* What stands at a path; a link is FILE_OTHER. FILE_NONE, with errno, also where nobody may look.
 */
enum file_stands {
    FILE_NONE,
    FILE_REGULAR,
    FILE_OTHER, /* a link, a folder, a pipe, … */
};
enum file_stands file_look(const char *path);

/* Whether a file is there, can be read, and begins with these bytes, FILE_BEGINNING at most. */
#define FILE_BEGINNING 512
bool file_begins_with(const char *path, const char *bytes, size_t len);

/* Whether two paths lead to one file, or would if it were there. */
bool file_is_same(const char *a, const char *b);

/* Opens a file that is to be read with file_read_patiently; never waits. A descriptor, or -1 with
 * errno. */
int file_open_small(const char *path);

#define FILE_PATIENCE_MS 5000

/* As read(2), but waits for who writes to a pipe: without an end for one that has no name, as a
 * shell makes it; else FILE_PATIENCE_MS. A signal that asks for a stop ends the wait, but never the
 * reading of what is there. -1 with errno, which file_read_why says in words and
 * file_read_exit_code as an exit code: `other`, unless it was a signal. */
ssize_t file_read_patiently(int fd, void *bytes, size_t len);
const char *file_read_why(void);
int file_read_exit_code(int other);

/* The same as file_read_all for a file that is open. */
int file_read_open(int fd, const char *path, size_t limit, struct buffer *ret_content,
                   struct error *err);

/* Reads a whole small file. EXIT_INPUT_MISSING when it cannot be opened, or nobody writes to it,
 * EXIT_INPUT_REFUSED over `limit`. */
int file_read_all(const char *path, size_t limit, struct buffer *ret_content, struct error *err);

#endif
