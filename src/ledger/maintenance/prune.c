/* A ledger forgets what is old. */
#include <stdlib.h>

#include "base/array.h"
#include "base/stop.h"
#include "ledger/chain.h"
#include "ledger/maintenance/prune.h"
#include "ledger/store/checkpoint.h"

#define PRUNE_CLAIMS 2000 /* looked at in one transaction */
#define PRUNE_ROWS 2000   /* forgotten in one transaction */

struct ids {
    int64_t *list; /* ascending */
    size_t count, room;
};

static int ids_add(struct ids *ids, int64_t id, struct error *err)
{
    if (!ARRAY_HAS_ROOM(ids->list, ids->count, ids->room))
        return error_no_memory(err);
    ids->list[ids->count++] = id;
    return 0;
}

static int in_order(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a;
    int64_t other = *(const int64_t *)b;

    return (one > other) - (one < other);
}

static bool ids_has(const struct ids *ids, int64_t id)
{
    return ids->count && bsearch(&id, ids->list, ids->count, sizeof(id), in_order);
}

static int read_one(struct ledger *ledger, struct database_statement *s, int64_t *ret_number,
                    struct error *err)
{
    int found = database_step(ledger, s, err);

    if (found > 0) {
        *ret_number = database_integer(s, 0);
        database_done(s);
    }
    return found;
}

static int count_rows(struct ledger *ledger, int64_t run, uint64_t *rows, struct error *err)
{
    int64_t count = 0;

    if (read_one(ledger,
                 database_ready(ledger, SQL_PRUNE_ROW_COUNT, "ii", database_row_id(run, 0),
                                database_row_id(run + 1, 0)),
                 &count, err) < 0)
        return -1;
    *rows += (uint64_t)count;
    return 0;
}

/* A claim, and the newest of its rows, or the place of its open attempt. */
struct head {
    const char *claim_order_no;
    int64_t workcard_id, platform;
    struct row_place last;
};

/* The claim behind the one in `head`, by SQL_PRUNE_CLAIM or SQL_PRUNE_OPEN: 1, or 0 at the end. Its
 * number is kept in `number`. */
static int next_head(struct ledger *ledger, enum statement which, struct buffer *number,
                     struct head *head, struct error *err)
{
    struct database_statement *s = database_ready(ledger, which, "sii", buffer_string(number),
                                                  head->workcard_id, head->platform);
    int found = database_step(ledger, s, err);

    if (found <= 0)
        return found;
    head->workcard_id = database_integer(s, 1);
    head->platform = database_integer(s, 2);
    head->last = (struct row_place){database_integer(s, 3), (uint64_t)database_integer(s, 4)};
    buffer_reset(number);
    buffer_text(number, database_text(s, 0));
    head->claim_order_no = buffer_string(number);
    database_done(s);
    return number->failed ? error_no_memory(err) : 1;
}

/* ---- what nobody has settled ---- */

/* The runs of the claim's open attempt, and of those that are the open one when a person says of it
 * that it was not executed. */
static int add_unsettled(struct ledger *ledger, const struct head *open, struct ids *runs,
                         struct error *err)
{
    struct claim_key key = {open->workcard_id, open->claim_order_no};
    struct chain_walk walk;
    struct claim_row claim;
    struct row_record record;
    int found = 0;

    if (ids_add(runs, open->last.run, err) || chain_read(ledger, open->platform, &key, &claim, err))
        return -1;
    walk = (struct chain_walk){.older = claim.last};
    while ((found = chain_next(ledger, &walk, &record, err)) > 0)
        if (chain_is_unsettled(&claim, &record) && ids_add(runs, walk.at.run, err))
            return -1;
    return found;
}

static int list_unsettled(struct ledger *ledger, struct ids *runs, struct error *err)
{
    struct buffer number = {0};
    struct head open = {.workcard_id = INT64_MIN};
    int found;

    while ((found = next_head(ledger, SQL_PRUNE_OPEN, &number, &open, err)) > 0)
        if (add_unsettled(ledger, &open, runs, err)) {
            found = -1;
            break;
        }
    if (runs->count)
        qsort(runs->list, runs->count, sizeof(*runs->list), in_order);
    buffer_release(&number);
    return found;
}

