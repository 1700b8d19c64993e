#include "transfer_sql.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "ledger/store/database.h"

/* ---- what they have in common ---- */

#define NOT_TOLD "" /* that way it does not go */

struct table {
    const char *name;
    const char *columns; /* of both, as a server calls their types; NULL: a file has none such */
    bool has_row_id;     /* they begin with ROW_PLACE, which in a file is one number, its id */
    const char *of_file, *to_server;          /* NULL: as the columns say */
    const char *server_column, *server_value; /* that a server has besides; NULL: none */
    const char *server;                       /* is read there instead; NULL: the table */
    const char *file_columns;                 /* that a file has besides, and `server` gives */
};

#define ROW_PLACE "run bigint, row bigint, "
#define RUN_OF_ID "id >> " ROW_BITS_TEXT
#define ROW_OF_ID "id & ((1 << " ROW_BITS_TEXT ") - 1)"

/* The ids of a claim's rows, as its chain leads to them. */
#define CHAIN                                                                                      \
    "(WITH RECURSIVE chain(id) AS (SELECT c.last_run << " ROW_BITS_TEXT                            \
    " | c.last_row UNION SELECT r.prev_run << " ROW_BITS_TEXT " | r.prev_row FROM chain JOIN row"  \
    " r ON r.id=chain.id WHERE r.prev_run<>0) SELECT json_group_array(json_array(" RUN_OF_ID       \
    ", " ROW_OF_ID ")) FROM chain WHERE EXISTS(SELECT 1 FROM row WHERE row.id=chain.id))"
#define LATE_ANSWER "6" /* EVENT_LATE_ANSWER */
#define JSON_ROWS " FROM json_to_recordset($1::json) AS x("

