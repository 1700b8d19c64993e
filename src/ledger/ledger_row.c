/* Rows and claims: what was intended, what came of it, and what is known of a claim over all runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database.h"

struct ledger_rows {
    struct ledger *ledger;
    sqlite3_stmt *statement;
    int64_t run;
    uint64_t next;
    bool running;
};

struct claim_row {
    bool exists;
    bool accepted;
    unsigned char digest[DIGEST_CLAIM_BYTES];
    struct row_place accepted_at;
    int64_t accepted_ms;
    struct row_place last;
};

static int64_t row_id(struct row_place place)
{
    return database_row_id(place.run, place.row);
}

static int claim_read(struct ledger *ledger, int64_t platform, const struct claim_key *key,
                      struct claim_row *ret_claim, struct error *err)
{
    sqlite3_stmt *s = database_ready(ledger, SQL_CLAIM_GET, "sii", key->claim_order_no,
                                     key->workcard_id, platform);
    int found = database_step(ledger, s, err);

    *ret_claim = (struct claim_row){.exists = found == 1};
    if (found <= 0)
        return found;
    ret_claim->accepted = sqlite3_column_type(s, 0) != SQLITE_NULL;
    database_digest(ret_claim->digest, s, 0);
    ret_claim->accepted_at.run = sqlite3_column_int64(s, 1);
    ret_claim->accepted_at.row = (uint64_t)sqlite3_column_int64(s, 2);
    ret_claim->accepted_ms = sqlite3_column_int64(s, 3);
    ret_claim->last.run = sqlite3_column_int64(s, 4);
    ret_claim->last.row = (uint64_t)sqlite3_column_int64(s, 5);
    sqlite3_reset(s);
    return 0;
}

static int read_accepted(struct ledger *ledger, const struct claim_row *claim,
                         struct claim_state *ret_state, struct error *err)
{
    struct run_brief brief;

    if (!claim->accepted)
        return 0;
    if (database_brief(ledger, claim->accepted_at.run, &brief, err))
        return -1;
    ret_state->accepted = true;
    memcpy(ret_state->accepted_digest, claim->digest, DIGEST_CLAIM_BYTES);
    ret_state->accepted_at = claim->accepted_at;
    ret_state->accepted_order = (struct row_place){brief.origin, claim->accepted_at.row};
    ret_state->accepted_ms = claim->accepted_ms;
    memcpy(ret_state->accepted_run_name, brief.name, sizeof(brief.name));
    return 0;
}

int ledger_claim_get(struct ledger *ledger, const char *platform, const struct claim_key *key,
                     struct claim_state *ret_state, struct error *err)
{
    struct claim_row claim;
    sqlite3_stmt *s;
    int64_t id;
    int found;

    memset(ret_state, 0, sizeof(*ret_state));
    if (database_platform(ledger, platform, &id, err) || claim_read(ledger, id, key, &claim, err) ||
        read_accepted(ledger, &claim, ret_state, err))
        return -1;
    s = database_ready(ledger, SQL_OPEN_GET, "sii", key->claim_order_no, key->workcard_id, id);
    found = database_step(ledger, s, err);
    if (found <= 0)
        return found;
    ret_state->open = true;
    ret_state->open_at.run = sqlite3_column_int64(s, 0);
    ret_state->open_at.row = (uint64_t)sqlite3_column_int64(s, 1);
    ret_state->open_is_intent = sqlite3_column_int(s, 2);
    sqlite3_reset(s);
    return 0;
}

static void read_numbers(sqlite3_stmt *s, struct row_record *ret_record)
{
    *ret_record = (struct row_record){
        .row = (uint64_t)sqlite3_column_int64(s, 0),
        .state = (enum row_state)sqlite3_column_int(s, 1),
        .outcome = (enum outcome)sqlite3_column_int(s, 2),
        .counts_as = (enum outcome)sqlite3_column_int(s, 3),
        .attempts = sqlite3_column_int(s, 4),
        .tries = sqlite3_column_int(s, 5),
        .http_status = sqlite3_column_int(s, 6),
        .submitted_ms = sqlite3_column_int64(s, 7),
        .duration_ms = sqlite3_column_int64(s, 8),
        .code = "",
        .sub_code = "",
        .message = "",
        .request_id = "",
        .warnings = "",
        .round = sqlite3_column_int64(s, 15),
    };
    database_digest(ret_record->digest, s, 9);
}

int ledger_claim_before(struct ledger *ledger, const char *platform, const struct claim_key *key,
                        struct row_place place, struct row_record *ret_record, struct error *err)
{
    struct claim_row claim;
    struct row_place at;
    int64_t id;

    if (database_platform(ledger, platform, &id, err) || claim_read(ledger, id, key, &claim, err))
        return -1;
    at = claim.last;
    while (at.run) {
        sqlite3_stmt *s = database_ready(ledger, SQL_ROW_GET, "i", row_id(at));
        int found = database_step(ledger, s, err);
        bool is_it = at.run == place.run && at.row < place.row;

        if (found <= 0)
            return found;
        if (is_it)
            read_numbers(s, ret_record);
        at.run = sqlite3_column_int64(s, 17);
        at.row = (uint64_t)sqlite3_column_int64(s, 18);
        sqlite3_reset(s);
        if (is_it)
            return 1;
    }
    return 0;
}

static sqlite3_stmt *ready_record(struct ledger *ledger, enum statement which,
                                  const struct row_ref *ref, const struct row_record *r)
{
    return database_ready(ledger, which, "iiiiiiiiidsssssi", row_id(ref->place), (int64_t)r->state,
                          (int64_t)r->outcome, (int64_t)r->counts_as, (int64_t)r->attempts,
                          (int64_t)r->tries, (int64_t)r->http_status, r->submitted_ms,
                          r->duration_ms, r->digest, r->code, r->sub_code, r->message,
                          r->request_id, r->warnings, r->round);
}

/* Writes the row's record, linked to `before` if it is new and not NULL. *ret_new says whether it
 * is. */
