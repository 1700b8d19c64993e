#include "answer.h"

#include <stddef.h>

#define WRAPPER "tmall_serivcecenter_workcard_insurance_claim_response"
#define XML_HEAD "<?xml version=\"1.0\" encoding=\"utf-8\" ?>"

static const struct {
    int code;
    const char *msg;
} messages[] = {
    {3, "Upload Fail"},
    {4, "User Call Limited"},
    {5, "Session Call Limited"},
    {6, "Partner Call Limited"},
    {7, "App Call Limited"},
    {8, "App Call Exceeds Limited Frequency"},
    {9, "Http Action Not Allowed"},
    {10, "Service Currently Unavailable"},
    {11, "Insufficient ISV Permissions"},
    {12, "Insufficient User Permissions"},
    {13, "Insufficient Partner Permissions"},
    {15, "Remote service error"},
    {21, "Missing Method"},
    {22, "Invalid Method"},
    {23, "Invalid Format"},
    {24, "Missing Signature"},
    {25, "Invalid signature"},
    {26, "Missing Session"},
    {27, "Invalid Session"},
    {28, "Missing App Key"},
    {29, "Invalid app Key"},
    {30, "Missing Timestamp"},
    {31, "Invalid Timestamp"},
    {32, "Missing Version"},
    {33, "Invalid Version"},
    {34, "Unsupported Version"},
    {40, "Missing required arguments"},
    {41, "Invalid arguments"},
    {42, "Forbidden Request"},
    {43, "Parameter Error"},
    {47, "Invalid encoding"},
    {50, "Remote service error"},
    {530, "Remote connection error"},
};

static const char *message_of(int code)
{
    for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++)
        if (messages[i].code == code)
            return messages[i].msg;
    return "Platform system error";
}

static void success_members(const struct answer_form *form, enum answer_oddity oddity,
                            struct buffer *text)
{
    if (oddity == ANSWER_STRING_BOOLEAN)
        buffer_text(text, "\"is_success\":\"true\",");
    else if (oddity != ANSWER_MISSING_IS_SUCCESS)
        buffer_text(text, "\"is_success\":true,");
    if (oddity == ANSWER_DOUBLED_IS_SUCCESS)
        buffer_text(text, "\"is_success\":false,");
    buffer_text(text, "\"msg_code\":\"SUCCESS\",\"msg_info\":\"");
    buffer_text(text, oddity == ANSWER_RAW_CONTROL ? "处理\x01成功\t\n\x1b[0m" : "处理成功");
    buffer_byte(text, '"');
    if (oddity != ANSWER_NO_REQUEST_ID) {
        buffer_text(text, ",\"request_id\":\"");
        buffer_text(text, form->request_id);
        buffer_byte(text, '"');
    }
}

static void success_json(const struct answer_form *form, enum answer_oddity oddity,
                         struct buffer *text)
{
    if (oddity == ANSWER_WRONG_SHAPE)
        buffer_text(text, "{\"tmall_another_response\":{");
    else
        buffer_text(text, form->simple ? "{" : "{\"" WRAPPER "\":{");
    success_members(form, oddity, text);
    buffer_text(text, form->simple && oddity != ANSWER_WRONG_SHAPE ? "}" : "}}");
}

static void business_xml(const struct answer_form *form, const char *is_success, const char *code,
                         const char *info, struct buffer *text)
{
    buffer_text(text, XML_HEAD "<" WRAPPER "><is_success>");
    buffer_text(text, is_success);
    buffer_text(text, "</is_success><msg_code>");
    buffer_text(text, code);
    buffer_text(text, "</msg_code><msg_info>");
    buffer_text(text, info);
    buffer_text(text, "</msg_info><request_id>");
    buffer_text(text, form->request_id);
    buffer_text(text, "</request_id></" WRAPPER ">");
}

