/* What may have been meant where a column is missing. */

#include "input/reader/columns.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/words/language.h"
#include "columns_part.h"
#include "header.h"
#include "input/value/text.h"
#include "input/value/value.h"

/* Whether the text has words of ours between delimiters: one in a line of SQL is none. */
static bool is_a_list(const char *header, const char *delimiter)
{
    size_t found = 0;

    for (const char *p = header, *end = NULL; p; p = end ? end + strlen(delimiter) : NULL) {
        char name[SHOWN_HEADER_BYTES * 2];
        enum unit_said unit = UNIT_UNSAID;

        end = strstr(p, delimiter);
        snprintf(name, sizeof(name), "%.*s", (int)(end ? end - p : (ptrdiff_t)strlen(p)), p);
        found += header_field(name, &unit) != FIELD_NONE;
    }
    return found > 0;
}

/* A header that is one column: its delimiter was another. */
void columns_append_delimiter_advice(struct buffer *text, const char *header)
{
    static const struct {
        const char *delimiter;
        const char *option;
    } usual[] = {{"\t", "tab"},
                 {";", "';'"},
                 {"|", "'|'"},
                 {"\x01", "'\\x01'"},
                 {"，", "'，'"},
                 {"\x1f", "'\\x1f'"},
                 {"^", "'^'"},
                 {",", N_("',', or, if quotes stand around the whole line, take them away")}};

    for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++) {
        if (strstr(header, usual[i].delimiter) && is_a_list(header, usual[i].delimiter)) {
            language_format(text,
                            "; it looks as if the columns are separated by another character: say "
                            "--delimiter %s",
                            _(usual[i].option));
            return;
        }
    }
    language_append(text, "; if the line is more than one column, name what separates them with "
                          "--delimiter");
}

/* Names the column that may be meant for a field that has none. */
void columns_append_guess(struct buffer *text, const struct resolution *resolution,
                          enum field field, const char *name)
{
    for (size_t i = 0; i < resolution->header->count; i++) {
        const char *header = columns_header_of(resolution, (int)i);

        if (columns_is_taken(resolution, (int)i) || header_guess(header) != field)
            continue;
        language_format(text, "; if column %zu is meant, say --column '%s=%s'", i + 1, name,
                        LOG_QUOTED_WITHIN(header, SHOWN_HEADER_BYTES));
        return;
    }
}

/* Whether a header is what is left of Chinese text that some program read in a wrong encoding. */
bool columns_is_garbled(const struct resolution *resolution)
{
    for (size_t i = 0; i < resolution->header->count; i++) {
        struct value value = value_of(&resolution->header->cells[i]);
        unsigned kinds = text_kinds(value);

        if (text_is_lost(value, kinds) || value_has_replacement(value) ||
            mojibake_find(value, kinds) != MOJIBAKE_NONE)
            return true;
    }
    return false;
}
