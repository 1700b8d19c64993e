/*
 * libFuzzer target: any bytes as a report, its manifest, and the page made of them. Beyond memory
 * errors it looks for broken promises: what is read of a report, written anew, is read as before;
 * only a report whose bytes are those of its manifest agrees; text, JSON and page are whole,
 * whatever stands in the files, and no text of theirs becomes an element of the page.
 *
 * The first byte chooses how; then come, separated by 0x1f, a report, its manifest, another report,
 * its manifest, and an export. In a manifest @S and @N stand for SHA-256 and length of its report,
 * so that files that fit are found.
 */
#include <yajl/yajl_parse.h>

#include "base/digest.h"
#include "base/hex.h"
#include "command/audit/audit.h"
#include "command/audit/audit_json.h"
#include "command/audit/audit_text.h"
#include "command/audit/page/page.h"
#include "report/scan.h"
#include "target.h"

#define NOW_MS INT64_C(1670803200000)
#define PATH_BYTES 128
#define SEPARATOR 0x1f

enum { REPORT, MANIFEST, REPORT_2, MANIFEST_2, EXPORT, PARTS };

struct part {
    const uint8_t *bytes;
    size_t len;
};

static const char *const names[PARTS] = {"a.csv", "a.csv.manifest.json", "b.csv",
                                         "b.csv.manifest.json", "claims.csv"};
static char folder[64];
static char paths[PARTS][PATH_BYTES];

/* ---- files ---- */

static void remove_folder(void)
{
    for (int i = 0; i < PARTS; i++)
        unlink(paths[i]);
    rmdir(folder);
}

