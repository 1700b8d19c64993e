/*
 * scan: a report as rows again.
 *
 * What report/line.h wrote is read back exactly; anything else is named. The file is surveyed
 * first, so that rows come only from the bytes whose SHA-256 is told. Memory is bounded by one
 * block and one record. What a spreadsheet makes of a report is told apart from a report that was
 * cut and from rows edited by hand; whether the report is the one its manifest means is for the
 * caller.
 *
 * Tested by tests/unit/test_scan.c, test_scan_file.c
 */
#ifndef CLAIMBATCH_REPORT_SCAN_H
#define CLAIMBATCH_REPORT_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "input/claim/claim.h"
#include "input/export/export.h"
#include "report/line.h"

struct error;
struct scan;

/* The columns of a report, in their order. */
enum scan_column {
    SCAN_ROW,
    SCAN_WORKCARD_ID, /* from here on as enum field */
    SCAN_CLAIM_DESC,
    SCAN_CLAIM_COUNT,
    SCAN_CLAIM_ORDER_NO,
    SCAN_CLAIM_STATUS,
    SCAN_CLAIM_TIME,
    SCAN_CLAIM_FEE,
    SCAN_OUTCOME,
    SCAN_CODE,
    SCAN_SUB_CODE,
    SCAN_MESSAGE,
    SCAN_WARNINGS,
    SCAN_ATTEMPTS,
    SCAN_HTTP_STATUS,
    SCAN_REQUEST_ID,
    SCAN_SUBMITTED_AT,
    SCAN_DURATION_MS,
    SCAN_DIGEST,
    SCAN_COLUMNS,
};

#define SCAN_ALL_MALFORMED ((UINT32_C(1) << SCAN_COLUMNS) - 1) /* another number of cells */

/* What happened to the content of a row whose digest does not fit its cells. */
enum scan_edit {
    SCAN_EDIT_NONE,
    SCAN_EDIT_DATE,       /* a spreadsheet rewrote the time: 2026/11/23 9:00 */
    SCAN_EDIT_SCIENTIFIC, /* a spreadsheet took a long number for a quantity: 1.23457E+15 */
    SCAN_EDIT_ZEROS,      /* the leading zeros of claim_order_no are lost */
    SCAN_EDIT_CONTENT,    /* cells were changed in some other way */
};

/* One record. Texts are valid until the next call on the scan. */
struct scan_row {
    struct line line;    /* as line_append took it; cells that are malformed are zero or "" in
                            `record`. `counts_as` is the outcome, `state` ROW_FINAL */
    uint64_t start_line; /* physical, in the report */
    uint32_t malformed;  /* bit `1u << column`: not as line_append writes such a cell */
    bool has_claim;      /* the row was valid, and its cells are the seven values exactly */
    struct claim claim;
    bool digest_fits;   /* the row has a claim, and the digest is that of it */
    const char *digest; /* the cell */
    enum scan_edit edit;
};

/*
 * Opens and surveys a report. EXIT_INPUT_MISSING when it cannot be opened or is no regular file.
 * EXIT_INPUT_REFUSED when its first line is not that of a report: another file, an empty one, or a
 * report that a spreadsheet or editor saved anew (encoding, byte order mark, delimiter, line ends:
 * all that changed are named).
 */
int scan_open(const char *path, struct scan **ret_scan, struct error *err);
void scan_close(struct scan *scan); /* NULL is fine */

/* Another pass over the very same bytes, from the first record on; close it before the first. */
int scan_open_second(const struct scan *first, struct scan **ret_scan, struct error *err);

/* The file. Borrowed. */
struct export *scan_export(const struct scan *scan);

/* Bytes and SHA-256 of the file; NULL when it has bytes that are not UTF-8: scan_next says where.
 */
const struct survey *scan_survey(const struct scan *scan);

/*
 * The next record: 1, or 0 at the end, or -1. EXIT_INPUT_REFUSED when the report is damaged from
 * here on, or cut: scan_is_cut tells the two apart.
 */
int scan_next(struct scan *scan, struct scan_row *ret_row, struct error *err);

/* Whether scan_next refused because the end of the last record is missing. */
bool scan_is_cut(const struct scan *scan);

/* Begins anew with the first record of the very same bytes. */
int scan_restart(struct scan *scan, struct error *err);

/* "row" … "digest". */
const char *scan_column_name(enum scan_column column);

/* Appends the names of the malformed cells, joined by ", ". */
void scan_name_malformed(const struct scan_row *row, struct buffer *ret_text);

/* Appends what happened to the content, and why that is thought; nothing for SCAN_EDIT_NONE. */
void scan_explain_edit(const struct scan_row *row, struct buffer *ret_text);

#endif
