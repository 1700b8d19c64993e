#include "check_text.h"

#include <stdio.h>
#include <string.h>

#include "base/character.h"
#include "base/log.h"
#include "base/words/language.h"
#include "base/words/terminal.h"

void check_text_problem(const char *file, const struct problem *problem)
{
    language_printf("%s:%llu:%llu: %s: %s: %s (%s)\n", LOG_QUOTED(file),
                    (unsigned long long)problem->line, (unsigned long long)problem->column,
                    _(problem_severity(problem->severity)), rule_code(problem->rule),
                    problem->sentence, problem->cell);
}

static void append_absent(const struct columns *columns, enum field field, struct buffer *text)
{
    const char *similar = columns->similar[field];

    language_format(text, "  %-14s  not there: %s", column_field_name(field),
                    field == FIELD_CLAIM_COUNT ? _("1 is taken") : _("none is sent"));
    if (*similar)
        language_format(text, "; if '%s' is meant, say --column '%s=%s'", similar,
                        column_field_name(field), similar);
    buffer_byte(text, '\n');
}

static void append_column(const struct columns *columns, enum field field,
                          const struct record *header, struct buffer *text)
{
    int index = columns->index[field];
    char name[CELL_NAME_COLUMN_BYTES];

    if (index == COLUMN_ABSENT)
        append_absent(columns, field, text);
    else
        language_format(text, "  %-14s  column %s '%s'\n", column_field_name(field),
                        cell_name_column((size_t)index, name),
                        LOG_QUOTED(header->cells[index].text));
}

static const char *delimiter_name(uint32_t delimiter, char ret_name[16])
{
    char text[CHARACTER_ROOM], quoted[CHARACTER_ROOM * 4];

    if (delimiter == '\t')
        return _("tabs");
    character_encode(delimiter, text);
    snprintf(ret_name, 16, "'%s'", log_quote(text, quoted, sizeof(quoted)));
    return ret_name;
}

void check_text_reading(const struct inspection *inspection, const struct record *header,
                        struct buffer *ret_text)
{
    const struct columns *columns = &inspection->columns;
    char delimiter[16];

    language_format(ret_text, "read as: %s%s, cells separated by %s, amounts in %s\n",
                    charset_encoding_name(inspection->survey.encoding),
                    inspection->survey.bom_bytes ? _(" (by its byte order mark)") : "",
                    delimiter_name(columns->delimiter, delimiter),
                    _(column_unit_name(columns->fee_unit)));
    for (int i = 0; i < FIELD_COUNT; i++)
        append_column(columns, (enum field)i, header, ret_text);
    if (inspection->unused_columns.len)
        language_format(ret_text, "  not used:       %s\n",
                        buffer_string(&inspection->unused_columns));
}

static void put_code_line(struct buffer *table, const char *code, const char *severity,
                          const char *problems, const char *first)
{
    size_t columns = terminal_columns(problems);
    size_t width = terminal_columns(_("problems"));

    if (!table->len)
        buffer_byte(table, '\n');
    terminal_cell(table, code, 23);
    terminal_cell(table, severity, terminal_columns(_("severity")) + 1);
    terminal_cell(table, "", columns < width ? width - columns : 0);
    buffer_format(table, "%s  %s\n", problems, first);
}

void check_text_codes(const struct inspection *inspection)
{
    char first[INSPECTION_FIRST_BYTES];
    const char *row = _("row ");
    struct buffer table = {0};
    uint64_t sum = 0;

    for (int i = 0; i < RULE_COUNT; i++)
        sum += inspection->broken[i];
    if (!sum)
        return;
    if (sum > CHECK_TEXT_PROBLEMS)
        language_printf(language_plural("… and %llu more problem\n", "… and %llu more problems\n",
                                        sum - CHECK_TEXT_PROBLEMS),
                        (unsigned long long)(sum - CHECK_TEXT_PROBLEMS));
    put_code_line(&table, _("code"), _("severity"), _("problems"), _("first row"));
    for (int i = 0; i < RULE_COUNT; i++) {
        char count[BUFFER_INTEGER_BYTES];

        if (!inspection->broken[i])
            continue;
        inspection_first(inspection, (enum rule)i, first);
        put_code_line(&table, rule_code((enum rule)i),
                      _(problem_severity(inspection_severity(inspection, (enum rule)i))),
                      buffer_integer_text((int64_t)inspection->broken[i], count),
                      strncmp(first, row, strlen(row)) == 0 ? first + strlen(row) : first);
    }
    terminal_print(buffer_string(&table));
    buffer_release(&table);
}

/* The pairs of one kind: how many, and the first of them. */
static void print_pairs(const struct duplicates *duplicates, size_t count, bool same_content,
                        const char *words)
{
    struct buffer rows = {0};
    size_t pairs = 0;

    for (size_t i = 0; i < count; i++) {
        struct duplicate duplicate = duplicates_at(duplicates, i);

        if (duplicate.same_content == same_content && pairs++ < CHECK_TEXT_DUPLICATES)
            language_format(&rows, "%s%llu after %llu", rows.len ? _(", ") : "",
                            (unsigned long long)duplicate.row,
                            (unsigned long long)duplicate.before);
    }
    if (pairs)
        language_printf("%s: %zu: row %s%s\n", words, pairs, buffer_string(&rows),
                        pairs > CHECK_TEXT_DUPLICATES ? ", …" : "");
    buffer_release(&rows);
}

void check_text_duplicates(const struct duplicates *duplicates, size_t count)
{
    if (!count)
        return;
    putchar('\n');
    print_pairs(duplicates, count, true,
                _("same claim and content as an earlier row, would be skipped"));
    print_pairs(duplicates, count, false,
                _("same claim as an earlier row, other content, would be sent after it"));
}

static void print_amount(const char *words, uint64_t rows, money fee)
{
    char yuan[MONEY_TEXT_BYTES];
    struct buffer line = {0};

    /* 60 columns, as long as there are less than 10 million yuan. */
    buffer_text(&line, "  ");
    terminal_cell(&line, _(words), 25);
    language_format(&line, " %8llu %-4s %13s yuan\n", (unsigned long long)rows,
                    rows == 1 ? _("row") : _("rows"), money_format_yuan(fee, yuan));
    terminal_print(buffer_string(&line));
    buffer_release(&line);
}

void check_text_totals(const char *file, const struct inspection *inspection, const char *reading)
{
    static const char *const statuses[INSPECTION_STATUSES] = {
        N_("status 0, not settled"), N_("status 1, claim succeeded"), N_("status 2, claim failed")};

    language_printf("\n%s: rows %llu, invalid %llu, blank lines %llu", LOG_QUOTED(file),
                    (unsigned long long)inspection->rows, (unsigned long long)inspection->invalid,
                    (unsigned long long)inspection->blank_lines);
    if (inspection->profile.footer_rows)
        language_printf(
            "\nlines below the claims that are none, passed over: %llu, from line %llu on: %s",
            (unsigned long long)inspection->profile.footer_rows,
            (unsigned long long)inspection->profile.footer_line,
            buffer_string(&inspection->footer));
    if (!inspection->rows)
        language_printf(
            "\nthere are no claims below the header; an export that must not be empty is "
            "refused by --min-rows 1");
    language_printf("\nvalid rows:\n");
    for (int i = 0; i < INSPECTION_STATUSES; i++)
        print_amount(statuses[i], inspection->status_rows[i], inspection->status_fee[i]);
    print_amount(N_("together"), inspection->rows - inspection->invalid,
                 inspection_fee(inspection));
    terminal_print(reading);
}
