/*
 * answer: the gateway's words, in JSON or XML.
 *
 * Every function appends the text of one answer, or of one part of a batch answer.
 *
 * Tested by tests/unit/test_sandbox_answer.c
 */
#ifndef CLAIMBATCH_SANDBOX_ANSWER_H
#define CLAIMBATCH_SANDBOX_ANSWER_H

#include <stdbool.h>

#include "base/buffer.h"
#include "check.h"
#include "fault.h"

/* Between the segments of a batch call and of its answer. */
#define ANSWER_SEPARATOR "\r\n-S-\r\n"

/* How the client wants its answer. */
struct answer_form {
    bool xml;
    bool simple; /* simplify=true: a success has no wrapper */
    const char *request_id;
};

/* What may be odd about an answer of the business. */
enum answer_oddity {
    ANSWER_PLAIN,
    ANSWER_STRING_BOOLEAN, /* is_success is the string "true" */
    ANSWER_RAW_CONTROL,    /* raw control characters inside a string */
    ANSWER_NO_REQUEST_ID,
    ANSWER_MISSING_IS_SUCCESS,
    ANSWER_DOUBLED_IS_SUCCESS, /* twice, true and false */
    ANSWER_WRONG_SHAPE,        /* a wrapper of another name */
};

/* What is odd about an answer that has these words. */
enum answer_oddity answer_oddity_of(enum fault_words words);

void answer_success(const struct answer_form *form, enum answer_oddity oddity,
                    struct buffer *ret_text);

/* is_success false. */
void answer_rejection(const struct answer_form *form, struct buffer *ret_text);

/* An error_response; the code is quoted where `string_code`. */
void answer_error(const struct answer_form *form, const struct refusal *refusal, bool string_code,
                  struct buffer *ret_text);

/* The maintenance page of a gateway in front of the gateway. */
const char *answer_page(void);

/* What stands in the answer for a claim, or for a call, that a fault with these words has struck;
 * the refusal is told where they are of one. */
void answer_words(const struct answer_form *form, enum fault_words words,
                  const struct refusal *refusal, struct buffer *ret_text);

/* The value of Content-Type. */
const char *answer_content_type(const struct answer_form *form);

#endif
