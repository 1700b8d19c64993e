/*
 * members: of a manifest that is read, one by one: each in its type, or the manifest is none.
 *
 * A member is named by its path, of one name or two (the second NULL). What is wrong is kept, the
 * first of it; a member that is wrong reads as 0 or "".
 *
 * Tested by tests/unit/test_manifest.c
 */
#ifndef CLAIMBATCH_REPORT_MANIFEST_MEMBERS_H
#define CLAIMBATCH_REPORT_MANIFEST_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yajl/yajl_tree.h>

#include "base/money.h"

/* The manifest that is being taken apart, and what is wrong with it. */
struct members {
    yajl_val tree;
    char wrong[128]; /* "": nothing so far */
    bool no_memory;
};

void members_spoil(struct members *m, const char *what, const char *first, const char *second);

yajl_val members_find(const struct members *m, const char *first, const char *second);

/* A member that must be there, in this type; NULL when it is not. */
yajl_val members_need(struct members *m, const char *first, const char *second, yajl_type type);

const char *members_text(struct members *m, const char *first, const char *second);

/* A text that may be missing or null. */
const char *members_text_if(struct members *m, const char *first, const char *second);

void members_hex(struct members *m, const char *first, const char *second, size_t size,
                 char *ret_text);

/* The name of a run, as the ledger makes them. */
void members_run(struct members *m, const char *member, const char *text, char *ret_text);

/* A plain integer that is not negative. */
uint64_t members_count_of(struct members *m, yajl_val value, const char *first, const char *second);

uint64_t members_count(struct members *m, const char *first, const char *second);

/* A time that may be missing or null. */
int64_t members_time(struct members *m, const char *first);

money members_money_of(struct members *m, yajl_val value, const char *first, const char *second);

/* Spoils the manifest if a name stands twice in an object of the value, or has no memory to look.
 */
void members_check_keys(struct members *m, yajl_val value);

#endif
