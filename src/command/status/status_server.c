/* Who is at work with a ledger on a server, and what came late. */
#include "status_server.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "cli/options/options.h"
#include "ledger/view/server_spills.h"
#include "ledger/view/server_view.h"
#include "status_json.h"
#include "status_part.h"
#include "status_server_json.h"

#define LATE_ANSWERS 10 /* are shown without --all */
#define MESSAGE_BYTES 2048

static const char *when(int64_t wall_ms, char text[CLOCK_TOP_BYTES])
{
    clock_format_top(wall_ms, text);
    return text;
}

/* ---- what it is ---- */

static int show_head(struct status *s, struct error *err)
{
    struct server_view view;

    if (server_view_get(s->ledger, &view, err))
        return -1;
    if (s->json) {
        status_server_json_head(status_json_document(s->json), &view);
        return 0;
    }
    buffer_text(&s->out, view.has_standby ? _("        kept by the server and a standby\n")
                                          : _("        kept by the disk of the server alone\n"));
    if (view.is_standby)
        language_append(&s->out, "        read from a standby, which may be a little behind\n");
    return 0;
}

/* ---- who is at work ---- */

static void append_runs(const char *names, struct buffer *text)
{
    while (*names) {
        size_t len = strcspn(names, " ");

        language_format(text, "    run %.*s\n", (int)len, names);
        names += len + (names[len] == ' ');
    }
}

static void append_worker(const struct server_worker *worker, struct buffer *text)
{
    char started[CLOCK_TOP_BYTES];

    language_format(text, "  %s, process %lld\n", LOG_QUOTED(worker->host),
                    (long long)worker->process);
    language_format(text, "    started %s, last heard of %lld s ago\n",
                    when(worker->started_ms, started), (long long)(worker->silent_ms / 1000));
    append_runs(worker->runs, text);
    if (worker->calls)
        language_format(text,
                        language_plural("    %lld call under way\n", "    %lld calls under way\n",
                                        (unsigned long long)worker->calls),
                        (long long)worker->calls);
    if (worker->silent_ms > SERVER_VIEW_SILENT_MS)
        language_append(text, "    not heard of any more: the same upload, on any host,\n"
                              "    goes on with its runs\n");
}

static void show_worker(void *context, const struct server_worker *worker)
{
    struct status *s = context;

    if (s->json) {
        status_server_json_worker(status_json_document(s->json), worker);
        return;
    }
    if (!s->has_workers)
        language_append(&s->out, "\nat work with it\n");
    s->has_workers = true;
    append_worker(worker, &s->out);
}

static void append_limit(int64_t limit, struct buffer *text)
{
    if (limit < 0)
        language_append(text, "without a limit");
    else
        buffer_format(text, "%lld", (long long)limit);
}

static void show_share(void *context, const struct server_share *share)
{
    struct status *s = context;

    if (s->json) {
        status_server_json_share(status_json_document(s->json), share);
        return;
    }
    if (!s->has_shares)
        language_append(&s->out, "\nwho may send how many claims a second\n");
    s->has_shares = true;
    if (share->is_first) {
        buffer_format(&s->out, "  %s", LOG_QUOTED(share->platform));
        language_format(&s->out, ", app key %s\n", LOG_QUOTED(share->app_key));
    }
    buffer_format(&s->out, "    %s: ", LOG_QUOTED(share->host));
    append_limit(share->share, &s->out);
    if (share->rate >= 0)
        language_format(&s->out, " of %lld", (long long)share->rate);
    buffer_byte(&s->out, '\n');
}

static int show_workers(struct status *s, struct error *err)
{
    if (s->json)
        status_json_list_open(s->json, "workers");
    if (server_view_workers(s->ledger, show_worker, s, err))
        return -1;
    if (s->json) {
        status_json_list_close(s->json);
        status_json_list_open(s->json, "shares");
    } else if (!s->has_workers) {
        language_append(&s->out, "\nnobody is at work with it\n");
    }
    if (server_view_shares(s->ledger, show_share, s, err))
        return -1;
    if (s->json)
        status_json_list_close(s->json);
    return 0;
}

