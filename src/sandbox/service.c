#include "service.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "base/clock.h"
#include "base/error.h"
#include "check.h"
#include "journal.h"
#include "limit.h"
#include "service_words.h"
#include "signature.h"

#define PUBLIC_SEGMENT "#PUBLIC#"

static atomic_uint_fast64_t last_batch;
static atomic_uint_fast64_t last_request;

int service_open(const struct service_settings *settings, struct service **ret_service,
                 struct error *err)
{
    struct service *service = calloc(1, sizeof(*service));

    if (!service)
        return error_no_memory(err);
    service->settings = settings;
    if (signature_verifier_open(settings->app_secret, &service->verifier, err)) {
        service_close(service);
        return -1;
    }
    *ret_service = service;
    return 0;
}

void service_close(struct service *service)
{
    if (!service)
        return;
    signature_verifier_close(service->verifier);
    buffer_release(&service->raw);
    for (size_t i = 0; i < SERVICE_BATCH_MAX; i++)
        buffer_release(&service->parts[i].seen.claim_order_no);
    free(service);
}

/* ---- reading ---- */

static void begin(struct service *service, const struct call *call)
{
    const char *format = form_filled(&call->form, "format");
    const char *simplify = form_filled(&call->form, "simplify");

    service->wall_ms = clock_wall_ms();
    snprintf(service->request_id, sizeof(service->request_id), "%015llx",
             (unsigned long long)((uint64_t)service->wall_ms << 16) +
                 (unsigned long long)atomic_fetch_add(&last_request, 1));
    service->answer_form = (struct answer_form){.xml = !format || strcmp(format, "json") != 0,
                                                .simple = simplify && !strcmp(simplify, "true"),
                                                .request_id = service->request_id};
    service->refusal = (struct refusal){0};
    service->fault = NULL;
    service->draw = (struct draw){0};
    service->part_count = 0;
    service->is_narrow = false;
}

/* NULL when the call has too many. */
static struct part *add_part(struct service *service)
{
    struct part *part = &service->parts[service->part_count];

    if (service->part_count == SERVICE_BATCH_MAX)
        return NULL;
    service->part_count++;
    part->form.count = 0;
    part->form.overflow = false;
    part->method = part->json = NULL;
    part->executed = part->accepted = part->struck = part->said = false;
    part->answer_len = 0;
    return part;
}

static bool read_segment(struct service *service, char *segment, const char *public_method)
{
    struct part *part = add_part(service);
    const char *own_method;

    if (!part)
        return false;
    form_decode(&part->form, segment);
    own_method = form_filled(&part->form, "method");
    part->method = own_method ? own_method : public_method;
    part->json = form_filled(&part->form, CHECK_PARAMETER);
    return true;
}

/* Decodes a batch call in place. False when it holds too many claims, or none. */
static bool read_segments(struct service *service, struct call *call)
{
    struct form publics = {0};
    const char *method = form_filled(&call->form, "method");
    char *rest = call->batch;

    while (rest) {
        char *segment = rest;
        char *end = strstr(segment, ANSWER_SEPARATOR);

        rest = end ? end + strlen(ANSWER_SEPARATOR) : NULL;
        if (end)
            *end = '\0';
        if (segment == call->batch && !strncmp(segment, PUBLIC_SEGMENT, strlen(PUBLIC_SEGMENT))) {
            form_decode(&publics, segment + strlen(PUBLIC_SEGMENT));
            if (form_filled(&publics, "method"))
                method = form_filled(&publics, "method");
        } else if (!read_segment(service, segment, method)) {
            return false;
        }
    }
    return service->part_count > 0;
}

static void refuse_batch(struct refusal *refusal)
{
    *refusal = (struct refusal){.code = REFUSAL_INVALID_ARGUMENT};
    snprintf(refusal->sub_code, sizeof(refusal->sub_code), "isv.invalid-batch-size");
    snprintf(refusal->sub_msg, sizeof(refusal->sub_msg), "a batch call takes 1 to %d calls",
             SERVICE_BATCH_MAX);
}

