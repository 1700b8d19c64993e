#include "report/scan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "input/export/charset.h"
#include "input/export/own_file.h"
#include "input/reader/reader.h"
#include "input/value/value.h"
#include "report/missing_report.h"
#include "scan_row.h"

#define HEAD LINE_BOM LINE_HEADER
#define HEAD_BYTES (sizeof(HEAD) - 1)

struct scan {
    struct export *export;
    bool is_second; /* the export is that of another scan */
    struct survey survey;
    bool surveyed;
    struct error damage; /* why it is not, though the first line is that of a report */
    struct reader *reader;
    bool cut;
};

/* ---- the first line ---- */

static int refuse(const struct scan *scan, const char *why, struct error *err)
{
    return error_set(err, EXIT_INPUT_REFUSED, "'%s' %s", LOG_QUOTED(export_name(scan->export)),
                     why);
}

/* The first line of the file in UTF-8, as far as the first block has it. */
struct head {
    struct buffer text;
    bool misread;    /* its byte order mark was taken for letters */
    size_t len;      /* without its end */
    const char *end; /* the line end's name, for a sentence */
};

static bool is_delimiter(char c)
{
    return c == ',' || c == ';' || c == '\t' || c == '|';
}

/* Whether the line is the header but for its delimiters and quotes. */
static bool is_like_header(const struct head *head, char *ret_delimiter)
{
    const char *wanted = LINE_HEADER;

    *ret_delimiter = ',';
    for (size_t i = 0; i < head->len; i++) {
        char c = head->text.ptr[i];

        if (c == '"')
            continue;
        if (is_delimiter(c)) {
            *ret_delimiter = c;
            c = ',';
        }
        if (c != *wanted++)
            return false;
    }
    return *wanted == '\n';
}

static void add_change(struct buffer *changes, const char *change)
{
    if (changes->len)
        language_append(changes, ", ");
    buffer_text(changes, change);
}

static void list_changes(const struct scan *scan, const struct head *head, char delimiter,
                         struct buffer *changes)
{
    enum encoding encoding = scan->survey.encoding;

    if (head->misread)
        add_change(changes, _("it was opened in another encoding than utf-8"));
    else if (encoding != ENCODING_UTF8)
        language_format(changes, "its encoding is %s, not utf-8", charset_encoding_name(encoding));
    else if (!scan->survey.bom_bytes)
        add_change(changes, _("its byte order mark is gone"));
    if (delimiter != ',')
        add_change(changes, delimiter == '\t'  ? _("its delimiter is a tab, not ','")
                            : delimiter == ';' ? _("its delimiter is ';', not ','")
                                               : _("its delimiter is '|', not ','"));
    if (head->end) {
        add_change(changes, _("its line ends are "));
        buffer_text(changes, head->end);
    }
    if (memchr(head->text.ptr, '"', head->len))
        add_change(changes, _("its header is in quotes"));
}

static int refuse_changed(const struct scan *scan, const struct head *head, char delimiter,
                          struct error *err)
{
    struct buffer changes = {0};
    struct buffer why = {0};

    list_changes(scan, head, delimiter, &changes);
    language_format(&why,
                    "is a report that a spreadsheet or an editor saved anew: %s; cells may have "
                    "changed with it (times, long numbers, leading zeros). Take the report as "
                    "claimbatch wrote it, and only look at copies",
                    buffer_string(&changes));
    refuse(scan, buffer_string(&why), err);
    buffer_release(&changes);
    buffer_release(&why);
    return -1;
}

static int convert(const struct scan *scan, const unsigned char *bytes, size_t len,
                   struct buffer *ret_text, struct error *err)
{
    struct charset *charset = charset_open(scan->survey.encoding, err);
    int result = charset ? charset_convert(charset, bytes, len, ret_text, err) : -1;

    charset_close(charset);
    return result;
}

/* Takes away what a byte order mark becomes where a report is opened as windows-1252 or as GBK, of
 * which it makes the first letter of "row" a part. */
