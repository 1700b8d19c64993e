#include "server_verify.h"

#include "base/error.h"
#include "ledger/ledger.h"

#ifdef HAVE_LIBPQ

#include "base/buffer.h"
#include "base/log.h"
#include "base/words/language.h"
#include "ledger/maintenance/verify.h"
#include "ledger/postgres/session.h"
#include "ledger/store/database.h"

#define NO_SHA256 "decode(repeat('00', 32), 'hex')"
#define IS_PRUNED "IN (SELECT id FROM run WHERE export_sha256=" NO_SHA256 ")"
#define IS_IMPORTED "IN (SELECT run FROM import)"
#define IS_OVER "IN (SELECT id FROM worker WHERE fenced OR ended)"

/* As those of verify.c: a ledger in order answers with no row, and each row with up to three
 * columns, that the sentence names in their order. */
static const struct {
    const char *sql;
    const char *sentence;
} questions[] = {
    {"SELECT 'the id' WHERE NOT EXISTS(SELECT 1 FROM meta WHERE name='id' AND length(value)=32)",
     N_("%s of the ledger is missing or damaged")},
    {"SELECT name FROM run WHERE platform NOT IN (SELECT id FROM platform)",
     N_("run %s is of a platform that is not there")},
    {"SELECT id FROM run WHERE octet_length(export_sha256)<>32 OR name='' OR started_ms<=0",
     N_("what is known of run number %s is damaged")},
    {"SELECT id FROM (SELECT id, sequence, lag(sequence) OVER (ORDER BY id) AS before FROM run"
     " WHERE command<>'' AND id NOT " IS_IMPORTED ") o WHERE sequence<=coalesce(before, 0)",
     N_("run number %s is not behind the run before it in the order of runs")},
    {"SELECT id, origin FROM run r WHERE origin<>0 AND (origin NOT IN (SELECT id FROM run) OR"
     " parent='' AND export_sha256<>" NO_SHA256 " AND origin NOT IN (SELECT run FROM pruned_export)"
     " AND NOT EXISTS(SELECT 1 FROM run o WHERE o.id=r.origin AND o.export_sha256=r.corrects AND"
     " o.platform=r.platform))",
     N_("run number %s stands in the place of run number %s, which is not there or not its "
        "parent")},
    {"SELECT run, outcome FROM run_count WHERE outcome NOT BETWEEN 0 AND 6 OR rows<0 OR"
     " counts_as<0 OR run NOT IN (SELECT id FROM run)",
     N_("the count of run number %s, outcome number %s, is damaged")},
    {"SELECT c.run, c.rows, c.outcome FROM run_count c JOIN run ON run.id=c.run WHERE published=1"
     " AND finished_ms>0 AND released=0 AND c.outcome<3 AND c.run NOT " IS_IMPORTED
     " AND c.run NOT " IS_PRUNED " AND EXISTS(SELECT 1 FROM row r WHERE r.run=c.run)"
     " AND c.rows>(SELECT count(*) FROM row r WHERE r.run=c.run AND r.outcome=c.outcome)",
     N_("run number %s ended with %s rows of outcome number %s, and not all of them are there")},
    {"SELECT run FROM abandonment WHERE run NOT IN (SELECT id FROM run)",
     N_("run number %s was abandoned, and is not there")},
    {"SELECT id, run FROM round WHERE run NOT IN (SELECT id FROM run)",
     N_("round number %s is of run number %s, which is not there")},

    /* claims */
    {"SELECT claim_order_no FROM claim WHERE platform NOT IN (SELECT id FROM platform)",
     N_("claim %s is of a platform that is not there")},
    {"SELECT claim_order_no, accepted_run, accepted_row FROM claim WHERE accepted_digest IS NOT"
     " NULL AND (accepted_run IS NULL OR accepted_run NOT IN (SELECT id FROM run))",
     N_("claim %s was accepted by run number %s, row %s, and that run is not there")},
    {"SELECT claim_order_no FROM claim WHERE accepted_digest IS NOT NULL AND"
     " (octet_length(accepted_digest)<>16 OR accepted_row IS NULL OR accepted_ms IS NULL)",
     N_("what is known of the accepted content of claim %s is damaged")},
    {"SELECT claim_order_no, accepted_run, accepted_row FROM claim c JOIN row r ON"
     " r.run=c.accepted_run AND r.row=c.accepted_row WHERE r.digest<>accepted_digest",
     N_("what is known as accepted of claim %s is not the content of the row (run number %s, row "
        "%s)")},
    {"SELECT claim_order_no, accepted_run, accepted_row FROM claim c LEFT JOIN row r ON"
     " r.run=c.accepted_run AND r.row=c.accepted_row WHERE accepted_digest IS NOT NULL AND"
     " accepted_run NOT " IS_PRUNED " AND accepted_run NOT " IS_IMPORTED
     " AND (r.run IS NULL OR r.outcome<>0 AND r.round=0)",
     N_("claim %s was accepted by run number %s, row %s, and that row is not there as accepted")},
    {"SELECT claim_order_no FROM claim c WHERE accepted_digest IS NULL AND EXISTS(SELECT 1 FROM"
     " row r WHERE r.claim=c.id AND r.outcome=0)",
     N_("claim %s has a row that was accepted, and is not known as accepted")},

    /* open attempts */
    {"SELECT claim_order_no, open_run FROM claim WHERE open_call IS NOT NULL AND open_run NOT IN"
     " (SELECT id FROM run)",
     N_("claim %s has an open attempt of run number %s, which is not there")},
    {"SELECT claim_order_no, open_run, open_row FROM claim WHERE"
     " num_nulls(open_call, open_run, open_row, open_ms, open_attempts, open_tries, open_intent,"
     "  open_digest, open_warnings) NOT IN (0, 9) OR octet_length(open_digest)<>16",
     N_("the open attempt of claim %s (run number %s, row %s) is damaged")},
    {"SELECT claim_order_no, open_run, open_row FROM claim c WHERE open_call IS NOT NULL AND NOT"
     " open_intent AND NOT EXISTS(SELECT 1 FROM row r WHERE r.run=c.open_run AND r.row=c.open_row"
     " AND r.claim=c.id)",
     N_("claim %s has an unknown attempt (run number %s, row %s) without that row")},
    {"SELECT claim_order_no, open_run, open_worker FROM claim WHERE open_call IS NOT NULL AND"
     " open_intent AND open_worker " IS_OVER,
     N_("claim %s has a call under way (run number %s) of worker %s, which is over")},
    {"SELECT claim_order_no, open_worker FROM claim WHERE open_call IS NOT NULL AND"
     " open_worker IS NOT NULL AND open_worker NOT IN (SELECT id FROM worker)",
     N_("claim %s has an open attempt of worker %s, which is not there")},
    {"SELECT open_call, min(claim_order_no), max(claim_order_no) FROM claim WHERE open_call IS NOT"
     " NULL GROUP BY open_call HAVING count(*)>1",
     N_("call %s is the open one of more claims than one: %s and %s")},

    /* rows */
    {"SELECT DISTINCT run FROM row WHERE run NOT IN (SELECT id FROM run)",
     N_("there are rows of run number %s, which is not there")},
    {"SELECT run, row FROM row r WHERE claim IS NOT NULL AND NOT EXISTS(SELECT 1 FROM claim c"
     " WHERE c.id=r.claim)",
     N_("run number %s, row %s is of a claim that is not there")},
    {"SELECT run, row FROM row WHERE state NOT IN (2,3,4) OR outcome NOT BETWEEN 0 AND 6 OR"
     " (state=4 AND outcome<3) OR counts_as NOT BETWEEN 0 AND 6 OR attempts<0 OR"
     " octet_length(digest)<>16",
     N_("the record of run number %s, row %s is damaged")},
    {"SELECT run, round FROM row WHERE round<>0 AND round NOT IN (SELECT id FROM round)"
     " GROUP BY run, round",
     N_("rows of run number %s were sent in round number %s, which is not there")},
    {"SELECT run, row FROM settlement s WHERE run NOT " IS_PRUNED " AND EXISTS(SELECT 1 FROM row r"
     " WHERE r.run=s.run) AND NOT EXISTS(SELECT 1 FROM row r WHERE r.run=s.run AND r.row=s.row AND"
     " r.digest=s.digest)",
     N_("run number %s, row %s was settled by a person, and is not there with that content")},
    {"SELECT run, row FROM row r WHERE code IN ('RESOLVED_ACCEPTED','RESOLVED_NOT_EXECUTED') AND"
     " NOT EXISTS(SELECT 1 FROM settlement s WHERE s.run=r.run AND s.row=r.row) AND run NOT"
     " " IS_IMPORTED,
     N_("run number %s, row %s says that a person settled it, and no such decision is there")},

    /* workers */
    {"SELECT name, worker FROM run WHERE worker IN (SELECT id FROM worker WHERE fenced)",
     N_("run %s is held by worker %s, which is over")},
    {"SELECT app_key, worker FROM member WHERE worker " IS_OVER,
     N_("a share of the rate of app key %s is of worker %s, which is over")},
    /* while not all know who has come or gone, it is being divided anew */
    {"SELECT m.app_key, sum(m.share), min(m.rate_said) FROM member m JOIN app a ON"
     " a.platform=m.platform AND a.app_key=m.app_key GROUP BY m.platform, m.app_key"
     " HAVING sum(m.share)>min(m.rate_said) AND bool_and(m.acked=a.generation)",
     N_("the shares of app key %s are %s claims a second together, and its rate is %s")},
};

