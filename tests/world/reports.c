/* The reports of a history, held against what is true. */
#include "reports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exports.h"
#include "folder.h"
#include "world.h"

/* The columns that matter, by their place: contract section 3. */
enum column { ROW = 0, WORKCARD = 1, FEE = 7, OUTCOME = 8, CODE = 9, SUBMITTED = 16, COLUMNS = 19 };

/* Takes the next cell off; its quotes are taken away in place. The end of the line is the last. */
static char *next_cell(char **rest, bool *ret_is_last)
{
    char *cell = *rest;
    char *to = cell, *from = cell;
    bool is_quoted = *from == '"';

    if (is_quoted)
        for (from++; *from && (*from != '"' || from[1] == '"'); from++) {
            from += *from == '"';
            *to++ = *from;
        }
    from += is_quoted && *from;
    while (*from && *from != ',' && *from != '\n')
        *to++ = *from++;
    *ret_is_last = *from != ',';
    *rest = *from ? from + 1 : from;
    *to = '\0';
    return cell;
}

static bool take_line(char **rest, struct report_line *ret_line)
{
    char *cells[COLUMNS] = {0};
    bool is_last = false;
    int count = 0;
    int64_t fee;

    while (!is_last && count < COLUMNS)
        cells[count++] = next_cell(rest, &is_last);
    if (count != COLUMNS || !is_last)
        return false;
    *ret_line = (struct report_line){.row = atoi(cells[ROW])};
    ret_line->claim = (int)(atoll(cells[WORKCARD]) - FIRST_WORKCARD);
    fee = atoll(cells[FEE]);
    ret_line->version = fee ? (int)((fee - FIRST_FEE) % VERSIONS_MAX) : -1;
    snprintf(ret_line->outcome, sizeof(ret_line->outcome), "%s", cells[OUTCOME]);
    snprintf(ret_line->code, sizeof(ret_line->code), "%s", cells[CODE]);
    if (!clock_parse_rfc3339(cells[SUBMITTED], &ret_line->submitted_ms))
        ret_line->submitted_ms = 0;
    return ret_line->claim >= 0 && ret_line->claim < CLAIMS_MAX;
}

bool report_read(const char *name, struct report *ret_report)
{
    char *text = folder_read(name);
    char *rest = text ? strchr(text, '\n') : NULL;
    bool is_good = rest != NULL;

    ret_report->count = 0;
    if (rest)
        rest++;
    while (is_good && *rest && ret_report->count < REPORT_LINES_MAX)
        is_good = take_line(&rest, &ret_report->lines[ret_report->count++]);
    free(text);
    return is_good;
}

/* ---- is it true? ---- */

static const struct sent *sent_at(const struct report_line *line)
{
    for (int i = world->last_sent[line->claim]; i >= 0; i = world->sent[i].before)
        if (world->sent[i].version == line->version && world->sent[i].wall_ms == line->submitted_ms)
            return &world->sent[i];
    return NULL;
}

static bool is(const char *text, const char *other)
{
    return strcmp(text, other) == 0;
}

static const char *untruth_of(const struct report_line *line)
{
    const struct sent *sent = sent_at(line);

    if (is(line->outcome, "accepted") && !oracle_was_executed(line->claim, line->version))
        return "accepted, and it never was executed";
    if (is(line->code, "ALREADY_ACCEPTED") && !oracle_was_executed(line->claim, line->version))
        return "ALREADY_ACCEPTED, and it never was executed";
    if ((is(line->outcome, "failed") || is(line->outcome, "rejected") ||
         is(line->outcome, "unsent")) &&
        sent && sent->executed)
        return "it says that it was not executed, and it was";
    if (is(line->outcome, "rejected") && sent && sent->said != SAID_REJECTED)
        return "rejected, and no answer said so";
    if (is(line->code, "SUPERSEDED"))
        mark(MARK_SUPERSEDED);
    return NULL;
}

/* Unknown by its own attempt, though no answer left it in doubt: a kill has. */
static bool is_lost(const struct report_line *line)
{
    if (!is(line->outcome, "unknown") || is(line->code, "UNSETTLED"))
        return false;
    for (int i = world->last_sent[line->claim]; i >= 0; i = world->sent[i].before)
        if (world->sent[i].said == SAID_UNKNOWN)
            return false;
    return true;
}

static void check_report(const char *name, const struct report *report, bool is_rerun)
{
    int in_flight = world->plan.in_flight * world->plan.batch;
    int lost = 0;

    for (int i = 0; i < report->count; i++) {
        const struct report_line *line = &report->lines[i];
        const char *untruth = untruth_of(line);

        if (is_rerun ? (i && line->row <= report->lines[i - 1].row) : line->row != i + 2)
            violation("%s: row %d stands in line %d", name, line->row, i + 2);
        if (untruth)
            violation("%s, row %d (claim %d, version %d, %s %s): %s", name, line->row, line->claim,
                      line->version, line->outcome, line->code, untruth);
        lost += is_lost(line);
        if (is(line->outcome, "unknown"))
            mark(MARK_UNKNOWN_AT_END);
    }
    if (!world->had_accident &&
        lost > 2 * in_flight * (world->kills + world->failures) + world->suspected)
        violation("%s: %d rows are unknown after %d kills with %d in flight", name, lost,
                  world->kills, in_flight);
}

void oracle_check_reports(void)
{
    static struct names names;
    static struct report report;

    folder_list(".manifest.json", &names);
    for (int i = 0; i < names.count; i++) {
        if (!report_read(names.name[i], &report))
            violation("%s cannot be read", names.name[i]);
        else
            check_report(names.name[i], &report, strstr(names.name[i], ".rerun-") != NULL);
    }
    if (names.count > 2)
        mark(MARK_REPORT_MOVED);
}

/* ---- the end ---- */

static bool is_rejected(int claim, int version)
{
    int i = world->last_sent[claim];

    return i >= 0 && world->sent[i].said == SAID_REJECTED && world->sent[i].version == version;
}

void oracle_check_end(void)
{
    const struct export_line *lines;

    for (int file = 0; file < 2; file++) {
        int count = exports_lines(file, &lines);

        for (int i = 0; i < count; i++) {
            bool is_newest = i + 1 == count || lines[i + 1].claim != lines[i].claim;

            if (!lines[i].is_invalid && is_newest &&
                !oracle_was_executed(lines[i].claim, lines[i].version) &&
                !is_rejected(lines[i].claim, lines[i].version))
                violation("claim %d: version %d was never executed, and all has ended",
                          lines[i].claim, lines[i].version);
        }
    }
}
