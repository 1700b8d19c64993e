/*
 * libFuzzer target: any bytes as a CSV of decisions, as `resolve --from` takes it. Beyond memory
 * errors it looks for broken promises: what is refused is told in words that a terminal shows; what
 * is taken is about one row each and has whole texts; and written anew it is taken as before.
 *
 * The first byte chooses the encoding and whether --by and --reason were typed; the rest is the
 * file.
 */
#include "base/character.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/hex.h"
#include "command/resolve/rulings.h"
#include "report/line.h"
#include "target.h"

#define HEADER "row,digest,submitted_at,as,by,reason\n"

static const char *const typed_by = "claims-desk", *const typed_reason = "it was looked up";

static void check_text(const char *text, size_t limit)
{
    MUST(text && *text && strlen(text) <= limit);
    MUST(!ruling_text_breach(text, limit) && character_is_utf8(text));
}

/* Appends a ruling as `resolve -o` and a person would write it. */
static void write_line(const struct ruling *ruling, struct buffer *file)
{
    char submitted[CLOCK_RFC3339_BYTES], digest[DIGEST_CLAIM_TEXT_BYTES];

    clock_format_rfc3339(ruling->submitted_ms, submitted);
    hex_format(ruling->digest, DIGEST_CLAIM_BYTES, digest);
    buffer_format(file, "%llu,%s,%s,%s,", (unsigned long long)ruling->row, digest, submitted,
                  ruling->outcome == OUTCOME_ACCEPTED ? "accepted" : "not-executed");
    line_append_cell(ruling->by, file);
    buffer_byte(file, ',');
    line_append_cell(ruling->reason, file);
    buffer_byte(file, '\n');
}

static void check_ruling(struct rulings *rulings, size_t i)
{
    const struct ruling *ruling = rulings_at(rulings, i);

    MUST(ruling->row >= 2 && ruling->line >= 2 && ruling->names_attempt);
    MUST(ruling->outcome == OUTCOME_ACCEPTED || ruling->outcome == OUTCOME_FAILED);
    check_text(ruling->by, RULING_BY_BYTES);
    check_text(ruling->reason, RULING_REASON_BYTES);
    MUST(i == 0 || rulings_at(rulings, i - 1)->row <= ruling->row);
    MUST(rulings_find(rulings, ruling->row)->row == ruling->row);
}

static bool is_same(const struct ruling *a, const struct ruling *b)
{
    return a->row == b->row && a->outcome == b->outcome && a->submitted_ms == b->submitted_ms &&
           memcmp(a->digest, b->digest, sizeof(a->digest)) == 0 && strcmp(a->by, b->by) == 0 &&
           strcmp(a->reason, b->reason) == 0;
}

/* Reads the file as the command does, with what is logged looked at. */
static struct rulings *read_file(const char *path, enum encoding encoding, bool is_typed,
                                 struct error *err)
{
    struct rulings *rulings = NULL;
    int log = catch_log();
    int result = rulings_read(path, encoding, is_typed ? typed_by : NULL,
                              is_typed ? typed_reason : NULL, &rulings, err);

    check_log(log);
    MUST((result == 0) == (rulings != NULL));
    return rulings;
}

static void check_written_anew(struct rulings *rulings)
{
    struct buffer file = {0};
    struct rulings *again = NULL;
    struct error err = {0};
    char path[MEMORY_PATH_BYTES];
    int fd = -1;

    buffer_text(&file, HEADER);
    for (size_t i = 0; i < rulings_count(rulings); i++)
        write_line(rulings_at(rulings, i), &file);
    fd = open_memory(file.ptr, file.len, path);
    again = read_file(path, ENCODING_AUTO, false, &err);
    if (!again)
        dprintf(stderr_fd(), "%s\n--- read back: %s\n", file.ptr, err.text);
    MUST(again && rulings_count(again) == rulings_count(rulings));
    MUST(rulings_refused(again) == 0 && rulings_skipped(again) == 0);
    for (size_t i = 0; i < rulings_count(again); i++)
        MUST(is_same(rulings_at(rulings, i), rulings_at(again, i)));
    rulings_close(again);
    buffer_release(&file);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const enum encoding encodings[] = {ENCODING_AUTO, ENCODING_UTF8, ENCODING_GB18030,
                                              ENCODING_UTF16};
    static const int codes[] = {EXIT_INPUT_REFUSED};
    unsigned choice = len ? bytes[0] : 0;
    struct rulings *rulings = NULL;
    struct error err = {0};
    char path[MEMORY_PATH_BYTES];
    int fd = open_memory(len ? bytes + 1 : bytes, len ? len - 1 : 0, path);

    rulings = read_file(path, encodings[choice & 3], choice & 4, &err);
    if (!rulings)
        check_error(&err, codes, 1);
    for (size_t i = 0; rulings && i < rulings_count(rulings); i++)
        check_ruling(rulings, i);
    if (rulings && rulings_refused(rulings) == 0)
        check_written_anew(rulings);
    rulings_close(rulings);
    close(fd);
    return 0;
}