/* Checks the call and every claim of it. */
static void read_call(struct service *service, struct call *call)
{
    const struct check_settings settings = {.app_key = service->settings->app_key,
                                            .session = service->settings->session};
    bool fits = true;

    buffer_reset(&service->raw);
    if (call->batch) {
        buffer_append(&service->raw, call->batch, call->batch_len);
        fits = read_segments(service, call);
    } else {
        struct part *part = add_part(service);

        part->method = form_filled(&call->form, "method");
        part->json = form_filled(&call->form, CHECK_PARAMETER);
    }
    check_call(&settings, service->verifier, &call->form,
               call->batch ? buffer_string(&service->raw) : NULL, call->batch_len, service->wall_ms,
               &service->refusal);
    if (!fits && service->refusal.code == REFUSAL_NONE)
        refuse_batch(&service->refusal);
    for (size_t i = 0; i < service->part_count; i++) {
        struct part *part = &service->parts[i];

        check_claim(part->method, part->json, &part->seen, &part->refusal);
    }
}

/* ---- deciding ---- */

static size_t fit_parts(const struct service *service)
{
    size_t count = 0;

    for (size_t i = 0; i < service->part_count; i++)
        count += service_words_is_fit(&service->parts[i]);
    return count;
}

/* Where an answer of that kind can stand for one claim or for the whole call, chance decides. */
static bool strikes_one_part(const struct service *service)
{
    enum fault_width width = fault_width(service->fault);

    return width == FAULT_OF_CLAIM || (width == FAULT_OF_BOTH && service->part_count > 1 &&
                                       fault_draw_number(&service->draw, SALT_WIDTH, 2) == 1);
}

static void strike(struct service *service)
{
    size_t fit = fit_parts(service);
    size_t chosen = (size_t)fault_draw_number(&service->draw, SALT_PART, fit);
    bool is_one = strikes_one_part(service);

    service->is_narrow = is_one && service->part_count > 1;
    for (size_t i = 0; i < service->part_count; i++) {
        struct part *part = &service->parts[i];

        if (service_words_is_fit(part))
            part->struck = !is_one || chosen-- == 0;
    }
}

/* Decides for each claim what becomes of it. */
static void execute(struct service *service)
{
    for (size_t i = 0; i < service->part_count; i++) {
        struct part *part = &service->parts[i];
        const struct fault *fault = part->struck ? service->fault : NULL;
        enum fault_executes executes = fault ? fault->executes : FAULT_EXECUTED;

        if (!service_words_is_fit(part))
            continue;
        part->executed = executes == FAULT_EXECUTED ||
                         (executes == FAULT_EITHER &&
                          fault_draw_number(&service->draw, SALT_COIN + (unsigned)i, 2) == 1);
        part->accepted = part->executed && !(fault && fault->code);
    }
}

static void decide(struct service *service)
{
    const struct service_settings *settings = service->settings;

    if (service->refusal.code != REFUSAL_NONE)
        return;
    limit_take(settings->limit, service->part_count, clock_mono_ms(), service->wall_ms,
               &service->refusal);
    if (service->refusal.code != REFUSAL_NONE)
        return;
    for (size_t i = 0; i < service->part_count; i++)
        if (service_words_is_fit(&service->parts[i]))
            fault_draw_claim(settings->faults, service->parts[i].seen.workcard_id,
                             buffer_string(&service->parts[i].seen.claim_order_no), &service->draw);
    if (fit_parts(service))
        service->fault = faults_choose(settings->faults, FAULT_AFTER_BODY, &service->draw);
    if (service->fault)
        strike(service);
    execute(service);
}

/* ---- the journal ---- */

/* Whether a client can see anything of the answer. */
static bool is_answered(enum fault_effect effect)
{
    return effect == EFFECT_ANSWER || effect == EFFECT_SLOW || effect == EFFECT_CUT;
}

