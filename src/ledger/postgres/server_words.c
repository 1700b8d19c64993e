#include "server_words.h"

#include <string.h>

#include "base/buffer.h"

#define PLACE "LOCATION:"

void server_words_join(const char *words, struct buffer *ret_text)
{
    size_t begun = ret_text->len;

    while (*words) {
        size_t len;

        words += strspn(words, "\t"); /* of a hint */
        len = strcspn(words, "\n");

        if (len && strncmp(words, PLACE, strlen(PLACE)) != 0) {
            if (ret_text->len > begun)
                buffer_text(ret_text, "; ");
            buffer_append(ret_text, words, len);
        }
        words += len + (words[len] == '\n');
    }
}

bool server_words_are_of_tls(const char *words)
{
    static const char *const signs[] = {"SSL", "sslmode", "certificate", "证书"};

    for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
        if (strstr(words, signs[i]))
            return true;
    return false;
}

bool server_words_are_of_pooler(const char *words)
{
    return strstr(words, "unsupported startup parameter") != NULL;
}
