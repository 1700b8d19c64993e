/* Short words for what the tests of the scan of a report do in every line. */
#ifndef CLAIMBATCH_TESTS_SCAN_WORDS_H
#define CLAIMBATCH_TESTS_SCAN_WORDS_H

#include "base/error.h"
#include "input/claim/claim_digest.h"
#include "line_words.h"
#include "memfile.h"
#include "report/scan.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static struct error err; /* of the call made last */

static inline struct line plain_line(uint64_t row)
{
    struct line line = {
        .fields = {"815", "", "1", "0012345", "1", "2026-11-02 09:00:00", "12800"},
        .record = answered_record(row, OUTCOME_ACCEPTED),
        .warnings = "DATE_ONLY;COUNT_NOT_ONE",
        .has_digest = true,
    };
    struct claim claim = {815, "", 1, "0012345", 1, "2026-11-02 09:00:00", 12800};

    assert_int_equal(claim_digest(&claim, line.record.digest), 0);
    return line;
}

static inline void begin(struct buffer *text)
{
    buffer_reset(text);
    buffer_text(text, LINE_BOM LINE_HEADER);
}

static inline struct scan *open_text(const void *bytes, size_t len)
{
    struct memfile file = memfile_open(bytes, len);
    struct scan *scan = NULL;

    if (scan_open(file.path, &scan, &err))
        fail_msg("%s", err.text);
    memfile_close(&file);
    return scan;
}

#endif
