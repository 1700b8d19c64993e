/*
 * mount: whether the locks and memory maps of a ledger's place can be trusted with money.
 *
 * SQLite's write-ahead log needs both on one host (https://www.sqlite.org/wal.html, "Overview").
 * Kinds of file systems are known by the number that statfs gives; those in user space all have the
 * same one, and are told apart by the type in /proc/self/mountinfo (proc(5)).
 *
 * Tested by tests/unit/test_mount.c, tests/e2e/test_ledger.py
 */
#ifndef CLAIMBATCH_LEDGER_STORE_MOUNT_H
#define CLAIMBATCH_LEDGER_STORE_MOUNT_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct error;

/* Whether an open file is on a network file system. What cannot be found out is none. */
bool mount_is_network(int fd);

/* The same of the file system in user space with this device, by the text of a mountinfo. */
bool mount_lists_network(FILE *mountinfo, dev_t device);

/* Refuses, with EXIT_BAD_CONFIG, a ledger on a network, and one whose files beside it would be
 * others under another of its names: with hard links, or mounted by itself. `path` is named in the
 * error. */
int mount_check(int fd, const char *path, struct error *err);

#endif
