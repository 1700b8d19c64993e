#include "office.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "desk.h"
#include "disk.h"
#include "exports.h"
#include "first_ledger.h"
#include "folder.h"
#include "typed.h"
#include "world.h"

#define LAST_ROUNDS 12
#define QUIET_MS (2000 * INT64_C(1000)) /* over bans and outages */
#define BESIDE_MS 60
#define AUDITED_ONE_IN 4
#define VERIFIED_ONE_IN 8

/* What is known of the history beside the world: this process alone needs it. */
static struct office {
    int backups;
    int rounds[2][2]; /* of each export and kind of round, the one that is open; 0: none */
    bool is_stuck;    /* rows are unknown whose claims were settled in other runs */
    bool has_put_away;
} office;

/* ---- what sends ---- */

static bool is_round(enum operation_kind kind)
{
    return kind == OPERATION_RESUBMIT || kind == OPERATION_RESEND;
}

/* A round is the same until it has ended; a claim is sent in it once. */
static int *round_of(const struct operation *o)
{
    return &office.rounds[o->file][o->kind == OPERATION_RESUBMIT];
}

/* False when there is nothing that it could be typed for. */
static bool words_of(const struct operation *o, int index, struct words *ret_words)
{
    char report[NAME_BYTES];

    if (o->kind == OPERATION_RERUN) {
        if (!desk_choose_report(1000 + (uint64_t)index, report))
            return false;
        *ret_words = words_sending("rerun", report, LEDGER);
        return true;
    }
    *ret_words = words_sending("upload", export_names[o->file],
                               o->kind == OPERATION_OTHER_LEDGER ? "other.db" : LEDGER);
    if (is_round(o->kind)) {
        words_say(ret_words, "%s " WORDS_ROUND,
                  o->kind == OPERATION_RESEND ? "--resend-unknown" : "--resubmit", *round_of(o));
    }
    return true;
}

/* Its number among the actors, or 0 where there is nothing to do. */
static int start(const struct operation *o, int index)
{
    struct words words;
    int actor;

    if (o->kind == OPERATION_OTHER_LEDGER) {
        world->had_accident = true;
        mark(MARK_OTHER_LEDGER);
    }
    if (is_round(o->kind) && !*round_of(o))
        *round_of(o) = ++world->rounds;
    if (!words_of(o, index, &words))
        return 0;
    actor = words_start(&words, o);
    world->actors[actor].round = is_round(o->kind) ? *round_of(o) : 0;
    return actor;
}

static void finish(const struct operation *o, int actor)
{
    int code = words_finish(actor, o);

    if (is_round(o->kind) && (code == 0 || code == 1 || code == 3))
        *round_of(o) = 0;
}

/* ---- what does not ---- */

static void do_office_work(const struct operation *o, int index)
{
    char name[NAME_BYTES];
    struct words words =
        o->kind == OPERATION_AUDIT ? words_begin("audit", ".") : words_begin("status", "");

    if (o->kind == OPERATION_PRUNE) {
        words_say(&words, "--prune 0");
        mark(MARK_PRUNED);
    } else if (o->kind == OPERATION_BACKUP) {
        words_say(&words, "--backup backup-%d.db", ++office.backups);
    }
    if (folder_has(LEDGER) &&
        (o->kind != OPERATION_AUDIT || desk_choose_report((uint64_t)index, name)))
        words_run(&words, o);
}

/* What people do to files themselves is on the disk at once. */
static void sync_all(void)
{
    if (plan_has(&world->plan, SWARM_POWER))
        disk_begin();
}

static void change_export(const struct operation *o)
{
    exports_change(o->file);
    memset(office.rounds[o->file], 0, sizeof(office.rounds[o->file])); /* they were the other's */
    sync_all();
    mark(MARK_SECOND_EXPORT);
    if (!is_alone())
        mark(MARK_EXPORT_CHANGED);
}

static void set_clock(const struct operation *o)
{
    world->wall_ms += o->jump_ms;
    world->jumped_ms = world->mono_ms;
    note(EVENT_JUMP, (int)(o->jump_ms / 1000), 0);
    mark(o->jump_ms < 0 ? MARK_CLOCK_BACK : MARK_CLOCK_AHEAD);
}

