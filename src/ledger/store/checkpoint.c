/*
 * SQLite's log is carried over into the ledger: here alone, and never by two at once.
 *
 * SQLite up to 3.51.2 can lose commits there (https://www.sqlite.org/wal.html#walresetbug; Debian
 * 12 has 3.40.1 without the fix). A checkpoint takes the length of the log from the index, and then
 * looks how much of it has been carried over. Where another checkpoint has just carried over all of
 * it, a commit may start the log anew between the two: then the checkpoint takes the new log for as
 * long as the old one was, and marks frames as carried over that are yet to be written. When they
 * are, no checkpoint copies them, and the next new start of the log overwrites them. Two runs
 * that share a ledger do just that: both see the log grow long by the same commit, and both carry
 * it over before their next transactions, of which the first one starts the log anew.
 *
 * A log is started anew only when all of it has been carried over (walRestartLog), and nothing but
 * a checkpoint carries over. So it cannot be started anew beside a checkpoint as long as something
 * in it is left for that checkpoint to do. Whoever carries over therefore
 *   1. holds byte 0 of the lock file, so that there is no other checkpoint (one when a connection
 *      is closed is made only by the last one: SQLite asks for the exclusive lock of the file);
 *   2. commits something of no consequence, which then stands in the log, and which nobody else can
 *      carry over. Where that has started the log anew, there is nothing to do;
 *   3. makes the checkpoint.
 *
 * Nobody waits for byte 0: whoever does not get it leaves the work to who has it. Transactions do
 * not take it, so they go on during a checkpoint; readers have nothing to do with it. It is the
 * kernel's: it goes when the process does, and what was half carried over is carried over again.
 * Rejected: to lock writers out during the checkpoint (they would wait for the disk), and to check
 * SQLite's version (distributions fix without changing it).
 */
#include <stdio.h>

#include "checkpoint.h"

#include "commit_count.h"
#include "database.h"
#include "run_lock.h"

#define CHECKPOINT_BYTE 0 /* of the lock file; runs are numbered from 1 */

/* Page 1 is written even if nothing in it changes, which an UPDATE would not do. */
static int commit_something(struct ledger *ledger)
{
    char text[96];

    snprintf(text, sizeof(text), "BEGIN IMMEDIATE; PRAGMA application_id=%d; COMMIT",
             APPLICATION_ID);
    return sqlite3_exec(ledger->db, text, NULL, NULL, NULL);
}

/* On a full disk the log stays: what is in it is durable, and nobody's answer waits for this. */
static int finish(struct ledger *ledger, int code, struct error *err)
{
    if (code == SQLITE_OK)
        return 0;
    if (code != SQLITE_FULL)
        return database_fail(ledger, err);
    database_rollback(ledger);
    return 0;
}

/* *ret_left: pages that are in the log alone. Where it fails, a part of the log may be carried
 * over, and stays noted as such. */
static int carry_noted(struct ledger *ledger, int *ret_left)
{
    int pages = 0;
    int carried = 0;
    int code;

    *ret_left = -1;
    if (commit_count_carry_begin(ledger))
        return SQLITE_FULL;
    code = sqlite3_wal_checkpoint_v2(ledger->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &carried);
    if (code != SQLITE_OK && code != SQLITE_BUSY && code != SQLITE_LOCKED)
        return code;
    if (commit_count_carry_end(ledger))
        return SQLITE_FULL;
    *ret_left = pages - carried;
    return SQLITE_OK;
}

static int carry_over(struct ledger *ledger, int *ret_left, struct error *err)
{
    int least = ledger->log_pages >= CHECKPOINT_PAGES ? CHECKPOINT_PAGES : 1;
    int code;

    *ret_left = -1;

    ledger->log_pages = 0;
    code = commit_something(ledger);
    /* Zero: that commit is not in the log. */
    if (code != SQLITE_OK || ledger->log_pages < least)
        return finish(ledger, code, err);
    ledger->log_pages = 0;
    return finish(ledger, carry_noted(ledger, ret_left), err);
}

static int run(struct ledger *ledger, int *ret_left, struct error *err)
{
    int taken = ledger->lock_fd < 0 ? 0 : run_lock_take(ledger->lock_fd, CHECKPOINT_BYTE, err);
    int result;

    *ret_left = -1;
    if (taken <= 0)
        return taken;
    result = carry_over(ledger, ret_left, err);
    run_lock_drop(ledger->lock_fd, CHECKPOINT_BYTE);
    return result;
}

int checkpoint_run(struct ledger *ledger, struct error *err)
{
    int left;

    return run(ledger, &left, err);
}

static bool has_empty_log(struct ledger *ledger)
{
    sqlite3_file *log = NULL;
    sqlite3_int64 size = 0;

    sqlite3_file_control(ledger->db, NULL, SQLITE_FCNTL_JOURNAL_POINTER, &log);
    return !log || !log->pMethods || (log->pMethods->xFileSize(log, &size) == SQLITE_OK && !size);
}

void checkpoint_close(struct ledger *ledger)
{
    struct error hindrance;
    int left = -1;

    if (!ledger->db || sqlite3_db_readonly(ledger->db, "main") || has_empty_log(ledger))
        return;
    database_rollback(ledger);
    sqlite3_busy_timeout(ledger->db, 0); /* who holds it goes on, and will carry over */
    ledger->log_pages = 0;
    if (ledger_is_alone(ledger))
        run(ledger, &left, &hindrance);
    if (left)
        sqlite3_db_config(ledger->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}
