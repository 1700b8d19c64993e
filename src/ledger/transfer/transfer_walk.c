#include "transfer_walk.h"

#include "base/error.h"

#ifdef HAVE_LIBPQ

#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/stop.h"
#include "ledger/postgres/alive/parameters.h"
#include "ledger/postgres/session.h"
#include "ledger/store/database.h"
#include "ledger/transfer/transfer.h"

#define PAGE_ROWS 2000
#define PAGE_BYTES 1000000
#define FETCH_PAGE "FETCH 2000 FROM page"
#define TOLD_EVERY_MS 10000 /* as the progress of a run where there is no terminal */

struct walk {
    enum transfer_way way;
    struct ledger *file, *server;
    const struct transfer_pair *pair; /* the table at hand … */
    struct buffer page;               /* … what of it was not told yet … */
    int rows;                         /* … and how many of its rows are in there */
    int64_t moved, told_ms;           /* of all tables; when that was said last, monotonic */
    struct sqlite3_stmt *statement;   /* of the file: it is asked, or told */
};

/* ---- told ---- */

static int tell_file(struct walk *walk, struct error *err)
{
    sqlite3_stmt *s = walk->statement;

    if (sqlite3_bind_text(s, 1, walk->page.ptr, (int)walk->page.len, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_DONE && sqlite3_reset(s) == SQLITE_OK)
        return 0;
    return database_fail(walk->file, err);
}

/* A million claims take a minute: whoever waits is told that they move. */
static void tell_progress(struct walk *walk)
{
    int64_t now_ms = clock_mono_ms();

    walk->moved += walk->rows;
    if (now_ms - walk->told_ms < TOLD_EVERY_MS)
        return;
    log_info("moving; records until now: %lld", (long long)walk->moved);
    walk->told_ms = now_ms;
}

static int tell_page(struct walk *walk, struct error *err)
{
    int result;

    if (!walk->page.len)
        return 0;
    buffer_byte(&walk->page, ']');
    if (walk->page.failed)
        return error_no_memory(err);
    if (stop_signal())
        return error_set(err, EXIT_TRY_LATER, "stopped by a signal: %s", strsignal(stop_signal()));
    result = walk->way == TRANSFER_TO_FILE
                 ? tell_file(walk, err)
                 : parameters_ask(walk->server->server.session, walk->pair->into.ptr, err, "s",
                                  buffer_string(&walk->page));
    buffer_reset(&walk->page);
    tell_progress(walk);
    walk->rows = 0;
    return result;
}

static int add(struct walk *walk, const char *object, struct error *err)
{
    buffer_byte(&walk->page, walk->page.len ? ',' : '[');
    buffer_text(&walk->page, object);
    return ++walk->rows == PAGE_ROWS || walk->page.len > PAGE_BYTES ? tell_page(walk, err) : 0;
}

/* ---- asked ---- */

static int ask_file(struct walk *walk, struct error *err)
{
    struct database_statement s = {.sqlite = walk->statement};
    int code;

    while ((code = sqlite3_step(s.sqlite)) == SQLITE_ROW)
        if (add(walk, database_text(&s, 0), err))
            return -1;
    return code == SQLITE_DONE ? 0 : database_fail(walk->file, err);
}

static int ask_server(struct walk *walk, struct error *err)
{
    static const char fetch[] = FETCH_PAGE;
    struct session *session = walk->server->server.session;
    struct buffer text = {0};
    int result;

    buffer_format(&text, "DECLARE page NO SCROLL CURSOR FOR %s", buffer_string(&walk->pair->from));
    result = text.failed ? error_no_memory(err) : session_execute(session, text.ptr, err);
    buffer_release(&text);
    if (!result)
        result = parameters_ask(session, fetch, err, "");
    while (!result && session_rows(session)) {
        for (int row = 0; !result && row < session_rows(session); row++)
            result = add(walk, session_text(session, row, 0), err);
        if (!result)
            result = parameters_ask(session, fetch, err, "");
    }
    return result ? -1 : session_execute(session, "CLOSE page", err);
}

/* ---- all of it ---- */

static int carry(struct walk *walk, struct error *err)
{
    const struct buffer *of_file =
        walk->way == TRANSFER_TO_FILE ? &walk->pair->into : &walk->pair->from;
    int result;

    if (sqlite3_prepare_v2(walk->file->db, of_file->ptr, -1, &walk->statement, NULL) != SQLITE_OK)
        return database_fail(walk->file, err);
    result = walk->way == TRANSFER_TO_FILE ? ask_server(walk, err) : ask_file(walk, err);
    if (!result)
        result = tell_page(walk, err);
    sqlite3_finalize(walk->statement);
    return result;
}

/* Of null null, and of what are no digits none. */
static void make_bytes(sqlite3_context *context, int count, sqlite3_value **values)
{
    const char *hex = (const char *)sqlite3_value_text(values[0]);
    size_t len = hex ? strlen(hex) / 2 : 0;
    unsigned char bytes[64];

    (void)count;
    if (hex && len <= sizeof(bytes) && hex_parse(hex, len, bytes))
        sqlite3_result_blob(context, bytes, (int)len, SQLITE_TRANSIENT);
}

int transfer_walk(enum transfer_way way, struct ledger *file, struct ledger *server,
                  const struct transfer_sql *sql, struct error *err)
{
    struct walk walk = {.way = way, .file = file, .server = server, .told_ms = clock_mono_ms()};
    int result = 0;

    if (sqlite3_create_function(file->db, TRANSFER_BYTES, 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
                                NULL, make_bytes, NULL, NULL) != SQLITE_OK)
        return database_fail(file, err);
    for (size_t i = 0; !result && i < sql->count; i++) {
        walk.pair = &sql->pairs[i];
        result = carry(&walk, err);
    }
    buffer_release(&walk.page);
    return result;
}

int transfer_check_alone(struct ledger *file, struct error *err)
{
    return ledger_is_alone(file)
               ? 0
               : error_set(err, EXIT_TRY_LATER,
                           "another process has the ledger '%s' open; wait until it has ended, "
                           "then type the same again; nothing was moved",
                           LOG_QUOTED(file->path));
}

/* Both have as much, table by table. */
static const struct {
    const char *file, *server;
} counts_of[] = {
    {"SELECT count(*) FROM run", "SELECT count(*) FROM run"},
    {"SELECT count(*) FROM (SELECT claim_order_no, workcard_id, platform FROM claim UNION SELECT"
     " claim_order_no, workcard_id, platform FROM open_attempt)",
     "SELECT count(*) FROM claim"},
    {"SELECT count(*) FROM row", "SELECT count(*) FROM row"},
    {"SELECT count(*) FROM open_attempt", "SELECT count(open_call) FROM claim"},
    {"SELECT count(*) FROM row WHERE linked<>0",
     "SELECT count(*) FROM row WHERE claim IS NOT NULL"},
    {"SELECT count(*) FROM settlement", "SELECT count(*) FROM settlement"},
};

#define COUNTS (sizeof(counts_of) / sizeof(*counts_of))

int transfer_compare(struct ledger *file, struct ledger *server, struct transfer *ret_counts,
                     struct error *err)
{
    struct session *session = server->server.session;
    int64_t counts[COUNTS];

    for (size_t i = 0; i < COUNTS; i++) {
        if (database_number(file, counts_of[i].file, &counts[i], err) ||
            parameters_ask(session, counts_of[i].server, err, ""))
            return -1;
        if (session_integer(session, 0, 0) != counts[i])
            return error_set(err, EXIT_INTERNAL,
                             "the ledger '%s' and the one on the server have not the same; nothing "
                             "was moved",
                             LOG_QUOTED(file->path));
    }
    ret_counts->runs = counts[0];
    ret_counts->claims = counts[1];
    ret_counts->rows = counts[2];
    return 0;
}

#endif
