/* A ledger is looked at while runs may be writing it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "ledger/chain.h"
#include "ledger/store/commit_count.h"
#include "ledger/store/mount.h"
#include "ledger/store/schema.h"
#include "ledger/view/view.h"

#define CACHE_KIB 8192
#define AT_REST "?immutable=1" /* of the URI: nobody writes it, so it is read without locks */
#define STOP_STEPS 200000      /* of the database between two looks for a signal */

/* ---- opening ---- */

static int check_file(const char *path, struct place_owner *ret_owner, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int result;

    log_quote(path, quoted, sizeof(quoted));
    if (fd < 0 && errno == ENOENT)
        return error_set(err, EXIT_INPUT_MISSING,
                         "there is no ledger at '%s'; name another with --ledger", quoted);
    if (fd < 0)
        return error_set(err, EXIT_INPUT_MISSING, "cannot open the ledger '%s': %s", quoted,
                         strerror(errno));
    if (fstat(fd, &status) || !S_ISREG(status.st_mode)) {
        close(fd);
        return error_set(err, EXIT_INPUT_MISSING, "'%s' is no ledger: it is not a regular file",
                         quoted);
    }
    *ret_owner = place_owner_of(&status);
    result = mount_check(fd, path, err);
    close(fd);
    if (result)
        return result;
    result = place_check_beside(path, ret_owner, err);
    if (result && err->exit_code == EXIT_CANNOT_CREATE)
        err->exit_code = EXIT_INPUT_MISSING;
    return result;
}

/* Where nobody has ever locked a run there is no lock file, and none is made. */
static int open_lock(struct ledger *ledger, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];
    char *place = realpath(ledger->path, NULL);
    struct buffer path = {0};
    int result = 0;

    if (place)
        buffer_format(&path, "%s.lock", place);
    free(place);
    if (!place || path.failed) {
        buffer_release(&path);
        return error_no_memory(err);
    }
    ledger->lock_fd = open(path.ptr, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (ledger->lock_fd < 0 && errno != ENOENT)
        result = error_set(err, EXIT_INPUT_MISSING, "cannot open the lock file '%s': %s",
                           log_quote(path.ptr, quoted, sizeof(quoted)), strerror(errno));
    buffer_release(&path);
    return result;
}

static int ask_to_stop(void *context)
{
    (void)context;
    return stop_signal() != 0;
}

void database_heed_signals(struct ledger *ledger)
{
    sqlite3_progress_handler(ledger->db, STOP_STEPS, ask_to_stop, NULL);
}

static int configure(struct ledger *ledger, struct error *err)
{
    char pragmas[160];

    sqlite3_busy_timeout(ledger->db, LEDGER_BUSY_MS);
    database_heed_signals(ledger);
    snprintf(pragmas, sizeof(pragmas),
             "PRAGMA query_only=ON; PRAGMA cache_size=-%d; PRAGMA temp_store=MEMORY;", CACHE_KIB);
    if (sqlite3_exec(ledger->db, pragmas, NULL, NULL, NULL) != SQLITE_OK)
        return database_fail(ledger, err);
    return schema_distrust(ledger, err);
}