static bool is_accident(enum operation_kind kind)
{
    return kind == OPERATION_RESTORE || kind == OPERATION_LOSE_LOG || kind == OPERATION_LOSE_LEDGER;
}

static void have_accident(const struct operation *o)
{
    char backup[NAME_BYTES];

    snprintf(backup, sizeof(backup), "backup-%d.db", office.backups);
    if (o->kind == OPERATION_RESTORE && !folder_has(backup))
        return;
    note(EVENT_OFFICE, (int)o->kind, 0);
    if (o->kind != OPERATION_LOSE_LOG)
        unlink(LEDGER);
    unlink(LEDGER "-wal");
    unlink(LEDGER "-shm");
    if (o->kind == OPERATION_RESTORE)
        folder_copy(backup, LEDGER);
    world->is_damaged = folder_has(LEDGER) && oracle_is_damaged();
    sync_all();
    mark(o->kind == OPERATION_RESTORE    ? MARK_RESTORED
         : o->kind == OPERATION_LOSE_LOG ? MARK_LOST_LOG
                                         : MARK_LOST_LEDGER);
    world->had_accident = true;
}

static void do_without_sending(const struct operation *o, int index)
{
    char name[NAME_BYTES];

    if (is_accident(o->kind))
        have_accident(o);
    else if (o->kind == OPERATION_NEXT_EXPORT)
        change_export(o);
    else if (o->kind == OPERATION_JUMP)
        set_clock(o);
    else if (o->kind == OPERATION_IMPORT)
        desk_learn(o);
    else if (o->kind != OPERATION_RESOLVE)
        do_office_work(o, index);
    else if (desk_choose_report(2000 + (uint64_t)index, name) && !desk_resolve(name, o))
        desk_resolve_all(o); /* there was nothing in that one */
}

/* ---- a history ---- */

static void rest(int64_t ms)
{
    sleep_until(world->mono_ms + ms);
}

/* One operation, and the next one beside it where it says so; returns how many. */
static int do_operations(const struct operation *o, int index, int left)
{
    struct operation beside;
    int actor;

    rest(o->gap_ms);
    if (!operation_sends(o->kind)) {
        do_without_sending(o, index);
        return 1;
    }
    actor = start(o, index);
    if (!actor)
        return 1;
    if (!o->beside || left < 2 || is_accident(o[1].kind)) {
        finish(o, actor);
        return 1;
    }
    beside = o[1];
    beside.gap_ms %= BESIDE_MS;
    beside.beside = false;
    if (operation_sends(beside.kind) && beside.file == o->file)
        mark(MARK_RAN_BESIDE_ITSELF);
    do_operations(&beside, index + 1, 1);
    finish(o, actor);
    return 2;
}

/* ---- the last phase: nothing goes wrong any more, and all has to end ---- */

/* Rows whose claims were settled in other runs are judged anew as `resolve` says: by a round. */
static int upload_once(const struct words *words, int file)
{
    struct operation operation = {.kind = OPERATION_UPLOAD, .file = file};
    struct words more = *words;
    int actor;

    if (!office.is_stuck)
        return words_run(words, &operation);
    operation.kind = OPERATION_RESEND;
    words_say(&more, "--resend-unknown " WORDS_ROUND, ++world->rounds);
    mark(MARK_JUDGED_ANEW);
    actor = words_start(&more, &operation);
    world->actors[actor].round = world->rounds;
    return words_finish(actor, &operation);
}

/* A damaged ledger is moved away, or the newest backup takes its place. */
static void heed_damage(void)
{
    have_accident(&(struct operation){.kind = OPERATION_RESTORE});
    if (world->is_damaged)
        have_accident(&(struct operation){.kind = OPERATION_LOSE_LEDGER});
}

static int upload_at_last(int file)
{
    struct words words = words_sending("upload", export_names[file], LEDGER);
    int code = upload_once(&words, file);
    bool has_learnt = true;

    if (world->is_damaged && code == EXIT_NO_WRITE) {
        heed_damage();
        code = upload_once(&words, file);
    }
    if (code == EXIT_REFUSED_LEDGER) {
        has_learnt = desk_learn(&(struct operation){.kind = OPERATION_IMPORT});
        code = upload_once(&words, file);
    }
    if (code == EXIT_NO_PLACE) { /* what a kill has left there is another export's by now */
        words_say(&words, "--overwrite");
        code = upload_once(&words, file);
    }
    if (code == EXIT_REFUSED_LEDGER) { /* no file tells of all that it has lost */
        words_say(&words, "--new-ledger " WORDS_REASON);
        mark(MARK_NEW_LEDGER);
        world->goes_on_blind |= !has_learnt;
        code = upload_once(&words, file);
    }
    return code;
}

