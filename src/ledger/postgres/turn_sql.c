#include "turn_sql.h"

/* ---- the columns that rows and attempts have ---- */

/* Locks are taken in the order of claims, so that of two who take some neither waits for the other.
 */

#define RECORDS                                                                                    \
    "(SELECT * FROM unnest($2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20)"   \
    " AS x(call, claim, row, state, outcome, counts_as, http_status, attempts, tries,"             \
    " submitted_ms, duration_ms, round, digest, code, sub_code, message, request_id, warnings,"    \
    " fee) ORDER BY claim) AS x"

/* Of a row, without where it is. */
#define NUMBERS                                                                                    \
    "state, outcome, counts_as, http_status, attempts, tries, submitted_ms, duration_ms, round,"   \
    " digest"
#define TEXTS "code, sub_code, message, request_id, warnings"
#define PUT_ROW(from)                                                                              \
    "INSERT INTO row AS r(run, row, claim, call, " NUMBERS ", " TEXTS ") SELECT $1, row,"          \
    " nullif(claim, 0), call, " NUMBERS ", " TEXTS " FROM " from                                   \
    " ON CONFLICT (run, row) DO UPDATE SET (claim, call, " NUMBERS ", " TEXTS ") ="                \
    " (coalesce(excluded.claim, r.claim), excluded.call, excluded.state, excluded.outcome,"        \
    " excluded.counts_as, excluded.http_status, excluded.attempts, excluded.tries,"                \
    " excluded.submitted_ms, excluded.duration_ms, excluded.round, excluded.digest,"               \
    " excluded.code, excluded.sub_code, excluded.message, excluded.request_id,"                    \
    " excluded.warnings)"

#define OPEN                                                                                       \
    "open_call, open_worker, open_run, open_row, open_ms, open_round, open_attempts, open_tries,"  \
    " open_digest, open_warnings, open_intent, open_besides"

/* A row's unknown attempt, as the open one. One that another ledger or version told of has no call:
 * the row's place is its number then. */
#define AS_OPEN                                                                                    \
    "coalesce(r.call, -(r.run<<36|r.row)), coalesce(r.call>>28, 0), r.run, r.row, r.submitted_ms," \
    " r.round, r.attempts, r.tries, r.digest, r.warnings, false, false"
#define UNSETTLED                                                                                  \
    "r.claim=o.id AND r.state=3 AND r.outcome=3 AND r.attempts>0"                                  \
    " AND (o.accepted_ms IS NULL OR r.submitted_ms>o.accepted_ms)"

/* The place of a run's line in the order of runs, and the run's own in that line. */
#define SEQUENCE(run)                                                                              \
    "(SELECT s.sequence FROM run r JOIN run s ON s.id=CASE r.origin WHEN 0 THEN r.id"              \
    " ELSE r.origin END WHERE r.id=" run ")"
#define RANK(run)                                                                                  \
    "(SELECT CASE r.origin WHEN 0 THEN 0 ELSE r.sequence END FROM run r WHERE r.id=" run ")"

/* Whether a row that was accepted is the claim's newest one. */
#define IS_NEWEST                                                                                     \
    "x.state=3 AND x.outcome=0 AND (o.accepted_run IS NULL OR coalesce((" SEQUENCE(                   \
        "o.accepted_run") ", o.accepted_row, " RANK("o.accepted_run") ")<=(" SEQUENCE("$1") ", "      \
                                                                                            "x."      \
                                                                                            "row,"    \
                                                                                            " " RANK( \
                                                                                                "$1") "), false))"
#define ACCEPTED "accepted_run, accepted_row, accepted_ms, accepted_digest, accepted_fee"

/* ---- intents ---- */

#define INTENT                                                                                     \
    "call, workcard_id, claim_order_no, row, submitted_ms, round, attempts, tries, digest,"        \
    " warnings"

/* ---- what is asked ---- */

#define ROW_NUMBERS(r)                                                                             \
    r ".row, " r ".state, " r ".outcome, " r ".counts_as, " r ".attempts, " r ".tries, " r         \
      ".http_status, " r ".submitted_ms, " r ".duration_ms, " r ".digest, " r ".round"
#define ROW_TEXTS(r) r ".code, " r ".sub_code, " r ".message, " r ".request_id, " r ".warnings"

