/* What must hold, whatever the program believes. It knows what left, what the gateway did, and what
 * people said; nothing of the program's state but what another connection to the ledger sees. */
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "exports.h"
#include "folder.h"
#include "world.h"

#define SECOND_MS 1000

void violation(const char *format, ...)
{
    va_list list;

    if (*world->violation)
        return;
    va_start(list, format);
    vsnprintf(world->violation, sizeof(world->violation), format, list);
    va_end(list);
}

/* ---- at most once, and in order ---- */

static bool is_alive(const struct sent *sent)
{
    const struct actor *actor = &world->actors[sent->actor];

    return actor->state == ACTOR_LIVES && actor->start == sent->start;
}

/* Whether a person's word to send again covers it: what other rounds or none have sent, and of that
 * only --resubmit takes what was accepted. */
static bool is_excused(const struct sent *sent, const struct sent *before)
{
    if (!sent->round || before->round == sent->round)
        return false;
    return sent->is_resubmitted || before->said != SAID_ACCEPTED || !before->is_certain;
}

/* Two ledgers keep each other from one export, not from two that hold the same claim. */
static bool is_of_two_ledgers(const struct sent *sent, const struct sent *before)
{
    return sent->is_of_other_ledger != before->is_of_other_ledger && exports_share(sent->claim);
}

static bool is_open(const struct sent *sent)
{
    return !sent->settled && (sent->said == SAID_NOTHING || sent->said == SAID_UNKNOWN);
}

static void check_against(const struct sent *sent, const struct sent *before, bool is_closed)
{
    if (is_of_two_ledgers(sent, before))
        return;
    if (before->said == SAID_NOTHING && is_alive(before))
        violation("claim %d: two calls are in flight together", sent->claim);
    else if (is_excused(sent, before) || world->goes_on_blind)
        return;
    else if (is_open(before) && !is_closed)
        violation("claim %d: sent by start %d after a call of start %d that may have been executed",
                  sent->claim, sent->start, before->start);
    else if (!before->executed || is_open(before))
        return;
    else if (before->version == sent->version)
        violation("claim %d: sent again by start %d after start %d had it accepted", sent->claim,
                  sent->start, before->start);
    else if (before->version > sent->version)
        violation("claim %d: an older content is sent by start %d after a newer one was accepted",
                  sent->claim, sent->start);
}

static void mark_repeat(const struct sent *sent, const struct sent *before)
{
    if (before->executed && before->version < sent->version)
        mark(MARK_CORRECTION);
    if (before->said == SAID_REJECTED)
        mark(MARK_REJECTED_AGAIN);
    if (before->settled)
        mark(MARK_SETTLED_THEN_SENT);
    if (is_excused(sent, before) && before->said == SAID_ACCEPTED)
        mark(MARK_RESUBMIT_SENT);
    else if (is_excused(sent, before) && is_open(before))
        mark(MARK_RESEND_SENT);
}

static void check_claim(int index)
{
    struct sent *sent = &world->sent[index];
    bool is_closed = false; /* an accepted answer or a person's word has ended what was unknown */

    if (sent->round && world->is_asked_for[sent->claim]) {
        sent->is_resubmitted = true;
        world->is_asked_for[sent->claim] = false;
    }
    sent->before = world->last_sent[sent->claim];
    world->last_sent[sent->claim] = index;
    for (int i = sent->before; i >= 0; i = world->sent[i].before) {
        const struct sent *before = &world->sent[i];

        check_against(sent, before, is_closed);
        mark_repeat(sent, before);
        if (sent->round && before->is_resubmitted)
            return; /* a person has opened again what was before it */
        is_closed |= (before->said == SAID_ACCEPTED && before->is_certain) || before->settled;
    }
}

/* ---- rate and quota ---- */

/* Calls are told in the order of the turns; by time, they may lie a little before the last one. */
static int insert_by_time(int index)
{
    int at = index;

    while (at && world->sent[world->order[at - 1]].mono_ms > world->sent[index].mono_ms) {
        world->order[at] = world->order[at - 1];
        at--;
    }
    world->order[at] = index;
    return at;
}

static const struct sent *by_time(int place)
{
    return &world->sent[world->order[place]];
}

/* Starts know of each other by the wall clock: where that was set, their seconds are others. */
static bool is_one_clock(const struct sent *first, const struct sent *last)
{
    return first->start == last->start || world->jumped_ms < first->mono_ms - 2 * SECOND_MS;
}

