/* folder: the files of an office. */
#ifndef FOLDER_H
#define FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#define NAME_BYTES 128
#define NAMES_MAX 64

struct names {
    int count;
    char name[NAMES_MAX][NAME_BYTES];
};

/* Whole files, by the kernel's own calls: nothing happens to the history. */
struct bytes {
    char *ptr; /* with zeroes behind; to be freed; NULL: it cannot be read */
    size_t len;
};
struct bytes folder_bytes(const char *name);
void folder_put(const char *name, const void *bytes, size_t len);
/* Every name of a folder but those that begin with a dot, with its inode. */
void folder_each(const char *path, void (*visit)(const char *name, unsigned long inode));

void folder_write(const char *name, const char *text);
bool folder_copy(const char *from, const char *to);
bool folder_has(const char *name);
/* Removes every file of the folder at hand; and the folder, too. */
void folder_clear(void);
void folder_remove(const char *path);
/* The names that end so, in order, without that ending. */
void folder_list(const char *ending, struct names *ret_names);
/* The whole file, to be freed; NULL when it cannot be read. */
char *folder_read(const char *name);
/* SHA-256 in lower-case hex. */
void folder_digest(const char *name, char ret_hex[65]);

#endif
