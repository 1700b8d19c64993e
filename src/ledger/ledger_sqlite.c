/*
 * The ledger on SQLite: WAL, synchronous=FULL. All SQL of the program is in this file.
 *
 * open_attempt holds only what is open (intents and unsettled unknowns), so it stays small and hot;
 * its key is what keeps two attempts of one claim from being open at once. claim is written once a
 * row, when the row is final. A claim's rows form a chain, newest first: claim.last → row.prev → …
 */
#include "ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "ledger/lock.h"

#define APPLICATION_ID 1129071692 /* "CLBL" */
#define CACHE_KIB 8192
#define CHECKPOINT_PAGES 4000

static const char schema[] =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE platform(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE run(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,"
    " command TEXT NOT NULL, platform INTEGER NOT NULL, export_name TEXT NOT NULL,"
    " export_sha256 BLOB NOT NULL, export_bytes INTEGER NOT NULL, reading TEXT NOT NULL,"
    " report_path TEXT NOT NULL, started_ms INTEGER NOT NULL, finished_ms INTEGER NOT NULL,"
    " stopped_because TEXT NOT NULL, complete INTEGER NOT NULL, open_rows INTEGER NOT NULL,"
    " invalid_rows INTEGER NOT NULL, published INTEGER NOT NULL);"
    "CREATE TABLE run_count(run INTEGER NOT NULL, outcome INTEGER NOT NULL, rows INTEGER NOT NULL,"
    " counts_as INTEGER NOT NULL, fee_fen TEXT NOT NULL, PRIMARY KEY(run, outcome)) WITHOUT ROWID;"
    "CREATE INDEX run_of_export ON run(export_sha256, platform);"
    "CREATE TABLE row(run INTEGER NOT NULL, row INTEGER NOT NULL, state INTEGER NOT NULL,"
    " outcome INTEGER NOT NULL, counts_as INTEGER NOT NULL, attempts INTEGER NOT NULL,"
    " tries INTEGER NOT NULL, http_status INTEGER NOT NULL, submitted_ms INTEGER NOT NULL,"
    " duration_ms INTEGER NOT NULL, digest BLOB NOT NULL, code TEXT NOT NULL,"
    " sub_code TEXT NOT NULL, message TEXT NOT NULL, request_id TEXT NOT NULL,"
    " warnings TEXT NOT NULL, linked INTEGER NOT NULL, prev_run INTEGER NOT NULL,"
    " prev_row INTEGER NOT NULL, PRIMARY KEY(run, row)) WITHOUT ROWID;"
    "CREATE TABLE claim(claim_order_no TEXT NOT NULL, workcard_id INTEGER NOT NULL,"
    " platform INTEGER NOT NULL, accepted_digest BLOB, accepted_run INTEGER,"
    " accepted_row INTEGER, accepted_ms INTEGER, last_run INTEGER NOT NULL,"
    " last_row INTEGER NOT NULL, PRIMARY KEY(claim_order_no, workcard_id, platform))"
    " WITHOUT ROWID;"
    "CREATE TABLE open_attempt(claim_order_no TEXT NOT NULL, workcard_id INTEGER NOT NULL,"
    " platform INTEGER NOT NULL, run INTEGER NOT NULL, row INTEGER NOT NULL,"
    " intent INTEGER NOT NULL, PRIMARY KEY(claim_order_no, workcard_id, platform)) WITHOUT ROWID;"
    "CREATE TABLE calls(platform INTEGER NOT NULL, app_key TEXT NOT NULL, day INTEGER NOT NULL,"
    " calls INTEGER NOT NULL, PRIMARY KEY(platform, app_key, day)) WITHOUT ROWID;"
    "CREATE TABLE ban(platform INTEGER NOT NULL, app_key TEXT NOT NULL,"
    " until_ms INTEGER NOT NULL, PRIMARY KEY(platform, app_key)) WITHOUT ROWID;";

enum statement {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_PLATFORM_GET,
    SQL_PLATFORM_ADD,
    SQL_RUN_FIND,
    SQL_RUN_CREATE,
    SQL_RUN_SAVE,
    SQL_RUN_NAME,
    SQL_RUN_HAS_ROWS,
    SQL_COUNT_PUT,
    SQL_COUNT_GET,
    SQL_RECOVER_LIST,
    SQL_CLAIM_GET,
    SQL_CLAIM_PUT,
    SQL_CLAIM_ACCEPT,
    SQL_OPEN_GET,
    SQL_OPEN_ADD,
    SQL_OPEN_UNKNOWN,
    SQL_OPEN_DROP,
    SQL_ROW_PUT,
    SQL_ROW_SETTLE,
    SQL_ROW_GET,
    SQL_ROW_LINK,
    SQL_ROW_LOSE,
    SQL_ROWS,
    SQL_CALLS_GET,
    SQL_CALLS_ADD,
    SQL_BAN_GET,
    SQL_BAN_SET,
    SQL_COUNT,
};

#define RUN_COLUMNS                                                                                \
    "run.id, run.name, run.export_name, run.export_bytes, run.reading, run.report_path,"           \
    " run.started_ms, run.finished_ms, run.stopped_because, run.complete, run.published,"          \
    " run.open_rows, run.invalid_rows"
#define ROW_COLUMNS                                                                                \
    "row, state, outcome, counts_as, attempts, tries, http_status, submitted_ms, duration_ms,"     \
    " digest, code, sub_code, message, request_id, warnings"
#define CLAIM_KEY "claim_order_no=?1 AND workcard_id=?2 AND platform=?3"

static const char *const sql[SQL_COUNT] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_PLATFORM_GET] = "SELECT id FROM platform WHERE name=?1",
    [SQL_PLATFORM_ADD] = "INSERT OR IGNORE INTO platform(name) VALUES(?1)",
    [SQL_RUN_FIND] = "SELECT " RUN_COLUMNS " FROM run WHERE export_sha256=?1 AND platform=?2"
                     " AND command=?3 ORDER BY id DESC LIMIT 1",
    [SQL_RUN_CREATE] = "INSERT INTO run(name, command, platform, export_name, export_sha256,"
                       " export_bytes, reading, report_path, started_ms, finished_ms,"
                       " stopped_because, complete, open_rows, invalid_rows, published)"
                       " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,0,'',0,0,0,0)",
    [SQL_RUN_SAVE] = "UPDATE run SET started_ms=?2, finished_ms=?3, stopped_because=?4,"
                     " complete=?5, published=?6, report_path=?7, open_rows=?8,"
                     " invalid_rows=?9 WHERE id=?1",
    [SQL_RUN_NAME] = "SELECT name FROM run WHERE id=?1",
    [SQL_RUN_HAS_ROWS] = "SELECT 1 FROM row WHERE run=?1 LIMIT 1",
    [SQL_COUNT_PUT] = "INSERT OR REPLACE INTO run_count VALUES(?1,?2,?3,?4,?5)",
    [SQL_COUNT_GET] = "SELECT outcome, rows, counts_as, fee_fen FROM run_count WHERE run=?1",
    [SQL_RECOVER_LIST] = "SELECT claim_order_no, workcard_id, platform, row FROM open_attempt"
                         " WHERE run=?1 AND intent=1",
    [SQL_CLAIM_GET] = "SELECT accepted_digest, accepted_run, accepted_row, accepted_ms, last_run,"
                      " last_row FROM claim WHERE " CLAIM_KEY,
    [SQL_CLAIM_PUT] = "INSERT INTO claim(claim_order_no, workcard_id, platform, last_run, last_row)"
                      " VALUES(?1,?2,?3,?4,?5) ON CONFLICT DO UPDATE"
                      " SET last_run=excluded.last_run, last_row=excluded.last_row",
    [SQL_CLAIM_ACCEPT] = "INSERT INTO claim(claim_order_no, workcard_id, platform, last_run,"
                         " last_row, accepted_digest, accepted_run, accepted_row, accepted_ms)"
                         " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9) ON CONFLICT DO UPDATE"
                         " SET last_run=excluded.last_run, last_row=excluded.last_row,"
                         " accepted_digest=excluded.accepted_digest,"
                         " accepted_run=excluded.accepted_run,"
                         " accepted_row=excluded.accepted_row, accepted_ms=excluded.accepted_ms",
    [SQL_OPEN_GET] = "SELECT run, row, intent FROM open_attempt WHERE " CLAIM_KEY,
    [SQL_OPEN_ADD] = "INSERT OR IGNORE INTO open_attempt VALUES(?1,?2,?3,?4,?5,1)",
    [SQL_OPEN_UNKNOWN] = "UPDATE open_attempt SET intent=0 WHERE " CLAIM_KEY,
    [SQL_OPEN_DROP] = "DELETE FROM open_attempt WHERE " CLAIM_KEY,
    [SQL_ROW_PUT] = "INSERT INTO row(run, " ROW_COLUMNS ", linked, prev_run, prev_row)"
                    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,0,0,0)"
                    " ON CONFLICT DO UPDATE SET state=excluded.state, outcome=excluded.outcome,"
                    " counts_as=excluded.counts_as, attempts=excluded.attempts,"
                    " tries=excluded.tries, http_status=excluded.http_status,"
                    " submitted_ms=excluded.submitted_ms, duration_ms=excluded.duration_ms,"
                    " digest=excluded.digest, code=excluded.code, sub_code=excluded.sub_code,"
                    " message=excluded.message, request_id=excluded.request_id,"
                    " warnings=excluded.warnings",
    [SQL_ROW_SETTLE] = "UPDATE row SET state=?3, outcome=?4, counts_as=?5, attempts=?6, tries=?7,"
                       " http_status=?8, submitted_ms=?9, duration_ms=?10, digest=?11, code=?12,"
                       " sub_code=?13, message=?14, request_id=?15, warnings=?16"
                       " WHERE run=?1 AND row=?2",
    [SQL_ROW_GET] = "SELECT " ROW_COLUMNS ", linked, prev_run, prev_row FROM row"
                    " WHERE run=?1 AND row=?2",
    [SQL_ROW_LINK] = "UPDATE row SET linked=1, prev_run=?3, prev_row=?4 WHERE run=?1 AND row=?2",
    [SQL_ROW_LOSE] = "UPDATE row SET state=3, outcome=3, counts_as=3, code='RUN_ENDED',"
                     " message=?3 WHERE run=?1 AND row=?2",
    [SQL_ROWS] = "SELECT " ROW_COLUMNS " FROM row WHERE run=?1 AND row>=?2 ORDER BY row",
    [SQL_CALLS_GET] = "SELECT calls FROM calls WHERE platform=?1 AND app_key=?2 AND day=?3",
    [SQL_CALLS_ADD] = "INSERT INTO calls VALUES(?1,?2,?3,?4)"
                      " ON CONFLICT DO UPDATE SET calls=calls+excluded.calls",
    [SQL_BAN_GET] = "SELECT until_ms FROM ban WHERE platform=?1 AND app_key=?2",
    [SQL_BAN_SET] = "INSERT INTO ban VALUES(?1,?2,?3)"
                    " ON CONFLICT DO UPDATE SET until_ms=excluded.until_ms",
};

