/* A ledger is opened: its folders, its file, its schema. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file/file.h"
#include "base/log.h"
#include "checkpoint.h"
#include "commit_count.h"
#include "database.h"
#include "ledger/ledger_turn.h"
#include "ledger/postgres/server_url.h"
#include "mount.h"
#include "place.h"
#include "run_lock.h"
#include "schema.h"
#include "server_driver.h"

#define CACHE_KIB 8192
#define BUSY_PAUSE_MS 10

/* Looks at the file before SQLite does, which would say less of it. */
static int check_file(struct ledger *ledger, int fd, struct error *err)
{
    struct stat status;
    const char *quoted = LOG_QUOTED(ledger->path);

    if (fstat(fd, &status) || !S_ISREG(status.st_mode))
        return error_set(err, EXIT_CANNOT_CREATE,
                         "the ledger cannot be '%s': that is not a regular file", quoted);
    if (mount_check(fd, ledger->path, err))
        return -1;
    if (access(ledger->path, W_OK))
        return error_set(err, EXIT_BAD_CONFIG,
                         "the ledger '%s' is read-only: %s; check its disk, owner and permissions",
                         quoted, strerror(errno));
    if (status.st_mode & (S_IRWXG | S_IRWXO))
        log_warn(
            "the ledger '%s' holds personal data and decides what is sent, and others than its "
            "owner may open it (mode %03o): chmod 600",
            quoted, (unsigned)status.st_mode & 0777);
    ledger->owner = place_owner_of(&status);
    ledger->device = status.st_dev;
    ledger->inode = status.st_ino;
    return place_check_beside(ledger->path, &ledger->owner, err);
}

/* Makes the file itself, so that it is owner-only from its first moment. Where the rest fails an
 * empty file stays: another process may have begun to make a ledger of it. */
