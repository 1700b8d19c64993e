/* A call as the official Java SDK writes it. */
#include "gateway/top.h"

#include <string.h>

#include "base/error.h"
#include "input/claim/claim.h"

#define HEX_DIGITS "0123456789ABCDEF"

/* The length of the character at `text` that Java calls a control character, else 0: C0, DEL, C1.
 */
static size_t iso_control_len(const unsigned char *text)
{
    if (*text < 0x20 || *text == 0x7f)
        return 1;
    return *text == 0xc2 && text[1] >= 0x80 && text[1] <= 0x9f ? 2 : 0;
}

/* The letter of JSON's short escape, or NUL. */
static char short_escape(unsigned char byte)
{
    static const char escapes[256] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['\b'] = 'b',
                                      ['\f'] = 'f', ['\n'] = 'n',  ['\r'] = 'r', ['\t'] = 't'};
    return escapes[byte];
}

/* How many bytes from here on stand in JSON as they are. */
static size_t plain_len(const unsigned char *s)
{
    size_t len = 0;

    while (s[len] && !short_escape(s[len]) && !iso_control_len(s + len))
        len++;
    return len;
}

static void json_string(const char *text, struct buffer *ret_json)
{
    const unsigned char *s = (const unsigned char *)text;

    buffer_byte(ret_json, '"');
    for (;;) {
        size_t plain = plain_len(s);
        char letter = short_escape(s[plain]);

        buffer_append(ret_json, s, plain);
        s += plain;
        if (!*s)
            break;
        if (letter) {
            buffer_byte(ret_json, '\\');
            buffer_byte(ret_json, letter);
            s++;
        } else {
            s += iso_control_len(s);
            buffer_format(ret_json, "\\u%04X", s[-1]);
        }
    }
    buffer_byte(ret_json, '"');
}

static void json_number(const char *key, int64_t number, struct buffer *ret_json)
{
    buffer_text(ret_json, key);
    buffer_integer(ret_json, number);
}

static void json_text(const char *key, const char *text, struct buffer *ret_json)
{
    buffer_text(ret_json, key);
    json_string(text, ret_json);
}

/* Without printf, as all that is done for every call. */
void top_claim_json(const struct claim *claim, struct buffer *ret_json)
{
    json_number("{\"claim_count\":", claim->claim_count, ret_json);
    if (*claim->claim_desc)
        json_text(",\"claim_desc\":", claim->claim_desc, ret_json);
    json_number(",\"claim_fee\":", claim->claim_fee, ret_json);
    json_text(",\"claim_order_no\":", claim->claim_order_no, ret_json);
    json_number(",\"claim_status\":", claim->claim_status, ret_json);
    json_text(",\"claim_time\":", claim->claim_time, ret_json);
    json_number(",\"workcard_id\":", claim->workcard_id, ret_json);
    buffer_byte(ret_json, '}');
}

static bool is_unreserved(unsigned char byte)
{
    unsigned char lower = byte | 0x20;

    return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte == '.' ||
           byte == '*' || byte == '_' || byte == '-';
}

void top_form_encode(const char *text, struct buffer *ret_form)
{
    const unsigned char *s = (const unsigned char *)text;
    char *out = NULL;

    if (!buffer_reserve(ret_form, 3 * strlen(text)))
        return;
    out = ret_form->ptr + ret_form->len;
    for (; *s; s++) {
        if (is_unreserved(*s)) {
            *out++ = (char)*s;
        } else if (*s == ' ') {
            *out++ = '+';
        } else {
            *out++ = '%';
            *out++ = HEX_DIGITS[*s >> 4];
            *out++ = HEX_DIGITS[*s & 15];
        }
    }
    *out = '\0';
    ret_form->len = (size_t)(out - ret_form->ptr);
}

void top_form_parameter(const char *name, const char *value, struct buffer *ret_form)
{
    if (ret_form->len)
        buffer_byte(ret_form, '&');
    buffer_text(ret_form, name);
    buffer_byte(ret_form, '=');
    top_form_encode(value, ret_form);
}

int top_request(const struct top_app *app, struct signer *signer, const struct claim *claim,
                const char *timestamp, struct buffer *scratch, struct buffer *ret_body,
                struct error *err)
{
    char sign[SIGN_TEXT_BYTES];

    buffer_reset(scratch);
    buffer_reset(ret_body);
    top_claim_json(claim, scratch);

    struct param params[] = {
        {"method", TOP_METHOD},
        {"app_key", app->app_key},
        {"session", app->session ? app->session : ""},
        {"timestamp", timestamp},
        {"v", "2.0"},
        {"format", "json"},
        {"sign_method", sign_method_name(app->sign_method)},
        {TOP_PARAMETER, buffer_string(scratch)},
    };
    size_t count = sizeof(params) / sizeof(params[0]);

    if (scratch->failed)
        return error_no_memory(err);
    if (sign_call(signer, params, count, NULL, 0, sign, err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (!sign_skips(params[i].value))
            top_form_parameter(params[i].name, params[i].value, ret_body);
    }
    top_form_parameter("sign", sign, ret_body);
    return ret_body->failed ? error_no_memory(err) : 0;
}
