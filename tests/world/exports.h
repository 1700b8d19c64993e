/* exports: the two exports of an office, their changes, and what they were before. */
#ifndef EXPORTS_H
#define EXPORTS_H

#include <stdbool.h>

/* A line is one claim in one version. */
struct export_line {
    int claim, version;
    bool is_invalid;
};

extern const char *const export_names[2];

/* Whether it stands in both. */
bool exports_share(int claim);

void exports_begin(void);
/* Some of its claims have another amount, and some are new. */
void exports_change(int file);
/* Its lines as they are now; how many. */
int exports_lines(int file, const struct export_line **ret_lines);
/* The name of the one, of today or before, whose digest stands in this text; NULL: none. */
const char *exports_named_in(const char *text);

#endif
