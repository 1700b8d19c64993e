#include "settling.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/log.h"
#include "command/resolve/unsettled.h"

static struct row_place place_of(const struct settling *s, const struct ruling *ruling)
{
    return (struct row_place){s->run->id, ruling->row};
}

/* Whether the very same was said of the very same attempt before. */
static bool was_settled_alike(const struct ruling *ruling, const struct row_record *record)
{
    const char *code =
        ruling->outcome == OUTCOME_ACCEPTED ? "RESOLVED_ACCEPTED" : "RESOLVED_NOT_EXECUTED";

    return record->outcome == ruling->outcome && strcmp(record->code, code) == 0 &&
           record->submitted_ms == ruling->submitted_ms &&
           memcmp(record->digest, ruling->digest, sizeof(ruling->digest)) == 0;
}

static void format_attempt(int64_t submitted_ms, const unsigned char *digest,
                           struct buffer *ret_text)
{
    char hex[DIGEST_CLAIM_TEXT_BYTES];
    char time[CLOCK_RFC3339_BYTES];

    hex_format(digest, DIGEST_CLAIM_BYTES, hex);
    clock_format_rfc3339(submitted_ms, time);
    buffer_format(ret_text, "handed over at %s, digest %s", submitted_ms ? time : "no time", hex);
}

static void refuse_other_attempt(struct settling *s, const struct ruling *ruling,
                                 const struct row_record *record)
{
    struct buffer is = {0};
    struct buffer said = {0};

    format_attempt(record->submitted_ms, record->digest, &is);
    format_attempt(ruling->submitted_ms, ruling->digest, &said);
    rulings_refuse(s->rulings, ruling,
                   "the unknown attempt is another: %s; the decision is about one %s",
                   buffer_string(&is), buffer_string(&said));
    buffer_release(&is);
    buffer_release(&said);
}

/* The row is unknown, but its claim's open attempt is not this row's. */
static int refuse_elsewhere(struct settling *s, const struct ruling *ruling,
                            const struct claim_state *state, struct error *err)
{
    struct unsettled unsettled = {.at = state->open_at, .at_report = ""};
    struct buffer place = {0};
    struct run_record run;
    int found;

    if (!state->open) {
        rulings_refuse(s->rulings, ruling, "its claim was settled in another run");
        return 0;
    }
    found = ledger_run_get(s->ledger, state->open_at.run, &run, err);
    if (found < 0)
        return -1;
    if (found) {
        snprintf(unsettled.at_run, sizeof(unsettled.at_run), "%s", run.name);
        unsettled.at_report = run.report_path;
    }
    unsettled_append_place(&unsettled, &place);
    rulings_refuse(s->rulings, ruling, "it waits for %s: %s", buffer_string(&place),
                   state->open_is_intent ? "which is being sent"
                                         : "settle that one, or list what is unknown here with -o");
    buffer_release(&place);
    return 0;
}

static bool is_own(const struct settling *s, const struct ruling *ruling,
                   const struct claim_state *state)
{
    return state->open && state->open_at.run == s->run->id && state->open_at.row == ruling->row;
}

/* Says what the ledger holds in place of the attempt that a decision is about. */
static int refuse_ruling(struct settling *s, const struct ruling *ruling,
                         const struct claim_state *state, struct error *err)
{
    char code[LOG_QUOTE_BYTES], message[LOG_QUOTE_BYTES];
    struct row_record record;
    int found = ledger_row_get(s->ledger, place_of(s, ruling), &record, err);

    if (found < 0)
        return -1;
    if (!found) {
        rulings_refuse(s->rulings, ruling, "the ledger knows of no attempt of it");
        return 0;
    }
    if (was_settled_alike(ruling, &record)) {
        s->before++;
        return 0;
    }
    if (record.outcome == OUTCOME_UNKNOWN && row_has_outcome(&record)) {
        if (!is_own(s, ruling, state))
            return refuse_elsewhere(s, ruling, state, err);
        refuse_other_attempt(s, ruling, &record);
        return 0;
    }
    rulings_refuse(s->rulings, ruling, "it is not unknown: the ledger has it as %s %s (%s)",
                   row_has_outcome(&record) ? outcome_name(record.outcome) : "unsent",
                   log_quote(record.code, code, sizeof(code)),
                   log_quote(record.message, message, sizeof(message)));
    return 0;
}