static int make_file(struct ledger *ledger, struct error *err)
{
    int fd = open(ledger->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool is_made = fd >= 0;
    int result;

    if (fd < 0 && errno == EEXIST)
        fd = open(ledger->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_set(err, EXIT_CANNOT_CREATE, "cannot open the ledger '%s': %s",
                         LOG_QUOTED(ledger->path), strerror(errno));
    result = check_file(ledger, fd, err);
    close(fd);
    if (!is_made)
        return result;
    if (result)
        file_discard(ledger->path); /* refused for its place, where nobody can make one */
    return result ? result : file_sync_folder(ledger->path, err);
}

/* By whatever name the ledger is opened, what stands beside it is found by one: SQLite's own files
 * follow symbolic links too. */
static int open_lock(struct ledger *ledger, struct error *err)
{
    struct buffer path = {0};
    int result = 0;

    ledger_path_beside(ledger, ".lock", &path);
    if (path.failed)
        result = error_no_memory(err);
    else
        ledger->lock_fd = run_lock_open(path.ptr, &ledger->owner, err);
    if (!result && ledger->lock_fd < 0)
        result = -1;
    buffer_release(&path);
    return result;
}

static int run_sql(struct ledger *ledger, const char *text, struct error *err)
{
    return sqlite3_exec(ledger->db, text, NULL, NULL, NULL) == SQLITE_OK
               ? 0
               : database_fail(ledger, err);
}

/* Brings a ledger of an earlier version, or an empty file, to the version of this program. */
static int migrate(struct ledger *ledger, int64_t version, struct error *err)
{
    char text[64];

    for (; version < LEDGER_SCHEMA; version++)
        if (run_sql(ledger, sql_migration((int)version), err))
            return -1;
    snprintf(text, sizeof(text), "PRAGMA user_version=%d", LEDGER_SCHEMA);
    return run_sql(ledger, text, err);
}

static int make_schema(struct ledger *ledger, struct error *err)
{
    char id[LEDGER_ID_BYTES];
    char text[192];

    if (database_random_id(id, err) || migrate(ledger, 0, err))
        return -1;
    if (ledger->fills) {
        snprintf(id, sizeof(id), "%s", ledger->fills);
        if (database_mark_filling(ledger, err))
            return -1;
    }
    snprintf(text, sizeof(text),
             "INSERT INTO meta VALUES('id','%s');"
             "UPDATE commits SET made_ms=%lld; PRAGMA application_id=%d",
             id, (long long)clock_wall_ms(), APPLICATION_ID);
    return run_sql(ledger, text, err) || database_note_place(ledger, err) ? -1 : 0;
}

/* Whoever comes first makes the schema; the others wait for the lock and find it made. */
static int check_schema(struct ledger *ledger, struct error *err)
{
    int64_t version;
    int64_t tables;

    if (ledger_begin(ledger, err) ||
        database_number(ledger, "PRAGMA user_version", &version, err) ||
        database_number(ledger, "SELECT count(*) FROM sqlite_master", &tables, err))
        return -1;
    if (version == 0 && tables == 0) {
        if (make_schema(ledger, err))
            return -1;
        ledger->is_new = true;
    } else if (database_check_version(ledger, version, err) || schema_check(ledger, version, err) ||
               (version < LEDGER_SCHEMA && migrate(ledger, version, err))) {
        ledger_rollback(ledger);
        return -1;
    }
    return ledger_commit(ledger, err);
}

void ledger_configure(void)
{
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* Takes the place of SQLite's own checkpoint, which would keep its failures to itself. */
static int count_log_pages(void *context, sqlite3 *db, const char *schema, int pages)
{
    struct ledger *ledger = context;

    (void)db, (void)schema;
    ledger->log_pages = pages;
    return SQLITE_OK;
}

/* SQLite calls its busy handler where a transaction begins, not where one for reading becomes one
 * for writing, as this pragma does (sqlite3BtreeSetVersion): another run that opens the ledger in
 * the same moment is waited for here. */
static int enter_log_mode(struct ledger *ledger, struct error *err)
{
    int64_t end_ms = clock_mono_ms() + LEDGER_BUSY_MS;
    int code;

    while ((code = sqlite3_exec(ledger->db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL)) ==
               SQLITE_BUSY &&
           clock_mono_ms() < end_ms)
        sqlite3_sleep(BUSY_PAUSE_MS);
    return code == SQLITE_OK ? 0 : database_fail(ledger, err);
}

static int open_database(struct ledger *ledger, struct error *err)
{
    char pragmas[256];

    ledger_configure();

    if (sqlite3_open_v2(ledger->plain, &ledger->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
                        NULL) != SQLITE_OK)
        return ledger->db ? database_fail(ledger, err) : error_no_memory(err);
    sqlite3_busy_timeout(ledger->db, LEDGER_BUSY_MS);
    snprintf(pragmas, sizeof(pragmas),
             "PRAGMA synchronous=FULL; PRAGMA cache_size=-%d; "
             "PRAGMA temp_store=MEMORY;",
             CACHE_KIB);
    sqlite3_wal_hook(ledger->db, count_log_pages, ledger);
    /* The journal's mode is kept in the file, so only a file that is ours may be given it. */
    if (schema_distrust(ledger, err) || run_sql(ledger, pragmas, err) ||
        check_schema(ledger, err) || enter_log_mode(ledger, err) || database_read_id(ledger, err) ||
        database_check_moved(ledger, err))
        return -1;
    return 0;
}

/* What was copied while a run went on, and is the ledger yet: nothing was recorded after it. */
static int end_doubts(struct ledger *ledger, struct error *err)
{
    int64_t doubts;

    if (strcmp(ledger->commits.beside_id, ledger->id) != 0 ||
        ledger->commits.beside != ledger->commits.count)
        return 0;
    if (database_number(ledger, "SELECT count(*) FROM doubt", &doubts, err))
        return -1;
    if (!doubts)
        return 0;
    if (ledger_begin(ledger, err) ||
        database_execute(
            ledger, database_ready(ledger, SQL_DOUBT_DROP_OF, "i", ledger->commits.beside), err))
        return -1;
    return ledger_commit(ledger, err);
}

static int refuse_damaged(const struct ledger *ledger, struct error *err)
{
    return error_set(
        err, EXIT_CANNOT_WRITE,
        "the ledger '%s' is damaged: its log (-wal) was removed or replaced, and only a part of "
        "what that had recorded is in it; restore the newest backup, and do not send anything with "
        "it before; if there is none, move it away: the next start says what to type",
        LOG_QUOTED(ledger->path));
}

/* A log that is removed when a part of it had been carried over leaves pages of two moments: an
 * index that does not fit its table finds nothing of claims that were sent long before, and only a
 * command that happens to touch such a page would say so. The whole ledger is read for that, so it
 * is done only where commits are gone. */
static int check_what_is_left(struct ledger *ledger, struct error *err)
{
    struct database_statement check = {0};
    int result = -1;

    if (!commit_count_lost(ledger))
        return 0;
    database_heed_signals(ledger);
    sqlite3_prepare_v2(ledger->db, "PRAGMA integrity_check(1)", -1, &check.sqlite, NULL);
    if (database_step(ledger, &check, err) >= 0)
        result = strcmp(database_text(&check, 0), "ok") == 0 ? 0 : refuse_damaged(ledger, err);
    sqlite3_finalize(check.sqlite);
    sqlite3_progress_handler(ledger->db, 0, NULL, NULL);
    return result;
}

/* What SQLite makes beside the ledger it makes here, and gives to the ledger's owner where we are
 * root; so it is looked at before, and once more what was opened. */
static int open_at_place(struct ledger *ledger, struct error *err)
{
    bool entered = place_enter(ledger->path, &ledger->owner);
    int result = open_database(ledger, err);

    if (!result)
        result = open_lock(ledger, err) || commit_count_open(ledger, err) ||
                         check_what_is_left(ledger, err) || end_doubts(ledger, err)
                     ? -1
                     : 0;
    place_leave(entered);
    if (result)
        return result;
    place_warn(ledger->path, &ledger->owner);
    return place_check_beside(ledger->path, &ledger->owner, err);
}

/* A handle that knows its name alone. */
static struct ledger *make_handle(const char *path, struct error *err)
{
    struct ledger *ledger = calloc(1, sizeof(*ledger));

    if (ledger) {
        ledger->lock_fd = ledger->index_fd = ledger->room.fd = -1;
        ledger->path = strdup(path);
        if (ledger->path)
            return ledger;
        ledger_close(ledger);
    }
    error_no_memory(err);
    return NULL;
}

struct ledger *ledger_open_begin(const char *path, struct error *err)
{
    struct ledger *ledger = make_handle(path, err);

    if (!ledger)
        return NULL;
    if (server_url_is(path)) {
        if (!server_driver_open(ledger, err))
            return ledger;
    } else {
        ledger->plain = ledger_plain_path(path, err);
    }
    if (ledger->plain)
        return ledger;
    ledger_close(ledger);
    return NULL;
}

struct ledger *ledger_open_to_look(const char *url, struct error *err)
{
    struct ledger *ledger = make_handle(url, err);

    if (!ledger || !server_driver_open_to_look(ledger, err))
        return ledger;
    ledger_close(ledger);
    return NULL;
}

static int open_file(struct ledger *ledger, const char *path, struct ledger **ret_ledger,
                     struct error *err)
{
    if (file_make_folders(path, err) || make_file(ledger, err))
        goto fail;
    commit_count_read_beside(ledger);
    if (open_at_place(ledger, err))
        goto fail;
    *ret_ledger = ledger;
    return 0;
fail:
    ledger_close(ledger);
    return -1;
}

int ledger_open(const char *path, struct ledger **ret_ledger, struct error *err)
{
    struct ledger *ledger = ledger_open_begin(path, err);

    *ret_ledger = NULL;
    if (!ledger)
        return -1;
    if (!database_is_server(ledger))
        return open_file(ledger, path, ret_ledger, err);
    *ret_ledger = ledger;
    return 0;
}

int ledger_open_to_fill(const char *path, const char *url, const char *id,
                        struct ledger **ret_ledger, struct error *err)
{
    struct ledger *ledger = ledger_open_begin(path, err);

    *ret_ledger = NULL;
    if (!ledger)
        return -1;
    ledger->moves_to = url;
    ledger->fills = id;
    return open_file(ledger, path, ret_ledger, err);
}

int ledger_open_moved(const char *url, struct ledger **ret_ledger, struct error *err)
{
    struct ledger *ledger = make_handle(url, err);

    *ret_ledger = NULL;
    if (!ledger)
        return -1;
    ledger->moves_to = url;
    if (server_driver_open(ledger, err)) {
        ledger_close(ledger);
        return -1;
    }
    *ret_ledger = ledger;
    return 0;
}

int ledger_open_to_move(const char *path, const char *url, struct ledger **ret_ledger,
                        struct error *err)
{
    struct ledger *ledger = ledger_open_begin(path, err);

    *ret_ledger = NULL;
    if (!ledger)
        return -1;
    ledger->moves_to = url;
    return open_file(ledger, path, ret_ledger, err);
}

void ledger_close(struct ledger *ledger)
{
    if (!ledger)
        return;
    checkpoint_close(ledger);
    for (int i = 0; i < SQL_COUNT; i++)
        database_release(&ledger->statements[i]);
    ledger_turns_close(ledger);
    if (ledger->driver)
        ledger->driver->close(ledger);
    sqlite3_close(ledger->db);
    if (ledger->lock_fd >= 0)
        close(ledger->lock_fd);
    if (ledger->index_fd >= 0)
        close(ledger->index_fd);
    if (ledger->room.fd >= 0)
        close(ledger->room.fd);
    for (size_t i = 0; i < sizeof(ledger->run_texts) / sizeof(*ledger->run_texts); i++)
        buffer_release(&ledger->run_texts[i]);
    for (size_t i = 0; i < 2; i++)
        buffer_release(&ledger->abandonment_texts[i]);
    lookup_release(&ledger->claims);
    lookup_release(&ledger->opens);
    free(ledger->platform.name);
    free(ledger->path);
    free(ledger->plain);
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

void ledger_give(const struct ledger *ledger, int fd, const char *path)
{
    place_give(fd, path, &ledger->owner);
}

bool ledger_is_local(const struct ledger *ledger)
{
    return !database_is_server(ledger);
}

bool ledger_is_new(const struct ledger *ledger)
{
    return ledger->is_new;
}
