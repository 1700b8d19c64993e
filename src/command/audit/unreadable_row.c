#include "unreadable_row.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/character.h"
#include "base/error.h"

#define RECORD_BYTES_MAX                                                                           \
    ((size_t)1 << 20) /* of a longer record only the beginning is looked at                        \
                       */
#define ROW_DIGITS_MAX 18

struct search {
    uint64_t wanted; /* the record behind so many; UINT64_MAX: the first that is no text */
    uint64_t records;
    bool is_quoted;
    struct buffer record;
    bool found;
};

static bool is_text(const struct buffer *record)
{
    const char *text = buffer_string(record);

    return strlen(text) == record->len && character_is_utf8(text);
}

static void begin_record(struct search *search)
{
    search->records++;
    search->is_quoted = false;
    buffer_reset(&search->record);
}

static void end_record(struct search *search)
{
    search->found = search->wanted == UINT64_MAX ? !is_text(&search->record)
                                                 : search->records == search->wanted;
    if (!search->found)
        begin_record(search);
}

static void take(struct search *search, const unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < len && !search->found; i++) {
        if (search->record.len < RECORD_BYTES_MAX)
            buffer_byte(&search->record, (char)bytes[i]);
        search->is_quoted ^= bytes[i] == '"';
        if (bytes[i] == '\n' && !search->is_quoted)
            end_record(search);
    }
}

/* What the record begins with, if that is a number and a comma. */
static uint64_t number_of(const struct buffer *record)
{
    const char *text = buffer_string(record);
    size_t digits = strspn(text, "0123456789");

    return digits && digits <= ROW_DIGITS_MAX && text[digits] == ',' ? strtoull(text, NULL, 10) : 0;
}

static uint64_t find(struct export *export, uint64_t wanted)
{
    struct search search = {.wanted = wanted};
    unsigned char *block = malloc(EXPORT_BLOCK_BYTES);
    struct error none;
    size_t len = 0;
    uint64_t row;

    for (uint64_t number = 0; block && !search.found; number++) {
        if (export_read(export, number, block, &len, &none) || !len)
            break;
        take(&search, block, len);
    }
    if (!search.found && search.record.len)
        end_record(&search);
    row = search.found && !search.record.failed ? number_of(&search.record) : 0;
    buffer_release(&search.record);
    free(block);
    return row;
}

uint64_t unreadable_row_behind(struct export *export, uint64_t records)
{
    return find(export, records);
}

uint64_t unreadable_row_without_text(struct export *export)
{
    return find(export, UINT64_MAX);
}
