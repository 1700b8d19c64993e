/* The statements of the ledger. What is asked once (pragmas, the questions of verify_ledger) stands
 * where it is asked. */
#include "sql.h"

#include "database.h"

static const char first_schema[] =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE platform(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE run(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,"
    " command TEXT NOT NULL, platform INTEGER NOT NULL, export_name TEXT NOT NULL,"
    " export_sha256 BLOB NOT NULL, export_bytes INTEGER NOT NULL, reading TEXT NOT NULL,"
    " report_path TEXT NOT NULL, started_ms INTEGER NOT NULL, finished_ms INTEGER NOT NULL,"
    " stopped_because TEXT NOT NULL, complete INTEGER NOT NULL, open_rows INTEGER NOT NULL,"
    " invalid_rows INTEGER NOT NULL, published INTEGER NOT NULL);"
    "CREATE TABLE run_count(run INTEGER NOT NULL, outcome INTEGER NOT NULL, rows INTEGER NOT NULL,"
    " counts_as INTEGER NOT NULL, fee_fen TEXT NOT NULL, PRIMARY KEY(run, outcome)) WITHOUT ROWID;"
    "CREATE INDEX run_of_export ON run(export_sha256, platform);"
    "CREATE TABLE row(run INTEGER NOT NULL, row INTEGER NOT NULL, state INTEGER NOT NULL,"
    " outcome INTEGER NOT NULL, counts_as INTEGER NOT NULL, attempts INTEGER NOT NULL,"
    " tries INTEGER NOT NULL, http_status INTEGER NOT NULL, submitted_ms INTEGER NOT NULL,"
    " duration_ms INTEGER NOT NULL, digest BLOB NOT NULL, code TEXT NOT NULL,"
    " sub_code TEXT NOT NULL, message TEXT NOT NULL, request_id TEXT NOT NULL,"
    " warnings TEXT NOT NULL, round INTEGER NOT NULL, linked INTEGER NOT NULL, prev_run INTEGER "
    "NOT NULL,"
    " prev_row INTEGER NOT NULL, PRIMARY KEY(run, row)) WITHOUT ROWID;"
    "CREATE TABLE claim(claim_order_no TEXT NOT NULL, workcard_id INTEGER NOT NULL,"
    " platform INTEGER NOT NULL, accepted_digest BLOB, accepted_run INTEGER,"
    " accepted_row INTEGER, accepted_ms INTEGER, last_run INTEGER NOT NULL,"
    " last_row INTEGER NOT NULL, PRIMARY KEY(claim_order_no, workcard_id, platform))"
    " WITHOUT ROWID;"
    "CREATE TABLE open_attempt(claim_order_no TEXT NOT NULL, workcard_id INTEGER NOT NULL,"
    " platform INTEGER NOT NULL, run INTEGER NOT NULL, row INTEGER NOT NULL,"
    " intent INTEGER NOT NULL, attempts INTEGER NOT NULL, tries INTEGER NOT NULL,"
    " submitted_ms INTEGER NOT NULL, digest BLOB NOT NULL, warnings TEXT NOT NULL,"
    " PRIMARY KEY(claim_order_no, workcard_id, platform)) WITHOUT ROWID;"
    "CREATE TABLE round(id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL, opened_ms INTEGER NOT NULL,"
    " finished_ms INTEGER NOT NULL, UNIQUE(run, kind, by, reason));"
    "CREATE TABLE calls(platform INTEGER NOT NULL, app_key TEXT NOT NULL, day INTEGER NOT NULL,"
    " calls INTEGER NOT NULL, PRIMARY KEY(platform, app_key, day)) WITHOUT ROWID;"
    "CREATE TABLE departure(platform INTEGER NOT NULL, app_key TEXT NOT NULL,"
    " stretch_ms INTEGER NOT NULL, run INTEGER NOT NULL, calls INTEGER NOT NULL,"
    " PRIMARY KEY(platform, app_key, stretch_ms, run)) WITHOUT ROWID;"
    "CREATE TABLE pending(platform INTEGER NOT NULL, app_key TEXT NOT NULL, run INTEGER NOT NULL,"
    " calls INTEGER NOT NULL, updated_ms INTEGER NOT NULL, PRIMARY KEY(platform, app_key, run))"
    " WITHOUT ROWID;"
    "CREATE TABLE ban(platform INTEGER NOT NULL, app_key TEXT NOT NULL,"
    " until_ms INTEGER NOT NULL, PRIMARY KEY(platform, app_key)) WITHOUT ROWID;";

static const char *const migrations[LEDGER_SCHEMA] = {
    first_schema,
    "ALTER TABLE run ADD COLUMN parent TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE run ADD COLUMN origin INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE run ADD COLUMN released INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE event(run INTEGER NOT NULL, at_ms INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " until_ms INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY(run, at_ms, kind)) WITHOUT ROWID;"
    /* Rows are appended in their order: a b-tree that is built so stays full. */
    "CREATE TABLE row_2(id INTEGER PRIMARY KEY, state INTEGER NOT NULL, outcome INTEGER NOT NULL,"
    " counts_as INTEGER NOT NULL, attempts INTEGER NOT NULL, tries INTEGER NOT NULL,"
    " http_status INTEGER NOT NULL, submitted_ms INTEGER NOT NULL, duration_ms INTEGER NOT NULL,"
    " digest BLOB NOT NULL, code TEXT NOT NULL, sub_code TEXT NOT NULL, message TEXT NOT NULL,"
    " request_id TEXT NOT NULL, warnings TEXT NOT NULL, round INTEGER NOT NULL,"
    " linked INTEGER NOT NULL, prev_run INTEGER NOT NULL, prev_row INTEGER NOT NULL,"
    " run INTEGER AS (id >> " ROW_BITS_TEXT ") VIRTUAL,"
    " row INTEGER AS (id & ((1 << " ROW_BITS_TEXT ") - 1)) VIRTUAL);"
    "INSERT INTO row_2 SELECT run << " ROW_BITS_TEXT " | row, state, outcome, counts_as, attempts,"
    " tries, http_status, submitted_ms, duration_ms, digest, code, sub_code, message, request_id,"
    " warnings, round, linked, prev_run, prev_row FROM row ORDER BY run, row;"
    "DROP TABLE row;"
    "ALTER TABLE row_2 RENAME TO row;"
    "CREATE TABLE settlement(run INTEGER NOT NULL, row INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
    " outcome INTEGER NOT NULL, digest BLOB NOT NULL, submitted_ms INTEGER NOT NULL,"
    " by TEXT NOT NULL, reason TEXT NOT NULL, was TEXT NOT NULL, PRIMARY KEY(run, row, at_ms))"
    " WITHOUT ROWID;",
    "ALTER TABLE ban ADD COLUMN wait_ms INTEGER NOT NULL DEFAULT -1;",
    "ALTER TABLE open_attempt ADD COLUMN round INTEGER NOT NULL DEFAULT 0;", /* and ROW_NOTED */
    /* Runs of other ledgers find their place by time. No two are at one place: the number of the
     * run is a few milliseconds. */
    "ALTER TABLE run ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;"
    "UPDATE run SET sequence=id+began FROM (SELECT r.id AS at, max(coalesce((SELECT min(at_ms) FROM"
    " event WHERE event.run=r.id AND kind=0), r.started_ms)) OVER (ORDER BY r.id) AS began FROM run"
    " r) WHERE id=at;"
    "CREATE UNIQUE INDEX run_in_order ON run(sequence);"
    "CREATE TABLE report_move(id INTEGER PRIMARY KEY, run TEXT NOT NULL, from_path TEXT NOT NULL,"
    " to_path TEXT NOT NULL, at_ms INTEGER NOT NULL, done INTEGER NOT NULL);"
    "CREATE INDEX report_move_from ON report_move(from_path);"
    /* How many transactions said something of rows, which of them are known to be lost, and what a
     * person said of that: see commits.h. */
    "CREATE TABLE commits(id INTEGER PRIMARY KEY CHECK(id=1), count INTEGER NOT NULL,"
    " made_ms INTEGER NOT NULL);"
    "INSERT INTO commits VALUES(1, 0, 0);"
    "CREATE TABLE gap(after INTEGER PRIMARY KEY, until INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
    " by TEXT NOT NULL, reason TEXT NOT NULL);"
    "CREATE TABLE doubt(run INTEGER PRIMARY KEY, commits INTEGER NOT NULL);"
    "CREATE TABLE pass(ledger TEXT NOT NULL, run TEXT NOT NULL, commits INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, at_ms INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL,"
    " PRIMARY KEY(ledger, run, commits, kind)) WITHOUT ROWID;"
    "CREATE TABLE import(run INTEGER NOT NULL, report_sha256 TEXT NOT NULL, at_ms INTEGER NOT NULL,"
    " by TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY(run, report_sha256)) WITHOUT ROWID;"
    /* NULL: it was accepted before fees were kept, or by a person's word. */
    "ALTER TABLE claim ADD COLUMN accepted_fee INTEGER;"
    "ALTER TABLE run ADD COLUMN process INTEGER NOT NULL DEFAULT 0;" /* that took it up last */
    /* Rows whose claim was accepted with other content; the id is that of the row. */
    "CREATE TABLE changed(id INTEGER PRIMARY KEY, fee_before INTEGER, fee_after INTEGER NOT NULL);"
    "ALTER TABLE run ADD COLUMN corrects BLOB;"
    /* Of which export a pruned run was: the same one afterwards stands in its place. */
    "CREATE TABLE pruned_export(export_sha256 BLOB NOT NULL, platform INTEGER NOT NULL,"
    " command TEXT NOT NULL, run INTEGER NOT NULL, PRIMARY KEY(export_sha256, platform, command))"
    " WITHOUT ROWID;"
    /* It names the export itself, so that pruning the run leaves it in force. */
    "CREATE TABLE abandonment(export_sha256 BLOB NOT NULL, platform INTEGER NOT NULL,"
    " command TEXT NOT NULL, run INTEGER NOT NULL, at_ms INTEGER NOT NULL, by TEXT NOT NULL,"
    " reason TEXT NOT NULL, PRIMARY KEY(export_sha256, platform, command, run)) WITHOUT ROWID;"
    /* Calls a second that a gateway was found to take. */
    "CREATE TABLE rate(platform INTEGER NOT NULL, app_key TEXT NOT NULL, calls INTEGER NOT NULL,"
    " at_ms INTEGER NOT NULL, PRIMARY KEY(platform, app_key)) WITHOUT ROWID;",
};

#define RUN_COLUMNS                                                                                \
    "run.id, run.name, run.export_name, run.export_bytes, run.reading, run.report_path,"           \
    " run.started_ms, run.finished_ms, run.stopped_because, run.complete, run.published,"          \
    " run.open_rows, run.invalid_rows, run.parent, run.origin, run.released, run.command,"         \
    " platform.name, run.export_sha256, (SELECT sequence FROM run o WHERE o.id=iif(run.origin,"    \
    " run.origin, run.id)), iif(run.origin, run.sequence, 0)"
#define RUN_TABLES "run JOIN platform ON platform.id=run.platform"
#define ROW_VALUES                                                                                 \
    "state, outcome, counts_as, attempts, tries, http_status, submitted_ms, duration_ms,"          \
    " digest, code, sub_code, message, request_id, warnings, round"
#define CLAIM_ACCEPTED_VALUES                                                                      \
    "accepted_digest, accepted_run, accepted_row, accepted_ms, accepted_fee"
#define CLAIM_VALUES CLAIM_ACCEPTED_VALUES ", last_run, last_row"
#define CLAIM_ACCEPTED                                                                             \
    "INSERT INTO claim(claim_order_no, workcard_id, platform, last_run, last_row,"                 \
    " accepted_digest, accepted_run, accepted_row, accepted_ms, accepted_fee)"                     \
    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)"
