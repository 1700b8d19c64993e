/* A run's turns. */
#include "ledger/turn.h"

#include <stdlib.h>

#include "ledger/store/database.h"
#include "ledger/store/server_driver.h"
#include "ledger_turn.h"

#ifdef HAVE_LIBPQ

#include "base/clock.h"
#include "base/error.h"
#include "ledger/postgres/alive/ledger_worker.h"
#include "ledger/postgres/server_turn.h"
#include "ledger/postgres/session.h"
#include "ledger/postgres/shared/turn_shares.h"

#define FACTS_MS 200     /* how often what no row tells is asked for, at least */
#define TRY_MS 1000      /* … before who has the answers is asked for those that came */
#define SAME_BAN_MS 1000 /* the end of a ban comes as what is left of it: it is not exact */

struct ledger_turns {
    struct server_turn *turn;
    struct buffer folder; /* of this host's state */
    struct turn_shares shares;
    struct server_facts facts;
    int64_t asked_ms;     /* monotonic: when they came last */
    int64_t ban_until_ms; /* wall time, as told last */
    int64_t patience_ms;  /* how long that is waited for */
    int64_t lost_ms;      /* monotonic: since when it cannot be reached; 0: it can */
    bool waits;           /* the commit that has failed may succeed later */
    size_t queued;        /* in the turn at hand */
};

/* ---- rows ---- */

static struct server_attempt attempt_of(const struct row_ref *ref, int64_t call)
{
    return (struct server_attempt){
        .call = call,
        .claim = ref->link->claim,
        .has_fee = ref->has_fee,
        .fee_fen = ref->fee_fen,
    };
}

void ledger_row_forget(struct row_link *link)
{
    if (link->answer)
        server_answer_release(link->answer);
    free(link->answer);
    *link = (struct row_link){0};
}

static int take_answer(struct row_link *link, struct row_facts *ret_facts)
{
    *ret_facts = link->answer->facts;
    link->claim = link->answer->claim;
    link->version = link->answer->version;
    server_answer_release(link->answer);
    free(link->answer);
    link->answer = NULL;
    return 0;
}

static int ask(struct ledger *ledger, const struct row_ref *ref, bool repeated,
               struct row_facts *ret_facts, struct error *err)
{
    struct row_link *link = ref->link;

    if (link->answer)
        return take_answer(link, ret_facts);
    link->answer = calloc(1, sizeof(*link->answer));
    if (!link->answer)
        return error_no_memory(err);
    server_turn_ask(ledger->turns->turn, &ref->key, ref->place.row, repeated, false, link->answer);
    ledger->turns->queued++;
    return 1;
}

static int intend(struct ledger *ledger, const struct row_ref *ref, const struct row_record *record,
                  bool *ret_refused, struct error *err)
{
    struct server_turn *turn = ledger->turns->turn;
    struct server_intent intent = {
        .call = ref->link->call = server_turn_call(turn),
        .key = ref->key,
        .claim = ref->link->claim,
        .version = ref->link->version,
        .resend = ref->resend,
        .changed = ref->changed,
        .has_before = ref->has_before,
        .before_fen = ref->before_fen,
        .fee_fen = ref->fee_fen,
    };

    (void)err;
    server_turn_intend(turn, &intent, record, ret_refused, &ref->link->claim);
    ledger->turns->queued++;
    return 0;
}

static enum server_end end_of(const struct row_ref *ref, const struct row_record *record)
{
    if (record->state != ROW_FINAL)
        return ref->resend ? SERVER_END_PUT_OFF : SERVER_END_OVER;
    if (record->outcome == OUTCOME_ACCEPTED)
        return SERVER_END_OVER;
    return record->outcome == OUTCOME_UNKNOWN || ref->resend ? SERVER_END_STAYS : SERVER_END_OVER;
}

static int end(struct ledger *ledger, const struct row_ref *ref, const struct row_record *record,
               struct error *err)
{
    struct server_turn *turn = ledger->turns->turn;
    struct server_attempt attempt = attempt_of(ref, ref->link->call);

    (void)err;
    server_turn_end(turn, &attempt, end_of(ref, record), record);
    if (ref->resend && record->state == ROW_FINAL && record->outcome == OUTCOME_ACCEPTED)
        server_turn_release(turn, attempt.claim);
    ledger->turns->queued++;
    return 0;
}

/* Of a row that the run has told of before, and forgotten. */
static int find_claim(struct ledger *ledger, const struct row_ref *ref, int64_t *ret_claim,
                      struct error *err)
{
    static const char claim[] = "SELECT claim FROM row WHERE run=$1 AND row=$2";
    const struct session_value values[] = {
        {SERVER_INT8, .number = ref->place.run},
        {SERVER_INT8, .number = (int64_t)ref->place.row},
    };

