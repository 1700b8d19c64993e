/*
 * Fuzzes gateway/top's and top_batch's reading of answers. Beyond memory errors it looks for broken
 * promises: texts are whole UTF-8, and only what is an answer to a claim can be a success.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <iconv.h>

#include "gateway/top_batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void require_utf8(const char *text, size_t size)
{
    static iconv_t converter = (iconv_t)-1;
    char *in = (char *)text, wide[4 * ANSWER_TEXT_BYTES], *out = wide;
    size_t in_left = strnlen(text, size), out_left = sizeof(wide);

    if (converter == (iconv_t)-1)
        converter = iconv_open("UCS-4", "UTF-8");
    require(in_left < size);
    iconv(converter, NULL, NULL, NULL, NULL);
    require(iconv(converter, &in, &in_left, &out, &out_left) == 0);
}

static void check_answer(const struct answer *answer)
{
    require(!answer->success || answer->kind == ANSWER_CLAIM);
    require(answer->code >= -1 && (answer->code == -1 || answer->kind == ANSWER_ERROR));
    require(answer->ban_s >= -1);
    require_utf8(answer->code_text, sizeof(answer->code_text));
    require_utf8(answer->sub_code, sizeof(answer->sub_code));
    require_utf8(answer->message, sizeof(answer->message));
    require_utf8(answer->sub_message, sizeof(answer->sub_message));
    require_utf8(answer->request_id, sizeof(answer->request_id));
}

/* A call of one claim differs from a single one only where the answer has several parts. What is
 * the answer to a single call says of none of three claims that it was taken. */
static void check_calls(const char *body, size_t len, const struct answer *single)
{
    struct answer answers[3];
    size_t successes = 0;

    top_batch_parse(body, len, answers, 1);
    check_answer(answers);
    require(answers->kind == ANSWER_PARTS ||
            (answers->kind == single->kind && answers->success == single->success &&
             answers->code == single->code));
    top_batch_parse(body, len, answers, 3);
    for (size_t i = 0; i < 3; i++) {
        check_answer(&answers[i]);
        successes += answers[i].success;
    }
    require(!successes || single->kind != ANSWER_CLAIM);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct answer answer;

    top_parse_answer((const char *)bytes, len, &answer);
    check_answer(&answer);
    check_calls((const char *)bytes, len, &answer);
    return 0;
}
