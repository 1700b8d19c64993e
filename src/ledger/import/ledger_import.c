/* Runs that are imported: their records, and their places in the order of runs. */
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "ledger/chain.h"
#include "ledger/import/import.h"
#include "ledger/store/commit_count.h"

static void forget_briefs(struct ledger *ledger)
{
    memset(ledger->briefs, 0, sizeof(ledger->briefs));
}

int ledger_import_recover(struct ledger *ledger, struct error *err)
{
    int64_t run = 0;
    int found;

    for (;;) {
        struct database_statement *s = database_ready(ledger, SQL_IMPORT_INTENTS, "i", run);

        found = database_step(ledger, s, err);
        if (found <= 0)
            return found;
        run = database_integer(s, 0);
        database_done(s);
        if (!ledger_run_is_alive(ledger, run) && ledger_run_recover(ledger, run, NULL, err))
            return -1;
    }
}

/* The place nearest to this time that no other run has. */
static int free_place(struct ledger *ledger, int64_t at_ms, int64_t run, int64_t *ret_sequence,
                      struct error *err)
{
    int found;

    for (*ret_sequence = at_ms;; ++*ret_sequence) {
        struct database_statement *s =
            database_ready(ledger, SQL_IMPORT_PLACE, "ii", *ret_sequence, run);

        found = database_step(ledger, s, err);
        if (found <= 0)
            return found;
        database_done(s);
    }
}

/* Adds a run of which only the name is known. */
static int add_run(struct ledger *ledger, const char *platform, const char *name, int64_t at_ms,
                   int64_t *ret_run, struct error *err)
{
    int64_t platform_id;
    int64_t sequence;

    if (database_execute(ledger, database_ready(ledger, SQL_PLATFORM_ADD, "s", platform), err) ||
        database_platform(ledger, platform, &platform_id, err) ||
        free_place(ledger, at_ms, 0, &sequence, err) ||
        database_execute(
            ledger,
            database_ready(ledger, SQL_IMPORT_ADD, "siii", name, platform_id, at_ms, sequence),
            err))
        return -1;
    *ret_run = database_new_id(ledger);
    forget_briefs(ledger);
    return 0;
}

static int refuse_stranger(const struct import_run *run, const char *what, struct error *err)
{
    return error_set(err, EXIT_INPUT_REFUSED,
                     "the ledger knows run %s as one of another %s than this report says; nothing "
                     "was imported",
                     run->record.name, what);
}

static bool is_bare(const struct run_record *run)
{
    return !*run->command;
}

static int check_known(struct ledger *ledger, const struct import_run *run,
                       const struct run_record *known, struct error *err)
{
    static const unsigned char none[DIGEST_SHA256_BYTES];

    if (strcmp(known->platform, run->record.platform) != 0)
        return refuse_stranger(run, "platform", err);
    if (!is_bare(known) && memcmp(known->export_sha256, none, sizeof(none)) != 0 &&
        memcmp(known->export_sha256, run->record.export_sha256, DIGEST_SHA256_BYTES) != 0)
        return refuse_stranger(run, "export", err);
    if (ledger_run_is_alive(ledger, known->id))
        return error_set(err, EXIT_TRY_LATER,
                         "run %s is active at this moment; wait until it has ended, then type the "
                         "same again",
                         known->name);
    return 0;
}

int ledger_import_named(struct ledger *ledger, const char *platform, const char *name,
                        int64_t at_ms, int64_t *ret_run, struct error *err)
{
    struct run_record known;
    int found = ledger_run_named(ledger, name, &known, err);

    *ret_run = known.id;
    if (found)
        return found < 0 ? -1 : 0;
    return add_run(ledger, platform, name, at_ms, ret_run, err);
}

/* Whether the report tells of the run at least as late as the ledger does. */
static bool is_newer(const struct run_record *said, const struct run_record *known)
{
    if (is_bare(known))
        return true;
    if (!known->finished_ms) /* the ledger saw its beginning */
        return said->finished_ms >= known->started_ms;
    return said->finished_ms >= known->finished_ms;
}

