/* How much the ledger has recorded: counted in it and beside it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ledger/commits.h"
#include "ledger/postgres/server_url.h"
#include "ledger/store/commit_count.h"
#include "ledger/store/database.h"

/* ---- in the ledger ---- */

int ledger_version(struct ledger *ledger, int64_t *ret_version, struct error *err)
{
    return database_number(ledger, "PRAGMA user_version", ret_version, err);
}

/* ---- where it is used ---- */

/* Whether another file than this ledger is there. */
static bool stands_elsewhere(const struct ledger *ledger, const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
           (status.st_dev != ledger->device || status.st_ino != ledger->inode);
}

int ledger_commits_elsewhere(struct ledger *ledger, struct buffer *ret_path, int64_t *ret_count,
                             struct error *err)
{
    int found;

    *ret_count = -1;
    if (!ledger_is_local(ledger))
        return 0;
    found = database_get_place(ledger, ret_path, err);
    if (found <= 0 || !stands_elsewhere(ledger, ret_path->ptr))
        return found < 0 ? -1 : 0;
    *ret_count = commit_count_at(ledger, ret_path->ptr);
    return *ret_count >= 0;
}

int ledger_commits_mark(struct ledger *ledger, struct error *err)
{
    if (ledger_begin(ledger, err))
        return -1;
    commit_count_this(ledger);
    if (ledger_is_local(ledger) && database_note_place(ledger, err)) {
        ledger_rollback(ledger);
        return -1;
    }
    return ledger_commit(ledger, err);
}

int64_t ledger_commits(const struct ledger *ledger)
{
    return ledger->commits.count;
}

/* ---- beside it ---- */

int64_t ledger_commits_lost(const struct ledger *ledger)
{
    return commit_count_lost(ledger);
}

/* ---- what is lost, and what was said of it ---- */

static int find(struct ledger *ledger, struct database_statement *s, struct error *err)
{
    int found = database_step(ledger, s, err);

    if (found > 0)
        database_done(s);
    return found;
}

int ledger_commits_is_lost(struct ledger *ledger, int64_t number, struct error *err)
{
    if (database_is_server(ledger))
        return 0; /* it counts none: what it has lost its hosts know */
    if (number > ledger->commits.count && commit_count_read(ledger, err))
        return -1; /* another process may have counted since */
    if (number > ledger->commits.count)
        return 1;
    return find(ledger, database_ready(ledger, SQL_GAP_FIND, "i", number), err);
}

/* Who said it stands in the ledger; that it was said, in the witness of this host. */
static int pass_over_loss(struct ledger *ledger, const struct statement_by *by, struct error *err)
{
    const struct pass pass = {ledger->id, "", ledger_commits_lost(ledger), PASS_OTHERS};

    if (!pass.commits)
        return 0;
    ledger->commits.is_passed = true;
    return ledger_pass_add(ledger, &pass, by, err);
}

int ledger_commits_jump(struct ledger *ledger, int64_t number, const struct statement_by *by,
                        struct error *err)
{
    int64_t count;
    int64_t above = number;

    if (database_is_server(ledger))
        return pass_over_loss(ledger, by, err);
    if (database_number(ledger, sql_text(SQL_COMMITS_GET), &count, err))
        return -1;
    if (ledger_commits_lost(ledger) && ledger->commits.beside > above)
        above = ledger->commits.beside;
    if (above <= count)
        return 0;
    if (above > INT64_MAX / 2)
        return error_set(err, EXIT_BAD_CONFIG, "no ledger has recorded %" PRId64 " commits", above);
    above += COMMITS_JUMP;
    commit_count_this(ledger);
    return database_execute(ledger,
                            database_ready(ledger, SQL_GAP_ADD, "iiiss", count, above, by->at_ms,
                                           by->by, by->reason),
                            err) ||
                   database_execute(ledger, database_ready(ledger, SQL_COMMITS_SET, "i", above),
                                    err) ||
                   database_execute(ledger, database_ready(ledger, SQL_DOUBT_OPEN_RUNS, "i", count),
                                    err)
               ? -1
               : 0;
}

int ledger_run_is_in_doubt(struct ledger *ledger, int64_t run, struct error *err)
{
    return find(ledger, database_ready(ledger, SQL_DOUBT_FIND, "i", run), err);
}

int ledger_run_end_doubt(struct ledger *ledger, int64_t run, struct error *err)
{
    return database_execute(ledger, database_ready(ledger, SQL_DOUBT_DROP, "i", run), err);
}

int ledger_pass_add(struct ledger *ledger, const struct pass *pass, const struct statement_by *by,
                    struct error *err)
{
    return database_execute(ledger,
                            database_ready(ledger, SQL_PASS_ADD, "ssiiiss", pass->ledger, pass->run,
                                           pass->commits, (int64_t)pass->kind, by->at_ms, by->by,
                                           by->reason),
                            err);
}

int ledger_pass_find(struct ledger *ledger, const struct pass *pass, struct error *err)
{
    return find(ledger,
                database_ready(ledger, SQL_PASS_FIND, "ssii", pass->ledger, pass->run,
                               pass->commits, (int64_t)pass->kind),
                err);
}

int ledger_made(struct ledger *ledger, int64_t *ret_made_ms, bool *ret_has_runs, struct error *err)
{
    struct database_statement *s = database_ready(ledger, SQL_MADE, "");
    int found = database_step(ledger, s, err);

    *ret_made_ms = 0;
    *ret_has_runs = true;
    if (found <= 0)
        return found;
    *ret_made_ms = database_integer(s, 0);
    *ret_has_runs = database_integer(s, 1);
    database_done(s);
    return 0;
}

/* ---- a ledger that is not there ---- */

/* An empty file is none; what is no file is something that somebody has put there. */
static bool stands(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && (!S_ISREG(status.st_mode) || status.st_size > 0);
}

static bool is_log(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
}

int ledger_place_look(const char *path, enum ledger_place *ret_place, char ret_id[LEDGER_ID_BYTES],
                      struct error *err)
{
    struct ledger ledger = {.path = (char *)(uintptr_t)path};
    struct buffer log = {0};
    char *plain;
    bool has_traces;
    int result = 0;

    *ret_id = '\0';
    *ret_place = LEDGER_STANDS;
    if (server_url_is(path))
        return 0;                         /* it says so itself when it is opened */
    plain = ledger_plain_path(path, err); /* what is no path is no place */
    if (!plain)
        return -1;
    free(plain);
    ledger_path_beside(&ledger, "-wal", &log);
    commit_count_read_beside(&ledger);
    /* These come after its first page: one that is being made at this moment is not gone. */
    has_traces = !log.failed && (is_log(log.ptr) || *ledger.commits.beside_id);
    if (log.failed)
        result = error_no_memory(err);
    else if (!stands(path))
        *ret_place = has_traces ? LEDGER_IS_GONE : LEDGER_IS_ABSENT;
    memcpy(ret_id, ledger.commits.beside_id, LEDGER_ID_BYTES);
    buffer_release(&log);
    return result;
}
