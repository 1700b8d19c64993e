/* Runs: what they are, and what their reports add up to. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "ledger/store/database.h"

/* The run that the statement finds: 1 or 0. */
static int read_run(struct ledger *ledger, struct database_statement *s, struct run_record *ret_run,
                    struct error *err)
{
    static const int text_columns[] = {2, 4, 5, 8, 13, 16, 17};
    int found = database_step(ledger, s, err);

    memset(ret_run, 0, sizeof(*ret_run));
    if (found <= 0)
        return found;
    for (size_t i = 0; i < sizeof(text_columns) / sizeof(*text_columns); i++) {
        buffer_reset(&ledger->run_texts[i]);
        buffer_text(&ledger->run_texts[i], database_text(s, text_columns[i]));
        if (ledger->run_texts[i].failed) {
            database_done(s);
            return error_no_memory(err);
        }
    }
    database_sha256(ledger->run_sha256, s, 18);
    *ret_run = (struct run_record){
        .id = database_integer(s, 0),
        .command = buffer_string(&ledger->run_texts[5]),
        .platform = buffer_string(&ledger->run_texts[6]),
        .export_name = buffer_string(&ledger->run_texts[0]),
        .export_sha256 = ledger->run_sha256,
        .export_bytes = (uint64_t)database_integer(s, 3),
        .reading = buffer_string(&ledger->run_texts[1]),
        .report_path = buffer_string(&ledger->run_texts[2]),
        .started_ms = database_integer(s, 6),
        .finished_ms = database_integer(s, 7),
        .stopped_because = buffer_string(&ledger->run_texts[3]),
        .complete = database_integer(s, 9),
        .published = database_integer(s, 10),
        .open_rows = (uint64_t)database_integer(s, 11),
        .invalid_rows = (uint64_t)database_integer(s, 12),
        .parent = buffer_string(&ledger->run_texts[4]),
        .origin = database_integer(s, 14),
        .sequence = database_integer(s, 19),
        .rank = database_integer(s, 20),
        .released = (uint64_t)database_integer(s, 15),
    };
    snprintf(ret_run->name, sizeof(ret_run->name), "%s", database_text(s, 1));
    database_done(s);
    return 1;
}

int ledger_run_find(struct ledger *ledger, const char *command, const char *platform,
                    const unsigned char export_sha256[32], struct run_record *ret_run,
                    struct error *err)
{
    int64_t id;
    int found;

    memset(ret_run, 0, sizeof(*ret_run));
    if (database_platform(ledger, platform, &id, err))
        return -1;
    found =
        read_run(ledger, database_ready(ledger, SQL_RUN_FIND, "his", export_sha256, id, command),
                 ret_run, err);
    if (found <= 0)
        return found;
    ret_run->command = command;
    ret_run->platform = platform;
    ret_run->export_sha256 = export_sha256;
    return 1;
}

int ledger_run_find_pruned(struct ledger *ledger, const char *command, const char *platform,
                           const unsigned char export_sha256[32], struct run_record *ret_run,
                           struct error *err)
{
    int64_t id;

    memset(ret_run, 0, sizeof(*ret_run));
    if (database_platform(ledger, platform, &id, err))
        return -1;
    return read_run(ledger,
                    database_ready(ledger, SQL_PRUNED_ENDED, "his", export_sha256, id, command),
                    ret_run, err);
}

int ledger_run_recall_pruned(struct ledger *ledger, int64_t run,
                             const unsigned char export_sha256[32], struct error *err)
{
    return database_execute(
        ledger, database_ready(ledger, SQL_PRUNE_RECALL, "ih", run, export_sha256), err);
}

int ledger_run_named(struct ledger *ledger, const char *name, struct run_record *ret_run,
                     struct error *err)
{
    return read_run(ledger, database_ready(ledger, SQL_RUN_NAMED, "s", name), ret_run, err);
}

int ledger_run_get(struct ledger *ledger, int64_t id, struct run_record *ret_run, struct error *err)
{
    return read_run(ledger, database_ready(ledger, SQL_RUN_GET, "i", id), ret_run, err);
}

/* Where a run stands that begins now, behind all others whatever their clocks said. */
static int next_sequence(struct ledger *ledger, int64_t now_ms, int64_t *ret_sequence,
                         struct error *err)
{
    struct database_statement *s = database_ready(ledger, SQL_RUN_NEXT_SEQUENCE, "i", now_ms);

    if (database_step(ledger, s, err) < 0)
        return -1;
    *ret_sequence = database_integer(s, 0);
    database_done(s);
    return 0;
}

