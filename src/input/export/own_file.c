#include "input/export/own_file.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"

#define NAME_BYTES 32 /* a longer one is none of ours */
#define NAMES_MAX 16
#define HEAD_BYTES 512 /* hold the first columns in any encoding */

/* Names that no export has, and how many of them make a file ours. */
static const struct {
    const char *names[NAMES_MAX];
    size_t enough;
} kinds[] = {
    [OWN_FILE_PROBLEMS] = {{"row", "line", "severity", "codes", "problems", "export_sha256"}, 5},
    [OWN_FILE_REPORT] = {{"row", "outcome", "code", "sub_code", "message", "warnings", "attempts",
                          "http_status", "request_id", "submitted_at", "duration_ms", "digest"},
                         6},
    [OWN_FILE_DECISIONS] = {{"row", "digest", "submitted_at", "request_id", "as", "by", "reason"},
                            5},
    [OWN_FILE_AUDIT] = {{"platform", "outcome", "report", "exports", "submitted_at", "day",
                         "app_key", "request_id"},
                        5},
};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

/* Copies the cell's text without quotes and blanks, if it is short. Returns where the next starts;
 * NULL behind the last. */
static const char *take_name(const char *cell, const char *end, char delimiter,
                             char ret_name[NAME_BYTES])
{
    size_t len = 0;

    for (; cell < end && *cell != delimiter; cell++)
        if (*cell != '"' && *cell != ' ' && len < NAME_BYTES)
            ret_name[len++] = *cell;
    ret_name[len < NAME_BYTES ? len : 0] = '\0';
    return cell < end ? cell + 1 : NULL;
}

static bool is_of_kind(size_t kind, const char *name)
{
    for (size_t i = 0; i < NAMES_MAX && kinds[kind].names[i]; i++)
        if (strcasecmp(kinds[kind].names[i], name) == 0)
            return true;
    return false;
}

static enum own_file find_kind(const char *line, size_t len, char delimiter)
{
    const char *next = line;
    size_t found[KINDS] = {0};
    char name[NAME_BYTES];

    while (next) {
        next = take_name(next, line + len, delimiter, name);
        for (size_t kind = 1; kind < KINDS; kind++)
            found[kind] += is_of_kind(kind, name);
    }
    for (size_t kind = 1; kind < KINDS; kind++)
        if (found[kind] >= kinds[kind].enough)
            return (enum own_file)kind;
    return OWN_FILE_NONE;
}

enum own_file own_file_of_header(const char *line, size_t len, char expected, char *ret_delimiter)
{
    const char candidates[] = {expected, ',', ';', '\t', '|'};

    for (size_t i = 0; i < sizeof(candidates); i++) {
        enum own_file kind = find_kind(line, len, candidates[i]);

        *ret_delimiter = candidates[i];
        if (kind != OWN_FILE_NONE)
            return kind;
    }
    *ret_delimiter = expected;
    return OWN_FILE_NONE;
}

/* The first names are ASCII in every encoding. */
enum own_file own_file_at(const char *path)
{
    char bytes[HEAD_BYTES], text[HEAD_BYTES], delimiter;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ssize_t count = fd >= 0 ? read(fd, bytes, sizeof(bytes)) : -1;
    size_t len = 0;

    if (fd >= 0)
        close(fd);
    for (ssize_t i = 0; i < count && bytes[i] != '\r' && bytes[i] != '\n'; i++)
        if (bytes[i] && !(i < 3 && (unsigned char)bytes[i] >= 0x80))
            text[len++] = bytes[i];
    return own_file_of_header(text, len, ',', &delimiter);
}

int own_file_refuse(enum own_file kind, const char *name, struct error *err)
{
    static const char *const words[] = {
        [OWN_FILE_NONE] = N_("is no export"),
        [OWN_FILE_PROBLEMS] = N_("is a list of problems that claimbatch check wrote, not a report: "
                                 "fix its rows and give it to claimbatch upload"),
        [OWN_FILE_REPORT] =
            N_("is a report of claimbatch, not an export: to send again what failed "
               "in it, use rerun with the report as claimbatch wrote it; else name "
               "the export it is about"),
        [OWN_FILE_DECISIONS] =
            N_("is a list of unknown rows that claimbatch resolve wrote, not an "
               "export: fill it in and give it to claimbatch resolve with --from"),
        [OWN_FILE_AUDIT] =
            N_("is a table of claims that claimbatch audit wrote, not an export: name "
               "the export itself"),
    };

    return error_set(err, EXIT_INPUT_REFUSED, "'%s' %s; nothing was sent", LOG_QUOTED(name),
                     _(words[kind]));
}

const char *own_file_of_bytes(const char *bytes, size_t len)
{
    static const struct {
        const char *start, *words;
    } starts[] = {
        {"SQLite format 3", N_("this is an SQLite database, as a ledger of claimbatch is, not an "
                               "export: name the export")},
        {"{",
         N_("it begins as JSON does, as the manifest beside a report is: name the export itself, "
            "or, to send again what failed, use rerun with the report")},
        {"[", N_("it begins as JSON does: export it as CSV")},
        {"-----BEGIN ", N_("this is a key or a certificate, not an export: name the export")},
        {"# HELP claimbatch",
         N_("these are metrics of claimbatch, not an export: name the export")},
    };

    for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
        size_t start = strlen(starts[i].start);

        if (len >= start && memcmp(bytes, starts[i].start, start) == 0)
            return _(starts[i].words);
    }
    return NULL;
}