static int put_row(struct ledger *ledger, const struct row_ref *ref,
                   const struct row_record *record, const struct row_place *before, bool *ret_new,
                   struct error *err)
{
    sqlite3_stmt *s = ready_record(ledger, SQL_ROW_ADD, ref, record);

    sqlite3_bind_int(s, 17, before != NULL);
    sqlite3_bind_int64(s, 18, before ? before->run : 0);
    sqlite3_bind_int64(s, 19, before ? (int64_t)before->row : 0);
    if (database_execute(ledger, s, err))
        return -1;
    *ret_new = sqlite3_changes(ledger->db) > 0;
    return *ret_new ? 0
                    : database_execute(ledger, ready_record(ledger, SQL_ROW_PUT, ref, record), err);
}

static int is_linked(struct ledger *ledger, const struct row_ref *ref, bool *ret_linked,
                     struct error *err)
{
    sqlite3_stmt *s = database_ready(ledger, SQL_ROW_GET, "i", row_id(ref->place));
    int found = database_step(ledger, s, err);

    *ret_linked = found == 1 && sqlite3_column_int(s, 16);
    sqlite3_reset(s);
    return found < 0 ? -1 : 0;
}

bool row_place_is_before(const struct row_place *a, const struct row_place *b)
{
    return a->run < b->run || (a->run == b->run && a->row < b->row);
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
    *ret_newer = (struct row_place){0};
    *ret_older = claim->last;
    while (row_place_is_before(place, ret_older)) {
        sqlite3_stmt *s = database_ready(ledger, SQL_ROW_GET, "i", row_id(*ret_older));

        if (database_step(ledger, s, err) < 0)
            return -1;
        *ret_newer = *ret_older;
        ret_older->run = sqlite3_column_int64(s, 17);
        ret_older->row = (uint64_t)sqlite3_column_int64(s, 18);
        sqlite3_reset(s);
    }
    return 0;
}

