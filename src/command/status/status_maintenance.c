/* A ledger is verified, copied and pruned. */
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "cli/command.h"
#include "cli/folder.h"
#include "cli/options/options.h"
#include "cli/summary.h"
#include "ledger/commits.h"
#include "ledger/maintenance/backup.h"
#include "ledger/maintenance/verify.h"
#include "ledger/postgres/server_url.h"
#include "ledger/view/server_view.h"
#include "status_json.h"
#include "status_lost.h"
#include "status_part.h"
#include "status_server.h"
#include "status_text.h"

static void show_damage(void *context, const char *sentence)
{
    struct status *s = context;

    if (s->json)
        status_json_damage(s->json, sentence);
    else
        language_format(&s->out, "\ndamaged: %s",
                        LOG_QUOTED_WITHIN(sentence, VERIFY_SENTENCE_BYTES));
}

static void say_what_to_restore(const struct status *s)
{
    struct buffer words = {0};

    if (server_url_is(s->path.ptr)) {
        log_warn("next: send nothing with this ledger; keep a copy of the database, and restore "
                 "its newest backup");
        return;
    }
    summary_quote(s->path.ptr, &words);
    log_warn("next: send nothing with this ledger; keep it, and put the newest backup in its place "
             "(%s); what was sent after that backup is not known to it: see claimbatch-import(1)",
             buffer_string(&words));
    buffer_release(&words);
}

/* A backup that was just put in its place is whole, and older than what was sent. */
static void say_what_to_import(const struct status *s)
{
    struct buffer words = {0};

    summary_quote(s->path.ptr, &words);
    log_warn("next: if a newer ledger or backup is there, put it in the place of this one (%s); if "
             "this is the newest, have it learn from the reports what was sent since: claimbatch "
             "import REPORT.csv... --ledger %s --by NAME --reason TEXT",
             buffer_string(&words), buffer_string(&words));
    buffer_release(&words);
}

static int end_verify(struct status *s, uint64_t found, bool is_old, struct error *err)
{
    if (s->json) {
        status_json_verified(s->json, found);
        if (server_view_is(s->ledger))
            status_json_unapplied(s->json, s->unapplied);
        status_json_end(s->json);
    } else if (found) {
        language_format(&s->out, "\n\nthe ledger is damaged; what was found: %llu\n",
                        (unsigned long long)found);
    } else if (server_view_is(s->ledger)) {
        language_append(&s->out, "\nthe ledger is in order: what its records say of each other\n");
    } else {
        language_append(&s->out,
                        "\nthe ledger is in order: its structure, and what its records say of "
                        "each other\n");
    }
    if (status_flush(s, 0, err))
        return -1;
    if (!found)
        return EXIT_COMPLETE;
    if (is_old)
        say_what_to_import(s);
    else
        say_what_to_restore(s);
    return EXIT_ROWS_BAD;
}

/* What came late and was not applied is no damage: it says that a person, or the gateway, was
 * wrong.
 */
static int verify_on_server(struct status *s, struct error *err)
{
    uint64_t found;
    int result;

    if (verify_ledger(s->ledger, show_damage, s, &found, err) ||
        server_view_late_answers(s->ledger, 0, NULL, s, &s->unapplied, err))
        return -1;
    result = end_verify(s, found, false, err);
    status_server_tell(s);
    return result < 0 || !s->unapplied ? result : EXIT_ROWS_UNKNOWN;
}

int status_verify(struct status *s, struct error *err)
{
    uint64_t found;
    uint64_t lost = 0;
    int64_t version;

    if (server_view_is(s->ledger))
        return status_begin_look(s, err) ? -1 : verify_on_server(s, err);
    if (verify_ledger(s->ledger, show_damage, s, &found, err) ||
        ledger_version(s->ledger, &version, err) ||
        (version == LEDGER_SCHEMA && !found &&
         status_lost_visit(s->ledger, show_damage, s, &lost, err)))
        return -1;
    return end_verify(s, found + lost, !found, err);
}

/* A ledger so damaged that it cannot be opened is what --verify looks for. */
int status_verify_unopened(struct status *s, struct error *err)
{
    if (!s->options->verify || err->exit_code != EXIT_CANNOT_WRITE || server_url_is(s->path.ptr))
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

/* A server has its own way, which sees one moment as well. The URL has no password in it. */
int status_refuse_backup(const struct options *options, struct error *err)
{
    struct buffer words = {0};

    buffer_text(&words, "pg_dump --serializable-deferrable -Fc -n claimbatch -f ");
    summary_quote(options->backup, &words);
    buffer_byte(&words, ' ');
    summary_quote(options->ledger, &words);
    error_set(err, EXIT_BAD_USAGE,
              "a ledger on a PostgreSQL server is backed up by the server's own means, into a file "
              "that is not there yet: %s",
              buffer_string(&words));
    buffer_release(&words);
    return -1;
}

int status_back_up(struct status *s, struct error *err)
{
    struct buffer place = {0};
    const char *file;
    uint64_t bytes;

    name_backup(s, &place);
    file = buffer_string(&place);
    if (place.failed || backup_ledger(s->ledger, file, &bytes, err)) {
        int result = place.failed ? error_no_memory(err) : -1;

        buffer_release(&place);
        return result;
    }
    if (s->json) {
        status_json_backup(s->json, file, bytes);
        status_json_end(s->json);
    } else {
        language_format(&s->out, "\nbackup  %s\n        %llu bytes, verified\n", LOG_QUOTED(file),
                        (unsigned long long)bytes);
    }
    buffer_release(&place);
    if (status_flush(s, 0, err))
        return -1;
    log_info("it has the same id. What is sent from now on is not in it: restored, it would let "
             "those rows be sent again. See claimbatch-status(1) before you restore it");
    return EXIT_COMPLETE;
}

/* Pruning and abandoning write, so the ledger is opened as a run does. */
int status_open_to_write(struct status *s, struct error *err)
{
    ledger_close(s->ledger);
    s->ledger = NULL;
    return ledger_open(s->path.ptr, &s->ledger, err);
}

int status_prune(struct status *s, struct error *err)
{
    int64_t before_ms = s->now_ms - s->options->prune * CLOCK_DAY_MS;
    bool is_plan = s->options->dry_run;
    struct prune done;

    if (is_plan ? prune_plan(s->ledger, before_ms, &done, err)
                : status_open_to_write(s, err) || prune_run(s->ledger, before_ms, &done, err))
        return -1;
    if (s->json) {
        status_json_prune(s->json, &done, before_ms, is_plan);
        status_json_end(s->json);
    } else {
        status_text_prune(&done, before_ms, is_plan, &s->out);
        if (!is_plan && done.rows && !done.was_vacuumed && !server_view_is(s->ledger))
            status_text_prune_size(&s->out);
    }
    if (status_flush(s, 0, err))
        return -1;
    if (is_plan && done.runs)
        log_info("nothing was forgotten; next: the same command without --dry-run");
    return EXIT_COMPLETE;
}
