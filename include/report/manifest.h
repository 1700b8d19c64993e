/*
 * manifest: what stands beside a report and says where it comes from (contract section 4).
 *
 * JSON, hides yajl. No secret and no claim content. Times are RFC 3339, sums of money are integers
 * of any length, in fen.
 *
 * Tested by tests/e2e/test_upload.py
 */
#ifndef CLAIMBATCH_REPORT_MANIFEST_H
#define CLAIMBATCH_REPORT_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "input/inspection.h"
#include "ledger/ledger.h"
#include "report/tally.h"

struct error;

#define MANIFEST_FORMAT "claimbatch-manifest-1"
#define MANIFEST_BYTES_MAX ((size_t)1 << 20) /* a larger one is no manifest */
#define MANIFEST_REPLACED_MAX 64             /* digests kept of replaced reports; the newest */
#define MANIFEST_SHA256_TEXT_BYTES 65

/* What a manifest says. Borrowed. */
struct manifest {
    const char *program_version;
    const struct run_record *run;
    const char *parent_run; /* NULL: none */
    const struct intake *intake;
    const struct inspection *inspection;
    const char *gateway;
    const char *app_key;
    struct ledger *ledger; /* its id is shown, and what it recorded of the run as a whole */
    struct tally *tally;
    const char *report_path;
    uint64_t report_bytes;
    const unsigned char *report_sha256;
    const char (*replaced)[MANIFEST_SHA256_TEXT_BYTES]; /* of earlier reports, oldest first */
    size_t replaced_count;
};

/* Appends the JSON text. -1 without memory. */
int manifest_format(const struct manifest *manifest, struct buffer *ret_json, struct error *err);

/* Appends "REPORT.manifest.json". */
void manifest_path(const char *report_path, struct buffer *ret_path);

/* What is needed of a manifest that stands at a report's path. */
struct manifest_found {
    char input_sha256[MANIFEST_SHA256_TEXT_BYTES];
    struct buffer input_path; /* absolute; empty: not known */
    char report_sha256[MANIFEST_SHA256_TEXT_BYTES];
    char ledger_id[LEDGER_ID_BYTES];
    struct buffer platform;
    char run[LEDGER_ID_BYTES];
    char (*replaced)[MANIFEST_SHA256_TEXT_BYTES];
    size_t replaced_count;
};

/* Reads the manifest of a report: 1, or 0 when there is none, or -1: EXIT_INPUT_REFUSED when it is
 * not one of ours. */
int manifest_read(const char *report_path, struct manifest_found *ret_found, struct error *err);
void manifest_found_release(struct manifest_found *found);

#endif
