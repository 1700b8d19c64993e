/* A ledger is looked at while runs may be writing it. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "ledger/store/database.h"
#include "ledger/view/view.h"
#include "view_part.h"

/* ---- opening ---- */

/* Ends what is still being read: no old state of the ledger is held. */
void view_let_go(struct ledger *ledger)
{
    for (int i = 0; i < SQL_COUNT; i++)
        database_done(&ledger->statements[i]);
}

/* ---- runs ---- */

const char *view_state_name(enum view_state state)
{
    static const char *const names[VIEW_STATE_COUNT] = {N_("active"),    N_("interrupted"),
                                                        N_("stopped"),   N_("finished"),
                                                        N_("abandoned"), N_("pruned")};

    return _(names[state]);
}

static bool is_pruned(const struct run_record *run)
{
    static const unsigned char nothing[DIGEST_SHA256_BYTES];

    return memcmp(run->export_sha256, nothing, sizeof(nothing)) == 0;
}

static enum view_state state_of(struct ledger *ledger, const struct view_run *view)
{
    const struct run_record *run = &view->record;

    if (is_pruned(run))
        return VIEW_PRUNED;
    if (view->abandonment.run)
        return VIEW_ABANDONED;
    if (ledger_run_is_alive(ledger, run->id))
        return VIEW_ACTIVE;
    if (!run->finished_ms)
        return VIEW_INTERRUPTED;
    return *run->stopped_because ? VIEW_STOPPED : VIEW_FINISHED;
}

/* Of a run that has no report yet. */
static int count_rows(struct ledger *ledger, int64_t run, struct run_count *counts,
                      struct error *err)
{
    struct database_statement *s = database_ready(
        ledger, SQL_RUN_OUTCOMES, "ii", database_row_id(run, 0), database_row_id(run + 1, 0));
    int found;

    memset(counts, 0, OUTCOME_COUNT * sizeof(*counts));
    while ((found = database_step(ledger, s, err)) > 0) {
        int outcome = (int)database_integer(s, 0);

        if (outcome >= 0 && outcome < OUTCOME_COUNT)
            counts[outcome].rows = (uint64_t)database_integer(s, 1);
    }
    return found;
}

int view_run_next(struct ledger *ledger, int64_t before, struct view_run *ret_run,
                  struct error *err)
{
    struct database_statement *s = database_ready(ledger, SQL_RUN_OLDER, "i", before);
    int found = database_step(ledger, s, err);
    int64_t id;

    if (found <= 0)
        return found;
    id = database_integer(s, 0);
    database_done(s);
    memset(ret_run, 0, sizeof(*ret_run));
    found = ledger_run_get(ledger, id, &ret_run->record, err);
    if (found <= 0)
        return found;
    if (ledger_abandonment_get(ledger, id, &ret_run->abandonment, err) < 0)
        return -1;
    ret_run->state = state_of(ledger, ret_run);
    ret_run->has_money = ret_run->record.finished_ms > 0;
    if (ret_run->has_money ? ledger_run_count_get(ledger, id, ret_run->counts, err)
                           : count_rows(ledger, id, ret_run->counts, err))
        return -1;
    return 1;
}

/* ---- what app keys have sent today ---- */

int view_today(struct ledger *ledger, int64_t now_ms,
               void (*visit)(void *context, const struct view_app *app), void *context,
               struct error *err)
{
    struct database_statement *s =
        database_ready(ledger, SQL_TODAY, "ii", (int64_t)clock_beijing_day(now_ms), now_ms);
    int found;

    while ((found = database_step(ledger, s, err)) > 0) {
        struct view_app app = {
            .platform = database_text(s, 0),
            .app_key = database_text(s, 1),
            .calls = database_integer(s, 2),
            .banned_until_ms = database_integer(s, 3),
        };

        visit(context, &app);
    }
    return found;
}

/* ---- unknown attempts ---- */

/* The intents of a run that died are unknown, those of a live one are not. */
static uint64_t count_unknown(struct ledger *ledger, int64_t run, int64_t intents, int64_t all)
{
    return (uint64_t)(intents && ledger_run_is_alive(ledger, run) ? all - intents : all);
}

int view_open_runs(struct ledger *ledger,
                   void (*visit)(void *context, const struct view_open_run *open), void *context,
                   struct error *err)
{
    struct database_statement *s = database_ready(ledger, SQL_OPEN_RUNS, "");
    int found;

    while ((found = database_step(ledger, s, err)) > 0) {
        struct view_open_run open = {
            .run = database_integer(s, 0),
            .oldest_ms = database_integer(s, 3),
        };

        open.unknown =
            count_unknown(ledger, open.run, database_integer(s, 1), database_integer(s, 2));
        if (open.unknown)
            visit(context, &open);
    }
    return found;
}

static void read_unknown(struct database_statement *s, struct view_unknown *unknown)
{
    *unknown = (struct view_unknown){
        .claim_order_no = database_text(s, 0),
        .workcard_id = database_integer(s, 1),
        .place = {database_integer(s, 3), (uint64_t)database_integer(s, 4)},
        .was_interrupted = database_integer(s, 5),
        .attempts = (int)database_integer(s, 6),
        .submitted_ms = database_integer(s, 7),
        .platform = database_text(s, 9),
        .code = "",
        .message = "",
        .request_id = "",
    };
    database_digest(unknown->digest, s, 8);
}

