#include "chain.h"

#include <string.h>

int64_t chain_row_id(struct row_place place)
{
    return database_row_id(place.run, place.row);
}

#define ACCEPTED_VALUES 5

static void take_accepted(struct database_statement *s, struct claim_row *ret_claim)
{
    ret_claim->accepted = !database_is_null(s, 0);
    database_digest(ret_claim->digest, s, 0);
    ret_claim->accepted_at.run = database_integer(s, 1);
    ret_claim->accepted_at.row = (uint64_t)database_integer(s, 2);
    ret_claim->accepted_ms = database_integer(s, 3);
    ret_claim->has_fee = !database_is_null(s, 4);
    ret_claim->fee_fen = database_integer(s, 4);
}

int chain_read(struct ledger *ledger, int64_t platform, const struct claim_key *key,
               struct claim_row *ret_claim, struct error *err)
{
    struct database_statement *s = database_ready(ledger, SQL_CLAIM_GET, "sii", key->claim_order_no,
                                                  key->workcard_id, platform);
    int found = database_step(ledger, s, err);

    *ret_claim = (struct claim_row){.exists = found == 1};
    if (found <= 0)
        return found;
    take_accepted(s, ret_claim);
    ret_claim->last.run = database_integer(s, 5);
    ret_claim->last.row = (uint64_t)database_integer(s, 6);
    database_done(s);
    return 0;
}

int chain_read_in_order(struct ledger *ledger, int64_t platform, const struct claim_key *key,
                        struct claim_row *ret_claim, struct error *err)
{
    int found;

    if (database_is_server(ledger))
        return chain_read(ledger, platform, key, ret_claim, err);
    found =
        lookup_find(ledger, &ledger->claims, SQL_CLAIM_FROM, ACCEPTED_VALUES, platform, key, err);
    *ret_claim = (struct claim_row){.exists = found == 1};
    if (found > 0)
        take_accepted(ledger->claims.statement, ret_claim);
    return found < 0 ? -1 : 0;
}

/* The first entry that is not before all claims of the number is one of them, if there are any. */
int chain_has_number(struct ledger *ledger, const char *claim_order_no, bool *ret_any,
                     struct error *err)
{
    const struct claim_key first = {INT64_MIN, claim_order_no};
    const struct lookup *at = &ledger->claims;

    if (lookup_find(ledger, &ledger->claims, SQL_CLAIM_FROM, ACCEPTED_VALUES, INT64_MIN, &first,
                    err) < 0)
        return -1;
    *ret_any =
        !at->at_end && strcmp(database_text(at->statement, ACCEPTED_VALUES), claim_order_no) == 0;
    return 0;
}

int chain_read_accepted(struct ledger *ledger, const struct claim_row *claim,
                        struct claim_state *ret_state, struct error *err)
{
    static const unsigned char unseen[DIGEST_CLAIM_BYTES];
    struct run_brief brief;

    if (!claim->accepted)
        return 0;
    if (database_brief(ledger, claim->accepted_at.run, &brief, err))
        return -1;
    ret_state->accepted = true;
    ret_state->accepted_unseen = memcmp(claim->digest, unseen, sizeof(unseen)) == 0;
    memcpy(ret_state->accepted_digest, claim->digest, DIGEST_CLAIM_BYTES);
    ret_state->accepted_at = claim->accepted_at;
    ret_state->accepted_order = (struct row_place){brief.sequence, claim->accepted_at.row};
    ret_state->accepted_rank = brief.rank;
    ret_state->accepted_ms = claim->accepted_ms;
    ret_state->has_fee = claim->has_fee;
    ret_state->fee_fen = claim->fee_fen;
    memcpy(ret_state->accepted_run_name, brief.name, sizeof(brief.name));
    return 0;
}

void chain_read_numbers(struct database_statement *s, struct row_record *ret_record)
{
    *ret_record = (struct row_record){
        .row = (uint64_t)database_integer(s, 0),
        .state = (enum row_state)database_integer(s, 1),
        .outcome = (enum outcome)database_integer(s, 2),
        .counts_as = (enum outcome)database_integer(s, 3),
        .attempts = (int)database_integer(s, 4),
        .tries = (int)database_integer(s, 5),
        .http_status = (int)database_integer(s, 6),
        .submitted_ms = database_integer(s, 7),
        .duration_ms = database_integer(s, 8),
        .code = "",
        .sub_code = "",
        .message = "",
        .request_id = "",
        .warnings = "",
        .round = database_integer(s, 15),
    };
    database_digest(ret_record->digest, s, 9);
}

