/*
 * export: the file of claims, as bytes that cannot change unnoticed.
 *
 * The file is opened once and read by position, in blocks, so any number of readers can pass over
 * it. The survey reads all of it first: a SHA-256 for each block and for the whole, the encoding,
 * and everything that makes the bytes untrustworthy. From then on a block is handed out only while
 * its digest still is the surveyed one. Standard input ("-") is spooled to a private temporary file
 * that has no name.
 *
 * Tested by tests/unit/test_export.c
 */
#ifndef CLAIMBATCH_INPUT_EXPORT_EXPORT_H
#define CLAIMBATCH_INPUT_EXPORT_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input/export/charset.h"

struct error;
struct export;

#ifndef EXPORT_BLOCK_BYTES /* tests/fuzz has smaller ones, to have seams everywhere */
#define EXPORT_BLOCK_BYTES ((size_t)1 << 20)
#endif
#define EXPORT_SHA256_BYTES 32

/* What the survey found. */
struct survey {
    uint64_t bytes;
    unsigned char sha256[EXPORT_SHA256_BYTES]; /* of the whole file */
    enum encoding encoding;                    /* never ENCODING_AUTO */
    size_t bom_bytes;                          /* 0 to 8: to be skipped at the start */
    uint64_t text_bytes; /* where the text ends: a Ctrl-Z behind it is none of it */
};

/* Opens the file. EXIT_INPUT_MISSING when that fails or it is a folder. */
int export_open(const char *path, struct export **ret_export, struct error *err);

/*
 * Before the survey: whether more was appended to the file since it had so many bytes, with this
 * SHA-256 (hex digits). If so, that is passed over from now on. False, too, where it cannot be
 * read.
 */
bool export_cut(struct export *export, uint64_t bytes, const char *sha256);

/* NULL is fine. */
void export_close(struct export *export);

/* The path as the user typed it; "standard input" for "-". Borrowed. */
const char *export_name(const struct export *export);

/* Refuses with EXIT_CANNOT_CREATE to write to `path` when that, or the `path`.partial that is to
 * take its name, is the export itself. */
int export_spare(const struct export *export, const char *path, struct error *err);

/*
 * Reads the whole file once. `wanted` is ENCODING_AUTO or what --encoding said. Refuses with
 * EXIT_INPUT_REFUSED, naming line and byte offset: NUL bytes (outside UTF-16), bytes that fit no
 * encoding, bytes that fail as UTF-8 though most of the non-ASCII ones form valid characters.
 * Contract section 6.
 */
int export_survey(struct export *export, enum encoding wanted, struct survey *ret_survey,
                  struct error *err);

/* The same for who only reads the file and sends nothing: the SHA-256 of the whole stays zero, and
 * a quick hash in place of a block's SHA-256 tells when it changed. */
int export_survey_unnamed(struct export *export, enum encoding wanted, struct survey *ret_survey,
                          struct error *err);

/*
 * Reads block `number` (from 0) into `ret_bytes`, room for EXPORT_BLOCK_BYTES; *ret_len is 0 at the
 * end. After a survey a block that is not what was surveyed is EXIT_TRY_LATER: the file changed
 * while it was read, and no row of this block was sent. What was appended since is passed over:
 * export_change tells of it.
 */
int export_read(struct export *export, uint64_t number, unsigned char *ret_bytes, size_t *ret_len,
                struct error *err);

/*
 * How the file changed since it was surveyed, as the end of a sentence that begins with its name
 * ("has grown"), or NULL when its bytes, and those of whatever has its name now, are the same. A
 * file that nobody can have touched is not read again. Standard input never changes; a file without
 * a name any more is taken as it was.
 */
const char *export_change(const struct export *export);

#endif
