/*
 * database: what the files of the SQLite ledger share: the handle, its statements, and how they are
 * run. Private to this folder.
 *
 * open_attempt holds only what is open (intents and unsettled unknowns), so it stays small and hot;
 * its key is what keeps two attempts of one claim from being open at once. row is written when an
 * attempt has ended, claim once a row, when the row is final. A claim's rows form a chain, newest
 * first: claim.last → row.prev → …
 *
 * Tested by tests/unit/test_ledger_open.c
 */
#ifndef CLAIMBATCH_LEDGER_STORE_DATABASE_H
#define CLAIMBATCH_LEDGER_STORE_DATABASE_H

#include <sqlite3.h>
#include <sys/types.h>

#include "answer.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "ledger/lookup.h"
#include "place.h"
#include "sql.h"

#define APPLICATION_ID 1129071692 /* "CLBL" */
#define CHECKPOINT_PAGES 4000     /* in SQLite's log, from which on it is carried over */

#define ROW_BITS 36 /* of a row's id; the rest is its run */
#define ROW_BITS_TEXT "36"

/* What is said of a run wherever it is named. */
struct run_brief {
    int64_t id;       /* 0: an empty place */
    int64_t sequence; /* of its line */
    int64_t rank;     /* in its line */
    char name[LEDGER_ID_BYTES];
};

#define DATABASE_BRIEFS 64

/* A statement as it was prepared, or is going to be. */
struct database_statement {
    sqlite3_stmt *sqlite;
    struct answer *answer; /* of a server; NULL: not asked yet, or a file's */
};

/* What answers in the place of SQLite. */
struct database_driver {
    /* As database_step. What failed was rolled back. */
    int (*step)(struct ledger *ledger, struct answer *answer, struct error *err);
    void (*rollback)(struct ledger *ledger);
    void (*close)(struct ledger *ledger);

    /* In a transaction that has begun: whether this process may go on. Else it is rolled back. */
    int (*check)(struct ledger *ledger, struct error *err);

    /* As the functions of this name in ledger.h. */
    int (*beat)(struct ledger *ledger, struct error *err);
    int (*run_await)(struct ledger *ledger, int64_t run, struct error *err);
    int (*claims_get)(struct ledger *ledger, int64_t platform, const struct claim_key *keys,
                      size_t count, struct claim_state *ret_states, struct error *err);
    int (*numbers_find)(struct ledger *ledger, const char *const *order_nos, size_t count,
                        bool *ret_found, struct error *err);
    int (*run_lock)(struct ledger *ledger, int64_t run, struct error *err);
    int (*await_others)(struct ledger *ledger, struct error *err);
    int (*check_others)(struct ledger *ledger, struct error *err);
    int (*run_watch)(struct ledger *ledger, int64_t run, struct error *err);
    bool (*run_is_alive)(struct ledger *ledger, int64_t run);
    int (*run_process)(struct ledger *ledger, int64_t run, struct run_process *ret_process,
                       struct error *err);
};

/* A statement that stands at a row until the next one is asked for. While it does, it holds the
 * view of the ledger that it began with, so it is let go wherever a transaction or a look begins or
 * ends; its owner begins it anew then. */
struct database_cursor {
    struct ledger *ledger;
    enum statement which;
    struct database_statement statement;
    bool is_running;
    bool is_kept; /* what a server gave is good after that as well: it holds no view */
    struct database_cursor *next;
};