    if (session_ask(ledger->server.session, claim, 2, values, err))
        return -1;
    *ret_claim =
        session_rows(ledger->server.session) ? session_integer(ledger->server.session, 0, 0) : 0;
    return 0;
}

static int doubt(struct ledger *ledger, const struct row_ref *ref, const struct row_record *record,
                 struct error *err)
{
    struct server_turn *turn = ledger->turns->turn;
    struct row_link none = {0};
    struct row_ref known = *ref;
    struct server_attempt attempt;

    if (!known.link)
        known.link = &none;
    if (!known.link->claim && find_claim(ledger, ref, &known.link->claim, err) &&
        (server_driver_await(ledger, err) || find_claim(ledger, ref, &known.link->claim, err)))
        return -1;
    attempt = attempt_of(&known, server_turn_call(turn));
    server_turn_doubt(turn, &attempt, record);
    ledger->turns->queued++;
    return 0;
}

/* Whether it has it already is not known before it is written. */
static int warn(struct ledger *ledger, struct row_place place, const char *code, struct error *err)
{
    (void)err;
    server_turn_warn(ledger->turns->turn, place.row, code);
    ledger->turns->queued++;
    return 1;
}

static int note(struct ledger *ledger, const struct row_ref *ref, const struct row_record *record,
                struct error *err)
{
    struct server_turn *turn = ledger->turns->turn;
    struct server_attempt attempt = attempt_of(ref, server_turn_call(turn));

    (void)err;
    if (ref->changed)
        server_turn_change(turn, record->row, ref->has_before ? &ref->before_fen : NULL,
                           ref->fee_fen);
    else if (record->attempts)
        server_turn_unchanged(turn, record->row);
    server_turn_note(turn, &attempt, record);
    ledger->turns->queued++;
    return 0;
}

static const struct row_queue queue = {ask, intend, end, doubt, warn, note};

/* ---- turns ---- */

/* It has the worker's lock file. */
static int find_folder(struct buffer *ret_folder, struct error *err)
{
    if (ledger_state_path("", ret_folder, err))
        return -1;
    while (ret_folder->len > 1 && ret_folder->ptr[ret_folder->len - 1] == '/')
        ret_folder->ptr[--ret_folder->len] = '\0';
    return 0;
}

/* What has come goes to this host's disk before it is waited. */
static void keep_meanwhile(struct ledger *ledger)
{
    server_turn_keep_meanwhile(ledger->turns->turn);
}

static int open_turns(struct ledger *ledger, int64_t run, const struct app *app,
                      int64_t patience_ms, struct error *err)
{
    struct ledger_turns *turns = calloc(1, sizeof(*turns));
    struct server_work work;

    if (!turns)
        return error_no_memory(err);
    ledger->turns = turns;
    turns->patience_ms = patience_ms;
    if (turn_shares_begin(&turns->shares, ledger, app, err))
        return -1;
    if (find_folder(&turns->folder, err))
        return -1;
    work = (struct server_work){(int32_t)turns->shares.app.platform, run, turns->folder.ptr};
    if (server_turn_open(ledger->path, &ledger->server.worker->worker, &work, TRY_MS, &turns->turn,
                         err))
        return -1;
    ledger->server.patience_ms = patience_ms;
    ledger->server.wait = keep_meanwhile;
    return 0;
}

/* What is left of a ban is told by the server's clock; when it ends, by ours. */
static void take_ban(struct ledger_turns *turns)
{
    int64_t until_ms = clock_wall_ms() + turns->facts.ban_ms;
    int64_t moved_ms = until_ms - turns->ban_until_ms;

    if (!turns->facts.ban_ms)
        turns->ban_until_ms = 0;
    else if (moved_ms > SAME_BAN_MS || moved_ms < -SAME_BAN_MS)
        turns->ban_until_ms = until_ms;
}

static int fail(struct ledger *ledger, int64_t now_ms, const struct error *err)
{
    struct ledger_turns *turns = ledger->turns;

    if (!turns->lost_ms)
        turns->lost_ms = now_ms;
    turns->waits = err->exit_code == EXIT_TRY_LATER && !ledger->server.worker->worker.is_fenced &&
                   now_ms - turns->lost_ms < turns->patience_ms;
    return -1;
}

bool ledger_turn_is_lost(const struct ledger *ledger)
{
    return ledger->turns && !session_is_open(ledger->server.session);
}

static int commit(struct ledger *ledger, struct error *err)
{
    struct ledger_turns *turns = ledger->turns;
    int64_t now_ms = clock_mono_ms();

    ledger->queue = NULL;
    turns->waits = false;
    if (!turns->queued && !ledger_turn_is_lost(ledger) && now_ms - turns->asked_ms < FACTS_MS)
        return 0;
    server_turn_facts(turns->turn, turns->shares.app.key, &turns->facts);
    if (server_turn_commit(turns->turn, err) || server_driver_restore(ledger, err))
        return fail(ledger, now_ms, err);
    turns->lost_ms = 0;
    turns->queued = 0;
    turns->asked_ms = now_ms;
    take_ban(turns);
    return 0;
}

