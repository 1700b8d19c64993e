/* claimbatch check: everything upload checks, nothing sent. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file/output.h"
#include "base/log.h"
#include "base/words/language.h"
#include "check_json.h"
#include "check_text.h"
#include "cli/folder.h"
#include "cli/options/options.h"
#include "cli/protected_place.h"
#include "cli/summary.h"
#include "command/commands.h"
#include "input/inspection/duplicates.h"
#include "problem_list.h"

/* Everything a check has open. */
struct check {
    const struct options *options;
    struct row_source row_source;
    struct inspection inspection;
    struct duplicates *duplicates;
    size_t duplicate_count;
    struct check_json *json;    /* NULL: text */
    struct problem_list *sheet; /* NULL: none is wanted */
    struct problem_list_source source;
    bool has_listed;     /* a row in the sheet */
    uint64_t shown;      /* problems that came to be printed as text */
    struct buffer place; /* of the sheet */
    struct buffer reading, sentence, codes;
    struct buffer change; /* of the file while it was checked, in words; empty: none */
};

/* ---- row by row ---- */

static int begin(void *context, const struct reader *reader, struct error *err)
{
    struct check *check = context;
    const struct options *o = check->options;
    const struct record *header = reader_header(reader);
    struct buffer name = {0};

    if (check->json)
        check_json_reading(check->json, &check->inspection, header);
    else
        check_text_reading(&check->inspection, header, &check->reading);
    if (check->reading.failed)
        return error_no_memory(err);
    check->source =
        (struct problem_list_source){check->row_source.export, &check->inspection.survey, reader};
    if (!o->report)
        return 0;
    folder_name(o->claims, ".problems.csv", &name);
    folder_place(o->report, buffer_string(&name), &check->place);
    check->place.failed |= name.failed;
    buffer_release(&name);
    if (check->place.failed)
        return error_no_memory(err);
    if (export_spare(check->row_source.export, check->place.ptr, err) ||
        protected_place_spare(o, check->place.ptr, "-o", err))
        return -1;
    return problem_list_open(check->place.ptr, &check->source, o->overwrite, &check->sheet, err);
}

static void show(struct check *check, const struct problem *problem)
{
    if (check->json)
        check_json_problem(check->json, problem);
    else if (check->shown++ < CHECK_TEXT_PROBLEMS)
        check_text_problem(export_name(check->row_source.export), problem);
}

/* Whether a problem is put into words at all: in a file that is all problems this is what costs. */
static bool is_described(const struct check *check)
{
    return check->json || check->sheet || check->shown < CHECK_TEXT_PROBLEMS;
}

static int add_to_sheet(struct check *check, const struct record *record,
                        const struct findings *findings, struct error *err)
{
    enum severity severity = findings_invalid(findings) ? SEVERITY_ERROR : SEVERITY_WARN;

    buffer_reset(&check->codes);
    findings_codes(findings, SEVERITY_ERROR, &check->codes);
    if (check->codes.len && severity == SEVERITY_ERROR) {
        struct buffer warnings = {0};

        findings_codes(findings, SEVERITY_WARN, &warnings);
        buffer_format(&check->codes, "%s%s", warnings.len ? ";" : "", buffer_string(&warnings));
        check->codes.failed |= warnings.failed;
        buffer_release(&warnings);
    } else {
        findings_codes(findings, SEVERITY_WARN, &check->codes);
    }
    if (check->codes.failed)
        return error_no_memory(err);
    check->has_listed = true;
    return problem_list_add(check->sheet, record, findings, severity, buffer_string(&check->codes),
                            buffer_string(&check->sentence), err);
}

static int take_findings(struct check *check, const struct reader *reader,
                         const struct record *record, const struct findings *findings,
                         struct error *err)
{
    struct problem problem;

    buffer_reset(&check->sentence);
    for (size_t i = 0; i < findings->count; i++) {
        if (i)
            language_append(&check->sentence, "; ");
        problem_describe(reader, record, &findings->list[i], &check->row_source.rules,
                         &check->sentence, &problem);
        show(check, &problem);
    }
    if (check->sentence.failed)
        return error_no_memory(err);
    return check->sheet ? add_to_sheet(check, record, findings, err) : 0;
}

static int take_claim(void *context, uint64_t row, const struct claim *claim, struct error *err)
{
    struct check *check = context;

    return duplicates_note(check->duplicates, row, claim) ? error_no_memory(err) : 0;
}

static void forget_claims(void *context)
{
    struct check *check = context;

    duplicates_clear(check->duplicates);
}

static int take_row(void *context, const struct reader *reader, const struct record *record,
                    const struct findings *findings, struct error *err)
{
    struct check *check = context;

    if (take_findings(check, reader, record, findings, err))
        return -1;
    return !is_described(check);
}

/* The one rule that is broken by the file and not by a row; as an error it refuses the file. */
static void show_missing_newline(struct check *check)
{
    const struct inspection *inspection = &check->inspection;
    struct problem problem = {
        .severity = SEVERITY_WARN,
        .rule = RULE_MISSING_FINAL_NEWLINE,
        .field = FIELD_NONE,
        .row = inspection->first_row[RULE_MISSING_FINAL_NEWLINE],
        .line = inspection->last_line,
        .column = 1,
        .sentence = _("no line end follows the last row: it may be cut; see whether it is whole"),
    };

    if (!inspection->broken[RULE_MISSING_FINAL_NEWLINE])
        return;
    snprintf(problem.cell, sizeof(problem.cell), _("row %llu"), (unsigned long long)problem.row);
    show(check, &problem);
}

