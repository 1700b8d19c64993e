/* claimbatch status: what the ledger holds; one claim's history; the care of the ledger. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file/output.h"
#include "base/log.h"
#include "base/stop.h"
#include "cli/folder.h"
#include "cli/newer_ledger.h"
#include "cli/options.h"
#include "cli/summary.h"
#include "command/commands.h"
#include "gateway/endpoint.h"
#include "ledger/commits.h"
#include "ledger/view/care.h"
#include "status_abandon.h"
#include "status_json.h"
#include "status_lost.h"
#include "status_text.h"

#define FLUSH_BYTES 65536
#define NEXT_RUNS 5 /* are named in the last words */
#define SENTENCE_BYTES 512

/* Everything a status has open. */
struct status {
    const struct options *options;
    struct buffer path;
    struct ledger *ledger;
    int64_t now_ms;
    struct buffer out;
    struct status_json *json; /* NULL: text */
    bool has_apps;
    uint64_t unknown;            /* attempts that nobody has settled */
    int64_t open[NEXT_RUNS];     /* the first runs that have some */
    size_t open_count;           /* of all runs that have some */
    char resume[SENTENCE_BYTES]; /* what goes on with the newest run that was interrupted */
};

/* ---- output ---- */

/* Nothing of the ledger is held meanwhile, so a slow reader keeps nobody waiting. */
static int flush(struct status *s, size_t least, struct error *err)
{
    if (s->out.failed)
        return error_no_memory(err);
    if (s->out.len < least)
        return 0;
    fwrite(buffer_string(&s->out), 1, s->out.len, stdout);
    buffer_reset(&s->out);
    return ferror(stdout) || !least ? output_flush_standard(err) : 0;
}

static void append_ledger_option(const struct status *s, struct buffer *words)
{
    char *whole;

    if (!s->options->ledger)
        return;
    whole = realpath(s->options->ledger, NULL); /* the command may be typed elsewhere */
    buffer_text(words, " --ledger ");
    summary_quote(whole ? whole : s->options->ledger, words);
    free(whole);
}

/* Production needs no word. */
static void append_gateway_option(const char *platform, struct buffer *words)
{
    if (strcmp(platform, ENDPOINT_PRODUCTION) == 0)
        return;
    buffer_text(words, " --gateway ");
    summary_quote(platform, words);
}

/* ---- runs ---- */

/* The words of the start are not recorded, so the person has to add the options. */
static void note_interrupted(struct status *s, const struct run_record *run)
{
    struct buffer words = {0};

    if (*s->resume)
        return;
    summary_quote(run->export_name, &words);
    snprintf(s->resume, sizeof(s->resume), "claimbatch %s %s, with the options of then",
             run->command, buffer_string(&words));
    buffer_release(&words);
}

static int show_runs(struct status *s, struct error *err)
{
    int64_t before = INT64_MAX;
    struct view_run run;
    size_t shown = 0;
    int found;

    if (s->json)
        status_json_list_open(s->json, "runs");
    while ((found = view_run_next(s->ledger, before, &run, err)) > 0) {
        if (shown == STATUS_TEXT_RUNS && !s->options->all)
            break;
        if (run.state == VIEW_INTERRUPTED)
            note_interrupted(s, &run.record);
        if (s->json)
            status_json_run(s->json, &run);
        else
            status_text_run(&run, &s->out);
        before = run.record.id;
        shown++;
        if (flush(s, FLUSH_BYTES, err))
            return -1;
    }
    if (found < 0)
        return -1;
    if (s->json) {
        status_json_list_close(s->json);
        status_json_more_runs(s->json, found);
    } else if (found || !shown) {
        buffer_text(&s->out, found ? "\n… and older runs: --all\n" : "\nno run yet\n");
    }
    return 0;
}

/* ---- today ---- */

static void show_app(void *context, const struct view_app *app)
{
    struct status *s = context;

    if (s->json)
        status_json_app(s->json, app, s->options->daily_quota);
    else
        status_text_app(app, s->options->daily_quota, s->now_ms, !s->has_apps, &s->out);
    s->has_apps = true;
}

static int show_today(struct status *s, struct error *err)
{
    if (s->json)
        status_json_list_open(s->json, "today");
    if (view_today(s->ledger, s->now_ms, show_app, s, err))
        return -1;
    if (s->json)
        status_json_list_close(s->json);
    else if (!s->has_apps)
        buffer_text(&s->out, "\nno calls today\n");
    return 0;
}