/* Whether an old run stays, because it is alive or has what nobody has settled; it is counted. */
static bool stays(struct ledger *ledger, int64_t run, const struct ids *unsettled,
                  struct prune *counts)
{
    if (ids_has(unsettled, run))
        counts->kept_open++;
    else if (ledger_run_is_alive(ledger, run))
        counts->kept_active++;
    else
        return false;
    return true;
}

int prune_plan(struct ledger *ledger, int64_t before_ms, struct prune *ret_plan, struct error *err)
{
    struct ids unsettled = {0};
    int64_t run = 0;
    int found = list_unsettled(ledger, &unsettled, err);

    *ret_plan = (struct prune){0};
    while (!found &&
           (found = read_one(ledger, database_ready(ledger, SQL_PRUNE_LIST, "ii", before_ms, run),
                             &run, err)) > 0) {
        found = 0;
        if (stays(ledger, run, &unsettled, ret_plan))
            continue;
        ret_plan->runs++;
        found = count_rows(ledger, run, &ret_plan->rows, err);
    }
    free(unsettled.list);
    return found;
}

/*
 * From now on they are nobody's export. A start that looks for its run takes that run's lock in the
 * same transaction, so either it is seen here to be alive, or it finds no run.
 */
static int disown_runs(struct ledger *ledger, int64_t before_ms, struct prune *pruned,
                       struct error *err)
{
    struct ids unsettled = {0};
    int64_t run = 0;
    int found = ledger_begin(ledger, err) ? -1 : list_unsettled(ledger, &unsettled, err);

    while (!found &&
           (found = read_one(ledger, database_ready(ledger, SQL_PRUNE_LIST, "ii", before_ms, run),
                             &run, err)) > 0) {
        found = 0;
        if (stays(ledger, run, &unsettled, pruned))
            continue;
        pruned->runs++;
        if (database_execute(ledger, database_ready(ledger, SQL_PRUNE_KEEP, "i", run), err) ||
            database_execute(ledger, database_ready(ledger, SQL_PRUNE_RUN, "i", run), err))
            found = -1;
    }
    free(unsettled.list);
    return found < 0 ? -1 : ledger_commit(ledger, err);
}

/* The runs that are disowned and yet have something to be forgotten, those of an earlier pruning
 * that was cut off among them. */
static int list_disowned(struct ledger *ledger, struct ids *ids, struct error *err)
{
    int64_t run = 0;
    int found;

    while ((found = read_one(ledger, database_ready(ledger, SQL_PRUNE_LEFT, "i", run), &run, err)) >
           0)
        if (ids_add(ids, run, err))
            return -1;
    return found;
}

/* Lets `newer`, or the claim itself, lead to `older`. */
static int relink(struct ledger *ledger, const struct head *head, const struct row_place *newer,
                  const struct row_place *older, struct error *err)
{
    if (newer->run)
        return database_execute(ledger,
                                database_ready(ledger, SQL_ROW_LINK, "iii", chain_row_id(*newer),
                                               older->run, (int64_t)older->row),
                                err);
    return database_execute(ledger,
                            database_ready(ledger, SQL_CLAIM_PUT, "siiii", head->claim_order_no,
                                           head->workcard_id, head->platform, older->run,
                                           (int64_t)older->row),
                            err);
}

/* Takes the rows of disowned runs out of a claim's chain. */
static int shorten(struct ledger *ledger, const struct head *head, const struct ids *disowned,
                   struct error *err)
{
    struct chain_walk walk = {.older = head->last};
    struct row_place newer = {0};
    struct row_record record;
    bool has_gap = false;

    while (walk.older.run >= disowned->list[0]) {
        bool goes = ids_has(disowned, walk.older.run);

        if (chain_next(ledger, &walk, &record, err) < 0)
            return -1;
        if (!goes && has_gap && relink(ledger, head, &newer, &walk.at, err))
            return -1;
        if (!goes)
            newer = walk.at;
        has_gap = goes;
    }
    return has_gap ? relink(ledger, head, &newer, &walk.older, err) : 0;
}

static int stopped(struct ledger *ledger, struct error *err)
{
    int number = stop_signal();

    if (!number)
        return 0;
    ledger_rollback(ledger);
    return error_set(err, EXIT_SIGNAL_BASE + number,
                     "stopped by a signal; what is left is forgotten when the same command comes "
                     "again");
}

