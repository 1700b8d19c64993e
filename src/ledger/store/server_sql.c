/* The statements of the ledger for a PostgreSQL server. One that changes something returns a row
 * for each row changed, where anybody counts them. */
#include "server_sql.h"

#include <stddef.h>

#include "ledger/postgres/server_schema.h"

#define TEXT_OF_NUMBER(number) #number
#define TEXT_OF(macro) TEXT_OF_NUMBER(macro)

/* Of the number of a row in a parameter. */
#define RUN_OF(parameter) "(" parameter "::bigint >> 36)"
#define ROW_OF(parameter) "(" parameter "::bigint & 68719476735)"
#define AT_1 "run=" RUN_OF("$1") " AND row=" ROW_OF("$1")
#define RUNS_1_2 "run>=" RUN_OF("$1") " AND run<" RUN_OF("$2")
#define NO_SHA256 "decode(repeat('00', 32), 'hex')"
#define ORIGIN_OF(run) "CASE WHEN " run ".origin<>0 THEN " run ".origin ELSE " run ".id END"
#define RANK_OF(run) "CASE WHEN " run ".origin<>0 THEN " run ".sequence ELSE 0 END"
#define SEQUENCE "(SELECT o.sequence FROM run o WHERE o.id=" ORIGIN_OF("run") ")"

#define RUN_COLUMNS                                                                                \
    "run.id, run.name, run.export_name, run.export_bytes, run.reading, run.report_path,"           \
    " run.started_ms, run.finished_ms, run.stopped_because, run.complete, run.published,"          \
    " run.open_rows, run.invalid_rows, run.parent, run.origin, run.released, run.command,"         \
    " platform.name, run.export_sha256, " SEQUENCE ", " RANK_OF("run")
#define RUN_TABLES "run JOIN platform ON platform.id=run.platform"
#define ROW_VALUES                                                                                 \
    "state, outcome, counts_as, attempts, tries, http_status, submitted_ms, duration_ms, digest,"  \
    " code, sub_code, message, request_id, warnings, round"
/* It is asked in one round trip, whether it is there or not. */
#define ROW_AGAIN                                                                                  \
    " ON CONFLICT (run, row) DO UPDATE SET state=excluded.state, outcome=excluded.outcome,"        \
    " counts_as=excluded.counts_as, attempts=excluded.attempts, tries=excluded.tries,"             \
    " http_status=excluded.http_status, submitted_ms=excluded.submitted_ms,"                       \
    " duration_ms=excluded.duration_ms, digest=excluded.digest, code=excluded.code,"               \
    " sub_code=excluded.sub_code, message=excluded.message, request_id=excluded.request_id,"       \
    " warnings=excluded.warnings, round=excluded.round RETURNING 1"
#define CLAIM_KEY "claim_order_no=$1 AND workcard_id=$2 AND platform=$3"
#define CLAIM_CONFLICT " ON CONFLICT (claim_order_no, workcard_id, platform)"
#define CLAIM_BEHIND                                                                               \
    "(claim_order_no, workcard_id, platform)>($1::text, $2::bigint, $3::integer)"                  \
    " ORDER BY claim_order_no, workcard_id, platform LIMIT 1"
#define IS_OPEN "open_call IS NOT NULL"
#define INTENT "CASE WHEN NOT open_intent THEN 0 WHEN open_besides THEN 2 ELSE 1 END"
/* Below 0, and so no worker's. */
#define OWN_CALL "nextval('claim_id')"
#define NEW_CLAIM "nextval('claim_id'), $1::text, $2::bigint, $3::integer, 0"
#define OPEN_NAMES                                                                                 \
    "open_call, open_worker, open_run, open_row, open_intent, open_attempts, open_tries, open_ms," \
    " open_digest, open_warnings, open_round"
#define OPEN_ADD                                                                                   \
    "INSERT INTO claim AS c(id, claim_order_no, workcard_id, platform, version, " OPEN_NAMES       \
    ") SELECT " NEW_CLAIM ", " OWN_CALL ", (SELECT worker FROM run WHERE id=$4::bigint),"          \
    " $4::bigint, $5::bigint, true, $6::integer, $7::integer, $8::bigint, $9::bytea, $10::text,"   \
    " $11::bigint" CLAIM_CONFLICT " DO UPDATE SET " OPEN_TAKE
