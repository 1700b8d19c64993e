/*
 * top_batch: a call that carries several claims (protocol section 7): what it looks like and what
 * its answer says of each of them.
 *
 * Pure; the segments and the parts are those of top. Which claims go together is the caller's
 * business.
 *
 * Tested by tests/unit/test_top_batch.c
 */
#ifndef CLAIMBATCH_GATEWAY_TOP_BATCH_H
#define CLAIMBATCH_GATEWAY_TOP_BATCH_H

#include <stddef.h>

#include "gateway/top.h"

#define TOP_BATCH_MAX 20 /* claims a call */
#define TOP_BATCH_CONTENT_TYPE "text/plain;charset=UTF-8"

/* Appends a claim to the body of a call, behind the claims it has; an empty body is begun.
 * `scratch` holds the JSON meanwhile. Running out of memory shows in the buffers. */
void top_batch_add(const struct claim *claim, struct buffer *scratch, struct buffer *body);

/* Writes the query of the call into `ret_query` (emptied first): the common parameters and the
 * signature over them and the whole body. */
int top_batch_sign(const struct top_app *app, struct signer *signer, const char *timestamp,
                   const struct buffer *body, struct buffer *ret_query, struct error *err);

/*
 * Reads the answer to a call of `count` claims (1 to TOP_BATCH_MAX), one answer for each of them in
 * their order. Where the parts are not as many as the claims one error judges all of them, and
 * anything else none: ANSWER_PARTS, or what the whole body is where it is no answer at all. A
 * separator within a JSON string separates nothing.
 */
void top_batch_parse(const char *body, size_t len, struct answer *ret_answers, size_t count);

#endif