/* ---- what came late ---- */

static void append_late(const struct server_late_answer *answer, struct buffer *text)
{
    char at[CLOCK_TOP_BYTES];

    language_format(text, "  %s  claim %s\n", when(answer->at_ms, at),
                    LOG_QUOTED(answer->claim_order_no));
    language_format(text, "    row %lld of run %s: %s\n", (long long)answer->row,
                    LOG_QUOTED(answer->run_name), outcome_word(answer->outcome));
    if (*answer->code)
        buffer_format(text, "    %s\n", LOG_QUOTED(answer->code));
    if (*answer->message)
        buffer_format(text, "    %s\n", LOG_QUOTED_WITHIN(answer->message, MESSAGE_BYTES));
    if (*answer->request_id)
        buffer_format(text, "    request_id %s\n", LOG_QUOTED(answer->request_id));
    if (answer->applied)
        language_append(text, "    its row says so since then\n");
    else
        language_append(text, "    NOT APPLIED: the ledger says something else of this row\n");
}

static void show_late(void *context, const struct server_late_answer *answer)
{
    struct status *s = context;

    if (s->json) {
        status_server_json_late(status_json_document(s->json), answer);
        return;
    }
    if (!s->has_late)
        language_append(&s->out, "\nanswers that came after a run was taken over\n");
    s->has_late = true;
    append_late(answer, &s->out);
}

static int show_late_answers(struct status *s, struct error *err)
{
    bool all = s->options->all || s->json;

    if (s->json)
        status_json_list_open(s->json, "late_answers");
    if (server_view_late_answers(s->ledger, all ? INT64_MAX : LATE_ANSWERS, show_late, s,
                                 &s->unapplied, err))
        return -1;
    if (s->json)
        status_json_list_close(s->json);
    return 0;
}

/* ---- what this host keeps ---- */

static void append_spill(const struct server_spill *spill, struct buffer *text)
{
    char since[CLOCK_TOP_BYTES];

    buffer_format(text, "  %s\n", LOG_QUOTED(spill->path));
    language_format(text,
                    language_plural("    %zu answer, sent from %s on\n",
                                    "    %zu answers, sent from %s on\n", spill->answers),
                    spill->answers, spill->since_ms ? when(spill->since_ms, since) : "?");
    append_runs(spill->runs, text);
    if (spill->is_at_work)
        language_format(text, "    process %lld is at work, and stores them itself\n",
                        (long long)spill->process);
    else
        language_append(text, "    to store them, type the same upload on this host:\n"
                              "    it begins with them\n");
}

static void show_spill(void *context, const struct server_spill *spill)
{
    struct status *s = context;

    if (s->json) {
        status_server_json_spill(status_json_document(s->json), spill);
        return;
    }
    if (!s->has_spills)
        language_append(&s->out, "\nanswers kept on this host, which the ledger does not have\n");
    s->has_spills = true;
    append_spill(spill, &s->out);
}

static int show_spills(struct status *s, struct error *err)
{
    if (s->json)
        status_json_list_open(s->json, "spills");
    if (server_spills_each(s->ledger, show_spill, s, err))
        return -1;
    if (s->json)
        status_json_list_close(s->json);
    return 0;
}

int status_server_show(struct status *s, struct error *err)
{
    if (!server_view_is(s->ledger))
        return 0;
    return show_head(s, err) || show_workers(s, err) || show_late_answers(s, err) ||
                   show_spills(s, err)
               ? -1
               : 0;
}

void status_server_tell(const struct status *s)
{
    if (s->unapplied)
        log_error(language_plural("%llu answer came late and was not applied, since the ledger "
                                  "says something else of its row: ask the platform which of both "
                                  "is true",
                                  "%llu answers came late and were not applied, since the ledger "
                                  "says something else of their rows: ask the platform which of "
                                  "both is true",
                                  s->unapplied),
                  (unsigned long long)s->unapplied);
}
