#include "month_xlsx.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"

static int refuse(const char *path, const char *why, struct error *err)
{
    return error_set(err, EXIT_CANNOT_CREATE, "'%s' %s; name another file with --xlsx",
                     LOG_QUOTED(path), why);
}

#ifdef HAVE_XLSXWRITER

#include <xlsxwriter.h>

#include "base/file/file.h"
#include "base/file/output.h"
#include "base/words/language.h"

#define FEN_PER_YUAN 100.0
#define EXACT_FEN ((money)900000000000000) /* more digits than a spreadsheet keeps */
#define DAY_ZERO 25569                     /* 1970-01-01, as a spreadsheet counts days */
#define SHEET_ROWS_MAX 1048575             /* of a spreadsheet, but for the headings */
#define CELL_BYTES 1024                    /* of a text from outside */

struct book {
    lxw_workbook *workbook;
    lxw_worksheet *sheet; /* the one that is written */
    lxw_format *heading, *yuan, *count, *date;
    lxw_row_t row;
    lxw_col_t column;
    const struct month *month;
    lxw_error failure; /* the first */
};

/* ---- headings: the only words here, in both languages ---- */

enum sheet { SHEET_OVERVIEW, SHEET_DAYS, SHEET_OPEN, SHEET_CHANGED, SHEETS };

static const char *const sheet_names[SHEETS] = {"概览 Overview", "每日 Days", "待处理 Open",
                                                "金额变更 Changed"};

struct heading {
    const char *words;
    double width; /* in characters */
};

static const struct heading headings[SHEETS][12] = {
    [SHEET_OVERVIEW] = {{"项目 Item", 44}, {"数量 Count", 14}, {"金额(元) Yuan", 20}},
    [SHEET_DAYS] = {{"日期 Day", 12},
                    {"批次 Runs", 11},
                    {"行数 Rows", 12},
                    {"已受理 Accepted", 16},
                    {"受理金额(元) Yuan", 20},
                    {"平台退回 Rejected", 16},
                    {"未执行 Failed", 12},
                    {"结果不明 Unknown", 14},
                    {"不合格 Invalid", 13},
                    {"待处理理赔 Open claims", 22}},
    [SHEET_OPEN] = {{"结果 Outcome", 14},
                    {"代码 Code", 24},
                    {"理赔单号 claim_order_no", 26},
                    {"工单号 workcard_id", 22},
                    {"金额(元) Yuan", 16},
                    {"日期 Day", 12},
                    {"说明 Message", 60},
                    {"文件 Export", 26},
                    {"报告 Report", 34},
                    {"行 Row", 10}},
    [SHEET_CHANGED] = {{"理赔单号 claim_order_no", 26},
                       {"工单号 workcard_id", 22},
                       {"首次受理(元) First", 20},
                       {"最后受理(元) Last", 20},
                       {"差额(元) Difference", 20},
                       {"变更次数 Changes", 18},
                       {"日期 Day", 12},
                       {"文件 Export", 26}},
};

static const char *const outcome_words[OUTCOME_COUNT] = {
    [OUTCOME_ACCEPTED] = "已受理 accepted", [OUTCOME_REJECTED] = "平台退回 rejected",
    [OUTCOME_FAILED] = "未执行 failed",     [OUTCOME_UNKNOWN] = "结果不明 unknown",
    [OUTCOME_INVALID] = "不合格 invalid",   [OUTCOME_SKIPPED] = "已跳过 skipped",
    [OUTCOME_UNSENT] = "未发送 unsent"};

/* ---- cells, from left to right ---- */

static void note_failure(struct book *book, lxw_error failure)
{
    if (!book->failure)
        book->failure = failure;
}

static void put_words(struct book *book, const char *words)
{
    note_failure(book, worksheet_write_string(book->sheet, book->row, book->column++, words, NULL));
}

/* Whatever a text holds, it is a text: never a formula, a number or an address. */
static void put_text(struct book *book, const char *text)
{
    put_words(book, LOG_QUOTED_WITHIN(text, CELL_BYTES));
}

static void put_count(struct book *book, uint64_t count)
{
    note_failure(book, worksheet_write_number(book->sheet, book->row, book->column++, (double)count,
                                              book->count));
}

static void put_yuan(struct book *book, money fen)
{
    char text[MONEY_TEXT_BYTES];

    if (fen > EXACT_FEN || fen < -EXACT_FEN)
        put_words(book, money_format_yuan(fen, text));
    else
        note_failure(book, worksheet_write_number(book->sheet, book->row, book->column++,
                                                  (double)(int64_t)fen / FEN_PER_YUAN, book->yuan));
}

static void put_day(struct book *book, int64_t day)
{
    if (day == MONTH_NO_DAY)
        book->column++;
    else
        note_failure(book, worksheet_write_number(book->sheet, book->row, book->column++,
                                                  (double)(day + DAY_ZERO), book->date));
}

static void end_row(struct book *book)
{
    book->row++;
    book->column = 0;
}

