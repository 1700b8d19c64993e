#include "desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exports.h"
#include "reports.h"
#include "typed.h"
#include "world.h"

bool desk_choose_report(uint64_t key, char ret_name[NAME_BYTES])
{
    static struct names names;

    folder_list(".manifest.json", &names);
    if (names.count)
        strcpy(ret_name, names.name[choice_of(STREAM_SCRIPT, key, (uint64_t)names.count)]);
    return names.count > 0;
}

/* ---- unknown rows ---- */

static bool is_unsettled(const struct report_line *line)
{
    return strcmp(line->code, "UNSETTLED") == 0;
}

/* The unknown rows of one kind, as `resolve` takes them: 3,7,9. */
static void list_rows(const struct report *report, bool executed, char ret_rows[NAME_BYTES])
{
    size_t len = 0;

    *ret_rows = '\0';
    for (int i = 0; i < report->count; i++) {
        const struct report_line *line = &report->lines[i];

        if (strcmp(line->outcome, "unknown") == 0 && !is_unsettled(line) &&
            oracle_was_executed(line->claim, line->version) == executed && len + 8 < NAME_BYTES)
            len += (size_t)snprintf(ret_rows + len, NAME_BYTES - len, "%s%d", len ? "," : "",
                                    line->row);
    }
}