static int set_link(struct ledger *ledger, const struct row_place *from, const struct row_place *to,
                    struct error *err)
{
    return database_execute(
        ledger,
        database_ready(ledger, SQL_ROW_LINK, "iii", row_id(*from), to->run, (int64_t)to->row), err);
}

static int is_newest_accepted(struct ledger *ledger, const struct row_ref *ref,
                              const struct claim_row *claim, bool *ret_newest, struct error *err)
{
    struct row_place order = {ref->origin ? ref->origin : ref->place.run, ref->place.row};
    struct claim_state state = {0};

    if (read_accepted(ledger, claim, &state, err))
        return -1;
    *ret_newest = !state.accepted || !row_place_is_before(&order, &state.accepted_order);
    return 0;
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
    return database_execute(ledger,
                            database_ready(ledger, SQL_CLAIM_ACCEPT, "siiiidiii",
                                           key->claim_order_no, key->workcard_id, platform,
                                           claim->last.run, (int64_t)claim->last.row,
                                           record->digest, ref->place.run, (int64_t)ref->place.row,
                                           record->submitted_ms + record->duration_ms),
                            err);
}

/* Records a final row, links it into its claim's chain, once in its life, and notes what was
 * accepted. */
static int finish_row(struct ledger *ledger, int64_t platform, const struct row_ref *ref,
                      const struct row_record *record, struct error *err)
{
    struct claim_row claim;
    struct row_place newer;
    struct row_place older;
    bool is_new;
    bool linked = false;

    if (claim_read(ledger, platform, &ref->key, &claim, err) ||
        find_link(ledger, &claim, &ref->place, &newer, &older, err) ||
        put_row(ledger, ref, record, &older, &is_new, err))
        return -1;
    if (!is_new && (is_linked(ledger, ref, &linked, err) ||
                    (!linked && set_link(ledger, &ref->place, &older, err))))
        return -1;
    if (!linked && newer.run && set_link(ledger, &newer, &ref->place, err))
        return -1;
    if (!linked && !newer.run)
        claim.last = ref->place;
    return save_claim(ledger, platform, ref, record, &claim, err);
}

static int execute_on_open(struct ledger *ledger, enum statement which, int64_t platform,
                           const struct claim_key *key, struct error *err)
{
    return database_execute(
        ledger,
        database_ready(ledger, which, "sii", key->claim_order_no, key->workcard_id, platform), err);
}

int ledger_row_intend(struct ledger *ledger, const struct row_ref *ref,
                      const struct row_record *record, struct error *err)
{
    int64_t platform;

    if (database_platform(ledger, ref->platform, &platform, err) ||
        database_execute(ledger,
                         database_ready(ledger, ref->resend ? SQL_OPEN_AGAIN : SQL_OPEN_ADD,
                                        "siiiiiiids", ref->key.claim_order_no, ref->key.workcard_id,
                                        platform, ref->place.run, (int64_t)ref->place.row,
                                        (int64_t)record->attempts, (int64_t)record->tries,
                                        record->submitted_ms, record->digest, record->warnings),
                         err))
        return -1;
    return sqlite3_changes(ledger->db) > 0;
}

/* A row that waits for another attempt of its claim: it has none of its own. */
static bool waits(const struct row_record *record)
{
    return record->state == ROW_FINAL && record->outcome == OUTCOME_UNKNOWN &&
           record->attempts == 0;
}

static int release_row(struct ledger *ledger, const struct row_place *at, struct error *err)
{
    static const char message[] = "the attempt of this claim that it waited for is settled now: "
                                  "the same command judges it again";

    if (database_execute(ledger,
                         database_ready(ledger, SQL_ROW_RELEASE, "iis", row_id(*at),
                                        (int64_t)OUTCOME_UNSENT, message),
                         err))
        return -1;
    return database_execute(ledger, database_ready(ledger, SQL_RUN_RELEASE, "i", at->run), err);
}