#define OPEN_TAKE "settle_from=NULL, " OPEN_TAKE_ALL
#define OPEN_TAKE_ALL                                                                              \
    "version=c.version+1, open_besides=NULL, open_call=excluded.open_call, "                       \
    "open_worker=excluded.open_worker,"                                                            \
    " open_run=excluded.open_run, open_row=excluded.open_row, open_intent=excluded.open_intent,"   \
    " open_attempts=excluded.open_attempts, open_tries=excluded.open_tries,"                       \
    " open_ms=excluded.open_ms, open_digest=excluded.open_digest,"                                 \
    " open_warnings=excluded.open_warnings, open_round=excluded.open_round"
#define OPEN_NOTHING                                                                               \
    "version=version+1, settle_from=NULL, open_besides=NULL, open_call=NULL, open_worker=NULL, "   \
    "open_run=NULL,"                                                                               \
    " open_row=NULL, open_intent=NULL, open_attempts=NULL, open_tries=NULL, open_ms=NULL,"         \
    " open_digest=NULL, open_warnings=NULL, open_round=NULL"
#define OPEN_COLUMNS                                                                               \
    "claim_order_no, workcard_id, platform, open_run, open_row, " INTENT                           \
    ", open_attempts, open_ms, open_digest, (SELECT name FROM platform p WHERE p.id=c.platform)"
/* The last of its rows are not kept in a claim. */
#define CLAIM_ACCEPTED                                                                             \
    "INSERT INTO claim AS c(id, claim_order_no, workcard_id, platform, version, accepted_digest,"  \
    " accepted_run, accepted_row, accepted_ms, accepted_fee) SELECT " NEW_CLAIM                    \
    ", $6::bytea, $7::bigint, $8::bigint, $9::bigint, $10::bigint"                                 \
    " WHERE $4::bigint+$5::bigint IS NOT NULL" CLAIM_CONFLICT
#define NEWEST_ROW(of, before)                                                                     \
    " LEFT JOIN LATERAL (SELECT n.run, n.row FROM row n WHERE n.claim=" of before                  \
    " ORDER BY n.run DESC, n.row DESC LIMIT 1) l ON true"
#define ABANDONMENT_COLUMNS                                                                        \
    "a.run, run.name, a.at_ms, a.by, a.reason FROM abandonment a JOIN run ON run.id=a.run"
#define PRUNABLE                                                                                   \
    "((finished_ms>0 AND published=1 AND finished_ms<$1::bigint)"                                  \
    " OR ((finished_ms=0 OR published=0) AND id IN (SELECT run FROM abandonment WHERE"             \
    " at_ms<$1::bigint))) AND export_sha256<>" NO_SHA256
#define BAN_UNTIL "floor(extract(epoch FROM ban_until)*1000)::bigint"
#define NOTHING_1 "SELECT 1 WHERE $1::bigint IS NULL"