static void check_rate(int place)
{
    int rate = world->plan.rate;

    if (!rate || world->had_accident)
        return;
    for (int first = place - rate < 0 ? 0 : place - rate;
         first <= place && first + rate < world->sent_count; first++) {
        const struct sent *a = by_time(first);
        const struct sent *b = by_time(first + rate);

        if (b->mono_ms - a->mono_ms < SECOND_MS && is_one_clock(a, b))
            violation("%d calls left within %d ms, from start %d to start %d", rate + 1,
                      (int)(b->mono_ms - a->mono_ms), a->start, b->start);
    }
    if (place + 1 >= rate && by_time(place)->mono_ms - by_time(place + 1 - rate)->mono_ms < 1100)
        mark(by_time(place)->start == by_time(place + 1 - rate)->start ? MARK_RATE_FULL
                                                                       : MARK_RATE_OVER_STARTS);
}

static void check_quota(const struct sent *sent)
{
    int32_t day = clock_beijing_day(sent->wall_ms);
    int count = 0;

    if (!world->plan.quota || world->had_accident || world->is_quiet)
        return;
    for (int i = 0; i < world->sent_count; i++)
        count += clock_beijing_day(world->sent[i].wall_ms) == day;
    if (count == world->plan.quota)
        mark(MARK_QUOTA_FULL);
    if (count > world->plan.quota)
        violation("%d calls left on day %d, and its quota is %d", count, (int)day,
                  world->plan.quota);
}

/* ---- a canary ---- */

static bool is_repeat_of(const struct sent *sent, const struct sent *other)
{
    return sent->start == other->start && sent->row == other->row;
}

/* Of a row the first call alone counts. */
static void check_limit(void)
{
    const struct sent *last = &world->sent[world->sent_count - 1];
    int rows = 0;

    if (!world->plan.limit || world->is_quiet)
        return;
    for (const struct sent *sent = world->sent; sent <= last; sent++) {
        const struct sent *other = world->sent;

        while (other < sent && !is_repeat_of(sent, other))
            other++;
        rows += other == sent && sent->start == last->start;
    }
    if (rows > world->plan.limit)
        violation("start %d sends %d rows, and its limit is %d", last->start, rows,
                  world->plan.limit);
}

/* ---- bans ---- */

static bool must_know(const struct ban *ban, int64_t submitted)
{
    const struct actor *own = &world->actors[self];

    if (ban->actor == self && ban->start == own->start)
        return ban->heard && submitted > ban->heard;
    return ban->known && own->turn_began > ban->known && submitted > ban->known &&
           !world->had_accident && world->jumped_ms < ban->until_ms - 800 * SECOND_MS;
}

static void check_bans(const struct sent *sent, int64_t submitted)
{
    for (int i = 0; i < world->ban_count; i++)
        if (must_know(&world->bans[i], submitted) && sent->mono_ms < world->bans[i].until_ms)
            violation("claim %d: sent by start %d in a ban that start %d had heard of", sent->claim,
                      sent->start, world->bans[i].start);
}

/* ---- the intent comes first ---- */

