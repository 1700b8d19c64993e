#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/character.h"
#include "base/error.h"
#include "base/file/file.h"
#include "base/file/output.h"
#include "base/json_tree.h"
#include "base/log.h"
#include "base/words/language.h"
#include "manifest_lists.h"
#include "members.h"
#include "report/manifest/manifest.h"

/* ---- the m of a manifest ---- */

static void take_outcomes(struct members *m, struct manifest_found *found)
{
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        const char *name = outcome_name((enum outcome)i);
        const char *rows[] = {"outcomes", name, "rows", NULL};
        const char *fee[] = {"outcomes", name, "fee_fen", NULL};

        found->rows[i] =
            members_count_of(m, yajl_tree_get(m->tree, rows, yajl_t_number), "outcomes", name);
        found->fee_fen[i] =
            members_money_of(m, yajl_tree_get(m->tree, fee, yajl_t_number), "outcomes", name);
    }
}

/* One sum of claims that changed, as if it were a manifest of its own. */
static void take_changed_sum(struct members *m, yajl_val value, struct changed_sum *sum)
{
    struct members part = {.tree = value};

    sum->rows = members_count(&part, "rows", NULL);
    sum->without_before = members_count(&part, "rows_without_before", NULL);
    sum->before = members_money_of(&part, members_find(&part, "fee_fen_before", NULL),
                                   "fee_fen_before", NULL);
    sum->after =
        members_money_of(&part, members_find(&part, "fee_fen_after", NULL), "fee_fen_after", NULL);
    if (*part.wrong || sum->without_before > sum->rows)
        members_spoil(m, _("not a sum"), "changed", NULL);
}

static void take_changed(struct members *m, struct manifest_found *found)
{
    yajl_val changed = members_find(m, "changed", NULL);

    if (!changed)
        return;
    if (!YAJL_IS_OBJECT(changed) || !YAJL_IS_OBJECT(members_find(m, "changed", "held_back"))) {
        members_spoil(m, _("of another type"), "changed", NULL);
        return;
    }
    found->has_changed = true;
    take_changed_sum(m, changed, &found->changed);
    take_changed_sum(m, members_find(m, "changed", "held_back"), &found->held_back);
}

static void take_repeats(struct members *m, struct manifest_found *found)
{
    static const char name[] = "repeated_with_another_amount";
    yajl_val may_be_more = NULL;

    if (!members_find(m, name, NULL))
        return;
    may_be_more = members_find(m, name, "may_be_more");
    found->has_repeats = true;
    found->repeats = (struct tally_repeats){.rows = members_count(m, name, "rows"),
                                            .first_row = members_count(m, name, "first_row"),
                                            .row_before = members_count(m, name, "row_before"),
                                            .more = YAJL_IS_TRUE(may_be_more)};
    if (!YAJL_IS_TRUE(may_be_more) && !YAJL_IS_FALSE(may_be_more))
        members_spoil(m, _("of another type"), name, NULL);
}

static int compare_codes(const void *a, const void *b)
{
    const struct manifest_code *x = a;
    const struct manifest_code *y = b;

    return strcmp(x->code, y->code);
}

static void take_codes(struct members *m, struct manifest_found *found)
{
    yajl_val map = members_need(m, "codes", NULL, yajl_t_object);

    if (!map || !map->u.object.len)
        return;
    found->codes = calloc(map->u.object.len, sizeof(*found->codes));
    if (!found->codes) {
        m->no_memory = true;
        return;
    }
    for (size_t i = 0; i < map->u.object.len; i++)
        found->codes[found->code_count++] = (struct manifest_code){
            map->u.object.keys[i],
            members_count_of(m, map->u.object.values[i], "codes", map->u.object.keys[i])};
    qsort(found->codes, found->code_count, sizeof(*found->codes), compare_codes);
}