/* The bytes of a path as the path of a URI. */
static void append_uri(const char *path, struct buffer *uri)
{
    for (const unsigned char *p = (const unsigned char *)path; *p; p++) {
        if (*p == '/' || *p == '.' || *p == '-' || *p == '_' || (*p >= '0' && *p <= '9') ||
            (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z'))
            buffer_byte(uri, (char)*p);
        else
            buffer_format(uri, "%%%02x", *p);
    }
}

/* What cannot be read may have been edited: that says more than the database does. */
static int explain_failure(struct ledger *ledger, int64_t version, struct error *err)
{
    struct error why;

    if (schema_check(ledger, version, &why) && why.exit_code == EXIT_BAD_CONFIG)
        *err = why;
    return -1;
}

/* `query` of the URI: what kind of reading it is. */
static int open_database(struct ledger *ledger, const char *query, struct error *err)
{
    struct buffer uri = {0};
    int64_t version;
    int code;

    database_configure();
    /* An absolute path that begins with two slashes would name a host. */
    buffer_text(&uri, *ledger->plain == '/' ? "file://" : "file:");
    append_uri(ledger->plain, &uri);
    buffer_text(&uri, query);
    if (uri.failed) {
        buffer_release(&uri);
        return error_no_memory(err);
    }
    code = sqlite3_open_v2(uri.ptr, &ledger->db,
                           SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
                               SQLITE_OPEN_URI,
                           NULL);
    buffer_release(&uri);
    if (code != SQLITE_OK)
        return ledger->db ? database_fail(ledger, err) : error_no_memory(err);
    if (configure(ledger, err) || database_number(ledger, "PRAGMA user_version", &version, err) ||
        database_check_version(ledger, version, err))
        return -1;
    if (database_read_id(ledger, err) || commit_count_read(ledger, err))
        return explain_failure(ledger, version, err);
    ledger->commits.opened_at = ledger->commits.count;
    return 0;
}

static int open_as(const char *path, const char *query, struct ledger **ret_ledger,
                   struct error *err)
{
    struct ledger *ledger = calloc(1, sizeof(*ledger));

    *ret_ledger = NULL;
    if (!ledger)
        return error_no_memory(err);
    ledger->lock_fd = ledger->index_fd = ledger->room.fd = -1;
    ledger->path = strdup(path);
    if (!ledger->path) {
        error_no_memory(err);
        goto fail;
    }
    ledger->plain = database_path(path, err);
    if (!ledger->plain)
        goto fail;
    commit_count_read_beside(ledger);
    if (open_database(ledger, query, err)) {
        if (err->exit_code == EXIT_CANNOT_CREATE)
            err->exit_code = EXIT_INPUT_MISSING;
        goto fail;
    }
    *ret_ledger = ledger;
    return 0;
fail:
    ledger_close(ledger);
    return -1;
}

/*
 * Whether neither we nor a run can be writing it: the file or its folder cannot be written, and
 * there is no log beside it. Where runs may write, every reader has to make such a log, and here it
 * could not, or would leave one that no run can write later.
 */
static bool is_at_rest(const char *path)
{
    struct buffer log_path = {0};
    struct buffer folder = {0};
    const char *slash = strrchr(path, '/');
    bool at_rest;

    buffer_format(&log_path, "%s-wal", path);
    if (slash)
        buffer_append(&folder, path, (size_t)(slash - path) + 1);
    else
        buffer_text(&folder, ".");
    at_rest = !log_path.failed && !folder.failed && access(log_path.ptr, F_OK) != 0 &&
              (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0 ||
               faccessat(AT_FDCWD, folder.ptr, W_OK, AT_EACCESS) != 0);
    buffer_release(&log_path);
    buffer_release(&folder);
    return at_rest;
}

int view_open(const char *path, struct ledger **ret_ledger, struct error *err)
{
    struct place_owner owner;
    bool entered;
    int result;

    *ret_ledger = NULL;
    if (check_file(path, &owner, err))
        return -1;
    entered = place_enter(path, &owner);
    result = open_as(path, is_at_rest(path) ? AT_REST : "", ret_ledger, err);
    if (!result && open_lock(*ret_ledger, err)) {
        ledger_close(*ret_ledger);
        *ret_ledger = NULL;
        result = -1;
    }
    place_leave(entered);
    return result;
}

int view_open_copy(const char *path, struct ledger **ret_ledger, struct error *err)
{
    return open_as(path, AT_REST, ret_ledger, err);
}

int view_check_schema(struct ledger *ledger, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];
    int64_t version;

    if (database_number(ledger, "PRAGMA user_version", &version, err))
        return -1;
    if (version == LEDGER_SCHEMA)
        return schema_check(ledger, version, err);
    return error_set(
        err, EXIT_BAD_CONFIG,
        "the ledger '%s' is of an earlier version (%lld, this program's is %d) and was "
        "left as it is; the next upload brings it to this one. --verify and --backup "
        "take it as it is",
        log_quote(ledger->path, quoted, sizeof(quoted)), (long long)version, LEDGER_SCHEMA);
}

/* Ends what is still being read: no old state of the ledger is held. */
static void let_go(struct ledger *ledger)
{
    for (int i = 0; i < SQL_COUNT; i++)
        sqlite3_reset(ledger->statements[i]);
}

/* ---- runs ---- */

static bool is_active(struct ledger *ledger, int64_t run)
{
    return ledger->lock_fd >= 0 && ledger_run_is_alive(ledger, run);
}

const char *view_state_name(enum view_state state)
{
    static const char *const names[VIEW_STATE_COUNT] = {"active",   "interrupted", "stopped",
                                                        "finished", "abandoned",   "pruned"};

    return names[state];
}

static bool is_pruned(const struct run_record *run)
{
    static const unsigned char nothing[DIGEST_SHA256_BYTES];

    return memcmp(run->export_sha256, nothing, sizeof(nothing)) == 0;
}

static enum view_state state_of(struct ledger *ledger, const struct view_run *view)
{
    const struct run_record *run = &view->record;

    if (is_pruned(run))
        return VIEW_PRUNED;
    if (view->abandonment.run)
        return VIEW_ABANDONED;
    if (is_active(ledger, run->id))
        return VIEW_ACTIVE;
    if (!run->finished_ms)
        return VIEW_INTERRUPTED;
    return *run->stopped_because ? VIEW_STOPPED : VIEW_FINISHED;
}

/* Of a run that has no report yet. */
static int count_rows(struct ledger *ledger, int64_t run, struct run_count *counts,
                      struct error *err)
{
    sqlite3_stmt *s = database_ready(ledger, SQL_RUN_OUTCOMES, "ii", database_row_id(run, 0),
                                     database_row_id(run + 1, 0));
    int found;

    memset(counts, 0, OUTCOME_COUNT * sizeof(*counts));
    while ((found = database_step(ledger, s, err)) > 0) {
        int outcome = sqlite3_column_int(s, 0);

        if (outcome >= 0 && outcome < OUTCOME_COUNT)
            counts[outcome].rows = (uint64_t)sqlite3_column_int64(s, 1);
    }
    return found;
}

int view_run_next(struct ledger *ledger, int64_t before, struct view_run *ret_run,
                  struct error *err)
{
    sqlite3_stmt *s = database_ready(ledger, SQL_RUN_OLDER, "i", before);
    int found = database_step(ledger, s, err);
    int64_t id;

    if (found <= 0)
        return found;
    id = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    memset(ret_run, 0, sizeof(*ret_run));
    found = ledger_run_get(ledger, id, &ret_run->record, err);
    if (found <= 0)
        return found;
    if (ledger_abandonment_get(ledger, id, &ret_run->abandonment, err) < 0)
        return -1;
    ret_run->state = state_of(ledger, ret_run);
    ret_run->has_money = ret_run->record.finished_ms > 0;
    if (ret_run->has_money ? ledger_run_count_get(ledger, id, ret_run->counts, err)
                           : count_rows(ledger, id, ret_run->counts, err))
        return -1;
    return 1;
}

/* ---- what app keys have sent today ---- */

int view_today(struct ledger *ledger, int64_t now_ms,
               void (*visit)(void *context, const struct view_app *app), void *context,
               struct error *err)
{
    sqlite3_stmt *s =
        database_ready(ledger, SQL_TODAY, "ii", (int64_t)clock_beijing_day(now_ms), now_ms);
    int found;

    while ((found = database_step(ledger, s, err)) > 0) {
        struct view_app app = {
            .platform = database_text(s, 0),
            .app_key = database_text(s, 1),
            .calls = sqlite3_column_int64(s, 2),
            .banned_until_ms = sqlite3_column_int64(s, 3),
        };

        visit(context, &app);
    }
    return found;
}

/* ---- unknown attempts ---- */

/* The intents of a run that died are unknown, those of a live one are not. */
static uint64_t count_unknown(struct ledger *ledger, int64_t run, int64_t intents, int64_t all)
{
    return (uint64_t)(intents && is_active(ledger, run) ? all - intents : all);
}

int view_open_runs(struct ledger *ledger,
                   void (*visit)(void *context, const struct view_open_run *open), void *context,
                   struct error *err)
{
    sqlite3_stmt *s = database_ready(ledger, SQL_OPEN_RUNS, "");
    int found;

    while ((found = database_step(ledger, s, err)) > 0) {
        struct view_open_run open = {
            .run = sqlite3_column_int64(s, 0),
            .oldest_ms = sqlite3_column_int64(s, 3),
        };

        open.unknown =
            count_unknown(ledger, open.run, sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2));
        if (open.unknown)
            visit(context, &open);
    }
    return found;
}

