/* A ledger is copied. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file/file.h"
#include "base/file/output.h"
#include "base/log.h"
#include "base/stop.h"
#include "ledger/maintenance/backup.h"
#include "ledger/maintenance/verify.h"
#include "ledger/store/database.h"
#include "ledger/store/space.h"
#include "ledger/view/view.h"

#define BACKUP_PAGES 2000 /* between two looks for a signal */

/* Everything a backup has open. */
struct backup {
    struct ledger *ledger;
    const char *path;
    struct output output; /* SQLite writes it, by its name */
    sqlite3 *copy;
};

static int refuse_existing(const char *path, struct error *err)
{
    return error_set(err, EXIT_CANNOT_CREATE,
                     "'%s' is there already, and a backup never replaces a file: name another, or "
                     "move it away",
                     LOG_QUOTED(path));
}

static int make_place(struct backup *b, struct error *err)
{
    int64_t pages, page_bytes;

    if (file_look(b->path) != FILE_NONE)
        return refuse_existing(b->path, err);
    if (database_number(b->ledger, "PRAGMA page_count", &pages, err) ||
        database_number(b->ledger, "PRAGMA page_size", &page_bytes, err) ||
        space_check(b->path, (uint64_t)pages * (uint64_t)page_bytes, "backup", err))
        return -1;
    return output_lock(b->path, &b->output, err);
}

static int fail_copy(const struct backup *b, struct error *err)
{
    return error_set(err, EXIT_CANNOT_WRITE, "cannot write the backup '%s': %s",
                     LOG_QUOTED(b->path), sqlite3_errmsg(b->copy));
}

/* The copy is of one moment: the ledger is read in one transaction, in which no writer is kept
 * waiting. */
static int copy_pages(struct backup *b, struct error *err)
{
    sqlite3_backup *backup = sqlite3_backup_init(b->copy, "main", b->ledger->db, "main");
    int code = SQLITE_OK;

    if (!backup)
        return fail_copy(b, err);
    while (code == SQLITE_OK && !stop_signal())
        code = sqlite3_backup_step(backup, BACKUP_PAGES);
    sqlite3_backup_finish(backup);
    if (code == SQLITE_DONE)
        return 0;
    if (stop_signal())
        return error_set(err, EXIT_SIGNAL_BASE + stop_signal(),
                         "stopped by a signal; there is no "
                         "backup");
    return fail_copy(b, err);
}

/* The runs that go on while they are copied may send what the copy does not know. */
static int note_doubts(struct backup *b, struct error *err)
{
    sqlite3_stmt *list = NULL;
    char text[128];
    int code =
        sqlite3_prepare_v2(b->copy, "SELECT id FROM run WHERE finished_ms=0", -1, &list, NULL);

    while (code == SQLITE_OK && (code = sqlite3_step(list)) == SQLITE_ROW) {
        int64_t run = sqlite3_column_int64(list, 0);

        code = SQLITE_OK;
        if (!ledger_run_is_alive(b->ledger, run))
            continue;
        snprintf(text, sizeof(text), "INSERT OR IGNORE INTO doubt SELECT %lld, count FROM commits",
                 (long long)run);
        code = sqlite3_exec(b->copy, text, NULL, NULL, NULL);
    }
    sqlite3_finalize(list);
    return code == SQLITE_DONE ? 0 : fail_copy(b, err);
}

static int open_copy(struct backup *b, struct error *err)
{
    char *plain = ledger_plain_path(output_partial(&b->output), err);
    int code;

    if (!plain)
        return -1;
    code = sqlite3_open_v2(plain, &b->copy,
                           SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
                           NULL);
    free(plain);
    if (code == SQLITE_OK)
        return 0;
    return b->copy ? fail_copy(b, err) : error_no_memory(err);
}

static int copy_all(struct backup *b, struct error *err)
{
    int64_t version;
    int result = -1;

    if (open_copy(b, err))
        return -1;
    if (sqlite3_exec(b->copy, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", NULL, NULL,
                     NULL) != SQLITE_OK)
        return fail_copy(b, err);
    if (database_execute(b->ledger, database_ready(b->ledger, SQL_READ, ""), err) ||
        database_number(b->ledger, "PRAGMA user_version", &version, err))
        return -1;
    result = copy_pages(b, err);
    if (!result && version == LEDGER_SCHEMA)
        result = note_doubts(b, err);
    ledger_rollback(b->ledger);
    sqlite3_close(b->copy);
    b->copy = NULL;
    return result;
}

static void keep_first(void *context, const char *sentence)
{
    char *first = context;

    if (!*first)
        snprintf(first, VERIFY_SENTENCE_BYTES, "%s", sentence);
}

static int verify_copy(const struct backup *b, struct error *err)
{
    char first[VERIFY_SENTENCE_BYTES] = "";
    struct ledger *copy;
    uint64_t found;
    int result;

    if (view_open_copy(output_partial(&b->output), &copy, err))
        return -1;
    result = verify_ledger(copy, keep_first, first, &found, err);
    ledger_close(copy);
    if (!result && found)
        result = error_set(err, EXIT_CANNOT_WRITE,
                           "the copy does not verify, so there is no backup '%s': %s. See: "
                           "claimbatch status --verify",
                           LOG_QUOTED(b->path), first);
    return result;
}

/* Gives the copy its name, unless somebody has taken that meanwhile. */
static int publish(struct backup *b, struct error *err)
{
    enum file_moved moved;

    if (output_finish(&b->output, err) || output_move(&b->output, &moved, err))
        return -1;
    if (moved == FILE_PLACE_TAKEN)
        return refuse_existing(b->path, err);
    return file_sync_folder(b->path, err);
}

int backup_ledger(struct ledger *ledger, const char *path, uint64_t *ret_bytes, struct error *err)
{
    struct backup b = {.ledger = ledger, .path = path};
    struct stat status;
    int result = -1;

    *ret_bytes = 0;
    if (make_place(&b, err) || copy_all(&b, err) || verify_copy(&b, err) || publish(&b, err))
        goto out;
    if (fstat(b.output.fd, &status) == 0)
        *ret_bytes = (uint64_t)status.st_size;
    result = 0;
out:
    sqlite3_close(b.copy);
    output_close(&b.output);
    return result;
}
