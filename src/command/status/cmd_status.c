/* claimbatch status: what the ledger holds; one claim's history; its maintenance. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/words/language.h"
#include "cli/options/options.h"
#include "cli/stale_ledger.h"
#include "cli/statement.h"
#include "cli/summary.h"
#include "command/commands.h"
#include "gateway/endpoint.h"
#include "ledger/commits.h"
#include "ledger/postgres/server_ledger.h"
#include "ledger/postgres/server_schema.h"
#include "ledger/postgres/server_url.h"
#include "status_abandon.h"
#include "status_json.h"
#include "status_move.h"
#include "status_part.h"
#include "status_server.h"
#include "status_text.h"

/* ---- output ---- */

/* Production needs no word. */
static void append_gateway_option(const char *platform, struct buffer *words)
{
    if (strcmp(platform, ENDPOINT_PRODUCTION) == 0)
        return;
    buffer_text(words, " --gateway ");
    summary_quote(platform, words);
}

/* ---- the whole ---- */

/* A run that was abandoned without an end has no report to settle them by. */
static void say_how_to_settle_by_claim(const struct status *s, const struct run_record *run)
{
    struct buffer words = {0};

    status_append_ledger(s, &words);
    append_gateway_option(run->platform, &words);
    log_info("next: claimbatch resolve%s --claim ORDER_NO --as accepted --by NAME --reason TEXT "
             "(or not-executed), for those of run %s",
             buffer_string(&words), run->name);
    buffer_release(&words);
}

/* Runs whose unknown attempts are to be settled. */
static int say_what_to_settle(struct status *s, struct error *err)
{
    for (size_t i = 0; i < s->open_count && i < NEXT_RUNS; i++) {
        struct run_record run;
        struct abandonment abandonment;
        struct buffer words = {0};
        int found = ledger_run_get(s->ledger, s->open[i], &run, err);

        if (found < 0)
            return -1;
        if (!found)
            continue;
        summary_quote(run.report_path, &words);
        status_append_ledger(s, &words);
        append_gateway_option(run.platform, &words);
        if (run.finished_ms)
            log_info("next: claimbatch resolve %s", buffer_string(&words));
        else if (ledger_abandonment_get(s->ledger, run.id, &abandonment, err) > 0)
            say_how_to_settle_by_claim(s, &run);
        buffer_release(&words);
    }
    if (s->open_count > NEXT_RUNS)
        log_info(language_plural("… and %zu more run with unknown attempts",
                                 "… and %zu more runs with unknown attempts",
                                 s->open_count - NEXT_RUNS),
                 s->open_count - NEXT_RUNS);
    return 0;
}

static int show_status(struct status *s, struct error *err)
{
    if (status_begin_look(s, err) || status_server_show(s, err) || status_show_runs(s, err) ||
        status_show_today(s, err) || status_show_unknowns(s, err) || status_show_passes(s, err))
        return -1;
    if (s->json)
        status_json_end(s->json);
    if (status_flush(s, 0, err))
        return -1;
    status_server_tell(s);
    if (s->resume.len)
        log_info("next: %s", buffer_string(&s->resume));
    return say_what_to_settle(s, err) ? -1 : EXIT_COMPLETE;
}

/* ---- abandoning ---- */

static void show_abandoned(void *context, const struct view_run *run)
{
    struct status *s = context;

    if (s->json)
        status_json_run(s->json, run);
    else
        status_text_run(run, &s->out);
}

/* What there is to say of the runs that were abandoned. */
struct left {
    bool unknown;
    bool reruns_alone;
};

static void look_at(void *context, const struct view_run *run)
{
    struct left *left = context;

    left->unknown |= run->counts[OUTCOME_UNKNOWN].rows > 0;
    left->reruns_alone &= strcmp(run->record.command, "rerun") == 0;
}

static void say_what_is_left(struct status *s, const struct status_abandoned *done,
                             const struct left *left)
{
    struct buffer words = {0};

    if (done->was_before)
        log_info("it was abandoned before; that stands as it is");
    if (done->lost)
        log_warn(language_plural(
                     "%zu row was in flight when the run ended before: it is unknown now",
                     "%zu rows were in flight when the run ended before: they are unknown now",
                     done->lost),
                 done->lost);
    status_append_ledger(s, &words);
    if (left->unknown)
        log_warn("next: its unknown rows stay unknown until they are settled: claimbatch resolve%s",
                 buffer_string(&words));
    if (left->reruns_alone)
        log_info("next: its rows that failed or were not sent are sent by the upload that it was a "
                 "re-run of, typed again; what it sent stays sent");
    else
        log_info("next: correct the export and upload it; that is a new run. What the abandoned "
                 "one sent stays sent: rows that are another now are sent as corrections");
    buffer_release(&words);
}

static int abandon(struct status *s, struct error *err)
{
    const struct options *o = s->options;
    struct status_abandon abandon = {.run = o->abandon, .by = o->by, .reason = o->reason};
    struct status_abandoned done;
    struct left left = {.reruns_alone = true};

    if (status_open_to_write(s, err) || stale_ledger_check(s->ledger, NULL, NULL, err))
        return -1;
    abandon.ledger = s->ledger;
    abandon.now_ms = s->now_ms;
    if (status_abandon_run(&abandon, &done, err))
        return -1;
    if (s->json)
        status_json_list_open(s->json, "abandoned");
    if (status_abandon_visit(s->ledger, done.run, show_abandoned, s, err) ||
        status_abandon_visit(s->ledger, done.run, look_at, &left, err))
        return -1;
    if (s->json) {
        status_json_list_close(s->json);
        status_json_end(s->json);
    }
    if (status_flush(s, 0, err))
        return -1;
    say_what_is_left(s, &done, &left);
    return EXIT_COMPLETE;
}