/* Records which export a run corrects; and gives the runs that corrected this one's export before
 * it was sent their places in its line. */
static int join_corrections(struct ledger *ledger, const struct run_record *run, int64_t platform,
                            struct error *err)
{
    if (run->corrects)
        return database_execute(
            ledger, database_ready(ledger, SQL_RUN_CORRECT, "ih", run->id, run->corrects), err);
    memset(ledger->briefs, 0, sizeof(ledger->briefs));
    return database_execute(
        ledger, database_ready(ledger, SQL_RUN_ADOPT, "ihi", run->id, run->export_sha256, platform),
        err);
}

/* The same export as that of a run that was pruned stands in that one's place: content that was
 * superseded meanwhile stays so. */
static int take_pruned_place(struct ledger *ledger, struct run_record *run, int64_t platform,
                             struct error *err)
{
    struct database_statement *s;
    int found;

    if (run->origin)
        return 0;
    s = database_ready(ledger, SQL_PRUNED_FIND, "his", run->export_sha256, platform, run->command);
    found = database_step(ledger, s, err);
    if (found <= 0)
        return found;
    run->origin = database_integer(s, 0);
    database_done(s);
    return 0;
}

int ledger_run_create(struct ledger *ledger, struct run_record *run, struct error *err)
{
    char random[LEDGER_ID_BYTES];
    char day[CLOCK_TOP_BYTES];
    struct run_brief line;
    int64_t platform;
    int64_t sequence;

    if (database_random_id(random, err) || next_sequence(ledger, run->started_ms, &sequence, err))
        return -1;
    clock_format_top(run->started_ms, day);
    snprintf(run->name, sizeof(run->name), "%.4s%.2s%.2s-%.8s", day, day + 5, day + 8, random);
    if (database_execute(ledger, database_ready(ledger, SQL_PLATFORM_ADD, "s", run->platform),
                         err) ||
        database_platform(ledger, run->platform, &platform, err) ||
        take_pruned_place(ledger, run, platform, err))
        return -1;
    if (database_execute(ledger,
                         database_ready(ledger, SQL_RUN_CREATE, "ssishissisii", run->name,
                                        run->command, platform, run->export_name,
                                        run->export_sha256, (int64_t)run->export_bytes,
                                        run->reading, run->report_path, run->started_ms,
                                        run->parent ? run->parent : "", run->origin, sequence),
                         err))
        return -1;
    run->id = database_new_id(ledger);
    if (join_corrections(ledger, run, platform, err) || database_brief(ledger, run->id, &line, err))
        return -1;
    run->sequence = line.sequence;
    run->rank = line.rank;
    return 0;
}

int ledger_run_save(struct ledger *ledger, const struct run_record *run, struct error *err)
{
    return database_execute(ledger,
                            database_ready(ledger, SQL_RUN_SAVE, "iiisiisii", run->id,
                                           run->started_ms, run->finished_ms, run->stopped_because,
                                           (int64_t)run->complete, (int64_t)run->published,
                                           run->report_path, (int64_t)run->open_rows,
                                           (int64_t)run->invalid_rows),
                            err);
}

int ledger_run_take_released(struct ledger *ledger, int64_t run, struct error *err)
{
    return database_execute(ledger, database_ready(ledger, SQL_RUN_TAKE_RELEASED, "i", run), err);
}

const char *ledger_event_name(enum event_kind kind)
{
    static const char *const names[EVENT_KIND_COUNT] = {
        "start", "ban", "outage", "brake", "stop", "end", "late-answer", "taken-over"};

    return names[kind];
}

int ledger_event_put(struct ledger *ledger, int64_t run, const struct event *event,
                     struct error *err)
{
    return database_execute(ledger,
                            database_ready(ledger, SQL_EVENT_PUT, "iiiisi", run, event->at_ms,
                                           (int64_t)event->kind, event->until_ms, event->text,
                                           (int64_t)LEDGER_EVENTS_MAX),
                            err);
}

int ledger_events_visit(struct ledger *ledger, int64_t run,
                        void (*visit)(void *context, const struct event *event), void *context,
                        struct error *err)
{
    struct database_statement *s = database_ready(ledger, SQL_EVENTS, "i", run);
    int found;

    while ((found = database_step(ledger, s, err)) > 0) {
        struct event event = {
            .at_ms = database_integer(s, 0),
            .kind = (enum event_kind)database_integer(s, 1),
            .until_ms = database_integer(s, 2),
            .text = database_text(s, 3),
        };

        if (event.kind >= 0 && event.kind < EVENT_KIND_COUNT)
            visit(context, &event);
    }
    return found;
}