static void make_folder(void)
{
    if (*folder)
        return;
    snprintf(folder, sizeof(folder), "%s/claimbatch-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    MUST(mkdtemp(folder));
    for (int i = 0; i < PARTS; i++)
        snprintf(paths[i], PATH_BYTES, "%s/%s", folder, names[i]);
    atexit(remove_folder);
}

static void split(const uint8_t *bytes, size_t len, struct part parts[PARTS])
{
    for (int i = 0; i < PARTS; i++) {
        const uint8_t *end = len && i + 1 < PARTS ? memchr(bytes, SEPARATOR, len) : NULL;
        size_t part = end ? (size_t)(end - bytes) : len;

        parts[i] = (struct part){bytes, part};
        bytes += part + (end != NULL);
        len -= part + (end != NULL);
    }
}

static void write_file(const char *path, const void *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    MUST(fd >= 0 && (!len || write(fd, bytes, len) == (ssize_t)len));
    close(fd);
}

static void append_sha256(struct part part, struct buffer *text)
{
    char hex[MANIFEST_SHA256_TEXT_BYTES];
    unsigned char digest[DIGEST_SHA256_BYTES];
    struct digest *sha256 = digest_open();

    MUST(sha256 && !digest_update(sha256, part.bytes, part.len) && !digest_finish(sha256, digest));
    digest_close(sha256);
    hex_format(digest, sizeof(digest), hex);
    buffer_text(text, hex);
}

/* A manifest that is empty is none. */
static void write_manifest(const char *path, struct part manifest, struct part report)
{
    struct buffer text = {0};

    for (size_t i = 0; i < manifest.len; i++) {
        bool is_mark = manifest.bytes[i] == '@' && i + 1 < manifest.len;

        if (is_mark && manifest.bytes[i + 1] == 'S')
            append_sha256(report, &text);
        else if (is_mark && manifest.bytes[i + 1] == 'N')
            buffer_format(&text, "%zu", report.len);
        else
            is_mark = false;
        if (is_mark)
            i++;
        else
            buffer_byte(&text, (char)manifest.bytes[i]);
    }
    if (text.len)
        write_file(path, text.ptr, text.len);
    else
        unlink(path);
    buffer_release(&text);
}

static void write_files(const struct part parts[PARTS])
{
    make_folder();
    for (int i = 0; i < PARTS; i++)
        if (i == MANIFEST || i == MANIFEST_2)
            write_manifest(paths[i], parts[i], parts[i - 1]);
        else
            write_file(paths[i], parts[i].bytes, parts[i].len);
}

/* ---- a report, read and written ---- */

/* The last: the export is not read as its manifest says. */
static const int refusals[] = {EXIT_INPUT_REFUSED, EXIT_BAD_CONFIG};

/* Appends the rows that are as they were written; returns how many. */
static size_t copy_rows(const char *path, bool *ret_whole, struct buffer *ret_text)
{
    struct scan *scan = NULL;
    struct scan_row row;
    struct error err = {0};
    size_t rows = 0;
    int found = scan_open(path, &scan, &err) ? -1 : 1;

    buffer_text(ret_text, LINE_BOM LINE_HEADER);
    while (found > 0 && (found = scan_next(scan, &row, &err)) > 0) {
        MUST(!row.digest_fits || row.has_claim);
        MUST(!row.digest_fits || row.edit == SCAN_EDIT_NONE);
        if (row.malformed)
            continue;
        line_append(&row.line, ret_text);
        rows++;
    }
    *ret_whole = found == 0;
    if (found < 0)
        check_error(&err, refusals, 1);
    scan_close(scan);
    return rows;
}

static void check_written_anew(void)
{
    struct buffer first = {0}, second = {0};
    bool whole = false;
    size_t rows = copy_rows(paths[REPORT], &whole, &first);

    write_file(paths[EXPORT], first.ptr, first.len);
    MUST(copy_rows(paths[EXPORT], &whole, &second) == rows && whole);
    MUST(first.len == second.len && memcmp(first.ptr, second.ptr, first.len) == 0);
    buffer_release(&first);
    buffer_release(&second);
}

/* ---- an audit, shown ---- */

static size_t count_of(const struct buffer *text, const char *words)
{
    size_t count = 0;

    for (const char *at = text->ptr; (at = strstr(at, words)); at += strlen(words))
        count++;
    return count;
}

/* Steps over an attribute; false when it is not one of ours. */
static bool skip_attribute(const char **at)
{
    const char *name = *at;
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");

    if (!len || strncmp(name, "on", 2) == 0 || strncmp(name, "src", 3) == 0 ||
        strncmp(name, "style", 5) == 0)
        return false;
    *at += len;
    if (**at != '=')
        return true;
    ++*at;
    if (strncmp(name, "href", 4) == 0 && strncmp(*at, "\"#", 2) != 0)
        return false;
    if (**at != '"') {
        *at += strcspn(*at, " >\"'<&");
        return **at == ' ' || **at == '>';
    }
    *at += 1 + strcspn(*at + 1, "\"<>");
    return *(*at)++ == '"';
}

/* Each < opens an element of ours, and none of them runs anything. */
static void check_elements(const struct buffer *page)
{
    const char *at = strstr(page->ptr, "<body>"), *end = strstr(page->ptr, "<script>");

    MUST(at && end);
    while ((at = memchr(at, '<', (size_t)(end - at)))) {
        at += 1 + (at[1] == '/');
        MUST(*at >= 'a' && *at <= 'z' && strncmp(at, "script", 6) != 0);
        at += strcspn(at, " >/<\n");
        while (*at == ' ' && at[1] != '/') {
            at++;
            MUST(skip_attribute(&at));
        }
        at += strspn(at, " /");
        MUST(*at == '>');
    }
}

static void check_page(const struct audit *audit)
{
    struct buffer page = {0};
    struct error err = {0};

    MUST(page_make(audit, "0", NOW_MS, &page, &err) == 0);
    MUST(page.len <= PAGE_BYTES_MAX && strlen(page.ptr) == page.len);
    MUST(is_safe(page.ptr, page.len));
    MUST(count_of(&page, "<script") == 1 && count_of(&page, "<style") == 1);
    check_elements(&page);
    buffer_release(&page);
}

static void check_json(const struct audit *audit)
{
    struct buffer json = {0};
    struct error err = {0};
    yajl_handle parser = yajl_alloc(NULL, NULL, NULL);

    MUST(audit_json(audit, &json, &err) == 0);
    MUST(yajl_parse(parser, (const unsigned char *)json.ptr, json.len) == yajl_status_ok);
    MUST(yajl_complete_parse(parser) == yajl_status_ok);
    MUST(is_safe(json.ptr, json.len));
    yajl_free(parser);
    buffer_release(&json);
}

static void check_text(const struct audit *audit)
{
    struct buffer text = {0};

    audit_text(audit, &text);
    MUST(!text.failed && is_safe(buffer_string(&text), text.len));
    buffer_release(&text);
}

static void check_sums(const struct audit *audit)
{
    uint64_t rows = 0, open = 0;

    for (int i = 0; i < OUTCOME_COUNT; i++)
        rows += audit->outcomes[i].rows;
    open = audit->outcomes[OUTCOME_UNKNOWN].rows + audit->outcomes[OUTCOME_REJECTED].rows +
           audit->outcomes[OUTCOME_FAILED].rows + audit->outcomes[OUTCOME_INVALID].rows;
    MUST(rows == audit->rows);
    MUST(open == audit->open_count + audit->open_left_out);
    MUST(audit->disagreement_count <= audit->disagreements_found);
}

/* What agrees is what its manifest says, byte for byte. */
static void check_agreement(const struct audit *audit)
{
    MUST(audit->agrees == (audit->disagreements_found == 0));
    for (size_t i = 0; audit->agrees && i < audit->report_count; i++) {
        const struct audit_report *report = &audit->reports[i];

        MUST(report->has_manifest);
        MUST(strcmp(report->sha256, report->manifest.report_sha256) == 0);
        MUST(report->bytes == report->manifest.report_bytes);
        for (int k = 0; k < OUTCOME_COUNT; k++)
            MUST(report->sums[k].rows == report->manifest.rows[k]);
    }
}

static void check_audit(size_t reports, bool with_export)
{
    const char *const operands[] = {paths[REPORT], paths[REPORT_2]};
    struct audit_settings settings = {.paths = operands,
                                      .path_count = reports,
                                      .export.path = with_export ? paths[EXPORT] : NULL};
    struct audit audit;
    struct error err = {0};

    rules_init(&settings.export.rules);
    if (audit_run(&settings, &audit, &err)) {
        check_error(&err, refusals, 2);
    } else {
        check_sums(&audit);
        check_agreement(&audit);
        check_text(&audit);
        check_json(&audit);
        check_page(&audit);
    }
    audit_release(&audit);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct part parts[PARTS];
    unsigned choice = len ? bytes[0] : 0;

    split(len ? bytes + 1 : bytes, len ? len - 1 : 0, parts);
    write_files(parts);
    check_audit(choice & 1 ? 2 : 1, choice & 2);
    check_written_anew();
    return 0;
}