static const char *const texts[TURN_STATEMENT_COUNT] = {
    [TURN_FENCE] = "SELECT need(EXISTS(SELECT 1 FROM worker WHERE id=$1 AND epoch=$2 AND NOT fenced"
                   " AND NOT ended FOR SHARE))",
    [TURN_BEAT] = "UPDATE worker SET beat=beat+1, beat_at=clock_timestamp(), calls=$2 WHERE id=$1",
    /* An attempt of another row that is unknown besides is the open one then. */
    [TURN_OVER] =
        "WITH g AS (UPDATE claim o SET version=o.version+1, settle_from=NULL, (" ACCEPTED
        ") = (SELECT * FROM (SELECT $1, x.row, x.submitted_ms+x.duration_ms, x.digest, x.fee"
        " WHERE " IS_NEWEST " UNION ALL SELECT o.accepted_run, o.accepted_row, o.accepted_ms,"
        " o.accepted_digest, o.accepted_fee) u LIMIT 1), (" OPEN ") = (SELECT " AS_OPEN
        " FROM row r WHERE o.open_besides AND NOT (x.state=3 AND x.outcome=0) AND " UNSETTLED
        " AND (r.run, r.row)<>($1, x.row) ORDER BY r.submitted_ms DESC LIMIT 1)"
        " FROM " RECORDS
        " WHERE o.id=x.claim AND o.open_call=x.call RETURNING x.*) " PUT_ROW("g") " RETURNING call",
    [TURN_STAY] =
        "WITH g AS (UPDATE claim o SET version=o.version+o.open_intent::integer, open_intent=false"
        " FROM " RECORDS " WHERE o.id=x.claim AND o.open_call=x.call"
        " RETURNING x.*) " PUT_ROW("g") " RETURNING call",
    /* Where no row tells of the earlier attempt, this row does, as an unknown one. */
    [TURN_PUT_OFF] =
        "WITH g AS (UPDATE claim o SET version=o.version+1, settle_from=NULL, (" OPEN
        ") = (SELECT * FROM ((SELECT " AS_OPEN " FROM row r WHERE " UNSETTLED
        " ORDER BY r.submitted_ms DESC LIMIT 1) UNION ALL SELECT o.open_call, o.open_worker,"
        " o.open_run, o.open_row, o.open_ms, o.open_round, o.open_attempts, o.open_tries,"
        " o.open_digest, o.open_warnings, false, false) u LIMIT 1) FROM " RECORDS
        " WHERE o.id=x.claim AND o.open_call=x.call RETURNING x.*, o.open_call=x.call AS stays),"
        " h AS (SELECT call, claim, row, 3 AS state, 3 AS outcome, 3 AS counts_as, http_status,"
        " attempts, tries, submitted_ms, duration_ms, 0 AS round, digest, " TEXTS
        " FROM g WHERE stays), p AS (" PUT_ROW("h") ") SELECT call FROM g",
    [TURN_RELEASE] =
        "WITH g AS (UPDATE row r SET outcome=6, counts_as=6, code='RELEASED', message=$2"
        " FROM unnest($1) AS x(claim) WHERE r.claim=x.claim AND r.counts_as=3 AND (r.state=4 OR "
        "(r.state=3 AND"
        " r.attempts=0))"
        " RETURNING r.run) UPDATE run SET released=released+k.rows FROM (SELECT g.run, count(*)"
        " AS rows FROM g GROUP BY g.run) k WHERE run.id=k.run",
    [TURN_NOTE] = PUT_ROW(RECORDS) " WHERE r.call IS DISTINCT FROM excluded.call",
    [TURN_DOUBT] =
        "UPDATE claim o SET version=o.version+1, open_besides=o.open_call IS NOT NULL, "
        " open_intent=o.open_call IS NOT NULL, open_call=coalesce(o.open_call, x.call),"
        " open_worker=coalesce(o.open_worker, x.call>>28), open_run=coalesce(o.open_run, $1),"
        " open_row=coalesce(o.open_row, x.row), open_ms=coalesce(o.open_ms, x.submitted_ms),"
        " open_round=coalesce(o.open_round, x.round),"
        " open_attempts=coalesce(o.open_attempts, x.attempts),"
        " open_tries=coalesce(o.open_tries, x.tries),"
        " open_digest=coalesce(o.open_digest, x.digest),"
        " open_warnings=coalesce(o.open_warnings, x.warnings) FROM " RECORDS
        " WHERE o.id=x.claim AND (o.open_call IS NULL OR o.open_intent)",
    [TURN_WARN] =
        "UPDATE row r SET warnings=r.warnings||CASE r.warnings WHEN '' THEN '' ELSE ';' END||x.code"
        " FROM unnest($2,$3) AS x(row, code) WHERE r.run=$1 AND r.row=x.row AND r.outcome<>3"
        " AND position(x.code IN r.warnings)=0",
    [TURN_CHANGE] = "INSERT INTO changed SELECT $1, x.row, x.before, x.fee"
                    " FROM unnest($2,$3,$4) AS x(row, before, fee) ON CONFLICT (run, row)"
                    " DO UPDATE SET fee_before=excluded.fee_before, fee_after=excluded.fee_after",
    [TURN_UNCHANGED] = "DELETE FROM changed c USING unnest($2) AS x(row) WHERE c.run=$1"
                       " AND c.row=x.row",
    /* Not "… SELECT … WHERE": that is decided on what was there when it began, not on what is there
     * when it is its turn. A claim's number is the call that told of it first. */
    [TURN_NEW] =
        "INSERT INTO claim AS c(id, version, platform, workcard_id, claim_order_no, " OPEN
        ") SELECT x.call, 0, $1, x.workcard_id, x.claim_order_no, x.call, $2, $3, x.row,"
        " x.submitted_ms, x.round, x.attempts, x.tries, x.digest, x.warnings, true, false"
        " FROM (SELECT * FROM unnest($4,$5,$6,$7,$8,$9,$10,$11,$12,$13) AS x(" INTENT
        ") ORDER BY claim_order_no, workcard_id) AS x"
        " ON CONFLICT (claim_order_no, workcard_id, platform) DO UPDATE SET version=c.version"
        " WHERE c.open_call=excluded.open_call RETURNING open_call, id",
    [TURN_INTEND] =
        "WITH g AS (UPDATE claim c SET version=c.version+(c.open_call IS DISTINCT FROM"
        " x.call)::integer, open_call=x.call, open_worker=$2, open_run=$3, open_row=x.row,"
        " open_ms=x.submitted_ms, open_round=x.round, open_attempts=x.attempts,"
        " open_tries=x.tries, open_digest=x.digest, open_warnings=x.warnings, open_intent=true,"
        " open_besides=coalesce(c.open_besides, false), settle_from=NULL"
        " FROM (SELECT * FROM unnest($4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19) AS "
        "x(" INTENT ", claim, version, resend, changed, before, fee) ORDER BY claim) AS x WHERE "
        "c.id=x.claim AND c.platform=$1"
        " AND (c.open_call=x.call OR (c.version=x.version AND (c.open_call IS NULL OR (x.resend"
        " AND NOT c.open_intent AND coalesce(c.settle_from<=clock_timestamp(), true)))))"
        " RETURNING x.call, x.claim, x.row, x.attempts, x.changed, x.before, x.fee),"
        " h AS (INSERT INTO changed SELECT $3, g.row, g.before, g.fee FROM g WHERE g.changed"
        " ON CONFLICT (run, row) DO UPDATE SET fee_before=excluded.fee_before,"
        " fee_after=excluded.fee_after), d AS (DELETE FROM changed c USING g WHERE c.run=$3 AND "
        "c.row=g.row AND NOT g.changed AND g.attempts>1) SELECT call, claim FROM g",
    [TURN_ASK] =
        "SELECT x.ord, c.id, c.version, c.accepted_run, c.accepted_row, c.accepted_ms,"
        " c.accepted_digest, c.accepted_fee, a.name, a.sequence, a.rank, c.open_call,"
        " c.open_run, c.open_row, c.open_intent, w.alive, c.settle_from>clock_timestamp(),"
        " " ROW_NUMBERS("b") ", " ROW_NUMBERS("o") ", " ROW_TEXTS("o") ", " ROW_NUMBERS(
            "l") ","
                 " " ROW_TEXTS(
                     "l") " FROM unnest($3,$4,$5,$6,$7) WITH ORDINALITY"
                          " AS x(claim_order_no, workcard_id, row, repeated, last, ord)"
                          " LEFT JOIN LATERAL (SELECT * FROM claim WHERE "
                          "claim_order_no=x.claim_order_no AND"
                          " workcard_id=x.workcard_id AND platform=$1 OFFSET 0) c ON true"
                          " LEFT JOIN LATERAL (SELECT r.name, (SELECT s.sequence FROM run s WHERE "
                          "s.id=CASE r.origin"
                          " WHEN 0 THEN r.id ELSE r.origin END) AS sequence, CASE r.origin WHEN 0 "
                          "THEN 0 ELSE"
                          " r.sequence END AS rank FROM run r WHERE r.id=c.accepted_run OFFSET 0) "
                          "a ON true"
                          " LEFT JOIN LATERAL (SELECT NOT fenced AND NOT ended AS alive FROM worker"
                          " WHERE id=c.open_worker OFFSET 0) w ON true"
                          " LEFT JOIN LATERAL (SELECT * FROM row WHERE x.repeated AND claim=c.id "
                          "AND run=$2"
                          " AND row<x.row ORDER BY row DESC LIMIT 1) b ON true"
                          " LEFT JOIN LATERAL (SELECT * FROM row WHERE run=c.open_run AND "
                          "row=c.open_row OFFSET 0)"
                          " o ON true"
                          " LEFT JOIN LATERAL (SELECT * FROM row WHERE x.last AND claim=c.id ORDER "
                          "BY run DESC,"
                          " row DESC LIMIT 1) l ON true ORDER BY x.ord",
    [TURN_FACTS] =
        "SELECT floor(extract(epoch FROM clock_timestamp())*1000)::bigint,"
        " ceil(greatest(0, least(a.ban_wait_ms, extract(epoch FROM a.ban_until-clock_timestamp())"
        "*1000)))::bigint, a.day, a.calls, a.generation, r.halt_code, r.halt_text"
        " FROM (VALUES(1)) AS one LEFT JOIN app a ON a.platform=$1 AND a.app_key=$2"
        " LEFT JOIN run r ON r.id=$3",
};

