/* How an export was read, as its manifest says it. */
#include <string.h>

#include "base/hex.h"
#include "report/manifest/manifest.h"

void manifest_take_reading(const struct manifest_found *manifest, struct row_source *ret_row_source,
                           struct inspection *ret_inspection)
{
    const struct manifest_reading *reading = &manifest->reading;

    *ret_row_source =
        (struct row_source){.reader.delimiter = reading->delimiter, .rules = reading->rules};
    *ret_inspection = (struct inspection){
        .survey = {.bytes = manifest->input_bytes, .encoding = reading->encoding},
        .columns.fee_unit = reading->fee_unit,
        .columns.time_of_day = reading->time_of_day,
        .rows = manifest->input_rows,
    };
    memcpy(ret_inspection->columns.index, reading->columns, sizeof(reading->columns));
    (void)hex_parse(manifest->input_sha256, EXPORT_SHA256_BYTES, ret_inspection->survey.sha256);
    ret_inspection->is_correction = *manifest->corrects != '\0';
    if (ret_inspection->is_correction)
        (void)hex_parse(manifest->corrects, EXPORT_SHA256_BYTES, ret_inspection->corrects);
}
