/*
 * own_file: a file that this program wrote, in the place of an export.
 *
 * Known by the names of its columns, whatever a spreadsheet made of quotes, delimiter and encoding;
 * a few that were taken out or moved do not hide it. Pure, but for own_file_at.
 *
 * Tested by tests/unit/test_own_file.c
 */
#ifndef CLAIMBATCH_INPUT_EXPORT_OWN_FILE_H
#define CLAIMBATCH_INPUT_EXPORT_OWN_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct error;

enum own_file {
    OWN_FILE_NONE,
    OWN_FILE_PROBLEMS, /* the list of check -o: its rows are read as those of an export */
    OWN_FILE_REPORT,
    OWN_FILE_DECISIONS, /* the list of resolve -o */
    OWN_FILE_AUDIT,     /* the claims of audit --csv */
};

/* What a first line in UTF-8, without its end, is the header of; *ret_delimiter is what separates
 * its names. `expected` is a delimiter to try beside the usual ones. */
enum own_file own_file_of_header(const char *line, size_t len, char expected, char *ret_delimiter);

/* The same of what stands at a path, in whatever encoding; OWN_FILE_NONE where nothing does. */
enum own_file own_file_at(const char *path);

/* Refuses one that is no export, in its own words. `name` is the file's. Returns -1. */
int own_file_refuse(enum own_file kind, const char *name, struct error *err);

/* What the first bytes of a file that has no header say of it, as the end of a sentence; NULL when
 * it is none of ours. Static. */
const char *own_file_of_bytes(const char *bytes, size_t len);

#endif