static struct journal_entry entry_of_call(const struct service *service, const struct call *call,
                                          const struct reply *reply)
{
    bool answered = is_answered(reply->effect);

    return (struct journal_entry){
        .wall_ms = service->wall_ms,
        .connection = call->connection,
        .reused = call->request > 1,
        .path = call->path,
        .method = form_value(&call->form, "method"),
        .app_key = form_value(&call->form, "app_key"),
        .sign_method = form_value(&call->form, "sign_method"),
        .timestamp = form_value(&call->form, "timestamp"),
        .http_status = answered ? reply->status : 0,
        .answer = answered ? buffer_string(&reply->body) : NULL,
        .answer_len = reply->body.len,
        .request_id = service->request_id,
    };
}

static void add_claim(const struct service *service, const struct part *part,
                      struct journal_entry *entry)
{
    const struct claim_seen *seen = &part->seen;

    entry->method = part->method;
    entry->has_workcard_id = seen->has_workcard_id;
    entry->workcard_id = seen->workcard_id;
    entry->claim_order_no = seen->claim_order_no.len ? buffer_string(&seen->claim_order_no) : NULL;
    entry->claim = seen->well_formed ? part->json : NULL;
    entry->executed = part->executed;
    entry->accepted = part->accepted;
    if (part->struck) {
        entry->fault = service->fault->name;
        entry->phase = fault_phase_name(service->fault);
    }
    if (part->said && entry->answer) {
        entry->answer += part->answer_at;
        entry->answer_len = part->answer_len;
    }
}

static int note(struct service *service, const struct call *call, const struct reply *reply,
                struct error *err)
{
    uint64_t batch = call->batch ? atomic_fetch_add(&last_batch, 1) + 1 : 0;

    if (!service->settings->journal)
        return 0;
    for (size_t i = 0; i < service->part_count; i++) {
        struct journal_entry entry = entry_of_call(service, call, reply);

        entry.batch = batch;
        entry.part = i + 1;
        add_claim(service, &service->parts[i], &entry);
        if (journal_write(service->settings->journal, &entry, err))
            return -1;
    }
    return 0;
}

/* ---- the three moments ---- */

int service_accept(const struct service_settings *settings, uint64_t connection,
                   const struct fault **ret_fault, struct error *err)
{
    struct draw draw = {0};
    struct journal_entry entry = {.connection = connection};

    *ret_fault = NULL;
    if (!faults_any(settings->faults, FAULT_BEFORE_REQUEST))
        return 0;
    fault_draw_connection(settings->faults, connection, 0, &draw);
    *ret_fault = faults_choose(settings->faults, FAULT_BEFORE_REQUEST, &draw);
    if (!*ret_fault || !settings->journal)
        return 0;
    entry.wall_ms = clock_wall_ms();
    entry.fault = (*ret_fault)->name;
    entry.phase = fault_phase_name(*ret_fault);
    return journal_write(settings->journal, &entry, err);
}

int service_begin(struct service *service, const struct call *call, bool *ret_strikes,
                  struct reply *ret_reply, struct error *err)
{
    const struct service_settings *settings = service->settings;
    struct journal_entry entry;

    *ret_strikes = false;
    if (!faults_any(settings->faults, FAULT_BEFORE_BODY))
        return 0;
    begin(service, call);
    fault_draw_connection(settings->faults, call->connection, call->request, &service->draw);
    service->fault = faults_choose(settings->faults, FAULT_BEFORE_BODY, &service->draw);
    if (!service->fault)
        return 0;
    *ret_strikes = true;
    service_words_say(service, ret_reply);
    ret_reply->delay_ms = 0;
    entry = entry_of_call(service, call, ret_reply);
    entry.fault = service->fault->name;
    entry.phase = fault_phase_name(service->fault);
    return settings->journal ? journal_write(settings->journal, &entry, err) : 0;
}

int service_answer(struct service *service, struct call *call, struct reply *ret_reply,
                   struct error *err)
{
    begin(service, call);
    read_call(service, call);
    decide(service);
    service_words_say(service, ret_reply);
    if (ret_reply->body.failed)
        return error_no_memory(err);
    return note(service, call, ret_reply, err);
}
