/*
 * form: the parameters of a call, wherever they stood.
 *
 * Names and values are decoded, NUL-terminated and borrowed from the text they were read from.
 *
 * Tested by tests/unit/test_sandbox_check.c
 */
#ifndef CLAIMBATCH_SANDBOX_FORM_H
#define CLAIMBATCH_SANDBOX_FORM_H

#include <stdbool.h>
#include <stddef.h>

#define FORM_FIELDS 64

struct field {
    const char *name;
    const char *value;
};

struct form {
    struct field fields[FORM_FIELDS];
    size_t count;
    bool overflow; /* more than FORM_FIELDS came; the rest is dropped */
};

void form_add(struct form *form, const char *name, const char *value);

/* Adds what the form-encoded `text` holds; the text is decoded in place. */
void form_decode(struct form *form, char *text);

/* The value of the first parameter of this name, or NULL. */
const char *form_value(const struct form *form, const char *name);

/* The same, but NULL also for an empty value. */
const char *form_filled(const struct form *form, const char *name);

#endif