/* The claim's unknown attempt is settled: rows of any run that wait for it are to be judged again.
 */
static int release_waiting(struct ledger *ledger, int64_t platform, const struct claim_key *key,
                           struct error *err)
{
    struct claim_row claim;
    struct row_place at;

    if (claim_read(ledger, platform, key, &claim, err))
        return -1;
    at = claim.last;
    while (at.run) {
        sqlite3_stmt *s = database_ready(ledger, SQL_ROW_GET, "i", row_id(at));
        struct row_place older;
        struct row_record record;
        int found = database_step(ledger, s, err);

        if (found <= 0)
            return found;
        read_numbers(s, &record);
        older =
            (struct row_place){sqlite3_column_int64(s, 17), (uint64_t)sqlite3_column_int64(s, 18)};
        sqlite3_reset(s);
        if (waits(&record) && release_row(ledger, &at, err))
            return -1;
        at = older;
    }
    return 0;
}

int ledger_row_settle(struct ledger *ledger, const struct row_ref *ref,
                      const struct row_record *record, struct error *err)
{
    bool is_final = record->state == ROW_FINAL;
    bool is_accepted = is_final && record->outcome == OUTCOME_ACCEPTED;
    bool is_unknown = is_final && record->outcome == OUTCOME_UNKNOWN;
    bool stays_open = is_unknown || (ref->resend && !is_accepted);
    int64_t platform;
    bool is_new;

    if (database_platform(ledger, ref->platform, &platform, err) ||
        execute_on_open(ledger, stays_open ? SQL_OPEN_UNKNOWN : SQL_OPEN_DROP, platform, &ref->key,
                        err))
        return -1;
    if (is_final && finish_row(ledger, platform, ref, record, err))
        return -1;
    if (ref->resend && is_accepted)
        return release_waiting(ledger, platform, &ref->key, err);
    if (is_final)
        return 0;
    return ref->resend ? 0 : put_row(ledger, ref, record, NULL, &is_new, err);
}

int ledger_row_note(struct ledger *ledger, const struct row_ref *ref,
                    const struct row_record *record, bool repeated, struct error *err)
{
    int64_t platform;
    bool is_new;

    if (!repeated && !waits(record))
        return put_row(ledger, ref, record, NULL, &is_new, err);
    if (database_platform(ledger, ref->platform, &platform, err))
        return -1;
    return finish_row(ledger, platform, ref, record, err);
}

/* One intent of a dead run. The texts are copied: they belong to the list's statement. */
static int lose(struct ledger *ledger, sqlite3_stmt *list, int64_t run, struct error *err)
{
    struct buffer order_no = {0};
    struct buffer warnings = {0};
    struct row_ref ref = {.place = {run, (uint64_t)sqlite3_column_int64(list, 3)}};
    int64_t platform = sqlite3_column_int64(list, 2);
    struct row_record record = {
        .row = ref.place.row,
        .state = ROW_FINAL,
        .outcome = OUTCOME_UNKNOWN,
        .counts_as = OUTCOME_UNKNOWN,
        .attempts = sqlite3_column_int(list, 4),
        .tries = sqlite3_column_int(list, 5),
        .submitted_ms = sqlite3_column_int64(list, 6),
        .code = "RUN_ENDED",
        .sub_code = "",
        .message = "the run ended before an answer came; the claim may have been stored",
        .request_id = "",
    };
    int result;

    database_digest(record.digest, list, 7);
    buffer_text(&order_no, database_text(list, 0));
    buffer_text(&warnings, database_text(list, 8));
    ref.key = (struct claim_key){sqlite3_column_int64(list, 1), buffer_string(&order_no)};
    record.warnings = buffer_string(&warnings);
    sqlite3_reset(list);
    if (order_no.failed || warnings.failed)
        result = error_no_memory(err);
    else
        result = execute_on_open(ledger, SQL_OPEN_UNKNOWN, platform, &ref.key, err) ||
                         finish_row(ledger, platform, &ref, &record, err)
                     ? -1
                     : 0;
    buffer_release(&order_no);
    buffer_release(&warnings);
    return result;
}