static void read_unknown(sqlite3_stmt *s, struct view_unknown *unknown)
{
    *unknown = (struct view_unknown){
        .claim_order_no = database_text(s, 0),
        .workcard_id = sqlite3_column_int64(s, 1),
        .place = {sqlite3_column_int64(s, 3), (uint64_t)sqlite3_column_int64(s, 4)},
        .was_interrupted = sqlite3_column_int(s, 5),
        .attempts = sqlite3_column_int(s, 6),
        .submitted_ms = sqlite3_column_int64(s, 7),
        .platform = database_text(s, 9),
        .code = "",
        .message = "",
        .request_id = "",
    };
    database_digest(unknown->digest, s, 8);
}

/* What its row says of it: 1, or 0 when the attempt is not unknown. */
static int explain_unknown(struct ledger *ledger, struct view_unknown *unknown, struct error *err)
{
    struct run_brief brief;
    struct row_record record;
    int found;

    if (unknown->was_interrupted && is_active(ledger, unknown->place.run))
        return 0;
    if (database_brief(ledger, unknown->place.run, &brief, err))
        return -1;
    memcpy(unknown->run_name, brief.name, sizeof(brief.name));
    if (unknown->was_interrupted) {
        unknown->code = "RUN_ENDED";
        unknown->message = "the run ended before an answer came; the claim may have been stored";
        return 1;
    }
    found = ledger_row_get(ledger, unknown->place, &record, err);
    if (found < 0)
        return -1;
    if (found && record.outcome == OUTCOME_UNKNOWN) {
        unknown->attempts = record.attempts;
        unknown->submitted_ms = record.submitted_ms;
        unknown->code = record.code;
        unknown->message = record.message;
        unknown->request_id = record.request_id;
    }
    return 1;
}

