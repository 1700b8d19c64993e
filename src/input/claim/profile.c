#include "input/claim/profile.h"

void profile_init(struct profile *ret_profile)
{
    *ret_profile = (struct profile){0};
    for (int id = 0; id < ID_COLUMNS; id++)
        for (int at = 0; at < ROUNDINGS; at++)
            ret_profile->rounded[id][at] = DOUBT_WARN;
}

bool profile_is_cut(const struct profile *profile, uint64_t row)
{
    size_t first = 0, end = profile->cut_count;

    while (first < end) {
        size_t middle = first + (end - first) / 2;

        if (profile->cut_rows[middle] == row)
            return true;
        if (profile->cut_rows[middle] < row)
            first = middle + 1;
        else
            end = middle;
    }
    return false;
}

bool profile_is_footer(const struct profile *profile, uint64_t row)
{
    return profile->footer_row && row >= profile->footer_row;
}