/* ---- the command ---- */

static int check_options(const struct options *o, struct error *err)
{
    int modes = (o->claim != NULL) + o->verify + (o->backup != NULL) + (o->prune >= 0) + o->create +
                (o->abandon != NULL) + (o->move_to != NULL) + o->print_schema;

    if (modes > 1)
        return error_set(err, EXIT_BAD_USAGE,
                         "--claim, --verify, --backup, --prune, --create, --move-to, "
                         "--print-schema and --abandon are commands of their own: give one of "
                         "them; nothing was done");
    if (o->abandon && (!o->by || !o->reason))
        return error_set(err, EXIT_BAD_USAGE,
                         "--abandon needs --by NAME and --reason TEXT, which are recorded; "
                         "nothing was done");
    if ((o->by || o->reason) && !o->abandon)
        return error_set(err, EXIT_BAD_USAGE, "--by and --reason go with --abandon RUN");
    if (statement_check(o->by, o->reason, err))
        return -1;
    if (o->dry_run && o->prune < 0)
        return error_set(err, EXIT_BAD_USAGE,
                         "--dry-run goes with --prune DAYS; nothing else here changes anything");
    return 0;
}

/* A ledger is made only where none is, and none was. */
static int create(struct status *s, struct error *err)
{
    char id[LEDGER_ID_BYTES];
    enum ledger_place place;
    const char *quoted = LOG_QUOTED(s->path.ptr);

    if (ledger_place_look(s->path.ptr, &place, id, err))
        return -1;
    if (place == LEDGER_STANDS)
        return error_set(err, EXIT_CANNOT_CREATE, "'%s' is there already; nothing was made",
                         quoted);
    if (place == LEDGER_IS_GONE)
        return error_set(err, EXIT_BAD_CONFIG,
                         "the ledger%s%s that was at '%s' is gone: only its log or its lock file "
                         "is left there. Bring it back, or name another place; nothing was made",
                         *id ? " " : "", id, quoted);
    if (ledger_open(s->path.ptr, &s->ledger, err))
        return -1;
    log_warn("new ledger created: %s", quoted);
    return EXIT_COMPLETE;
}

static int create_on_server(const struct options *o, struct error *err)
{
    struct server_ledger made;

    if (o->json)
        return error_set(err, EXIT_BAD_USAGE,
                         "--json shows nothing of a ledger on a server yet; nothing was made");
    if (server_ledger_create(o->ledger, &made, err))
        return -1;
    log_warn("new ledger created: %s", LOG_QUOTED(o->ledger));
    if (strcmp(made.durability, "disk") == 0)
        log_warn("the server waits for no standby: what was sent last is lost with its disk");
    return EXIT_COMPLETE;
}

static int open_view(struct status *s, struct error *err)
{
    if (options_ledger_path(s->options, &s->path, err))
        return -1;
    return s->options->create ? create(s, err) : view_open(s->path.ptr, &s->ledger, err);
}

static int begin_output(struct status *s, struct error *err)
{
    s->now_ms = clock_wall_ms();
    if (!s->options->json) {
        status_text_head(s->ledger, s->now_ms, &s->out);
        return 0;
    }
    s->json = status_json_open(&s->out, s->ledger, s->now_ms);
    return s->json ? 0 : error_no_memory(err);
}

static int run(struct status *s, struct error *err)
{
    const struct options *o = s->options;

    if (check_options(o, err))
        return -1;
    if (o->print_schema) {
        fputs(server_schema_text, stdout);
        return EXIT_COMPLETE;
    }
    if (o->create && o->ledger && server_url_is(o->ledger))
        return create_on_server(o, err);
    if (o->backup && o->ledger && server_url_is(o->ledger))
        return status_refuse_backup(o, err);
    if (o->move_to)
        return status_move(s, err);
    if (open_view(s, err))
        return status_verify_unopened(s, err);
    if (begin_output(s, err))
        return -1;
    if (o->create)
        return show_status(s, err);
    if (o->verify)
        return status_verify(s, err);
    if (o->backup)
        return status_back_up(s, err);
    if (o->abandon)
        return abandon(s, err);
    if (o->prune >= 0 && !o->dry_run)
        return status_prune(s, err);
    if (view_check_schema(s->ledger, err))
        return -1;
    if (o->prune >= 0)
        return status_prune(s, err);
    return o->claim ? status_show_history(s, err) : show_status(s, err);
}

static void release(struct status *s)
{
    status_json_close(s->json);
    ledger_close(s->ledger);
    buffer_release(&s->path);
    buffer_release(&s->out);
    buffer_release(&s->resume);
}

int cmd_status(const struct options *options, const char *invocation, struct error *err)
{
    struct status s = {.options = options};
    int result = run(&s, err);

    (void)invocation;
    if (result < 0 && stop_signal())
        error_set(err, EXIT_SIGNAL_BASE + stop_signal(), "stopped by a signal: %s",
                  strsignal(stop_signal()));
    release(&s);
    return result;
}
