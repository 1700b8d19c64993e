/*
 * The yardstick for check: libcsv alone takes a file apart and counts; nothing is decoded, judged
 * or kept.
 *
 * usage: bare_libcsv FILE    prints records and cells
 */
#include <csv.h>
#include <stdio.h>

#define BLOCK_BYTES ((size_t)1 << 20)

struct counts {
    unsigned long records, cells;
};

static void take_cell(void *text, size_t len, void *counts)
{
    (void)text, (void)len;
    ((struct counts *)counts)->cells++;
}

static void take_record(int c, void *counts)
{
    (void)c;
    ((struct counts *)counts)->records++;
}

static int count(FILE *file, struct counts *ret_counts)
{
    static char block[BLOCK_BYTES];
    struct csv_parser parser;
    size_t len;
    int result = csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL);

    while (!result && (len = fread(block, 1, sizeof(block), file)) > 0)
        result = csv_parse(&parser, block, len, take_cell, take_record, ret_counts) != len;
    if (!result)
        result = csv_fini(&parser, take_cell, take_record, ret_counts) != 0;
    csv_free(&parser);
    return result || ferror(file);
}

int main(int argc, char **argv)
{
    struct counts counts = {0};
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    int result;

    if (!file) {
        fprintf(stderr, "usage: bare_libcsv FILE\n");
        return 2;
    }
    result = count(file, &counts);
    fclose(file);
    if (result)
        fprintf(stderr, "libcsv does not take this file\n");
    printf("%lu %lu\n", counts.records, counts.cells);
    return result;
}
