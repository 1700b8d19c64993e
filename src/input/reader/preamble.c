#include "preamble.h"

#include <stdio.h>
#include <string.h>

#include "base/character.h"
#include "base/error.h"
#include "base/words/language.h"
#include "header.h"
#include "input/export/lines.h"

#define ENOUGH_FIELDS 3 /* of a line that is a header */
#define LINE_BYTES ((size_t)64 << 10)

static const struct {
    const char *text, *option;
} delimiters[] = {{",", "','"}, {"\t", "tab"},  {";", "';'"},
                  {"|", "'|'"}, {"，", "'，'"}, {"\x01", "'\\x01'"}};

/* How many fields the line names between delimiters. */
static size_t count_fields(const char *line, size_t len, const char *delimiter)
{
    const char *end = line + len, *next = line;
    bool seen[FIELD_COUNT + 1] = {false};
    size_t found = 0;

    while (next) {
        const char *stop = memmem(next, (size_t)(end - next), delimiter, strlen(delimiter));
        size_t cell = (size_t)((stop ? stop : end) - next);
        char name[128];
        enum unit_said ignored = UNIT_UNSAID;
        enum field field = FIELD_NONE;

        if (cell < sizeof(name)) {
            snprintf(name, sizeof(name), "%.*s", (int)cell, next);
            field = header_field(name, &ignored);
        }
        found += field != FIELD_NONE && !seen[field];
        seen[field] = true;
        next = stop ? stop + strlen(delimiter) : NULL;
    }
    return found;
}

static bool advise(const struct line *line, uint64_t number, const char *wanted, struct error *err)
{
    for (size_t i = 0; i < sizeof(delimiters) / sizeof(*delimiters); i++) {
        char words[320];
        bool same = strcmp(delimiters[i].text, wanted) == 0;

        if (count_fields(line->text, line->len, delimiters[i].text) < ENOUGH_FIELDS)
            continue;
        snprintf(words, sizeof(words),
                 _("line %llu looks like the header: delete the lines above it%s%s"),
                 (unsigned long long)number, same ? "" : _(", and say --delimiter "),
                 same ? "" : delimiters[i].option);
        error_add(err, words);
        return true;
    }
    return false;
}

void preamble_advise(struct export *export, const struct survey *survey, uint32_t delimiter,
                     struct error *err)
{
    struct error ignored = {0};
    struct lines *lines = lines_open(export, survey, &ignored);
    struct line line = {0};
    char wanted[CHARACTER_ROOM];

    character_encode(delimiter, wanted);
    for (uint64_t number = 1; lines && number <= PREAMBLE_LINES_MAX; number++) {
        lines_mark(lines);
        if (lines_next(lines, LINE_BYTES, &line, &ignored) != 1 ||
            (number == 1 && count_fields(line.text, line.len, wanted) >= ENOUGH_FIELDS) ||
            (number > 1 && advise(&line, number, wanted, err)))
            break;
    }
    lines_close(lines);
}
