#include "revision.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "base/words/language.h"
#include "report/publication.h"
#include "revision_check.h"

/* ---- is it the report of its manifest? ---- */

int revision_open(const struct revision_settings *settings, struct revision **ret_revision,
                  struct error *err)
{
    struct revision *revision = calloc(1, sizeof(*revision));

    *ret_revision = NULL;
    if (!revision)
        return error_no_memory(err);
    revision->settings = settings;
    if (scan_open(settings->path, &revision->scan, err) || revision_check_bytes(revision, err) ||
        ledger_rows_open(settings->ledger, settings->run->id, &revision->rows, err) ||
        revision_restart(revision, err)) {
        revision_close(revision);
        return -1;
    }
    *ret_revision = revision;
    return 0;
}

static void drop_draft(struct revision *revision);

void revision_close(struct revision *revision)
{
    if (!revision)
        return;
    drop_draft(revision);
    ledger_rows_close(revision->rows);
    known_row_release(&revision->known);
    scan_close(revision->scan);
    tally_close(revision->tally);
    buffer_release(&revision->warnings);
    buffer_release(&revision->old_text);
    buffer_release(&revision->new_text);
    free(revision);
}

bool revision_was_cut_short(const struct revision *revision)
{
    return revision->cut_short;
}

/* ---- row by row ---- */

int revision_restart(struct revision *revision, struct error *err)
{
    return scan_restart(revision->scan, err);
}

static int refuse_row(const struct revision *revision, const char *why, struct error *err)
{
    return error_set(
        err, EXIT_INPUT_REFUSED,
        "'%s' cannot be brought up to date: row %llu %s. Upload the export again: that "
        "publishes the report anew",
        LOG_QUOTED(revision->settings->path), (unsigned long long)revision->was.line.record.row,
        why);
}

/* Warnings of the rules stay, those that arose in the run are the ledger's. */
static const char *join_warnings(struct revision *revision, const char *old, const char *ledgers)
{
    struct buffer *joined = &revision->warnings;

    buffer_reset(joined);
    line_append_noted(old, joined);
    if (*ledgers)
        buffer_format(joined, "%s%s", joined->len ? ";" : "", ledgers);
    return buffer_string(joined);
}

/* Whether the record says what became of the row: a repeat that was never judged does not. */
static bool says_something(const struct row_record *known)
{
    return outcome_is_there(known) || *known->code;
}

static int take_known(struct revision *revision, const struct row_record *known, struct line *line,
                      struct error *err)
{
    const struct line *was = &revision->was.line;

    if (known->outcome == OUTCOME_INVALID && was->record.outcome == OUTCOME_INVALID)
        return 0; /* it was held back */
    if (!was->has_digest)
        return refuse_row(revision,
                          _("was invalid when this report was written, but was sent since"), err);
    if (memcmp(was->record.digest, known->digest, DIGEST_CLAIM_BYTES) != 0)
        return refuse_row(revision, _("has other content in the ledger"), err);
    if (!says_something(known))
        return 0;
    line->record = *known;
    line->warnings = join_warnings(revision, was->warnings, known->warnings);
    if (!outcome_is_there(known))
        line->record.outcome = line->record.counts_as = OUTCOME_UNSENT;
    return 0;
}

static bool is_written_alike(struct revision *revision, const struct line *a, const struct line *b)
{
    struct buffer *old_text = &revision->old_text;
    struct buffer *new_text = &revision->new_text;

    buffer_reset(old_text);
    buffer_reset(new_text);
    line_append(a, old_text);
    line_append(b, new_text);
    return old_text->len == new_text->len &&
           memcmp(old_text->ptr, new_text->ptr, old_text->len) == 0;
}

int revision_next(struct revision *revision, struct revision_row *ret_row, struct error *err)
{
    const struct row_record *known = &revision->known.record;
    int found = ledger_beat(revision->settings->ledger, err);

    if (!found)
        found = scan_next(revision->scan, &revision->was, err);
    if (found <= 0)
        return found;
    *ret_row = (struct revision_row){.was = &revision->was, .line = revision->was.line};
    found = ledger_rows_find(revision->rows, revision->was.line.record.row, &revision->known, err);
    if (found < 0 || (found && take_known(revision, known, &ret_row->line, err)))
        return -1;
    ret_row->differs = !is_written_alike(revision, &revision->was.line, &ret_row->line);
    if (revision->warnings.failed || revision->old_text.failed || revision->new_text.failed)
        return error_no_memory(err);
    return 1;
}

/* ---- the new report ---- */

static bool is_drafted(const struct revision *revision)
{
    return revision->draft.tally;
}

int revision_prepare(struct revision *revision, struct error *err)
{
    const char *path = revision->settings->path;

    return draft_open(path, &revision->draft, err) ||
                   publication_open(path, &revision->publication, err) ||
                   publication_check(&revision->publication, path, err)
               ? -1
               : 0;
}

/* Of a draft that was not published nothing stays. */
static void drop_draft(struct revision *revision)
{
    publication_close(&revision->publication);
    draft_close(&revision->draft);
}

