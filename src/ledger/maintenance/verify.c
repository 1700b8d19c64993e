/* A ledger is verified and copied. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/stop.h"
#include "base/words/language.h"
#include "chains.h"
#include "ledger/abandonment.h"
#include "ledger/maintenance/verify.h"
#include "ledger/store/database.h"
#include "ledger/store/schema.h"
#include "server_verify.h"

/* ---- verifying ---- */

struct verification {
    struct ledger *ledger;
    void (*say)(void *context, const char *sentence);
    void *context;
    uint64_t found, of_chains;
};

static void say(struct verification *v, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct verification *v, const char *format, ...)
{
    char sentence[VERIFY_SENTENCE_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(sentence, sizeof(sentence), language_of(format), args);
    va_end(args);
    v->found++;
    if (v->say)
        v->say(v->context, sentence);
}

/*
 * Questions that a ledger in order answers with no row. Each row answers with up to three columns,
 * that the sentence names in their order. A run that was pruned stays in the table of runs; its
 * rows and what else is known of it go in many transactions, and may be there in part (prune.c).
 */
#define PRUNED_RUNS "SELECT id FROM run WHERE export_sha256=zeroblob(32)"
#define PRUNED_ROWS                                                                                \
    PRUNED_RUNS " AND EXISTS(SELECT 1 FROM row WHERE row.id>=run.id << " ROW_BITS_TEXT             \
                " AND row.id<(run.id+1) << " ROW_BITS_TEXT ")"

static const struct {
    const char *sql;
    const char *sentence; /* each %s is a column */
} questions[] = {
    {"SELECT 'the id' WHERE NOT EXISTS(SELECT 1 FROM meta WHERE name='id' AND length(value)=32)",
     N_("%s of the ledger is missing or damaged")},
    {"SELECT name FROM run WHERE platform NOT IN (SELECT id FROM platform)",
     N_("run %s is of a platform that is not there")},
    {"SELECT id FROM run WHERE length(export_sha256)<>32 OR name='' OR started_ms<=0",
     N_("what is known of run number %s is damaged")},
    {"SELECT claim_order_no, run FROM open_attempt WHERE run NOT IN (SELECT id FROM run)",
     N_("claim %s has an open attempt of run number %s, which is not there")},
    {"SELECT claim_order_no, run, row FROM open_attempt WHERE length(digest)<>16 OR intent NOT IN"
     " (0,1) OR platform NOT IN (SELECT id FROM platform)",
     N_("the open attempt of claim %s (run number %s, row %s) is damaged")},
    {"SELECT claim_order_no, accepted_run, accepted_row FROM claim WHERE accepted_digest IS NOT"
     " NULL AND (accepted_run IS NULL OR accepted_run NOT IN (SELECT id FROM run))",
     N_("claim %s was accepted by run number %s, row %s, and that run is not there")},
    {"SELECT claim_order_no FROM claim WHERE accepted_digest IS NOT NULL AND"
     " (length(accepted_digest)<>16 OR accepted_row IS NULL OR accepted_ms IS NULL)",
     N_("what is known of the accepted content of claim %s is damaged")},
    {"SELECT claim_order_no FROM claim WHERE platform NOT IN (SELECT id FROM platform)",
     N_("claim %s is of a platform that is not there")},
    {"SELECT claim_order_no, last_run, last_row FROM claim c WHERE last_run<>0 AND NOT"
     " EXISTS(SELECT 1 FROM row WHERE row.id=c.last_run << " ROW_BITS_TEXT " | c.last_row)",
     N_("the newest row of claim %s (run number %s, row %s) is not there")},
    {"SELECT run, row, prev_run FROM row r WHERE prev_run<>0 AND NOT EXISTS(SELECT 1 FROM row p"
     " WHERE p.id=r.prev_run << " ROW_BITS_TEXT " | r.prev_row) AND run NOT IN (" PRUNED_RUNS ")",
     N_("run number %s, row %s: the row of the same claim before it (of run number %s) is not "
        "there")},
    {"SELECT run, row, prev_run FROM row WHERE prev_run>run OR (prev_run=run AND prev_row>=row)",
     N_("run number %s, row %s: the row of the same claim before it (of run number %s) comes after "
        "it")},
    {"SELECT claim_order_no, accepted_run, accepted_row FROM claim c JOIN row r ON"
     " r.id=c.accepted_run << " ROW_BITS_TEXT " | c.accepted_row WHERE r.digest<>accepted_digest",
     N_("what is known as accepted of claim %s is not the content of the row (run number %s, row "
        "%s)")},
    {"SELECT claim_order_no FROM claim c WHERE accepted_digest IS NULL AND last_run<>0 AND EXISTS("
     "WITH RECURSIVE chain(outcome, prev_run, prev_row) AS (SELECT outcome, prev_run, prev_row FROM"
     " row WHERE id=c.last_run << " ROW_BITS_TEXT " | c.last_row UNION SELECT r.outcome,"
     " r.prev_run, r.prev_row FROM chain JOIN row r ON r.id=chain.prev_run << " ROW_BITS_TEXT
     " | chain.prev_row WHERE chain.prev_run<>0) SELECT 1 FROM chain WHERE outcome=0)",
     N_("claim %s has a row that was accepted, and is not known as accepted")},
    {"SELECT chains, claims FROM (SELECT count(*) AS chains FROM row r WHERE linked<>0 AND NOT"
     " EXISTS(SELECT 1 FROM row p WHERE r.prev_run<>0 AND p.id=r.prev_run << " ROW_BITS_TEXT
     " | r.prev_row)), (SELECT count(*) AS claims FROM claim WHERE last_run<>0) WHERE "
     "chains<>claims AND NOT EXISTS(" PRUNED_ROWS ")",
     N_("there are rows of %s claims, and records of %s: some are lost")},
    {"SELECT DISTINCT run FROM row WHERE run NOT IN (SELECT id FROM run)",
     N_("there are rows of run number %s, which is not there")},
    {"SELECT run, row FROM row WHERE state NOT IN (2,3,4) OR outcome NOT BETWEEN 0 AND 6 OR"
     " (state=4 AND outcome<3) OR counts_as NOT BETWEEN 0 AND 6 OR attempts<0 OR "
     "length(digest)<>16",
     N_("the record of run number %s, row %s is damaged")},
    {"SELECT run, round FROM row WHERE round<>0 AND round NOT IN (SELECT id FROM round)"
     " GROUP BY run, round",
     N_("rows of run number %s were sent in round number %s, which is not there")},
    {"SELECT run, outcome FROM run_count WHERE outcome NOT BETWEEN 0 AND 6 OR rows<0 OR"
     " counts_as<0 OR run NOT IN (SELECT id FROM run)",
     N_("the count of run number %s, outcome number %s, is damaged")},
    {"SELECT claim_order_no, run, row FROM open_attempt o WHERE intent=0 AND NOT EXISTS(SELECT 1"
     " FROM claim c WHERE c.claim_order_no=o.claim_order_no AND c.workcard_id=o.workcard_id AND"
     " c.platform=o.platform)",
     N_("claim %s has an unknown attempt (run number %s, row %s), and no record of its own")},
    {"SELECT run, row FROM settlement s WHERE run NOT IN (" PRUNED_RUNS ") AND EXISTS(SELECT 1 FROM"
     " row r WHERE r.id>=s.run << " ROW_BITS_TEXT " AND r.id<(s.run+1) << " ROW_BITS_TEXT ") AND"
     " NOT EXISTS(SELECT 1 FROM row r WHERE r.id=s.run << " ROW_BITS_TEXT " | s.row AND"
     " r.digest=s.digest)",
     N_("run number %s, row %s was settled by a person, and is not there with that content")},
    {"SELECT run, row FROM row r WHERE code IN ('RESOLVED_ACCEPTED','RESOLVED_NOT_EXECUTED') AND"
     " NOT EXISTS(SELECT 1 FROM settlement s WHERE s.run=r.run AND s.row=r.row) AND run NOT IN"
     " (SELECT run FROM import)",
     N_("run number %s, row %s says that a person settled it, and no such decision is there")},
    {"SELECT c.run, c.rows, c.outcome FROM run_count c JOIN run ON run.id=c.run WHERE published=1"
     " AND finished_ms>0 AND released=0 AND c.outcome<3 AND c.run NOT IN (SELECT run FROM import)"
     " AND c.run NOT IN (" PRUNED_RUNS
     ") AND EXISTS(SELECT 1 FROM row r WHERE r.id>=c.run << " ROW_BITS_TEXT " AND r.id<(c.run+1)"
     " << " ROW_BITS_TEXT ") AND c.rows>(SELECT count(*) FROM row r WHERE r.id>=c.run"
     " << " ROW_BITS_TEXT " AND r.id<(c.run+1) << " ROW_BITS_TEXT " AND r.outcome=c.outcome)",
     N_("run number %s ended with %s rows of outcome number %s, and not all of them are there")},
    {"SELECT id FROM (SELECT id, sequence, lag(sequence) OVER (ORDER BY id) AS before FROM run"
     " WHERE command<>'' AND id NOT IN (SELECT run FROM import)) WHERE sequence<=coalesce(before,"
     " 0)",
     N_("run number %s is not behind the run before it in the order of runs")},
    {"SELECT id, origin FROM run r WHERE origin<>0 AND (origin NOT IN (SELECT id FROM run) OR"
     " parent='' AND export_sha256<>zeroblob(32) AND origin NOT IN (SELECT run FROM"
     " pruned_export) AND NOT EXISTS(SELECT 1 FROM run o WHERE o.id=r.origin AND"
     " o.export_sha256=r.corrects AND o.platform=r.platform))",
     N_("run number %s stands in the place of run number %s, which is not there or not its "
        "parent")},
    {"SELECT count(*) FROM commits HAVING count(*)<>1 OR min(count)<0 OR max(count)<(SELECT"
     " coalesce(max(until), 0) FROM gap)",
     N_("the count of commits is damaged (%s records of it)")},
    {"SELECT run FROM abandonment WHERE run NOT IN (SELECT id FROM run)",
     N_("run number %s was abandoned, and is not there")},
    {"SELECT id, run FROM round WHERE run NOT IN (SELECT id FROM run)",
     N_("round number %s is of run number %s, which is not there")},
};

/* Damage is what verifying looks for; anything else that stops it is an error. */
static bool is_damage(struct ledger *ledger)
{
    int code = sqlite3_errcode(ledger->db) & 0xff;

    return code == SQLITE_CORRUPT || code == SQLITE_IOERR || code == SQLITE_NOTADB ||
           code == SQLITE_ERROR || code == SQLITE_MISMATCH || code == SQLITE_FORMAT;
}

static int take_failure(struct verification *v, struct error *err)
{
    char words[256];

    if (!is_damage(v->ledger))
        return database_fail(v->ledger, err);
    snprintf(words, sizeof(words), "%s", sqlite3_errmsg(v->ledger->db));
    say(v, _("the ledger cannot be read whole: %s"), words);
    return 0;
}

/* Steps a statement that is used once to its next row: 1, 0 at the end or at damage, or -1. */
static int next_answer(struct verification *v, struct database_statement *s, struct error *err)
{
    int code = s->sqlite ? sqlite3_step(s->sqlite) : SQLITE_ERROR;

    if (code == SQLITE_ROW)
        return 1;
    return code == SQLITE_DONE ? 0 : take_failure(v, err);
}

/* The database's own look at its pages, tables and indexes. */
static int check_structure(struct verification *v, struct error *err)
{
    struct database_statement s = {0};
    int found;

    sqlite3_prepare_v2(v->ledger->db, "PRAGMA integrity_check", -1, &s.sqlite, NULL);
    while ((found = next_answer(v, &s, err)) > 0) {
        const char *words = database_text(&s, 0);

        if (strcmp(words, "ok") != 0)
            say(v, _("the structure of the file is damaged: %s"), LOG_QUOTED(words));
    }
    sqlite3_finalize(s.sqlite);
    return found;
}

/* Puts one answer into words: the sentence with its columns in the place of each %s. */
static void say_answer(struct verification *v, struct database_statement *s, const char *sentence)
{
    struct buffer text = {0};
    int column = 0;

    for (const char *p = _(sentence); *p; p++) {
        if (p[0] != '%') {
            buffer_byte(&text, *p);
            continue;
        }
        p++;
        buffer_text(&text, LOG_QUOTED(database_text(s, column++)));
    }
    say(v, "%s", buffer_string(&text));
    buffer_release(&text);
}

static int ask(struct verification *v, const char *sql, const char *sentence, struct error *err)
{
    struct database_statement s = {0};
    uint64_t count = 0;
    int found;

    sqlite3_prepare_v2(v->ledger->db, sql, -1, &s.sqlite, NULL);
    while ((found = next_answer(v, &s, err)) > 0) {
        if (count++ < VERIFY_SENTENCES_MAX)
            say_answer(v, &s, sentence);
        else
            v->found++;
    }
    sqlite3_finalize(s.sqlite);
    return found;
}

/* The tables are compared with those of the ledger's version. A run may bring it to this program's
 * version between the two looks: then what was found is of none, and they are looked at again. */
static int compare_tables(struct ledger *ledger, int64_t *ret_version, struct buffer *ret_words,
                          struct error *err)
{
    int64_t now;

    do {
        buffer_reset(ret_words);
        if (database_number(ledger, "PRAGMA user_version", ret_version, err) ||
            schema_compare(ledger, *ret_version, ret_words, err) ||
            database_number(ledger, "PRAGMA user_version", &now, err))
            return -1;
    } while (now != *ret_version);
    return 0;
}

/* A schema that cannot be read is damage that the structure has told of. */
static int verify_schema(struct verification *v, int64_t *ret_version, struct error *err)
{
    struct buffer words = {0};
    struct error why;
    int result = compare_tables(v->ledger, ret_version, &words, &why);

    if (result && (why.exit_code == EXIT_RESOURCES || stop_signal()))
        *err = why;
    else if (result)
        result = take_failure(v, err);
    else if (words.len)
        say(v, _("the tables are not as claimbatch makes them:%s"), buffer_string(&words));
    buffer_release(&words);
    return result;
}

static void say_of_chains(void *context, const char *sentence)
{
    struct verification *v = context;

    v->of_chains++;
    if (v->of_chains <= VERIFY_SENTENCES_MAX)
        say(v, "%s", sentence);
    else
        v->found++;
}

static int verify_chains(struct verification *v, struct error *err)
{
    struct chains_visitor visitor = {v, say_of_chains};
    struct error why;

    if (!chains_verify(v->ledger, &visitor, &why))
        return 0;
    if (why.exit_code == EXIT_RESOURCES || why.exit_code == EXIT_TRY_LATER || stop_signal()) {
        *err = why;
        return -1;
    }
    if (!v->found) /* it is damaged where the questions do not look */
        say(v, _("the claims cannot be read: %s"), why.text);
    return 0;
}

int verify_ledger(struct ledger *ledger, void (*say_it)(void *context, const char *sentence),
                  void *context, uint64_t *ret_found, struct error *err)
{
    struct verification v = {.ledger = ledger, .say = say_it, .context = context};
    int64_t version = LEDGER_SCHEMA;
    int result;

    if (database_is_server(ledger))
        return server_verify_ledger(ledger, say_it, context, ret_found, err);
    result = check_structure(&v, err);
    if (!result)
        result = verify_schema(&v, &version, err);
    /* What an earlier version's tables have to say is not asked in their old form. */
    for (size_t i = 0;
         !result && version == LEDGER_SCHEMA && i < sizeof(questions) / sizeof(*questions); i++)
        result = ask(&v, questions[i].sql, questions[i].sentence, err);
    if (!result && version == LEDGER_SCHEMA)
        result = verify_chains(&v, err);
    *ret_found = v.found;
    return result;
}
