/*
 * settings: which values are in force, and where each came from.
 *
 * A record of every value that was taken, in the order of taking, so the last one of a key holds.
 * It is what --print-config shows.
 *
 * Tested by tests/unit/test_options_config.c
 */
#ifndef CLAIMBATCH_CLI_OPTIONS_SETTINGS_H
#define CLAIMBATCH_CLI_OPTIONS_SETTINGS_H

#include <stddef.h>

#include "base/buffer.h"

enum section {
    SECTION_GATEWAY,
    SECTION_RUN,
    SECTION_INPUT,
    SECTION_COLUMNS,
    SECTION_STATUSES,
    SECTION_RULES,
    SECTION_VERDICTS,
    SECTION_COUNT,
    SECTION_NONE = SECTION_COUNT, /* never in a configuration */
};

enum origin_kind { ORIGIN_DEFAULT, ORIGIN_CONFIG, ORIGIN_ENVIRONMENT, ORIGIN_OPTION };

struct origin {
    enum origin_kind kind;
    const char *name; /* of the configuration's file or the variable of the environment */
    unsigned line;    /* of the file */
};

/* Texts are borrowed. */
struct setting {
    enum section section;
    const char *key, *value;
    struct origin origin;
};

/* Zeroed is empty. */
struct settings {
    struct setting *list;
    size_t count, room;
};

/* "gateway" … "verdicts". */
const char *settings_section_name(enum section section);
/* SECTION_NONE when there is none of that name. */
enum section settings_find_section(const char *name);

/* 0, or -1 without memory. */
int settings_note(struct settings *settings, const struct setting *setting);
void settings_release(struct settings *settings);

/* The setting of that key that holds, or NULL. Of "null", which may be there often, the last. */
const struct setting *settings_find(const struct settings *settings, enum section section,
                                    const char *key);

/* Visits each setting that holds, section by section. */
void settings_visit(const struct settings *settings,
                    void (*visit)(void *context, const struct setting *setting), void *context);

/* Appends the value as it may be shown: without what a URL has of a password or a query. */
void settings_value(const struct setting *setting, struct buffer *ret_text);

/*
 * Appends what is in force in the form of a configuration, with a comment above each value that
 * says where it came from. What is read back is in force again, but for what was masked.
 */
void settings_print(const struct settings *settings, struct buffer *ret_text);

#endif