/* Another connection sees what is committed, and no more. */
static void check_intent(const struct sent *sent)
{
    static sqlite3 *db;
    static sqlite3_stmt *look;
    char order_no[32];

    if (!db && (sqlite3_open_v2("ledger.db", &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
                sqlite3_prepare_v2(db,
                                   "SELECT 1 FROM open_attempt WHERE claim_order_no=? AND"
                                   " workcard_id=? AND intent",
                                   -1, &look, NULL) != SQLITE_OK)) {
        violation("the ledger cannot be read: %s", sqlite3_errmsg(db));
        return;
    }
    snprintf(order_no, sizeof(order_no), "CL%06d", sent->claim);
    sqlite3_bind_text(look, 1, order_no, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(look, 2, FIRST_WORKCARD + sent->claim);
    if (sqlite3_step(look) != SQLITE_ROW)
        violation("claim %d: it leaves before its intent is committed", sent->claim);
    sqlite3_reset(look);
}

/* ---- a start ends before what it was about to send has left ---- */

static bool has_sent(int claim, int round)
{
    for (int i = world->last_sent[claim]; i >= 0; i = world->sent[i].before)
        if (world->sent[i].round == round)
            return true;
    return false;
}

/* Its intents are in the ledger, so these claims are unknown, also where they were accepted before:
 * who has unknown claims sent again has these sent, too, each once. */
void oracle_lose_intents(void)
{
    const struct actor *own = &world->actors[self];
    const struct export_line *lines;
    int count = exports_lines(own->operation.file, &lines);

    if (own->operation.kind != OPERATION_RESUBMIT)
        return;
    for (int i = 0; i < count; i++)
        if (!has_sent(lines[i].claim, own->round))
            world->is_asked_for[lines[i].claim] = true;
    world->was_any_asked_for = true;
}

/* ---- a call leaves ---- */

static void mark_neighbours(int place)
{
    const struct sent *sent = by_time(place);

    if (place && by_time(place - 1)->start != sent->start &&
        sent->mono_ms - by_time(place - 1)->mono_ms < SECOND_MS)
        mark(MARK_TWO_STARTS_A_SECOND);
    for (int i = 1; i < ACTORS; i++)
        if (i != sent->actor && world->actors[i].state == ACTOR_LIVES &&
            world->actors[i].counted[EVENT_DEPART] > world->actors[i].counted[EVENT_ANSWER])
            mark(MARK_TWO_AT_ONCE);
    for (int i = 0; i < place; i++)
        if (by_time(i)->start == sent->start &&
            clock_beijing_day(by_time(i)->wall_ms) < clock_beijing_day(sent->wall_ms))
            mark(MARK_MIDNIGHT);
    if (world->actors[self].operation.kind == OPERATION_RERUN)
        mark(MARK_RERUN_SENT);
}

void oracle_sent(int index, int64_t submitted)
{
    const struct sent *sent = &world->sent[index];
    int place = insert_by_time(index);

    check_claim(index);
    check_rate(place);
    check_quota(sent);
    check_limit();
    check_bans(sent, submitted);
    if (world->plan.looks_at_intents &&
        world->actors[self].operation.kind != OPERATION_OTHER_LEDGER)
        check_intent(sent);
    mark_neighbours(place);
}

bool oracle_was_executed(int claim, int version)
{
    for (int i = world->last_sent[claim]; i >= 0; i = world->sent[i].before)
        if (world->sent[i].version == version && world->sent[i].executed)
            return true;
    return false;
}

void oracle_settle(int claim, int version)
{
    world->is_asked_for[claim] = false;
    for (int i = world->last_sent[claim]; i >= 0; i = world->sent[i].before) {
        struct sent *sent = &world->sent[i];

        if (sent->version != version)
            continue;
        if (is_open(sent))
            mark(sent->executed ? MARK_SETTLED_ACCEPTED : MARK_SETTLED_NOT_EXECUTED);
        sent->settled = true;
    }
}

/* ---- what the office looks up in the ledger ---- */

struct look {
    sqlite3 *db;
    sqlite3_stmt *found;
};

/* Whether there is a first row of what is asked for; to be ended in any case. */
static bool look_begin(struct look *look, const char *uri, const char *question, int number)
{
    *look = (struct look){NULL, NULL};
    if (sqlite3_open_v2(uri, &look->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) !=
            SQLITE_OK ||
        sqlite3_prepare_v2(look->db, question, -1, &look->found, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_int(look->found, 1, number); /* where it has one */
    return sqlite3_step(look->found) == SQLITE_ROW;
}

static void look_end(struct look *look)
{
    sqlite3_finalize(look->found);
    sqlite3_close(look->db);
    sqlite3_shutdown(); /* each start configures it anew */
}

/* The input of a re-run is a report: for claims.csv, claims.report.csv. */
static int version_in(int file, const char *input, int row, int claim)
{
    const struct export_line *lines;
    int line = row - 2; /* behind the header */
    char stem[16];

    snprintf(stem, sizeof(stem), "/%.*s.", (int)strcspn(export_names[file], "."),
             export_names[file]);
    if (!strstr(input, stem) || line >= exports_lines(file, &lines) || lines[line].claim != claim)
        return -1;
    return lines[line].version;
}

int oracle_open_version(int claim)
{
    struct look look;
    int version = -1;

    if (look_begin(&look, "file:ledger.db",
                   "SELECT row, export_name FROM open_attempt JOIN run ON run.id=run"
                   " WHERE CAST(substr(claim_order_no, 3) AS INTEGER)=?",
                   claim))
        for (int file = 0; file < 2 && version < 0; file++)
            version = version_in(file, (const char *)sqlite3_column_text(look.found, 1),
                                 sqlite3_column_int(look.found, 0), claim);
    look_end(&look);
    return version;
}

/* The whole file is looked at, its log with it. */
bool oracle_has_open(void)
{
    struct look look;
    bool is_open = look_begin(&look, "file:ledger.db", "SELECT 1 FROM open_attempt", 0);

    look_end(&look);
    return is_open;
}

/* No process has it open, and no log belongs to it. What was being made is made again. */
bool oracle_is_damaged(void)
{
    struct look look;
    bool is_sound =
        look_begin(&look, "file:ledger.db?immutable=1", "PRAGMA integrity_check(1)", 0) &&
        strcmp((const char *)sqlite3_column_text(look.found, 0), "ok") == 0;

    look_end(&look);
    return !is_sound && !folder_has("ledger.db-journal");
}
