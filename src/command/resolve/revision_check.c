#include "revision_check.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"

static int refuse_report(const struct revision *revision, const char *why, struct error *err)
{
    return error_set(err, EXIT_INPUT_REFUSED,
                     "'%s' is not the report that its manifest describes: %s. Take the report as "
                     "claimbatch wrote it, and only look at copies",
                     LOG_QUOTED(revision->settings->path), why);
}

/* Whether the row could stand in a report of ours as it is; else `why` says what was done to it. */
static bool is_whole(const struct scan_row *row, uint64_t last_row, struct buffer *why)
{
    if (row->edit != SCAN_EDIT_NONE) {
        scan_explain_edit(row, why);
        return false;
    }
    if (row->malformed) {
        language_append(why, "cells were changed: ");
        scan_name_malformed(row, why);
        return false;
    }
    if (row->line.record.row <= last_row) {
        language_append(why, "rows were moved or doubled");
        return false;
    }
    return true;
}

/* Reads all rows: 1 each could stand so, 0 one could not, and `why` names it, or -1. */
static int look_through(struct revision *revision, struct buffer *why, struct error *err)
{
    struct buffer what = {0};
    uint64_t last_row = 1;
    uint64_t rows = 0;
    int found;

    while ((found = scan_next(revision->scan, &revision->was, err)) > 0) {
        if (!is_whole(&revision->was, last_row, &what)) {
            language_format(why, "row %llu: %s", (unsigned long long)revision->was.line.record.row,
                            buffer_string(&what));
            break;
        }
        last_row = revision->was.line.record.row;
        rows++;
    }
    buffer_release(&what);
    if (found < 0 || why->failed)
        return found < 0 ? -1 : error_no_memory(err);
    if (!found && rows != revision->settings->manifest->report_rows) {
        language_format(why, "its rows are %llu, not %llu", (unsigned long long)rows,
                        (unsigned long long)revision->settings->manifest->report_rows);
        return 0;
    }
    return found ? 0 : 1;
}

/* A report that is whole, but not its manifest's, is fine where renaming the two was cut short. */
static int check_other_bytes(struct revision *revision, struct error *err)
{
    struct buffer why = {0};
    int whole = look_through(revision, &why, err);
    int result = -1;

    if (whole > 0 && !revision->settings->run->published) {
        revision->cut_short = true;
        result = 0;
    } else if (whole >= 0) {
        refuse_report(revision,
                      whole ? _("it was changed, in a way that its rows do not show")
                            : buffer_string(&why),
                      err);
    }
    buffer_release(&why);
    return result;
}

int revision_check_bytes(struct revision *revision, struct error *err)
{
    const struct survey *survey = scan_survey(revision->scan);

    if (survey && digest_is(survey->sha256, revision->settings->manifest->report_sha256))
        return 0;
    return check_other_bytes(revision, err);
}
