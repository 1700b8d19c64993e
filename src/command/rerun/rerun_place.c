#include "rerun_place.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "base/words/language.h"
#include "cli/next_step.h"
#include "command/upload/submission.h"
#include "report/beside.h"

/* The length of "X" in "X.csv" and in "X.rerun-3.csv". */
static size_t stem_of(const char *path)
{
    size_t len = file_stem_length(path);
    size_t end;

    for (end = len; end > 0 && path[end - 1] >= '0' && path[end - 1] <= '9';)
        end--;
    if (end < len && end > 7 && strncmp(path + end - 7, ".rerun-", 7) == 0)
        len = end - 7;
    return len;
}

/* Whether no report of another run stands there. */
static bool is_left_to(const struct buffer *path, const char *run)
{
    struct manifest_found manifest;
    struct error unread;
    int found = path->failed ? -1 : manifest_read(path->ptr, &manifest, &unread);
    bool is_left = found == 0 || (found > 0 && strcmp(manifest.run, run) == 0);

    if (!path->failed)
        manifest_found_release(&manifest);
    return is_left;
}

/* The name that this rerun's report had before, if that is a numbered one: beside `base`. */
static bool recall_report(const char *base, const struct run_record *run, struct buffer *path)
{
    const char *recorded = file_last_part(run->report_path);
    size_t stem = stem_of(base);
    size_t name = stem - (size_t)(file_last_part(base) - base);

    if (strncmp(recorded, file_last_part(base), name) != 0 || stem_of(recorded) != name ||
        strncmp(recorded + name, ".rerun-", 7) != 0)
        return false;
    buffer_reset(path);
    buffer_format(path, "%.*s%s", (int)stem, base, recorded + name);
    return is_left_to(path, run->name);
}

/* "X.rerun-N.csv" beside the report: the first that is free. */
static int number_report(const char *base, struct buffer *path, struct error *err)
{
    size_t stem = stem_of(base);
    int is_free = 0;

    for (unsigned n = 1; !is_free; n++) {
        buffer_reset(path);
        buffer_format(path, "%.*s.rerun-%u.csv", (int)stem, base, n);
        if (path->failed)
            return error_no_memory(err);
        is_free = beside_is_free(path->ptr, err);
    }
    return is_free > 0 ? 0 : -1;
}

static void name_resend(struct rerun *r)
{
    struct submission *s = &r->submission;

    language_append(&s->resend, "with the same options as now: ");
    next_step_append_command(s->options, "rerun", s->report_path.ptr, &s->resend);
    buffer_text(&s->resend, " --include unknown --by NAME --reason TEXT");
}

/* In the place that was chosen, unless a file was named: the numbered name, which is free. */
static int number_in_folder(struct rerun *r, bool found, const struct run_record *run,
                            struct error *err)
{
    struct submission *s = &r->submission;
    const char *report = s->options->report;
    char *base;
    int result = 0;

    if (report && strcmp(report, s->report_path.ptr) == 0)
        return 0;
    base = strdup(s->report_path.ptr);
    if (!base)
        return error_no_memory(err);
    if (!found || !recall_report(base, run, &s->report_path))
        result = number_report(base, &s->report_path, err);
    free(base);
    return result;
}

int rerun_place_choose(struct rerun *r, struct error *err)
{
    struct submission *s = &r->submission;
    const char *claims = s->options->claims;
    struct run_record run;
    int found = submission_find_run(s, &run, err);

    if (found < 0)
        return -1;
    if (submission_place(s, claims, file_last_part(claims), err) ||
        number_in_folder(r, found, &run, err))
        return -1;
    name_resend(r);
    return s->resend.failed ? error_no_memory(err) : 0;
}

/* The file of -o may hold the report of this very rerun, and nothing else: a rerun of the same
 * report as it was before took other rows. */
int rerun_place_check(const struct rerun *r, struct error *err)
{
    const struct submission *s = &r->submission;
    struct run_record run;
    int found;

    if (!s->place.replaced_count || !*s->place.run || s->options->overwrite)
        return 0;
    found = submission_find_run(&r->submission, &run, err);
    if (found < 0)
        return -1;
    if (found && strcmp(run.name, s->place.run) == 0)
        return 0;
    return publication_refuse(s->report_path.ptr, _("is the report of another rerun"), err);
}