static int add_row(struct draft *draft, const struct revision_row *row, struct error *err)
{
    const struct row_record *r = &row->line.record;

    line_append(&row->line, &draft->output.text);
    tally_warn(draft->tally, row->line.warnings, r->row);
    if (tally_add(draft->tally, r->outcome, r->counts_as, r->code,
                  row->was->has_claim ? row->was->claim.claim_fee : 0))
        return error_no_memory(err);
    return draft_advance(draft, err);
}

static int add_rows(struct revision *revision, struct error *err)
{
    struct revision_row row;
    int found;

    while ((found = revision_next(revision, &row, err)) > 0)
        if (add_row(&revision->draft, &row, err))
            return -1;
    return found;
}

static int write_rows(struct revision *revision, struct error *err)
{
    struct ledger *ledger = revision->settings->ledger;
    int result;

    if (revision_restart(revision, err) || ledger_look_begin(ledger, err))
        return -1;
    result = add_rows(revision, err);
    ledger_look_end(ledger);
    return result || draft_finish(&revision->draft, err) ? -1 : 0;
}

/* ---- its publication ---- */

static int record_run(struct ledger *ledger, const struct run_record *run,
                      const struct tally *tally, struct error *err)
{
    struct run_count counts[OUTCOME_COUNT];

    tally_counts(tally, counts);
    if (ledger_begin(ledger, err) || ledger_run_save(ledger, run, err) ||
        ledger_run_count_put(ledger, run->id, counts, err))
        return -1;
    return ledger_commit(ledger, err);
}

/* The run as its report tells of it: an interrupted one as it was when the report was written. */
static struct run_record told_run(const struct revision *revision, const struct run_record *run)
{
    const struct manifest_found *manifest = revision->settings->manifest;
    struct run_record told = *run;

    told.started_ms = manifest->started_ms;
    told.finished_ms = manifest->finished_ms;
    told.stopped_because = run->finished_ms ? manifest->stopped_because : "interrupted";
    return told;
}

/* What the new manifest says, but for its export and the reports it replaces. */
static struct manifest manifest_of(const struct revision *revision, const struct run_record *told,
                                   const struct signing_key *key)
{
    const struct manifest_found *found = revision->settings->manifest;

    return (struct manifest){
        .program_version = revision->settings->program_version,
        .run = told,
        .parent_run = *found->parent_run ? found->parent_run : NULL,
        .earlier = found,
        .gateway = found->gateway,
        .app_key = found->app_key,
        .ledger = revision->settings->ledger,
        .report_path = revision->settings->path,
        .key = key,
    };
}

/* Gives the draft the report's name. */
static int put_in_place(struct revision *revision, const struct run_record *run,
                        const struct signing_key *key, struct error *err)
{
    struct run_record told = told_run(revision, run);
    struct manifest manifest = manifest_of(revision, &told, key);
    struct publication_place place = {0};
    struct inspection inspection;
    struct row_source row_source;
    int result;

    /* The export is not at hand: what the manifest says of it is said again. */
    manifest_take_reading(revision->settings->manifest, &row_source, &inspection);
    manifest.row_source = &row_source;
    manifest.inspection = &inspection;
    if (revision->settings->manifest->has_repeats)
        tally_set_repeats(revision->draft.tally, &revision->settings->manifest->repeats);
    result = publication_take_digests(revision->settings->manifest, &place, err);
    if (!result) {
        manifest.replaced = (const char(*)[MANIFEST_SHA256_TEXT_BYTES])place.replaced;
        manifest.replaced_count = place.replaced_count;
        result = publication_make(&revision->publication, &revision->draft, &manifest, err);
    }
    publication_place_release(&place);
    return result;
}

static int publish_draft(struct revision *revision, const struct signing_key *key,
                         struct error *err)
{
    const struct tally *tally = revision->draft.tally;
    struct run_record run = *revision->settings->run;

    run.open_rows = tally_rows(tally, OUTCOME_FAILED) + tally_rows(tally, OUTCOME_UNSENT);
    run.complete = run.finished_ms && !*run.stopped_because && !tally_rows(tally, OUTCOME_UNSENT);
    run.published = false;
    if (record_run(revision->settings->ledger, &run, tally, err) ||
        put_in_place(revision, &run, key, err))
        return -1;
    /* What was revised may be a copy: then the run's own report is still the old one. */
    run.published = file_is_same(run.report_path, revision->settings->path);
    return record_run(revision->settings->ledger, &run, tally, err);
}

int revision_publish(struct revision *revision, const struct signing_key *key, struct error *err)
{
    int result = is_drafted(revision) ? 0 : revision_prepare(revision, err);

    if (!result && (write_rows(revision, err) || publish_draft(revision, key, err)))
        result = -1;
    if (!result) {
        tally_close(revision->tally);
        revision->tally = revision->draft.tally;
        revision->draft.tally = NULL;
    }
    drop_draft(revision);
    return result;
}

const struct tally *revision_tally(const struct revision *revision)
{
    return revision->tally;
}
