#include "report/proof.h"

#include <string.h>

#include "base/error.h"
#include "base/hex.h"
#include "base/log.h"

/* The cells that a digest covers, and the digest. */
#define CONTENT_CELLS                                                                              \
    (((UINT32_C(1) << FIELD_COUNT) - 1) << SCAN_WORKCARD_ID | UINT32_C(1) << SCAN_DIGEST)
#define ALL_CELLS ((UINT32_C(1) << SCAN_COLUMNS) - 1)

static int refuse(const struct proof *proof, const char *what, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];

    return error_set(err, EXIT_INPUT_REFUSED, "'%s' %s; nothing was sent",
                     log_quote(proof->path, quoted, sizeof(quoted)), what);
}

/* The sentence in `text`, which is released. */
static int refuse_text(const struct proof *proof, struct buffer *text, struct error *err)
{
    int result = text->failed ? error_no_memory(err) : refuse(proof, buffer_string(text), err);

    buffer_release(text);
    return result;
}

/* ---- one row ---- */

static bool is_damaged(const struct scan_row *row)
{
    return row->edit == SCAN_EDIT_DATE || row->edit == SCAN_EDIT_SCIENTIFIC ||
           row->edit == SCAN_EDIT_ZEROS;
}

static int refuse_cells(const struct proof *proof, const struct scan_row *row, struct error *err)
{
    struct buffer text = {0};

    if (row->malformed == ALL_CELLS) {
        buffer_format(&text,
                      "has no row of a report in line %llu: it has cells too many or too few",
                      (unsigned long long)row->start_line);
        return refuse_text(proof, &text, err);
    }
    buffer_format(&text, "was changed in row %llu (line %llu): not as claimbatch writes them are ",
                  (unsigned long long)row->line.record.row, (unsigned long long)row->start_line);
    scan_name_malformed(row, &text);
    buffer_text(&text, "; a spreadsheet or an editor was at it. Take the report as it was written");
    return refuse_text(proof, &text, err);
}

static int refuse_order(const struct proof *proof, const struct scan_row *row, struct error *err)
{
    struct buffer text = {0};

    buffer_format(&text,
                  "was changed: row %llu (line %llu) stands behind row %llu; rows were moved or "
                  "doubled. Take the report as it was written",
                  (unsigned long long)row->line.record.row, (unsigned long long)row->start_line,
                  (unsigned long long)proof->last);
    return refuse_text(proof, &text, err);
}

/* A row that is refused is named, as long as they are few. */
static void name(struct proof *proof, const struct scan_row *row, bool is_useless)
{
    enum outcome outcome = row->line.record.outcome;

    proof->damaged |= is_damaged(row);
    if (proof->refused++ >= PROOF_ROWS_NAMED)
        return;
    buffer_format(&proof->named, "\n  row %llu: ", (unsigned long long)row->line.record.row);
    scan_explain_edit(row, &proof->named);
    if (is_useless)
        buffer_format(&proof->named, ", but it is %s, and not taken", outcome_name(outcome));
}

static void judge_edit(struct proof *proof, const struct scan_row *row, bool is_taken)
{
    if (row->edit == SCAN_EDIT_NONE)
        return;
    if (is_damaged(row) || !proof->accept_edits || proof->is_all_there_is || !is_taken)
        name(proof, row, !is_damaged(row) && !is_taken);
    else
        proof->edited++;
}

int proof_show(struct proof *proof, const struct scan_row *row, bool is_taken, struct error *err)
{
    enum outcome outcome = row->line.record.outcome;

    if (row->malformed & ~CONTENT_CELLS && !is_damaged(row))
        return refuse_cells(proof, row, err);
    if (row->line.record.row <= proof->last)
        return refuse_order(proof, row, err);
    proof->last = row->line.record.row;
    proof->rows[outcome]++;
    proof->fee_fen[outcome] += row->has_claim ? row->claim.claim_fee : 0;
    judge_edit(proof, row, is_taken);
    return proof->named.failed ? error_no_memory(err) : 0;
}

/* ---- all of them ---- */

