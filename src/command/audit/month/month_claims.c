#include "month_claims.h"

#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/error.h"
#include "base/log.h"
#include "base/stop.h"

#define LINE_COLUMNS                                                                               \
    "platform, source, workcard_id, claim_order_no, alone, at_ms, day, export, row, outcome, "     \
    "status, fee_fen, content, submitted_ms, code, message, request_id"
#define CLAIM_COLUMNS                                                                              \
    "lines, is_accepted, accepted_fen, first_fen, changes, is_twice, twice_before, twice_after, "  \
    "twice_row_before, twice_row_after"

/* Where the columns of a claim begin. */
#define LINE_COUNT 17
#define CLAIM_COUNT 10

/* The file is nobody else's and goes with the process, so nothing of it has to outlive a crash. */
static const char setup[] =
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE;"
    "PRAGMA cache_size = -8192; PRAGMA locking_mode = EXCLUSIVE;"
    "CREATE TABLE line (" LINE_COLUMNS ");"
    "CREATE TABLE kept (" LINE_COLUMNS ", " CLAIM_COLUMNS ", list, urgency);"
    "BEGIN;";

static const char add_line[] = "INSERT INTO line VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
static const char add_kept[] =
    "INSERT INTO kept VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
static const char in_order[] =
    "SELECT " LINE_COLUMNS " FROM line ORDER BY platform, claim_order_no, workcard_id, alone,"
    " at_ms, export, row";
static const char listed[] = "SELECT " LINE_COLUMNS ", " CLAIM_COLUMNS
                             " FROM kept WHERE list = ? ORDER BY urgency, rowid LIMIT ?";
static const char repeated[] =
    "SELECT request_id, export, row FROM line WHERE request_id IN"
    " (SELECT request_id FROM line WHERE request_id <> '' GROUP BY request_id"
    "  HAVING COUNT(*) BETWEEN 2 AND ? AND MIN(export) <> MAX(export))"
    " ORDER BY request_id, export, row";

struct month_claims {
    sqlite3 *db;
    sqlite3_stmt *add, *keep;
};

static int fail(struct month_claims *claims, struct error *err)
{
    if (sqlite3_errcode(claims->db) == SQLITE_NOMEM)
        return error_no_memory(err);
    return error_set(err, EXIT_CANNOT_WRITE, "cannot use a temporary file: %s",
                     sqlite3_errmsg(claims->db));
}

static int prepare(struct month_claims *claims, const char *sql, sqlite3_stmt **ret_statement,
                   struct error *err)
{
    return sqlite3_prepare_v2(claims->db, sql, -1, ret_statement, NULL) == SQLITE_OK
               ? 0
               : fail(claims, err);
}

int month_claims_open(struct month_claims **ret_claims, struct error *err)
{
    struct month_claims *claims = calloc(1, sizeof(*claims));
    int result = 0;

    *ret_claims = NULL;
    if (!claims)
        return error_no_memory(err);
    if (sqlite3_open("", &claims->db) != SQLITE_OK ||
        sqlite3_exec(claims->db, setup, NULL, NULL, NULL) != SQLITE_OK)
        result = fail(claims, err);
    if (!result)
        result = prepare(claims, add_line, &claims->add, err);
    if (!result)
        result = prepare(claims, add_kept, &claims->keep, err);
    if (result)
        month_claims_close(claims);
    else
        *ret_claims = claims;
    return result;
}

void month_claims_close(struct month_claims *claims)
{
    if (!claims)
        return;
    sqlite3_finalize(claims->add);
    sqlite3_finalize(claims->keep);
    sqlite3_close(claims->db);
    free(claims);
}

/* ---- rows in and out ---- */

static void bind_text(sqlite3_stmt *s, int at, const char *text)
{
    sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);
}

static void bind_line(sqlite3_stmt *s, const struct month_line *line)
{
    int at = 0;

    sqlite3_bind_int64(s, ++at, (int64_t)line->platform);
    sqlite3_bind_int64(s, ++at, (int64_t)line->source);
    bind_text(s, ++at, line->workcard_id);
    bind_text(s, ++at, line->claim_order_no);
    sqlite3_bind_int64(s, ++at, line->alone);
    sqlite3_bind_int64(s, ++at, line->at_ms);
    sqlite3_bind_int64(s, ++at, line->day);
    sqlite3_bind_int64(s, ++at, (int64_t)line->export);
    sqlite3_bind_int64(s, ++at, (int64_t)line->row);
    sqlite3_bind_int64(s, ++at, line->outcome);
    sqlite3_bind_int64(s, ++at, line->status);
    sqlite3_bind_int64(s, ++at, line->fee_fen);
    sqlite3_bind_int64(s, ++at, line->content);
    sqlite3_bind_int64(s, ++at, line->submitted_ms);
    bind_text(s, ++at, line->code);
    bind_text(s, ++at, line->message);
    bind_text(s, ++at, line->request_id);
}

