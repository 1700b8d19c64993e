#include "transfer_sql.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "ledger/store/database.h"

/* ---- what they have in common ---- */

struct table {
    const char *name;
    const char *columns;                      /* of both, as a server calls their types */
    bool has_row_id;                          /* in a file (run, row) is one number, its id */
    const char *of_file, *to_server;          /* NULL: as the columns say */
    const char *server_column, *server_value; /* that a server has besides; NULL: none */
};

/* The ids of a claim's rows, as its chain leads to them. */
#define CHAIN                                                                                      \
    "(WITH RECURSIVE chain(id) AS (SELECT c.last_run << " ROW_BITS_TEXT                            \
    " | c.last_row UNION SELECT r.prev_run << " ROW_BITS_TEXT " | r.prev_row FROM chain JOIN row"  \
    " r ON r.id=chain.id WHERE r.prev_run<>0) SELECT json_group_array(json_array(" RUN_OF_ID       \
    ", " ROW_OF_ID ")) FROM chain WHERE EXISTS(SELECT 1 FROM row WHERE row.id=chain.id))"
#define RUN_OF_ID "id >> " ROW_BITS_TEXT
#define ROW_OF_ID "id & ((1 << " ROW_BITS_TEXT ") - 1)"
#define APPS "SELECT platform, app_key FROM "
#define DAY "(SELECT max(day) FROM calls k WHERE k.platform=a.platform AND k.app_key=a.app_key)"
#define FROM_JSON(columns) " FROM json_to_recordset($1::json) AS x(" columns ")"