static const enum server_type fence[] = {SERVER_INT8, SERVER_INT4};
static const enum server_type beat[] = {SERVER_INT8, SERVER_INT8};
static const enum server_type records[] = {
    SERVER_INT8,  SERVER_INT8S, SERVER_INT8S, SERVER_INT8S,       SERVER_INT4S,
    SERVER_INT4S, SERVER_INT4S, SERVER_INT4S, SERVER_INT4S,       SERVER_INT4S,
    SERVER_INT8S, SERVER_INT8S, SERVER_INT8S, SERVER_BYTES_ARRAY, SERVER_TEXTS,
    SERVER_TEXTS, SERVER_TEXTS, SERVER_TEXTS, SERVER_TEXTS,       SERVER_INT8S,
};
static const enum server_type intents[] = {
    SERVER_INT4,  SERVER_INT8,        SERVER_INT8,  SERVER_INT8S, SERVER_INT8S,
    SERVER_TEXTS, SERVER_INT8S,       SERVER_INT8S, SERVER_INT8S, SERVER_INT4S,
    SERVER_INT4S, SERVER_BYTES_ARRAY, SERVER_TEXTS, SERVER_INT8S, SERVER_INT4S,
    SERVER_BOOLS, SERVER_BOOLS,       SERVER_INT8S, SERVER_INT8S,
};
static const enum server_type release[] = {SERVER_INT8S, SERVER_TEXT};
static const enum server_type warn[] = {SERVER_INT8, SERVER_INT8S, SERVER_TEXTS};
static const enum server_type rows[] = {SERVER_INT8, SERVER_INT8S};
static const enum server_type change[] = {SERVER_INT8, SERVER_INT8S, SERVER_INT8S, SERVER_INT8S};
static const enum server_type ask[] = {SERVER_INT4,  SERVER_INT8,  SERVER_TEXTS, SERVER_INT8S,
                                       SERVER_INT8S, SERVER_BOOLS, SERVER_BOOLS};
