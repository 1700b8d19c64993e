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

/* ---- the request ---- */

static void refuse(const char *what, const struct refusal *refusal)
{
    if (refusal->code != REFUSAL_NONE)
        violation("the gateway refuses %s: code %d, %s", what, refusal->code, refusal->sub_code);
}

/* What is on the wire is what the row says, and signed as the gateway asks for it. */
static void check(const char *body, int claim)
{
    static struct verifier *verifier;
    const struct check_settings settings = {.app_key = APP_KEY};
    struct claim_seen seen = {0};
    struct form form = {.count = 0};
    struct refusal refusal;
    struct error err;
    char *text = strdup(body);

    if (!text || (!verifier && signature_verifier_open(SECRET, &verifier, &err)))
        abort();
    form_decode(&form, text);
    check_call(&settings, verifier, &form, NULL, 0, world->wall_ms, &refusal);
    refuse("a call", &refusal);
    check_claim(form_value(&form, "method"), form_value(&form, CHECK_PARAMETER), &seen, &refusal);
    refuse("a claim", &refusal);
    if (seen.workcard_id != FIRST_WORKCARD + claim)
        violation("another claim is on the wire than the row's");
    buffer_release(&seen.claim_order_no);
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

static void apply(const struct fault *fault, uint64_t key, struct fate *fate)
{
    fate->executed = fault->executes == FAULT_EXECUTED ||
                     (fault->executes == FAULT_EITHER && choice_of(STREAM_GATEWAY, key + 4, 2));
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

/* Keyed by the claim and how often it came: other claims can be left out without moving this. */
void gateway_decide(const char *body, int claim, int version, struct fate *ret_fate)
{
    uint64_t key = ((uint64_t)claim << 40) + ((uint64_t)version << 24) +
                   ((uint64_t)world->calls_of[claim]++ << 8);
    struct fate *fate = ret_fate;
    bool strikes = (int)choice_of(STREAM_GATEWAY, key, 100) < world->plan.fault_percent;

    *fate = (struct fate){.fault = -1, .leaves = true, .executed = true, .takes_ms = latency(key)};
    check(body, claim);
    if (world->is_quiet)
        return;
    if (world->mono_ms < world->unreachable_until_ms) {
        fate->leaves = false;
    } else if (world->mono_ms < world->banned_until_ms) {
        fate->executed = false;
        fate->ban_s = (int)((world->banned_until_ms - world->mono_ms + 999) / 1000);
    } else if (strikes && (fate->fault = choose_fault(key)) >= 0) {
        apply(fault_at((size_t)fate->fault), key, fate);
    }
    if (!fate->leaves) {
        fate->executed = false;
        mark(MARK_OUTAGE);
    }
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

static void say(const struct fate *fate, const struct fault *fault, const char *id,
                struct buffer *text)
{
    enum fault_words words = fault ? fault->words : fate->ban_s ? WORDS_BAN : WORDS_SUCCESS;
    struct answer_form form = {.xml = words == WORDS_XML, .request_id = id};
    struct refusal refusal = refusal_of(fate, fault);

    if (words == WORDS_EMPTY || words == WORDS_PART_LESS)
        return;
    if (words == WORDS_HTML)
        buffer_text(text, answer_page());
    else if (words == WORDS_REJECTION)
        answer_rejection(&form, text);
    else if ((words >= WORDS_ERROR && words <= WORDS_CALL_ERROR) || words == WORDS_BAN ||
             words == WORDS_QUOTA)
        answer_error(&form, &refusal, words == WORDS_ERROR_STRING_CODE, text);
    else
        answer_success(&form, answer_oddity_of(words), text);
    if (words == WORDS_MALFORMED) {
        text->len = text->len * 2 / 3;
        text->ptr[text->len] = '\0';
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
