#include "ledger_unknown.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file/output.h"
#include "base/json.h"
#include "base/log.h"
#include "base/words/language.h"
#include "cli/next_step.h"
#include "cli/options/options.h"
#include "cli/same_file.h"
#include "confirmation.h"
#include "decisions.h"
#include "ledger/ledger.h"
#include "ledger/postgres/server_url.h"
#include "ledger/view/view.h"
#include "run/other_run.h"

/* What one look over the ledger has open. */
struct desk {
    const struct options *options;
    const char *platform;
    enum outcome outcome;
    struct buffer path;
    struct ledger *ledger;
    struct decisions *decisions; /* NULL: nothing is to be settled */
    struct row_place *places;    /* of the decisions */
    size_t place_room;
    struct json *json;
    uint64_t listed;
};

static int open_ledger(struct desk *desk, struct error *err)
{
    if (options_ledger_path(desk->options, &desk->path, err))
        return -1;
    if (!desk->decisions)
        return view_open(desk->path.ptr, &desk->ledger, err) || view_check_schema(desk->ledger, err)
                   ? -1
                   : 0;
    if (!server_url_is(desk->path.ptr) && access(desk->path.ptr, F_OK) && errno == ENOENT)
        return error_set(err, EXIT_BAD_CONFIG,
                         "there is no ledger at '%s'; name it with --ledger; nothing was settled",
                         LOG_QUOTED(desk->path.ptr));
    return ledger_open(desk->path.ptr, &desk->ledger, err);
}

/* ---- listing ---- */

/* "" where it has none: at its place another run may have put its own since. */
static int find_report(struct desk *desk, int64_t id, const char **ret_path, struct error *err)
{
    struct run_record run;
    int found = ledger_run_get(desk->ledger, id, &run, err);

    *ret_path =
        found > 0 && !same_file_is_of_another(run.report_path, run.name) ? run.report_path : "";
    return found < 0 ? -1 : 0;
}

static void show_json(struct desk *desk, const struct view_unknown *unknown, const char *report)
{
    json_map_open(desk->json);
    json_key_text(desk->json, "claim_order_no", unknown->claim_order_no);
    json_key_number(desk->json, "workcard_id", unknown->workcard_id);
    json_key_text(desk->json, "platform", unknown->platform);
    json_key_text(desk->json, "run", unknown->run_name);
    json_key_number(desk->json, "row", (int64_t)unknown->place.row);
    json_key_some(desk->json, "report", report);
    json_key_time(desk->json, "submitted_at", unknown->submitted_ms);
    json_key_some(desk->json, "code", unknown->code);
    json_key_some(desk->json, "message", unknown->message);
    json_key_some(desk->json, "request_id", unknown->request_id);
    json_map_close(desk->json);
}

static void show_text(const struct view_unknown *unknown, const char *report)
{
    char time[CLOCK_RFC3339_BYTES] = "";

    if (unknown->submitted_ms)
        clock_format_rfc3339(unknown->submitted_ms, time);
    language_printf(
        "claim '%s', work order %lld\n  handed over  %s, %s\n  row          %llu of run %s\n"
        "  report       %s\n",
        LOG_QUOTED(unknown->claim_order_no), (long long)unknown->workcard_id,
        *time ? time : _("at no known time"),
        unknown->was_interrupted ? _("its run was killed") : LOG_QUOTED(unknown->code),
        (unsigned long long)unknown->place.row, unknown->run_name,
        *report ? LOG_QUOTED_LONG(report) : _("none"));
}

static int show(struct desk *desk, const struct view_unknown *unknown, struct error *err)
{
    const char *report;

    if (find_report(desk, unknown->place.run, &report, err))
        return -1;
    desk->listed++;
    if (desk->json)
        show_json(desk, unknown, report);
    else
        show_text(unknown, report);
    return 0;
}

/* ---- settling ---- */

