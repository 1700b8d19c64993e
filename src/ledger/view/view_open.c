/* A ledger is opened to be looked at. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "ledger/postgres/server_url.h"
#include "ledger/store/commit_count.h"
#include "ledger/store/mount.h"
#include "ledger/store/schema.h"
#include "ledger/view/view.h"

#define CACHE_KIB 8192
#define AT_REST "?immutable=1" /* of the URI: nobody writes it, so it is read without locks */

static int check_file(const char *path, struct place_owner *ret_owner, struct error *err)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int result;
    const char *quoted = LOG_QUOTED(path);

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
                           LOG_QUOTED(path.ptr), strerror(errno));
    buffer_release(&path);
    return result;
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

/* Whoever makes a ledger makes the file first, and gives it what it holds in one transaction. */
static int check_made(struct ledger *ledger, int64_t version, struct error *err)
{
    int64_t tables, application;

    if (version)
        return 0;
    if (database_number(ledger, "SELECT count(*) FROM sqlite_master", &tables, err) ||
        database_number(ledger, "PRAGMA application_id", &application, err))
        return -1;
    if (tables || application)
        return 0;
    return error_set(err, EXIT_INPUT_MISSING,
                     "the ledger '%s' is empty: it is being made at this moment, or that was cut "
                     "short, or somebody emptied it; the next upload tells which",
                     LOG_QUOTED(ledger->path));
}

/* `query` of the URI: what kind of reading it is. */
static int open_database(struct ledger *ledger, const char *query, struct error *err)
{
    struct buffer uri = {0};
    int64_t version;
    int code;

    ledger_configure();
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
        check_made(ledger, version, err) || database_check_version(ledger, version, err))
        return -1;
    if (database_read_id(ledger, err) || commit_count_read(ledger, err))
        return explain_failure(ledger, version, err);
    ledger->commits.opened_at = ledger->commits.count;
    return database_check_moved(ledger, err);
}

static int open_as(const char *path, const char *query, struct ledger **ret_ledger,
                   struct error *err)
{
    struct ledger *ledger = ledger_open_begin(path, err);

    *ret_ledger = NULL;
    if (!ledger)
        return -1;
    commit_count_read_beside(ledger);
    if (!open_database(ledger, query, err)) {
        *ret_ledger = ledger;
        return 0;
    }
    if (err->exit_code == EXIT_CANNOT_CREATE)
        err->exit_code = EXIT_INPUT_MISSING;
    ledger_close(ledger);
    return -1;
}

/*
 * Whether neither we nor a run can be writing it: the file, its folder or its index cannot be
 * written, and there is no log beside it. Where runs may write, every reader has to make such a
 * log, and here it could not, or would leave one that no run can write later.
 */
static bool is_at_rest(const char *path)
{
    struct buffer log_path = {0};
    bool at_rest;

    buffer_format(&log_path, "%s-wal", path);
    at_rest = !log_path.failed && access(log_path.ptr, F_OK) != 0 && place_denies_writing(path);
    buffer_release(&log_path);
    return at_rest;
}

int view_open(const char *path, struct ledger **ret_ledger, struct error *err)
{
    struct place_owner owner;
    bool entered;
    int result;

    *ret_ledger = NULL;
    if (server_url_is(path)) {
        *ret_ledger = ledger_open_to_look(path, err);
        return *ret_ledger ? 0 : -1;
    }
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
    int64_t version;

    if (database_is_server(ledger))
        return 0; /* looked at when it was connected */
    if (database_number(ledger, "PRAGMA user_version", &version, err))
        return -1;
    if (version == LEDGER_SCHEMA)
        return schema_check(ledger, version, err);
    return error_set(
        err, EXIT_BAD_CONFIG,
        "the ledger '%s' is of an earlier version (%lld, this program's is %d) and was "
        "left as it is; the next upload brings it to this one. --verify and --backup "
        "take it as it is",
        LOG_QUOTED(ledger->path), (long long)version, LEDGER_SCHEMA);
}
