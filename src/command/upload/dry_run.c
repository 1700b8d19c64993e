#include "dry_run.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "base/words/terminal.h"
#include "cli/correction.h"
#include "cli/options/options.h"
#include "gateway/top_batch.h"
#include "run/start/rehearsal.h"

#define MASK "***"

static void mask_sign(struct buffer *body, struct buffer *ret_masked)
{
    const char *sign = strstr(buffer_string(body), "&sign=");
    const char *value = sign ? sign + strlen("&sign=") : NULL;

    if (!value) {
        buffer_text(ret_masked, buffer_string(body));
        return;
    }
    buffer_append(ret_masked, body->ptr, (size_t)(value - body->ptr));
    buffer_text(ret_masked, MASK);
    buffer_text(ret_masked, value + strcspn(value, "&"));
}

/* The request as it would be sent at this moment; signed with a word that is not the secret, and
 * shown without. */
struct first_request {
    const struct dry_run *dry_run;
    struct signer *signer;
    char timestamp[CLOCK_TOP_BYTES];
    struct buffer scratch;
    struct buffer body; /* of a single call with its signature */
    bool is_whole;
};

static bool is_batch(const struct dry_run *dry_run)
{
    return dry_run->options->batch > 1;
}

static struct top_app masked_app(const struct dry_run *dry_run)
{
    struct top_app app = dry_run->app;

    if (app.session)
        app.session = MASK;
    return app;
}

static void take_claim(void *context, const struct claim *claim)
{
    struct first_request *first = context;
    struct top_app app = masked_app(first->dry_run);
    struct error err;

    first->is_whole = true;
    if (is_batch(first->dry_run))
        top_batch_add(claim, &first->scratch, &first->body);
    else if (top_request(&app, first->signer, claim, first->timestamp, &first->scratch,
                         &first->body, &err))
        first->is_whole = false;
}

static void show_request(const char *url, const char *content_type, const char *body)
{
    struct buffer text = {0};

    language_format(&text, "\nfirst request:\nPOST %s\nContent-Type: %s\n\n%s\n", url, content_type,
                    body);
    terminal_print(buffer_string(&text));
    buffer_release(&text);
}

static void print_single(struct first_request *first)
{
    struct buffer masked = {0};

    mask_sign(&first->body, &masked);
    show_request(first->dry_run->url, TOP_CONTENT_TYPE, buffer_string(&masked));
    buffer_release(&masked);
}

static void print_batch(struct first_request *first)
{
    struct top_app app = masked_app(first->dry_run);
    struct buffer query = {0}, url = {0};
    struct error err;

    if (top_batch_sign(&app, first->signer, first->timestamp, &first->body, &query, &err) == 0) {
        buffer_format(&url, "%s?", first->dry_run->url);
        mask_sign(&query, &url);
        show_request(buffer_string(&url), TOP_BATCH_CONTENT_TYPE, buffer_string(&first->body));
    }
    buffer_release(&query);
    buffer_release(&url);
}

static void print_request(struct first_request *first)
{
    if (!first->is_whole)
        return;
    if (is_batch(first->dry_run))
        print_batch(first);
    else
        print_single(first);
}

static void open_request(struct first_request *first, struct rehearsal_settings *settings)
{
    struct error err;

    clock_format_top(clock_wall_ms(), first->timestamp);
    if (sign_open(first->dry_run->app.sign_method, MASK, &first->signer, &err))
        return;
    settings->visit = take_claim;
    settings->visits = (size_t)first->dry_run->options->batch;
    settings->context = first;
}

static void close_request(struct first_request *first)
{
    sign_close(first->signer);
    buffer_release(&first->scratch);
    buffer_release(&first->body);
}

static void print_count(const struct rehearsal *r, enum fate fate, const char *words)
{
    char yuan[MONEY_TEXT_BYTES];

    if (r->rows[fate])
        language_printf("%10llu %-4s %18s yuan  %s\n", (unsigned long long)r->rows[fate],
                        r->rows[fate] == 1 ? _("row") : _("rows"),
                        money_format_yuan(r->fee[fate], yuan), words);
}

static void print_rows(uint64_t rows, const char *words)
{
    if (rows)
        language_printf("%10llu %-4s %s\n", (unsigned long long)rows,
                        rows == 1 ? _("row") : _("rows"), words);
}

/* Those of an earlier row of the same export have nothing to do with --max-changed. */
static void print_changed(const struct dry_run *dry_run, const struct rehearsal *r)
{
    const struct inspection *i = dry_run->rehearsal->inspection;
    const struct rules *rules = &dry_run->rehearsal->row_source->rules;
    bool holds = rules->severity[RULE_CHANGED_SINCE_ACCEPTED] == SEVERITY_ERROR;
    struct coordinator_stop stop = {0};
    struct buffer words = {0};

    print_count(r, FATE_SEND_CHANGED,
                holds ? _("would be held back, changed since they were accepted")
                      : _("would be sent, changed since they were accepted"));
    if (r->changed.rows) {
        correction_describe(&r->changed, &words);
        language_printf("           of them by earlier exports: %s\n", buffer_string(&words));
    }
    correction_check(dry_run->options, rules, r, i->rows + i->left_out, &stop);
    if (stop.exit_code)
        language_printf("nothing would be sent: %s\n", stop.sentence);
    buffer_release(&words);
}

int dry_run_print(const struct dry_run *dry_run, struct error *err)
{
    struct first_request first = {.dry_run = dry_run};
    struct rehearsal_settings settings = *dry_run->rehearsal;
    struct rehearsal r;
    int result;

    open_request(&first, &settings);
    result = rehearsal_run(&settings, &r, err);
    if (result)
        goto out;
    language_printf("dry run: nothing is sent\n");
    print_count(&r, FATE_SEND, _("would be sent"));
    print_changed(dry_run, &r);
    print_count(&r, FATE_ACCEPTED, _("accepted already"));
    print_count(&r, FATE_SUPERSEDED, _("older than what was accepted"));
    print_count(&r, FATE_UNSETTLED, _("held by an unknown attempt, to be settled"));
    print_count(&r, FATE_EARLIER_OPEN, _("held by an earlier row of the claim, unknown"));
    print_count(&r, FATE_WAIT, _("being sent by another run"));
    print_rows(r.done, _("done by an earlier start"));
    print_rows(settings.inspection->invalid, _("invalid"));
    print_request(&first);
out:
    close_request(&first);
    rehearsal_release(&r);
    return result;
}