static bool is_meant(const struct desk *desk, const struct view_unknown *unknown)
{
    const struct options *o = desk->options;

    return strcmp(unknown->platform, desk->platform) == 0 &&
           (o->all || strcmp(unknown->claim_order_no, o->claim) == 0);
}

/* The ledger has no amount of an attempt that is unknown. */
static int name(struct desk *desk, const struct view_unknown *unknown,
                const struct decision *decision, struct error *err)
{
    const char *report;

    if (find_report(desk, unknown->place.run, &report, err))
        return -1;
    confirmation_name(decision, unknown->run_name, -1, report);
    return 0;
}

static int take(struct desk *desk, const struct view_unknown *unknown, struct error *err)
{
    const struct options *o = desk->options;
    size_t count = decisions_count(desk->decisions);
    struct decision *decision;

    if (!is_meant(desk, unknown))
        return 0;
    if (!ARRAY_HAS_ROOM(desk->places, count, desk->place_room))
        return error_no_memory(err);
    desk->places[count] = unknown->place;
    decision = decisions_add(desk->decisions, unknown->place.row, desk->outcome, o->by, o->reason);
    if (!decision || decision_set_claim(decision, unknown->workcard_id, unknown->claim_order_no))
        return error_no_memory(err);
    decision->submitted_ms = unknown->submitted_ms;
    memcpy(decision->digest, unknown->digest, sizeof(decision->digest));
    snprintf(decision->known, sizeof(decision->known), "%s",
             unknown->was_interrupted ? _("its run was killed") : unknown->code);
    return count < CONFIRMATION_SHOWN ? name(desk, unknown, decision, err) : 0;
}

/* One attempt, in the open transaction, if it still is the one that was listed. */
static int settle_one(struct desk *desk, size_t i, struct error *err)
{
    const struct decision *decision = decisions_at(desk->decisions, i);
    struct run_record run;
    struct row_ref ref = {
        .platform = desk->platform,
        .place = desk->places[i],
        .key = {decision->workcard_id, decision->claim_order_no},
    };
    struct settlement settlement = decision_settlement(decision);
    int done = ledger_run_get(desk->ledger, ref.place.run, &run, err);

    if (done <= 0)
        return done;
    if (ledger_run_is_alive(desk->ledger, run.id))
        return other_run_refuse(desk->ledger, run.id, err);
    if (ledger_run_recover(desk->ledger, run.id, NULL, err))
        return -1;
    done = ledger_row_resolve(desk->ledger, &ref, &settlement, err);
    if (done > 0 && ledger_run_get(desk->ledger, ref.place.run, &run, err) <= 0)
        return -1;
    run.published = false;
    return done > 0 && ledger_run_save(desk->ledger, &run, err) ? -1 : done;
}

static int settle(struct desk *desk, struct error *err)
{
    size_t count = decisions_count(desk->decisions);
    int done = 1;

    if (ledger_begin(desk->ledger, err))
        return -1;
    for (size_t i = 0; i < count && done > 0; i++)
        done = settle_one(desk, i, err);
    if (done > 0)
        return ledger_commit(desk->ledger, err);
    ledger_rollback(desk->ledger);
    return done < 0 ? -1
                    : error_set(err, EXIT_INPUT_REFUSED,
                                "an attempt was settled or sent again meanwhile, so nothing was "
                                "settled; type the same again");
}

/* The reports that are behind the ledger now. */
static int say_what_is_behind(struct desk *desk, struct error *err)
{
    int64_t last = 0;

    for (size_t i = 0; i < decisions_count(desk->decisions); i++) {
        struct buffer words = {0};
        const char *report;

        if (desk->places[i].run == last)
            continue;
        last = desk->places[i].run;
        if (find_report(desk, last, &report, err))
            return -1;
        next_step_append_command(desk->options, "resolve", report, &words);
        /* A run that was killed has none, and one that was abandoned then never will. */
        if (*report && access(report, F_OK) == 0)
            log_info("next: the report is behind; publish it anew: %s", buffer_string(&words));
        buffer_release(&words);
    }
    return 0;
}

