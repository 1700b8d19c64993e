/*
 * top: the words of the Taobao Open Platform: what a call looks like and what an answer says.
 *
 * Hides yajl. Requests are written as the official Java SDK writes them (protocol section 2),
 * answers are read with every tolerance of protocol section 5. Pure; it knows nothing of
 * connections.
 *
 * Tested by tests/unit/test_top.c, test_top_answer.c
 */
#ifndef CLAIMBATCH_GATEWAY_TOP_H
#define CLAIMBATCH_GATEWAY_TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "gateway/sign.h"

struct claim;
struct error;

#define TOP_METHOD "tmall.serivcecenter.workcard.insurance.claim"
#define TOP_PARAMETER "workcard_insurance_callback_request"
#define TOP_CONTENT_TYPE "application/x-www-form-urlencoded;charset=utf-8"
#define TOP_RESPONSE "tmall_serivcecenter_workcard_insurance_claim_response"

/* What all calls of a run have in common. Borrowed strings; `session` NULL or empty: none is sent.
 */
struct top_app {
    const char *app_key;
    const char *session;
    enum sign_method sign_method;
};

/* Appends the claim as the JSON object of the business parameter: keys in alphabetical order, no
 * blanks, `/` escaped, an empty claim_desc left out. */
void top_claim_json(const struct claim *claim, struct buffer *ret_json);

/* Appends the form encoding of a text: A-Z a-z 0-9 . * _ - stay, a blank becomes '+', the rest %XX.
 */
void top_form_encode(const char *text, struct buffer *ret_form);

/* Appends NAME=VALUE, the value encoded, behind a '&' where it is not the first. */
void top_form_parameter(const char *name, const char *value, struct buffer *ret_form);

/*
 * Writes the signed form body of one call into `ret_body` (emptied first). `scratch` holds the JSON
 * meanwhile. `timestamp` is Beijing time as clock_format_top writes it. A session that sign_skips
 * is not sent.
 */
int top_request(const struct top_app *app, struct signer *signer, const struct claim *claim,
                const char *timestamp, struct buffer *scratch, struct buffer *ret_body,
                struct error *err);

enum answer_kind {
    ANSWER_CLAIM,     /* is_success was there: look at `success` */
    ANSWER_ERROR,     /* an error_response with a code */
    ANSWER_EMPTY,     /* no byte, or blanks alone */
    ANSWER_XML,       /* XML, though JSON was asked */
    ANSWER_HTML,      /* a page for people */
    ANSWER_MALFORMED, /* not whole, well-formed JSON */
    ANSWER_SHAPE, /* JSON of another shape; is_success or code missing or not readable; both kinds
                     at once */
    ANSWER_PARTS, /* of a call with several claims: of another number of parts, see top_batch.h */
};

#define ANSWER_CODE_BYTES 64
#define ANSWER_TEXT_BYTES 512
#define ANSWER_ID_BYTES 128

/* Texts are UTF-8, cut at a character when too long, "" when missing. */
struct answer {
    enum answer_kind kind;
    bool success;                      /* ANSWER_CLAIM only */
    int64_t code;                      /* ANSWER_ERROR only; -1 when `code_text` is no integer */
    char code_text[ANSWER_CODE_BYTES]; /* as it came: the error's code, or msg_code */
    char sub_code[ANSWER_CODE_BYTES * 2];
    char message[ANSWER_TEXT_BYTES];     /* msg_info, or msg */
    char sub_message[ANSWER_TEXT_BYTES]; /* sub_msg */
    char request_id[ANSWER_ID_BYTES];
    int64_t
        ban_s; /* N of "This ban will last for N more seconds", in any of the texts; -1 if none */
};

/*
 * Reads an answer's body. Tolerated: the wrapper left out (simplify=true), numbers and Booleans as
 * strings, missing sub_code, sub_msg and request_id, a request_id beside or inside, raw control
 * characters inside strings, a BOM, blanks around, members nobody knows. Never success: a missing,
 * doubled or unreadable is_success, or an error's code beside it. Bytes that are not UTF-8 inside
 * strings are replaced for the texts only. A body nested deeper than any answer is ANSWER_SHAPE.
 */
void top_parse_answer(const char *body, size_t len, struct answer *ret_answer);

#endif
