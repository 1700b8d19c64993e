#include "gateway/top_batch.h"

#include <string.h>

#include "base/error.h"
#include "top_text.h"

#define SEPARATOR "\r\n-S-\r\n"
#define SEPARATOR_BYTES (sizeof(SEPARATOR) - 1)
#define PUBLIC_SEGMENT "#PUBLIC#method=" TOP_METHOD

/* ---- requests ---- */

void top_batch_add(const struct claim *claim, struct buffer *scratch, struct buffer *body)
{
    if (!body->len)
        buffer_text(body, PUBLIC_SEGMENT);
    buffer_text(body, SEPARATOR TOP_PARAMETER "=");
    buffer_reset(scratch);
    top_claim_json(claim, scratch);
    top_form_encode(buffer_string(scratch), body);
    body->failed |= scratch->failed;
}

int top_batch_sign(const struct top_app *app, struct signer *signer, const char *timestamp,
                   const struct buffer *body, struct buffer *ret_query, struct error *err)
{
    char sign[SIGN_TEXT_BYTES];
    struct param params[] = {
        {"app_key", app->app_key}, {"session", app->session ? app->session : ""},
        {"timestamp", timestamp},  {"v", "2.0"},
        {"format", "json"},        {"sign_method", sign_method_name(app->sign_method)},
    };
    size_t count = sizeof(params) / sizeof(params[0]);

    buffer_reset(ret_query);
    if (body->failed)
        return error_no_memory(err);
    if (sign_call(signer, params, count, body->ptr, body->len, sign, err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (!sign_skips(params[i].value))
            top_form_parameter(params[i].name, params[i].value, ret_query);
    top_form_parameter("sign", sign, ret_query);
    return ret_query->failed ? error_no_memory(err) : 0;
}

/* ---- answers ---- */

/* How many bytes stand before the next separator; all of them where there is none. */
static size_t part_len(const char *body, size_t len)
{
    struct top_string string = {0};

    for (size_t i = 0; i < len; i++) {
        if (!string.is_inside && len - i >= SEPARATOR_BYTES &&
            memcmp(body + i, SEPARATOR, SEPARATOR_BYTES) == 0)
            return i;
        top_string_next(&string, body[i]);
    }
    return len;
}

/* Reads the first `count` parts; returns how many there are. */
static size_t parse_parts(const char *body, size_t len, struct answer *ret_answers, size_t count)
{
    size_t parts = 0;

    for (;;) {
        size_t part = part_len(body, len);

        if (parts < count)
            top_parse_answer(body, part, &ret_answers[parts]);
        parts++;
        if (part == len)
            return parts;
        body += part + SEPARATOR_BYTES;
        len -= part + SEPARATOR_BYTES;
    }
}

void top_batch_parse(const char *body, size_t len, struct answer *ret_answers, size_t count)
{
    size_t parts = parse_parts(body, len, ret_answers, count);

    if (parts == count)
        return;
    /* One that speaks of a claim does not say of which. */
    if (parts != 1 || ret_answers[0].kind == ANSWER_CLAIM)
        ret_answers[0] = (struct answer){.kind = ANSWER_PARTS, .code = -1, .ban_s = -1};
    for (size_t i = 1; i < count; i++)
        ret_answers[i] = ret_answers[0];
}
