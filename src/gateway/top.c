#include "gateway/top.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yajl/yajl_parse.h>

#include "base/error.h"
#include "base/memory.h"
#include "input/claim/claim.h"
#include "top_text.h"

/* ---- answers ---- */

#define DEPTH_MAX 16
#define BAN_S_MAX INT64_C(1000000000)

/* Where in an answer a member stands. */
enum place {
    PLACE_TOP,   /* in the outermost object; there a claim's answer lies without wrapper */
    PLACE_CLAIM, /* in TOP_RESPONSE */
    PLACE_ERROR, /* in error_response */
};

/* What a member means. Each may come once. */
enum member {
    MEMBER_NONE,
    MEMBER_CLAIM_OBJECT,
    MEMBER_ERROR_OBJECT,
    MEMBER_IS_SUCCESS,
    MEMBER_MSG_CODE,
    MEMBER_CODE,
    MEMBER_SUB_CODE,
    MEMBER_MESSAGE,
    MEMBER_SUB_MESSAGE,
    MEMBER_REQUEST_ID,
    MEMBER_REQUEST_ID_BESIDE,
    MEMBER_COUNT,
};

/* A code or sub_code where a claim's answer stands contradicts it, so these are known there too. */
static const struct {
    enum place place;
    const char *name;
    enum member member;
} members[] = {
    {PLACE_TOP, TOP_RESPONSE, MEMBER_CLAIM_OBJECT},
    {PLACE_TOP, "error_response", MEMBER_ERROR_OBJECT},
    {PLACE_TOP, "is_success", MEMBER_IS_SUCCESS},
    {PLACE_TOP, "msg_code", MEMBER_MSG_CODE},
    {PLACE_TOP, "msg_info", MEMBER_MESSAGE},
    {PLACE_TOP, "code", MEMBER_CODE},
    {PLACE_TOP, "sub_code", MEMBER_SUB_CODE},
    {PLACE_TOP, "request_id", MEMBER_REQUEST_ID_BESIDE},
    {PLACE_CLAIM, "is_success", MEMBER_IS_SUCCESS},
    {PLACE_CLAIM, "msg_code", MEMBER_MSG_CODE},
    {PLACE_CLAIM, "msg_info", MEMBER_MESSAGE},
    {PLACE_CLAIM, "code", MEMBER_CODE},
    {PLACE_CLAIM, "sub_code", MEMBER_SUB_CODE},
    {PLACE_CLAIM, "request_id", MEMBER_REQUEST_ID},
    {PLACE_ERROR, "is_success", MEMBER_IS_SUCCESS},
    {PLACE_ERROR, "code", MEMBER_CODE},
    {PLACE_ERROR, "sub_code", MEMBER_SUB_CODE},
    {PLACE_ERROR, "msg", MEMBER_MESSAGE},
    {PLACE_ERROR, "sub_msg", MEMBER_SUB_MESSAGE},
    {PLACE_ERROR, "request_id", MEMBER_REQUEST_ID},
};

struct parse {
    struct answer *answer;
    int depth;          /* of the object or array we are in; the outermost has 1 */
    enum place place;   /* of the members at `place_depth` */
    int place_depth;    /* members deeper than this mean nothing */
    enum member member; /* whose value comes next */
    bool seen[MEMBER_COUNT];
    bool misshapen;
    char request_id_beside[ANSWER_ID_BYTES];
};

/* Looks in the whole text, also in what copy_text cuts off. */
static void note_ban(const unsigned char *text, size_t len, struct answer *answer)
{
    static const char before[] = "ban will last for ", after[] = " more second";
    const unsigned char *end = text + len, *s = memmem(text, len, before, strlen(before));
    int64_t seconds = 0;
    bool any_digit = false;

    if (!s)
        return;
    for (s += strlen(before); s < end && *s >= '0' && *s <= '9'; s++, any_digit = true) {
        if (seconds < BAN_S_MAX)
            seconds = seconds * 10 + (*s - '0');
    }
    if (!any_digit || (size_t)(end - s) < strlen(after) || memcmp(s, after, strlen(after)) != 0)
        return;
    if (seconds > BAN_S_MAX)
        seconds = BAN_S_MAX;
    if (seconds > answer->ban_s)
        answer->ban_s = seconds;
}

static void take_text(struct parse *parse, const unsigned char *text, size_t len, char *ret_text,
                      size_t size)
{
    note_ban(text, len, parse->answer);
    top_text_copy(text, len, ret_text, size);
}