/* What its row, which is put into ret_known, says of it: 1, or 0 when the attempt is not unknown.
 */
static int explain_unknown(struct ledger *ledger, struct view_unknown *unknown,
                           struct known_row *ret_known, struct error *err)
{
    const struct row_record *record = &ret_known->record;
    struct run_brief brief;
    int found;

    if (unknown->was_interrupted && ledger_run_is_alive(ledger, unknown->place.run))
        return 0;
    if (database_brief(ledger, unknown->place.run, &brief, err))
        return -1;
    memcpy(unknown->run_name, brief.name, sizeof(brief.name));
    if (unknown->was_interrupted) {
        unknown->code = OUTCOME_ENDED_CODE;
        unknown->message = OUTCOME_ENDED_MESSAGE;
        return 1;
    }
    found = ledger_row_get(ledger, unknown->place, ret_known, err);
    if (found < 0)
        return -1;
    if (found && record->outcome == OUTCOME_UNKNOWN) {
        unknown->attempts = record->attempts;
        unknown->submitted_ms = record->submitted_ms;
        unknown->code = record->code;
        unknown->message = record->message;
        unknown->request_id = record->request_id;
    }
    return 1;
}

/* How many attempts are open that are not unknown, because their run is alive. */
static int count_live(struct ledger *ledger, uint64_t *ret_live, struct error *err)
{
    struct database_statement *s = database_ready(ledger, SQL_OPEN_RUNS, "");
    int found;

    *ret_live = 0;
    while ((found = database_step(ledger, s, err)) > 0)
        *ret_live += (uint64_t)database_integer(s, 2) -
                     count_unknown(ledger, database_integer(s, 0), database_integer(s, 1),
                                   database_integer(s, 2));
    return found;
}

int view_unknown_oldest(struct ledger *ledger, size_t most,
                        void (*visit)(void *context, const struct view_unknown *unknown),
                        void *context, struct error *err)
{
    struct known_row known = {0};
    struct view_unknown unknown;
    struct database_statement *s;
    uint64_t live;
    int found;

    if (count_live(ledger, &live, err))
        return -1;
    s = database_ready(ledger, SQL_OPEN_OLDEST, "i", (int64_t)(most + live));
    while ((found = database_step(ledger, s, err)) > 0) {
        read_unknown(s, &unknown);
        found = explain_unknown(ledger, &unknown, &known, err);
        if (found < 0)
            break;
        if (!found || !most)
            continue;
        visit(context, &unknown);
        most--;
    }
    known_row_release(&known);
    view_let_go(ledger);
    return found;
}

struct view_list {
    struct ledger *ledger;
    struct known_row known;
    struct buffer order_no, platform_name;
    int64_t workcard_id, platform; /* with order_no, the key of the last one */
};

int view_list_open(struct ledger *ledger, struct view_list **ret_list, struct error *err)
{
    struct view_list *list = calloc(1, sizeof(*list));

    *ret_list = list;
    if (!list)
        return error_no_memory(err);
    list->ledger = ledger;
    list->workcard_id = INT64_MIN;
    return 0;
}

static void keep(struct buffer *kept, const char **text)
{
    buffer_reset(kept);
    buffer_text(kept, *text);
    *text = buffer_string(kept);
}

/* Takes the texts from the statement, so that it can be let go. */
static int keep_texts(struct view_list *list, struct view_unknown *unknown, struct error *err)
{
    keep(&list->order_no, &unknown->claim_order_no);
    keep(&list->platform_name, &unknown->platform);
    return list->order_no.failed || list->platform_name.failed ? error_no_memory(err) : 0;
}

/* The open attempt after the last one: 1, or 0 at the end. *ret_is_unknown says whether it is one
 * to be listed. */
static int list_step(struct view_list *list, struct view_unknown *ret_unknown, bool *ret_is_unknown,
                     struct error *err)
{
    struct ledger *ledger = list->ledger;
    struct buffer key = list->order_no;
    struct database_statement *s;
    int found;

    /* The key is bound by its address, so it must not be the buffer that is filled anew. */
    list->order_no = (struct buffer){0};
    s = database_ready(ledger, SQL_OPEN_NEXT, "sii", buffer_string(&key), list->workcard_id,
                       list->platform);
    found = database_step(ledger, s, err);
    if (found > 0) {
        int judged;

        read_unknown(s, ret_unknown);
        list->workcard_id = ret_unknown->workcard_id;
        list->platform = database_integer(s, 2);
        judged = explain_unknown(ledger, ret_unknown, &list->known, err);
        *ret_is_unknown = judged > 0;
        if (judged < 0 || keep_texts(list, ret_unknown, err))
            found = -1;
    }
    view_let_go(ledger);
    buffer_release(&key);
    return found;
}

int view_list_next(struct view_list *list, struct view_unknown *ret_unknown, struct error *err)
{
    bool is_unknown = false;
    int found;

    do
        found = list_step(list, ret_unknown, &is_unknown, err);
    while (found > 0 && !is_unknown);
    return found;
}

void view_list_close(struct view_list *list)
{
    if (!list)
        return;
    known_row_release(&list->known);
    buffer_release(&list->order_no);
    buffer_release(&list->platform_name);
    free(list);
}