static void drop_misread_mark(struct head *head)
{
    static const char *const marks[][2] = {
        {"\xc3\xaf\xc2\xbb\xc2\xbf", ""},  /* ï»¿ */
        {"\xe9\x94\x98\xe7\xb8\xad", "r"}, /* 锘縭 */
    };
    struct buffer text = {0};

    for (size_t i = 0; i < sizeof(marks) / sizeof(*marks) && !head->misread; i++) {
        size_t len = strlen(marks[i][0]);

        head->misread = strncmp(buffer_string(&head->text), marks[i][0], len) == 0;
        if (head->misread)
            buffer_format(&text, "%s%s", marks[i][1], head->text.ptr + len);
    }
    if (!head->misread)
        return;
    buffer_release(&head->text);
    head->text = text;
}

/* Finds the end of the first line. */
static void measure(struct head *head)
{
    const char *text = buffer_string(&head->text);

    head->len = strcspn(text, "\r\n");
    if (!text[head->len])
        head->end = "missing";
    else if (text[head->len] == '\r')
        head->end = text[head->len + 1] == '\n' ? "CRLF" : "CR";
}

/* Finds out what stands in place of the header. Always -1. */
static int refuse_header(const struct scan *scan, const unsigned char *block, size_t len,
                         struct error *err)
{
    struct head head = {0};
    size_t bom = scan->survey.bom_bytes;
    char delimiter;

    if (len == bom)
        return refuse(scan, _("is empty, so it is no report"), err);
    if (!convert(scan, block + bom, len - bom, &head.text, err)) {
        drop_misread_mark(&head);
        measure(&head);
        if (is_like_header(&head, &delimiter))
            refuse_changed(scan, &head, delimiter, err);
        else if (own_file_of_header(head.text.ptr, head.len, ',', &delimiter) == OWN_FILE_PROBLEMS)
            own_file_refuse(OWN_FILE_PROBLEMS, export_name(scan->export), err);
        else
            refuse(scan,
                   _("is no report of claimbatch: its first line is not that of a report. A report "
                     "is named like claims.report.csv, the export it is about like claims.csv"),
                   err);
    }
    buffer_release(&head.text);
    return -1;
}

/* ---- opening ---- */

int scan_restart(struct scan *scan, struct error *err)
{
    struct reader_settings settings = {.delimiter = ',', .is_report = true};

    reader_close(scan->reader);
    scan->reader = NULL;
    scan->cut = false;
    if (!scan->surveyed)
        return 0;
    return reader_open(scan->export, &scan->survey, &settings, &scan->reader, err);
}

/* The survey of a file that begins as every report does may fail: then it is damaged further down.
 */
static int survey(struct scan *scan, bool is_report, struct error *err)
{
    scan->surveyed = !export_survey(scan->export, ENCODING_AUTO, &scan->survey, &scan->damage);
    if (scan->surveyed || (is_report && scan->damage.exit_code == EXIT_INPUT_REFUSED))
        return 0;
    *err = scan->damage;
    return -1;
}

/* A report is a file: what is read once only is no such thing, and has no manifest beside it. */
static int check_file(const char *path, struct error *err)
{
    struct stat status;

    if (stat(path, &status))
        return missing_report_refuse(path, errno, err);
    if (!S_ISREG(status.st_mode))
        return error_set(err, EXIT_INPUT_MISSING, "'%s' is no report: it is not a regular file%s",
                         LOG_QUOTED(path), S_ISDIR(status.st_mode) ? _(", but a folder") : "");
    return 0;
}

static int start(struct scan *scan, const char *path, unsigned char *block, struct error *err)
{
    size_t len = 0;
    bool is_report;

    if (check_file(path, err) || export_open(path, &scan->export, err) ||
        export_read(scan->export, 0, block, &len, err))
        return -1;
    is_report = len >= HEAD_BYTES && memcmp(block, HEAD, HEAD_BYTES) == 0;
    if (survey(scan, is_report, err))
        return -1;
    return is_report ? scan_restart(scan, err) : refuse_header(scan, block, len, err);
}