int ledger_import_run(struct ledger *ledger, const struct import_run *run,
                      struct import_place *ret_place, struct error *err)
{
    struct run_record known;
    int found = ledger_run_named(ledger, run->record.name, &known, err);

    *ret_place = (struct import_place){
        .platform = run->record.platform,
        .report = {run->record.finished_ms, true},
    };
    if (found < 0)
        return -1;
    if (!found)
        return add_run(ledger, run->record.platform, run->record.name, run->began_ms,
                       &ret_place->run, err) ||
                       ledger_import_end(ledger, ret_place, run, err)
                   ? -1
                   : 0;
    if (check_known(ledger, run, &known, err))
        return -1;
    ret_place->run = known.id;
    ret_place->was_known = !is_bare(&known);
    ret_place->report.is_newer = is_newer(&run->record, &known);
    return ret_place->was_known ? 0 : ledger_import_end(ledger, ret_place, run, err);
}

/* The first run of the line that it belongs to; 0: itself. */
static int find_origin(struct ledger *ledger, const struct import_run *run, int64_t *ret_origin,
                       struct error *err)
{
    struct run_record parent;
    int64_t id;

    *ret_origin = 0;
    if (!*run->parent)
        return 0;
    /* It began before this one, whatever else is known of it. */
    if (ledger_import_named(ledger, run->record.platform, run->parent, run->began_ms - 1, &id,
                            err) ||
        ledger_run_get(ledger, id, &parent, err) <= 0)
        return -1;
    *ret_origin = parent.origin ? parent.origin : parent.id;
    return 0;
}

/* A run that was only named stands where it was named; now its beginning is known. */
static int set_place(struct ledger *ledger, int64_t id, const struct import_run *run,
                     struct error *err)
{
    struct run_record known;
    int64_t sequence, origin;

    if (ledger_run_get(ledger, id, &known, err) <= 0)
        return -1;
    if (!is_bare(&known))
        return 0;
    if (find_origin(ledger, run, &origin, err) ||
        (origin && database_execute(
                       ledger, database_ready(ledger, SQL_IMPORT_LINE, "ii", id, origin), err)) ||
        free_place(ledger, run->began_ms, id, &sequence, err))
        return -1;
    return database_execute(ledger,
                            database_ready(ledger, SQL_IMPORT_BEGAN, "iissi", id, sequence,
                                           run->record.command, run->parent, origin),
                            err);
}

int ledger_import_end(struct ledger *ledger, const struct import_place *place,
                      const struct import_run *run, struct error *err)
{
    const struct run_record *r = &run->record;
    struct run_record saved = *r;

    if (!place->report.is_newer)
        return 0;
    saved.id = place->run;
    if (set_place(ledger, place->run, run, err) ||
        database_execute(ledger,
                         database_ready(ledger, SQL_IMPORT_FILL, "ishis", place->run,
                                        r->export_name, r->export_sha256, (int64_t)r->export_bytes,
                                        r->reading),
                         err) ||
        ledger_run_save(ledger, &saved, err) ||
        ledger_run_count_put(ledger, place->run, run->counts, err))
        return -1;
    forget_briefs(ledger);
    return 0;
}

int ledger_import_note(struct ledger *ledger, int64_t run, const char *report_sha256,
                       int64_t now_ms, const char *by, const char *reason, struct error *err)
{
    commit_count_this(ledger);
    return database_execute(
        ledger,
        database_ready(ledger, SQL_IMPORT_NOTE, "isiss", run, report_sha256, now_ms, by, reason),
        err);
}

int ledger_import_blind(struct ledger *ledger, uint64_t *ret_claims, struct error *err)
{
    struct database_statement *s = database_ready(ledger, SQL_IMPORT_BLIND, "");

    if (database_step(ledger, s, err) < 0)
        return -1;
    *ret_claims = (uint64_t)database_integer(s, 0);
    database_done(s);
    return 0;
}
