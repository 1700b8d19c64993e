#include "growth.h"

#include <stdbool.h>
#include <string.h>

#include "audit.h"
#include "base/error.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/words/language.h"
#include "disagreement.h"
#include "report/export_rows.h"

/* The rows that were appended. */
struct growth {
    uint64_t rows, invalid, first, last;
    money fee_fen; /* of those that are valid */
};

static int count(struct export_rows *rows, uint64_t last_row, struct growth *growth,
                 struct error *err)
{
    int found;

    while ((found = export_rows_next(rows, err)) > 0) {
        const struct claim *claim = export_rows_claim(rows);

        if (stop_signal())
            return error_set(err, EXIT_SIGNAL_BASE + stop_signal(), "stopped by a signal");
        if (export_rows_row(rows) <= last_row)
            continue;
        growth->last = export_rows_row(rows);
        growth->first = growth->rows++ ? growth->first : growth->last;
        growth->invalid += !claim;
        growth->fee_fen += claim ? claim->claim_fee : 0;
    }
    return found;
}

static void tell(struct audit *audit, const char *path, const struct growth *growth)
{
    char yuan[MONEY_TEXT_BYTES];

    if (!growth->rows) {
        disagreement_note(audit, "'%s' has grown since it was sent, by no row", path);
        return;
    }
    audit->export = AUDIT_DISAGREES;
    audit->export_rows += growth->rows;
    disagreement_raise(audit, AUDIT_EXPORT, AUDIT_NO_REPORT, 0,
                       "'%s' has grown since it was sent; rows that were appended, and are in no "
                       "report here: %llu (row %llu to %llu, %s yuan, %llu invalid). What stands "
                       "before them is what was sent. Where they were not uploaded yet, upload it; "
                       "else name that report, too",
                       path, (unsigned long long)growth->rows, (unsigned long long)growth->first,
                       (unsigned long long)growth->last, money_format_yuan(growth->fee_fen, yuan),
                       (unsigned long long)growth->invalid);
}

static void tell_unread(struct audit *audit, const char *path, const char *why)
{
    audit->export = AUDIT_DISAGREES;
    disagreement_raise(audit, AUDIT_EXPORT, AUDIT_NO_REPORT, 0,
                       "'%s' has grown since it was sent; what was sent is its beginning, and what "
                       "was appended was not looked at: %s",
                       path, why);
}

int growth_tell(struct audit *audit, const struct export_rows_settings *settings,
                const struct manifest_found *manifest, uint64_t last_row, struct error *err)
{
    struct export_rows_settings whole = *settings;
    struct export_rows *rows = NULL;
    struct growth growth = {0};
    const char *quoted = LOG_QUOTED(settings->path);
    int result;

    if (strcmp(settings->path, "-") == 0) {
        tell_unread(audit, quoted, _("standard input is read once; name the file"));
        return 0;
    }
    whole.is_all_wanted = true;
    result = export_rows_open(&whole, manifest, &rows, err);
    if (!result)
        result = count(rows, last_row, &growth, err);
    export_rows_close(rows);
    if (!result)
        tell(audit, quoted, &growth);
    if (result >= 0 || (err->exit_code != EXIT_INPUT_REFUSED && err->exit_code != EXIT_BAD_CONFIG))
        return result;
    tell_unread(audit, quoted, err->text);
    return 0;
}