#define CLAIM_KEY "claim_order_no=?1 AND workcard_id=?2 AND platform=?3"
#define CLAIM_FROM                                                                                 \
    "(claim_order_no, workcard_id, platform)>=(?1, ?2, ?3)"                                        \
    " ORDER BY claim_order_no, workcard_id, platform"
#define OPEN_COLUMNS                                                                               \
    "claim_order_no, workcard_id, platform, run, row, intent, attempts, submitted_ms, digest,"     \
    " (SELECT name FROM platform WHERE id=o.platform)"
#define ABANDONMENT_COLUMNS                                                                        \
    "a.run, run.name, a.at_ms, a.by, a.reason FROM abandonment a JOIN run ON run.id=a.run"
/* Runs that ended before ?1, or were abandoned without an end, and are whole yet. One whose report
 * was not published is gone on with, by its place, which has to be known until then. */
#define PRUNABLE                                                                                   \
    "(finished_ms>0 AND published=1 AND finished_ms<?1"                                            \
    " OR (finished_ms=0 OR published=0) AND id IN (SELECT run FROM abandonment WHERE at_ms<?1))"   \
    " AND export_sha256<>zeroblob(32)"

static const char *const sql[SQL_COUNT] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_COMMITS_GET] = "SELECT count FROM commits",
    [SQL_COMMITS_SET] = "UPDATE commits SET count=?1",
    [SQL_GAP_ADD] = "INSERT OR REPLACE INTO gap VALUES(?1,?2,?3,?4,?5)",
    [SQL_GAP_FIND] = "SELECT 1 FROM gap WHERE after<?1 AND until>=?1",
    [SQL_DOUBT_OPEN_RUNS] = "INSERT INTO doubt SELECT id, ?1 FROM run WHERE finished_ms=0"
                            " ON CONFLICT DO NOTHING",
    [SQL_DOUBT_FIND] = "SELECT 1 FROM doubt WHERE run=?1",
    [SQL_DOUBT_DROP] = "DELETE FROM doubt WHERE run=?1",
    [SQL_DOUBT_DROP_OF] = "DELETE FROM doubt WHERE commits=?1",
    [SQL_PASS_ADD] = "INSERT INTO pass VALUES(?1,?2,?3,?4,?5,?6,?7) ON CONFLICT DO NOTHING",
    [SQL_PASS_FIND] = "SELECT 1 FROM pass WHERE ledger=?1 AND run=?2"
                      " AND (commits=?3 AND kind>=?4 OR commits>=?3 AND kind=3)",
    [SQL_PASSES] = "SELECT ledger, run, kind, at_ms, by, reason FROM pass WHERE kind<>?1"
                   " ORDER BY at_ms, ledger, run, kind",
    [SQL_GAPS] = "SELECT after, until, at_ms, by, reason FROM gap ORDER BY after",
    [SQL_MADE] = "SELECT made_ms, EXISTS(SELECT 1 FROM run) FROM commits",
    [SQL_PLATFORM_GET] = "SELECT id FROM platform WHERE name=?1",
    [SQL_PLATFORM_ADD] = "INSERT INTO platform(name) VALUES(?1)"
                         " ON CONFLICT DO NOTHING",
    [SQL_PLATFORM_OTHER] = "SELECT name FROM platform WHERE name<>?1 ORDER BY id DESC LIMIT 1",
    [SQL_RUN_FIND] = "SELECT " RUN_COLUMNS " FROM " RUN_TABLES " WHERE run.export_sha256=?1"
                     " AND run.platform=?2 AND run.command=?3 ORDER BY run.id DESC LIMIT 1",
    [SQL_RUN_NAMED] = "SELECT " RUN_COLUMNS " FROM " RUN_TABLES " WHERE run.name=?1",
    [SQL_RUN_GET] = "SELECT " RUN_COLUMNS " FROM " RUN_TABLES " WHERE run.id=?1",
    [SQL_RUN_CREATE] = "INSERT INTO run(name, command, platform, export_name, export_sha256,"
                       " export_bytes, reading, report_path, started_ms, finished_ms,"
                       " stopped_because, complete, open_rows, invalid_rows, published, parent,"
                       " origin, sequence) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,0,'',0,0,0,0,?10,?11,"
                       " ?12)",
    [SQL_RUN_SAVE] = "UPDATE run SET started_ms=?2, finished_ms=?3, stopped_because=?4,"
                     " complete=?5, published=?6, report_path=?7, open_rows=?8,"
                     " invalid_rows=?9 WHERE id=?1",
    [SQL_RUN_RELEASE] = "UPDATE run SET released=released+1 WHERE id=?1"
                        " AND id NOT IN (SELECT run FROM abandonment)",
    [SQL_RUN_CLOSE] = "UPDATE run SET open_rows=0, released=0 WHERE id=?1",
    [SQL_RUN_LINE] = "WITH RECURSIVE line(id, name, sha256, platform) AS (SELECT id, name,"
                     " export_sha256, platform FROM run WHERE id=?1 UNION SELECT r.id, r.name,"
                     " r.export_sha256, r.platform FROM run r JOIN line ON r.parent=line.name OR"
                     " (r.corrects=line.sha256 AND r.platform=line.platform))"
                     " SELECT id FROM line WHERE id>?2 ORDER BY id LIMIT 1",
    [SQL_ABANDON] = "INSERT INTO abandonment SELECT export_sha256, platform, command, id, ?2, ?3,"
                    " ?4 FROM run WHERE id=?1 ON CONFLICT DO NOTHING",
    [SQL_ABANDON_PRUNED] = "INSERT INTO abandonment SELECT export_sha256, platform, command, run,"
                           " ?2, ?3, ?4 FROM pruned_export WHERE run=?1 ON CONFLICT DO NOTHING",
    [SQL_ABANDONMENT_GET] = "SELECT " ABANDONMENT_COLUMNS " WHERE a.run=?1 LIMIT 1",
    [SQL_ABANDONMENT_FIND] = "SELECT " ABANDONMENT_COLUMNS " WHERE a.export_sha256=?1"
                             " AND a.platform=?2 AND a.command=?3 LIMIT 1",
    [SQL_RUN_TAKE_RELEASED] = "UPDATE run SET released=0 WHERE id=?1",
    [SQL_RUN_BRIEF] =
        "SELECT name, (SELECT sequence FROM run o WHERE o.id=iif(run.origin,"
        " run.origin, run.id)), iif(run.origin, run.sequence, 0) FROM run WHERE id=?1",
    [SQL_RUN_CORRECT] = "UPDATE run SET corrects=?2 WHERE id=?1",
    [SQL_RUN_ADOPT] =
        "UPDATE run SET origin=?1 WHERE iif(origin, origin, id) IN (SELECT id FROM run"
        " WHERE corrects=?2 AND platform=?3 AND origin=0)",
    [SQL_RUN_NEXT_SEQUENCE] = "SELECT max(?1, coalesce(max(sequence), 0)+1) FROM run",
    [SQL_RUN_HAS_ROWS] = "SELECT 1 WHERE EXISTS(SELECT 1 FROM row WHERE id>=?1 AND id<?2)"
                         " OR EXISTS(SELECT 1 FROM open_attempt WHERE run=?3)",
    [SQL_RUN_LAST_ROW] = "SELECT row FROM row WHERE id>=?1 AND id<?2 ORDER BY id DESC LIMIT 1",
    [SQL_RUN_PATH] = "UPDATE run SET report_path=?2 WHERE name=?1",
    [SQL_MOVE_ADD] = "INSERT INTO report_move(run, from_path, to_path, at_ms, done)"
                     " VALUES(?1,?2,?3,?4,0)",
    [SQL_MOVE_END] = "UPDATE report_move SET done=1 WHERE id=?1",
    [SQL_MOVE_DROP] = "DELETE FROM report_move WHERE id=?1 AND done=0",
    [SQL_MOVE_OPEN] = "SELECT id, run, from_path, to_path, at_ms FROM report_move WHERE done=0"
                      " AND id>?1 ORDER BY id LIMIT 1",
    [SQL_MOVE_FIND] = "SELECT to_path FROM report_move WHERE run=?1 AND from_path=?2 AND done=1"
                      " ORDER BY id DESC LIMIT 1",
    [SQL_MOVE_AWAY] = "SELECT run, to_path FROM report_move WHERE from_path=?1 AND run<>''"
                      " ORDER BY id DESC LIMIT 1 OFFSET ?2",
    [SQL_EVENT_PUT] = "INSERT INTO event SELECT ?1,?2,?3,?4,?5"
                      " WHERE ?3 IN(0,4,5) OR ?6>(SELECT count(*) FROM event WHERE run=?1)"
                      " ON CONFLICT DO UPDATE SET until_ms=excluded.until_ms",
    [SQL_EVENTS] = "SELECT at_ms, kind, until_ms, text FROM event WHERE run=?1"
                   " ORDER BY at_ms, kind",
    [SQL_ROUND_ADD] = "INSERT INTO round(run, kind, by, reason, opened_ms, finished_ms)"
                      " VALUES(?1,?2,?3,?4,?5,0)"
                      " ON CONFLICT DO NOTHING",
    [SQL_ROUND_GET] = "SELECT id, finished_ms FROM round WHERE run=?1 AND kind=?2 AND by=?3"
                      " AND reason=?4",
    [SQL_ROUND_FINISH] = "UPDATE round SET finished_ms=?2 WHERE id=?1",
    [SQL_NEWS] = "PRAGMA data_version",
    [SQL_COUNT_PUT] = "INSERT OR REPLACE INTO run_count VALUES(?1,?2,?3,?4,?5)",
    [SQL_COUNT_GET] = "SELECT outcome, rows, counts_as, fee_fen FROM run_count WHERE run=?1",
    [SQL_RECOVER_LIST] = "SELECT claim_order_no, workcard_id, platform, row, attempts, tries,"
                         " submitted_ms, digest, warnings, round FROM open_attempt"
                         " WHERE run=?1 AND intent>0 LIMIT 1",
    [SQL_CLAIM_GET] = "SELECT " CLAIM_VALUES " FROM claim WHERE " CLAIM_KEY,
    [SQL_CLAIM_FROM] = "SELECT " CLAIM_ACCEPTED_VALUES ", claim_order_no, workcard_id, platform"
                       " FROM claim WHERE " CLAIM_FROM,
    [SQL_CLAIM_PUT] = "INSERT INTO claim(claim_order_no, workcard_id, platform, last_run, last_row)"
                      " VALUES(?1,?2,?3,?4,?5) ON CONFLICT DO UPDATE"
                      " SET last_run=excluded.last_run, last_row=excluded.last_row",
    [SQL_CLAIM_ADD] = CLAIM_ACCEPTED " ON CONFLICT DO NOTHING",
    [SQL_CLAIM_ACCEPT] =
        CLAIM_ACCEPTED " ON CONFLICT DO UPDATE"
                       " SET last_run=excluded.last_run, last_row=excluded.last_row,"
                       " accepted_digest=excluded.accepted_digest,"
                       " accepted_run=excluded.accepted_run,"
                       " accepted_row=excluded.accepted_row, accepted_ms=excluded.accepted_ms,"
                       " accepted_fee=excluded.accepted_fee",
    [SQL_CHANGED_PUT] = "INSERT OR REPLACE INTO changed VALUES(?1,?2,?3)",
    [SQL_CHANGED_DROP] = "DELETE FROM changed WHERE id=?1",
    [SQL_CHANGED_LIST] =
        "SELECT c.fee_before, c.fee_after, r.outcome=4 FROM changed c CROSS JOIN row r"
        " ON r.id=c.id WHERE c.id>=?1 AND c.id<?2"
        " AND (r.attempts>0 AND r.outcome<>5 OR r.outcome=4)",
    [SQL_RUN_TAKE] = "UPDATE run SET process=?2 WHERE id=?1",
    [SQL_RUN_PROCESS] = "SELECT process FROM run WHERE id=?1",
    [SQL_RUN_HAS_OTHERS] = "SELECT EXISTS(SELECT 1 FROM run WHERE platform=?1 AND sequence<>?2)",
    [SQL_OPEN_GET] = "SELECT run, row, intent FROM open_attempt WHERE " CLAIM_KEY,
    [SQL_OPEN_FROM] = "SELECT run, row, intent, claim_order_no, workcard_id, platform"
                      " FROM open_attempt WHERE " CLAIM_FROM,
    [SQL_OPEN_ADD] = "INSERT INTO open_attempt VALUES(?1,?2,?3,?4,?5,1,?6,?7,?8,?9,?10,?11)"
                     " ON CONFLICT DO NOTHING",
    [SQL_OPEN_AGAIN] = "INSERT INTO open_attempt VALUES(?1,?2,?3,?4,?5,1,?6,?7,?8,?9,?10,?11)"
                       " ON CONFLICT DO UPDATE SET run=excluded.run, row=excluded.row, intent=1,"
                       " attempts=excluded.attempts, tries=excluded.tries,"
                       " submitted_ms=excluded.submitted_ms, digest=excluded.digest,"
                       " warnings=excluded.warnings, round=excluded.round WHERE intent=0",
    [SQL_OPEN_UNKNOWN] = "UPDATE open_attempt SET intent=0 WHERE " CLAIM_KEY,
    /* 2: an intent, and an attempt of another row is unknown besides */
    [SQL_OPEN_DOUBT] = "UPDATE open_attempt SET intent=2 WHERE " CLAIM_KEY " AND intent=1",
    [SQL_OPEN_END] = "DELETE FROM open_attempt WHERE " CLAIM_KEY " AND intent<>2",
    [SQL_OPEN_DROP] = "DELETE FROM open_attempt WHERE " CLAIM_KEY,
    [SQL_OPEN_BACK] = "UPDATE open_attempt SET intent=0,"
                      " (run, row, attempts, tries, submitted_ms, digest, warnings) ="
                      " (SELECT run, row, attempts, tries, submitted_ms, digest, warnings FROM row"
                      " WHERE id=?4) WHERE " CLAIM_KEY,
    [SQL_ROW_ADD] = "INSERT INTO row(id, " ROW_VALUES ", linked, prev_run, prev_row)"
                    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19)"
                    " ON CONFLICT DO NOTHING",
    /* the same, of a row that was never tried and is in no chain */
    [SQL_ROW_NOTE] = "INSERT INTO row(id, " ROW_VALUES ", linked, prev_run, prev_row)"
                     " VALUES(?1,?2,?3,?4,0,0,0,0,0,?5,?6,'',?7,'','',0,0,0,0)"
                     " ON CONFLICT DO NOTHING",
    [SQL_ROW_PUT] = "UPDATE row SET state=?2, outcome=?3, counts_as=?4, attempts=?5, tries=?6,"
                    " http_status=?7, submitted_ms=?8, duration_ms=?9, digest=?10, code=?11,"
                    " sub_code=?12, message=?13, request_id=?14, warnings=?15, round=?16"
                    " WHERE id=?1",
    [SQL_ROW_GET] = "SELECT row, " ROW_VALUES ", linked, prev_run, prev_row FROM row WHERE id=?1",
    [SQL_ROW_WARN] = "UPDATE row SET warnings=warnings||iif(warnings='', '', ';')||?2 WHERE id=?1"
                     " AND outcome<>3 AND instr(warnings, ?2)=0",
    [SQL_ROW_RELEASE] = "UPDATE row SET outcome=?2, counts_as=?2, code='RELEASED', message=?3"
                        " WHERE id=?1",
    [SQL_SETTLEMENT_ADD] = "INSERT INTO settlement VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
    [SQL_ROW_LINK] = "UPDATE row SET linked=1, prev_run=?2, prev_row=?3 WHERE id=?1",
    [SQL_ROWS] = "SELECT row, " ROW_VALUES " FROM row WHERE id>=?1 AND id<?2 ORDER BY id",
    [SQL_CALLS_GET] = "SELECT calls FROM calls WHERE platform=?1 AND app_key=?2 AND day=?3",
    [SQL_CALLS_ADD] = "INSERT INTO calls VALUES(?1,?2,?3,?4)"
                      " ON CONFLICT DO UPDATE SET calls=calls+excluded.calls",
    [SQL_DEPARTURE_ADD] = "INSERT INTO departure VALUES(?1,?2,?3,?4,?5)"
                          " ON CONFLICT DO UPDATE SET calls=calls+excluded.calls",
    [SQL_DEPARTURE_FORGET] = "DELETE FROM departure WHERE platform=?1 AND app_key=?2"
                             " AND stretch_ms<?3",
    [SQL_DEPARTURE_REDATE] = "INSERT INTO departure SELECT platform, app_key, ?4, run, sum(calls)"
                             " FROM departure WHERE platform=?1 AND app_key=?2 AND stretch_ms>?3"
                             " GROUP BY run ON CONFLICT DO UPDATE SET calls=calls+excluded.calls",
    [SQL_DEPARTURE_FORGET_AHEAD] = "DELETE FROM departure WHERE platform=?1 AND app_key=?2"
                                   " AND stretch_ms>?3",
    [SQL_DEPARTURE_SUM] = "SELECT coalesce(sum(calls), 0) FROM departure WHERE platform=?1"
                          " AND app_key=?2 AND stretch_ms>?3 AND stretch_ms<=?4"
                          " AND (run<>?5 OR stretch_ms<=?6)",
    [SQL_PENDING_SET] = "INSERT INTO pending VALUES(?1,?2,?3,?4,?5) ON CONFLICT DO UPDATE"
                        " SET calls=excluded.calls, updated_ms=excluded.updated_ms",
    [SQL_PENDING_NEXT] = "SELECT run, calls FROM pending WHERE platform=?1 AND app_key=?2"
                         " AND run>?3 AND calls>0 ORDER BY run LIMIT 1",
    [SQL_BAN_GET] = "SELECT until_ms, wait_ms FROM ban WHERE platform=?1 AND app_key=?2"
                    " AND ?3 IS NOT NULL",
    [SQL_BAN_SET] = "INSERT INTO ban VALUES(?1,?2,?4+?3,?3) ON CONFLICT DO UPDATE"
                    " SET until_ms=excluded.until_ms, wait_ms=excluded.wait_ms"
                    " WHERE min(until_ms-?4, iif(wait_ms<0, until_ms-?4, wait_ms))<=?3",
    [SQL_RATE_GET] = "SELECT calls FROM rate WHERE platform=?1 AND app_key=?2",
    [SQL_RATE_SET] = "INSERT INTO rate VALUES(?1,?2,?3,?4) ON CONFLICT DO UPDATE"
                     " SET calls=excluded.calls, at_ms=excluded.at_ms",

    /* what a person looks at */
    [SQL_READ] = "BEGIN",
    [SQL_RUN_OLDER] = "SELECT id FROM run WHERE id<?1 ORDER BY id DESC LIMIT 1",
    [SQL_RUN_OUTCOMES] =
        "SELECT outcome, count(*) FROM row WHERE id>=?1 AND id<?2 AND state IN (3,4)"
        " GROUP BY outcome",
    [SQL_TODAY] = "SELECT (SELECT name FROM platform WHERE id=k.platform), k.app_key,"
                  " coalesce((SELECT calls FROM calls c WHERE c.platform=k.platform"
                  "  AND c.app_key=k.app_key AND c.day=?1), 0),"
                  " coalesce((SELECT iif(wait_ms<0, until_ms, min(until_ms, ?2+wait_ms))"
                  "  FROM ban b WHERE b.platform=k.platform"
                  "  AND b.app_key=k.app_key AND b.until_ms>?2), 0)"
                  " FROM (SELECT platform, app_key FROM calls WHERE day=?1 UNION"
                  "  SELECT platform, app_key FROM ban WHERE until_ms>?2) k ORDER BY 1, 2",
    [SQL_OPEN_RUNS] = "SELECT run, sum(intent>0), count(*), min(submitted_ms) FROM open_attempt"
                      " GROUP BY run",
    [SQL_OPEN_OLDEST] = "SELECT " OPEN_COLUMNS " FROM open_attempt o"
                        " ORDER BY submitted_ms, claim_order_no, workcard_id, platform LIMIT ?1",
    [SQL_OPEN_NEXT] = "SELECT " OPEN_COLUMNS " FROM open_attempt o"
                      " WHERE (claim_order_no, workcard_id, platform)>(?1, ?2, ?3)"
                      " ORDER BY claim_order_no, workcard_id, platform LIMIT 1",
    [SQL_CLAIM_LIST] = "SELECT k.workcard_id, k.platform, p.name FROM"
                       " (SELECT workcard_id, platform FROM claim WHERE claim_order_no=?1 UNION"
                       "  SELECT workcard_id, platform FROM open_attempt WHERE claim_order_no=?1) k"
                       " JOIN platform p ON p.id=k.platform WHERE (k.workcard_id, k.platform)>(?2,"
                       " ?3) ORDER BY 1, 2 LIMIT 1",
    [SQL_CLAIM_BETWEEN] =
        "SELECT EXISTS(SELECT 1 FROM claim WHERE claim_order_no>=?1 AND claim_order_no<?2)"
        " OR EXISTS(SELECT 1 FROM open_attempt WHERE claim_order_no>=?1 AND claim_order_no<?2)",
    [SQL_CLAIM_OF_WORK_ORDERS] =
        "SELECT workcard_id, claim_order_no FROM claim"
        " WHERE platform=?1 AND workcard_id IN (SELECT value FROM json_each(?2))"
        " UNION SELECT workcard_id, claim_order_no FROM open_attempt"
        " WHERE platform=?1 AND workcard_id IN (SELECT value FROM json_each(?2)) LIMIT ?3",
    [SQL_WALK_BEGIN] = "SELECT 1", /* a file needs none */
    [SQL_WALK_END] = "SELECT 1",
    [SQL_ROUND_BRIEF] = "SELECT kind, by, reason, opened_ms FROM round WHERE id=?1",
    [SQL_SETTLEMENTS] = "SELECT at_ms, outcome, by, reason, was FROM settlement WHERE run=?1"
                        " AND row=?2 ORDER BY at_ms",

    /* pruning */
    [SQL_PRUNE_LIST] = "SELECT id FROM run WHERE " PRUNABLE " AND id>?2 ORDER BY id LIMIT 1",
    [SQL_PRUNE_OPEN] = "SELECT claim_order_no, workcard_id, platform, run, row FROM open_attempt"
                       " WHERE (claim_order_no, workcard_id, platform)>(?1, ?2, ?3)"
                       " ORDER BY claim_order_no, workcard_id, platform LIMIT 1",
    [SQL_PRUNE_KEEP] = "INSERT INTO pruned_export SELECT export_sha256, platform, command,"
                       " iif(origin, origin, id) FROM run WHERE id=?1 ON CONFLICT DO NOTHING",
    [SQL_PRUNE_RECALL] = "INSERT INTO pruned_export SELECT ?2, platform, command,"
                         " iif(origin, origin, id) FROM run WHERE id=?1 AND command<>''"
                         " AND export_sha256=zeroblob(32) ON CONFLICT DO NOTHING",
    [SQL_PRUNED_FIND] = "SELECT run FROM pruned_export WHERE export_sha256=?1 AND platform=?2"
                        " AND command=?3",
    [SQL_PRUNED_ENDED] =
        "SELECT " RUN_COLUMNS " FROM " RUN_TABLES " WHERE run.id=(SELECT p.run FROM"
        " pruned_export p WHERE p.export_sha256=?1 AND p.platform=?2"
        " AND p.command=?3)",
    [SQL_PRUNE_RUN] = "UPDATE run SET export_name='', export_sha256=zeroblob(32), export_bytes=0,"
                      " reading='', report_path='', stopped_because='', published=1, open_rows=0,"
                      " invalid_rows=0, released=0, parent='' WHERE id=?1",
    [SQL_PRUNE_LEFT] = "SELECT id FROM run WHERE export_sha256=zeroblob(32) AND id>?1 AND"
                       " (EXISTS(SELECT 1 FROM row WHERE row.id>=run.id << " ROW_BITS_TEXT
                       "   AND row.id<(run.id+1) << " ROW_BITS_TEXT ") OR"
                       "  EXISTS(SELECT 1 FROM run_count WHERE run_count.run=run.id) OR"
                       "  EXISTS(SELECT 1 FROM event WHERE event.run=run.id))"
                       " ORDER BY id LIMIT 1",
    [SQL_PRUNE_ROW_COUNT] = "SELECT count(*) FROM row WHERE id>=?1 AND id<?2",
    [SQL_PRUNE_CLAIM] = "SELECT claim_order_no, workcard_id, platform, last_run, last_row"
                        " FROM claim WHERE (claim_order_no, workcard_id, platform)>(?1, ?2, ?3)"
                        " ORDER BY claim_order_no, workcard_id, platform LIMIT 1",
    [SQL_PRUNE_ROWS] = "DELETE FROM row WHERE id IN (SELECT id FROM row WHERE id>=?1 AND id<?2"
                       " LIMIT ?3)",
    [SQL_PRUNE_CHANGED] =
        "DELETE FROM changed WHERE id>=?1 << " ROW_BITS_TEXT " AND id<(?1+1) << " ROW_BITS_TEXT,
    [SQL_PRUNE_COUNTS] = "DELETE FROM run_count WHERE run=?1",
    [SQL_PRUNE_ROUNDS] = "DELETE FROM round WHERE run=?1",
    [SQL_PRUNE_EVENTS] = "DELETE FROM event WHERE run=?1",
    [SQL_PRUNE_SETTLEMENTS] = "DELETE FROM settlement WHERE run=?1",
    [SQL_PRUNE_PENDING] = "DELETE FROM pending WHERE run=?1",

    /* importing */
    [SQL_IMPORT_INTENTS] = "SELECT run FROM open_attempt WHERE intent>0 AND run>?1 ORDER BY run"
                           " LIMIT 1",
    [SQL_IMPORT_PLACE] = "SELECT 1 FROM run WHERE sequence=?1 AND id<>?2",
    [SQL_IMPORT_ADD] = "INSERT INTO run(name, command, platform, export_name, export_sha256,"
                       " export_bytes, reading, report_path, started_ms, finished_ms,"
                       " stopped_because, complete, open_rows, invalid_rows, published, sequence)"
                       " VALUES(?1,'',?2,'',zeroblob(32),0,'','',?3,?3,'',0,0,0,1,?4)",
    [SQL_IMPORT_BEGAN] = "UPDATE run SET sequence=?2, command=?3, parent=?4, origin=?5 WHERE id=?1",
    [SQL_IMPORT_LINE] = "UPDATE run SET origin=?2 WHERE origin=?1",
    [SQL_IMPORT_FILL] = "UPDATE run SET export_name=?2, export_sha256=?3, export_bytes=?4,"
                        " reading=?5 WHERE id=?1",
    [SQL_IMPORT_NOTE] = "INSERT INTO import VALUES(?1,?2,?3,?4,?5) ON CONFLICT DO NOTHING",
    [SQL_IMPORT_BLIND] = "SELECT count(*) FROM claim WHERE accepted_digest=zeroblob(16)",
    [SQL_IMPORT_SETTLED] = "SELECT 1 FROM settlement WHERE run=?1 AND row=?2 AND submitted_ms=?3"
                           " LIMIT 1",
    [SQL_IMPORT_OPEN] = "SELECT run, row, intent, attempts, submitted_ms, 0 FROM open_attempt"
                        " WHERE " CLAIM_KEY,
    [SQL_IMPORT_OPEN_PUT] = "INSERT OR REPLACE INTO open_attempt VALUES(?1,?2,?3,?4,?5,0,?6,?7,?8,"
                            "?9,?10,0)",

    /* verifying */
    [SQL_CHAINS] = "SELECT claim_order_no, last_run, last_row, accepted_digest, accepted_run,"
                   " accepted_row, accepted_ms, o.run, o.row, o.intent, o.digest FROM claim"
                   " LEFT JOIN open_attempt o USING(claim_order_no, workcard_id, platform)",
    [SQL_CHAINS_IMPORTED] = "SELECT DISTINCT run FROM import ORDER BY run",
    [SQL_CHAINS_PRUNED] = "SELECT id FROM run WHERE export_sha256=zeroblob(32) ORDER BY id",
};

const char *sql_text(enum statement which)
{
    return sql[which];
}

const char *sql_migration(int from)
{
    return migrations[from];
}