static const char *text_of(sqlite3_stmt *s, int column)
{
    const char *text = (const char *)sqlite3_column_text(s, column);

    return text ? text : "";
}

static void read_line(sqlite3_stmt *s, struct month_line *ret_line)
{
    int at = 0;

    ret_line->platform = (size_t)sqlite3_column_int64(s, at++);
    ret_line->source = (size_t)sqlite3_column_int64(s, at++);
    ret_line->workcard_id = text_of(s, at++);
    ret_line->claim_order_no = text_of(s, at++);
    ret_line->alone = sqlite3_column_int64(s, at++);
    ret_line->at_ms = sqlite3_column_int64(s, at++);
    ret_line->day = sqlite3_column_int64(s, at++);
    ret_line->export = (size_t)sqlite3_column_int64(s, at++);
    ret_line->row = (uint64_t)sqlite3_column_int64(s, at++);
    ret_line->outcome = (enum outcome)sqlite3_column_int(s, at++);
    ret_line->status = sqlite3_column_int(s, at++);
    ret_line->fee_fen = sqlite3_column_int64(s, at++);
    ret_line->content = sqlite3_column_int64(s, at++);
    ret_line->submitted_ms = sqlite3_column_int64(s, at++);
    ret_line->code = text_of(s, at++);
    ret_line->message = text_of(s, at++);
    ret_line->request_id = text_of(s, at++);
}

static void bind_claim(sqlite3_stmt *s, const struct month_claim *claim)
{
    int at = LINE_COUNT;

    bind_line(s, &claim->final);
    sqlite3_bind_int64(s, ++at, (int64_t)claim->lines);
    sqlite3_bind_int64(s, ++at, claim->is_accepted);
    sqlite3_bind_int64(s, ++at, claim->accepted_fen);
    sqlite3_bind_int64(s, ++at, claim->first_fen);
    sqlite3_bind_int64(s, ++at, (int64_t)claim->changes);
    sqlite3_bind_int64(s, ++at, claim->is_twice);
    sqlite3_bind_int64(s, ++at, (int64_t)claim->twice_before);
    sqlite3_bind_int64(s, ++at, (int64_t)claim->twice_after);
    sqlite3_bind_int64(s, ++at, (int64_t)claim->twice_row_before);
    sqlite3_bind_int64(s, ++at, (int64_t)claim->twice_row_after);
}

static void read_claim(sqlite3_stmt *s, struct month_claim *ret_claim)
{
    int at = LINE_COUNT;

    read_line(s, &ret_claim->final);
    ret_claim->lines = (uint64_t)sqlite3_column_int64(s, at++);
    ret_claim->is_accepted = sqlite3_column_int(s, at++);
    ret_claim->accepted_fen = sqlite3_column_int64(s, at++);
    ret_claim->first_fen = sqlite3_column_int64(s, at++);
    ret_claim->changes = (uint64_t)sqlite3_column_int64(s, at++);
    ret_claim->is_twice = sqlite3_column_int(s, at++);
    ret_claim->twice_before = (size_t)sqlite3_column_int64(s, at++);
    ret_claim->twice_after = (size_t)sqlite3_column_int64(s, at++);
    ret_claim->twice_row_before = (uint64_t)sqlite3_column_int64(s, at++);
    ret_claim->twice_row_after = (uint64_t)sqlite3_column_int64(s, at++);
}

static int run_once(struct month_claims *claims, sqlite3_stmt *s, struct error *err)
{
    int result = sqlite3_step(s) == SQLITE_DONE ? 0 : fail(claims, err);

    sqlite3_reset(s);
    return result;
}

int month_claims_add(struct month_claims *claims, const struct month_line *line, struct error *err)
{
    bind_line(claims->add, line);
    return run_once(claims, claims->add, err);
}

/* 1, or 0 at the end, or -1. */
static int step(struct month_claims *claims, sqlite3_stmt *s, struct error *err)
{
    int code;

    if (stop_signal())
        return error_set(err, EXIT_SIGNAL_BASE + stop_signal(), "stopped by a signal");
    code = sqlite3_step(s);
    return code == SQLITE_ROW ? 1 : code == SQLITE_DONE ? 0 : fail(claims, err);
}

