/*
 * export_part: what the parts of an export share.
 *
 * Tested by tests/unit/test_export.c
 */
#ifndef CLAIMBATCH_INPUT_EXPORT_EXPORT_PART_H
#define CLAIMBATCH_INPUT_EXPORT_EXPORT_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "input/export/export.h"

/* What a block must be again when it is read again. */
struct block {
    unsigned char digest[EXPORT_SHA256_BYTES];
};

struct export
{
    int fd;
    char *name;
    dev_t device; /* of what was opened; a spooled copy is elsewhere */
    ino_t inode;
    bool spooled;
    bool surveyed;  /* from then on, what follows holds and is checked */
    uint64_t limit; /* of what is surveyed: what was appended to it is passed over; 0: none */
    bool named;     /* a block's digest is its SHA-256, else a quick hash */
    uint64_t bytes;
    struct block *blocks;
    size_t block_count, block_room;
    struct stat before; /* the survey */
    int64_t began_ms;
};

/* Reads that many bytes from there on, fewer only at the end. */
ssize_t export_read_fully_at(int fd, unsigned char *bytes, size_t len, uint64_t offset);
/* Whether the block is the one that was surveyed. */
int export_check_block(const struct export *export, uint64_t number, const unsigned char *bytes,
                       size_t *len, struct error *err);

#endif
