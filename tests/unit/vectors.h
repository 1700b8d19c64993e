/*
 * vectors: the signature vectors made with the official SDKs, for tests.
 *
 * vectors/top-vectors.json below $CLAIMBATCH_TEST_DATA, else below TEST_DATA_DIR.
 */
#ifndef CLAIMBATCH_TESTS_VECTORS_H
#define CLAIMBATCH_TESTS_VECTORS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>
#include <yajl/yajl_tree.h>

#include "base/buffer.h"

#ifndef TEST_DATA_DIR
#define TEST_DATA_DIR "tests/unit"
#endif

/* The array of vectors; to be freed with yajl_tree_free. */
static yajl_val vectors_load(void)
{
    const char *folder = getenv("CLAIMBATCH_TEST_DATA");
    struct buffer path = {0}, content = {0};
    char chunk[4096], why[256];
    size_t len = 0;
    yajl_val vectors = NULL;
    FILE *file = NULL;

    buffer_format(&path, "%s/vectors/top-vectors.json", folder ? folder : TEST_DATA_DIR);
    file = fopen(buffer_string(&path), "r");
    if (!file)
        fail_msg("cannot open %s", buffer_string(&path));
    while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0)
        buffer_append(&content, chunk, len);
    fclose(file);
    vectors = yajl_tree_parse(buffer_string(&content), why, sizeof(why));
    if (!YAJL_IS_ARRAY(vectors))
        fail_msg("%s: %s", buffer_string(&path), why);
    buffer_release(&path);
    buffer_release(&content);
    return vectors;
}

/* A member of an object, NULL where there is none. */
static yajl_val vectors_member(yajl_val object, const char *name)
{
    const char *path[] = {name, NULL};
    return yajl_tree_get(object, path, yajl_t_any);
}

/* A text member, NULL where there is none. */
static const char *vectors_text(yajl_val object, const char *name)
{
    return YAJL_GET_STRING(vectors_member(object, name));
}

#endif