static void begin_sheet(struct book *book, enum sheet sheet)
{
    book->sheet = workbook_add_worksheet(book->workbook, sheet_names[sheet]);
    book->row = 0;
    book->column = 0;
    if (!book->sheet) {
        note_failure(book, LXW_ERROR_MEMORY_MALLOC_FAILED);
        return;
    }
    for (const struct heading *h = headings[sheet]; h->words; h++, book->column++) {
        worksheet_set_column(book->sheet, book->column, book->column, h->width, NULL);
        note_failure(book,
                     worksheet_write_string(book->sheet, 0, book->column, h->words, book->heading));
    }
    worksheet_freeze_panes(book->sheet, 1, 0);
    end_row(book);
}

/* The filter is over all rows, so it comes when they are known. */
static void end_sheet(struct book *book, enum sheet sheet)
{
    lxw_col_t columns = 0;

    while (headings[sheet][columns].words)
        columns++;
    worksheet_autofilter(book->sheet, 0, 0, book->row - 1, (lxw_col_t)(columns - 1));
}

/* ---- overview ---- */

static void put_item(struct book *book, const char *words, uint64_t count)
{
    put_words(book, words);
    put_count(book, count);
    end_row(book);
}

static void put_sum(struct book *book, const char *words, uint64_t count, money fen)
{
    put_words(book, words);
    put_count(book, count);
    put_yuan(book, fen);
    end_row(book);
}

static void put_verdict(struct book *book)
{
    const struct month *month = book->month;
    char day[MONTH_DAY_BYTES];

    put_words(book, month->agrees ? "核对一致 Everything that was checked agrees"
                                  : "核对不一致 It does not agree");
    put_count(book, month->disagreements + month->missing);
    end_row(book);
    for (size_t i = 0; month->day_count && i < 2; i++) {
        put_words(book, i ? "至 To" : "自 From");
        put_words(book, month_sums_day_text(month->days[i ? month->day_count - 1 : 0].day, day));
        end_row(book);
    }
    put_item(book, "文件 Exports", month->export_count);
    put_item(book, "报告 Reports", month->report_count);
    put_item(book, "行数 Rows", month->rows);
    put_item(book, "理赔(各计一次) Claims, each once", month->claims);
}

static void put_sources(struct book *book)
{
    for (size_t i = 0; i < book->month->source_count; i++) {
        const struct month_source *source = &book->month->sources[i];
        struct buffer words = {0};

        buffer_format(&words, "app_key %s, %s: 受理行数 accepted rows", LOG_QUOTED(source->app_key),
                      LOG_QUOTED(source->platform));
        put_sum(book, buffer_string(&words), source->accepted.rows, source->accepted.fee_fen);
        buffer_release(&words);
    }
}

static void put_overview(struct book *book)
{
    const struct month *month = book->month;

    begin_sheet(book, SHEET_OVERVIEW);
    if (book->failure)
        return;
    put_verdict(book);
    for (int i = 0; i < OUTCOME_COUNT; i++)
        if (i == OUTCOME_INVALID && month->claim_outcomes[i].rows)
            put_item(book, outcome_words[i], month->claim_outcomes[i].rows); /* amounts not known */
        else if (month->claim_outcomes[i].rows)
            put_sum(book, outcome_words[i], month->claim_outcomes[i].rows,
                    month->claim_outcomes[i].fee_fen);
    put_sum(book, "受理金额(最后一次) Accepted, last amount", month->accepted.rows,
            month->accepted.fee_fen);
    put_sum(book, "金额变更(差额) Changed, difference", month->changed,
            month->changed_after - month->changed_before);
    put_sources(book);
    if (month->open > SHEET_ROWS_MAX)
        put_item(book, "未列入待处理表 Left out of the sheet of open claims",
                 month->open - SHEET_ROWS_MAX);
    if (month->changed > SHEET_ROWS_MAX)
        put_item(book, "未列入变更表 Left out of the sheet of changed claims",
                 month->changed - SHEET_ROWS_MAX);
    for (size_t i = 0; i < month->finding_count; i++, end_row(book))
        put_text(book, month->findings[i]);
}

/* ---- days ---- */

static void put_days(struct book *book)
{
    static const enum outcome open[] = {OUTCOME_REJECTED, OUTCOME_FAILED, OUTCOME_UNKNOWN,
                                        OUTCOME_INVALID};

    begin_sheet(book, SHEET_DAYS);
    for (size_t i = 0; i < book->month->day_count && !book->failure; i++) {
        const struct month_day *day = &book->month->days[i];
        uint64_t rows = 0;

        for (int k = 0; k < OUTCOME_COUNT; k++)
            rows += day->rows[k].rows;
        put_day(book, day->day);
        put_count(book, day->runs);
        put_count(book, rows);
        put_count(book, day->rows[OUTCOME_ACCEPTED].rows);
        put_yuan(book, day->rows[OUTCOME_ACCEPTED].fee_fen);
        for (size_t k = 0; k < sizeof(open) / sizeof(*open); k++)
            put_count(book, day->rows[open[k]].rows);
        put_count(book, day->open.rows);
        end_row(book);
    }
    if (!book->failure)
        end_sheet(book, SHEET_DAYS);
}

