#include "month_csv.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file/file.h"
#include "base/file/output.h"
#include "base/log.h"
#include "base/words/language.h"
#include "report/line.h"

static const char beginning[] = LINE_BOM MONTH_CSV_HEADER;

struct month_csv {
    struct output output;
};

static int refuse(const char *path, const char *why, struct error *err)
{

    return error_set(err, EXIT_CANNOT_CREATE, "'%s' %s; name another file with --csv",
                     LOG_QUOTED(path), why);
}

int month_csv_look(const char *path, struct error *err)
{
    enum file_stands stands = output_is_standard(path) ? FILE_NONE : file_look(path);

    if (stands == FILE_OTHER)
        return refuse(path, _("is not a regular file (a link, a folder, …)"), err);
    if (stands == FILE_REGULAR && !file_begins_with(path, beginning, strlen(beginning)))
        return refuse(path, _("exists and is no list of claims of an audit"), err);
    return 0;
}

int month_csv_open(const char *path, struct month_csv **ret_csv, struct error *err)
{
    struct month_csv *csv;

    *ret_csv = NULL;
    if (month_csv_look(path, err))
        return -1;
    csv = calloc(1, sizeof(*csv));
    if (!csv)
        return error_no_memory(err);
    if (output_is_standard(path)) {
        output_open_standard(&csv->output);
    } else if (output_open(path, &csv->output, err)) {
        month_csv_close(csv);
        return -1;
    }
    buffer_text(&csv->output.text, beginning);
    *ret_csv = csv;
    return 0;
}

static void put_number(struct buffer *out, bool is_known, int64_t number)
{
    buffer_byte(out, ',');
    if (is_known)
        buffer_integer(out, number);
}

static void put_text(struct buffer *out, const char *text)
{
    buffer_byte(out, ',');
    line_append_cell(text, out);
}

int month_csv_add(struct month_csv *csv, const struct month *month, const struct month_claim *claim,
                  struct error *err)
{
    const struct month_line *final = &claim->final;
    const struct month_source *source = &month->sources[final->source];
    struct buffer *out = &csv->output.text;
    bool has_claim = final->status != MONTH_NO_STATUS;
    char day[MONTH_DAY_BYTES];

    line_append_cell(source->platform, out);
    put_text(out, source->app_key);
    put_text(out, final->workcard_id);
    put_text(out, final->claim_order_no);
    put_number(out, has_claim, final->status);
    put_number(out, has_claim, final->fee_fen);
    put_text(out, outcome_name(final->outcome));
    put_text(out, final->code);
    put_text(out, final->message);
    put_number(out, claim->is_accepted, claim->accepted_fen);
    put_number(out, claim->is_accepted, claim->first_fen);
    put_number(out, true, (int64_t)claim->changes);
    put_number(out, true, (int64_t)claim->lines);
    put_text(out, month_sums_day_text(final->day, day));
    put_text(out, month->exports[final->export].paths[0]);
    put_number(out, true, (int64_t) final->row);
    buffer_byte(out, '\n');
    return output_advance(&csv->output, err);
}

int month_csv_publish(struct month_csv *csv, struct error *err)
{
    return output_publish(&csv->output, err);
}

void month_csv_close(struct month_csv *csv)
{
    if (!csv)
        return;
    output_close(&csv->output);
    free(csv);
}
