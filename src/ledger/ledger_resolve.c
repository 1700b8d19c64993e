/* A person's word on an unknown attempt. */
#include <string.h>

#include "chain.h"
#include "ledger/postgres/alive/quarantine.h"
#include "ledger/store/commit_count.h"

#define NOT_EXECUTED "RESOLVED_NOT_EXECUTED"

/* Whether the claim's open attempt is the one a person means: 1, and what is known of its row, or
 * 0. */
static int find_meant(struct ledger *ledger, int64_t platform, const struct row_ref *ref,
                      const struct settlement *settlement, struct known_row *ret_known,
                      struct error *err)
{
    struct database_statement *s = database_ready(
        ledger, SQL_OPEN_GET, "sii", ref->key.claim_order_no, ref->key.workcard_id, platform);
    int found = database_step(ledger, s, err);
    const struct row_record *record = &ret_known->record;

    if (found <= 0)
        return found;
    found = database_integer(s, 0) == ref->place.run &&
            (uint64_t)database_integer(s, 1) == ref->place.row && !database_integer(s, 2);
    database_done(s);
    if (found)
        found = ledger_row_get(ledger, ref->place, ret_known, err);
    if (found <= 0)
        return found;
    return record->outcome == OUTCOME_UNKNOWN && record->submitted_ms == settlement->submitted_ms &&
           memcmp(record->digest, settlement->digest, DIGEST_CLAIM_BYTES) == 0;
}

/*
 * Whether a person said of this very attempt that it was not executed, and nothing was sent since:
 * then it can still be said to be accepted, 1. Else its claim goes out again, for a word that
 * everybody knows to be wrong. What another run knows of the claim since is newer, or, where that
 * run began before, accepted.
 */
static int find_taken_back(struct ledger *ledger, const struct row_ref *ref,
                           const struct settlement *settlement, struct known_row *ret_known,
                           struct error *err)
{
    const struct row_record *record = &ret_known->record;
    struct claim_state state;
    int found;

    if (settlement->outcome != OUTCOME_ACCEPTED)
        return 0;
    if (ledger_claim_get(ledger, ref->platform, &ref->key, &state, err))
        return -1;
    if (state.open || (state.accepted &&
                       memcmp(state.accepted_digest, settlement->digest, DIGEST_CLAIM_BYTES) == 0))
        return 0;
    found = ledger_claim_last(ledger, ref->platform, &ref->key, ret_known, err);
    if (found <= 0)
        return found;
    return record->outcome == OUTCOME_FAILED && strcmp(record->code, NOT_EXECUTED) == 0 &&
           record->submitted_ms == settlement->submitted_ms &&
           memcmp(record->digest, settlement->digest, DIGEST_CLAIM_BYTES) == 0;
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

/* The row as it is from now on, but for its message. */
static void make_settled(enum outcome outcome, struct row_record *record)
{
    record->state = ROW_FINAL; /* also of a row that stands for an attempt that is not known */
    record->outcome = record->counts_as = outcome;
    record->code = outcome == OUTCOME_ACCEPTED ? "RESOLVED_ACCEPTED" : NOT_EXECUTED;
}

static int apply_settlement(struct ledger *ledger, int64_t platform, const struct row_ref *ref,
                            const struct settlement *settlement, const struct known_row *known,
                            struct buffer *was, struct buffer *message, struct error *err)
{
    struct row_record record = known->record;

    buffer_format(was, "%s: %s", record.code, record.message);
    buffer_format(message, "settled by %s: %s (it was %s: %s)", settlement->by, settlement->reason,
                  outcome_word(record.outcome), buffer_string(was));
    make_settled(settlement->outcome, &record);
    record.message = buffer_string(message);
    if (was->failed || message->failed)
        return error_no_memory(err);
    if (record_settlement(ledger, ref, settlement, buffer_string(was), err) ||
        chain_finish_row(ledger, platform, ref, &record, err))
        return -1;
    if (settlement->outcome == OUTCOME_ACCEPTED)
        return chain_drop_open(ledger, platform, &ref->key, err);
    /* That says nothing of an attempt of the claim before it. */
    if (chain_settle_open(ledger, platform, &ref->key, err))
        return -1;
    return database_execute(ledger, database_ready(ledger, SQL_RUN_RELEASE, "i", ref->place.run),
                            err);
}

int ledger_run_check_resend(struct ledger *ledger, int64_t run, struct error *err)
{
#ifdef HAVE_LIBPQ
    if (database_is_server(ledger))
        return quarantine_check_run(ledger->server.session, run, err);
#else
    (void)ledger, (void)run, (void)err;
#endif
    return 0;
}

int ledger_run_resend_from(struct ledger *ledger, int64_t run, struct buffer *ret_from,
                           struct error *err)
{
#ifdef HAVE_LIBPQ
    int64_t rows;

    if (database_is_server(ledger))
        return quarantine_run(ledger->server.session, run, &rows, ret_from, err);
#else
    (void)ledger, (void)run, (void)ret_from, (void)err;
#endif
    return 0;
}

/* What a host that was not heard of any more has signed may leave yet. */
static int check_quarantine(struct ledger *ledger, struct row_place place, struct error *err)
{
#ifdef HAVE_LIBPQ
    if (database_is_server(ledger))
        return quarantine_check(ledger->server.session, place.run, place.row, err);
#else
    (void)ledger, (void)place, (void)err;
#endif
    return 0;
}

int ledger_row_resolve(struct ledger *ledger, const struct row_ref *ref,
                       const struct settlement *settlement, struct error *err)
{
    struct buffer was = {0}, message = {0};
    struct known_row known = {0};
    int64_t platform;
    int result;

    commit_count_this(ledger);
    if (database_platform(ledger, ref->platform, &platform, err))
        return -1;
    result = find_meant(ledger, platform, ref, settlement, &known, err);
    if (result == 0)
        result = find_taken_back(ledger, ref, settlement, &known, err);
    if (result > 0 && settlement->outcome != OUTCOME_ACCEPTED &&
        check_quarantine(ledger, ref->place, err))
        result = -1;
    if (result > 0 &&
        apply_settlement(ledger, platform, ref, settlement, &known, &was, &message, err))
        result = -1;
    known_row_release(&known);
    buffer_release(&was);
    buffer_release(&message);
    return result;
}
