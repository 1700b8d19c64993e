#include "ledger/known_row.h"

#include <string.h>

#include "base/error.h"

#define TEXTS 5

void known_row_reset(struct known_row *known)
{
    known->record = (struct row_record){
        .code = "", .sub_code = "", .message = "", .request_id = "", .warnings = ""};
}

int known_row_set(struct known_row *known, const struct row_record *record, struct error *err)
{
    const char *const texts[TEXTS] = {record->code, record->sub_code, record->message,
                                      record->request_id, record->warnings};
    const char **const kept[TEXTS] = {&known->record.code, &known->record.sub_code,
                                      &known->record.message, &known->record.request_id,
                                      &known->record.warnings};
    size_t starts[TEXTS];

    buffer_reset(&known->texts);
    for (int i = 0; i < TEXTS; i++) {
        starts[i] = known->texts.len;
        buffer_append(&known->texts, texts[i], strlen(texts[i]) + 1);
    }
    if (known->texts.failed) {
        known_row_reset(known);
        return error_no_memory(err);
    }
    known->record = *record;
    for (int i = 0; i < TEXTS; i++)
        *kept[i] = known->texts.ptr + starts[i];
    return 0;
}

void known_row_release(struct known_row *known)
{
    buffer_release(&known->texts);
}