static void take_columns(struct members *m, int *ret_columns)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        const char *path[] = {"reading", "columns", column_field_name((enum field)i), NULL};
        yajl_val value = yajl_tree_get(m->tree, path, yajl_t_any);
        uint64_t number = value ? members_count_of(m, value, "reading", "columns") : 0;

        if (number > INT32_MAX)
            members_spoil(m, _("not a column"), "reading", "columns");
        ret_columns[i] = number && number <= INT32_MAX ? (int)number - 1 : COLUMN_ABSENT;
    }
}

static void take_rules(struct members *m, struct rules *rules)
{
    yajl_val most = members_find(m, "reading", "max_fee");

    rules_init(rules);
    for (int i = 0; i < RULE_COUNT; i++) {
        const char *name = rule_name((enum rule)i);
        const char *path[] = {"reading", "rules", name, NULL};
        yajl_val value = yajl_tree_get(m->tree, path, yajl_t_any);
        const char *word = YAJL_GET_STRING(value);

        if (!value) {
            /* A rule that a version did not know did not hold. */
            if (!rule_is_fixed((enum rule)i) && i != RULE_CHANGED_SINCE_ACCEPTED)
                rules->severity[i] = SEVERITY_OFF;
        } else if (!word || !rule_severity_parse(word, &rules->severity[i])) {
            members_spoil(m, _("not a severity"), "reading.rules", name);
        }
    }
    if (most)
        rules->max_fee = (int64_t)members_count_of(m, most, "reading", "max_fee");
}

static void take_statuses(struct members *m, struct vocabulary *words)
{
    yajl_val map = members_find(m, "reading", "statuses");
    const char *why = NULL;

    for (size_t i = 0; YAJL_IS_OBJECT(map) && i < map->u.object.len; i++) {
        const char *number = YAJL_GET_NUMBER(map->u.object.values[i]);

        if (!number || !vocabulary_add_status(words, map->u.object.keys[i], number, &why))
            members_spoil(m, _("not a status"), "reading", "statuses");
    }
}

static void take_nulls(struct members *m, struct vocabulary *words)
{
    yajl_val list = members_find(m, "reading", "null_words");
    const char *why = NULL;

    vocabulary_add_null(words, "none", &why);
    for (size_t i = 0; YAJL_IS_ARRAY(list) && i < list->u.array.len; i++) {
        const char *word = YAJL_GET_STRING(list->u.array.values[i]);

        if (!word || !vocabulary_add_null(words, word, &why))
            members_spoil(m, _("not a word"), "reading", "null_words");
    }
}

/* What words and rows meant for the run. */
static void take_words(struct members *m, struct manifest_reading *reading)
{
    struct rules *rules = &reading->rules;
    yajl_val clock = members_find(m, "reading", "time_of_day");
    const char *oldest = members_text_if(m, "reading", "oldest_time");
    const char *pattern = members_text_if(m, "reading", "order_no_pattern");

    reading->has_words = members_find(m, "reading", "null_words") != NULL;
    take_statuses(m, &rules->vocabulary);
    take_nulls(m, &rules->vocabulary);
    rules->short_rows = YAJL_IS_TRUE(members_find(m, "reading", "short_rows"));
    rules->order_no_pattern = *pattern ? pattern : NULL;
    if (*oldest && !rules_parse_date(oldest, &rules->oldest_s))
        members_spoil(m, _("not a date"), "reading", "oldest_time");
    reading->time_of_day = clock ? members_count_of(m, clock, "reading", "time_of_day") : 0;
}

static void take_reading(struct members *m, struct manifest_reading *reading)
{
    const char *delimiter = members_text(m, "reading", "delimiter");
    const char *unit = members_text(m, "reading", "fee_unit");

    if (!charset_encoding_parse(members_text(m, "input", "encoding"), &reading->encoding))
        members_spoil(m, _("not an encoding"), "input", "encoding");
    if (!*delimiter || character_decode(delimiter, &reading->delimiter) != strlen(delimiter))
        members_spoil(m, _("not one character"), "reading", "delimiter");
    if (!column_unit_parse(unit, &reading->fee_unit))
        members_spoil(m, _("not a unit"), "reading", "fee_unit");
    take_columns(m, reading->columns);
    take_rules(m, &reading->rules);
    take_words(m, reading);
}

