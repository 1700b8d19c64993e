/*
 * json_tree: JSON that others wrote, as a tree of yajl's.
 *
 * Asked by yajl_tree_get, given back by yajl_tree_free. yajl's own reader of trees recurses, allows
 * comments, and does not look whether it got memory.
 *
 * Tested by tests/unit/test_manifest.c
 */
#ifndef CLAIMBATCH_BASE_JSON_TREE_H
#define CLAIMBATCH_BASE_JSON_TREE_H

#include <stdbool.h>

struct buffer;
struct yajl_val_s; /* what a yajl_val points to */

#define JSON_TREE_DEPTH_MAX 16 /* what the program writes is 3 deep */

/* false: it is no JSON, holds a NUL, or is deeper. *ret_tree: NULL where there was no memory. */
bool json_tree_read(const struct buffer *text, struct yajl_val_s **ret_tree);

#endif