void chain_read_record(struct database_statement *s, struct row_record *ret_record)
{
    chain_read_numbers(s, ret_record);
    ret_record->code = database_text(s, 10);
    ret_record->sub_code = database_text(s, 11);
    ret_record->message = database_text(s, 12);
    ret_record->request_id = database_text(s, 13);
    ret_record->warnings = database_text(s, 14);
}

int chain_next(struct ledger *ledger, struct chain_walk *walk, struct row_record *ret_record,
               struct error *err)
{
    struct row_place older = {0};
    struct database_statement *s;
    int found;

    walk->at = walk->older;
    if (!walk->at.run)
        return 0;
    s = database_ready(ledger, SQL_ROW_GET, "i", chain_row_id(walk->at));
    found = database_step(ledger, s, err);
    if (found > 0) {
        chain_read_numbers(s, ret_record);
        older = (struct row_place){database_integer(s, 17), (uint64_t)database_integer(s, 18)};
        database_done(s);
    }
    /* In a damaged ledger it could go round. */
    walk->older = ledger_row_is_before(&older, &walk->at) ? older : (struct row_place){0};
    return found;
}

/* The link is that of a row that is new. */
static struct database_statement *ready_record(struct ledger *ledger, enum statement which,
                                               const struct row_ref *ref,
                                               const struct row_record *r,
                                               const struct row_place *before)
{
    const char *types = which == SQL_ROW_ADD ? "iiiiiiiiidsssssiiii" : "iiiiiiiiidsssssi";

    return database_ready(ledger, which, types, chain_row_id(ref->place), (int64_t)r->state,
                          (int64_t)r->outcome, (int64_t)r->counts_as, (int64_t)r->attempts,
                          (int64_t)r->tries, (int64_t)r->http_status, r->submitted_ms,
                          r->duration_ms, r->digest, r->code, r->sub_code, r->message,
                          r->request_id, r->warnings, r->round, (int64_t)(before != NULL),
                          before ? before->run : 0, before ? (int64_t)before->row : 0);
}

/* Nothing of it but what was decided: whole exports are noted so. */
static bool is_bare(const struct row_record *r)
{
    return !r->attempts && !r->tries && !r->http_status && !r->submitted_ms && !r->duration_ms &&
           !r->round && !*r->sub_code && !*r->request_id && !*r->warnings;
}

static struct database_statement *ready_new(struct ledger *ledger, const struct row_ref *ref,
                                            const struct row_record *r,
                                            const struct row_place *before)
{
    if (!before && is_bare(r))
        return database_ready(ledger, SQL_ROW_NOTE, "iiiidss", chain_row_id(ref->place),
                              (int64_t)r->state, (int64_t)r->outcome, (int64_t)r->counts_as,
                              r->digest, r->code, r->message);
    return ready_record(ledger, SQL_ROW_ADD, ref, r, before);
}

int chain_put_row(struct ledger *ledger, const struct row_ref *ref, const struct row_record *record,
                  const struct row_place *before, bool *ret_new, struct error *err)
{
    if (database_execute(ledger, ready_new(ledger, ref, record, before), err))
        return -1;
    *ret_new = database_changes(ledger) > 0;
    return *ret_new ? 0
                    : database_execute(ledger, ready_record(ledger, SQL_ROW_PUT, ref, record, NULL),
                                       err);
}

static int is_linked(struct ledger *ledger, const struct row_ref *ref, bool *ret_linked,
                     struct error *err)
{
    struct database_statement *s =
        database_ready(ledger, SQL_ROW_GET, "i", chain_row_id(ref->place));
    int found = database_step(ledger, s, err);

    *ret_linked = found == 1 && (int)database_integer(s, 16);
    database_done(s);
    return found < 0 ? -1 : 0;
}

/*
 * Where a row belongs in its claim's chain: behind `newer` (run 0: at the head) and before `older`.
 * Rows mostly become final in their order, then nothing is read. They do not when a row was invalid
 * in the first start of a run (its time lay ahead) and is sent in a later one.
 */