struct ledger {
    sqlite3 *db;
    sqlite3_stmt *statements[SQL_COUNT];
    char *path;
    char id[LEDGER_ID_BYTES];
    bool is_new;
    int lock_fd;
    struct {
        char *name; /* the platform last asked for, and its number */
        int64_t id;
    } platform;
    struct {
        int64_t ids[4]; /* locked by this process; the kernel does not tell us of our own locks */
        size_t count;
    } own_runs;
    struct buffer run_texts[4];
};

struct ledger_rows {
    struct ledger *ledger;
    sqlite3_stmt *statement;
    int64_t run;
    uint64_t next;
    bool running;
};

/* ---- errors and statements ---- */

static int exit_code_of(int sqlite_code)
{
    switch (sqlite_code & 0xff) {
    case SQLITE_NOMEM:
        return EXIT_RESOURCES;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return EXIT_TRY_LATER;
    case SQLITE_CANTOPEN:
        return EXIT_CANNOT_CREATE;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_NOTADB:
        return EXIT_BAD_CONFIG;
    default:
        return EXIT_CANNOT_WRITE;
    }
}

static const char *advice_of(int sqlite_code)
{
    switch (sqlite_code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return "; another process holds it: try again when that has ended";
    case SQLITE_FULL:
        return "; make room on the disk, then type the same command again";
    case SQLITE_CORRUPT:
        return "; it is damaged: restore the newest backup, and do not send anything with it "
               "before";
    case SQLITE_NOTADB:
        return "; it is not a ledger: name another file with --ledger";
    case SQLITE_READONLY:
        return "; it is read-only: check its owner and permissions";
    default:
        return "";
    }
}

