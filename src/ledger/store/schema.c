#include "schema.h"

#include <string.h>

#include "base/log.h"
#include "base/words/language.h"

static int fail_model(sqlite3 *model, struct error *err)
{
    return error_set(err, EXIT_INTERNAL, "the schema of a ledger cannot be made: %s",
                     sqlite3_errmsg(model));
}

int schema_distrust(struct ledger *ledger, struct error *err)
{
    static const struct {
        int option, value;
    } options[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},       {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},  {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
        {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0}, {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0},         {SQLITE_DBCONFIG_DQS_DDL, 0},
    };

    for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
        if (sqlite3_db_config(ledger->db, options[i].option, options[i].value, NULL) != SQLITE_OK)
            return database_fail(ledger, err);
    /* A cell that does not lie where its page says is looked at before it is read. */
    return sqlite3_exec(ledger->db, "PRAGMA cell_size_check=ON", NULL, NULL, NULL) == SQLITE_OK
               ? 0
               : database_fail(ledger, err);
}

/* An empty ledger of this version, in memory: what its tables look like. */
static int make_model(int64_t version, sqlite3 **ret_model, struct error *err)
{
    if (sqlite3_open_v2(":memory:", ret_model,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
                        NULL) != SQLITE_OK)
        return *ret_model ? fail_model(*ret_model, err) : error_no_memory(err);
    for (int from = 0; from < version; from++)
        if (sqlite3_exec(*ret_model, sql_migration(from), NULL, NULL, NULL) != SQLITE_OK)
            return sqlite3_errcode(*ret_model) == SQLITE_NOMEM ? error_no_memory(err)
                                                               : fail_model(*ret_model, err);
    return 0;
}

#define OBJECTS "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name, type"

static const char *text_of(sqlite3_stmt *s, int column)
{
    const unsigned char *text = sqlite3_column_text(s, column);

    return text ? (const char *)text : "";
}

/* Which of the two comes first, as the statement sorts them. A side at its end comes last. */
static int compare_names(sqlite3_stmt *is, bool is_there, sqlite3_stmt *model, bool model_is_there)
{
    int order;

    if (!is_there || !model_is_there)
        return model_is_there ? 1 : -1;
    order = strcmp(text_of(is, 1), text_of(model, 1));
    return order ? order : strcmp(text_of(is, 0), text_of(model, 0));
}

static void say(sqlite3_stmt *s, const char *what, struct buffer *words)
{
    language_format(words, "%s the %s '%s' %s", words->len ? "," : "", LOG_QUOTED(text_of(s, 0)),
                    LOG_QUOTED(text_of(s, 1)), what);
}

static bool is_alike(sqlite3_stmt *is, sqlite3_stmt *model)
{
    return strcmp(text_of(is, 2), text_of(model, 2)) == 0 &&
           strcmp(text_of(is, 3), text_of(model, 3)) == 0 &&
           sqlite3_column_type(is, 3) == sqlite3_column_type(model, 3);
}

/* Walks through both lists side by side. Stops at SQLITE_DONE on both sides, or at an error of the
 * ledger's, which it returns. */
static int walk(sqlite3_stmt *is, sqlite3_stmt *model, struct buffer *words)
{
    int code = sqlite3_step(is);
    bool there = sqlite3_step(model) == SQLITE_ROW;

    while (code == SQLITE_ROW || (code == SQLITE_DONE && there)) {
        int order = compare_names(is, code == SQLITE_ROW, model, there);

        if (order < 0)
            say(is, _("is not expected"), words);
        else if (order > 0)
            say(model, _("is missing"), words);
        else if (!is_alike(is, model))
            say(is, _("was changed"), words);
        if (order <= 0)
            code = sqlite3_step(is);
        if (order >= 0)
            there = sqlite3_step(model) == SQLITE_ROW;
    }
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* Two tables that share their pages would each say what the other does. */
static int check_roots(struct ledger *ledger, struct buffer *words, struct error *err)
{
    int64_t shared;

    if (database_number(ledger,
                        "SELECT count(*)-count(DISTINCT rootpage) FROM sqlite_master"
                        " WHERE rootpage IS NOT NULL",
                        &shared, err))
        return -1;
    if (shared)
        language_format(words, "%s two tables have the same place", words->len ? "," : "");
    return 0;
}

int schema_compare(struct ledger *ledger, int64_t version, struct buffer *ret_words,
                   struct error *err)
{
    sqlite3 *model = NULL;
    sqlite3_stmt *is = NULL;
    sqlite3_stmt *like = NULL;
    int result = make_model(version, &model, err);

    if (!result && sqlite3_prepare_v2(model, OBJECTS, -1, &like, NULL) != SQLITE_OK)
        result = error_no_memory(err);
    if (!result && (sqlite3_prepare_v2(ledger->db, OBJECTS, -1, &is, NULL) != SQLITE_OK ||
                    walk(is, like, ret_words) != SQLITE_OK))
        result = database_fail(ledger, err);
    sqlite3_finalize(is);
    sqlite3_finalize(like);
    sqlite3_close(model);
    if (!result)
        result = check_roots(ledger, ret_words, err);
    if (!result && ret_words->failed)
        result = error_no_memory(err);
    return result;
}

int schema_check(struct ledger *ledger, int64_t version, struct error *err)
{
    struct buffer words = {0};
    int result = schema_compare(ledger, version, &words, err);

    if (!result && words.len)
        result = error_set(err, EXIT_BAD_CONFIG,
                           "the ledger '%s' was edited:%s; it is not used. Restore the newest "
                           "backup, and import the reports made since",
                           LOG_QUOTED(ledger->path), buffer_string(&words));
    buffer_release(&words);
    return result;
}