/* ---- unknown attempts ---- */

static void count_open(void *context, const struct view_open_run *open)
{
    struct status *s = context;

    if (s->open_count < NEXT_RUNS)
        s->open[s->open_count] = open->run;
    s->open_count++;
    s->unknown += open->unknown;
}

static void show_unknown(void *context, const struct view_unknown *unknown)
{
    struct status *s = context;

    if (s->json)
        status_json_unknown(s->json, unknown);
    else
        status_text_unknown(unknown, s->now_ms, &s->out);
}

static int show_all_unknown(struct status *s, struct error *err)
{
    struct view_list *list = NULL;
    struct view_unknown unknown;
    int found;

    if (view_list_open(s->ledger, &list, err))
        return -1;
    while ((found = view_list_next(list, &unknown, err)) > 0) {
        show_unknown(s, &unknown);
        if (flush(s, FLUSH_BYTES, err)) {
            found = -1;
            break;
        }
    }
    view_list_close(list);
    return found;
}

static int show_unknowns(struct status *s, struct error *err)
{
    bool all = s->options->all || s->json;

    if (view_open_runs(s->ledger, count_open, s, err))
        return -1;
    if (s->json) {
        status_json_unknown_count(s->json, s->unknown);
        status_json_list_open(s->json, "unknown");
    } else {
        status_text_unknown_head(s->unknown, all ? s->unknown : STATUS_TEXT_UNKNOWN, &s->out);
    }
    if (all ? show_all_unknown(s, err)
            : view_unknown_oldest(s->ledger, STATUS_TEXT_UNKNOWN, show_unknown, s, err))
        return -1;
    if (s->json)
        status_json_list_close(s->json);
    return 0;
}

/* ---- the whole ---- */

/* A run that was abandoned without an end has no report to settle them by. */
static void say_how_to_settle_by_claim(const struct status *s, const struct run_record *run)
{
    struct buffer words = {0};

    append_ledger_option(s, &words);
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
        append_ledger_option(s, &words);
        append_gateway_option(run.platform, &words);
        if (run.finished_ms)
            log_info("next: claimbatch resolve %s", buffer_string(&words));
        else if (ledger_abandonment_get(s->ledger, run.id, &abandonment, err) > 0)
            say_how_to_settle_by_claim(s, &run);
        buffer_release(&words);
    }
    if (s->open_count > NEXT_RUNS)
        log_info("… and %zu more runs with unknown attempts", s->open_count - NEXT_RUNS);
    return 0;
}

static int show_status(struct status *s, struct error *err)
{
    if (show_runs(s, err) || show_today(s, err) || show_unknowns(s, err))
        return -1;
    if (s->json)
        status_json_end(s->json);
    if (flush(s, 0, err))
        return -1;
    if (*s->resume)
        log_info("next: %s", s->resume);
    return say_what_to_settle(s, err) ? -1 : EXIT_COMPLETE;
}

/* ---- one claim ---- */

static void show_claim(void *context, const struct view_claim *claim)
{
    struct status *s = context;

    if (s->json)
        status_json_claim(s->json, s->options->claim, claim);
    else
        status_text_claim(s->options->claim, claim, &s->out);
}

static void show_row(void *context, const struct view_row *row)
{
    struct status *s = context;

    if (s->json)
        status_json_row(s->json, row);
    else
        status_text_row(row, &s->out);
}

static void show_settlement(void *context, const struct view_settlement *settlement)
{
    struct status *s = context;

    if (s->json)
        status_json_settlement(s->json, settlement);
    else
        status_text_settlement(settlement, &s->out);
}

static int show_history(struct status *s, struct error *err)
{
    const struct view_visitor visitor = {s, show_claim, show_row, show_settlement};
    char quoted[LOG_QUOTE_BYTES];
    size_t claims;

    if (s->json)
        status_json_list_open(s->json, "claims");
    if (view_claim_history(s->ledger, s->options->claim, &visitor, &claims, err))
        return -1;
    if (s->json) {
        status_json_claims_close(s->json);
        status_json_end(s->json);
    } else if (!claims) {
        buffer_format(&s->out, "\nno claim '%s' was ever sent with this ledger\n",
                      log_quote(s->options->claim, quoted, sizeof(quoted)));
    }
    return flush(s, 0, err) ? -1 : EXIT_COMPLETE;
}