/* Puts one answer into words: the sentence with its columns in the place of each %s. */
static void say_answer(struct session *session, int row, const char *sentence,
                       void (*say)(void *context, const char *sentence), void *context)
{
    struct buffer text = {0};
    int column = 0;

    for (const char *p = _(sentence); *p; p++) {
        if (p[0] != '%') {
            buffer_byte(&text, *p);
            continue;
        }
        p++;
        buffer_text(&text, LOG_QUOTED(session_text(session, row, column++)));
    }
    say(context, buffer_string(&text));
    buffer_release(&text);
}

int server_verify_ledger(struct ledger *ledger, void (*say)(void *context, const char *sentence),
                         void *context, uint64_t *ret_found, struct error *err)
{
    struct session *session = ledger->server.session;

    *ret_found = 0;
    for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++) {
        int rows;

        if (session_ask(session, questions[i].sql, 0, NULL, err))
            return -1;
        rows = session_rows(session);
        *ret_found += (uint64_t)rows;
        for (int row = 0; say && row < rows && row < VERIFY_SENTENCES_MAX; row++)
            say_answer(session, row, questions[i].sentence, say, context);
    }
    return 0;
}

#else

/* None can be open. */
int server_verify_ledger(struct ledger *ledger, void (*say)(void *context, const char *sentence),
                         void *context, uint64_t *ret_found, struct error *err)
{
    (void)ledger, (void)say, (void)context;
    *ret_found = 0;
    return error_set(err, EXIT_INTERNAL, "this program was built without PostgreSQL");
}

#endif
