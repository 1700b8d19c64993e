#include "gateway/mask.h"

#include <stddef.h>
#include <string.h>

#include "gateway/top.h"

/* How much of the secret's beginning the text ends with. */
static size_t cut_at_end(const char *text, const char *secret)
{
    size_t len = strlen(text), most = strlen(secret);

    for (size_t part = len < most ? len : most; part >= MASK_LEAST; part--)
        if (memcmp(text + len - part, secret, part) == 0)
            return part;
    return 0;
}

void mask_text(char *text, const char *secret)
{
    size_t len = secret ? strlen(secret) : 0;
    size_t cut;

    if (len < MASK_LEAST)
        return;
    for (char *at = text; (at = strstr(at, secret)); at += strlen(MASK_TEXT)) {
        memcpy(at, MASK_TEXT, strlen(MASK_TEXT));
        memmove(at + strlen(MASK_TEXT), at + len, strlen(at + len) + 1);
    }
    cut = cut_at_end(text, secret);
    if (cut)
        strcpy(text + strlen(text) - cut, MASK_TEXT);
}

void mask_answer(struct answer *answer, const char *secret)
{
    mask_text(answer->code_text, secret);
    mask_text(answer->sub_code, secret);
    mask_text(answer->message, secret);
    mask_text(answer->sub_message, secret);
    mask_text(answer->request_id, secret);
}
