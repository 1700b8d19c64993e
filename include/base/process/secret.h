/*
 * secret: a text that nobody else may see, in memory of its own.
 *
 * The memory is locked, so that it is never swapped; it is in no core file; a process that is
 * forked has zeros there; and it is wiped before it is given back. Where the kernel refuses to lock
 * it (a limit), it is used all the same. What a secret says never appears in an error.
 *
 * A file of a secret is taken from its owner alone, or from root: it is ours and nobody else may
 * open it (0600); or root's, and at most its group may read it (0640); or it lies under
 * $CREDENTIALS_DIRECTORY, where systemd and others put it with a group or an access list, and
 * others than these may not read it. A pipe without a name will do.
 *
 * Tested by tests/unit/test_secret.c and tests/e2e/test_secret.py
 */
#ifndef CLAIMBATCH_BASE_PROCESS_SECRET_H
#define CLAIMBATCH_BASE_PROCESS_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct error;

#define SECRET_LINE_BYTES_MAX ((size_t)4096)

/* Zeroed is none. */
struct secret {
    char *text; /* ends with a NUL; NULL: none */
    size_t len;
    size_t room; /* the secret's own */
};

/*
 * Takes the first line of a file, without a byte order mark before it and a CR behind it. `what`
 * names it in the message ("app secret"). EXIT_BAD_CONFIG when the file cannot be opened or is not
 * to be trusted, when nobody writes to a pipe, and when the line is empty or holds what no secret
 * has: blanks, control characters, UTF-16.
 */
int secret_read_line(const char *path, const char *what, struct secret *ret_secret,
                     struct error *err);

/* Takes all of a file of at most `limit` bytes, as it is; trusted as for secret_read_line. */
int secret_read_file(const char *path, const char *what, size_t limit, struct secret *ret_secret,
                     struct error *err);

/* Takes the value of a variable of the environment, as the line of a file, and wipes it there; a
 * variable that is not set or empty gives none. */
int secret_take_variable(const char *name, const char *what, struct secret *ret_secret,
                         struct error *err);

/* EXIT_BAD_CONFIG when $CREDENTIALS_DIRECTORY is not an absolute path. *ret_folder is NULL where it
 * is not set. */
int secret_credentials_folder(const char **ret_folder, struct error *err);

void secret_release(struct secret *secret); /* a zeroed one is fine */

#endif