int ledger_turns_facts(struct ledger *ledger, const struct turn *turn, struct turn_facts *ret_facts,
                       struct error *err)
{
    struct ledger_turns *turns = ledger->turns;
    struct rate_share_turn step = {
        .rate = turn->rate ? turn->rate : SHARE_UNLIMITED,
        .taken = turn->taken,
        .generation = turns->facts.generation,
        .now_ms = clock_mono_ms(),
    };

    if (turn_shares_step(&turns->shares, ledger, &step, err))
        return -1;
    *ret_facts = (struct turn_facts){
        .ban = {turns->ban_until_ms, turns->ban_until_ms ? turns->facts.ban_ms : 0},
        .has_share = turns->shares.rate.share != SHARE_UNLIMITED,
        .share = turns->shares.rate.share,
    };
    return 0;
}

int ledger_turns_calls_left(struct ledger *ledger, int64_t quota, int64_t *ret_left,
                            struct error *err)
{
    return turn_shares_calls_left(&ledger->turns->shares, ledger, quota, ret_left, err);
}

void ledger_turns_charge(struct ledger *ledger, int32_t day, int64_t calls)
{
    turn_shares_charge(&ledger->turns->shares, day, calls);
}

bool ledger_turn_waits(const struct ledger *ledger)
{
    return ledger->turns && ledger->turns->waits;
}

/* Whoever goes on in its place is told at once, if that is still possible. */
static bool tell_late(struct ledger *ledger)
{
    struct error why;

    return ledger->server.worker->worker.is_fenced && !server_driver_restore(ledger, &why) &&
           !server_turn_tell_late(ledger->turns->turn, ledger->server.session, &why);
}

bool ledger_turn_keep(struct ledger *ledger, struct error *err)
{
    return ledger->turns && (tell_late(ledger) || server_turn_keep_last(ledger->turns->turn, err));
}

void ledger_turns_close(struct ledger *ledger)
{
    ledger->server.patience_ms = 0;
    ledger->server.wait = NULL;
    if (!ledger->turns)
        return;
    turn_shares_end(&ledger->turns->shares, ledger);
    server_turn_close(ledger->turns->turn);
    buffer_release(&ledger->turns->folder);
    free(ledger->turns);
    ledger->turns = NULL;
}

#else

#include "ledger/postgres/server_ledger.h"

void ledger_row_forget(struct row_link *link)
{
    *link = (struct row_link){0};
}

int ledger_turns_facts(struct ledger *ledger, const struct turn *turn, struct turn_facts *ret_facts,
                       struct error *err)
{
    (void)ledger, (void)turn, (void)err;
    *ret_facts = (struct turn_facts){0};
    return 0;
}

int ledger_turns_calls_left(struct ledger *ledger, int64_t quota, int64_t *ret_left,
                            struct error *err)
{
    (void)ledger, (void)err;
    *ret_left = quota;
    return 0;
}

void ledger_turns_charge(struct ledger *ledger, int32_t day, int64_t calls)
{
    (void)ledger, (void)day, (void)calls;
}

bool ledger_turn_is_lost(const struct ledger *ledger)
{
    (void)ledger;
    return false;
}

bool ledger_turn_waits(const struct ledger *ledger)
{
    (void)ledger;
    return false;
}

bool ledger_turn_keep(struct ledger *ledger, struct error *err)
{
    (void)ledger, (void)err;
    return false;
}

void ledger_turns_close(struct ledger *ledger)
{
    (void)ledger;
}

/* No ledger on a server was opened. */
static const struct row_queue queue;

static int open_turns(struct ledger *ledger, int64_t run, const struct app *app,
                      int64_t patience_ms, struct error *err)
{
    (void)run, (void)app, (void)patience_ms;
    return server_ledger_refuse(ledger->path, err);
}

static int commit(struct ledger *ledger, struct error *err)
{
    return ledger_commit(ledger, err);
}

#endif

int ledger_turns_open(struct ledger *ledger, int64_t run, const struct app *app,
                      int64_t patience_ms, struct error *err)
{
    return database_is_server(ledger) ? open_turns(ledger, run, app, patience_ms, err) : 0;
}

int ledger_turn_begin(struct ledger *ledger, struct error *err)
{
    if (!ledger->turns)
        return ledger_begin(ledger, err);
    ledger->has_news = false; /* what has changed meanwhile is refused, and asked again then */
    ledger->queue = &queue;
    return 0;
}

int ledger_turn_commit(struct ledger *ledger, struct error *err)
{
    return ledger->turns ? commit(ledger, err) : ledger_commit(ledger, err);
}

void ledger_turn_rollback(struct ledger *ledger)
{
    ledger->queue = NULL;
    ledger_rollback(ledger);
}