/* Settles the attempt of the ruling if it is that of this row: 1, or 0. */
static int settle_at(struct settling *s, const struct ruling *ruling, const struct run_record *run,
                     uint64_t row, struct error *err)
{
    struct row_ref ref = {
        .platform = s->run->platform,
        .place = {run->id, row},
        .key = {ruling->workcard_id, ruling->claim_order_no},
    };
    struct settlement settlement = {
        .outcome = ruling->outcome,
        .digest = ruling->digest,
        .submitted_ms = ruling->submitted_ms,
        .by = ruling->by,
        .reason = ruling->reason,
        .at_ms = clock_wall_ms(),
    };

    return ledger_row_resolve(s->ledger, &ref, &settlement, err);
}

/* A row that waits: who names the attempt it waits for settles that. The report of its run is then
 * behind the ledger. 1 settled, or 0. */
static int settle_awaited(struct settling *s, const struct ruling *ruling,
                          const struct claim_state *state, struct error *err)
{
    struct run_record run;
    int result;

    if (!ruling->names_attempt || !state->open || state->open_is_intent ||
        is_own(s, ruling, state) || ledger_run_is_alive(s->ledger, state->open_at.run))
        return 0;
    result = ledger_run_get(s->ledger, state->open_at.run, &run, err);
    if (result > 0)
        result = settle_at(s, ruling, &run, state->open_at.row, err);
    if (result <= 0)
        return result;
    run.published = false;
    return ledger_run_save(s->ledger, &run, err) ? -1 : 1;
}

static int settle_one(struct settling *s, const struct ruling *ruling, struct error *err)
{
    struct claim_key key = {ruling->workcard_id, ruling->claim_order_no};
    struct claim_state state;
    int done = settle_at(s, ruling, s->run, ruling->row, err);

    if (done == 0 && ledger_claim_get(s->ledger, s->run->platform, &key, &state, err))
        return -1;
    if (done == 0)
        done = settle_awaited(s, ruling, &state, err);
    if (done < 0)
        return -1;
    if (done == 0)
        return refuse_ruling(s, ruling, &state, err);
    s->settled++;
    return 0;
}

static int settle_rulings(struct settling *s, struct error *err)
{
    for (size_t i = 0; i < rulings_count(s->rulings); i++) {
        const struct ruling *ruling = rulings_at(s->rulings, i);

        if (ruling->claim_order_no && settle_one(s, ruling, err))
            return -1;
    }
    return 0;
}

static int refuse_all(const struct settling *s, struct error *err)
{
    uint64_t refused = rulings_refused(s->rulings);

    return error_set(err, EXIT_INPUT_REFUSED,
                     "%llu decision%s refused, %s named above; all are taken or none, so nothing "
                     "was settled",
                     (unsigned long long)refused, refused == 1 ? " is" : "s are",
                     refused > RULINGS_REFUSED_SHOWN ? "the first ones" : "as");
}

int settling_run(struct settling *s, struct error *err)
{
    s->settled = s->before = 0;
    if (ledger_begin(s->ledger, err) || settle_rulings(s, err))
        return -1;
    if (rulings_refused(s->rulings)) {
        ledger_rollback(s->ledger);
        return refuse_all(s, err);
    }
    /* From now on the report is behind the ledger: whoever comes next is to publish it. */
    s->run->published &= s->settled == 0;
    if (ledger_run_save(s->ledger, s->run, err))
        return -1;
    return ledger_commit(s->ledger, err);
}
