#include "transfer_sql.h"

#include "ledger/store/database.h"

#define RUN_OF_ID "id >> " ROW_BITS_TEXT
#define ROW_OF_ID "id & ((1 << " ROW_BITS_TEXT ") - 1)"
#define FROM_JSON(columns) " FROM json_to_recordset($1::json) AS x(" columns ")"
#define HEX(column) "decode(x." column ", 'hex')"

/* The ids of a claim's rows, as its chain leads to them. */
#define CHAIN                                                                                      \
    "(WITH RECURSIVE chain(id) AS (SELECT c.last_run << " ROW_BITS_TEXT                            \
    " | c.last_row UNION SELECT r.prev_run << " ROW_BITS_TEXT " | r.prev_row FROM chain JOIN row"  \
    " r ON r.id=chain.id WHERE r.prev_run<>0) SELECT json_group_array(json_array(" RUN_OF_ID       \
    ", " ROW_OF_ID ")) FROM chain WHERE EXISTS(SELECT 1 FROM row WHERE row.id=chain.id))"
#define APPS "SELECT platform, app_key FROM "
#define DAY "(SELECT max(day) FROM calls k WHERE k.platform=a.platform AND k.app_key=a.app_key)"

static const struct transfer_table tables[] = {
    {"SELECT json_object('id', id, 'name', name) FROM platform",
     "INSERT INTO platform(id, name) OVERRIDING SYSTEM VALUE SELECT id, name" FROM_JSON(
         "id integer, name text")},
    {"SELECT json_object('id', id, 'name', name, 'command', command, 'platform', platform,"
     " 'export_name', export_name, 'export_sha256', hex(export_sha256), 'export_bytes',"
     " export_bytes, 'reading', reading, 'report_path', report_path, 'started_ms', started_ms,"
     " 'finished_ms', finished_ms, 'stopped_because', stopped_because, 'complete', complete,"
     " 'open_rows', open_rows, 'invalid_rows', invalid_rows, 'published', published, 'parent',"
     " parent, 'origin', origin, 'released', released, 'sequence', sequence, 'corrects',"
     " iif(corrects IS NULL, NULL, hex(corrects))) FROM run ORDER BY id",
     "INSERT INTO run(id, name, command, platform, export_name, export_sha256, export_bytes,"
     " reading, report_path, started_ms, finished_ms, stopped_because, complete, open_rows,"
     " invalid_rows, published, parent, origin, released, sequence, corrects)"
     " OVERRIDING SYSTEM VALUE SELECT id, name, command, platform, export_name, " HEX(
         "export_sha256") ", export_bytes, reading, report_path, started_ms, finished_ms,"
                          " stopped_because, complete, open_rows, invalid_rows, published, parent,"
                          " origin, released, sequence, " HEX("corrects")
                              FROM_JSON("id bigint, name text, command text, platform integer, "
                                        "export_name text,"
                                        " export_sha256 text, export_bytes bigint, reading text, "
                                        "report_path text,"
                                        " started_ms bigint, finished_ms bigint, stopped_because "
                                        "text, complete"
                                        " smallint, open_rows bigint, invalid_rows bigint, "
                                        "published smallint, parent"
                                        " text, origin bigint, released bigint, sequence bigint, "
                                        "corrects text")},
    {"SELECT json_object('run', run, 'outcome', outcome, 'rows', rows, 'counts_as', counts_as,"
     " 'fee_fen', fee_fen) FROM run_count",
     "INSERT INTO run_count SELECT run, outcome, rows, counts_as, fee_fen" FROM_JSON(
         "run bigint, outcome smallint, rows bigint, counts_as bigint, fee_fen text")},
    {"SELECT json_object('id', id, 'run', run, 'kind', kind, 'by', by, 'reason', reason,"
     " 'opened_ms', opened_ms, 'finished_ms', finished_ms) FROM round",
     "INSERT INTO round OVERRIDING SYSTEM VALUE SELECT id, run, kind, by, reason, opened_ms,"
     " finished_ms" FROM_JSON("id bigint, run bigint, kind smallint, by text, reason text,"
                              " opened_ms bigint, finished_ms bigint")},
    {"SELECT json_object('run', run, 'at_ms', at_ms, 'kind', kind, 'until_ms', until_ms, 'text',"
     " text) FROM event",
     "INSERT INTO event SELECT run, at_ms, kind, until_ms, text" FROM_JSON(
         "run bigint, at_ms bigint, kind smallint, until_ms bigint, text text")},
    {"SELECT json_object('run', " RUN_OF_ID ", 'row', " ROW_OF_ID ", 'before', fee_before, 'after',"
     " fee_after) FROM changed",
     "INSERT INTO changed SELECT run, row, before, after" FROM_JSON(
         "run bigint, row bigint, before bigint, after bigint")},
    {"SELECT json_object('run', run, 'row', row, 'at_ms', at_ms, 'outcome', outcome, 'digest',"
     " hex(digest), 'submitted_ms', submitted_ms, 'by', by, 'reason', reason, 'was', was) FROM"
     " settlement",
     "INSERT INTO settlement SELECT run, row, at_ms, outcome, " HEX(
         "digest") ", submitted_ms, by, reason,"
                   " was" FROM_JSON("run bigint, row bigint, at_ms bigint, outcome smallint, digest"
                                    " text, submitted_ms bigint, by text, reason text, was text")},
    {"SELECT json_object('sha256', hex(export_sha256), 'platform', platform, 'command', command,"
     " 'run', run, 'at_ms', at_ms, 'by', by, 'reason', reason) FROM abandonment",
     "INSERT INTO abandonment SELECT " HEX("sha256") ", platform, command, run, at_ms, by,"
                                                     " reason" FROM_JSON(
                                                         "sha256 text, platform integer, command "
                                                         "text, run bigint, at_ms bigint, by text,"
                                                         " reason text")},
    {"SELECT json_object('sha256', hex(export_sha256), 'platform', platform, 'command', command,"
     " 'run', run) FROM pruned_export",
     "INSERT INTO pruned_export SELECT " HEX("sha256") ", platform, command, run" FROM_JSON(
         "sha256 text, platform integer, command text, run bigint")},
    {"SELECT json_object('id', id, 'run', run, 'from_path', from_path, 'to_path', to_path, 'at_ms',"
     " at_ms, 'done', done) FROM report_move",
     "INSERT INTO report_move OVERRIDING SYSTEM VALUE SELECT id, run, from_path, to_path, at_ms,"
     " done" FROM_JSON("id bigint, run text, from_path text, to_path text, at_ms bigint, done"
                       " smallint")},
    {"SELECT json_object('ledger', ledger, 'run', run, 'commits', commits, 'kind', kind, 'at_ms',"
     " at_ms, 'by', by, 'reason', reason) FROM pass",
     "INSERT INTO pass SELECT ledger, run, commits, kind, at_ms, by, reason" FROM_JSON(
         "ledger text, run text, commits bigint, kind smallint, at_ms bigint, by text, reason "
         "text")},
    {"SELECT json_object('run', run, 'sha256', report_sha256, 'at_ms', at_ms, 'by', by, 'reason',"
     " reason) FROM import",
     "INSERT INTO import SELECT run, sha256, at_ms, by, reason" FROM_JSON(
         "run bigint, sha256 text, at_ms bigint, by text, reason text")},
    /* of the days that are over nothing is asked */
    {"SELECT json_object('platform', platform, 'app_key', app_key, 'day', " DAY ", 'calls',"
     " (SELECT calls FROM calls k WHERE k.platform=a.platform AND k.app_key=a.app_key AND "
     "k.day=" DAY "), 'until_ms', (SELECT until_ms FROM ban b WHERE b.platform=a.platform AND"
     " b.app_key=a.app_key), 'wait_ms', (SELECT wait_ms FROM ban b WHERE b.platform=a.platform AND"
     " b.app_key=a.app_key), 'rate', (SELECT calls FROM rate r WHERE r.platform=a.platform AND"
     " r.app_key=a.app_key), 'rate_ms', (SELECT at_ms FROM rate r WHERE r.platform=a.platform AND"
     " r.app_key=a.app_key)) FROM (" APPS "calls UNION " APPS "ban UNION " APPS "rate) a",
     "INSERT INTO app(platform, app_key, day, calls, ban_until, ban_wait_ms, found_rate, found_ms)"
     " SELECT platform, app_key, coalesce(day, 0), coalesce(calls, 0),"
     " to_timestamp(until_ms/1000.0), wait_ms, rate, rate_ms" FROM_JSON(
         "platform integer, app_key text, day integer, calls bigint, until_ms bigint, wait_ms"
         " bigint, rate bigint, rate_ms bigint")},
    {"SELECT json_object('no', claim_order_no, 'workcard', workcard_id, 'platform', platform,"
     " 'digest', iif(accepted_digest IS NULL, NULL, hex(accepted_digest)), 'run', accepted_run,"
     " 'row', accepted_row, 'ms', accepted_ms, 'fee', accepted_fee, 'rows', " CHAIN ") FROM claim"
     " c",
     "WITH x AS (SELECT nextval('claim_id') AS id, t.* FROM (SELECT *" FROM_JSON(
         "no text, workcard bigint, platform integer, digest text, run bigint, row bigint, ms"
         " bigint, fee bigint, rows json") ") t),"
                                           " links AS (INSERT INTO link SELECT (p->>0)::bigint,"
                                           "  (p->>1)::bigint, x.id FROM x,"
                                           "  json_array_elements(x.rows) p)"
                                           " INSERT INTO claim(id, workcard_id, platform, version,"
                                           " claim_order_no, accepted_run, accepted_row,"
                                           " accepted_ms, accepted_digest, accepted_fee) SELECT"
                                           " id, workcard, platform, 0, no, run, row, ms, " HEX(
                                               "digest") ", fee FROM x"},
    /* an intent may be all that is known of its claim */
    {"SELECT json_object('no', claim_order_no, 'workcard', workcard_id, 'platform', platform,"
     " 'run', run, 'row', row, 'intent', intent, 'attempts', attempts, 'tries', tries, 'ms',"
     " submitted_ms, 'digest', hex(digest), 'warnings', warnings, 'round', round) FROM"
     " open_attempt",
     "INSERT INTO claim AS c(id, workcard_id, platform, version, claim_order_no, open_call,"
     " open_run, open_row, open_intent, open_besides, open_attempts, open_tries, open_ms,"
     " open_digest, open_warnings, open_round) SELECT nextval('claim_id'), workcard, platform, 0,"
     " no, nextval('claim_id'), run, row, intent<>0, CASE WHEN intent=2 THEN true END, attempts,"
     " tries, ms, " HEX("digest") ", warnings, round" FROM_JSON(
         "no text, workcard bigint, platform integer, run bigint, row bigint, intent integer,"
         " attempts integer, tries integer, ms bigint, digest text, warnings text, round"
         " bigint") " ON CONFLICT (claim_order_no, workcard_id, platform) DO UPDATE SET"
                    " open_call=excluded.open_call, open_run=excluded.open_run,"
                    " open_row=excluded.open_row, open_intent=excluded.open_intent,"
                    " open_besides=excluded.open_besides, open_attempts=excluded.open_attempts,"
                    " open_tries=excluded.open_tries, open_ms=excluded.open_ms,"
                    " open_digest=excluded.open_digest, open_warnings=excluded.open_warnings,"
                    " open_round=excluded.open_round"},
    {"SELECT json_object('run', run, 'row', row, 'state', state, 'outcome', outcome, 'counts_as',"
     " counts_as, 'attempts', attempts, 'tries', tries, 'http_status', http_status, 'submitted_ms',"
     " submitted_ms, 'duration_ms', duration_ms, 'digest', hex(digest), 'code', code, 'sub_code',"
     " sub_code, 'message', message, 'request_id', request_id, 'warnings', warnings, 'round',"
     " round) FROM row ORDER BY id",
     "INSERT INTO row(run, row, claim, submitted_ms, duration_ms, round, state, outcome, counts_as,"
     " http_status, attempts, tries, digest, code, sub_code, message, request_id, warnings)"
     " SELECT x.run, x.row, l.claim, submitted_ms, duration_ms, round, state, outcome, counts_as,"
     " http_status, attempts, tries, " HEX(
         "digest") ", code, sub_code, message, request_id,"
                   " warnings" FROM_JSON("run bigint, row bigint, submitted_ms "
                                         "bigint, duration_ms bigint, round bigint,"
                                         " state smallint, outcome smallint,"
                                         " counts_as smallint, http_status"
                                         " smallint, attempts integer, tries"
                                         " integer, digest text, code text,"
                                         " sub_code text, message text, request_id"
                                         " text, warnings text") " LEFT JOIN link l"
                                                                 " ON l.run=x.run"
                                                                 " AND l.row=x.row"},
};

const struct transfer_table *transfer_sql_table(size_t i)
{
    return i < sizeof(tables) / sizeof(*tables) ? &tables[i] : NULL;
}

const char transfer_sql_begin[] = "CREATE TEMP TABLE link(run bigint, row bigint, claim bigint,"
                                  " PRIMARY KEY(run, row)) ON COMMIT DROP";

#define BEHIND(table)                                                                              \
    "SELECT setval(pg_get_serial_sequence('claimbatch." table "', 'id'), max(id)) FROM " table     \
    " HAVING max(id)>0;"

const char transfer_sql_end[] =
    BEHIND("platform") BEHIND("run") BEHIND("round") BEHIND("report_move");
