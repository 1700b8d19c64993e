#include "commit_count.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "database.h"
#include "ledger/commits.h"

#define LINE_FORMAT "%s %020" PRId64 "\n"
#define LINE_BYTES (LEDGER_ID_BYTES - 1 + 1 + 20 + 1) /* one piece of one sector of the disk */
#define LOG_HEAD_BYTES 32                             /* a log of SQLite that holds nothing */

/* Behind the line: whether the log is being carried over, or that was cut. */
#define CARRYING '+'
#define CARRIED '-'

void commit_count_this(struct ledger *ledger)
{
    ledger->commits.is_due = true;
}

int commit_count_read(struct ledger *ledger, struct error *err)
{
    int64_t version;

    ledger->commits.count = 0;
    if (database_number(ledger, "PRAGMA user_version", &version, err))
        return -1;
    return version < LEDGER_SCHEMA
               ? 0
               : database_number(ledger, sql_text(SQL_COMMITS_GET), &ledger->commits.count, err);
}

int commit_count_add(struct ledger *ledger, struct error *err)
{
    struct database_statement *s;
    int found;

    if (database_is_server(ledger))
        ledger->commits.is_due = false; /* what a server acknowledged it does not lose */
    if (!ledger->commits.is_due)
        return 0;
    /* Not in one statement: with RETURNING, SQLite makes a table for what it returns each time. */
    s = database_ready(ledger, SQL_COMMITS_GET, "");
    found = database_step(ledger, s, err);
    if (found < 0)
        return -1;
    ledger->commits.count = found ? database_integer(s, 0) + 1 : 0;
    database_done(s);
    return database_execute(
        ledger, database_ready(ledger, SQL_COMMITS_SET, "i", ledger->commits.count), err);
}

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
void commit_count_write(struct ledger *ledger)
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

static int write_mark(struct ledger *ledger, char mark)
{
    return ledger->lock_fd >= 0 && pwrite(ledger->lock_fd, &mark, 1, LINE_BYTES) == 1 &&
                   fdatasync(ledger->lock_fd) == 0
               ? 0
               : -1;
}

int commit_count_carry_begin(struct ledger *ledger)
{
    return write_mark(ledger, CARRYING);
}

int commit_count_carry_end(struct ledger *ledger)
{
    return write_mark(ledger, CARRIED);
}

static bool is_carrying(int fd)
{
    char mark;

    return pread(fd, &mark, 1, LINE_BYTES) == 1 && mark == CARRYING;
}

static bool has_no_log(const struct ledger *ledger)
{
    struct buffer path = {0};
    struct stat status;
    bool is_absent;

    ledger_path_beside(ledger, "-wal", &path);
    is_absent = !path.failed &&
                (stat(path.ptr, &status) ? errno == ENOENT : status.st_size <= LOG_HEAD_BYTES);
    buffer_release(&path);
    return is_absent;
}

void commit_count_read_beside(struct ledger *ledger)
{
    char line[LINE_BYTES + 1] = "";
    struct buffer path = {0};
    ssize_t len = -1;
    int fd = -1;

    ledger->commits.beside = 0;
    *ledger->commits.beside_id = '\0';
    ledger_path_beside(ledger, ".lock", &path);
    if (!path.failed)
        fd = open(path.ptr, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    buffer_release(&path);
    if (fd < 0)
        return; /* who writes the ledger opens it for himself, and is told */
    len = pread(fd, line, LINE_BYTES, 0);
    /* Twice: another process may end, which notes that before SQLite removes the log. */
    ledger->commits.is_cut = is_carrying(fd) && has_no_log(ledger) && is_carrying(fd);
    close(fd);
    parse_line(line, len, ledger->commits.beside_id, &ledger->commits.beside);
}

int64_t commit_count_at(const struct ledger *ledger, const char *path)
{
    struct buffer beside = {0};
    int64_t count = -1;
    int fd = -1;

    buffer_format(&beside, "%s.lock", path);
    if (!beside.failed)
        fd = open(beside.ptr, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    buffer_release(&beside);
    if (fd < 0)
        return -1;
    count = read_count(ledger, fd);
    close(fd);
    return count;
}

int64_t commit_count_lost(const struct ledger *ledger)
{
    const char *id = ledger->commits.beside_id;
    int64_t lost = ledger->commits.beside - ledger->commits.opened_at;

    if (strcmp(id, ledger->id) != 0)
        return 0;
    return lost > ledger->commits.is_cut ? lost : ledger->commits.is_cut;
}

/* A commit whose process was killed before it had synced the log is seen all the same: a count that
 * a power cut leaves must not tell of it before it is on the disk. */
static int sync_log(struct ledger *ledger, struct error *err)
{
    sqlite3_file *log = NULL;

    sqlite3_file_control(ledger->db, NULL, SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (!log || !log->pMethods || log->pMethods->xSync(log, SQLITE_SYNC_FULL) == SQLITE_OK)
        return 0;
    return error_set(err, EXIT_CANNOT_WRITE, "cannot sync the log of the ledger '%s': %s",
                     LOG_QUOTED(ledger->path), strerror(errno));
}

/* A log that is gone is soon followed by a new one: the count beside the ledger tells from now on,
 * by one that is more than it has. */
static int keep_loss(struct ledger *ledger, struct error *err)
{
    char text[LINE_BYTES + 2];

    if (!ledger->commits.is_cut || strcmp(ledger->commits.beside_id, ledger->id) != 0)
        return 0;
    if (ledger->commits.beside <= ledger->commits.count)
        ledger->commits.beside = ledger->commits.count + 1;
    snprintf(text, sizeof(text), LINE_FORMAT "%c", ledger->id, ledger->commits.beside, CARRIED);
    if (pwrite(ledger->lock_fd, text, LINE_BYTES + 1, 0) == LINE_BYTES + 1)
        return 0;
    return error_set(err, EXIT_CANNOT_WRITE, "cannot write the lock file of the ledger '%s': %s",
                     LOG_QUOTED(ledger->path), strerror(errno));
}

int commit_count_open(struct ledger *ledger, struct error *err)
{
    bool is_behind;

    if (commit_count_read(ledger, err))
        return -1;
    ledger->commits.opened_at = ledger->commits.count;
    if (keep_loss(ledger, err))
        return -1;
    is_behind = strcmp(ledger->commits.beside_id, ledger->id) != 0 ||
                ledger->commits.beside < ledger->commits.count;
    if (!is_behind)
        return 0;
    if (sync_log(ledger, err))
        return -1;
    /* Its bytes have their place on the disk from now on. */
    ledger->commits.is_due = true;
    commit_count_write(ledger);
    return 0;
}