/* How many attempts are open that are not unknown, because their run is alive. */
static int count_live(struct ledger *ledger, uint64_t *ret_live, struct error *err)
{
    sqlite3_stmt *s = database_ready(ledger, SQL_OPEN_RUNS, "");
    int found;

    *ret_live = 0;
    while ((found = database_step(ledger, s, err)) > 0)
        *ret_live += (uint64_t)sqlite3_column_int64(s, 2) -
                     count_unknown(ledger, sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1),
                                   sqlite3_column_int64(s, 2));
    return found;
}

int view_unknown_oldest(struct ledger *ledger, size_t most,
                        void (*visit)(void *context, const struct view_unknown *unknown),
                        void *context, struct error *err)
{
    struct view_unknown unknown;
    sqlite3_stmt *s;
    uint64_t live;
    int found;

    if (count_live(ledger, &live, err))
        return -1;
    s = database_ready(ledger, SQL_OPEN_OLDEST, "i", (int64_t)(most + live));
    while ((found = database_step(ledger, s, err)) > 0) {
        read_unknown(s, &unknown);
        found = explain_unknown(ledger, &unknown, err);
        if (found < 0)
            break;
        if (!found || !most)
            continue;
        visit(context, &unknown);
        most--;
    }
    let_go(ledger);
    return found;
}

enum { TEXT_ORDER_NO, TEXT_PLATFORM, TEXT_CODE, TEXT_MESSAGE, TEXT_REQUEST_ID, TEXT_COUNT };

struct view_list {
    struct ledger *ledger;
    struct buffer texts[TEXT_COUNT];
    int64_t workcard_id, platform; /* with the first text, the key of the last one */
};

int view_list_open(struct ledger *ledger, struct view_list **ret_list, struct error *err)
{
    struct view_list *list = calloc(1, sizeof(*list));

    *ret_list = list;
    if (!list)
        return error_no_memory(err);
    list->ledger = ledger;
    list->workcard_id = INT64_MIN;
    return 0;
}

static void keep(struct view_list *list, int which, const char **text)
{
    buffer_reset(&list->texts[which]);
    buffer_text(&list->texts[which], *text);
    *text = buffer_string(&list->texts[which]);
}

