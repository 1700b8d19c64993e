#include "dry_run.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "base/words/terminal.h"
#include "cli/correction.h"
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

struct first_request {
    const struct dry_run *dry_run;
    struct buffer text;
};

/* The request as it would be sent at this moment; signed with a word that is not the secret, and
 * shown without. */
static void take_request(void *context, const struct claim *claim)
{
    struct first_request *first = context;
    const struct dry_run *dry_run = first->dry_run;
    struct top_app app = dry_run->app;
    struct signer *signer = NULL;
    struct buffer json = {0};
    struct buffer body = {0};
    struct buffer masked = {0};
    char now[CLOCK_TOP_BYTES];
    struct error err;

    if (app.session)
        app.session = MASK;
    clock_format_top(clock_wall_ms(), now);
    if (sign_open(app.sign_method, MASK, &signer, &err) == 0 &&
        top_request(&app, signer, claim, now, &json, &body, &err) == 0) {
        mask_sign(&body, &masked);
        language_format(&first->text,
                        "\nfirst request:\nPOST %s\n"
                        "Content-Type: application/x-www-form-urlencoded;charset=utf-8\n\n%s\n",
                        dry_run->url, buffer_string(&masked));
    }
    sign_close(signer);
    buffer_release(&json);
    buffer_release(&body);
    buffer_release(&masked);
}

static void print_count(const struct rehearsal *r, enum fate fate, const char *words)
{
    char yuan[MONEY_TEXT_BYTES];

    if (r->rows[fate])
        language_printf("%10llu rows %18s yuan  %s\n", (unsigned long long)r->rows[fate],
                        money_format_yuan(r->fee[fate], yuan), words);
}

/* Those of an earlier row of the same export have nothing to do with --max-changed. */
static void print_changed(const struct dry_run *dry_run, const struct rehearsal *r)
{
    const struct inspection *i = dry_run->rehearsal->inspection;
    bool holds = dry_run->rehearsal->row_source->rules.severity[RULE_CHANGED_SINCE_ACCEPTED] ==
                 SEVERITY_ERROR;
    struct batch_stop stop = {0};
    struct buffer words = {0};

    print_count(r, DECIDE_SEND_CHANGED,
                holds ? _("would be held back, changed since they were accepted")
                      : _("would be sent, changed since they were accepted"));
    if (r->changed.rows) {
        correction_describe(&r->changed, &words);
        language_printf("           of them by earlier exports: %s\n", buffer_string(&words));
    }
    if (!holds)
        correction_check(dry_run->options, &r->changed, i->rows + i->left_out, &stop);
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

    settings.visit = take_request;
    settings.context = &first;
    result = rehearsal_run(&settings, &r, err);
    if (result)
        goto out;
    language_printf("dry run: nothing is sent\n");
    print_count(&r, DECIDE_SEND, _("would be sent"));
    print_changed(dry_run, &r);
    print_count(&r, DECIDE_ACCEPTED, _("are accepted already"));
    print_count(&r, DECIDE_SUPERSEDED, _("are older than what was accepted"));
    print_count(&r, DECIDE_UNSETTLED, _("wait for an unknown attempt to be settled"));
    print_count(&r, DECIDE_EARLIER_OPEN,
                _("wait for an earlier row of their claim that is unknown"));
    print_count(&r, DECIDE_WAIT, _("are being sent by another run"));
    if (r.done)
        language_printf("%10llu rows are done by an earlier start\n", (unsigned long long)r.done);
    if (settings.inspection->invalid)
        language_printf("%10llu rows are invalid\n",
                        (unsigned long long)settings.inspection->invalid);
    terminal_print(buffer_string(&first.text));
out:
    buffer_release(&first.text);
    return result;
}