struct ledger {
    sqlite3 *db;
    struct database_statement statements[SQL_COUNT];
    const struct database_driver *driver; /* of a ledger on a server; NULL: a file */
    struct {
        struct session *session;
        bool is_begun;
        bool is_look; /* … and it writes nothing */
        int changes;
        int64_t new_id;               /* as of the last statement */
        struct ledger_worker *worker; /* this process there */
        struct import_ahead *ahead;   /* of an import: what is known of rows to come; or NULL */
        int64_t patience_ms; /* how long a session is waited for beside a transaction, at least */
        void (*wait)(struct ledger *ledger); /* called as that begins, or NULL */
    } server;
    struct ledger_turns *turns;    /* of a run on a server; NULL: its turns are transactions */
    const struct row_queue *queue; /* in such a turn: what takes the place of statements of rows */
    char *path;                    /* as it was named */
    char *plain; /* the same for SQLite, which takes some names for more than a path */
    char id[LEDGER_ID_BYTES];
    const char *moves_to;     /* the URL of who is moving it, or NULL */
    const char *fills;        /* … from there: the id of that ledger; else NULL */
    bool is_new;              /* its schema was made by this process */
    struct place_owner owner; /* of the file; not known to a view */
    dev_t device;
    ino_t inode;   /* of the file; neither is known to a view */
    int log_pages; /* in SQLite's log, as of the last commit */
    int unheld;    /* how often in a row it was busy, and nobody held it when that was asked */
    bool has_news;
    int64_t version; /* of the database, as others have changed it */
    int lock_fd;
    int index_fd; /* of SQLite's log */
    struct {
        char beside_id[LEDGER_ID_BYTES]; /* the ledger it was of before this one was opened … */
        int64_t beside;                  /* … and what it said of it; "", 0: nothing */
        int64_t opened_at;               /* what the ledger said then */
        int64_t count;                   /* in the ledger, as of the last look or commit */
        bool is_due;                     /* the open transaction says something of rows */
        bool is_passed;                  /* … of a server: that what is lost is passed over */
        bool is_cut; /* its log is gone, a part of which may have been carried over */
    } commits;
    struct {
        int fd;           /* of SQLite's log */
        off_t end, until; /* it ended there; up to there it has room */
    } room;
    struct {
        char *name; /* the platform last asked for, and its number */
        int64_t id;
    } platform;
    struct lookup claims, opens;              /* of the open transaction */
    struct database_cursor *cursors;          /* all that are open */
    struct run_brief briefs[DATABASE_BRIEFS]; /* of runs lately asked for, by id */
    struct {
        int64_t ids[4]; /* locked by this process; the kernel does not tell us of our own locks */
        size_t count;
    } own_runs;
    struct buffer run_texts[7]; /* of the run last asked for */
    unsigned char run_sha256[DIGEST_SHA256_BYTES];
    struct buffer abandonment_texts[2];
};

/* Whether it is on a server: there are no files of it on this host then. */
bool database_is_server(const struct ledger *ledger);

/* The key of a row's record. Those of a run lie from (run, 0) to below (run + 1, 0). */
int64_t database_row_id(int64_t run, uint64_t row);

/* Takes the database's error as the run's, and rolls back. Always returns -1. */
int database_fail(struct ledger *ledger, struct error *err);

/*
 * Readies a statement and binds its parameters in order: i int64_t, o const int64_t * (NULL: null),
 * s text, d claim digest, h SHA-256 (NULL: null). Texts and blobs are not copied: they must live
 * until the statement is done. NULL when it cannot be prepared; database_step then fails.
 */
struct database_statement *database_ready(struct ledger *ledger, enum statement which,
                                          const char *types, ...);

/* Steps to the next row: 1, or 0 at the end (then the statement is reset), or -1. */
int database_step(struct ledger *ledger, struct database_statement *statement, struct error *err);

/* Takes back what the open transaction has changed, if there is one. */
void database_rollback(struct ledger *ledger);
bool database_is_begun(const struct ledger *ledger);

/* Whether another process holds what ledger_begin waits for. Where the log's index cannot be opened
 * it may; where the kernel cannot say who has a lock, locks fail, and nobody need hold it. */
bool ledger_is_held(struct ledger *ledger);

/* Whether no other process has the ledger open; false where that cannot be said. */
bool ledger_is_alone(struct ledger *ledger);

/* What was looked up is not taken for known any more. */
void database_forget_lookup(struct lookup *lookup);
void database_forget_lookups(struct ledger *ledger);

/* Outside of a transaction others may write: what was looked up is not taken for known. */
void database_end_lookups(struct ledger *ledger);

/* The cursors begin anew when they are asked next. */
void database_let_go(struct ledger *ledger);

/* Runs a statement that gives no rows. */
int database_execute(struct ledger *ledger, struct database_statement *statement,
                     struct error *err);

void database_release(struct database_statement *statement);

/* Ends a statement before its last row. NULL is let be. */
void database_done(struct database_statement *statement);

/* A cursor over the rows of a statement of its own; started, it leads to the first one, with the
 * parameters bound as database_ready does. To be closed before the ledger. */
int database_cursor_open(struct ledger *ledger, struct database_cursor *cursor,
                         enum statement which, struct error *err);