static int shorten_chains(struct ledger *ledger, const struct ids *disowned, struct error *err)
{
    struct buffer number = {0};
    struct head head = {.workcard_id = INT64_MIN};
    int found = 1;

    while (found > 0) {
        found = stopped(ledger, err) || ledger_begin(ledger, err) ? -1 : 1;
        for (int i = 0; found > 0 && i < PRUNE_CLAIMS; i++) {
            found = next_head(ledger, SQL_PRUNE_CLAIM, &number, &head, err);
            if (found > 0 && shorten(ledger, &head, disowned, err))
                found = -1;
        }
        if (found >= 0 && ledger_commit(ledger, err))
            found = -1;
    }
    buffer_release(&number);
    return found;
}

static int forget_rows(struct ledger *ledger, int64_t run, uint64_t *rows, struct error *err)
{
    int changes;

    do {
        struct database_statement *s;

        if (stopped(ledger, err) || ledger_begin(ledger, err))
            return -1;
        s = database_ready(ledger, SQL_PRUNE_ROWS, "iii", database_row_id(run, 0),
                           database_row_id(run + 1, 0), (int64_t)PRUNE_ROWS);
        if (database_execute(ledger, s, err))
            return -1;
        changes = database_changes(ledger);
        *rows += (uint64_t)changes;
        if (ledger_commit(ledger, err))
            return -1;
    } while (changes);
    return 0;
}

static int forget_details(struct ledger *ledger, int64_t run, struct error *err)
{
    static const enum statement details[] = {SQL_PRUNE_CHANGED,     SQL_PRUNE_COUNTS,
                                             SQL_PRUNE_ROUNDS,      SQL_PRUNE_EVENTS,
                                             SQL_PRUNE_SETTLEMENTS, SQL_PRUNE_PENDING};

    if (ledger_begin(ledger, err))
        return -1;
    for (size_t i = 0; i < sizeof(details) / sizeof(*details); i++)
        if (database_execute(ledger, database_ready(ledger, details[i], "i", run), err))
            return -1;
    return ledger_commit(ledger, err);
}

/* Whether any run is alive: 1 or 0. */
static int any_alive(struct ledger *ledger, struct error *err)
{
    int64_t run = INT64_MAX;
    int found;

    while ((found = read_one(ledger, database_ready(ledger, SQL_RUN_OLDER, "i", run), &run, err)) >
           0)
        if (ledger_run_is_alive(ledger, run))
            return 1;
    return found;
}

/* Gives the room back to the disk. Where that is not possible now, the ledger uses it again. */
static int shrink(struct ledger *ledger, struct prune *pruned, struct error *err)
{
    struct error ignored = {0};
    int alive;

    if (database_is_server(ledger))
        return 0; /* it does that itself */
    alive = any_alive(ledger, err);
    if (alive < 0)
        return -1;
    if (!alive && pruned->rows) {
        /* It makes a copy of the whole, for which the disk has more room than memory. */
        database_heed_signals(ledger);
        pruned->was_vacuumed = sqlite3_exec(ledger->db, "PRAGMA temp_store=FILE; VACUUM", NULL,
                                            NULL, NULL) == SQLITE_OK;
    }
    checkpoint_run(ledger, &ignored);
    return 0;
}

int prune_run(struct ledger *ledger, int64_t before_ms, struct prune *ret_pruned, struct error *err)
{
    struct ids disowned = {0};
    int result = -1;

    *ret_pruned = (struct prune){0};
    if (disown_runs(ledger, before_ms, ret_pruned, err) || list_disowned(ledger, &disowned, err))
        goto out;
    /* First no claim leads to the rows any more, then they go. */
    if (disowned.count && !database_is_server(ledger) && shorten_chains(ledger, &disowned, err))
        goto out;
    for (size_t i = 0; i < disowned.count; i++)
        if (forget_rows(ledger, disowned.list[i], &ret_pruned->rows, err) ||
            forget_details(ledger, disowned.list[i], err))
            goto out;
    result = disowned.count ? shrink(ledger, ret_pruned, err) : 0;
out:
    if (result)
        ledger_rollback(ledger);
    free(disowned.list);
    return result;
}
