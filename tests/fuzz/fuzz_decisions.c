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
#include "cli/statement.h"
#include "command/resolve/decisions.h"
#include "report/line.h"
#include "target.h"

#define HEADER "row,digest,submitted_at,as,by,reason\n"

static const char *const typed_by = "claims-desk", *const typed_reason = "it was looked up";

static void check_text(const char *text, size_t limit)
{
    MUST(text && *text && strlen(text) <= limit);
    MUST(!statement_breach(text, limit) && character_is_utf8(text));
}

/* Appends a decision as `resolve -o` and a person would write it. */
static void write_line(const struct decision *decision, struct buffer *file)
{
    char submitted[CLOCK_RFC3339_BYTES], digest[DIGEST_CLAIM_TEXT_BYTES];

    clock_format_rfc3339(decision->submitted_ms, submitted);
    hex_format(decision->digest, DIGEST_CLAIM_BYTES, digest);
    buffer_format(file, "%llu,%s,%s,%s,", (unsigned long long)decision->row, digest, submitted,
                  decision->outcome == OUTCOME_ACCEPTED ? "accepted" : "not-executed");
    line_append_cell(decision->by, file);
    buffer_byte(file, ',');
    line_append_cell(decision->reason, file);
    buffer_byte(file, '\n');
}

static void check_decision(struct decisions *decisions, size_t i)
{
    const struct decision *decision = decisions_at(decisions, i);

    MUST(decision->row >= 2 && decision->line >= 2 && decision->names_attempt);
    MUST(decision->outcome == OUTCOME_ACCEPTED || decision->outcome == OUTCOME_FAILED);
    check_text(decision->by, STATEMENT_BY_BYTES);
    check_text(decision->reason, STATEMENT_REASON_BYTES);
    MUST(i == 0 || decisions_at(decisions, i - 1)->row <= decision->row);
    MUST(decisions_find(decisions, decision->row)->row == decision->row);
}

static bool is_same(const struct decision *a, const struct decision *b)
{
    return a->row == b->row && a->outcome == b->outcome && a->submitted_ms == b->submitted_ms &&
           memcmp(a->digest, b->digest, sizeof(a->digest)) == 0 && strcmp(a->by, b->by) == 0 &&
           strcmp(a->reason, b->reason) == 0;
}

/* Reads the file as the command does, with what is logged looked at. */
static struct decisions *read_file(const char *path, enum encoding encoding, bool is_typed,
                                   struct error *err)
{
    struct decisions *decisions = NULL;
    int log = catch_log();
    int result = decisions_read(path, encoding, is_typed ? typed_by : NULL,
                                is_typed ? typed_reason : NULL, &decisions, err);

    check_log(log);
    MUST((result == 0) == (decisions != NULL));
    return decisions;
}

static void check_written_anew(struct decisions *decisions)
{
    struct buffer file = {0};
    struct decisions *again = NULL;
    struct error err = {0};
    char path[MEMORY_PATH_BYTES];
    int fd = -1;

    buffer_text(&file, HEADER);
    for (size_t i = 0; i < decisions_count(decisions); i++)
        write_line(decisions_at(decisions, i), &file);
    fd = open_memory(file.ptr, file.len, path);
    again = read_file(path, ENCODING_AUTO, false, &err);
    if (!again)
        dprintf(stderr_fd(), "%s\n--- read back: %s\n", file.ptr, err.text);
    MUST(again && decisions_count(again) == decisions_count(decisions));
    MUST(decisions_refused(again) == 0 && decisions_skipped(again) == 0);
    for (size_t i = 0; i < decisions_count(again); i++)
        MUST(is_same(decisions_at(decisions, i), decisions_at(again, i)));
    decisions_close(again);
    buffer_release(&file);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const enum encoding encodings[] = {ENCODING_AUTO, ENCODING_UTF8, ENCODING_GB18030,
                                              ENCODING_UTF16};
    static const int codes[] = {EXIT_INPUT_REFUSED};
    unsigned choice = len ? bytes[0] : 0;
    struct decisions *decisions = NULL;
    struct error err = {0};
    char path[MEMORY_PATH_BYTES];
    int fd = open_memory(len ? bytes + 1 : bytes, len ? len - 1 : 0, path);

    decisions = read_file(path, encodings[choice & 3], choice & 4, &err);
    if (!decisions)
        check_error(&err, codes, 1);
    for (size_t i = 0; decisions && i < decisions_count(decisions); i++)
        check_decision(decisions, i);
    if (decisions && decisions_refused(decisions) == 0)
        check_written_anew(decisions);
    decisions_close(decisions);
    close(fd);
    return 0;
}