void database_cursor_start(struct database_cursor *cursor, const char *types, ...);
void database_cursor_close(struct ledger *ledger, struct database_cursor *cursor);

/* A column of the row that a statement stands at: as a number, 0 where it is null; as text, never
 * NULL; as a digest, zeros where it has not its length. */
int64_t database_integer(struct database_statement *statement, int column);
bool database_is_null(struct database_statement *statement, int column);
const char *database_text(struct database_statement *statement, int column);
void database_digest(unsigned char *ret_digest, struct database_statement *statement, int column);
void database_sha256(unsigned char *ret_sha256, struct database_statement *statement, int column);

/* The rows that the last statement changed, and the number that the last new row was given. */
int database_changes(const struct ledger *ledger);
int64_t database_new_id(const struct ledger *ledger);

/* The number of a platform, 0 when the ledger has none of that name. */
int database_platform(struct ledger *ledger, const char *name, int64_t *ret_id, struct error *err);

/* A run's brief; of a run that is not there an empty name, and no place in the order. */
int database_brief(struct ledger *ledger, int64_t run, struct run_brief *ret_brief,
                   struct error *err);

/* ---- opening ---- */

/* The path of a ledger as SQLite takes it for nothing but a path, whatever the name means to it
 * (":memory:", "file:…"), to be freed. EXIT_BAD_CONFIG for a server's URL, EXIT_CANNOT_CREATE for a
 * folder. */
char *ledger_plain_path(const char *path, struct error *err);

/* A handle of the ledger at this path, which is not opened; NULL and an error. */
struct ledger *ledger_open_begin(const char *path, struct error *err);

/* One that a URL names, opened for who only looks at it; NULL and an error. */
struct ledger *ledger_open_to_look(const char *url, struct error *err);

/* Appends the path of what stands beside the ledger, by whatever name that was opened. */
void ledger_path_beside(const struct ledger *ledger, const char *suffix, struct buffer *ret_path);

/* A ledger belongs to one thread: SQLite need neither lock nor count. Has an effect only once a
 * process. */
void ledger_configure(void);

/* The first column of the first row of a statement that is used once. */
int database_number(struct ledger *ledger, const char *text, int64_t *ret_number,
                    struct error *err);

/* Refuses what is no ledger, or one of a newer version than this program knows. */
int database_check_version(struct ledger *ledger, int64_t version, struct error *err);

/* From now on a signal that asks for a stop ends a statement that takes long. */
void database_heed_signals(struct ledger *ledger);

/* Reads the ledger's id into it. */
int database_read_id(struct ledger *ledger, struct error *err);

/* EXIT_BAD_CONFIG for a file whose ledger was moved to a server, or is still being moved from there
 * (transfer.h). */
int database_check_moved(struct ledger *ledger, struct error *err);

/* Where the ledger stood when it was last sent with, as its head says: 1, or 0 where it does not.
 */
int database_get_place(struct ledger *ledger, struct buffer *ret_path, struct error *err);

/* In the open transaction: says so where it stands now, unless that is said. The head is written as
 * rarely as can be: a log that has it makes another file, put in the ledger's place, look like it.
 */
int database_note_place(struct ledger *ledger, struct error *err);

/* In the open transaction: what the head of a file says under a name; or that it is being filled.
 */
int database_set_head(struct ledger *ledger, const char *name, const char *value,
                      struct error *err);
int database_mark_filling(struct ledger *ledger, struct error *err);

/* As ledger_open, for who moves it to that URL, which must live as long as the ledger; also when
 * that was begun before. */
int ledger_open_to_move(const char *path, const char *url, struct ledger **ret_ledger,
                        struct error *err);

/* The way back, for who fills the file with the ledger of this id and URL, also when it was moved
 * there from this file, or that was begun before: a file that is made has that id, and is marked as
 * being filled from its first moment. Both must live as long as the ledger. */
int ledger_open_to_fill(const char *path, const char *url, const char *id,
                        struct ledger **ret_ledger, struct error *err);

/* As ledger_open, one on a server, also when it was moved to a file. */
int ledger_open_moved(const char *url, struct ledger **ret_ledger, struct error *err);

/* 128 random bits as hex. */
int database_random_id(char ret_hex[LEDGER_ID_BYTES], struct error *err);

#endif
