#include "service_words.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "base/clock.h"
#include "check.h"
#include "limit.h"
#include "service.h"

#define TOO_LARGE_BYTES ((size_t)2 << 20)

bool service_words_is_fit(const struct part *part)
{
    return part->refusal.code == REFUSAL_NONE;
}

static void fault_refusal(struct service *service, const struct fault *fault,
                          struct refusal *ret_refusal)
{
    *ret_refusal = (struct refusal){.code = fault->code};
    if (fault->words == WORDS_BAN)
        limit_ban(service->settings->limit, clock_mono_ms(), ret_refusal);
    else if (fault->words == WORDS_QUOTA)
        limit_quota_refusal(service->wall_ms, ret_refusal);
    else if (fault->sub_code) {
        snprintf(ret_refusal->sub_code, sizeof(ret_refusal->sub_code), "%s", fault->sub_code);
        snprintf(ret_refusal->sub_msg, sizeof(ret_refusal->sub_msg), "%s", fault->says);
    }
}

static void say_struck(struct service *service, struct buffer *text)
{
    enum fault_words words = service->fault->words;
    struct refusal refusal = {.code = REFUSAL_NONE};

    if (fault_is_refusal(words))
        fault_refusal(service, service->fault, &refusal);
    answer_words(&service->answer_form, words, &refusal, text);
}

static void say_part(struct service *service, const struct part *part, struct buffer *text)
{
    if (!service_words_is_fit(part))
        answer_error(&service->answer_form, &part->refusal, false, text);
    else if (part->struck)
        say_struck(service, text);
    else
        answer_success(&service->answer_form, ANSWER_PLAIN, text);
}

/* The answers of all claims, or of the first `count`. */
static void say_parts(struct service *service, size_t count, struct buffer *text)
{
    for (size_t i = 0; i < count; i++) {
        struct part *part = &service->parts[i];

        if (i)
            buffer_text(text, ANSWER_SEPARATOR);
        part->said = true;
        part->answer_at = text->len;
        say_part(service, part, text);
        part->answer_len = text->len - part->answer_at;
    }
}

static void say_too_large(struct buffer *text)
{
    buffer_text(text, "{\"filler\":\"");
    if (!buffer_reserve(text, TOO_LARGE_BYTES + 2))
        return;
    memset(text->ptr + text->len, 'x', TOO_LARGE_BYTES);
    text->len += TOO_LARGE_BYTES;
    buffer_text(text, "\"}");
}

/* A fault that has struck the whole call, and is told once. */
static bool say_whole(struct service *service, struct buffer *text)
{
    enum fault_words words = service->fault ? service->fault->words : WORDS_SUCCESS;

    if (fault_is_whole(words))
        say_struck(service, text);
    else if (words == WORDS_TOO_LARGE)
        say_too_large(text);
    else if (words == WORDS_PART_LESS)
        say_parts(service, service->part_count - 1, text);
    else
        return false;
    return true;
}

static void say(struct service *service, struct buffer *text)
{
    if (service->is_narrow || !say_whole(service, text))
        say_parts(service, service->part_count, text);
}

static const char *content_type_of(const struct service *service)
{
    enum fault_words words =
        service->fault && !service->is_narrow ? service->fault->words : WORDS_SUCCESS;
    struct answer_form form = service->answer_form;

    if (words == WORDS_HTML)
        return "text/html;charset=UTF-8";
    form.xml |= words == WORDS_XML;
    return answer_content_type(&form);
}

void service_words_say(struct service *service, struct reply *reply)
{
    const struct service_settings *settings = service->settings;
    uint64_t spread = (uint64_t)(settings->latency_max_ms - settings->latency_min_ms) + 1;

    buffer_reset(&reply->body);
    if (service->refusal.code != REFUSAL_NONE)
        answer_error(&service->answer_form, &service->refusal, false, &reply->body);
    else
        say(service, &reply->body);
    reply->effect = service->fault ? service->fault->effect : EFFECT_ANSWER;
    reply->status = service->fault && service->fault->status ? service->fault->status : 200;
    reply->content_type = content_type_of(service);
    reply->delay_ms =
        settings->latency_min_ms + (int64_t)fault_draw_number(&service->draw, SALT_LATENCY, spread);
}