/* ---- claims ---- */

static int keep_in(struct month_claims *claims, const struct month_claim *claim,
                   enum month_list list, struct error *err)
{
    static const int urgency[OUTCOME_COUNT] = {
        [OUTCOME_UNKNOWN] = 0, [OUTCOME_REJECTED] = 1, [OUTCOME_FAILED] = 2, [OUTCOME_INVALID] = 3};

    bind_claim(claims->keep, claim);
    sqlite3_bind_int(claims->keep, LINE_COUNT + CLAIM_COUNT + 1, (int)list);
    sqlite3_bind_int(claims->keep, LINE_COUNT + CLAIM_COUNT + 2,
                     list == MONTH_OPEN ? urgency[claim->final.outcome] : 0);
    return run_once(claims, claims->keep, err);
}

static int keep(struct month_claims *claims, const struct month_claim *claim, struct error *err)
{
    if (claim->texts.failed)
        return error_no_memory(err);
    if (month_claim_is_open(claim) && keep_in(claims, claim, MONTH_OPEN, err))
        return -1;
    if (claim->changes && keep_in(claims, claim, MONTH_CHANGED, err))
        return -1;
    return claim->is_twice ? keep_in(claims, claim, MONTH_TWICE, err) : 0;
}

struct fold {
    struct month_claims *claims;
    month_take *take;
    void *context;
    struct month_claim claim;
};

static int end_claim(struct fold *fold, struct error *err)
{
    return keep(fold->claims, &fold->claim, err) ? -1
                                                 : fold->take(fold->context, &fold->claim, err);
}

static int fold_lines(struct fold *fold, sqlite3_stmt *s, struct error *err)
{
    struct month_line line;
    bool has_claim = false;
    int found;

    while ((found = step(fold->claims, s, err)) > 0) {
        read_line(s, &line);
        if (has_claim && month_claim_has(&fold->claim, &line)) {
            month_claim_add(&fold->claim, &line);
            continue;
        }
        if (has_claim && end_claim(fold, err))
            return -1;
        month_claim_begin(&fold->claim, &line);
        has_claim = true;
    }
    return found < 0 || !has_claim ? found : end_claim(fold, err);
}

int month_claims_fold(struct month_claims *claims, month_take *take, void *context,
                      struct error *err)
{
    struct fold fold = {.claims = claims, .take = take, .context = context};
    sqlite3_stmt *s = NULL;
    int result = prepare(claims, in_order, &s, err);

    if (!result)
        result = fold_lines(&fold, s, err);
    sqlite3_finalize(s);
    month_claim_release(&fold.claim);
    return result;
}

int month_claims_list(struct month_claims *claims, enum month_list list, uint64_t limit,
                      month_take *take, void *context, struct error *err)
{
    struct month_claim claim = {0};
    sqlite3_stmt *s = NULL;
    int result = prepare(claims, listed, &s, err);

    if (!result) {
        sqlite3_bind_int(s, 1, (int)list);
        sqlite3_bind_int64(s, 2, limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
    }
    while (!result && (result = step(claims, s, err)) > 0) {
        read_claim(s, &claim);
        result = take(context, &claim, err);
    }
    sqlite3_finalize(s);
    return result;
}

/* ---- ids ---- */

int month_claims_repeats(struct month_claims *claims,
                         int (*take)(void *context, const struct month_repeat *repeat,
                                     struct error *err),
                         void *context, struct error *err)
{
    struct month_repeat repeat = {0};
    struct buffer id = {0}; /* of the row before */
    sqlite3_stmt *s = NULL;
    int result = prepare(claims, repeated, &s, err);

    if (!result)
        sqlite3_bind_int(s, 1, MONTH_REPEATED_MAX);
    while (!result && (result = step(claims, s, err)) > 0) {
        bool is_another = !id.len || strcmp(id.ptr, text_of(s, 0)) != 0;

        repeat.request_id = text_of(s, 0);
        repeat.export_after = (size_t)sqlite3_column_int64(s, 1);
        repeat.row_after = (uint64_t)sqlite3_column_int64(s, 2);
        result = is_another || repeat.export_before == repeat.export_after
                     ? 0
                     : take(context, &repeat, err);
        repeat.export_before = repeat.export_after;
        repeat.row_before = repeat.row_after;
        buffer_reset(&id);
        buffer_text(&id, repeat.request_id);
        if (id.failed && !result)
            result = error_no_memory(err);
    }
    sqlite3_finalize(s);
    buffer_release(&id);
    return result;
}