int ledger_run_has_rows(struct ledger *ledger, int64_t run, struct error *err)
{
    struct database_statement *s = database_ready(
        ledger, SQL_RUN_HAS_ROWS, "iii", database_row_id(run, 0), database_row_id(run + 1, 0), run);
    int found = database_step(ledger, s, err);

    database_done(s);
    return found;
}

int ledger_run_has_intents(struct ledger *ledger, int64_t run, struct error *err)
{
    struct database_statement *s = database_ready(ledger, SQL_RECOVER_LIST, "i", run);
    int found = database_step(ledger, s, err);

    database_done(s);
    return found;
}

int ledger_run_last_row(struct ledger *ledger, int64_t run, uint64_t *ret_row, struct error *err)
{
    struct database_statement *s = database_ready(
        ledger, SQL_RUN_LAST_ROW, "ii", database_row_id(run, 0), database_row_id(run + 1, 0));
    int found = database_step(ledger, s, err);

    *ret_row = found == 1 ? (uint64_t)database_integer(s, 0) : 0;
    database_done(s);
    return found < 0 ? -1 : 0;
}

int ledger_run_count_put(struct ledger *ledger, int64_t run, const struct run_count *counts,
                         struct error *err)
{
    for (int i = 0; i < OUTCOME_COUNT; i++)
        if (database_execute(ledger,
                             database_ready(ledger, SQL_COUNT_PUT, "iiiis", run, (int64_t)i,
                                            (int64_t)counts[i].rows, (int64_t)counts[i].counts_as,
                                            counts[i].fee_fen),
                             err))
            return -1;
    return 0;
}

int ledger_run_count_get(struct ledger *ledger, int64_t run, struct run_count *ret_counts,
                         struct error *err)
{
    struct database_statement *s = database_ready(ledger, SQL_COUNT_GET, "i", run);
    int found;

    memset(ret_counts, 0, OUTCOME_COUNT * sizeof(*ret_counts));
    while ((found = database_step(ledger, s, err)) > 0) {
        int outcome = (int)database_integer(s, 0);

        if (outcome < 0 || outcome >= OUTCOME_COUNT)
            continue;
        ret_counts[outcome].rows = (uint64_t)database_integer(s, 1);
        ret_counts[outcome].counts_as = (uint64_t)database_integer(s, 2);
        snprintf(ret_counts[outcome].fee_fen, MONEY_TEXT_BYTES, "%s", database_text(s, 3));
    }
    return found;
}

int ledger_round_open(struct ledger *ledger, int64_t run, enum round_kind kind, const char *by,
                      const char *reason, int64_t now_ms, struct round *ret_round,
                      struct error *err)
{
    struct database_statement *s;

    *ret_round = (struct round){.kind = kind};
    if (database_execute(
            ledger,
            database_ready(ledger, SQL_ROUND_ADD, "iissi", run, (int64_t)kind, by, reason, now_ms),
            err))
        return -1;
    s = database_ready(ledger, SQL_ROUND_GET, "iiss", run, (int64_t)kind, by, reason);
    if (database_step(ledger, s, err) != 1)
        return -1;
    ret_round->id = database_integer(s, 0);
    ret_round->finished = database_integer(s, 1) != 0;
    database_done(s);
    return 0;
}

int ledger_round_finish(struct ledger *ledger, int64_t round, int64_t now_ms, struct error *err)
{
    return database_execute(ledger, database_ready(ledger, SQL_ROUND_FINISH, "ii", round, now_ms),
                            err);
}

int ledger_run_has_others(struct ledger *ledger, const char *platform, int64_t sequence,
                          struct error *err)
{
    int64_t id;
    struct database_statement *s;
    int found;

    if (database_platform(ledger, platform, &id, err))
        return -1;
    s = database_ready(ledger, SQL_RUN_HAS_OTHERS, "ii", id, sequence);
    found = database_step(ledger, s, err);
    if (found > 0)
        found = database_integer(s, 0) != 0;
    database_done(s);
    return found;
}

int ledger_platform_other(struct ledger *ledger, const char *platform, struct buffer *ret_name,
                          struct error *err)
{
    struct database_statement *s = database_ready(ledger, SQL_PLATFORM_OTHER, "s", platform);
    int found = database_step(ledger, s, err);

    if (found > 0)
        buffer_text(ret_name, database_text(s, 0));
    database_done(s);
    return found > 0 && ret_name->failed ? error_no_memory(err) : found;
}