static const struct table tables[] = {
    /* What a file had recorded is of use to the next file alone, and the number of the last worker
     * to the next server, of which the same hosts know more than it does. */
    {.name = "meta",
     .columns = "name text, value text",
     .of_file = "SELECT json_object('name', name, 'value', value) FROM (SELECT 'commits' AS name,"
                " count||'' AS value FROM commits UNION ALL SELECT 'made_ms', made_ms||'' FROM"
                " commits UNION ALL SELECT 'gaps', (SELECT json_group_array(json_array(after,"
                " until, at_ms, by, reason)) FROM gap) UNION ALL SELECT name, value FROM meta"
                " WHERE name='workers')",
     .to_server = "INSERT INTO meta SELECT name, value" JSON_ROWS "name text, value text)"
                  " ON CONFLICT (name) DO UPDATE SET value=excluded.value",
     .server = "(SELECT 'workers' AS name, greatest((SELECT max(id) FROM worker), (SELECT"
               " value::bigint FROM meta WHERE name='workers'), 0)::text AS value)"},
    {.name = "gap",
     .columns = "after bigint, until bigint, at_ms bigint, by text, reason text",
     .of_file = NOT_TOLD,
     .server = "(SELECT (g->>0)::bigint AS after, (g->>1)::bigint AS until, (g->>2)::bigint AS"
               " at_ms, g->>3 AS by, g->>4 AS reason FROM meta, json_array_elements(value::json) g"
               " WHERE name='gaps')"},
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
    /* A file has no table of answers that contradict a person: they are told of as events. */
    {.name = "event",
     .columns = "run bigint, at_ms bigint, kind smallint, until_ms bigint, text text",
     .server = "(SELECT run, at_ms, kind, max(until_ms) AS until_ms, string_agg(text, '; ') AS text"
               " FROM (SELECT run, at_ms, kind, until_ms, text FROM event UNION ALL SELECT run,"
               " floor(extract(epoch FROM at)*1000)::bigint, " LATE_ANSWER ", 0, 'an answer that"
               " was not taken: row '||row||', outcome '||outcome||', code '||(record->>'code')"
               " FROM late_answer WHERE NOT applied) e GROUP BY run, at_ms, kind)"},
    {.name = "changed",
     .columns = ROW_PLACE "fee_before bigint, fee_after bigint",
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
         "SELECT json_object('platform', platform, 'app_key', app_key, 'day', k.day, 'calls',"
         " k.calls, 'until_ms', until_ms, 'wait_ms', wait_ms, 'rate', r.calls, 'rate_ms',"
         " at_ms) FROM (SELECT platform, app_key FROM calls UNION SELECT platform, app_key"
         " FROM ban UNION SELECT platform, app_key FROM rate) LEFT JOIN (SELECT platform,"
         " app_key, max(day) AS day, calls FROM calls GROUP BY platform, app_key) k"
         " USING(platform, app_key) LEFT JOIN ban USING(platform, app_key)"
         " LEFT JOIN rate r USING(platform, app_key)",
     .to_server =
         "INSERT INTO app(platform, app_key, day, calls, ban_until, ban_wait_ms,"
         " found_rate, found_ms) SELECT platform, app_key, coalesce(day, 0),"
         " coalesce(calls, 0), to_timestamp(until_ms/1000.0), wait_ms, rate, rate_ms" JSON_ROWS
         "platform integer, app_key text, day integer, calls bigint,"
         " until_ms bigint, wait_ms bigint, rate bigint, rate_ms bigint)"},
    {.name = "calls",
     .columns = "platform integer, app_key text, day integer, calls bigint",
     .of_file = NOT_TOLD,
     .server = "(SELECT * FROM app WHERE day>0)"},
    {.name = "ban",
     .columns = "platform integer, app_key text, until_ms bigint, wait_ms bigint",
     .of_file = NOT_TOLD,
     .server = "(SELECT platform, app_key, round(extract(epoch FROM ban_until)*1000)::bigint AS"
               " until_ms, coalesce(ban_wait_ms, -1) AS wait_ms FROM app WHERE ban_until IS NOT"
               " NULL)"},
    {.name = "rate",
     .columns = "platform integer, app_key text, calls bigint, at_ms bigint",
     .of_file = NOT_TOLD,
     .server = "(SELECT platform, app_key, found_rate AS calls, found_ms AS at_ms FROM app WHERE"
               " found_rate IS NOT NULL)"},
    {.name = "claim",
     .columns = "claim_order_no text, workcard_id bigint, platform integer, accepted_run bigint,"
                " accepted_row bigint, accepted_ms bigint, accepted_digest bytea,"
                " accepted_fee bigint",
     .of_file = "SELECT json_object('no', claim_order_no, 'workcard', workcard_id, 'platform',"
                " platform, 'digest', iif(accepted_digest IS NULL, NULL, hex(accepted_digest)),"
                " 'run', accepted_run, 'row', accepted_row, 'ms', accepted_ms, 'fee',"
                " accepted_fee, 'rows', " CHAIN ") FROM claim c",
     .to_server = "WITH x AS (SELECT nextval('claim_id') AS id, t.* FROM (SELECT *" JSON_ROWS
                  "no text, workcard bigint, platform integer, digest text, run bigint,"
                  " row bigint, ms bigint, fee bigint, rows json)) t), links AS (INSERT INTO link"
                  " SELECT (p->>0)::bigint, (p->>1)::bigint, x.id FROM x,"
                  " json_array_elements(x.rows) p) INSERT INTO claim(id, workcard_id, platform,"
                  " version, claim_order_no, accepted_run, accepted_row, accepted_ms,"
                  " accepted_digest, accepted_fee) SELECT id, workcard, platform, 0, no, run, row,"
                  " ms, decode(digest, 'hex'), fee FROM x",
     /* of one that is only open nothing else is known */
     .server = "(SELECT c.*, coalesce(r.run, 0) AS last_run, coalesce(r.row, 0) AS last_row FROM"
               " claim c LEFT JOIN LATERAL (SELECT run, row FROM row WHERE claim=c.id ORDER BY run"
               " DESC, row DESC LIMIT 1) r ON true WHERE open_call IS NULL OR accepted_digest IS"
               " NOT NULL OR r.run IS NOT NULL ORDER BY claim_order_no, workcard_id, platform)",
     .file_columns = "last_run bigint, last_row bigint"},
    /* an intent may be all that is known of its claim */
    {.name = "open_attempt",
     .columns = "claim_order_no text, workcard_id bigint, platform integer, run bigint,"
                " row bigint, intent integer, attempts integer, tries integer,"
                " submitted_ms bigint, digest bytea, warnings text, round bigint",
     .to_server = "INSERT INTO claim AS c(id, workcard_id, platform, version, claim_order_no,"
                  " open_call, open_run, open_row, open_intent, open_besides, open_attempts,"
                  " open_tries, open_ms, open_digest, open_warnings, open_round) SELECT"
                  " nextval('claim_id'), workcard_id, platform, 0, claim_order_no,"
                  " nextval('claim_id'), run, row, intent<>0, CASE WHEN intent=2 THEN true END,"
                  " attempts, tries, submitted_ms, decode(digest, 'hex'), warnings, round" JSON_ROWS
                  "claim_order_no text, workcard_id bigint, platform integer,"
                  " run bigint, row bigint, intent integer, attempts integer, tries integer,"
                  " submitted_ms bigint, digest text, warnings text, round bigint)"
                  " ON CONFLICT (claim_order_no, workcard_id, platform) DO UPDATE SET"
                  " open_call=excluded.open_call, open_run=excluded.open_run,"
                  " open_row=excluded.open_row, open_intent=excluded.open_intent,"
                  " open_besides=excluded.open_besides, open_attempts=excluded.open_attempts,"
                  " open_tries=excluded.open_tries, open_ms=excluded.open_ms,"
                  " open_digest=excluded.open_digest, open_warnings=excluded.open_warnings,"
                  " open_round=excluded.open_round",
     .server = "(SELECT claim_order_no, workcard_id, platform, open_run AS run, open_row AS row,"
               " CASE WHEN NOT open_intent THEN 0 WHEN open_besides THEN 2 ELSE 1 END AS intent,"
               " open_attempts AS attempts, open_tries AS tries, open_ms AS submitted_ms,"
               " open_digest AS digest, open_warnings AS warnings, coalesce(open_round, 0) AS round"
               " FROM claim WHERE open_call IS NOT NULL)"},
    {.name = "row",
     .columns =
         ROW_PLACE "state smallint, outcome smallint, counts_as smallint, attempts integer,"
                   " tries integer, http_status smallint, submitted_ms bigint, duration_ms bigint,"
                   " digest bytea, code text, sub_code text, message text, request_id text,"
                   " warnings text, round bigint",
     .has_row_id = true,
     .server_column = "claim",
     .server_value = "(SELECT claim FROM link l WHERE l.run=x.run AND l.row=x.row)",
     /* a chain goes from each row of its claim to the one before it */
     .server = "(SELECT r.*, (r.claim IS NOT NULL)::integer AS linked, coalesce(p.run, 0) AS"
               " prev_run, coalesce(p.row, 0) AS prev_row FROM row r LEFT JOIN LATERAL (SELECT"
               " run, row FROM row o WHERE o.claim=r.claim AND (o.run, o.row)<(r.run, r.row) ORDER"
               " BY o.run DESC, o.row DESC LIMIT 1) p ON true ORDER BY r.run, r.row)",
     .file_columns = "linked smallint, prev_run bigint, prev_row bigint"},
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

static void write_of_server(const struct table *table, const struct column *column,
                            struct buffer *text)
{
    (void)table;
    buffer_format(text, column->is_digest ? "'%s', encode(%s, 'hex')" : "'%s', %s", column->name,
                  column->name);
}

/* The columns of the table, and behind them those that only a file has. */
static void write_file_columns(const struct table *table, const char *columns, column_write *write,
                               struct buffer *text)
{
    write_columns(table, columns, write, text);
    if (!table->file_columns)
        return;
    buffer_text(text, ", ");
    write_columns(table, table->file_columns, write, text);
}

static void make_of_server(const struct table *table, struct buffer *text)
{
    buffer_text(text, "SELECT json_build_object(");
    write_file_columns(table, table->columns, write_of_server, text);
    buffer_format(text, ") FROM %s AS t", table->server ? table->server : table->name);
}

#define JSON_NUMBER(name) "json_extract(value, '$." name "')"

static void write_of_array(const struct table *table, const struct column *column,
                           struct buffer *text)
{
    (void)table;
    buffer_format(text,
                  column->is_digest ? TRANSFER_BYTES "(json_extract(value, '$.%s'))"
                                    : "json_extract(value, '$.%s')",
                  column->name);
}

static void make_to_file(const struct table *table, struct buffer *text)
{
    const char *columns = table->columns + (table->has_row_id ? strlen(ROW_PLACE) : 0);

    buffer_format(text, "INSERT INTO %s(%s", table->name, table->has_row_id ? "id, " : "");
    write_file_columns(table, columns, write_name, text);
    buffer_text(text, ") SELECT ");
    if (table->has_row_id)
        buffer_text(text, JSON_NUMBER("run") " << " ROW_BITS_TEXT " | " JSON_NUMBER("row") ", ");
    write_file_columns(table, columns, write_of_array, text);
    buffer_text(text, " FROM json_each(?1)");
}

static bool goes(const struct table *table, enum transfer_way way)
{
    return way == TRANSFER_TO_FILE ? table->columns != NULL : !table->of_file || *table->of_file;
}

static void make_pair(const struct table *table, enum transfer_way way, struct transfer_pair *pair)
{
    if (way == TRANSFER_TO_FILE) {
        make_of_server(table, &pair->from);
        make_to_file(table, &pair->into);
        return;
    }
    if (table->of_file)
        buffer_text(&pair->from, table->of_file);
    else
        make_of_file(table, &pair->from);
    if (table->to_server)
        buffer_text(&pair->into, table->to_server);
    else
        make_to_server(table, &pair->into);
}

int transfer_sql_make(enum transfer_way way, struct transfer_sql *ret_sql, struct error *err)
{
    bool failed = false;

    *ret_sql = (struct transfer_sql){0};
    for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
        struct transfer_pair *pair = &ret_sql->pairs[ret_sql->count];

        if (!goes(&tables[i], way))
            continue;
        pair->table = tables[i].name;
        make_pair(&tables[i], way, pair);
        failed |= pair->from.failed || pair->into.failed;
        ret_sql->count++;
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

const char transfer_sql_begin[] =
    "SET LOCAL statement_timeout=0; CREATE TEMP TABLE link(run bigint, row bigint, claim bigint,"
    " PRIMARY KEY(run, row)) ON COMMIT DROP";

#define BEHIND(table)                                                                              \
    "SELECT setval(pg_get_serial_sequence('claimbatch." table "', 'id'), max(id)) FROM " table     \
    " HAVING max(id)>0;"

const char transfer_sql_end[] = BEHIND("platform") BEHIND("run") BEHIND("round") BEHIND(
    "report_move") "SELECT setval(pg_get_serial_sequence('claimbatch.worker', 'id'), "
                   "greatest(value::bigint,"
                   " (SELECT max(id) FROM worker))) FROM meta WHERE name='workers' AND value<>'0'";