/* Takes the texts from the statements, so that these can be let go. */
static int keep_texts(struct view_list *list, struct view_unknown *unknown, struct error *err)
{
    keep(list, TEXT_ORDER_NO, &unknown->claim_order_no);
    keep(list, TEXT_PLATFORM, &unknown->platform);
    keep(list, TEXT_CODE, &unknown->code);
    keep(list, TEXT_MESSAGE, &unknown->message);
    keep(list, TEXT_REQUEST_ID, &unknown->request_id);
    for (int i = 0; i < TEXT_COUNT; i++)
        if (list->texts[i].failed)
            return error_no_memory(err);
    return 0;
}

/* The open attempt after the last one: 1, or 0 at the end. *ret_is_unknown says whether it is one
 * to be listed. */
static int list_step(struct view_list *list, struct view_unknown *ret_unknown, bool *ret_is_unknown,
                     struct error *err)
{
    struct ledger *ledger = list->ledger;
    struct buffer key = list->texts[TEXT_ORDER_NO];
    sqlite3_stmt *s;
    int found;

    /* The key is bound by its address, so it must not be the buffer that is filled anew. */
    list->texts[TEXT_ORDER_NO] = (struct buffer){0};
    s = database_ready(ledger, SQL_OPEN_NEXT, "sii", buffer_string(&key), list->workcard_id,
                       list->platform);
    found = database_step(ledger, s, err);
    if (found > 0) {
        int judged;

        read_unknown(s, ret_unknown);
        list->workcard_id = ret_unknown->workcard_id;
        list->platform = sqlite3_column_int64(s, 2);
        judged = explain_unknown(ledger, ret_unknown, err);
        *ret_is_unknown = judged > 0;
        if (judged < 0 || keep_texts(list, ret_unknown, err))
            found = -1;
    }
    let_go(ledger);
    buffer_release(&key);
    return found;
}

int view_list_next(struct view_list *list, struct view_unknown *ret_unknown, struct error *err)
{
    bool is_unknown = false;
    int found;

    do
        found = list_step(list, ret_unknown, &is_unknown, err);
    while (found > 0 && !is_unknown);
    return found;
}

void view_list_close(struct view_list *list)
{
    if (!list)
        return;
    for (int i = 0; i < TEXT_COUNT; i++)
        buffer_release(&list->texts[i]);
    free(list);
}

/* ---- the history of a claim ---- */

struct places {
    struct row_place *list; /* newest first */
    size_t count, room;
};

static int places_add(struct places *places, struct row_place place, struct error *err)
{
    if (places->count == places->room) {
        size_t room = places->room ? places->room * 2 : 16;
        struct row_place *list = realloc(places->list, room * sizeof(*list));

        if (!list)
            return error_no_memory(err);
        places->list = list;
        places->room = room;
    }
    places->list[places->count++] = place;
    return 0;
}

/* Follows the chain of a claim's rows, newest first. */
static int collect_places(struct ledger *ledger, const struct claim_key *key, int64_t platform,
                          struct places *places, struct error *err)
{
    struct claim_row claim;
    struct row_place at;

    if (chain_read(ledger, platform, key, &claim, err))
        return -1;
    at = claim.last;
    while (at.run) {
        sqlite3_stmt *s = database_ready(ledger, SQL_ROW_GET, "i", chain_row_id(at));
        struct row_place older;
        int found = database_step(ledger, s, err);

        if (found <= 0)
            return found;
        older = chain_read_link(s);
        sqlite3_reset(s);
        if (places_add(places, at, err))
            return -1;
        at = ledger_row_is_before(&older, &at) ? older : (struct row_place){0};
    }
    return 0;
}

static int visit_settlements(struct ledger *ledger, struct row_place place,
                             const struct view_visitor *visitor, struct error *err)
{
    sqlite3_stmt *s = database_ready(ledger, SQL_SETTLEMENTS, "ii", place.run, (int64_t)place.row);
    int found;

    while ((found = database_step(ledger, s, err)) > 0) {
        struct view_settlement settlement = {
            .at_ms = sqlite3_column_int64(s, 0),
            .outcome = (enum outcome)sqlite3_column_int(s, 1),
            .by = database_text(s, 2),
            .reason = database_text(s, 3),
            .was = database_text(s, 4),
        };

        if (settlement.outcome >= 0 && settlement.outcome < OUTCOME_COUNT)
            visitor->settlement(visitor->context, &settlement);
    }
    return found;
}

