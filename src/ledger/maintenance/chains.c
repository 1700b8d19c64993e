/* Every claim and the chain of its rows, as verify_ledger looks at them: in one view of the ledger.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/words/language.h"
#include "chains.h"

/* A claim with its open attempt. Its number is the statement's. */
struct subject {
    const char *claim_order_no;
    struct row_place last, accepted_at, open_at;
    bool is_accepted, is_open, is_intent;
    int64_t accepted_ms;
    unsigned char open_digest[DIGEST_CLAIM_BYTES];
};

/* What its chain tells. */
struct findings {
    struct row_place unknown;  /* a row that is unknown and was not ended; run 0: none */
    struct row_place accepted; /* the accepted one that is last in the order of rows … */
    struct row_place order;    /* … and its place in it */
    bool has_open_row;
};

struct runs {
    int64_t *ids; /* ascending */
    size_t count, room;
};

struct chains {
    struct ledger *ledger;
    const struct chains_visitor *visitor;
    uint64_t reached; /* rows, but of runs that are pruned: those leave their chains one by one */
    struct runs imported, pruned;
};

static void say(const struct chains *c, const struct subject *s, const struct row_place *at,
                const char *what)
{
    struct buffer words = {0};

    language_format(&words, "claim %s (run number %" PRId64 ", row %" PRIu64 "): %s",
                    LOG_QUOTED(s->claim_order_no), at->run, at->row, what);
    c->visitor->say(c->visitor->context, buffer_string(&words));
    buffer_release(&words);
}

/* ---- runs ---- */

static int compare_ids(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;

    return *x < *y ? -1 : *x > *y;
}

static bool has(const struct runs *runs, int64_t run)
{
    return runs->count &&
           bsearch(&run, runs->ids, runs->count, sizeof(*runs->ids), compare_ids) != NULL;
}

static int list(struct ledger *ledger, enum statement which, struct runs *runs, struct error *err)
{
    struct database_statement *s = database_ready(ledger, which, "");
    int found;

    while ((found = database_step(ledger, s, err)) > 0) {
        if (!ARRAY_HAS_ROOM(runs->ids, runs->count, runs->room)) {
            database_done(s);
            return error_no_memory(err);
        }
        runs->ids[runs->count++] = database_integer(s, 0);
    }
    return found;
}

/* ---- one claim ---- */

static void read_subject(struct database_statement *s, struct subject *ret_subject)
{
    *ret_subject = (struct subject){
        .claim_order_no = database_text(s, 0),
        .last = {database_integer(s, 1), (uint64_t)database_integer(s, 2)},
        .is_accepted = !database_is_null(s, 3),
        .accepted_at = {database_integer(s, 4), (uint64_t)database_integer(s, 5)},
        .accepted_ms = database_integer(s, 6),
        .is_open = !database_is_null(s, 7),
        .open_at = {database_integer(s, 7), (uint64_t)database_integer(s, 8)},
        .is_intent = database_integer(s, 9),
    };
    database_digest(ret_subject->open_digest, s, 10);
}

static int look_at_row(struct chains *c, const struct subject *s, const struct row_place *at,
                       const struct row_record *record, struct findings *found, struct error *err)
{
    struct run_brief brief;

    c->reached += !has(&c->pruned, at->run);
    if (at->run == s->open_at.run && at->row == s->open_at.row)
        found->has_open_row = record->outcome == OUTCOME_UNKNOWN &&
                              memcmp(record->digest, s->open_digest, DIGEST_CLAIM_BYTES) == 0;
    if (record->state != ROW_FINAL)
        return 0;
    if (record->outcome == OUTCOME_UNKNOWN && record->attempts &&
        (!s->is_accepted || record->submitted_ms > s->accepted_ms))
        found->unknown = *at;
    if (record->outcome != OUTCOME_ACCEPTED)
        return 0;
    if (database_brief(c->ledger, at->run, &brief, err))
        return -1;
    if (!found->accepted.run ||
        ledger_row_is_before(&found->order, &(struct row_place){brief.sequence, at->row})) {
        found->accepted = *at;
        found->order = (struct row_place){brief.sequence, at->row};
    }
    return 0;
}

static int walk(struct chains *c, const struct subject *s, struct findings *found,
                struct error *err)
{
    struct chain_walk walk = {.older = s->last};
    struct row_record record;
    int is_there;

    /* A row that is not there is told of by a question, and so is a chain that goes round. */
    while ((is_there = chain_next(c->ledger, &walk, &record, err)) > 0)
        if (look_at_row(c, s, &walk.at, &record, found, err))
            return -1;
    return is_there;
}

static int judge(struct chains *c, const struct subject *s, const struct findings *found,
                 struct error *err)
{
    struct row_place accepted_order;
    struct run_brief brief;

    if (s->is_open && !s->is_intent && !found->has_open_row)
        say(c, s, &s->open_at, _("its attempt is unknown, and no row of the claim says so"));
    if (found->unknown.run && !s->is_open)
        say(c, s, &found->unknown, _("it is unknown, and no attempt of the claim is"));
    /* Where an imported run stood before its report came may have been told of another. */
    if (!s->is_accepted || !found->accepted.run || has(&c->imported, found->accepted.run) ||
        has(&c->imported, s->accepted_at.run))
        return 0;
    if (database_brief(c->ledger, s->accepted_at.run, &brief, err))
        return -1;
    accepted_order = (struct row_place){brief.sequence, s->accepted_at.row};
    if (ledger_row_is_before(&accepted_order, &found->order))
        say(c, s, &found->accepted, _("it was accepted last, and the claim names an older one"));
    return 0;
}

/* ---- all of them ---- */

static int visit_claims(struct chains *c, struct error *err)
{
    struct database_statement *s = database_ready(c->ledger, SQL_CHAINS, "");
    int found;

    while ((found = database_step(c->ledger, s, err)) > 0) {
        struct findings findings = {.has_open_row = false};
        struct subject subject;

        read_subject(s, &subject);
        if (walk(c, &subject, &findings, err) || judge(c, &subject, &findings, err)) {
            database_done(s);
            return -1;
        }
    }
    return found;
}

/* Rows that no claim leads to: their claim is gone, or has another number now. */
static int compare_count(const struct chains *c, struct error *err)
{
    struct buffer words = {0};
    int64_t linked;

    if (database_number(c->ledger,
                        "SELECT count(*) FROM row WHERE linked<>0 AND run NOT IN (SELECT id"
                        " FROM run WHERE export_sha256=zeroblob(32))",
                        &linked, err))
        return -1;
    if ((uint64_t)linked == c->reached)
        return 0;
    language_format(&words,
                    "rows that belong to claims: %" PRId64 ", and the claims lead to: %" PRIu64
                    ": claims are lost, or were changed",
                    linked, c->reached);
    c->visitor->say(c->visitor->context, buffer_string(&words));
    buffer_release(&words);
    return 0;
}

int chains_verify(struct ledger *ledger, const struct chains_visitor *visitor, struct error *err)
{
    struct chains c = {.ledger = ledger, .visitor = visitor};
    int result = database_execute(ledger, database_ready(ledger, SQL_READ, ""), err);

    if (!result)
        result = list(ledger, SQL_CHAINS_IMPORTED, &c.imported, err) ||
                         list(ledger, SQL_CHAINS_PRUNED, &c.pruned, err) || visit_claims(&c, err) ||
                         compare_count(&c, err)
                     ? -1
                     : 0;
    free(c.imported.ids);
    free(c.pruned.ids);
    if (!result)
        ledger_rollback(ledger);
    return result;
}