static const struct table tables[] = {
    {.name = "platform", .columns = "id integer, name text"},
    {.name = "run",
     .columns = "id bigint, name text, command text, platform integer, export_name text,"
                " export_sha256 bytea, export_bytes bigint, reading text, report_path text,"
                " started_ms bigint, finished_ms bigint, stopped_because text, complete smallint,"
                " open_rows bigint, invalid_rows bigint, published smallint, parent text,"
                " origin bigint, released bigint, sequence bigint, corrects bytea"},
    {.name = "run_count",
     .columns = "run bigint, outcome smallint, rows bigint, counts_as bigint, fee_fen text"},
    {.name = "round",
     .columns = "id bigint, run bigint, kind smallint, by text, reason text, opened_ms bigint,"
                " finished_ms bigint"},
    {.name = "event",
     .columns = "run bigint, at_ms bigint, kind smallint, until_ms bigint, text text"},
    {.name = "changed",
     .columns = "run bigint, row bigint, fee_before bigint, fee_after bigint",
     .has_row_id = true},
    {.name = "settlement",
     .columns = "run bigint, row bigint, at_ms bigint, outcome smallint, digest bytea,"
                " submitted_ms bigint, by text, reason text, was text"},
    {.name = "abandonment",
     .columns = "export_sha256 bytea, platform integer, command text, run bigint, at_ms bigint,"
                " by text, reason text"},
    {.name = "pruned_export",
     .columns = "export_sha256 bytea, platform integer, command text, run bigint"},
    {.name = "report_move",
     .columns = "id bigint, run text, from_path text, to_path text, at_ms bigint, done smallint"},
    {.name = "pass",
     .columns = "ledger text, run text, commits bigint, kind smallint, at_ms bigint, by text,"
                " reason text"},
    {.name = "import",
     .columns = "run bigint, report_sha256 text, at_ms bigint, by text, reason text"},
    /* of the days that are over nothing is asked */
    {.of_file =
         "SELECT json_object('platform', platform, 'app_key', app_key, 'day', " DAY
         ", 'calls', (SELECT calls FROM calls k WHERE k.platform=a.platform AND"
         " k.app_key=a.app_key AND k.day=" DAY "), 'until_ms', (SELECT until_ms FROM ban b"
         " WHERE b.platform=a.platform AND b.app_key=a.app_key), 'wait_ms', (SELECT wait_ms"
         " FROM ban b WHERE b.platform=a.platform AND b.app_key=a.app_key), 'rate', (SELECT"
         " calls FROM rate r WHERE r.platform=a.platform AND r.app_key=a.app_key),"
         " 'rate_ms', (SELECT at_ms FROM rate r WHERE r.platform=a.platform AND"
         " r.app_key=a.app_key)) FROM (" APPS "calls UNION " APPS "ban UNION " APPS "rate) a",
     .to_server =
         "INSERT INTO app(platform, app_key, day, calls, ban_until, ban_wait_ms,"
         " found_rate, found_ms) SELECT platform, app_key, coalesce(day, 0),"
         " coalesce(calls, 0), to_timestamp(until_ms/1000.0), wait_ms, rate, rate_ms" FROM_JSON(
             "platform integer, app_key text, day integer, calls bigint,"
             " until_ms bigint, wait_ms bigint, rate bigint, rate_ms bigint")},
    {.name = "claim",
     .columns = "claim_order_no text, workcard_id bigint, platform integer, accepted_run bigint,"
                " accepted_row bigint, accepted_ms bigint, accepted_digest bytea,"
                " accepted_fee bigint",
     .of_file = "SELECT json_object('no', claim_order_no, 'workcard', workcard_id, 'platform',"
                " platform, 'digest', iif(accepted_digest IS NULL, NULL, hex(accepted_digest)),"
                " 'run', accepted_run, 'row', accepted_row, 'ms', accepted_ms, 'fee',"
                " accepted_fee, 'rows', " CHAIN ") FROM claim c",
     .to_server = "WITH x AS (SELECT nextval('claim_id') AS id, t.* FROM (SELECT *" FROM_JSON(
         "no text, workcard bigint, platform integer, digest text, run bigint, row bigint,"
         " ms bigint, fee bigint, rows json") ") t), links AS (INSERT INTO link SELECT"
                                              " (p->>0)::bigint, (p->>1)::bigint, x.id FROM x, "
                                              "json_array_elements(x.rows) p)"
                                              " INSERT INTO claim(id, workcard_id, platform, "
                                              "version, claim_order_no,"
                                              " accepted_run, accepted_row, accepted_ms, "
                                              "accepted_digest, accepted_fee)"
                                              " SELECT id, workcard, platform, 0, no, run, row, "
                                              "ms, decode(digest, 'hex'), fee"
                                              " FROM x"},
    /* an intent may be all that is known of its claim */
    {.name = "open_attempt",
     .columns = "claim_order_no text, workcard_id bigint, platform integer, run bigint,"
                " row bigint, intent integer, attempts integer, tries integer,"
                " submitted_ms bigint, digest bytea, warnings text, round bigint",
     .to_server =
         "INSERT INTO claim AS c(id, workcard_id, platform, version, claim_order_no,"
         " open_call, open_run, open_row, open_intent, open_besides, open_attempts,"
         " open_tries, open_ms, open_digest, open_warnings, open_round) SELECT"
         " nextval('claim_id'), workcard_id, platform, 0, claim_order_no,"
         " nextval('claim_id'), run, row, intent<>0, CASE WHEN intent=2 THEN true END,"
         " attempts, tries, submitted_ms, decode(digest, 'hex'), warnings, round" FROM_JSON(
             "claim_order_no text, workcard_id bigint, platform integer,"
             " run bigint, row bigint, intent integer, attempts integer,"
             " tries integer, submitted_ms bigint, digest text, warnings text,"
             " round bigint") " ON CONFLICT (claim_order_no, workcard_id, platform) DO UPDATE SET"
                              " open_call=excluded.open_call, open_run=excluded.open_run,"
                              " open_row=excluded.open_row, open_intent=excluded.open_intent,"
                              " open_besides=excluded.open_besides, "
                              "open_attempts=excluded.open_attempts,"
                              " open_tries=excluded.open_tries, open_ms=excluded.open_ms,"
                              " open_digest=excluded.open_digest, "
                              "open_warnings=excluded.open_warnings,"
                              " open_round=excluded.open_round"},
    {.name = "row",
     .columns = "run bigint, row bigint, state smallint, outcome smallint, counts_as smallint,"
                " attempts integer, tries integer, http_status smallint, submitted_ms bigint,"
                " duration_ms bigint, digest bytea, code text, sub_code text, message text,"
                " request_id text, warnings text, round bigint",
     .has_row_id = true,
     .server_column = "claim",
     .server_value = "(SELECT claim FROM link l WHERE l.run=x.run AND l.row=x.row)"},
};

/* ---- statements ---- */

/* Of a list of columns the one that begins here. */
struct column {
    char name[32];
    bool is_digest;
    const char *type; /* up to … */
    size_t type_len;
};

