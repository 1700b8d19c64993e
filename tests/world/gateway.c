#include "gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "gateway/http/exchange.h"
#include "sandbox/answer.h"
#include "sandbox/check.h"
#include "sandbox/fault.h"
#include "sandbox/signature.h"
#include "world.h"

#define TIMEOUT_MS 30000
#define LONG_BAN_S 700
#define COMMON_SEGMENT "#PUBLIC#" /* before the claims of a call */

/* ---- the request ---- */

static void refuse(const char *what, const struct refusal *refusal)
{
    if (refusal->code != REFUSAL_NONE)
        violation("the gateway refuses %s: code %d, %s", what, refusal->code, refusal->sub_code);
}

/* What is on the wire is what the row says. */
static void check_part(const char *method, const char *json, const struct part *part)
{
    struct claim_seen seen = {0};
    struct refusal refusal;

    check_claim(method, json, &seen, &refusal);
    refuse("a claim", &refusal);
    if (seen.workcard_id != FIRST_WORKCARD + part->claim)
        violation("another claim is on the wire than the row's");
    buffer_release(&seen.claim_order_no);
}

/* The claims of a call of several, as many as they should be. */
static void check_parts(char *body, const char *method, const struct fate *fate)
{
    struct form common = {.count = 0};
    int count = 0;

    for (char *segment, *rest = body; (segment = rest);) {
        struct form form = {.count = 0};
        char *end = strstr(segment, ANSWER_SEPARATOR);

        rest = end ? end + strlen(ANSWER_SEPARATOR) : NULL;
        if (end)
            *end = '\0';
        if (segment == body && strncmp(segment, COMMON_SEGMENT, strlen(COMMON_SEGMENT)) == 0) {
            form_decode(&common, segment + strlen(COMMON_SEGMENT));
            method = form_value(&common, "method");
            continue;
        }
        form_decode(&form, segment);
        if (count < fate->count)
            check_part(method, form_value(&form, CHECK_PARAMETER), &fate->parts[count]);
        count++;
    }
    if (count != fate->count)
        violation("%d claims are on the wire where %d rows should be", count, fate->count);
}

/* It is signed as the gateway asks for it, over the body where the parameters are in the address.
 */
static void check(const struct exchange *exchange, const struct fate *fate)
{
    static struct verifier *verifier;
    const struct check_settings settings = {.app_key = APP_KEY};
    const char *query = exchange->url.len ? strchr(buffer_string(&exchange->url), '?') : NULL;
    const char *raw = query ? buffer_string(&exchange->body) : NULL;
    struct form form = {.count = 0};
    struct refusal refusal;
    struct error err;
    char *text = strdup(query ? query + 1 : buffer_string(&exchange->body));
    char *body = strdup(buffer_string(&exchange->body));

    if (!text || !body || (!verifier && signature_verifier_open(SECRET, &verifier, &err)))
        abort();
    form_decode(&form, text);
    check_call(&settings, verifier, &form, raw, exchange->body.len, world->wall_ms, &refusal);
    refuse("a call", &refusal);
    if (query)
        check_parts(body, form_value(&form, "method"), fate);
    else
        check_part(form_value(&form, "method"), form_value(&form, CHECK_PARAMETER), fate->parts);
    free(body);
    free(text);
}

/* ---- what becomes of it ---- */

static bool is_on(const struct fault *fault)
{
    static const enum swarm kinds[] = {
        [FAULT_ACCEPTED] = SWARM_ODD,  [FAULT_REJECTED] = SWARM_REJECTED,
        [FAULT_AGAIN] = SWARM_AGAIN,   [FAULT_BAN] = SWARM_BAN,
        [FAULT_OUTAGE] = SWARM_OUTAGE, [FAULT_UNKNOWN] = SWARM_UNKNOWN,
        [FAULT_STOP] = SWARM_STOP,
    };

    return plan_has(&world->plan, kinds[fault->class]) && fault->effect != EFFECT_NO_TLS;
}

/* First the class, so that those with many faults do not hide the others; those that stop a run are
 * rarer. -1: none that is on. */
static int choose_fault(uint64_t key)
{
    enum fault_class class = (enum fault_class)choice_of(STREAM_GATEWAY, key + 1, FAULT_STOP + 1);
    int count = 0;
    int chosen;

    if (class == FAULT_STOP && choice_of(STREAM_GATEWAY, key + 2, 4))
        return -1;
    for (size_t i = 0; fault_at(i); i++)
        count += fault_at(i)->class == class && is_on(fault_at(i));
    if (!count)
        return -1;
    chosen = (int)choice_of(STREAM_GATEWAY, key + 3, (uint64_t)count);
    for (int i = 0;; i++)
        if (fault_at((size_t)i)->class == class && is_on(fault_at((size_t)i)) && chosen-- == 0)
            return i;
}