static void take_signature(struct members *m, struct manifest_signature *signature)
{
    if (!members_find(m, "signature", NULL))
        return;
    signature->is_there = true;
    signature->algorithm = members_text(m, "signature", "algorithm");
    signature->public_key = members_text(m, "signature", "public_key");
    signature->value = members_text(m, "signature", "value");
}

static void take_ledger(struct members *m, struct manifest_found *found)
{
    yajl_val commits = members_find(m, "ledger_commits", NULL);

    members_hex(m, "ledger_id", NULL, sizeof(found->ledger_id), found->ledger_id);
    if (commits)
        found->ledger_commits = (int64_t)members_count_of(m, commits, "ledger_commits", NULL);
    found->ledger_path = members_text_if(m, "ledger_path", NULL);
}

static void take_run(struct members *m, struct manifest_found *found)
{
    const char *parent = members_text_if(m, "parent_run", NULL);

    members_run(m, "run", members_text(m, "run", NULL), found->run);
    if (*parent)
        members_run(m, "parent_run", parent, found->parent_run);
    take_ledger(m, found);
    found->program_version = members_text(m, "version", NULL);
    found->command = members_text(m, "command", NULL);
    found->platform = members_text(m, "platform", NULL);
    found->gateway = members_text(m, "gateway", NULL);
    found->app_key = members_text(m, "app_key", NULL);
    found->started_ms = members_time(m, "started");
    found->finished_ms = members_time(m, "finished");
    found->complete = YAJL_IS_TRUE(members_find(m, "complete", NULL));
    if (!found->complete)
        members_need(m, "complete", NULL, yajl_t_false);
    found->stopped_because = members_text_if(m, "stopped_because", NULL);
}

static void take_input(struct members *m, struct manifest_found *found)
{
    found->input_name = members_text(m, "input", "name");
    found->input_path = members_text_if(m, "input", "path");
    members_hex(m, "input", "sha256", sizeof(found->input_sha256), found->input_sha256);
    if (*members_text_if(m, "input", "corrects"))
        members_hex(m, "input", "corrects", sizeof(found->corrects), found->corrects);
    found->input_bytes = members_count(m, "input", "bytes");
    found->input_rows = members_count(m, "input", "rows");
}

static void take_report(struct members *m, struct manifest_found *found)
{
    found->report_name = members_text(m, "report", "name");
    members_hex(m, "report", "sha256", sizeof(found->report_sha256), found->report_sha256);
    found->report_bytes = members_count(m, "report", "bytes");
    found->report_rows = members_count(m, "report", "rows");
}

/* ---- reading ---- */

/* Fills `found`, whose tree is there, and says in `m` what is wrong. */
static void take_start(struct members *m, struct manifest_found *found)
{
    members_check_keys(m, m->tree);
    take_run(m, found);
    take_input(m, found);
    take_reading(m, &found->reading);
}

static void take(struct members *m, struct manifest_found *found)
{
    take_start(m, found);
    take_report(m, found);
    take_outcomes(m, found);
    take_changed(m, found);
    take_repeats(m, found);
    take_codes(m, found);
    manifest_lists_take_replaced(m, found);
    manifest_lists_take_events(m, found);
    take_signature(m, &found->signature);
}

static int refuse(const char *path, const char *why, struct error *err)
{
    return error_set(err, EXIT_INPUT_REFUSED, "'%s' is not a whole manifest of claimbatch%s%s",
                     LOG_QUOTED(path), *why ? _(": ") : "", LOG_QUOTED(why));
}

static int parse(const char *path, void (*take_all)(struct members *, struct manifest_found *),
                 struct manifest_found *found, struct error *err)
{
    struct members m = {0};

    if (!json_tree_read(&found->text, &m.tree))
        return refuse(path, _("it is no JSON"), err);
    found->tree = m.tree;
    if (!m.tree)
        return error_no_memory(err);
    if (strcmp(members_text(&m, "manifest", NULL), MANIFEST_FORMAT) != 0)
        return refuse(path, "", err);
    take_all(&m, found);
    if (m.no_memory)
        return error_no_memory(err);
    return *m.wrong ? refuse(path, m.wrong, err) : 0;
}