/* ---- claims ---- */

static int put_open(void *context, const struct month_claim *claim, struct error *err)
{
    struct book *book = context;
    const struct month_line *final = &claim->final;
    const struct month_export *export = &book->month->exports[final->export];

    (void)err;
    put_words(book, outcome_words[final->outcome]);
    put_text(book, final->code);
    put_text(book, final->claim_order_no);
    put_text(book, final->workcard_id);
    if (final->status == MONTH_NO_STATUS)
        book->column++; /* the amount of an invalid row is not known */
    else
        put_yuan(book, final->fee_fen);
    put_day(book, final->day);
    put_text(book, final->message);
    put_text(book, export->name);
    put_text(book, export->paths[0]);
    put_count(book, final->row);
    end_row(book);
    return 0;
}

static int put_changed(void *context, const struct month_claim *claim, struct error *err)
{
    struct book *book = context;
    const struct month_line *final = &claim->final;

    (void)err;
    put_text(book, final->claim_order_no);
    put_text(book, final->workcard_id);
    put_yuan(book, claim->first_fen);
    put_yuan(book, claim->accepted_fen);
    put_yuan(book, (money)claim->accepted_fen - claim->first_fen);
    put_count(book, claim->changes);
    put_day(book, final->day);
    put_text(book, book->month->exports[final->export].name);
    end_row(book);
    return 0;
}

static int put_list(struct book *book, enum sheet sheet, enum month_list list, month_take *put,
                    struct error *err)
{
    begin_sheet(book, sheet);
    if (book->failure)
        return 0;
    if (month_claims_list(book->month->lists, list, SHEET_ROWS_MAX, put, book, err))
        return -1;
    end_sheet(book, sheet);
    return 0;
}

/* ---- the file ---- */

static void make_formats(struct book *book)
{
    book->heading = workbook_add_format(book->workbook);
    book->yuan = workbook_add_format(book->workbook);
    book->count = workbook_add_format(book->workbook);
    book->date = workbook_add_format(book->workbook);
    if (!book->heading || !book->yuan || !book->count || !book->date) {
        book->failure = LXW_ERROR_MEMORY_MALLOC_FAILED;
        return;
    }
    format_set_bold(book->heading);
    format_set_num_format(book->yuan, "#,##0.00");
    format_set_num_format(book->count, "#,##0");
    format_set_num_format(book->date, "yyyy-mm-dd");
}

static int fill(struct book *book, struct error *err)
{
    make_formats(book);
    if (!book->failure)
        put_overview(book);
    if (!book->failure)
        put_days(book);
    if (!book->failure && put_list(book, SHEET_OPEN, MONTH_OPEN, put_open, err))
        return -1;
    return book->failure ? 0 : put_list(book, SHEET_CHANGED, MONTH_CHANGED, put_changed, err);
}

static int make(const struct month *month, const char *path, struct error *err)
{
    lxw_workbook_options options = {.constant_memory = LXW_TRUE, .use_zip64 = LXW_FALSE};
    struct book book = {.workbook = workbook_new_opt(path, &options), .month = month};
    int result;

    if (!book.workbook)
        return error_no_memory(err);
    result = fill(&book, err);
    note_failure(&book, workbook_close(book.workbook));
    if (!result && book.failure)
        result = error_set(err, EXIT_CANNOT_WRITE, "cannot write the workbook '%s': %s",
                           LOG_QUOTED(path), lxw_strerror(book.failure));
    return result;
}

int month_xlsx_write(const struct month *month, const char *path, struct error *err)
{
    struct output output = {0};
    int result = month_xlsx_look(path, err);

    if (!result)
        result = output_open(path, &output, err);
    /* The library opens it by its name; it stays the file that is locked. */
    if (!result)
        result = make(month, output_partial(&output), err);
    if (!result)
        result = output_publish(&output, err);
    output_close(&output);
    return result;
}

static const char *usage_breach(void)
{
    return NULL;
}

#else

int month_xlsx_write(const struct month *month, const char *path, struct error *err)
{
    (void)month;
    return month_xlsx_look(path, err);
}

static const char *usage_breach(void)
{
    return _("this build makes no workbooks (it was built without libxlsxwriter); use --csv");
}

#endif

int month_xlsx_look(const char *path, struct error *err)
{
    const char *why = usage_breach();

    if (!why && strcmp(path, "-") == 0)
        why = _("a workbook is no text for standard output; name a file with --xlsx");
    if (why)
        return error_set(err, EXIT_BAD_USAGE, "%s", why);
    if (file_look(path) != FILE_NONE)
        return refuse(path, _("exists, and may hold what a person wrote into it"), err);
    return 0;
}