static int refuse_edits(const struct proof *proof, struct error *err)
{
    struct buffer text = {0};

    buffer_format(&text, "has %llu row%s not as claimbatch wrote %s:%s",
                  (unsigned long long)proof->refused, proof->refused == 1 ? "" : "s",
                  proof->refused == 1 ? "it" : "them", buffer_string(&proof->named));
    if (proof->refused > PROOF_ROWS_NAMED)
        buffer_format(&text, "\n  and %llu more",
                      (unsigned long long)(proof->refused - PROOF_ROWS_NAMED));
    if (proof->damaged)
        buffer_text(&text, "\nWhat a spreadsheet lost cannot be seen, so such rows are never "
                           "taken. Take the report as it was written, and look at copies only");
    else if (proof->is_all_there_is)
        buffer_text(&text, "\nThe ledger does not know the run of this report, so only the report "
                           "tells what was sent: it is taken as it was written, or not at all");
    else if (proof->accept_edits)
        buffer_text(&text, "\nAn edit of a row that is not taken would do nothing. Correct the "
                           "export and upload it again, or take the edit back");
    else
        buffer_text(&text, "\nTake the report as it was written; or, to send edited rows with what "
                           "they say now: --accept-edits");
    return refuse_text(proof, &text, err);
}

static uint64_t count_rows(const struct proof *proof)
{
    uint64_t sum = 0;

    for (int i = 0; i < OUTCOME_COUNT; i++)
        sum += proof->rows[i];
    return sum;
}

static int check_count(const struct proof *proof, struct error *err)
{
    uint64_t rows = count_rows(proof);
    uint64_t wanted = proof->manifest->report_rows;
    struct buffer text = {0};

    if (rows == wanted)
        return 0;
    buffer_format(&text, "has %llu rows, and its manifest says %llu: %s. Take the whole report",
                  (unsigned long long)rows, (unsigned long long)wanted,
                  rows < wanted ? "it is cut, or rows were removed" : "rows were added");
    return refuse_text(proof, &text, err);
}

/* Outcomes are no content, so no digest covers them: the manifest counts them. */
static int check_outcomes(const struct proof *proof, struct error *err)
{
    const struct manifest_found *m = proof->manifest;
    struct buffer text = {0};

    for (int i = 0; i < OUTCOME_COUNT; i++) {
        char here[MONEY_TEXT_BYTES];
        char there[MONEY_TEXT_BYTES];

        if (proof->rows[i] == m->rows[i] && (proof->edited || proof->fee_fen[i] == m->fee_fen[i]))
            continue;
        buffer_format(&text,
                      "has %llu rows %s of %s fen, and its manifest says %llu of %s fen: outcomes "
                      "were changed. What became of a row is not for an editor to say: see "
                      "claimbatch resolve. Take the report as it was written",
                      (unsigned long long)proof->rows[i], outcome_name((enum outcome)i),
                      money_format_fen(proof->fee_fen[i], here), (unsigned long long)m->rows[i],
                      money_format_fen(m->fee_fen[i], there));
        return refuse_text(proof, &text, err);
    }
    return 0;
}

/* What no digest covers may have been changed: messages, codes, outcomes of rows of one amount. */
static int check_bytes(const struct proof *proof, const unsigned char *sha256, struct error *err)
{
    char hex[MANIFEST_SHA256_TEXT_BYTES];

    hex_format(sha256, DIGEST_SHA256_BYTES, hex);
    if (strcmp(hex, proof->manifest->report_sha256) == 0)
        return 0;
    if (proof->is_all_there_is)
        return refuse(proof,
                      "is not byte for byte as claimbatch wrote it, and the ledger does not know "
                      "its run, so nothing else tells what was sent. Take the report as it was "
                      "written",
                      err);
    return proof->accept_edits
               ? 0
               : refuse(proof,
                        "is not byte for byte as claimbatch wrote it, though every row fits its "
                        "digest: something else was changed (a code, a message, an outcome, "
                        "quotes). Take the report as it was written; or, if it was you: "
                        "--accept-edits",
                        err);
}

int proof_finish(struct proof *proof, const unsigned char *sha256, struct error *err)
{
    if (proof->refused)
        return refuse_edits(proof, err);
    if (check_count(proof, err) || check_outcomes(proof, err))
        return -1;
    return check_bytes(proof, sha256, err);
}

void proof_release(struct proof *proof)
{
    buffer_release(&proof->named);
}