static void empty(struct manifest_found *found)
{
    memset(found, 0, sizeof(*found));
    found->program_version = found->command = found->platform = found->gateway = "";
    found->app_key = found->input_name = found->input_path = found->report_name = "";
    found->stopped_because = found->ledger_path = "";
    found->signature = (struct manifest_signature){false, "", "", ""};
}

static bool is_gone(const char *path, struct stat *ret_status)
{
    return stat(path, ret_status) && errno == ENOENT;
}

static int read_file(const char *path, void (*take_all)(struct members *, struct manifest_found *),
                     struct manifest_found *ret_found, struct error *err)
{
    struct stat status = {.st_mode = S_IFREG};

    empty(ret_found);
    if (is_gone(path, &status))
        return 0;
    if (!S_ISREG(status.st_mode)) /* reading it may never end, or never begin */
        return refuse(path, _("it is not a regular file"), err);
    if (file_read_all(path, MANIFEST_BYTES_MAX, &ret_found->text, err))
        return is_gone(path, &status) ? 0 : -1; /* what it told is told elsewhere now */
    return parse(path, take_all, ret_found, err) ? -1 : 1;
}

int manifest_read_file(const char *path, struct manifest_found *ret_found, struct error *err)
{
    return read_file(path, take, ret_found, err);
}

int manifest_read_start(const char *path, struct manifest_found *ret_found, struct error *err)
{
    return read_file(path, take_start, ret_found, err);
}

int manifest_read(const char *report_path, struct manifest_found *ret_found, struct error *err)
{
    struct buffer path = {0};
    int result;

    empty(ret_found);
    manifest_path(report_path, &path);
    result = path.failed ? error_no_memory(err) : manifest_read_file(path.ptr, ret_found, err);
    buffer_release(&path);
    return result;
}

bool manifest_is_due(const char *report_path)
{
    struct buffer path = {0};
    bool is_due;

    manifest_path(report_path, &path);
    is_due = !path.failed && output_is_locked(path.ptr);
    buffer_release(&path);
    return is_due;
}

int manifest_refuse_due(const char *report_path, struct error *err)
{
    return error_set(err, EXIT_TRY_LATER,
                     "another run is making the report '%s' at this moment; wait until it has "
                     "ended, then type the same again",
                     LOG_QUOTED(report_path));
}

int manifest_require(const char *report_path, const char *platform,
                     struct manifest_found *ret_found, struct error *err)
{
    const char *quoted = LOG_QUOTED(report_path);
    int found = manifest_read(report_path, ret_found, err);

    if (found < 0)
        return -1;
    if (!found && manifest_is_due(report_path))
        return manifest_refuse_due(report_path, err);
    if (!found)
        return error_set(err, EXIT_BAD_CONFIG,
                         "the report '%s' has no manifest beside it ('%s.manifest.json'), so its "
                         "run is not known; name it where claimbatch wrote both",
                         quoted, quoted);
    if (strcmp(ret_found->platform, platform) == 0)
        return 0;
    return error_set(err, EXIT_BAD_CONFIG,
                     "the report '%s' is of platform '%s', not of '%s'; name the same --gateway as "
                     "when it was made",
                     quoted, LOG_QUOTED(ret_found->platform), LOG_QUOTED(platform));
}

void manifest_found_release(struct manifest_found *found)
{
    buffer_release(&found->text);
    yajl_tree_free(found->tree);
    free(found->codes);
    free(found->replaced);
    free(found->events);
    empty(found);
}

bool manifest_is_of(const struct manifest_found *found, const struct ledger *ledger)
{
    return strcmp(found->ledger_id, ledger_id(ledger)) == 0;
}

struct pass manifest_pass(const struct manifest_found *found, enum pass_kind kind)
{
    return (struct pass){found->ledger_id, found->run, found->ledger_commits, kind};
}
