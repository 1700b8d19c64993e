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

static void say_part(struct service *service, const struct part *part, struct buffer *text)
{
    const struct fault *fault = part->struck ? service->fault : NULL;
    enum fault_words words = fault ? fault->words : WORDS_SUCCESS;
    struct refusal refusal;

    if (!service_words_is_fit(part)) {
        answer_error(&service->answer_form, &part->refusal, false, text);
    } else if (words == WORDS_REJECTION) {
        answer_rejection(&service->answer_form, text);
    } else if (words == WORDS_ERROR || words == WORDS_ERROR_STRING_CODE) {
        fault_refusal(service, fault, &refusal);
        answer_error(&service->answer_form, &refusal, words == WORDS_ERROR_STRING_CODE, text);
    } else {
        answer_success(&service->answer_form, answer_oddity_of(words), text);
    }
}

/* The answers of all claims, or of the first `count`. */
static void say_parts(struct service *service, size_t count, struct buffer *text)
{
    for (size_t i = 0; i < count; i++) {
        struct part *part = &service->parts[i];

        if (i)
            buffer_text(text, ANSWER_SEPARATOR);
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

static void say_call_error(struct service *service, struct buffer *text)
{
    struct refusal refusal;

    fault_refusal(service, service->fault, &refusal);
    answer_error(&service->answer_form, &refusal, false, text);
}

static void say(struct service *service, struct buffer *text)
{
    enum fault_words words = service->fault ? service->fault->words : WORDS_SUCCESS;

    switch (words) {
    case WORDS_CALL_ERROR:
    case WORDS_BAN:
    case WORDS_QUOTA:
        say_call_error(service, text);
        return;
    case WORDS_EMPTY:
        return;
    case WORDS_HTML:
        buffer_text(text, answer_page());
        return;
    case WORDS_TOO_LARGE:
        say_too_large(text);
        return;
    case WORDS_PART_LESS:
        say_parts(service, service->part_count - 1, text);
        return;
    case WORDS_XML:
        service->answer_form.xml = true;
        break;
    default:
        break;
    }
    say_parts(service, service->part_count, text);
    if (words == WORDS_MALFORMED && text->len) {
        text->len = text->len * 2 / 3;
        text->ptr[text->len] = '\0';
    }
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
    reply->content_type = service->fault && service->fault->words == WORDS_HTML
                              ? "text/html;charset=UTF-8"
                              : answer_content_type(&service->answer_form);
    reply->delay_ms =
        settings->latency_min_ms + (int64_t)fault_draw_number(&service->draw, SALT_LATENCY, spread);
}
