#include "input/reader/cell_name.h"

#include <stdio.h>

#include "base/words/language.h"
#include "input/reader/columns.h"
#include "input/reader/problem_line.h"
#include "input/reader/reader.h"

const char *cell_name_column(size_t index, char ret_name[CELL_NAME_COLUMN_BYTES])
{
    char letters[CELL_NAME_COLUMN_BYTES];
    char *p = letters + sizeof(letters) - 1;

    *p = '\0';
    for (index++; index > 0; index = (index - 1) / 26)
        *--p = (char)('A' + (index - 1) % 26);
    snprintf(ret_name, CELL_NAME_COLUMN_BYTES, "%s", p);
    return ret_name;
}

const char *cell_name(const struct record *record, int index, char ret_cell[CELL_NAME_BYTES])
{
    const struct problem_line *correction = record->correction;
    uint64_t row = correction ? correction->list_row : record->row;
    size_t before = correction ? CORRECTION_COLUMNS : 0;
    char name[CELL_NAME_COLUMN_BYTES];

    if (index == COLUMN_ABSENT)
        snprintf(ret_cell, CELL_NAME_BYTES, _("row %llu"), (unsigned long long)row);
    else
        snprintf(ret_cell, CELL_NAME_BYTES, _("cell %s%llu"),
                 cell_name_column(before + (size_t)index, name), (unsigned long long)row);
    return ret_cell;
}