/* The column behind `at`, which goes on to the next one; false at the end. */
static bool next_column(const char **at, struct column *ret_column)
{
    size_t name_len = strcspn(*at, " ");

    if (!**at)
        return false;
    snprintf(ret_column->name, sizeof(ret_column->name), "%.*s", (int)name_len, *at);
    ret_column->type = *at + name_len + 1;
    ret_column->type_len = strcspn(ret_column->type, ",");
    ret_column->is_digest = strncmp(ret_column->type, "bytea", ret_column->type_len) == 0;
    *at = ret_column->type + ret_column->type_len;
    *at += strspn(*at, ", ");
    return true;
}

/* What stands for a column in a statement. */
typedef void column_write(const struct table *table, const struct column *column,
                          struct buffer *text);

static void write_columns(const struct table *table, const char *columns, column_write *write,
                          struct buffer *text)
{
    const char *at = columns;
    struct column column;

    for (const char *between = ""; next_column(&at, &column); between = ",") {
        buffer_text(text, between);
        write(table, &column, text);
    }
}

static void write_name(const struct table *table, const struct column *column, struct buffer *text)
{
    (void)table;
    buffer_text(text, column->name);
}

static void write_of_file(const struct table *table, const struct column *column,
                          struct buffer *text)
{
    buffer_format(text, "'%s', ", column->name);
    if (table->has_row_id && strcmp(column->name, "run") == 0)
        buffer_text(text, RUN_OF_ID);
    else if (table->has_row_id && strcmp(column->name, "row") == 0)
        buffer_text(text, ROW_OF_ID);
    else if (column->is_digest)
        buffer_format(text, "iif(%s IS NULL, NULL, hex(%s))", column->name, column->name);
    else
        buffer_text(text, column->name);
}

static void make_of_file(const struct table *table, struct buffer *text)
{
    buffer_text(text, "SELECT json_object(");
    write_columns(table, table->columns, write_of_file, text);
    buffer_format(text, ") FROM %s", table->name);
}

static void write_json_value(const struct table *table, const struct column *column,
                             struct buffer *text)
{
    (void)table;
    buffer_format(text, column->is_digest ? "decode(%s, 'hex')" : "%s", column->name);
}

static void write_json_type(const struct table *table, const struct column *column,
                            struct buffer *text)
{
    (void)table;
    buffer_format(text, "%s %.*s", column->name, column->is_digest ? 4 : (int)column->type_len,
                  column->is_digest ? "text" : column->type);
}

static void make_to_server(const struct table *table, struct buffer *text)
{
    buffer_format(text, "INSERT INTO %s(", table->name);
    write_columns(table, table->columns, write_name, text);
    if (table->server_column)
        buffer_format(text, ", %s", table->server_column);
    buffer_text(text, ") OVERRIDING SYSTEM VALUE SELECT ");
    write_columns(table, table->columns, write_json_value, text);
    if (table->server_column)
        buffer_format(text, ", %s", table->server_value);
    buffer_text(text, " FROM json_to_recordset($1::json) AS x(");
    write_columns(table, table->columns, write_json_type, text);
    buffer_text(text, ")");
}

static void make_pair(const struct table *table, struct transfer_pair *pair)
{
    if (table->of_file)
        buffer_text(&pair->from, table->of_file);
    else
        make_of_file(table, &pair->from);
    if (table->to_server)
        buffer_text(&pair->into, table->to_server);
    else
        make_to_server(table, &pair->into);
}

int transfer_sql_make(struct transfer_sql *ret_sql, struct error *err)
{
    bool failed = false;

    *ret_sql = (struct transfer_sql){0};
    for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
        struct transfer_pair *pair = &ret_sql->pairs[ret_sql->count++];

        make_pair(&tables[i], pair);
        failed |= pair->from.failed || pair->into.failed;
    }
    return failed ? error_no_memory(err) : 0;
}

void transfer_sql_release(struct transfer_sql *sql)
{
    for (size_t i = 0; i < sql->count; i++) {
        buffer_release(&sql->pairs[i].from);
        buffer_release(&sql->pairs[i].into);
    }
    sql->count = 0;
}

const char transfer_sql_begin[] = "CREATE TEMP TABLE link(run bigint, row bigint, claim bigint,"
                                  " PRIMARY KEY(run, row)) ON COMMIT DROP";

#define BEHIND(table)                                                                              \
    "SELECT setval(pg_get_serial_sequence('claimbatch." table "', 'id'), max(id)) FROM " table     \
    " HAVING max(id)>0;"

const char transfer_sql_end[] =
    BEHIND("platform") BEHIND("run") BEHIND("round") BEHIND("report_move");