int ledger_run_recover(struct ledger *ledger, int64_t run, size_t *ret_count, struct error *err)
{
    size_t count = 0;
    int found;

    for (;; count++) {
        /* Asked anew each time: the change just made took the last one off the list. */
        sqlite3_stmt *list = database_ready(ledger, SQL_RECOVER_LIST, "i", run);

        found = database_step(ledger, list, err);
        if (found <= 0)
            break;
        if (lose(ledger, list, run, err))
            return -1;
    }
    if (ret_count)
        *ret_count = count;
    return found;
}

int ledger_rows_open(struct ledger *ledger, int64_t run, uint64_t from,
                     struct ledger_rows **ret_rows, struct error *err)
{
    struct ledger_rows *rows = calloc(1, sizeof(*rows));

    *ret_rows = NULL;
    if (!rows)
        return error_no_memory(err);
    *rows = (struct ledger_rows){.ledger = ledger, .run = run, .next = from};
    if (sqlite3_prepare_v3(ledger->db, database_sql(SQL_ROWS), -1, SQLITE_PREPARE_PERSISTENT,
                           &rows->statement, NULL) != SQLITE_OK) {
        database_fail(ledger, err);
        ledger_rows_close(rows);
        return -1;
    }
    *ret_rows = rows;
    return 0;
}

static void read_record(sqlite3_stmt *s, struct row_record *ret_record)
{
    read_numbers(s, ret_record);
    ret_record->code = database_text(s, 10);
    ret_record->sub_code = database_text(s, 11);
    ret_record->message = database_text(s, 12);
    ret_record->request_id = database_text(s, 13);
    ret_record->warnings = database_text(s, 14);
}

int ledger_row_get(struct ledger *ledger, struct row_place place, struct row_record *ret_record,
                   struct error *err)
{
    sqlite3_stmt *s = database_ready(ledger, SQL_ROW_GET, "i", row_id(place));
    int found = database_step(ledger, s, err);

    if (found > 0)
        read_record(s, ret_record);
    return found;
}

/* Whether the claim's open attempt is the one a person means: 1 or 0. */
static int is_meant(struct ledger *ledger, int64_t platform, const struct row_ref *ref,
                    const struct settlement *settlement, struct error *err)
{
    sqlite3_stmt *s = database_ready(ledger, SQL_OPEN_GET, "sii", ref->key.claim_order_no,
                                     ref->key.workcard_id, platform);
    int found = database_step(ledger, s, err);
    struct row_record record;

    if (found <= 0)
        return found;
    found = sqlite3_column_int64(s, 0) == ref->place.run &&
            (uint64_t)sqlite3_column_int64(s, 1) == ref->place.row && !sqlite3_column_int(s, 2);
    sqlite3_reset(s);
    if (found)
        found = ledger_row_get(ledger, ref->place, &record, err);
    if (found <= 0)
        return found;
    return record.outcome == OUTCOME_UNKNOWN && record.submitted_ms == settlement->submitted_ms &&
           memcmp(record.digest, settlement->digest, DIGEST_CLAIM_BYTES) == 0;
}

static int record_settlement(struct ledger *ledger, const struct row_ref *ref,
                             const struct settlement *s, const char *was, struct error *err)
{
    return database_execute(ledger,
                            database_ready(ledger, SQL_SETTLEMENT_ADD, "iiiidisss", ref->place.run,
                                           (int64_t)ref->place.row, s->at_ms, (int64_t)s->outcome,
                                           s->digest, s->submitted_ms, s->by, s->reason, was),
                            err);
}