static const char *const sql[SQL_COUNT] = {
    /* A second one waits, as it does for BEGIN IMMEDIATE. */
    /* SQL_BEGIN is said by exclusive_begin. */
    [SQL_COMMIT] = "COMMIT",
    [SQL_READ] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",

    /* The server keeps its commits, or is refused: none is counted, and none is in doubt.
     */
    [SQL_GAP_FIND] = NOTHING_1,
    [SQL_DOUBT_FIND] = NOTHING_1,
    [SQL_DOUBT_DROP] = NOTHING_1,
    [SQL_GAPS] = "SELECT 0, 0, 0, '', '' WHERE false",
    [SQL_PASS_ADD] = "INSERT INTO pass VALUES($1,$2,$3,$4,$5,$6,$7) ON CONFLICT DO NOTHING",
    [SQL_PASS_FIND] = "SELECT 1 FROM pass WHERE ledger=$1 AND run=$2"
                      " AND (commits=$3::bigint AND kind>=$4 OR commits>=$3::bigint AND kind=3)",
    [SQL_PASSES] = "SELECT ledger, run, kind, at_ms, by, reason FROM pass WHERE kind<>$1"
                   " ORDER BY at_ms, ledger COLLATE \"C\", run COLLATE \"C\", kind",
    [SQL_CALLS_GET] = "SELECT calls FROM app WHERE platform=$1 AND app_key=$2 AND day=$3",
    /* It keeps those of one day: what another says of an earlier one is forgotten. */
    [SQL_CALLS_ADD] = "INSERT INTO app AS a(platform, app_key, day, calls) VALUES($1,$2,$3,$4)"
                      " ON CONFLICT (platform, app_key) DO UPDATE SET day=excluded.day,"
                      " calls=excluded.calls+CASE WHEN a.day=excluded.day THEN a.calls ELSE 0 END"
                      " WHERE a.day<=excluded.day",
    [SQL_MADE] = "SELECT 0, EXISTS(SELECT 1 FROM run)",

    [SQL_PLATFORM_GET] = "SELECT id FROM platform WHERE name=$1",
    [SQL_PLATFORM_ADD] = "INSERT INTO platform(name) VALUES($1) ON CONFLICT DO NOTHING",
    [SQL_PLATFORM_OTHER] = "SELECT name FROM platform WHERE name<>$1 ORDER BY id DESC LIMIT 1",
    [SQL_RUN_FIND] = "SELECT " RUN_COLUMNS " FROM " RUN_TABLES " WHERE run.export_sha256=$1"
                     " AND run.platform=$2 AND run.command=$3 ORDER BY run.id DESC LIMIT 1",
    [SQL_RUN_NAMED] = "SELECT " RUN_COLUMNS " FROM " RUN_TABLES " WHERE run.name=$1",
    [SQL_RUN_GET] = "SELECT " RUN_COLUMNS " FROM " RUN_TABLES " WHERE run.id=$1",
    [SQL_RUN_CREATE] = "INSERT INTO run(name, command, platform, export_name, export_sha256,"
                       " export_bytes, reading, report_path, started_ms, finished_ms,"
                       " stopped_because, complete, open_rows, invalid_rows, published, parent,"
                       " origin, sequence) VALUES($1,$2,$3,$4,$5,$6,$7,$8,$9,0,'',0,0,0,0,$10,$11,"
                       " $12) RETURNING id",
    [SQL_RUN_SAVE] = "UPDATE run SET started_ms=$2, finished_ms=$3, stopped_because=$4,"
                     " complete=$5, published=$6, report_path=$7, open_rows=$8,"
                     " invalid_rows=$9 WHERE id=$1",
    [SQL_RUN_RELEASE] = "UPDATE run SET released=released+1 WHERE id=$1"
                        " AND id NOT IN (SELECT run FROM abandonment)",
    [SQL_RUN_CLOSE] = "UPDATE run SET open_rows=0, released=0 WHERE id=$1",
    [SQL_RUN_LINE] = "WITH RECURSIVE line(id, name, sha256, platform) AS (SELECT id, name,"
                     " export_sha256, platform FROM run WHERE id=$1 UNION SELECT r.id, r.name,"
                     " r.export_sha256, r.platform FROM run r JOIN line ON r.parent=line.name OR"
                     " (r.corrects=line.sha256 AND r.platform=line.platform))"
                     " SELECT id FROM line WHERE id>$2 ORDER BY id LIMIT 1",
    [SQL_ABANDON] = "INSERT INTO abandonment SELECT export_sha256, platform, command, id,"
                    " $2::bigint, $3::text, $4::text FROM run WHERE id=$1 ON CONFLICT DO NOTHING"
                    " RETURNING 1",
    [SQL_ABANDON_PRUNED] = "INSERT INTO abandonment SELECT export_sha256, platform, command, run,"
                           " $2::bigint, $3::text, $4::text FROM pruned_export WHERE run=$1"
                           " ON CONFLICT DO NOTHING RETURNING 1",
    [SQL_ABANDONMENT_GET] = "SELECT " ABANDONMENT_COLUMNS " WHERE a.run=$1 LIMIT 1",
    [SQL_ABANDONMENT_FIND] = "SELECT " ABANDONMENT_COLUMNS " WHERE a.export_sha256=$1"
                             " AND a.platform=$2 AND a.command=$3 LIMIT 1",
    [SQL_RUN_TAKE_RELEASED] = "UPDATE run SET released=0 WHERE id=$1",
    [SQL_RUN_BRIEF] = "SELECT name, " SEQUENCE ", " RANK_OF("run") " FROM run WHERE id=$1",
    [SQL_RUN_CORRECT] = "UPDATE run SET corrects=$2 WHERE id=$1",
    [SQL_RUN_ADOPT] = "UPDATE run SET origin=$1 WHERE " ORIGIN_OF(
        "run") " IN (SELECT id FROM run"
               " WHERE corrects=$2 AND platform=$3 AND origin=0)",
    [SQL_RUN_NEXT_SEQUENCE] = "SELECT greatest($1::bigint, coalesce(max(sequence), 0)+1) FROM run",
    [SQL_RUN_HAS_ROWS] = "SELECT 1 WHERE EXISTS(SELECT 1 FROM row WHERE " RUNS_1_2 ")"
                         " OR EXISTS(SELECT 1 FROM claim WHERE " IS_OPEN " AND open_run=$3)",
    [SQL_RUN_LAST_ROW] = "SELECT row FROM row WHERE " RUNS_1_2 " ORDER BY run DESC, row DESC"
                         " LIMIT 1",
    [SQL_RUN_PATH] = "UPDATE run SET report_path=$2 WHERE name=$1 RETURNING 1",
    [SQL_RUN_TAKE] = "UPDATE run SET worker=$2 WHERE id=$1 AND (worker IS NULL OR worker=$2 OR"
                     " NOT EXISTS(SELECT 1 FROM worker w WHERE w.id=run.worker AND NOT w.fenced"
                     " AND NOT w.ended)) RETURNING 1",
    [SQL_RUN_PROCESS] = "SELECT w.pid, w.host, w.place::text, w.boot FROM run"
                        " JOIN worker w ON w.id=run.worker WHERE run.id=$1",
    [SQL_RUN_ALIVE] = "SELECT w.id, w.place::text, w.boot FROM run JOIN worker w ON w.id=run.worker"
                      " WHERE run.id=$1 AND NOT w.fenced AND NOT w.ended",
    [SQL_RUN_HAS_OTHERS] = "SELECT EXISTS(SELECT 1 FROM run WHERE platform=$1 AND sequence<>$2)",
    [SQL_MOVE_ADD] = "INSERT INTO report_move(run, from_path, to_path, at_ms, done)"
                     " VALUES($1,$2,$3,$4,0) RETURNING id",
    [SQL_MOVE_END] = "UPDATE report_move SET done=1 WHERE id=$1",
    [SQL_MOVE_DROP] = "DELETE FROM report_move WHERE id=$1 AND done=0",
    [SQL_MOVE_OPEN] = "SELECT id, run, from_path, to_path, at_ms FROM report_move WHERE done=0"
                      " AND id>$1 ORDER BY id LIMIT 1",
    [SQL_MOVE_FIND] = "SELECT to_path FROM report_move WHERE run=$1 AND from_path=$2 AND done=1"
                      " ORDER BY id DESC LIMIT 1",
    [SQL_MOVE_AWAY] = "SELECT run, to_path FROM report_move WHERE from_path=$1 AND run<>''"
                      " ORDER BY id DESC LIMIT 1 OFFSET $2",
    [SQL_EVENT_PUT] = "INSERT INTO event SELECT $1::bigint, $2::bigint, $3::smallint, $4::bigint,"
                      " $5::text WHERE $3::smallint IN(0,4,5)"
                      " OR $6::bigint>(SELECT count(*) FROM event WHERE run=$1::bigint)"
                      " ON CONFLICT (run, at_ms, kind) DO UPDATE SET until_ms=excluded.until_ms",
    [SQL_EVENTS] = "SELECT at_ms, kind, until_ms, text FROM event WHERE run=$1"
                   " ORDER BY at_ms, kind",
    [SQL_ROUND_ADD] = "INSERT INTO round(run, kind, by, reason, opened_ms, finished_ms)"
                      " VALUES($1,$2,$3,$4,$5,0) ON CONFLICT DO NOTHING",
    [SQL_ROUND_GET] = "SELECT id, finished_ms FROM round WHERE run=$1 AND kind=$2 AND by=$3"
                      " AND reason=$4",
    [SQL_ROUND_FINISH] = "UPDATE round SET finished_ms=$2 WHERE id=$1",
    [SQL_COUNT_PUT] = "INSERT INTO run_count VALUES($1,$2,$3,$4,$5) ON CONFLICT (run, outcome) DO"
                      " UPDATE SET rows=excluded.rows, counts_as=excluded.counts_as,"
                      " fee_fen=excluded.fee_fen",
    [SQL_COUNT_GET] = "SELECT outcome, rows, counts_as, fee_fen FROM run_count WHERE run=$1"
                      " ORDER BY outcome",

    /* claims and their rows */
    [SQL_RECOVER_LIST] = "SELECT claim_order_no, workcard_id, platform, open_row, open_attempts,"
                         " open_tries, open_ms, open_digest, open_warnings, open_round FROM claim"
                         " WHERE " IS_OPEN " AND open_run=$1 AND open_intent"
                         " ORDER BY claim_order_no, workcard_id, platform LIMIT 1",
    [SQL_CLAIM_GET] =
        "SELECT accepted_digest, accepted_run, accepted_row, accepted_ms, accepted_fee,"
        " l.run, l.row FROM claim c" NEWEST_ROW("c.id", "") " WHERE " CLAIM_KEY,
    [SQL_CLAIM_PUT] = "INSERT INTO claim(id, claim_order_no, workcard_id, platform, version)"
                      " SELECT " NEW_CLAIM CLAIM_CONFLICT " DO NOTHING",
    [SQL_CLAIM_ADD] = CLAIM_ACCEPTED " DO NOTHING RETURNING 1",
    [SQL_CLAIM_ACCEPT] =
        CLAIM_ACCEPTED " DO UPDATE SET version=c.version+1,"
                       " accepted_digest=excluded.accepted_digest,"
                       " accepted_run=excluded.accepted_run, accepted_row=excluded.accepted_row,"
                       " accepted_ms=excluded.accepted_ms, accepted_fee=excluded.accepted_fee",
    [SQL_CHANGED_PUT] = "INSERT INTO changed VALUES(" RUN_OF("$1") "," ROW_OF(
        "$1") ",$2,$3)"
              " ON CONFLICT (run, row) DO UPDATE SET fee_before=excluded.fee_before,"
              " fee_after=excluded.fee_after",
    [SQL_CHANGED_DROP] = "DELETE FROM changed WHERE " AT_1,
    [SQL_CHANGED_LIST] =
        "SELECT c.fee_before, c.fee_after, r.outcome=4 FROM changed c JOIN row r"
        " ON r.run=c.run AND r.row=c.row WHERE c.run>=" RUN_OF("$1") " AND c.run<" RUN_OF(
            "$2") " AND (r.attempts>0 AND r.outcome<>5 OR r.outcome=4)",
    [SQL_OPEN_GET] =
        "SELECT open_run, open_row, " INTENT " FROM claim WHERE " IS_OPEN " AND " CLAIM_KEY,
    [SQL_OPEN_ADD] = OPEN_ADD " WHERE c.open_call IS NULL RETURNING 1",
    [SQL_OPEN_AGAIN] = OPEN_ADD " WHERE c.open_call IS NULL OR (NOT c.open_intent AND"
                                " coalesce(c.settle_from<=clock_timestamp(), true)) RETURNING 1",
    [SQL_OPEN_UNKNOWN] =
        "UPDATE claim SET version=version+1, open_intent=false, open_besides=NULL WHERE " IS_OPEN
        " AND " CLAIM_KEY,
    [SQL_OPEN_DOUBT] = "UPDATE claim SET version=version+1, open_besides=true WHERE open_intent"
                       " AND " CLAIM_KEY,
    [SQL_OPEN_END] = "UPDATE claim SET " OPEN_NOTHING " WHERE " IS_OPEN " AND " CLAIM_KEY
                     " AND open_besides IS NOT TRUE RETURNING 1",
    [SQL_OPEN_DROP] = "UPDATE claim SET " OPEN_NOTHING " WHERE " IS_OPEN " AND " CLAIM_KEY,
    [SQL_OPEN_BACK] =
        "UPDATE claim c SET version=version+1, settle_from=NULL, open_call=" OWN_CALL
        ", open_worker=NULL, open_intent=false, open_besides=NULL, open_run=r.run, open_row=r.row,"
        " open_attempts=r.attempts, open_tries=r.tries, open_ms=r.submitted_ms,"
        " open_digest=r.digest, open_warnings=r.warnings FROM row r WHERE " IS_OPEN
        " AND " CLAIM_KEY " AND r.run=" RUN_OF("$4") " AND r.row=" ROW_OF("$4"),
    [SQL_ROW_ADD] = "INSERT INTO row(run, row, " ROW_VALUES ") VALUES(" RUN_OF("$1") "," ROW_OF(
        "$1") ",$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16)" ROW_AGAIN,
    [SQL_ROW_NOTE] = "INSERT INTO row(run, row, " ROW_VALUES ") VALUES(" RUN_OF("$1") "," ROW_OF(
        "$1") ",$2,$3,$4,0,0,0,0,0,$5,$6,'',$7,'','',0)" ROW_AGAIN,
    [SQL_ROW_PUT] = "UPDATE row SET state=$2, outcome=$3, counts_as=$4, attempts=$5, tries=$6,"
                    " http_status=$7, submitted_ms=$8, duration_ms=$9, digest=$10, code=$11,"
                    " sub_code=$12, message=$13, request_id=$14, warnings=$15, round=$16"
                    " WHERE " AT_1,
    [SQL_ROW_GET] =
        "SELECT r.row, " ROW_VALUES ", r.claim IS NOT NULL, l.run, l.row FROM row r" NEWEST_ROW(
            "r.claim",
            " AND (n.run, n.row)<(r.run, r.row)") " WHERE r.run=" RUN_OF("$1") " AND "
                                                                               "r."
                                                                               "row"
                                                                               "=" ROW_OF("$1"),
    [SQL_ROW_WARN] = "UPDATE row SET warnings=warnings||CASE WHEN warnings='' THEN '' ELSE ';' END"
                     "||$2::text WHERE " AT_1 " AND outcome<>3"
                     " AND strpos(warnings, $2::text)=0 RETURNING 1",
    [SQL_ROW_RELEASE] = "UPDATE row SET outcome=$2::smallint, counts_as=$2::smallint,"
                        " code='RELEASED', message=$3 WHERE " AT_1,
    [SQL_SETTLEMENT_ADD] = "INSERT INTO settlement VALUES($1,$2,$3,$4,$5,$6,$7,$8,$9)",
    /* here it is told which claim it is of */
    [SQL_ROW_LINK] = "UPDATE row SET claim=(SELECT id FROM claim WHERE claim_order_no=$2"
                     " AND workcard_id=$3 AND platform=$4) WHERE " AT_1,
    [SQL_ROWS] = "SELECT row, " ROW_VALUES " FROM row WHERE (run, row)>=(" RUN_OF("$1") ", " ROW_OF(
        "$1") ") AND run<" RUN_OF("$2") " ORDER BY run, row LIMIT " TEXT_OF(SERVER_SQL_PAGE),

    /* what all runs of an app key share; its calls and departures are not counted there */
    [SQL_BAN_GET] = "SELECT $3::bigint"
                    "+floor(extract(epoch FROM ban_until-clock_timestamp())*1000)::bigint,"
                    " ban_wait_ms FROM app WHERE platform=$1 AND app_key=$2"
                    " AND ban_until IS NOT NULL",
    [SQL_BAN_SET] = "INSERT INTO app AS a(platform, app_key, ban_until, ban_wait_ms)"
                    " SELECT $1, $2, clock_timestamp()+$3*interval '1 ms', $3"
                    " WHERE $4::bigint IS NOT NULL"
                    " ON CONFLICT (platform, app_key) DO UPDATE SET ban_until=excluded.ban_until,"
                    " ban_wait_ms=excluded.ban_wait_ms WHERE coalesce(least(a.ban_until,"
                    " clock_timestamp()+nullif(a.ban_wait_ms, -1)*interval '1 ms')"
                    "<=excluded.ban_until, true)",
    [SQL_RATE_GET] = "SELECT found_rate FROM app WHERE platform=$1 AND app_key=$2"
                     " AND found_rate IS NOT NULL",
    [SQL_RATE_SET] = "INSERT INTO app(platform, app_key, found_rate, found_ms) VALUES($1,$2,$3,$4)"
                     " ON CONFLICT (platform, app_key) DO UPDATE SET"
                     " found_rate=excluded.found_rate, found_ms=excluded.found_ms",

    /* what a person looks at */
    [SQL_RUN_OLDER] = "SELECT id FROM run WHERE id<$1 ORDER BY id DESC LIMIT 1",
    [SQL_RUN_OUTCOMES] =
        "SELECT outcome, count(*) FROM row WHERE " RUNS_1_2 " AND state IN (3,4) GROUP BY outcome",
    [SQL_TODAY] =
        "SELECT * FROM (SELECT (SELECT name FROM platform p WHERE p.id=k.platform)"
        " COLLATE \"C\", k.app_key COLLATE \"C\","
        " CASE WHEN k.day=$1::integer THEN k.calls ELSE 0 END, CASE WHEN k.is_banned THEN"
        " CASE WHEN k.ban_wait_ms<0 THEN k.until_ms ELSE"
        " least(k.until_ms, $2::bigint+k.ban_wait_ms) END ELSE 0 END FROM"
        " (SELECT *, coalesce(" BAN_UNTIL ">$2::bigint, false) AS is_banned, " BAN_UNTIL
        " AS until_ms FROM app) k WHERE k.day=$1::integer OR k.is_banned) t ORDER BY 1, 2",
    [SQL_OPEN_RUNS] = "SELECT open_run, count(*) FILTER (WHERE open_intent), count(*), min(open_ms)"
                      " FROM claim WHERE " IS_OPEN " GROUP BY open_run ORDER BY open_run",
    [SQL_OPEN_OLDEST] = "SELECT " OPEN_COLUMNS " FROM claim c WHERE " IS_OPEN
                        " ORDER BY open_ms, claim_order_no, workcard_id, platform LIMIT $1",
    [SQL_OPEN_NEXT] = "SELECT " OPEN_COLUMNS " FROM claim c WHERE " IS_OPEN " AND " CLAIM_BEHIND,
    [SQL_CLAIM_BETWEEN] = "SELECT EXISTS(SELECT 1 FROM claim WHERE claim_order_no>=$1::text"
                          " AND claim_order_no<$2::text)::integer",
    [SQL_CLAIM_OF_WORK_ORDERS] =
        "SELECT workcard_id, claim_order_no FROM claim WHERE platform=$1::integer"
        " AND workcard_id IN (SELECT unnest(translate($2::text, '[]', '{}')::bigint[])) LIMIT "
        "$3::bigint",
    /* Other statements are planned for single rows; until the transaction ends at most. */
    [SQL_WALK_BEGIN] = "SELECT set_config('statement_timeout', '10min', true),"
                       " set_config('enable_seqscan', 'on', true),"
                       " set_config('enable_hashjoin', 'on', true)",
    [SQL_WALK_END] = "SELECT set_config('enable_seqscan', 'off', true),"
                     " set_config('enable_hashjoin', 'off', true)",
    [SQL_CLAIM_LIST] = "SELECT c.workcard_id, c.platform, p.name FROM claim c JOIN platform p"
                       " ON p.id=c.platform WHERE c.claim_order_no=$1"
                       " AND (c.workcard_id, c.platform)>($2::bigint, $3::integer)"
                       " AND (c.open_call IS NOT NULL OR c.accepted_digest IS NOT NULL"
                       " OR EXISTS(SELECT 1 FROM row r WHERE r.claim=c.id))"
                       " ORDER BY 1, 2 LIMIT 1",
    [SQL_ROUND_BRIEF] = "SELECT kind, by, reason, opened_ms FROM round WHERE id=$1",
    [SQL_SETTLEMENTS] = "SELECT at_ms, outcome, by, reason, was FROM settlement WHERE run=$1"
                        " AND row=$2 ORDER BY at_ms",

    /* pruning */
    [SQL_PRUNE_LIST] = "SELECT id FROM run WHERE " PRUNABLE " AND id>$2 ORDER BY id LIMIT 1",
    [SQL_PRUNE_OPEN] = "SELECT claim_order_no, workcard_id, platform, open_run, open_row FROM claim"
                       " WHERE " IS_OPEN " AND " CLAIM_BEHIND,
    [SQL_PRUNE_KEEP] =
        "INSERT INTO pruned_export SELECT export_sha256, platform, command, " ORIGIN_OF(
            "run") " FROM run WHERE id=$1 ON CONFLICT DO NOTHING",
    [SQL_PRUNE_RECALL] =
        "INSERT INTO pruned_export SELECT $2::bytea, platform, command, " ORIGIN_OF(
            "run") " FROM run WHERE id=$1 AND command<>''"
                   " AND export_sha256=" NO_SHA256 " ON CONFLICT DO NOTHING",
    [SQL_PRUNED_FIND] = "SELECT run FROM pruned_export WHERE export_sha256=$1 AND platform=$2"
                        " AND command=$3",
    [SQL_PRUNED_ENDED] = "SELECT " RUN_COLUMNS " FROM " RUN_TABLES " WHERE run.id=(SELECT p.run"
                         " FROM pruned_export p WHERE p.export_sha256=$1 AND p.platform=$2"
                         " AND p.command=$3)",
    [SQL_PRUNE_RUN] = "UPDATE run SET export_name='', export_sha256=" NO_SHA256 ", export_bytes=0,"
                      " reading='', report_path='', stopped_because='', published=1, open_rows=0,"
                      " invalid_rows=0, released=0, parent='' WHERE id=$1",
    [SQL_PRUNE_LEFT] = "SELECT id FROM run WHERE export_sha256=" NO_SHA256 " AND id>$1 AND"
                       " (EXISTS(SELECT 1 FROM row WHERE row.run=run.id) OR"
                       "  EXISTS(SELECT 1 FROM run_count WHERE run_count.run=run.id) OR"
                       "  EXISTS(SELECT 1 FROM event WHERE event.run=run.id))"
                       " ORDER BY id LIMIT 1",
    [SQL_PRUNE_ROW_COUNT] = "SELECT count(*) FROM row WHERE " RUNS_1_2,
    [SQL_PRUNE_ROWS] = "DELETE FROM row WHERE ctid=ANY(ARRAY(SELECT ctid FROM row WHERE " RUNS_1_2
                       " LIMIT $3)) RETURNING 1",
    [SQL_PRUNE_CHANGED] = "DELETE FROM changed WHERE run=$1",
    [SQL_PRUNE_COUNTS] = "DELETE FROM run_count WHERE run=$1",
    [SQL_PRUNE_ROUNDS] = "DELETE FROM round WHERE run=$1",
    [SQL_PRUNE_EVENTS] = "DELETE FROM event WHERE run=$1",
    [SQL_PRUNE_SETTLEMENTS] = "DELETE FROM settlement WHERE run=$1",
    [SQL_PRUNE_PENDING] = NOTHING_1, /* the rate is divided among workers */

    /* importing */
    [SQL_IMPORT_INTENTS] = "SELECT open_run FROM claim WHERE " IS_OPEN " AND open_intent"
                           " AND open_run>$1 ORDER BY open_run LIMIT 1",
    [SQL_IMPORT_PLACE] = "SELECT 1 FROM run WHERE sequence=$1 AND id<>$2",
    [SQL_IMPORT_ADD] = "INSERT INTO run(name, command, platform, export_name, export_sha256,"
                       " export_bytes, reading, report_path, started_ms, finished_ms,"
                       " stopped_because, complete, open_rows, invalid_rows, published, sequence)"
                       " VALUES($1,'',$2,''," NO_SHA256 ",0,'','',$3::bigint,$3::bigint,'',0,0,0,1,"
                       "$4) RETURNING id",
    [SQL_IMPORT_BEGAN] = "UPDATE run SET sequence=$2, command=$3, parent=$4, origin=$5 WHERE id=$1",
    [SQL_IMPORT_LINE] = "UPDATE run SET origin=$2 WHERE origin=$1",
    [SQL_IMPORT_FILL] = "UPDATE run SET export_name=$2, export_sha256=$3, export_bytes=$4,"
                        " reading=$5 WHERE id=$1",
    [SQL_IMPORT_NOTE] = "INSERT INTO import VALUES($1,$2,$3,$4,$5) ON CONFLICT DO NOTHING",
    [SQL_IMPORT_BLIND] = "SELECT count(*) FROM claim WHERE accepted_digest="
                         "decode(repeat('00', 16), 'hex')",
    [SQL_IMPORT_SETTLED] = "SELECT 1 FROM settlement WHERE run=$1 AND row=$2 AND submitted_ms=$3"
                           " LIMIT 1",
    [SQL_IMPORT_OPEN] = "SELECT open_run, open_row, " INTENT ", open_attempts, open_ms,"
                        " coalesce(settle_from>clock_timestamp(), false) FROM claim"
                        " WHERE " IS_OPEN " AND " CLAIM_KEY,
    [SQL_IMPORT_OPEN_PUT] =
        "INSERT INTO claim AS c(id, claim_order_no, workcard_id, platform, "
        "version, " OPEN_NAMES ") SELECT " NEW_CLAIM ", " OWN_CALL
        ", NULL::bigint, $4::bigint, $5::bigint, false,"
        " $6::integer, $7::integer, $8::bigint, $9::bytea, $10::text, 0" CLAIM_CONFLICT
        " DO UPDATE SET " OPEN_TAKE_ALL,
};

