/* reports: the lines of a report, read by the world itself. */
#ifndef REPORTS_H
#define REPORTS_H

#include <stdbool.h>
#include <stdint.h>

#define REPORT_LINES_MAX 256

struct report_line {
    int row, claim, version; /* version -1: none can be read */
    char outcome[16], code[64];
    int64_t submitted_ms; /* 0: never */
};

struct report {
    int count;
    struct report_line lines[REPORT_LINES_MAX];
};

bool report_read(const char *name, struct report *ret_report);

#endif
