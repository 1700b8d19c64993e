#include "report/unaltered.h"

#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"

/* The cells that a digest covers, and the digest. */
#define CONTENT_CELLS                                                                              \
    (((UINT32_C(1) << FIELD_COUNT) - 1) << SCAN_WORKCARD_ID | UINT32_C(1) << SCAN_DIGEST)
#define ALL_CELLS ((UINT32_C(1) << SCAN_COLUMNS) - 1)

/* Whether a run has published it since its manifest was read, or is about to. */
static bool is_published_anew(const struct unaltered *unaltered)
{
    struct manifest_found now;
    struct error unread;
    bool is_anew = manifest_read(unaltered->path, &now, &unread) > 0 &&
                   strcmp(now.report_sha256, unaltered->manifest->report_sha256) != 0;

    manifest_found_release(&now);
    return is_anew || manifest_is_due(unaltered->path);
}

static int refuse(const struct unaltered *unaltered, const char *what, struct error *err)
{
    if (is_published_anew(unaltered))
        return manifest_refuse_due(unaltered->path, err);
    return error_set(err, EXIT_INPUT_REFUSED, "'%s' %s; nothing was sent",
                     LOG_QUOTED(unaltered->path), what);
}

/* The sentence in `text`, which is released. */
static int refuse_text(const struct unaltered *unaltered, struct buffer *text, struct error *err)
{
    int result = text->failed ? error_no_memory(err) : refuse(unaltered, buffer_string(text), err);

    buffer_release(text);
    return result;
}

/* ---- one row ---- */

static bool is_damaged(const struct scan_row *row)
{
    return row->edit == SCAN_EDIT_DATE || row->edit == SCAN_EDIT_SCIENTIFIC ||
           row->edit == SCAN_EDIT_ZEROS;
}

static int refuse_cells(const struct unaltered *unaltered, const struct scan_row *row,
                        struct error *err)
{
    struct buffer text = {0};

    if (row->malformed == ALL_CELLS) {
        language_format(&text,
                        "has no row of a report in line %llu: it has cells too many or too few",
                        (unsigned long long)row->start_line);
        return refuse_text(unaltered, &text, err);
    }
    language_format(&text,
                    "was changed in row %llu (line %llu): not as claimbatch writes them are ",
                    (unsigned long long)row->line.record.row, (unsigned long long)row->start_line);
    scan_name_malformed(row, &text);
    language_append(&text,
                    "; a spreadsheet or an editor was at it. Take the report as it was written");
    return refuse_text(unaltered, &text, err);
}

static int refuse_order(const struct unaltered *unaltered, const struct scan_row *row,
                        struct error *err)
{
    struct buffer text = {0};

    language_format(&text,
                    "was changed: row %llu (line %llu) stands behind row %llu; rows were moved or "
                    "doubled. Take the report as it was written",
                    (unsigned long long)row->line.record.row, (unsigned long long)row->start_line,
                    (unsigned long long)unaltered->last);
    return refuse_text(unaltered, &text, err);
}

/* A row that is refused is named, as long as they are few. */
static void name(struct unaltered *unaltered, const struct scan_row *row, bool is_useless)
{
    enum outcome outcome = row->line.record.outcome;

    unaltered->damaged |= is_damaged(row);
    if (unaltered->refused++ >= UNALTERED_ROWS_NAMED)
        return;
    language_format(&unaltered->named, "\n  row %llu: ", (unsigned long long)row->line.record.row);
    scan_explain_edit(row, &unaltered->named);
    if (is_useless)
        language_format(&unaltered->named, ", but it is %s, and not taken", outcome_word(outcome));
}

static void judge_edit(struct unaltered *unaltered, const struct scan_row *row, bool is_taken)
{
    if (row->edit == SCAN_EDIT_NONE)
        return;
    if (is_damaged(row) || !unaltered->accept_edits || unaltered->is_all_there_is || !is_taken)
        name(unaltered, row, !is_damaged(row) && !is_taken);
    else
        unaltered->edited++;
}

int unaltered_show(struct unaltered *unaltered, const struct scan_row *row, bool is_taken,
                   struct error *err)
{
    enum outcome outcome = row->line.record.outcome;

    if (row->malformed & ~CONTENT_CELLS && !is_damaged(row))
        return refuse_cells(unaltered, row, err);
    if (row->line.record.row <= unaltered->last)
        return refuse_order(unaltered, row, err);
    unaltered->last = row->line.record.row;
    unaltered->rows[outcome]++;
    unaltered->fee_fen[outcome] += row->has_claim ? row->claim.claim_fee : 0;
    judge_edit(unaltered, row, is_taken);
    return unaltered->named.failed ? error_no_memory(err) : 0;
}