static void take_code(struct parse *parse, const unsigned char *text, size_t len)
{
    struct answer *answer = parse->answer;
    char *end = NULL;
    long long code = 0;

    take_text(parse, text, len, answer->code_text, sizeof(answer->code_text));
    answer->code = -1;
    if (answer->code_text[0] == '\0') {
        parse->misshapen = true;
        return;
    }
    /* Not blanks and signs, which strtoll takes too; nor what copying changed. */
    if (strlen(answer->code_text) != len || text[0] < '0' || text[0] > '9')
        return;
    errno = 0;
    code = strtoll(answer->code_text, &end, 10);
    if (errno == 0 && *end == '\0')
        answer->code = code;
}

static void take_success(struct parse *parse, const unsigned char *text, size_t len)
{
    if (len == 4 && strncasecmp((const char *)text, "true", 4) == 0)
        parse->answer->success = true;
    else if (len != 5 || strncasecmp((const char *)text, "false", 5) != 0)
        parse->misshapen = true;
}

/* The value of a member that is text, or a number as text. */
static void take_value(struct parse *parse, const unsigned char *text, size_t len)
{
    struct answer *answer = parse->answer;

    switch (parse->member) {
    case MEMBER_MSG_CODE:
        take_text(parse, text, len, answer->code_text, sizeof(answer->code_text));
        break;
    case MEMBER_CODE:
        take_code(parse, text, len);
        break;
    case MEMBER_SUB_CODE:
        take_text(parse, text, len, answer->sub_code, sizeof(answer->sub_code));
        break;
    case MEMBER_MESSAGE:
        take_text(parse, text, len, answer->message, sizeof(answer->message));
        break;
    case MEMBER_SUB_MESSAGE:
        take_text(parse, text, len, answer->sub_message, sizeof(answer->sub_message));
        break;
    case MEMBER_REQUEST_ID:
        top_text_copy(text, len, answer->request_id, sizeof(answer->request_id));
        break;
    case MEMBER_REQUEST_ID_BESIDE:
        top_text_copy(text, len, parse->request_id_beside, sizeof(parse->request_id_beside));
        break;
    case MEMBER_CLAIM_OBJECT:
    case MEMBER_ERROR_OBJECT:
    case MEMBER_IS_SUCCESS:
        parse->misshapen = true;
        break;
    case MEMBER_NONE:
    case MEMBER_COUNT:
        break;
    }
    parse->member = MEMBER_NONE;
}

/* A value that can be no text: of a member that judges the row that is another shape, of the words
   for people it is as good as missing. */
static void take_other(struct parse *parse)
{
    switch (parse->member) {
    case MEMBER_CLAIM_OBJECT:
    case MEMBER_ERROR_OBJECT:
    case MEMBER_IS_SUCCESS:
    case MEMBER_CODE:
        parse->misshapen = true;
        break;
    default:
        break;
    }
    parse->member = MEMBER_NONE;
}

static int on_null(void *context)
{
    take_other(context);
    return 1;
}

static int on_boolean(void *context, int value)
{
    struct parse *parse = context;

    if (parse->member == MEMBER_IS_SUCCESS) {
        parse->answer->success = value;
        parse->member = MEMBER_NONE;
    } else {
        take_other(parse);
    }
    return 1;
}

static int on_number(void *context, const char *text, size_t len)
{
    take_value(context, (const unsigned char *)text, len);
    return 1;
}

static int on_string(void *context, const unsigned char *text, size_t len)
{
    struct parse *parse = context;

    if (parse->member == MEMBER_IS_SUCCESS) {
        take_success(parse, text, len);
        parse->member = MEMBER_NONE;
    } else {
        take_value(parse, text, len);
    }
    return 1;
}

static int on_key(void *context, const unsigned char *text, size_t len)
{
    struct parse *parse = context;

    parse->member = MEMBER_NONE;
    if (parse->depth != parse->place_depth)
        return 1;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (members[i].place == parse->place && strlen(members[i].name) == len &&
            memcmp(members[i].name, text, len) == 0)
            parse->member = members[i].member;
    }
    if (parse->member != MEMBER_NONE && parse->seen[parse->member])
        parse->misshapen = true;
    parse->seen[parse->member] = true;
    return 1;
}

static int on_start_object(void *context)
{
    struct parse *parse = context;
    enum member member = parse->member;

    parse->depth++;
    if (parse->depth == 1) {
        parse->place = PLACE_TOP;
        parse->place_depth = 1;
    } else if (member == MEMBER_CLAIM_OBJECT || member == MEMBER_ERROR_OBJECT) {
        parse->place = member == MEMBER_CLAIM_OBJECT ? PLACE_CLAIM : PLACE_ERROR;
        parse->place_depth = parse->depth;
        parse->member = MEMBER_NONE;
    } else {
        take_other(parse);
    }
    return parse->depth <= DEPTH_MAX;
}