/* As the sandbox does it: what may be told of one claim as of the whole call is so by chance. */
static bool is_told_of_one(const struct fault *fault, uint64_t key, int count)
{
    enum fault_width width = fault_width(fault);

    return width == FAULT_OF_CLAIM ||
           (width == FAULT_OF_BOTH && count > 1 && choice_of(STREAM_GATEWAY, key + 10, 2));
}

/* Keyed by the claim and how often it came: other claims can be left out without moving this. */
static uint64_t key_of(const struct part *part)
{
    return ((uint64_t)part->claim << 40) + ((uint64_t)part->version << 24) +
           ((uint64_t)(world->calls_of[part->claim] - 1) << 8);
}

static void strike(const struct fault *fault, uint64_t key, struct fate *fate)
{
    int chosen = (int)choice_of(STREAM_GATEWAY, key + 11, (uint64_t)fate->count);

    fate->is_narrow = is_told_of_one(fault, key, fate->count);
    for (int i = 0; i < fate->count; i++) {
        struct part *part = &fate->parts[i];

        part->is_struck = !fate->is_narrow || i == chosen;
        if (part->is_struck)
            part->executed =
                fault->executes == FAULT_EXECUTED ||
                (fault->executes == FAULT_EITHER && choice_of(STREAM_GATEWAY, key_of(part) + 4, 2));
    }
    if (fate->is_narrow && fate->count > 1)
        mark(MARK_PART_STRUCK);
}

static void apply(const struct fault *fault, uint64_t key, struct fate *fate)
{
    strike(fault, key, fate);
    fate->is_quota = fault->words == WORDS_QUOTA;
    if (fault->words == WORDS_BAN) {
        fate->ban_s = choice_of(STREAM_GATEWAY, key + 5, 12)
                          ? 1 + (int)choice_of(STREAM_GATEWAY, key + 6, 5)
                          : LONG_BAN_S;
        world->banned_until_ms = world->mono_ms + fate->ban_s * INT64_C(1000);
    }
    if (fault->effect == EFFECT_REFUSE) {
        fate->leaves = false;
        world->unreachable_until_ms =
            world->mono_ms + 200 + (int64_t)choice_of(STREAM_GATEWAY, key + 7, 20000);
    }
    if (fault->effect == EFFECT_HOLD)
        fate->takes_ms = TIMEOUT_MS;
    if (fault->effect == EFFECT_SLOW)
        fate->takes_ms += 1000;
}

static int64_t latency(uint64_t key)
{
    if (plan_has(&world->plan, SWARM_SLOW_GATEWAY) && !choice_of(STREAM_GATEWAY, key + 8, 6))
        return 1 + (int64_t)choice_of(STREAM_GATEWAY, key + 9, 3000);
    return 1 + (int64_t)choice_of(STREAM_GATEWAY, key + 9, 50);
}

static void execute_none(struct fate *fate)
{
    for (int i = 0; i < fate->count; i++)
        fate->parts[i].executed = false;
}

static void decide(uint64_t key, struct fate *fate)
{
    bool strikes = (int)choice_of(STREAM_GATEWAY, key, 100) < world->plan.percent;

    if (world->mono_ms < world->unreachable_until_ms) {
        fate->leaves = false;
    } else if (world->mono_ms < world->banned_until_ms) {
        fate->ban_s = (int)((world->banned_until_ms - world->mono_ms + 999) / 1000);
        execute_none(fate);
    } else if (strikes && (fate->fault = choose_fault(key)) >= 0) {
        apply(fault_at((size_t)fate->fault), key, fate);
    }
    if (!fate->leaves) {
        execute_none(fate);
        mark(MARK_OUTAGE);
    }
}

void gateway_decide(const struct exchange *exchange, struct fate *fate)
{
    uint64_t key;

    for (int i = 0; i < fate->count; i++) {
        world->calls_of[fate->parts[i].claim]++;
        fate->parts[i].executed = true;
        fate->parts[i].is_struck = false;
    }
    key = key_of(fate->parts);
    fate->fault = -1;
    fate->is_narrow = fate->is_quota = false;
    fate->leaves = true;
    fate->takes_ms = latency(key);
    fate->ban_s = 0;
    check(exchange, fate);
    if (!world->is_quiet)
        decide(key, fate);
    if (fate->count > 1)
        mark(MARK_BATCH);
}