static int check_count(const struct desk *desk, struct error *err)
{
    const struct options *o = desk->options;
    size_t count = decisions_count(desk->decisions);

    if (o->all && count != (uint64_t)o->expect_rows)
        return error_set(
            err, EXIT_INPUT_REFUSED,
            language_plural(
                "%zu claim of platform '%s' is unknown, not %lld; nothing was settled",
                "%zu claims of platform '%s' are unknown, not %lld; nothing was settled", count),
            count, desk->platform, (long long)o->expect_rows);
    if (o->claim && !count)
        return error_set(err, EXIT_INPUT_REFUSED,
                         "no attempt of the claim '%s' is unknown on platform '%s'; nothing was "
                         "settled",
                         o->claim, desk->platform);
    if (o->claim && count > 1)
        return error_set(err, EXIT_INPUT_REFUSED,
                         "%zu work orders have a claim '%s', as named above; name the report of "
                         "the one that is meant, and its row; nothing was settled",
                         count, o->claim);
    return 0;
}

static int settle_all(struct desk *desk, struct error *err)
{
    size_t count = decisions_count(desk->decisions);

    if (check_count(desk, err) || confirmation_ask(desk->options, desk->ledger, count, err) ||
        settle(desk, err))
        return -1;
    log_info("settled and recorded: %zu", count);
    return say_what_is_behind(desk, err) ? -1 : EXIT_COMPLETE;
}

/* ---- the whole ---- */

static int walk(struct desk *desk, struct error *err)
{
    struct view_unknown unknown;
    struct view_list *list;
    int found = view_list_open(desk->ledger, &list, err);

    while (!found && (found = view_list_next(list, &unknown, err)) > 0)
        found = desk->decisions ? take(desk, &unknown, err) : show(desk, &unknown, err);
    view_list_close(list);
    return found;
}

static int list_all(struct desk *desk, struct error *err)
{
    if (desk->options->json)
        desk->json = json_open(JSON_INDENTED, NULL);
    if (desk->options->json && !desk->json)
        return error_no_memory(err);
    if (desk->json) {
        json_map_open(desk->json);
        json_key_array(desk->json, "unknown");
    }
    if (walk(desk, err))
        return -1;
    if (desk->json) {
        json_array_close(desk->json);
        json_map_close(desk->json);
    }
    log_info("unknown claims in this ledger: %llu", (unsigned long long)desk->listed);
    if (desk->listed)
        log_info("next: ask the platform what became of them; then: claimbatch resolve --claim "
                 "ORDER_NO --as accepted --by NAME --reason TEXT (or not-executed)");
    return desk->listed ? EXIT_ROWS_UNKNOWN : EXIT_COMPLETE;
}

static int run(struct desk *desk, struct error *err)
{
    const struct options *o = desk->options;

    if (o->claim || o->all) {
        if (!decision_parse_outcome(o->as, &desk->outcome))
            return error_set(err, EXIT_BAD_USAGE,
                             "--as is accepted (the platform has stored the claim) or not-executed "
                             "(it surely has not); nothing was settled");
        desk->decisions = decisions_of_rows(NULL, desk->outcome, o->by, o->reason, err);
        if (!desk->decisions)
            return -1;
    }
    if (open_ledger(desk, err))
        return -1;
    if (!desk->decisions)
        return list_all(desk, err);
    return walk(desk, err) ? -1 : settle_all(desk, err);
}

int ledger_unknown(const struct options *options, const char *platform, struct error *err)
{
    struct desk desk = {.options = options, .platform = platform};
    int result = run(&desk, err);

    json_close(desk.json);
    decisions_close(desk.decisions);
    ledger_close(desk.ledger);
    buffer_release(&desk.path);
    free(desk.places);
    return result;
}