/* ---- care ---- */

static void show_damage(void *context, const char *sentence)
{
    struct status *s = context;
    char quoted[SENTENCE_BYTES];

    if (s->json)
        status_json_damage(s->json, sentence);
    else
        buffer_format(&s->out, "\ndamaged: %s", log_quote(sentence, quoted, sizeof(quoted)));
}

static void say_what_to_restore(const struct status *s)
{
    struct buffer words = {0};

    summary_quote(s->path.ptr, &words);
    log_warn("next: send nothing with this ledger; keep it, and put the newest backup in its place "
             "(%s); what was sent after that backup is not known to it: see the README",
             buffer_string(&words));
    buffer_release(&words);
}

static int end_verify(struct status *s, uint64_t found, struct error *err)
{
    if (s->json) {
        status_json_verified(s->json, found);
        status_json_end(s->json);
    } else if (found) {
        buffer_format(&s->out, "\n\nthe ledger is damaged: %llu findings\n",
                      (unsigned long long)found);
    } else {
        buffer_text(&s->out, "\nthe ledger is in order: its structure, and what its records say of "
                             "each other\n");
    }
    if (flush(s, 0, err))
        return -1;
    if (!found)
        return EXIT_COMPLETE;
    say_what_to_restore(s);
    return EXIT_ROWS_BAD;
}

static int verify(struct status *s, struct error *err)
{
    uint64_t found;
    uint64_t lost = 0;
    int64_t version;

    if (care_verify(s->ledger, show_damage, s, &found, err) ||
        ledger_version(s->ledger, &version, err) ||
        (version == LEDGER_SCHEMA && !found &&
         status_lost_visit(s->ledger, show_damage, s, &lost, err)))
        return -1;
    return end_verify(s, found + lost, err);
}

/* A ledger so damaged that it cannot be opened is what --verify looks for. */
static int verify_unopened(struct status *s, struct error *err)
{
    if (!s->options->verify || err->exit_code != EXIT_CANNOT_WRITE)
        return -1;
    log_error("%s", err->text);
    say_what_to_restore(s);
    return EXIT_ROWS_BAD;
}

/* In a folder each has a name of its own, in the order of time: "ledger-20261127-045748.db". */
static void name_backup(const struct status *s, struct buffer *ret_path)
{
    char now[CLOCK_TOP_BYTES];
    char name[40];

    clock_format_top(s->now_ms, now);
    snprintf(name, sizeof(name), "ledger-%.4s%.2s%.2s-%.2s%.2s%.2s.db", now, now + 5, now + 8,
             now + 11, now + 14, now + 17);
    folder_place(s->options->backup, name, ret_path);
}

static int back_up(struct status *s, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];
    struct buffer place = {0};
    const char *file;
    uint64_t bytes;

    name_backup(s, &place);
    file = buffer_string(&place);
    if (place.failed || care_backup(s->ledger, file, &bytes, err)) {
        int result = place.failed ? error_no_memory(err) : -1;

        buffer_release(&place);
        return result;
    }
    if (s->json) {
        status_json_backup(s->json, file, bytes);
        status_json_end(s->json);
    } else {
        buffer_format(&s->out, "\nbackup  %s\n        %llu bytes, verified\n",
                      log_quote(file, quoted, sizeof(quoted)), (unsigned long long)bytes);
    }
    buffer_release(&place);
    if (flush(s, 0, err))
        return -1;
    log_info("it has the same id. What is sent from now on is not in it: restored, it would let "
             "those rows be sent again. See the README before you restore it");
    return EXIT_COMPLETE;
}

/* Pruning and abandoning write, so the ledger is opened as a run does. */
static int open_to_write(struct status *s, struct error *err)
{
    ledger_close(s->ledger);
    s->ledger = NULL;
    return ledger_open(s->path.ptr, &s->ledger, err);
}