/* A report may tell of a decision that the ledger has lost: upload says to move it away. */
static void put_away_reports(void)
{
    static struct names names;

    folder_list(".report.csv", &names);
    for (int i = 0; i < names.count; i++) {
        char report[NAME_BYTES + 16], other[NAME_BYTES + 16];

        snprintf(report, sizeof(report), "%s.report.csv", names.name[i]);
        snprintf(other, sizeof(other), "%s.away", names.name[i]);
        if (rename(report, other))
            abort();
    }
    sync_all();
    office.has_put_away = true;
}

/* Whether all has ended: nothing was sent, nothing is unknown. */
static bool try_to_end(void)
{
    int before = world->sent_count;
    int codes[2] = {upload_at_last(0), upload_at_last(1)};
    bool is_settled;

    oracle_check_reports();
    is_settled = desk_resolve_all(&(struct operation){.kind = OPERATION_RESOLVE});
    office.is_stuck = !is_settled && (codes[0] == 3 || codes[1] == 3);
    if (office.is_stuck && oracle_has_open()) {
        if (!world->had_accident || office.has_put_away)
            violation("an attempt is unknown, and nobody can settle it");
        put_away_reports();
    }
    return !is_settled && world->sent_count == before && (codes[0] == 0 || codes[0] == 1) &&
           (codes[1] == 0 || codes[1] == 1);
}

static bool has_mark(enum mark mark)
{
    return world->marks >> mark & 1;
}

/* An accident or a person's word to send again leave what an audit has to name. */
static void audit_at_last(void)
{
    struct words words = words_begin("audit", ".");
    int code;

    desk_complete_reports();
    /* A kill came between a report and its manifest, or an export was replaced when its run had
     * just begun anew. */
    if (has_mark(MARK_KILLED_RESOLVE) || has_mark(MARK_EXPORT_CHANGED))
        desk_bring_up_to_date(&(struct operation){.kind = OPERATION_RESOLVE});
    code = words_run(&words, &(struct operation){.kind = OPERATION_AUDIT});
    if (code && !world->had_accident && !has_mark(MARK_RESUBMIT_SENT) &&
        !world->was_any_asked_for && !has_mark(MARK_RESEND_SENT) &&
        !has_mark(MARK_SETTLED_WITHOUT_REPORT))
        violation("the last audit ended with %d", code);
}

/* Whatever happened, the ledger that all has ended with is sound: a damaged one was moved away. */
static void verify_at_last(void)
{
    struct words words = words_begin("status", "--verify");
    int code = words_run(&words, &(struct operation){.kind = OPERATION_AUDIT});

    if (code)
        violation("the ledger does not verify at last: %d", code);
}

static void end_history(void)
{
    world->is_quiet = true;
    world->banned_until_ms = world->unreachable_until_ms = 0;
    for (int i = 0; i < LAST_ROUNDS && !*world->violation; i++) {
        rest(QUIET_MS); /* a ban lasts as long as it was, from the moment when the clock is set back
                         */
        if (try_to_end()) {
            oracle_check_end();
            if (choice_of(STREAM_SCRIPT, 3000, AUDITED_ONE_IN) == 0)
                audit_at_last();
            if (choice_of(STREAM_SCRIPT, 3001, VERIFIED_ONE_IN) == 0)
                verify_at_last();
            return;
        }
    }
    violation("no end after %d rounds", LAST_ROUNDS);
}

void office_run(void)
{
    const struct plan *plan = &world->plan;

    memset(&office, 0, sizeof(office));
    folder_write("secret", SECRET "\n");
    folder_write(OFFICE_WORDS, "");
    exports_begin();
    if (plan->has_ledger)
        first_ledger_put();
    sync_all();
    for (int i = 0; i < plan->count && !*world->violation;)
        i += do_operations(&plan->operations[i], i, plan->count - i);
    if (!*world->violation)
        end_history();
}