/* ---- the whole ---- */

static int inspect(struct check *check, struct error *err)
{
    const struct options *o = check->options;
    const struct inspection_visitor visitor = {check,         begin,    take_claim,
                                               forget_claims, take_row, o->report != NULL};

    check->row_source = (struct row_source){
        .encoding = o->encoding,
        .reader = o->reader,
        .rules = o->rules,
        .now_ms = clock_wall_ms(),
    };
    check->duplicates = duplicates_open(DUPLICATES_IN_MEMORY);
    if (!check->duplicates)
        return error_no_memory(err);
    if (export_open(o->claims, &check->row_source.export, err) ||
        inspection_check(&check->row_source, &visitor, &check->inspection, err) ||
        inspection_expect(&check->inspection, o->expect_rows, o->expect_fee, err) ||
        inspection_require_rows(&check->inspection, o->min_rows, err))
        return -1;
    check->duplicate_count = duplicates_find(check->duplicates);
    return check->sheet ? problem_list_publish(check->sheet, err) : 0;
}

static void print_text(const struct check *check)
{
    const char *name = export_name(check->row_source.export);

    inspection_warn_of_unit(&check->inspection);
    check_text_codes(&check->inspection);
    check_text_duplicates(check->duplicates, check->duplicate_count);
    check_text_totals(name, &check->inspection, buffer_string(&check->reading));
}

/* What a spreadsheet made of a number or a date is in no cell that a person could fix. */
static bool is_damaged(const struct inspection *i)
{
    return i->broken[RULE_EXCEL_NUMBER] &&
           inspection_severity(i, RULE_EXCEL_NUMBER) == SEVERITY_ERROR;
}

static void say_what_is_next(const struct check *check)
{
    struct buffer words = {0};

    if (check->sheet && check->has_listed)
        log_info("the rows with problems: %s", LOG_QUOTED(check->place.ptr));
    else if (check->sheet)
        log_info("no row has a problem: '%s' has its header alone", LOG_QUOTED(check->place.ptr));
    summary_quote(check->options->claims, &words);
    options_retype(check->options, &words);
    if (check->change.len)
        log_warn("%s\nnext: check it again", buffer_string(&check->change));
    else if (is_damaged(&check->inspection) && !check->inspection.is_correction)
        log_info("next: have the export made again with numbers and dates as text, then check it "
                 "again: what a spreadsheet changed (EXCEL_NUMBER) cannot be read back");
    else if (check->inspection.invalid && check->sheet)
        log_info(
            "next: fix the invalid rows in '%s' and check that, then upload both the export and "
            "the list",
            LOG_QUOTED(check->place.ptr));
    else if (check->inspection.invalid && check->inspection.is_correction)
        log_info("next: fix the invalid rows in this list of problems, then check it again");
    else if (check->inspection.invalid)
        log_info("next: fix the invalid rows in the export, then check it again; -o FILE writes a "
                 "list of them that can be fixed and uploaded");
    else if (check->inspection.is_correction)
        log_info(
            "next: claimbatch upload %s; and, if that was not done yet, upload the export that "
            "the list came from: only its invalid rows are here",
            buffer_string(&words));
    else
        log_info("next: claimbatch upload %s", buffer_string(&words));
    buffer_release(&words);
}

/* What became of the file while it was checked; false: nothing. */
static bool describe_change(struct check *check)
{
    const char *change = export_change(check->row_source.export);

    if (change)
        language_format(&check->change,
                        "'%s' %s while it was checked: this is about what it held before. Let "
                        "whatever writes it finish",
                        LOG_QUOTED(export_name(check->row_source.export)), change);
    return change != NULL;
}

static int run(struct check *check, struct error *err)
{
    int result = inspect(check, err);

    if (result) {
        if (check->json)
            check_json_end(check->json, err->exit_code, err->text);
        fflush(stdout);
        return -1;
    }
    result = check->inspection.invalid ? EXIT_ROWS_BAD : EXIT_COMPLETE;
    show_missing_newline(check);
    if (describe_change(check))
        result = EXIT_TRY_LATER;
    if (check->json) {
        check_json_totals(check->json, &check->inspection, check->duplicates,
                          check->duplicate_count);
        check_json_end(check->json, result,
                       check->change.len ? buffer_string(&check->change) : NULL);
    } else {
        print_text(check);
    }
    if (check->change.failed)
        return error_no_memory(err);
    if (output_flush_standard(err))
        return -1;
    say_what_is_next(check);
    return result;
}

static void release(struct check *check)
{
    check_json_close(check->json);
    problem_list_close(check->sheet);
    duplicates_close(check->duplicates);
    inspection_release(&check->inspection);
    export_close(check->row_source.export);
    buffer_release(&check->place);
    buffer_release(&check->reading);
    buffer_release(&check->sentence);
    buffer_release(&check->codes);
    buffer_release(&check->change);
}

int cmd_check(const struct options *options, const char *invocation, struct error *err)
{
    struct check check = {.options = options};
    int result = -1;

    (void)invocation;
    if (options->json)
        check.json = check_json_open(options->claims);
    if (options->json && !check.json)
        error_no_memory(err);
    else
        result = run(&check, err);
    release(&check);
    return result;
}