/* Whether the claim stands in the page more than once, is known, is open; as SQL_CLAIM_GET; as
 * SQL_IMPORT_OPEN. */
const char server_sql_ahead_claims[] =
    "SELECT count(*) OVER (PARTITION BY x.no, x.id)>1, c.id IS NOT NULL, coalesce(c.open_call IS"
    " NOT NULL, false), c.accepted_digest, c.accepted_run, c.accepted_row, c.accepted_ms,"
    " c.accepted_fee, l.run, l.row, c.open_run, c.open_row, CASE WHEN NOT c.open_intent THEN 0 WHEN"
    " c.open_besides THEN 2 ELSE 1 END, c.open_attempts, c.open_ms,"
    " coalesce(c.settle_from>clock_timestamp(), false)"
    " FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY x(no, id, ord)"
    " LEFT JOIN LATERAL (SELECT * FROM claim WHERE claim_order_no=x.no AND workcard_id=x.id"
    " AND platform=$3::bigint OFFSET 0) c ON true" NEWEST_ROW("c.id", "") " ORDER BY x.ord";

/* As SQL_ROW_GET. */
const char server_sql_ahead_rows[] =
    "SELECT r.row, " ROW_VALUES ", r.claim IS NOT NULL, l.run, l.row FROM row r" NEWEST_ROW(
        "r.claim", " AND (n.run, n.row)<(r.run, r.row)") " WHERE r.run=$1 AND r.row>=$2 AND"
                                                         " r.row<=$3 ORDER BY r.run, r.row";

const char server_sql_ahead_settled[] =
    "SELECT 1 FROM settlement WHERE run=$1 AND row>=$2 AND row<=$3 LIMIT 1";

const char *server_sql_text(enum statement which)
{
    return sql[which];
}
