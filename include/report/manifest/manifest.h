/*
 * manifest: what stands beside a report and says where it comes from (contract section 4).
 *
 * JSON, hides yajl. No secret and no claim content. Times are RFC 3339, sums of money are integers
 * of any length, in fen. What is read back may come from anywhere: it is small, not deep, names
 * nothing twice and has every member in its type, or it is refused.
 *
 * Tested by tests/unit/test_manifest.c and tests/e2e/test_upload.py
 */
#ifndef CLAIMBATCH_REPORT_MANIFEST_MANIFEST_H
#define CLAIMBATCH_REPORT_MANIFEST_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "input/inspection/inspection.h"
#include "ledger/changed.h"
#include "ledger/commits.h"
#include "report/tally.h"

struct error;
struct json;
struct manifest_found;
struct signing_key;

#define MANIFEST_FORMAT "claimbatch-manifest-1"
#define MANIFEST_BYTES_MAX ((size_t)1 << 20) /* a larger one is no manifest */
#define MANIFEST_REPLACED_MAX 64             /* digests kept of replaced reports; the newest */
#define MANIFEST_SHA256_TEXT_BYTES 65

/* What a manifest says. Borrowed. */
struct manifest {
    const char *program_version;
    const struct run_record *run;
    const char *parent_run; /* NULL: none */
    const struct row_source *row_source;
    const struct inspection *inspection;
    const struct manifest_found *earlier; /* NULL, or what tells the name and path of an export that
                                             is not at hand: the source has none */
    const char *gateway;
    const char *app_key;
    struct ledger *ledger; /* its id is shown, and what it recorded of the run as a whole */
    struct tally *tally;   /* NULL: of a run that has no report yet; then nothing from here on */
    const char *report_path;
    uint64_t report_bytes;
    const unsigned char *report_sha256;
    const char (*replaced)[MANIFEST_SHA256_TEXT_BYTES]; /* of earlier reports, oldest first */
    size_t replaced_count;
    const struct signing_key *key; /* NULL: publication_make does not sign it */
};

/* The members of one sum of claims that changed, as manifest and audit have them. */
void manifest_put_changed_sum(struct json *document, const struct changed_sum *sum);

/* Appends the JSON text. -1 without memory. */
int manifest_format(const struct manifest *manifest, struct buffer *ret_json, struct error *err);

/* Appends "REPORT.manifest.json". */
void manifest_path(const char *report_path, struct buffer *ret_path);

/* What a run met on its way: a ban, a used-up quota, an outage, a brake, a stop. */
struct manifest_event {
    const char *kind;        /* "ban", "quota", "outage", "brake", "stop" */
    int64_t at_ms, until_ms; /* wall time; until 0: not known, or only a moment */
    const char *text;
};

struct manifest_code {
    const char *code;
    uint64_t rows;
};

/* OTHER may stand under each outcome beyond the limit of the tally. */
#define MANIFEST_CODES_MAX (TALLY_CODES_MAX + OUTCOME_COUNT)

/* A code may stand under several outcomes: each once, with the sum, in the order of their texts as
 * bytes. Returns how many there are; texts are the tally's. Room for MANIFEST_CODES_MAX. */
size_t manifest_sum_codes(struct tally *tally, struct manifest_code *ret_codes);

/* How the export was read. */
struct manifest_reading {
    enum encoding encoding;
    uint32_t delimiter;
    enum fee_unit fee_unit;
    int columns[FIELD_COUNT]; /* from 0, or COLUMN_ABSENT */
    size_t time_of_day;       /* as in struct columns */
    struct rules rules;       /* its words live as long as the manifest */
    bool has_words;           /* false: of a version that knew no words of the office */
};

struct manifest_signature {
    bool is_there;
    const char *algorithm, *public_key, *value; /* the last two in base64 */
};

/* What a manifest that stands beside a report says. Texts are never NULL, those without an answer
 * are empty; pointers live as long as this. */
struct manifest_found {
    char run[LEDGER_ID_BYTES];
    char parent_run[LEDGER_ID_BYTES]; /* "": none */
    char ledger_id[LEDGER_ID_BYTES];
    int64_t ledger_commits; /* as of the manifest; 0: an earlier version did not say */
    const char *ledger_path;
    const char *program_version, *command, *platform, *gateway, *app_key;
    const char *input_name;
    const char *input_path; /* absolute; "": not known */
    char input_sha256[MANIFEST_SHA256_TEXT_BYTES];
    char corrects[MANIFEST_SHA256_TEXT_BYTES]; /* the export that a list of problems came from; "":
                                                  it is none */
    uint64_t input_bytes, input_rows;
    struct manifest_reading reading;
    int64_t started_ms, finished_ms; /* wall time; 0: not known */
    bool complete;
    const char *stopped_because; /* "": nothing stopped it */
    uint64_t rows[OUTCOME_COUNT];
    money fee_fen[OUTCOME_COUNT];
    bool has_changed; /* an earlier version did not count them */
    bool has_repeats; /* … and did not look for these */
    struct tally_repeats repeats;
    struct changed_sum changed, held_back; /* claims that were accepted with other content */
    struct manifest_code *codes;           /* in the order of their texts, as bytes */
    size_t code_count;
    const char *report_name;
    char report_sha256[MANIFEST_SHA256_TEXT_BYTES];
    uint64_t report_bytes, report_rows;
    char (*replaced)[MANIFEST_SHA256_TEXT_BYTES]; /* oldest first */
    size_t replaced_count;
    struct manifest_event *events; /* in the order of the manifest */
    size_t event_count;
    struct manifest_signature signature;

    struct buffer text; /* of the file */
    void *tree;         /* what the pointers point into */
};

/*
 * Reads the manifest of a report: 1, or 0 when there is none, or -1: EXIT_INPUT_REFUSED when it is
 * not one of ours or not whole, naming what is wrong with it. Release it in any case.
 */
int manifest_read(const char *report_path, struct manifest_found *ret_found, struct error *err);
/* The same for a file of that very path. */
int manifest_read_file(const char *path, struct manifest_found *ret_found, struct error *err);
/* The same for the file that stands there before a run's first send (started.h), which tells
 * nothing of outcomes and of a report. */
int manifest_read_start(const char *path, struct manifest_found *ret_found, struct error *err);
/* Whether a run that lives will give a report there its manifest; and how that is said
 * (EXIT_TRY_LATER, -1). */
bool manifest_is_due(const char *report_path);
int manifest_refuse_due(const char *report_path, struct error *err);
/* The same as manifest_read for who cannot do without: EXIT_BAD_CONFIG when there is none, or it is
 * of another platform; EXIT_TRY_LATER when it is due. */
int manifest_require(const char *report_path, const char *platform,
                     struct manifest_found *ret_found, struct error *err);
void manifest_found_release(struct manifest_found *found);

/* Whether its run was made with this ledger, and not with another. */
bool manifest_is_of(const struct manifest_found *found, const struct ledger *ledger);

/* The manifest as it is passed over, or learned; borrowed from it. */
struct pass manifest_pass(const struct manifest_found *found, enum pass_kind kind);

/* How the export was read, and what was known of it as a whole: as far as that goes, the source and
 * inspection of the run. The export itself is not in it. */
void manifest_take_reading(const struct manifest_found *manifest, struct row_source *ret_row_source,
                           struct inspection *ret_inspection);

#endif