static int on_start_array(void *context)
{
    struct parse *parse = context;

    take_other(parse);
    parse->depth++;
    return parse->depth <= DEPTH_MAX;
}

static int on_end(void *context)
{
    struct parse *parse = context;

    if (parse->depth == parse->place_depth && parse->place != PLACE_TOP) {
        parse->place = PLACE_TOP;
        parse->place_depth = 1;
    }
    parse->depth--;
    parse->member = MEMBER_NONE;
    return 1;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_start_object,
    .yajl_map_key = on_key,
    .yajl_end_map = on_end,
    .yajl_start_array = on_start_array,
    .yajl_end_array = on_end,
};

/*
 * A copy of the body with a blank for each raw control character inside a string: yajl rightly
 * refuses them, the gateway has been seen to send them. NULL without memory.
 */
static unsigned char *blank_controls(const unsigned char *body, size_t len)
{
    unsigned char *copy = malloc(len);
    struct top_string string = {0};

    for (size_t i = 0; copy && i < len; i++) {
        copy[i] = string.is_inside && body[i] < 0x20 ? ' ' : body[i];
        top_string_next(&string, (char)body[i]);
    }
    return copy;
}

static enum answer_kind kind_of(const struct parse *parse)
{
    const bool *seen = parse->seen;
    bool claim = seen[MEMBER_CLAIM_OBJECT] || seen[MEMBER_IS_SUCCESS];
    bool error = seen[MEMBER_ERROR_OBJECT] || seen[MEMBER_CODE] || seen[MEMBER_SUB_CODE];

    if (parse->misshapen || claim == error)
        return ANSWER_SHAPE;
    if (claim)
        return seen[MEMBER_IS_SUCCESS] ? ANSWER_CLAIM : ANSWER_SHAPE;
    return seen[MEMBER_ERROR_OBJECT] && seen[MEMBER_CODE] ? ANSWER_ERROR : ANSWER_SHAPE;
}

/* What cannot be read for want of memory is malformed, and so unknown: the cautious end. */
static enum answer_kind parse_json(const unsigned char *body, size_t len, struct answer *answer)
{
    struct parse parse = {.answer = answer};
    enum answer_kind kind = ANSWER_MALFORMED;
    yajl_status status = yajl_status_error;
    unsigned char *copy = blank_controls(body, len);
    yajl_alloc_funcs memory = {memory_get, memory_resize, memory_free, NULL};
    yajl_handle yajl = copy ? yajl_alloc(&callbacks, &memory, &parse) : NULL;

    if (!yajl)
        goto out;
    yajl_config(yajl, yajl_dont_validate_strings, 1);
    status = yajl_parse(yajl, copy, len);
    if (status == yajl_status_ok)
        status = yajl_complete_parse(yajl);
    if (status == yajl_status_ok)
        kind = kind_of(&parse);
    else if (status == yajl_status_client_canceled)
        kind = ANSWER_SHAPE;
    if (answer->request_id[0] == '\0')
        memcpy(answer->request_id, parse.request_id_beside, sizeof(answer->request_id));
    yajl_free(yajl);
out:
    free(copy);
    return kind;
}

static bool contains(const char *text, size_t len, const char *word)
{
    size_t word_len = strlen(word);

    for (size_t i = 0; i + word_len <= len; i++) {
        if (strncasecmp(text + i, word, word_len) == 0)
            return true;
    }
    return false;
}

/* A page for people names html near its beginning; what else is marked up is XML. */
static enum answer_kind kind_of_markup(const char *body, size_t len)
{
    size_t head = len < 1024 ? len : 1024;

    if (contains(body, head, "<html") || contains(body, head, "<!doctype html"))
        return ANSWER_HTML;
    if (contains(body, head, "<?xml") || contains(body, head, "_response"))
        return ANSWER_XML;
    return ANSWER_HTML;
}

void top_parse_answer(const char *body, size_t len, struct answer *ret_answer)
{
    *ret_answer = (struct answer){.code = -1, .ban_s = -1};
    if (len >= 3 && memcmp(body, "\xef\xbb\xbf", 3) == 0) {
        body += 3;
        len -= 3;
    }
    while (len && strchr(" \t\r\n", *body) && *body) {
        body++;
        len--;
    }
    if (len == 0)
        ret_answer->kind = ANSWER_EMPTY;
    else if (*body == '<')
        ret_answer->kind = kind_of_markup(body, len);
    else
        ret_answer->kind = parse_json((const unsigned char *)body, len, ret_answer);
    if (ret_answer->kind != ANSWER_CLAIM)
        ret_answer->success = false;
    if (ret_answer->kind != ANSWER_ERROR)
        ret_answer->code = -1;
}
