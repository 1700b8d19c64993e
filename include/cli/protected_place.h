/*
 * protected_place: a place at which nothing may be written, whatever was typed.
 *
 * What the command reads, and what claimbatch keeps: a ledger and what belongs to it, a report and
 * its manifest, a key. An earlier output of the same kind is none of these.
 *
 * Tested by tests/e2e/test_own_files.py
 */
#ifndef CLAIMBATCH_CLI_PROTECTED_PLACE_H
#define CLAIMBATCH_CLI_PROTECTED_PLACE_H

struct error;
struct options;

/* EXIT_CANNOT_CREATE when `path`, or what is written before it has that name, is such a place;
 * `option` is the one that named it, as "-o". Standard output is none. */
int protected_place_spare(const struct options *options, const char *path, const char *option,
                          struct error *err);

#endif