static int fail(struct ledger *ledger, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];
    int code = sqlite3_extended_errcode(ledger->db);

    error_set(err, exit_code_of(code), "ledger '%s': %s%s%s%s",
              log_quote(ledger->path, quoted, sizeof(quoted)), sqlite3_errmsg(ledger->db),
              sqlite3_system_errno(ledger->db) ? ": " : "",
              sqlite3_system_errno(ledger->db) ? strerror(sqlite3_system_errno(ledger->db)) : "",
              advice_of(code));
    ledger_rollback(ledger);
    return -1;
}

/*
 * Readies a statement and binds its parameters in order: i int64_t, s text, d claim digest, h
 * SHA-256, n NULL. Texts and blobs are not copied: they must live until the statement is done.
 */
static sqlite3_stmt *ready(struct ledger *ledger, enum statement which, const char *types, ...)
{
    sqlite3_stmt **statement = &ledger->statements[which];
    va_list args;

    if (!*statement && sqlite3_prepare_v3(ledger->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT,
                                          statement, NULL) != SQLITE_OK)
        return NULL;
    sqlite3_reset(*statement);
    va_start(args, types);
    for (int i = 1; *types; types++, i++) {
        if (*types == 'i')
            sqlite3_bind_int64(*statement, i, va_arg(args, int64_t));
        else if (*types == 's')
            sqlite3_bind_text(*statement, i, va_arg(args, const char *), -1, SQLITE_STATIC);
        else if (*types == 'd')
            sqlite3_bind_blob(*statement, i, va_arg(args, const void *), DIGEST_CLAIM_BYTES,
                              SQLITE_STATIC);
        else if (*types == 'h')
            sqlite3_bind_blob(*statement, i, va_arg(args, const void *), DIGEST_SHA256_BYTES,
                              SQLITE_STATIC);
    }
    va_end(args);
    return *statement;
}

/* Steps to the next row: 1, or 0 at the end (then the statement is reset), or -1. */
static int step(struct ledger *ledger, sqlite3_stmt *statement, struct error *err)
{
    int code = statement ? sqlite3_step(statement) : SQLITE_ERROR;

    if (code == SQLITE_ROW)
        return 1;
    if (code != SQLITE_DONE) {
        fail(ledger, err);
        sqlite3_reset(statement);
        return -1;
    }
    sqlite3_reset(statement);
    return 0;
}

/* Runs a statement that gives no rows. */
static int execute(struct ledger *ledger, sqlite3_stmt *statement, struct error *err)
{
    return step(ledger, statement, err) < 0 ? -1 : 0;
}

static const char *text_at(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);

    return text ? (const char *)text : "";
}

static void copy_digest(unsigned char *to, sqlite3_stmt *statement, int column)
{
    const void *blob = sqlite3_column_blob(statement, column);

    memset(to, 0, DIGEST_CLAIM_BYTES);
    if (blob && sqlite3_column_bytes(statement, column) == DIGEST_CLAIM_BYTES)
        memcpy(to, blob, DIGEST_CLAIM_BYTES);
}

/* ---- opening ---- */

static int make_folders(const char *path, struct error *err)
{
    char *copy = strdup(path);

    if (!copy)
        return error_no_memory(err);
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0700) && errno != EEXIST) {
            error_set(err, EXIT_CANNOT_CREATE, "cannot make the folder '%s' of the ledger: %s",
                      copy, strerror(errno));
            free(copy);
            return -1;
        }
        *slash = '/';
    }
    free(copy);
    return 0;
}

/* Locks and memory maps of a network file system cannot be trusted with money. */
static bool is_network(int fd)
{
    static const unsigned long kinds[] = {
        NFS_SUPER_MAGIC,  SMB_SUPER_MAGIC,   SMB2_SUPER_MAGIC,          CIFS_SUPER_MAGIC,
        AFS_SUPER_MAGIC,  CODA_SUPER_MAGIC,  NCP_SUPER_MAGIC,           V9FS_MAGIC,
        CEPH_SUPER_MAGIC, OCFS2_SUPER_MAGIC, 0x0bd00bd0UL /* Lustre */, 0x01161970UL /* GFS2 */,
    };
    struct statfs status;

    if (fstatfs(fd, &status))
        return false;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if ((unsigned long)status.f_type == kinds[i])
            return true;
    return false;
}

