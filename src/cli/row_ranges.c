#include "cli/row_ranges.h"

#include <ctype.h>
#include <stdlib.h>

bool row_ranges_next(const char **rows, uint64_t *ret_first, uint64_t *ret_last)
{
    char *end;

    if (!isdigit((unsigned char)**rows))
        return false;
    *ret_first = *ret_last = strtoull(*rows, &end, 10);
    if (*end == '-' && isdigit((unsigned char)end[1]))
        *ret_last = strtoull(end + 1, &end, 10);
    if (*end == ',' && !end[1])
        return false;
    *rows = end + (*end == ',');
    return (!*end || *end == ',') && *ret_first >= 2 && *ret_last >= *ret_first &&
           *ret_last <= INT64_MAX && *ret_last - *ret_first < ROW_RANGES_ROWS_MAX;
}

bool row_ranges_are_valid(const char *rows)
{
    uint64_t first, last, count = 0;

    while (*rows) {
        if (!row_ranges_next(&rows, &first, &last))
            return false;
        count += last - first + 1;
    }
    return count > 0 && count <= ROW_RANGES_ROWS_MAX;
}