/* ---- the answer ---- */

static struct refusal refusal_of(const struct fate *fate, const struct fault *fault)
{
    struct refusal refusal = {.code = fault ? fault->code : REFUSAL_LIMITED};
    const char *sub_code = fault ? fault->sub_code : NULL;
    int seconds = fate->is_quota ? 3600 : fate->ban_s;

    if (fate->is_quota)
        sub_code = "accesscontrol.limited-by-app-access-count";
    else if (fate->ban_s)
        sub_code = "accesscontrol.limited-by-api-access-count";
    if (sub_code)
        snprintf(refusal.sub_code, sizeof(refusal.sub_code), "%s", sub_code);
    if (seconds)
        snprintf(refusal.sub_msg, sizeof(refusal.sub_msg), "This ban will last for %d more seconds",
                 seconds);
    return refusal;
}

static enum fault_words words_of(const struct fate *fate, const struct fault *fault)
{
    return fault ? fault->words : fate->ban_s ? WORDS_BAN : WORDS_SUCCESS;
}

static void say_words(const struct fate *fate, const struct fault *fault, const char *id,
                      struct buffer *text)
{
    const struct answer_form form = {.request_id = id};
    struct refusal refusal = refusal_of(fate, fault);

    answer_words(&form, words_of(fate, fault), &refusal, text);
}

static void say_success(const char *id, struct buffer *text)
{
    const struct answer_form form = {.request_id = id};

    answer_success(&form, ANSWER_PLAIN, text);
}

static void say(const struct fate *fate, const struct fault *fault, const char *id,
                struct buffer *text)
{
    enum fault_words words = words_of(fate, fault);
    int count = fate->count - (words == WORDS_PART_LESS);

    if (!fate->is_narrow && fault_is_whole(words)) {
        say_words(fate, fault, id, text);
        return;
    }
    for (int i = 0; i < count; i++) {
        if (i)
            buffer_text(text, ANSWER_SEPARATOR);
        if (fate->parts[i].is_struck)
            say_words(fate, fault, id, text);
        else
            say_success(id, text);
    }
}

static enum transport transport_of(const struct fault *fault)
{
    static const enum transport transports[] = {
        [EFFECT_ANSWER] = TRANSPORT_OK,      [EFFECT_SLOW] = TRANSPORT_OK,
        [EFFECT_CUT] = TRANSPORT_CUT,        [EFFECT_CUT_HEADER] = TRANSPORT_CUT,
        [EFFECT_CLOSE] = TRANSPORT_CLOSED,   [EFFECT_NOT_HTTP] = TRANSPORT_NOT_HTTP,
        [EFFECT_RESET] = TRANSPORT_RESET,    [EFFECT_HOLD] = TRANSPORT_TIMEOUT,
        [EFFECT_REFUSE] = TRANSPORT_CONNECT, [EFFECT_NO_TLS] = TRANSPORT_TLS,
    };

    if (!fault)
        return TRANSPORT_OK;
    if (fault->words == WORDS_TOO_LARGE)
        return TRANSPORT_TOO_LARGE;
    return fault->phase == FAULT_BEFORE_BODY ? TRANSPORT_EARLY_ANSWER : transports[fault->effect];
}

void gateway_answer(const struct fate *fate, uint64_t id, struct exchange *exchange)
{
    const struct fault *fault = fate->fault < 0 ? NULL : fault_at((size_t)fate->fault);
    char text[32];

    exchange->retry_after_s = -1;
    exchange->server_ms = -1;
    exchange->http_status = 0;
    exchange->connection = 0;
    *exchange->detail = '\0';
    buffer_reset(&exchange->answer);
    if (!fate->leaves) {
        exchange->phase = PHASE_NOT_SENT;
        exchange->transport = TRANSPORT_CONNECT;
        return;
    }
    exchange->transport = transport_of(fault);
    exchange->phase = exchange->transport == TRANSPORT_OK ? PHASE_ANSWERED : PHASE_SENT;
    if (exchange->transport != TRANSPORT_OK)
        return;
    snprintf(text, sizeof(text), "w%llu", (unsigned long long)id);
    exchange->http_status = fault && fault->status ? fault->status : 200;
    if (exchange->http_status == 429)
        exchange->retry_after_s = 1;
    say(fate, fault, text, &exchange->answer);
}