/* The row as it is from now on. Its texts live in `texts`: the old ones belong to a statement. */
static int settled_record(struct ledger *ledger, const struct row_ref *ref,
                          const struct settlement *settlement, struct buffer texts[4],
                          struct row_record *ret_record, struct error *err)
{
    bool accepted = settlement->outcome == OUTCOME_ACCEPTED;

    if (ledger_row_get(ledger, ref->place, ret_record, err) <= 0)
        return -1;
    buffer_format(&texts[0], "%s: %s", ret_record->code, ret_record->message);
    buffer_text(&texts[1], ret_record->sub_code);
    buffer_text(&texts[2], ret_record->request_id);
    buffer_text(&texts[3], ret_record->warnings);
    ret_record->outcome = settlement->outcome;
    ret_record->counts_as = settlement->outcome;
    ret_record->code = accepted ? "RESOLVED_ACCEPTED" : "RESOLVED_NOT_EXECUTED";
    ret_record->sub_code = buffer_string(&texts[1]);
    ret_record->request_id = buffer_string(&texts[2]);
    ret_record->warnings = buffer_string(&texts[3]);
    for (int i = 0; i < 4; i++)
        if (texts[i].failed)
            return error_no_memory(err);
    return 0;
}

static int apply_settlement(struct ledger *ledger, int64_t platform, const struct row_ref *ref,
                            const struct settlement *settlement, struct buffer texts[4],
                            struct buffer *message, struct error *err)
{
    struct row_record record;

    if (settled_record(ledger, ref, settlement, texts, &record, err))
        return -1;
    buffer_format(message, "settled by %s: %s (it was unknown: %s)", settlement->by,
                  settlement->reason, buffer_string(&texts[0]));
    record.message = buffer_string(message);
    if (message->failed)
        return error_no_memory(err);
    if (record_settlement(ledger, ref, settlement, buffer_string(&texts[0]), err) ||
        execute_on_open(ledger, SQL_OPEN_DROP, platform, &ref->key, err) ||
        finish_row(ledger, platform, ref, &record, err) ||
        release_waiting(ledger, platform, &ref->key, err))
        return -1;
    if (settlement->outcome == OUTCOME_ACCEPTED)
        return 0;
    return database_execute(ledger, database_ready(ledger, SQL_RUN_RELEASE, "i", ref->place.run),
                            err);
}

int ledger_row_resolve(struct ledger *ledger, const struct row_ref *ref,
                       const struct settlement *settlement, struct error *err)
{
    struct buffer texts[4] = {{0}};
    struct buffer message = {0};
    int64_t platform;
    int result;

    if (database_platform(ledger, ref->platform, &platform, err))
        return -1;
    result = is_meant(ledger, platform, ref, settlement, err);
    if (result > 0 && apply_settlement(ledger, platform, ref, settlement, texts, &message, err))
        result = -1;
    for (int i = 0; i < 4; i++)
        buffer_release(&texts[i]);
    buffer_release(&message);
    return result;
}

int ledger_rows_next(struct ledger_rows *rows, struct row_record *ret_record, struct error *err)
{
    sqlite3_stmt *s = rows->statement;
    int found;

    if (!rows->running) {
        sqlite3_bind_int64(s, 1, database_row_id(rows->run, rows->next));
        sqlite3_bind_int64(s, 2, database_row_id(rows->run + 1, 0));
        rows->running = true;
    }
    found = database_step(rows->ledger, s, err);
    if (found <= 0) {
        rows->running = false;
        return found;
    }
    read_record(s, ret_record);
    return 1;
}

void ledger_rows_rewind(struct ledger_rows *rows, uint64_t from)
{
    sqlite3_reset(rows->statement);
    rows->running = false;
    rows->next = from;
}

void ledger_rows_close(struct ledger_rows *rows)
{
    if (!rows)
        return;
    sqlite3_finalize(rows->statement);
    free(rows);
}