static int read_round(struct ledger *ledger, struct view_row *row, struct error *err)
{
    sqlite3_stmt *s;
    int found;

    row->round_by = row->round_reason = "";
    if (!row->record.round)
        return 0;
    s = database_ready(ledger, SQL_ROUND_BRIEF, "i", row->record.round);
    found = database_step(ledger, s, err);
    if (found <= 0)
        return found;
    row->round = (enum round_kind)sqlite3_column_int(s, 0);
    row->round_by = database_text(s, 1);
    row->round_reason = database_text(s, 2);
    return 0;
}

static int visit_row(struct ledger *ledger, struct row_place place,
                     const struct view_visitor *visitor, struct error *err)
{
    struct view_row row = {.place = place};
    struct run_brief brief;
    int found = ledger_row_get(ledger, place, &row.record, err);

    if (found <= 0)
        return found;
    if (database_brief(ledger, place.run, &brief, err) || read_round(ledger, &row, err))
        return -1;
    memcpy(row.run_name, brief.name, sizeof(brief.name));
    if (row.record.outcome < 0 || row.record.outcome >= OUTCOME_COUNT)
        row.record.outcome = OUTCOME_UNKNOWN; /* damaged: care_verify says so */
    visitor->row(visitor->context, &row);
    return visit_settlements(ledger, place, visitor, err);
}

static int visit_claim(struct ledger *ledger, const struct claim_key *key, int64_t platform,
                       const char *platform_name, const struct view_visitor *visitor,
                       struct error *err)
{
    struct view_claim claim = {.workcard_id = key->workcard_id, .platform = platform_name};
    struct places places = {0};
    struct run_brief brief = {0};
    int result = -1;

    if (ledger_claim_get(ledger, platform_name, key, &claim.state, err) ||
        collect_places(ledger, key, platform, &places, err) ||
        (claim.state.open && database_brief(ledger, claim.state.open_at.run, &brief, err)))
        goto out;
    memcpy(claim.open_run_name, brief.name, sizeof(brief.name));
    claim.rows = places.count;
    claim.open_run_active = claim.state.open && is_active(ledger, claim.state.open_at.run);
    visitor->claim(visitor->context, &claim);
    for (size_t i = places.count; i-- > 0;)
        if (visit_row(ledger, places.list[i], visitor, err))
            goto out;
    result = 0;
out:
    free(places.list);
    return result;
}

/* The claims of this number, one after the other, by workcard_id and platform. */
static int visit_claims(struct ledger *ledger, const char *claim_order_no,
                        const struct view_visitor *visitor, size_t *ret_claims, struct error *err)
{
    struct claim_key key = {INT64_MIN, claim_order_no};
    struct buffer name = {0};
    int64_t platform = 0;
    int found;

    *ret_claims = 0;
    for (;;) {
        sqlite3_stmt *s = database_ready(ledger, SQL_CLAIM_LIST, "sii", claim_order_no,
                                         key.workcard_id, platform);

        found = database_step(ledger, s, err);
        if (found <= 0)
            break;
        key.workcard_id = sqlite3_column_int64(s, 0);
        platform = sqlite3_column_int64(s, 1);
        buffer_reset(&name);
        buffer_text(&name, database_text(s, 2));
        sqlite3_reset(s);
        if (name.failed)
            found = error_no_memory(err);
        else
            found = visit_claim(ledger, &key, platform, buffer_string(&name), visitor, err);
        if (found < 0)
            break;
        ++*ret_claims;
    }
    buffer_release(&name);
    return found;
}

int view_claim_history(struct ledger *ledger, const char *claim_order_no,
                       const struct view_visitor *visitor, size_t *ret_claims, struct error *err)
{
    int result;

    *ret_claims = 0;
    if (database_execute(ledger, database_ready(ledger, SQL_READ, ""), err))
        return -1;
    result = visit_claims(ledger, claim_order_no, visitor, ret_claims, err);
    let_go(ledger);
    ledger_rollback(ledger);
    return result;
}