int scan_open(const char *path, struct scan **ret_scan, struct error *err)
{
    struct scan *scan = calloc(1, sizeof(*scan));
    unsigned char *block = malloc(EXPORT_BLOCK_BYTES);
    int result;

    *ret_scan = NULL;
    if (scan && block)
        result = start(scan, path, block, err);
    else
        result = error_no_memory(err);
    free(block);
    if (result)
        scan_close(scan);
    else
        *ret_scan = scan;
    return result;
}

void scan_close(struct scan *scan)
{
    if (!scan)
        return;
    reader_close(scan->reader);
    if (!scan->is_second)
        export_close(scan->export);
    free(scan);
}

int scan_open_second(const struct scan *first, struct scan **ret_scan, struct error *err)
{
    struct scan *scan = malloc(sizeof(*scan));
    int result;

    *ret_scan = NULL;
    if (!scan)
        return error_no_memory(err);
    *scan = *first;
    scan->is_second = true;
    scan->reader = NULL;
    result = scan_restart(scan, err);
    if (result)
        scan_close(scan);
    else
        *ret_scan = scan;
    return result;
}

struct export *scan_export(const struct scan *scan)
{
    return scan->export;
}

const struct survey *scan_survey(const struct scan *scan)
{
    return scan->surveyed ? &scan->survey : NULL;
}

bool scan_is_cut(const struct scan *scan)
{
    return scan->cut;
}

/* ---- records ---- */

static int refuse_cut(struct scan *scan, const struct record *record, struct error *err)
{
    char why[320];

    scan->cut = true;
    snprintf(why, sizeof(why),
             _("is cut: its last record, line %llu, has no end; get the whole report again"),
             (unsigned long long)record->line);
    return refuse(scan, why, err);
}

/* A record with more or fewer cells says nothing that can be relied on. */
static void take_broken(const struct record *record, struct scan_row *row)
{
    row->malformed = SCAN_ALL_MALFORMED;
    for (int i = 0; i < FIELD_COUNT; i++)
        row->line.fields[i] = "";
    row->line.record = (struct row_record){.outcome = OUTCOME_INVALID,
                                           .counts_as = OUTCOME_INVALID,
                                           .code = "",
                                           .sub_code = "",
                                           .message = "",
                                           .request_id = ""};
    row->line.warnings = "";
    row->digest = "";
    if (record->count > 0)
        value_parse_integer((struct value){record->cells[0].text, record->cells[0].len},
                            (int64_t *)&row->line.record.row);
}

static int take_record(const struct record *record, struct scan_row *row, struct error *err)
{
    memset(row, 0, sizeof(*row));
    row->start_line = record->line;
    row->claim.claim_desc = row->claim.claim_order_no = "";
    row->line.record.state = ROW_FINAL;
    row->line.record.warnings = "";
    if (record->count != SCAN_COLUMNS) {
        take_broken(record, row);
        return 0;
    }
    scan_row_take_cells(record, row);
    if (row->line.record.outcome != OUTCOME_INVALID)
        scan_row_take_claim(record, row);
    return scan_row_check_digest(row, err) ? -1 : scan_row_find_edit(record, row, err);
}

int scan_next(struct scan *scan, struct scan_row *ret_row, struct error *err)
{
    struct record record = {0};
    int result;

    if (!scan->reader) {
        *err = scan->damage;
        return -1;
    }
    result = reader_next(scan->reader, &record, err);
    if (result < 0)
        scan->cut = reader_is_unfinished(scan->reader) ||
                    reader_position(scan->reader) == scan->survey.bytes;
    if (result <= 0)
        return result;
    if (reader_is_unfinished(scan->reader))
        return refuse_cut(scan, &record, err);
    return take_record(&record, ret_row, err) ? -1 : 1;
}