static int find_link(struct ledger *ledger, const struct claim_row *claim,
                     const struct row_place *place, struct row_place *ret_newer,
                     struct row_place *ret_older, struct error *err)
{
    struct chain_walk walk = {.older = claim->last};
    struct row_record record;

    while (ledger_row_is_before(place, &walk.older))
        if (chain_next(ledger, &walk, &record, err) < 0)
            return -1;
    *ret_newer = walk.at;
    *ret_older = walk.older;
    return 0;
}

static int set_link(struct ledger *ledger, const struct row_place *from, const struct row_place *to,
                    struct error *err)
{
    return database_execute(
        ledger,
        database_ready(ledger, SQL_ROW_LINK, "iii", chain_row_id(*from), to->run, (int64_t)to->row),
        err);
}

static int is_newest_accepted(struct ledger *ledger, const struct row_ref *ref,
                              const struct claim_row *claim, bool *ret_newest, struct error *err)
{
    struct claim_state state = {0};
    struct row_place order;
    struct run_brief brief;

    if (database_brief(ledger, ref->place.run, &brief, err) ||
        chain_read_accepted(ledger, claim, &state, err))
        return -1;
    order = (struct row_place){brief.sequence, ref->place.row};
    *ret_newest = !ledger_claim_is_newer(&state, &order, brief.rank);
    return 0;
}

static int execute_accept(struct ledger *ledger, enum statement which, int64_t platform,
                          const struct row_ref *ref, const struct row_record *record,
                          const struct row_place *last, struct error *err)
{
    struct database_statement *accept = database_ready(
        ledger, which, "siiiidiiio", ref->key.claim_order_no, ref->key.workcard_id, platform,
        last->run, (int64_t)last->row, record->digest, ref->place.run, (int64_t)ref->place.row,
        record->submitted_ms + record->duration_ms, ref->has_fee ? &ref->fee_fen : NULL);

    return database_execute(ledger, accept, err);
}

/* Of nearly every claim that is accepted nothing was known, which need not be read first. */
static int add_claim(struct ledger *ledger, int64_t platform, const struct row_ref *ref,
                     const struct row_record *record, struct error *err)
{
    if (record->outcome != OUTCOME_ACCEPTED)
        return 0;
    if (execute_accept(ledger, SQL_CLAIM_ADD, platform, ref, record, &ref->place, err))
        return -1;
    return database_changes(ledger) > 0;
}

static int save_claim(struct ledger *ledger, int64_t platform, const struct row_ref *ref,
                      const struct row_record *record, const struct claim_row *claim,
                      struct error *err)
{
    const struct claim_key *key = &ref->key;
    bool newest = false;

    if (record->outcome == OUTCOME_ACCEPTED && is_newest_accepted(ledger, ref, claim, &newest, err))
        return -1;
    if (!newest)
        return database_execute(ledger,
                                database_ready(ledger, SQL_CLAIM_PUT, "siiii", key->claim_order_no,
                                               key->workcard_id, platform, claim->last.run,
                                               (int64_t)claim->last.row),
                                err);
    return execute_accept(ledger, SQL_CLAIM_ACCEPT, platform, ref, record, &claim->last, err);
}

/* On a server a row knows its claim, and no other row is changed. */
static int finish_on_server(struct ledger *ledger, int64_t platform, const struct row_ref *ref,
                            const struct row_record *record, struct error *err)
{
    const struct claim_key *key = &ref->key;
    struct claim_row claim = {0};
    bool is_new;

    if (chain_read(ledger, platform, key, &claim, err) ||
        save_claim(ledger, platform, ref, record, &claim, err) ||
        chain_put_row(ledger, ref, record, NULL, &is_new, err))
        return -1;
    return database_execute(ledger,
                            database_ready(ledger, SQL_ROW_LINK, "isii", chain_row_id(ref->place),
                                           key->claim_order_no, key->workcard_id, platform),
                            err);
}