enum answer_oddity answer_oddity_of(enum fault_words words)
{
    static const enum answer_oddity oddities[] = {
        [WORDS_SUCCESS] = ANSWER_PLAIN,
        [WORDS_STRING_BOOLEAN] = ANSWER_STRING_BOOLEAN,
        [WORDS_RAW_CONTROL] = ANSWER_RAW_CONTROL,
        [WORDS_NO_REQUEST_ID] = ANSWER_NO_REQUEST_ID,
        [WORDS_MISSING_IS_SUCCESS] = ANSWER_MISSING_IS_SUCCESS,
        [WORDS_DOUBLED_IS_SUCCESS] = ANSWER_DOUBLED_IS_SUCCESS,
        [WORDS_WRONG_SHAPE] = ANSWER_WRONG_SHAPE,
    };

    return words < sizeof(oddities) / sizeof(*oddities) ? oddities[words] : ANSWER_PLAIN;
}

void answer_success(const struct answer_form *form, enum answer_oddity oddity,
                    struct buffer *ret_text)
{
    if (form->xml)
        business_xml(form, "true", "SUCCESS", "处理成功", ret_text);
    else
        success_json(form, oddity, ret_text);
}

void answer_rejection(const struct answer_form *form, struct buffer *ret_text)
{
    static const char code[] = "WORKCARD_STATUS_ERROR";
    static const char info[] = "工单状态不允许回传理赔结果";

    if (form->xml) {
        business_xml(form, "false", code, info, ret_text);
        return;
    }
    buffer_text(ret_text, form->simple ? "{" : "{\"" WRAPPER "\":{");
    buffer_format(ret_text,
                  "\"is_success\":false,\"msg_code\":\"%s\",\"msg_info\":\"%s\","
                  "\"request_id\":\"%s\"",
                  code, info, form->request_id);
    buffer_text(ret_text, form->simple ? "}" : "}}");
}

/* Members of an error that may be missing. */
static void error_member(const struct answer_form *form, const char *name, const char *value,
                         struct buffer *text)
{
    if (!*value)
        return;
    if (form->xml)
        buffer_format(text, "<%s>%s</%s>", name, value, name);
    else
        buffer_format(text, ",\"%s\":\"%s\"", name, value);
}

void answer_error(const struct answer_form *form, const struct refusal *refusal, bool string_code,
                  struct buffer *ret_text)
{
    const char *quote = string_code ? "\"" : "";

    if (form->xml)
        buffer_format(ret_text, XML_HEAD "<error_response><code>%d</code>", refusal->code);
    else
        buffer_format(ret_text, "{\"error_response\":{\"code\":%s%d%s", quote, refusal->code,
                      quote);
    error_member(form, "msg", message_of(refusal->code), ret_text);
    error_member(form, "sub_code", refusal->sub_code, ret_text);
    error_member(form, "sub_msg", refusal->sub_msg, ret_text);
    error_member(form, "request_id", form->request_id, ret_text);
    buffer_text(ret_text, form->xml ? "</error_response>" : "}}");
}

const char *answer_page(void)
{
    return "<!DOCTYPE html>\n<html><head><title>系统维护中</title></head>"
           "<body><h1>系统维护中，请稍后再试</h1></body></html>\n";
}

static void cut(const struct answer_form *form, struct buffer *ret_text)
{
    size_t before = ret_text->len;

    answer_success(form, ANSWER_PLAIN, ret_text);
    if (ret_text->failed)
        return;
    ret_text->len = before + (ret_text->len - before) * 2 / 3;
    ret_text->ptr[ret_text->len] = '\0';
}

void answer_words(const struct answer_form *form, enum fault_words words,
                  const struct refusal *refusal, struct buffer *ret_text)
{
    struct answer_form xml = *form;

    xml.xml |= words == WORDS_XML;
    if (fault_is_refusal(words))
        answer_error(form, refusal, words == WORDS_ERROR_STRING_CODE, ret_text);
    else if (words == WORDS_REJECTION)
        answer_rejection(form, ret_text);
    else if (words == WORDS_HTML)
        buffer_text(ret_text, answer_page());
    else if (words == WORDS_MALFORMED)
        cut(form, ret_text);
    else if (words != WORDS_EMPTY)
        answer_success(&xml, answer_oddity_of(words), ret_text);
}

const char *answer_content_type(const struct answer_form *form)
{
    return form->xml ? "text/xml;charset=UTF-8" : "text/javascript;charset=UTF-8";
}