/* From the moment on when it is typed, the word may be known. A rerun's report has gaps. */
static void note_word(const struct report *report, const char *rows)
{
    for (const char *at = rows; at && *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        for (int i = 0; i < report->count; i++)
            if (report->lines[i].row == atoi(at))
                oracle_settle(report->lines[i].claim, report->lines[i].version);
}

/* Whether something was settled: where all was settled in other ways before, nothing is. */
static bool say(struct words *words, const char *as, const struct operation *operation)
{
    words_say(words, WORDS_GATEWAY " --as %s --yes " WORDS_REASON, as);
    if (!is_alone())
        mark(MARK_SETTLED_BESIDE_RUN);
    return words_run(words, operation) != 65;
}

static bool settle_rows(const char *name, const struct report *report, const char *rows,
                        const char *as, const struct operation *operation)
{
    struct words words = words_begin("resolve", name);

    words_say(&words, "--row %s", rows);
    note_word(report, rows);
    return say(&words, as, operation);
}

/* All at once; where one of them waits for another, one by one. */
static bool settle(const char *name, const struct report *report, const char *rows, const char *as,
                   const struct operation *operation)
{
    char row[NAME_BYTES];
    bool is_any = false;

    if (!*rows || settle_rows(name, report, rows, as, operation))
        return *rows != '\0';
    for (const char *at = rows; strchr(rows, ',') && *at; at += *at == ',') {
        snprintf(row, sizeof(row), "%.*s", (int)strcspn(at, ","), at);
        is_any |= settle_rows(name, report, row, as, operation);
        at += strlen(row);
    }
    return is_any;
}

/* A claim whose report is gone, or waits for another one's row. */
static bool settle_claim(int claim, const struct operation *operation)
{
    struct words words = words_begin("resolve", "");
    int version = oracle_open_version(claim);

    if (version < 0 && world->last_sent[claim] >= 0)
        version = world->sent[world->last_sent[claim]].version;
    words_say(&words, "--claim CL%06d", claim);
    oracle_settle(claim, version);
    mark(MARK_SETTLED_WITHOUT_REPORT);
    return say(&words, oracle_was_executed(claim, version) ? "accepted" : "not-executed",
               operation);
}

/* More than one a day: a history has not as many days as claims. */
static bool settle_claims(const struct report *report, const struct operation *operation)
{
    bool is_any = false;

    for (int i = 0; i < report->count; i++)
        if (is_unsettled(&report->lines[i]))
            is_any |= settle_claim(report->lines[i].claim, operation);
    return is_any;
}

bool desk_resolve(const char *name, const struct operation *operation)
{
    static struct report report;
    char accepted[NAME_BYTES], others[NAME_BYTES];
    bool is_any = false;

    if (!report_read(name, &report))
        return false;
    list_rows(&report, true, accepted);
    list_rows(&report, false, others);
    is_any |= settle(name, &report, accepted, "accepted", operation);
    is_any |= settle(name, &report, others, "not-executed", operation);
    return is_any || settle_claims(&report, operation);
}

bool desk_resolve_all(const struct operation *operation)
{
    static struct names names;
    bool is_any = false;

    folder_list(".manifest.json", &names);
    for (int i = 0; i < names.count; i++)
        is_any |= desk_resolve(names.name[i], operation);
    return is_any;
}

static void resolve_nothing(const char *ending, const struct operation *operation)
{
    static struct names names;

    folder_list(ending, &names);
    for (int i = 0; i < names.count; i++) {
        struct words words = words_begin("resolve", names.name[i]);

        words_say(&words, WORDS_GATEWAY);
        words_run(&words, operation);
    }
}

void desk_bring_up_to_date(const struct operation *operation)
{
    resolve_nothing(".manifest.json", operation);
}

void desk_complete_reports(void)
{
    static struct names names;

    resolve_nothing(".manifest.json.partial", &(struct operation){.kind = OPERATION_RESOLVE});
    folder_list(".csv.started.json", &names);
    for (int i = 0; i < names.count; i++) {
        char *end = strstr(names.name[i], ".rerun-");
        struct words words;

        if (!end)
            continue;
        strcpy(end, ".csv");
        words = words_sending("rerun", names.name[i], LEDGER);
        words_run(&words, &(struct operation){.kind = OPERATION_RERUN});
    }
}

/* ---- ledgers that know less ---- */

/* The export of a start, or the report of a re-run, is the one whose digest it names. */
static bool find_input(const char *start, char ret_name[NAME_BYTES])
{
    static struct names reports;
    char *text = folder_read(start);
    const char *found = text ? exports_named_in(text) : NULL;
    char digest[65];

    if (found)
        snprintf(ret_name, NAME_BYTES, "%s", found);
    folder_list(".csv", &reports);
    for (int i = 0; text && !found && i < reports.count; i++) {
        snprintf(ret_name, NAME_BYTES, "%.*s.csv", NAME_BYTES - 5, reports.name[i]);
        folder_digest(ret_name, digest);
        if (*digest && strstr(text, digest))
            found = ret_name;
    }
    free(text);
    return found != NULL;
}

static void learn_start(const char *of, const struct operation *operation)
{
    char name[NAME_BYTES + 16], input[NAME_BYTES];
    struct words words;

    snprintf(name, sizeof(name), "%s.started.json", of);
    if (!find_input(name, input))
        return;
    words = words_begin("import", name);
    words_say(&words, "--export %s " WORDS_GATEWAY " " WORDS_REASON, input);
    mark(MARK_IMPORTED_START);
    words_run(&words, operation);
}

/* False when one does not fit its manifest. */
static bool learn_reports(const struct names *names, int first, int end,
                          const struct operation *operation)
{
    struct words words = words_begin("import", "");

    for (int i = first; i < end; i++)
        words_say(&words, "%s", names->name[i]);
    words_say(&words, WORDS_GATEWAY " " WORDS_REASON);
    mark(MARK_IMPORTED);
    return words_run(&words, operation) != 65;
}

/* All at once; where one of them is refused, one by one. */
bool desk_learn(const struct operation *operation)
{
    static struct names names;
    bool is_all;

    folder_list(".manifest.json", &names);
    is_all = !names.count || learn_reports(&names, 0, names.count, operation);
    for (int i = 0, count = is_all ? 0 : names.count; i < count; i++)
        learn_reports(&names, i, i + 1, operation);
    folder_list(".started.json", &names);
    for (int i = 0; i < names.count; i++)
        learn_start(names.name[i], operation);
    return is_all;
}
