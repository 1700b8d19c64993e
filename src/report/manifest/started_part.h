/*
 * started_part: what the parts of a start ask of one another.
 *
 * started is about the report's place, started_export about what stays beside the export.
 *
 * Tested by tests/e2e/test_report_place.py
 */
#ifndef CLAIMBATCH_REPORT_MANIFEST_STARTED_PART_H
#define CLAIMBATCH_REPORT_MANIFEST_STARTED_PART_H

#include "report/manifest/started.h"

enum standing {
    STANDING_NONE,
    STANDING_OWN,   /* of this run */
    STANDING_STALE, /* of another run, which nobody needs to be told of there any more */
    STANDING_OTHER,
};

/* Judges what stands there and makes way: *ret_standing is then what may be written over. */
typedef int (*started_clearer)(const struct started_settings *s, const char *path,
                               enum standing *ret_standing, struct error *err);

/* Writes the manifest and gives it the path. */
int started_put(const struct started_settings *s, const struct buffer *path, started_clearer clear,
                bool *ret_made, struct error *err);

/* Moves what stands at the path aside, to the name of `whose` with its run and the ending, which is
 * appended. */
int started_set_aside(const char *whose, const char *ending, const char *path,
                      const struct manifest_found *found, struct buffer *ret_aside,
                      struct error *err);

/* Whether what it tells of was imported from another ledger, as far as it goes: 1 or 0. */
int started_is_learned(struct ledger *ledger, const struct manifest_found *found,
                       struct run_record *ret_run, struct error *err);

/* Removes what stands at the path, if it is of that run, durably by what is at `beside`. */
int started_remove_own(const char *path, const char *beside, const char *run, struct ledger *ledger,
                       struct error *err);

#endif