static int prune(struct status *s, struct error *err)
{
    int64_t before_ms = s->now_ms - s->options->prune * CLOCK_DAY_MS;
    bool is_plan = s->options->dry_run;
    struct prune done;

    if (is_plan ? prune_plan(s->ledger, before_ms, &done, err)
                : open_to_write(s, err) || prune_run(s->ledger, before_ms, &done, err))
        return -1;
    if (s->json) {
        status_json_prune(s->json, &done, before_ms, is_plan);
        status_json_end(s->json);
    } else {
        status_text_prune(&done, before_ms, is_plan, &s->out);
    }
    if (flush(s, 0, err))
        return -1;
    if (is_plan && done.runs)
        log_info("nothing was forgotten; next: the same command without --dry-run");
    return EXIT_COMPLETE;
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

static void find_unknown(void *context, const struct view_run *run)
{
    bool *has_unknown = context;

    *has_unknown |= run->counts[OUTCOME_UNKNOWN].rows > 0;
}

static void say_what_is_left(struct status *s, const struct status_abandoned *done,
                             bool has_unknown)
{
    struct buffer words = {0};

    if (done->was_before)
        log_info("it was abandoned before; that stands as it is");
    if (done->lost)
        log_warn("%zu rows were in flight when the run ended before: they are unknown now",
                 done->lost);
    append_ledger_option(s, &words);
    if (has_unknown)
        log_warn("next: its unknown rows stay unknown until they are settled: claimbatch resolve%s",
                 buffer_string(&words));
    log_info("next: correct the export and upload it; that is a new run. What the abandoned one "
             "sent stays sent: rows that are another now are sent as corrections");
    buffer_release(&words);
}

static int abandon(struct status *s, struct error *err)
{
    const struct options *o = s->options;
    struct status_abandon abandon = {.run = o->abandon, .by = o->by, .reason = o->reason};
    struct status_abandoned done;
    bool has_unknown = false;

    if (open_to_write(s, err) || newer_ledger_check(s->ledger, NULL, NULL, err))
        return -1;
    abandon.ledger = s->ledger;
    abandon.now_ms = s->now_ms;
    if (status_abandon_run(&abandon, &done, err))
        return -1;
    if (s->json)
        status_json_list_open(s->json, "abandoned");
    if (status_abandon_visit(s->ledger, done.run, show_abandoned, s, err) ||
        status_abandon_visit(s->ledger, done.run, find_unknown, &has_unknown, err))
        return -1;
    if (s->json) {
        status_json_list_close(s->json);
        status_json_end(s->json);
    }
    if (flush(s, 0, err))
        return -1;
    say_what_is_left(s, &done, has_unknown);
    return EXIT_COMPLETE;
}

/* ---- the command ---- */

static int check_options(const struct options *o, struct error *err)
{
    int modes = (o->claim != NULL) + o->verify + (o->backup != NULL) + (o->prune >= 0) + o->create +
                (o->abandon != NULL);

    if (modes > 1)
        return error_set(err, EXIT_BAD_USAGE,
                         "--claim, --verify, --backup, --prune, --create and --abandon are "
                         "commands of their own: give one of them; nothing was done");
    if (o->abandon && (!o->by || !o->reason))
        return error_set(err, EXIT_BAD_USAGE,
                         "--abandon needs --by NAME and --reason TEXT, which are recorded; "
                         "nothing was done");
    if ((o->by || o->reason) && !o->abandon)
        return error_set(err, EXIT_BAD_USAGE, "--by and --reason go with --abandon RUN");
    if (o->dry_run && o->prune < 0)
        return error_set(err, EXIT_BAD_USAGE,
                         "--dry-run goes with --prune DAYS; nothing else here changes anything");
    return 0;
}

/* A ledger is made only where none is, and none was. */
static int create(struct status *s, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];
    char id[LEDGER_ID_BYTES];
    enum ledger_place place;

    log_quote(s->path.ptr, quoted, sizeof(quoted));
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

static int open_view(struct status *s, struct error *err)
{
    if (s->options->ledger)
        buffer_text(&s->path, s->options->ledger);
    else if (ledger_default_path(&s->path, err))
        return -1;
    if (s->path.failed)
        return error_no_memory(err);
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
    if (open_view(s, err))
        return verify_unopened(s, err);
    if (begin_output(s, err))
        return -1;
    if (o->create)
        return show_status(s, err);
    if (o->verify)
        return verify(s, err);
    if (o->backup)
        return back_up(s, err);
    if (o->abandon)
        return abandon(s, err);
    if (o->prune >= 0 && !o->dry_run)
        return prune(s, err);
    if (view_check_schema(s->ledger, err))
        return -1;
    if (o->prune >= 0)
        return prune(s, err);
    return o->claim ? show_history(s, err) : show_status(s, err);
}

static void release(struct status *s)
{
    status_json_close(s->json);
    ledger_close(s->ledger);
    buffer_release(&s->path);
    buffer_release(&s->out);
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