static const enum server_type facts[] = {SERVER_INT4, SERVER_TEXT, SERVER_INT8};

#define TYPES(list)                                                                                \
    {                                                                                              \
        list, sizeof(list) / sizeof(*(list))                                                       \
    }

static const struct {
    const enum server_type *list;
    size_t count;
} types[TURN_STATEMENT_COUNT] = {
    [TURN_FENCE] = TYPES(fence),     [TURN_BEAT] = TYPES(beat),
    [TURN_OVER] = TYPES(records),    [TURN_STAY] = TYPES(records),
    [TURN_PUT_OFF] = TYPES(records), [TURN_RELEASE] = TYPES(release),
    [TURN_NOTE] = TYPES(records),    [TURN_DOUBT] = TYPES(records),
    [TURN_WARN] = TYPES(warn),       [TURN_CHANGE] = TYPES(change),
    [TURN_UNCHANGED] = TYPES(rows),  [TURN_NEW] = {intents, 3 + TURN_INTENT_CLAIM},
    [TURN_INTEND] = TYPES(intents),  [TURN_ASK] = TYPES(ask),
    [TURN_FACTS] = TYPES(facts),
};

const char *turn_sql(enum turn_statement statement)
{
    return texts[statement];
}

size_t turn_sql_types(enum turn_statement statement, const enum server_type **ret_types)
{
    *ret_types = types[statement].list;
    return types[statement].count;
}