int chain_finish_row(struct ledger *ledger, int64_t platform, const struct row_ref *ref,
                     const struct row_record *record, struct error *err)
{
    struct claim_row claim = {0};
    struct row_place newer;
    struct row_place older;
    bool is_new;
    bool linked = false;
    int added;

    if (database_is_server(ledger))
        return finish_on_server(ledger, platform, ref, record, err);
    added = add_claim(ledger, platform, ref, record, err);
    if (added < 0 || (!added && chain_read(ledger, platform, &ref->key, &claim, err)) ||
        find_link(ledger, &claim, &ref->place, &newer, &older, err) ||
        chain_put_row(ledger, ref, record, &older, &is_new, err))
        return -1;
    if (!is_new && (is_linked(ledger, ref, &linked, err) ||
                    (!linked && set_link(ledger, &ref->place, &older, err))))
        return -1;
    if (!linked && newer.run && set_link(ledger, &newer, &ref->place, err))
        return -1;
    if (!linked && !newer.run)
        claim.last = ref->place;
    return added ? 0 : save_claim(ledger, platform, ref, record, &claim, err);
}

/* Makes the attempt of this row the open one again. */
static int open_again(struct ledger *ledger, int64_t platform, const struct claim_key *key,
                      const struct row_place *at, struct error *err)
{
    return database_execute(ledger,
                            database_ready(ledger, SQL_OPEN_BACK, "siii", key->claim_order_no,
                                           key->workcard_id, platform, chain_row_id(*at)),
                            err);
}

bool chain_is_unsettled(const struct claim_row *claim, const struct row_record *record)
{
    return record->state == ROW_FINAL && record->outcome == OUTCOME_UNKNOWN && record->attempts &&
           (!claim->accepted || record->submitted_ms > claim->accepted_ms);
}

int chain_put_back(struct ledger *ledger, int64_t platform, const struct claim_key *key,
                   struct error *err)
{
    struct claim_row claim;
    struct chain_walk walk;
    struct row_record record;
    struct row_place newest = {0};
    int64_t newest_ms = INT64_MIN;
    int found;

    if (chain_read(ledger, platform, key, &claim, err))
        return -1;
    walk = (struct chain_walk){.older = claim.last};
    while ((found = chain_next(ledger, &walk, &record, err)) > 0)
        if (chain_is_unsettled(&claim, &record) && record.submitted_ms > newest_ms) {
            newest = walk.at;
            newest_ms = record.submitted_ms;
        }
    if (found < 0 || !newest.run)
        return found;
    return open_again(ledger, platform, key, &newest, err) ? -1 : 1;
}

bool chain_waits(const struct row_record *record)
{
    return outcome_is_noted(record) && record->counts_as == OUTCOME_UNKNOWN;
}

static int release_row(struct ledger *ledger, const struct row_place *at, struct error *err)
{
    if (database_execute(ledger,
                         database_ready(ledger, SQL_ROW_RELEASE, "iis", chain_row_id(*at),
                                        (int64_t)OUTCOME_UNSENT, OUTCOME_RELEASED_MESSAGE),
                         err))
        return -1;
    return database_execute(ledger, database_ready(ledger, SQL_RUN_RELEASE, "i", at->run), err);
}

int chain_release(struct ledger *ledger, int64_t platform, const struct claim_key *key,
                  struct error *err)
{
    struct claim_row claim;
    struct chain_walk walk;
    struct row_record record;
    int found;

    if (chain_read(ledger, platform, key, &claim, err))
        return -1;
    walk = (struct chain_walk){.older = claim.last};
    while ((found = chain_next(ledger, &walk, &record, err)) > 0)
        if (chain_waits(&record) && release_row(ledger, &walk.at, err))
            return -1;
    return found;
}

int chain_execute_open(struct ledger *ledger, enum statement which, int64_t platform,
                       const struct claim_key *key, struct error *err)
{
    return database_execute(
        ledger,
        database_ready(ledger, which, "sii", key->claim_order_no, key->workcard_id, platform), err);
}

int chain_drop_open(struct ledger *ledger, int64_t platform, const struct claim_key *key,
                    struct error *err)
{
    if (chain_execute_open(ledger, SQL_OPEN_DROP, platform, key, err))
        return -1;
    return chain_release(ledger, platform, key, err);
}

int chain_settle_open(struct ledger *ledger, int64_t platform, const struct claim_key *key,
                      struct error *err)
{
    int found = chain_put_back(ledger, platform, key, err);

    if (found)
        return found < 0 ? -1 : 0;
    return chain_drop_open(ledger, platform, key, err);
}