/* ---- all of them ---- */

static int refuse_edits(const struct unaltered *unaltered, struct error *err)
{
    struct buffer text = {0};

    language_format(&text, "has %llu row%s not as claimbatch wrote %s:%s",
                    (unsigned long long)unaltered->refused, unaltered->refused == 1 ? "" : "s",
                    unaltered->refused == 1 ? "it" : "them", buffer_string(&unaltered->named));
    if (unaltered->refused > UNALTERED_ROWS_NAMED)
        language_format(&text, "\n  and %llu more",
                        (unsigned long long)(unaltered->refused - UNALTERED_ROWS_NAMED));
    if (unaltered->damaged)
        language_append(&text, "\nWhat a spreadsheet lost cannot be seen, so such rows are never "
                               "taken. Take the report as it was written, and look at copies only");
    else if (unaltered->is_all_there_is)
        language_append(&text,
                        "\nOf what the ledger does not know only the report tells what was sent: "
                        "it is taken as it was written, or not at all");
    else if (unaltered->accept_edits)
        language_append(&text, "\nAn edit of a row that is not taken would do nothing. Correct the "
                               "export and upload it again, or take the edit back");
    else
        language_append(&text,
                        "\nTake the report as it was written; or, to send edited rows with what "
                        "they say now: --accept-edits");
    return refuse_text(unaltered, &text, err);
}

static uint64_t count_rows(const struct unaltered *unaltered)
{
    uint64_t sum = 0;

    for (int i = 0; i < OUTCOME_COUNT; i++)
        sum += unaltered->rows[i];
    return sum;
}

static int check_count(const struct unaltered *unaltered, struct error *err)
{
    uint64_t rows = count_rows(unaltered);
    uint64_t wanted = unaltered->manifest->report_rows;
    struct buffer text = {0};

    if (rows == wanted)
        return 0;
    language_format(
        &text,
        "has another number of rows, %llu, than its manifest says, %llu: %s. Take the whole report",
        (unsigned long long)rows, (unsigned long long)wanted,
        rows < wanted ? _("it is cut, or rows were removed") : _("rows were added"));
    return refuse_text(unaltered, &text, err);
}

/* Outcomes are no content, so no digest covers them: the manifest counts them. */
static int check_outcomes(const struct unaltered *unaltered, struct error *err)
{
    const struct manifest_found *m = unaltered->manifest;
    struct buffer text = {0};

    for (int i = 0; i < OUTCOME_COUNT; i++) {
        char here[MONEY_TEXT_BYTES];
        char there[MONEY_TEXT_BYTES];

        if (unaltered->rows[i] == m->rows[i] &&
            (unaltered->edited || unaltered->fee_fen[i] == m->fee_fen[i]))
            continue;
        language_format(
            &text,
            "has %llu row%s %s of %s fen, and its manifest says %llu of %s fen: "
            "outcomes were changed. What became of a row is not for an editor to say: see "
            "claimbatch resolve. Take the report as it was written",
            (unsigned long long)unaltered->rows[i], unaltered->rows[i] == 1 ? "" : "s",
            outcome_word((enum outcome)i), money_format_fen(unaltered->fee_fen[i], here),
            (unsigned long long)m->rows[i], money_format_fen(m->fee_fen[i], there));
        return refuse_text(unaltered, &text, err);
    }
    return 0;
}

/* What no digest covers may have been changed: messages, codes, outcomes of rows of one amount. */
static int check_bytes(const struct unaltered *unaltered, const unsigned char *sha256,
                       struct error *err)
{
    if (digest_is(sha256, unaltered->manifest->report_sha256))
        return 0;
    if (unaltered->is_all_there_is)
        return refuse(unaltered,
                      _("is not byte for byte as claimbatch wrote it, and the ledger does not know "
                        "its run, so nothing else tells what was sent. Take the report as it was "
                        "written"),
                      err);
    return unaltered->accept_edits
               ? 0
               : refuse(unaltered,
                        _("is not byte for byte as claimbatch wrote it, though every row fits its "
                          "digest: something else was changed (a code, a message, an outcome, "
                          "quotes). Take the report as it was written; or, if it was you: "
                          "--accept-edits"),
                        err);
}

int unaltered_finish(struct unaltered *unaltered, const unsigned char *sha256, struct error *err)
{
    if (unaltered->refused)
        return refuse_edits(unaltered, err);
    if (check_count(unaltered, err) || check_outcomes(unaltered, err))
        return -1;
    return check_bytes(unaltered, sha256, err);
}

void unaltered_release(struct unaltered *unaltered)
{
    buffer_release(&unaltered->named);
}
