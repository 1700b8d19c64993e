/* How much the ledger has recorded: counted in it and beside it. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "ledger/commits.h"
#include "ledger/store/database.h"

#define LINE_FORMAT "%s %020" PRId64 "\n"
#define LINE_BYTES (LEDGER_ID_BYTES - 1 + 1 + 20 + 1) /* one piece of one sector of the disk */

void database_count_this(struct ledger *ledger)
{
    ledger->commits.is_due = true;
}

/* ---- in the ledger ---- */

int commits_read(struct ledger *ledger, struct error *err)
{
    int64_t version;

    ledger->commits.count = 0;
    if (database_number(ledger, "PRAGMA user_version", &version, err))
        return -1;
    return version < LEDGER_SCHEMA
               ? 0
               : database_number(ledger, sql_text(SQL_COMMITS_GET), &ledger->commits.count, err);
}

int commits_add(struct ledger *ledger, struct error *err)
{
    sqlite3_stmt *s;

    if (!ledger->commits.is_due)
        return 0;
    s = database_ready(ledger, SQL_COMMITS_ADD, "");
    if (database_step(ledger, s, err) < 0)
        return -1;
    ledger->commits.count = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return 0;
}

int ledger_version(struct ledger *ledger, int64_t *ret_version, struct error *err)
{
    return database_number(ledger, "PRAGMA user_version", ret_version, err);
}

int ledger_commits_mark(struct ledger *ledger, struct error *err)
{
    if (ledger_begin(ledger, err))
        return -1;
    database_count_this(ledger);
    return ledger_commit(ledger, err);
}

int64_t ledger_commits(const struct ledger *ledger)
{
    return ledger->commits.count;
}

/* ---- beside it ---- */

/* False when it is none of ours, or was cut by a power cut: then it tells nothing. */
static bool parse_line(const char *line, ssize_t len, char ret_id[LEDGER_ID_BYTES],
                       int64_t *ret_count)
{
    char digits[21];

    *ret_id = '\0';
    if (len < LINE_BYTES || strspn(line, "0123456789abcdef") != LEDGER_ID_BYTES - 1 ||
        line[LEDGER_ID_BYTES - 1] != ' ')
        return false;
    snprintf(digits, sizeof(digits), "%.20s", line + LEDGER_ID_BYTES);
    if (strspn(digits, "0123456789") != 20 || *digits != '0')
        return false;
    snprintf(ret_id, LEDGER_ID_BYTES, "%.*s", LEDGER_ID_BYTES - 1, line);
    *ret_count = strtoll(digits, NULL, 10);
    return true;
}

/* What it says of this ledger; -1: nothing. */
static int64_t read_count(const struct ledger *ledger, int fd)
{
    char line[LINE_BYTES + 1] = "";
    char id[LEDGER_ID_BYTES];
    int64_t count;
    ssize_t len = pread(fd, line, LINE_BYTES, 0);

    return parse_line(line, len, id, &count) && strcmp(id, ledger->id) == 0 ? count : -1;
}

/* What stands there may be a later one: of commits that are gone here, or of another run that goes
 * on. What cannot be written is behind, which it may be. */
void commits_write(struct ledger *ledger)
{
    bool is_known = strcmp(ledger->commits.beside_id, ledger->id) == 0;
    char line[LINE_BYTES + 1];

    if (!ledger->commits.is_due)
        return;
    ledger->commits.is_due = false;
    if (ledger->lock_fd < 0 || (is_known && ledger->commits.beside >= ledger->commits.count))
        return;
    if (ledger->has_news && read_count(ledger, ledger->lock_fd) >= ledger->commits.count)
        return;
    snprintf(line, sizeof(line), LINE_FORMAT, ledger->id, ledger->commits.count);
    if (pwrite(ledger->lock_fd, line, LINE_BYTES, 0) != LINE_BYTES)
        return;
}

void commits_read_beside(struct ledger *ledger)
{
    char line[LINE_BYTES + 1] = "";
    struct buffer path = {0};
    ssize_t len = -1;
    int fd = -1;

    ledger->commits.beside = 0;
    *ledger->commits.beside_id = '\0';
    database_beside(ledger, ".lock", &path);
    if (!path.failed)
        fd = open(path.ptr, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    buffer_release(&path);
    if (fd < 0)
        return; /* who writes the ledger opens it for himself, and is told */
    len = pread(fd, line, LINE_BYTES, 0);
    close(fd);
    parse_line(line, len, ledger->commits.beside_id, &ledger->commits.beside);
}

int64_t ledger_commits_lost(const struct ledger *ledger)
{
    const char *id = ledger->commits.beside_id;
    int64_t lost = ledger->commits.beside - ledger->commits.opened_at;

    return strcmp(id, ledger->id) == 0 && lost > 0 ? lost : 0;
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

int commits_open(struct ledger *ledger, struct error *err)
{
    if (commits_read(ledger, err))
        return -1;
    ledger->commits.opened_at = ledger->commits.count;
    /* Its bytes have their place on the disk from now on. */
    if (!ledger_commits_lost(ledger)) {
        ledger->commits.is_due = true;
        commits_write(ledger);
    }
    return end_doubts(ledger, err);
}

/* ---- what is lost, and what was said of it ---- */

static int find(struct ledger *ledger, sqlite3_stmt *s, struct error *err)
{
    int found = database_step(ledger, s, err);

    if (found > 0)
        sqlite3_reset(s);
    return found;
}

int ledger_commits_is_lost(struct ledger *ledger, int64_t number, struct error *err)
{
    if (number > ledger->commits.count && commits_read(ledger, err))
        return -1; /* another process may have counted since */
    if (number > ledger->commits.count)
        return 1;
    return find(ledger, database_ready(ledger, SQL_GAP_FIND, "i", number), err);
}

int ledger_commits_jump(struct ledger *ledger, int64_t number, const struct statement_by *by,
                        struct error *err)
{
    int64_t count;
    int64_t above = number;

    if (database_number(ledger, sql_text(SQL_COMMITS_GET), &count, err))
        return -1;
    if (ledger_commits_lost(ledger) && ledger->commits.beside > above)
        above = ledger->commits.beside;
    if (above <= count)
        return 0;
    if (above > INT64_MAX / 2)
        return error_set(err, EXIT_BAD_CONFIG, "no ledger has recorded %" PRId64 " commits", above);
    above += COMMITS_JUMP;
    database_count_this(ledger);
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
    sqlite3_stmt *s = database_ready(ledger, SQL_MADE, "");
    int found = database_step(ledger, s, err);

    *ret_made_ms = 0;
    *ret_has_runs = true;
    if (found <= 0)
        return found;
    *ret_made_ms = sqlite3_column_int64(s, 0);
    *ret_has_runs = sqlite3_column_int(s, 1);
    sqlite3_reset(s);
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
    char *plain = database_path(path, err); /* what is no path is no place */
    int result = 0;

    if (!plain)
        return -1;
    free(plain);
    *ret_id = '\0';
    *ret_place = LEDGER_STANDS;
    database_beside(&ledger, "-wal", &log);
    commits_read_beside(&ledger);
    if (log.failed)
        result = error_no_memory(err);
    else if (!stands(path))
        *ret_place =
            is_log(log.ptr) || *ledger.commits.beside_id ? LEDGER_IS_GONE : LEDGER_IS_ABSENT;
    memcpy(ret_id, ledger.commits.beside_id, LEDGER_ID_BYTES);
    buffer_release(&log);
    return result;
}
