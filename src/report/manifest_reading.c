/* How an export was read, as its manifest says it. */
#include <stdlib.h>
#include <string.h>

#include "report/manifest.h"

static void parse_hex(const char *hex, unsigned char *ret_bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char byte[] = {hex[2 * i], hex[2 * i + 1], '\0'};

        ret_bytes[i] = (unsigned char)strtoul(byte, NULL, 16);
    }
}

void manifest_take_reading(const struct manifest_found *manifest, struct intake *ret_intake,
                           struct inspection *ret_inspection)
{
    const struct manifest_reading *reading = &manifest->reading;

    *ret_intake = (struct intake){.reader.delimiter = reading->delimiter, .rules = reading->rules};
    *ret_inspection = (struct inspection){
        .survey = {.bytes = manifest->input_bytes, .encoding = reading->encoding},
        .columns.fee_unit = reading->fee_unit,
        .columns.time_of_day = reading->time_of_day,
        .rows = manifest->input_rows,
    };
    memcpy(ret_inspection->columns.index, reading->columns, sizeof(reading->columns));
    parse_hex(manifest->input_sha256, ret_inspection->survey.sha256, EXPORT_SHA256_BYTES);
    ret_inspection->is_correction = *manifest->corrects != '\0';
    if (ret_inspection->is_correction)
        parse_hex(manifest->corrects, ret_inspection->corrects, EXPORT_SHA256_BYTES);
}