/* Makes the file itself, so that it is owner-only from its first moment. */
static int make_file(struct ledger *ledger, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];
    int fd = open(ledger->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool refused;

    log_quote(ledger->path, quoted, sizeof(quoted));
    if (fd < 0 && errno == EEXIST)
        fd = open(ledger->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    else
        ledger->is_new = fd >= 0;
    if (fd < 0)
        return error_set(err, EXIT_CANNOT_CREATE, "cannot open the ledger '%s': %s", quoted,
                         strerror(errno));
    refused = is_network(fd);
    close(fd);
    if (refused && ledger->is_new)
        unlink(ledger->path);
    if (refused)
        return error_set(err, EXIT_BAD_CONFIG,
                         "the ledger '%s' is on a network file system, where its locks cannot be "
                         "trusted; name a place on a local disk with --ledger",
                         quoted);
    return ledger->is_new ? file_sync_folder(ledger->path, err) : 0;
}

static int random_hex(char ret_hex[LEDGER_ID_BYTES], struct error *err)
{
    unsigned char bytes[16];

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return error_set(err, EXIT_INTERNAL, "no random numbers: %s", strerror(errno));
    digest_hex(bytes, sizeof(bytes), ret_hex);
    return 0;
}

static int run_sql(struct ledger *ledger, const char *text, struct error *err)
{
    return sqlite3_exec(ledger->db, text, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(ledger, err);
}

/* The first column of the first row of a statement that is used once. */
static int read_number(struct ledger *ledger, const char *text, int64_t *ret_number,
                       struct error *err)
{
    sqlite3_stmt *statement = NULL;
    int result = -1;

    if (sqlite3_prepare_v2(ledger->db, text, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        *ret_number = sqlite3_column_int64(statement, 0);
        result = 0;
    } else {
        fail(ledger, err);
    }
    sqlite3_finalize(statement);
    return result;
}

static int make_schema(struct ledger *ledger, struct error *err)
{
    char id[LEDGER_ID_BYTES];
    char text[256];

    if (random_hex(id, err) || run_sql(ledger, schema, err))
        return -1;
    snprintf(text, sizeof(text),
             "INSERT INTO meta VALUES('id','%s');"
             "PRAGMA application_id=%d; PRAGMA user_version=%d;",
             id, APPLICATION_ID, LEDGER_SCHEMA);
    return run_sql(ledger, text, err);
}

static int check_version(struct ledger *ledger, int64_t version, struct error *err)
{
    int64_t application;
    char quoted[LOG_QUOTE_BYTES];

    log_quote(ledger->path, quoted, sizeof(quoted));
    if (read_number(ledger, "PRAGMA application_id", &application, err))
        return -1;
    if (application != APPLICATION_ID)
        return error_set(err, EXIT_BAD_CONFIG,
                         "'%s' is a database, but no ledger of claimbatch; name another with "
                         "--ledger",
                         quoted);
    if (version > LEDGER_SCHEMA)
        return error_set(err, EXIT_BAD_CONFIG,
                         "the ledger '%s' is of a newer version (%lld, this program knows %d); use "
                         "the program that wrote it",
                         quoted, (long long)version, LEDGER_SCHEMA);
    return 0;
}

/* Whoever comes first makes the schema; the others wait for the lock and find it made. */
static int check_schema(struct ledger *ledger, struct error *err)
{
    int64_t version;
    int64_t tables;

    if (ledger_begin(ledger, err) || read_number(ledger, "PRAGMA user_version", &version, err) ||
        read_number(ledger, "SELECT count(*) FROM sqlite_master", &tables, err))
        return -1;
    if (version == 0 && tables == 0) {
        if (make_schema(ledger, err))
            return -1;
    } else if (check_version(ledger, version, err)) {
        ledger_rollback(ledger);
        return -1;
    }
    return ledger_commit(ledger, err);
}

static int read_id(struct ledger *ledger, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    int result = -1;

    if (sqlite3_prepare_v2(ledger->db, "SELECT value FROM meta WHERE name='id'", -1, &statement,
                           NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        snprintf(ledger->id, sizeof(ledger->id), "%s", text_at(statement, 0));
        result = 0;
    } else {
        fail(ledger, err);
    }
    sqlite3_finalize(statement);
    return result;
}

static int open_database(struct ledger *ledger, struct error *err)
{
    char pragmas[256];

    if (sqlite3_open_v2(ledger->path, &ledger->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
                        NULL) != SQLITE_OK)
        return ledger->db ? fail(ledger, err) : error_no_memory(err);
    sqlite3_busy_timeout(ledger->db, LEDGER_BUSY_MS);
    snprintf(pragmas, sizeof(pragmas),
             "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-%d;"
             "PRAGMA wal_autocheckpoint=%d; PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY;",
             CACHE_KIB, CHECKPOINT_PAGES);
    if (run_sql(ledger, pragmas, err) || check_schema(ledger, err) || read_id(ledger, err))
        return -1;
    return 0;
}

int ledger_open(const char *path, struct ledger **ret_ledger, struct error *err)
{
    struct ledger *ledger = calloc(1, sizeof(*ledger));
    struct buffer lock_path = {0};

    *ret_ledger = NULL;
    if (!ledger)
        return error_no_memory(err);
    ledger->lock_fd = -1;
    ledger->path = strdup(path);
    buffer_format(&lock_path, "%s.lock", path);
    if (!ledger->path || lock_path.failed) {
        error_no_memory(err);
        goto fail;
    }
    if (make_folders(path, err) || make_file(ledger, err) || open_database(ledger, err))
        goto fail;
    ledger->lock_fd = lock_open(lock_path.ptr, err);
    if (ledger->lock_fd < 0)
        goto fail;
    buffer_release(&lock_path);
    *ret_ledger = ledger;
    return 0;
fail:
    buffer_release(&lock_path);
    ledger_close(ledger);
    return -1;
}

void ledger_close(struct ledger *ledger)
{
    if (!ledger)
        return;
    for (int i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(ledger->statements[i]);
    sqlite3_close(ledger->db);
    if (ledger->lock_fd >= 0)
        close(ledger->lock_fd);
    for (size_t i = 0; i < sizeof(ledger->run_texts) / sizeof(*ledger->run_texts); i++)
        buffer_release(&ledger->run_texts[i]);
    free(ledger->platform.name);
    free(ledger->path);
    free(ledger);
}

const char *ledger_id(const struct ledger *ledger)
{
    return ledger->id;
}

const char *ledger_path(const struct ledger *ledger)
{
    return ledger->path;
}

bool ledger_is_new(const struct ledger *ledger)
{
    return ledger->is_new;
}

int ledger_begin(struct ledger *ledger, struct error *err)
{
    return execute(ledger, ready(ledger, SQL_BEGIN, ""), err);
}

int ledger_commit(struct ledger *ledger, struct error *err)
{
    return execute(ledger, ready(ledger, SQL_COMMIT, ""), err);
}

void ledger_rollback(struct ledger *ledger)
{
    if (ledger->db && !sqlite3_get_autocommit(ledger->db))
        sqlite3_exec(ledger->db, "ROLLBACK", NULL, NULL, NULL);
    /* It may have been added in what was just taken back. */
    free(ledger->platform.name);
    ledger->platform.name = NULL;
}

/* ---- platforms and runs ---- */

/* The number of a platform, 0 when the ledger has none of that name. */
static int platform_find(struct ledger *ledger, const char *name, int64_t *ret_id,
                         struct error *err)
{
    sqlite3_stmt *statement;
    char *copy;
    int found;

    *ret_id = 0;
    if (ledger->platform.name && strcmp(ledger->platform.name, name) == 0) {
        *ret_id = ledger->platform.id;
        return 0;
    }
    statement = ready(ledger, SQL_PLATFORM_GET, "s", name);
    found = step(ledger, statement, err);
    if (found <= 0)
        return found;
    *ret_id = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    copy = strdup(name);
    if (!copy)
        return error_no_memory(err);
    free(ledger->platform.name);
    ledger->platform.name = copy;
    ledger->platform.id = *ret_id;
    return 0;
}

int ledger_run_find(struct ledger *ledger, const char *command, const char *platform,
                    const unsigned char export_sha256[32], struct run_record *ret_run,
                    struct error *err)
{
    static const int text_columns[] = {2, 4, 5, 8};
    sqlite3_stmt *s;
    int64_t id;
    int found;

    memset(ret_run, 0, sizeof(*ret_run));
    if (platform_find(ledger, platform, &id, err))
        return -1;
    s = ready(ledger, SQL_RUN_FIND, "his", export_sha256, id, command);
    found = step(ledger, s, err);
    if (found <= 0)
        return found;
    for (int i = 0; i < 4; i++) {
        buffer_reset(&ledger->run_texts[i]);
        buffer_text(&ledger->run_texts[i], text_at(s, text_columns[i]));
    }
    *ret_run = (struct run_record){
        .id = sqlite3_column_int64(s, 0),
        .command = command,
        .platform = platform,
        .export_name = buffer_string(&ledger->run_texts[0]),
        .export_sha256 = export_sha256,
        .export_bytes = (uint64_t)sqlite3_column_int64(s, 3),
        .reading = buffer_string(&ledger->run_texts[1]),
        .report_path = buffer_string(&ledger->run_texts[2]),
        .started_ms = sqlite3_column_int64(s, 6),
        .finished_ms = sqlite3_column_int64(s, 7),
        .stopped_because = buffer_string(&ledger->run_texts[3]),
        .complete = sqlite3_column_int(s, 9),
        .published = sqlite3_column_int(s, 10),
        .open_rows = (uint64_t)sqlite3_column_int64(s, 11),
        .invalid_rows = (uint64_t)sqlite3_column_int64(s, 12),
    };
    snprintf(ret_run->name, sizeof(ret_run->name), "%s", text_at(s, 1));
    sqlite3_reset(s);
    return 1;
}

int ledger_run_create(struct ledger *ledger, struct run_record *run, struct error *err)
{
    char random[LEDGER_ID_BYTES];
    char day[CLOCK_TOP_BYTES];
    int64_t platform;

    if (random_hex(random, err))
        return -1;
    clock_format_top(run->started_ms, day);
    snprintf(run->name, sizeof(run->name), "%.4s%.2s%.2s-%.8s", day, day + 5, day + 8, random);
    if (execute(ledger, ready(ledger, SQL_PLATFORM_ADD, "s", run->platform), err) ||
        platform_find(ledger, run->platform, &platform, err))
        return -1;
    if (execute(ledger,
                ready(ledger, SQL_RUN_CREATE, "ssishissi", run->name, run->command, platform,
                      run->export_name, run->export_sha256, (int64_t)run->export_bytes,
                      run->reading, run->report_path, run->started_ms),
                err))
        return -1;
    run->id = sqlite3_last_insert_rowid(ledger->db);
    return 0;
}

int ledger_run_save(struct ledger *ledger, const struct run_record *run, struct error *err)
{
    return execute(ledger,
                   ready(ledger, SQL_RUN_SAVE, "iiisiisii", run->id, run->started_ms,
                         run->finished_ms, run->stopped_because, (int64_t)run->complete,
                         (int64_t)run->published, run->report_path, (int64_t)run->open_rows,
                         (int64_t)run->invalid_rows),
                   err);
}

int ledger_run_has_rows(struct ledger *ledger, int64_t run, struct error *err)
{
    sqlite3_stmt *s = ready(ledger, SQL_RUN_HAS_ROWS, "i", run);
    int found = step(ledger, s, err);

    sqlite3_reset(s);
    return found;
}

int ledger_run_count_put(struct ledger *ledger, int64_t run, const struct run_count *counts,
                         struct error *err)
{
    for (int i = 0; i < OUTCOME_COUNT; i++)
        if (execute(ledger,
                    ready(ledger, SQL_COUNT_PUT, "iiiis", run, (int64_t)i, (int64_t)counts[i].rows,
                          (int64_t)counts[i].counts_as, counts[i].fee_fen),
                    err))
            return -1;
    return 0;
}

int ledger_run_count_get(struct ledger *ledger, int64_t run, struct run_count *ret_counts,
                         struct error *err)
{
    sqlite3_stmt *s = ready(ledger, SQL_COUNT_GET, "i", run);
    int found;

    memset(ret_counts, 0, OUTCOME_COUNT * sizeof(*ret_counts));
    while ((found = step(ledger, s, err)) > 0) {
        int outcome = sqlite3_column_int(s, 0);

        if (outcome < 0 || outcome >= OUTCOME_COUNT)
            continue;
        ret_counts[outcome].rows = (uint64_t)sqlite3_column_int64(s, 1);
        ret_counts[outcome].counts_as = (uint64_t)sqlite3_column_int64(s, 2);
        snprintf(ret_counts[outcome].fee_fen, MONEY_TEXT_BYTES, "%s", text_at(s, 3));
    }
    return found;
}

int ledger_run_lock(struct ledger *ledger, int64_t run, struct error *err)
{
    size_t *count = &ledger->own_runs.count;
    int taken = lock_take(ledger->lock_fd, run, err);

    if (taken == 1 && *count < sizeof(ledger->own_runs.ids) / sizeof(*ledger->own_runs.ids))
        ledger->own_runs.ids[(*count)++] = run;
    return taken;
}

bool ledger_run_is_alive(struct ledger *ledger, int64_t run)
{
    for (size_t i = 0; i < ledger->own_runs.count; i++)
        if (ledger->own_runs.ids[i] == run)
            return true;
    return lock_is_held(ledger->lock_fd, run);
}

/* ---- claims ---- */

struct claim_row {
    bool exists;
    bool accepted;
    unsigned char digest[DIGEST_CLAIM_BYTES];
    struct row_place accepted_at;
    int64_t accepted_ms;
    struct row_place last;
};

static int claim_read(struct ledger *ledger, int64_t platform, const struct claim_key *key,
                      struct claim_row *ret_claim, struct error *err)
{
    sqlite3_stmt *s =
        ready(ledger, SQL_CLAIM_GET, "sii", key->claim_order_no, key->workcard_id, platform);
    int found = step(ledger, s, err);

    *ret_claim = (struct claim_row){.exists = found == 1};
    if (found <= 0)
        return found;
    ret_claim->accepted = sqlite3_column_type(s, 0) != SQLITE_NULL;
    copy_digest(ret_claim->digest, s, 0);
    ret_claim->accepted_at.run = sqlite3_column_int64(s, 1);
    ret_claim->accepted_at.row = (uint64_t)sqlite3_column_int64(s, 2);
    ret_claim->accepted_ms = sqlite3_column_int64(s, 3);
    ret_claim->last.run = sqlite3_column_int64(s, 4);
    ret_claim->last.row = (uint64_t)sqlite3_column_int64(s, 5);
    sqlite3_reset(s);
    return 0;
}

static int read_run_name(struct ledger *ledger, int64_t run, char ret_name[LEDGER_ID_BYTES],
                         struct error *err)
{
    sqlite3_stmt *s = ready(ledger, SQL_RUN_NAME, "i", run);
    int found = step(ledger, s, err);

    ret_name[0] = '\0';
    if (found <= 0)
        return found;
    snprintf(ret_name, LEDGER_ID_BYTES, "%s", text_at(s, 0));
    sqlite3_reset(s);
    return 0;
}

int ledger_claim_get(struct ledger *ledger, const char *platform, const struct claim_key *key,
                     struct claim_state *ret_state, struct error *err)
{
    struct claim_row claim;
    sqlite3_stmt *s;
    int64_t id;
    int found;

    memset(ret_state, 0, sizeof(*ret_state));
    if (platform_find(ledger, platform, &id, err) || claim_read(ledger, id, key, &claim, err))
        return -1;
    ret_state->accepted = claim.accepted;
    memcpy(ret_state->accepted_digest, claim.digest, DIGEST_CLAIM_BYTES);
    ret_state->accepted_at = claim.accepted_at;
    ret_state->accepted_ms = claim.accepted_ms;
    if (claim.accepted &&
        read_run_name(ledger, claim.accepted_at.run, ret_state->accepted_run_name, err))
        return -1;
    s = ready(ledger, SQL_OPEN_GET, "sii", key->claim_order_no, key->workcard_id, id);
    found = step(ledger, s, err);
    if (found <= 0)
        return found;
    ret_state->open = true;
    ret_state->open_at.run = sqlite3_column_int64(s, 0);
    ret_state->open_at.row = (uint64_t)sqlite3_column_int64(s, 1);
    ret_state->open_is_intent = sqlite3_column_int(s, 2);
    sqlite3_reset(s);
    return 0;
}

static void read_numbers(sqlite3_stmt *s, struct row_record *ret_record)
{
    *ret_record = (struct row_record){
        .row = (uint64_t)sqlite3_column_int64(s, 0),
        .state = (enum row_state)sqlite3_column_int(s, 1),
        .outcome = (enum outcome)sqlite3_column_int(s, 2),
        .counts_as = (enum outcome)sqlite3_column_int(s, 3),
        .attempts = sqlite3_column_int(s, 4),
        .tries = sqlite3_column_int(s, 5),
        .http_status = sqlite3_column_int(s, 6),
        .submitted_ms = sqlite3_column_int64(s, 7),
        .duration_ms = sqlite3_column_int64(s, 8),
        .code = "",
        .sub_code = "",
        .message = "",
        .request_id = "",
        .warnings = "",
    };
    copy_digest(ret_record->digest, s, 9);
}

int ledger_claim_before(struct ledger *ledger, const char *platform, const struct claim_key *key,
                        struct row_place place, struct row_record *ret_record, struct error *err)
{
    struct claim_row claim;
    struct row_place at;
    int64_t id;

    if (platform_find(ledger, platform, &id, err) || claim_read(ledger, id, key, &claim, err))
        return -1;
    at = claim.last;
    while (at.run) {
        sqlite3_stmt *s = ready(ledger, SQL_ROW_GET, "ii", at.run, (int64_t)at.row);
        int found = step(ledger, s, err);
        bool is_it = at.run == place.run && at.row < place.row;

        if (found <= 0)
            return found;
        if (is_it)
            read_numbers(s, ret_record);
        at.run = sqlite3_column_int64(s, 16);
        at.row = (uint64_t)sqlite3_column_int64(s, 17);
        sqlite3_reset(s);
        if (is_it)
            return 1;
    }
    return 0;
}

/* ---- rows ---- */

/* Puts the row at the head of its claim's chain, once in its life, and notes what was accepted. */
static int chain(struct ledger *ledger, int64_t platform, const struct row_ref *ref,
                 const struct row_record *record, struct error *err)
{
    const struct row_place *place = &ref->place;
    bool accepted = record->outcome == OUTCOME_ACCEPTED;
    struct claim_row claim;
    struct row_place last = *place;
    sqlite3_stmt *s;
    bool linked;

    s = ready(ledger, SQL_ROW_GET, "ii", place->run, (int64_t)place->row);
    if (step(ledger, s, err) != 1)
        return -1;
    linked = sqlite3_column_int(s, 15);
    sqlite3_reset(s);
    if (claim_read(ledger, platform, &ref->key, &claim, err))
        return -1;
    if (linked && !accepted)
        return 0;
    if (linked)
        last = claim.last;
    else if (execute(ledger,
                     ready(ledger, SQL_ROW_LINK, "iiii", place->run, (int64_t)place->row,
                           claim.last.run, (int64_t)claim.last.row),
                     err))
        return -1;
    if (claim.accepted &&
        (claim.accepted_at.run > place->run ||
         (claim.accepted_at.run == place->run && claim.accepted_at.row > place->row)))
        accepted = false;
    if (!accepted)
        return execute(ledger,
                       ready(ledger, SQL_CLAIM_PUT, "siiii", ref->key.claim_order_no,
                             ref->key.workcard_id, platform, last.run, (int64_t)last.row),
                       err);
    return execute(ledger,
                   ready(ledger, SQL_CLAIM_ACCEPT, "siiiidiii", ref->key.claim_order_no,
                         ref->key.workcard_id, platform, last.run, (int64_t)last.row,
                         record->digest, place->run, (int64_t)place->row,
                         record->submitted_ms + record->duration_ms),
                   err);
}

static sqlite3_stmt *ready_record(struct ledger *ledger, enum statement which,
                                  const struct row_ref *ref, const struct row_record *r)
{
    return ready(ledger, which, "iiiiiiiiiidsssss", ref->place.run, (int64_t)ref->place.row,
                 (int64_t)r->state, (int64_t)r->outcome, (int64_t)r->counts_as,
                 (int64_t)r->attempts, (int64_t)r->tries, (int64_t)r->http_status, r->submitted_ms,
                 r->duration_ms, r->digest, r->code, r->sub_code, r->message, r->request_id,
                 r->warnings);
}

static int execute_on_open(struct ledger *ledger, enum statement which, int64_t platform,
                           const struct claim_key *key, struct error *err)
{
    return execute(
        ledger, ready(ledger, which, "sii", key->claim_order_no, key->workcard_id, platform), err);
}

int ledger_row_intend(struct ledger *ledger, const struct row_ref *ref,
                      const struct row_record *record, struct error *err)
{
    int64_t platform;

    if (platform_find(ledger, ref->platform, &platform, err) ||
        execute(ledger,
                ready(ledger, SQL_OPEN_ADD, "siiii", ref->key.claim_order_no, ref->key.workcard_id,
                      platform, ref->place.run, (int64_t)ref->place.row),
                err))
        return -1;
    if (sqlite3_changes(ledger->db) == 0)
        return 0;
    return execute(ledger, ready_record(ledger, SQL_ROW_PUT, ref, record), err) ? -1 : 1;
}

int ledger_row_settle(struct ledger *ledger, const struct row_ref *ref,
                      const struct row_record *record, struct error *err)
{
    bool stays_open = record->state == ROW_FINAL && record->outcome == OUTCOME_UNKNOWN;
    int64_t platform;

    if (platform_find(ledger, ref->platform, &platform, err) ||
        execute(ledger, ready_record(ledger, SQL_ROW_SETTLE, ref, record), err) ||
        execute_on_open(ledger, stays_open ? SQL_OPEN_UNKNOWN : SQL_OPEN_DROP, platform, &ref->key,
                        err))
        return -1;
    return record->state == ROW_FINAL ? chain(ledger, platform, ref, record, err) : 0;
}

int ledger_row_note(struct ledger *ledger, const struct row_ref *ref,
                    const struct row_record *record, bool repeated, struct error *err)
{
    int64_t platform;

    if (platform_find(ledger, ref->platform, &platform, err) ||
        execute(ledger, ready_record(ledger, SQL_ROW_PUT, ref, record), err))
        return -1;
    return repeated ? chain(ledger, platform, ref, record, err) : 0;
}

/* One intent of a dead run. The key is copied: the list's statement is stepped on meanwhile. */
static int lose(struct ledger *ledger, sqlite3_stmt *list, int64_t run, struct error *err)
{
    static const char message[] =
        "the run ended before an answer came; the claim may have been stored";
    struct buffer order_no = {0};
    struct row_ref ref = {.place = {run, (uint64_t)sqlite3_column_int64(list, 3)}};
    struct row_record record = {.state = ROW_FINAL, .outcome = OUTCOME_UNKNOWN};
    int64_t platform = sqlite3_column_int64(list, 2);
    int result;

    buffer_text(&order_no, text_at(list, 0));
    if (order_no.failed)
        return error_no_memory(err);
    ref.key = (struct claim_key){sqlite3_column_int64(list, 1), buffer_string(&order_no)};
    result =
        execute(ledger, ready(ledger, SQL_ROW_LOSE, "iis", run, (int64_t)ref.place.row, message),
                err) ||
                execute_on_open(ledger, SQL_OPEN_UNKNOWN, platform, &ref.key, err) ||
                chain(ledger, platform, &ref, &record, err)
            ? -1
            : 0;
    buffer_release(&order_no);
    return result;
}

int ledger_run_recover(struct ledger *ledger, int64_t run, size_t *ret_count, struct error *err)
{
    size_t count = 0;
    int found;

    for (;; count++) {
        /* Asked anew each time: the change just made took the last one off the list. */
        sqlite3_stmt *list = ready(ledger, SQL_RECOVER_LIST, "i", run);

        found = step(ledger, list, err);
        if (found <= 0)
            break;
        if (lose(ledger, list, run, err)) {
            sqlite3_reset(list);
            return -1;
        }
        sqlite3_reset(list);
    }
    if (ret_count)
        *ret_count = count;
    return found;
}

int ledger_rows_open(struct ledger *ledger, int64_t run, uint64_t from,
                     struct ledger_rows **ret_rows, struct error *err)
{
    struct ledger_rows *rows = calloc(1, sizeof(*rows));

    *ret_rows = NULL;
    if (!rows)
        return error_no_memory(err);
    *rows = (struct ledger_rows){.ledger = ledger, .run = run, .next = from};
    if (sqlite3_prepare_v3(ledger->db, sql[SQL_ROWS], -1, SQLITE_PREPARE_PERSISTENT,
                           &rows->statement, NULL) != SQLITE_OK) {
        fail(ledger, err);
        ledger_rows_close(rows);
        return -1;
    }
    *ret_rows = rows;
    return 0;
}

int ledger_rows_next(struct ledger_rows *rows, struct row_record *ret_record, struct error *err)
{
    sqlite3_stmt *s = rows->statement;
    int found;

    if (!rows->running) {
        sqlite3_bind_int64(s, 1, rows->run);
        sqlite3_bind_int64(s, 2, (int64_t)rows->next);
        rows->running = true;
    }
    found = step(rows->ledger, s, err);
    if (found <= 0) {
        rows->running = false;
        return found;
    }
    read_numbers(s, ret_record);
    ret_record->code = text_at(s, 10);
    ret_record->sub_code = text_at(s, 11);
    ret_record->message = text_at(s, 12);
    ret_record->request_id = text_at(s, 13);
    ret_record->warnings = text_at(s, 14);
    return 1;
}

void ledger_rows_rewind(struct ledger_rows *rows, uint64_t from)
{
    sqlite3_reset(rows->statement);
    rows->running = false;
    rows->next = from;
}

void ledger_rows_close(struct ledger_rows *rows)
{
    if (!rows)
        return;
    sqlite3_finalize(rows->statement);
    free(rows);
}

/* ---- what all runs of an app key share ---- */

static int read_shared(struct ledger *ledger, sqlite3_stmt *s, int64_t *ret_value,
                       struct error *err)
{
    int found = step(ledger, s, err);

    *ret_value = 0;
    if (found <= 0)
        return found;
    *ret_value = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return 0;
}

int ledger_calls_get(struct ledger *ledger, const char *platform, const char *app_key, int32_t day,
                     int64_t *ret_calls, struct error *err)
{
    int64_t id;

    if (platform_find(ledger, platform, &id, err))
        return -1;
    return read_shared(ledger, ready(ledger, SQL_CALLS_GET, "isi", id, app_key, (int64_t)day),
                       ret_calls, err);
}

int ledger_calls_add(struct ledger *ledger, const char *platform, const char *app_key, int32_t day,
                     int64_t calls, struct error *err)
{
    int64_t id;

    if (platform_find(ledger, platform, &id, err))
        return -1;
    return execute(ledger, ready(ledger, SQL_CALLS_ADD, "isii", id, app_key, (int64_t)day, calls),
                   err);
}

int ledger_ban_get(struct ledger *ledger, const char *platform, const char *app_key,
                   int64_t *ret_until_ms, struct error *err)
{
    int64_t id;

    if (platform_find(ledger, platform, &id, err))
        return -1;
    return read_shared(ledger, ready(ledger, SQL_BAN_GET, "is", id, app_key), ret_until_ms, err);
}

int ledger_ban_set(struct ledger *ledger, const char *platform, const char *app_key,
                   int64_t until_ms, struct error *err)
{
    int64_t id;

    if (platform_find(ledger, platform, &id, err))
        return -1;
    return execute(ledger, ready(ledger, SQL_BAN_SET, "isi", id, app_key, until_ms), err);
}
