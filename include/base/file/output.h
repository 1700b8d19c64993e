/*
 * output: a file that a person asked for, whole or not there.
 *
 * It is written beside its name, as PATH.partial, owner-only and locked, and takes the name when it
 * is published. What is appended to `text` is written from time to time. Used by one thread.
 *
 * Tested by tests/unit/test_output.c
 */
#ifndef CLAIMBATCH_BASE_FILE_OUTPUT_H
#define CLAIMBATCH_BASE_FILE_OUTPUT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/file/file.h"

struct error;

struct output {
    struct buffer text; /* not written yet */

    /* the output's own */
    const char *path; /* borrowed */
    struct buffer partial;
    int fd;
    size_t unsynced; /* bytes */
    bool published;
    bool is_standard;
};

#define OUTPUT_FLUSH_BYTES ((size_t)64 << 10) /* of text, which are worth a call */
#define OUTPUT_SYNC_BYTES ((size_t)32 << 20)  /* no one sync has more to do, also on a slow disk */

/* Fails as file_create_locked, and where the name could not be taken; close it in any case. */
int output_open(const char *path, struct output *ret_output, struct error *err);

/* The same where what stands at the name is yet to be moved away: it is not looked at. */
int output_lock(const char *path, struct output *ret_output, struct error *err);

/* Whether another process has it open at this moment, of what has a name. */
bool output_is_locked(const char *path);

/* The same on standard output: what has been written is there, whatever comes after it. */
void output_open_standard(struct output *ret_output);

/* The name under which it is written, for a library that opens files by their names. Borrowed. */
const char *output_partial(const struct output *output);

/* Writes the text: at once, or when it is worth a call. EXIT_CANNOT_WRITE. */
int output_flush(struct output *output, struct error *err);
int output_advance(struct output *output, struct error *err);

/* Begins anew, in the same unfinished file. */
int output_restart(struct output *output, struct error *err);

/* Writes the rest and syncs it: only the name is missing. */
int output_finish(struct output *output, struct error *err);

/* Gives what is finished its name, whatever stood there; its folder is the caller's to sync. */
int output_take_name(struct output *output, struct error *err);

/* The same where nothing stands there (file_move). */
int output_move(struct output *output, enum file_moved *ret_moved, struct error *err);

/* All of it: finishes it, gives it its name and syncs the folder. */
int output_publish(struct output *output, struct error *err);

/* What was not published is removed. A zeroed one is fine. */
void output_close(struct output *output);

/* The same, but what was not published stays under its unfinished name. */
void output_leave(struct output *output);

/* What was printed on standard output is a result, too: EXIT_CANNOT_WRITE when not all of it has
 * arrived, with the cause. */
int output_flush_standard(struct error *err);

/* Whether a path that was named for an output means standard output. NULL is none. */
bool output_is_standard(const char *path);

#endif
