#include "base/hash.h"

#include <endian.h>

#define LANES 4 /* that do not wait for each other */
#define STEP_BYTES (LANES * sizeof(uint64_t))

/* At most 7 bytes, the first the lowest: by halves, for each text of each row ends so. */
static uint64_t read_few(const unsigned char *bytes, size_t len)
{
    uint64_t word = 0;
    uint32_t four = 0;
    size_t at = 0;

    if (len & 4) {
        memcpy(&four, bytes, sizeof(four));
        word = le32toh(four);
        at = 4;
    }
    if (len & 2) {
        word |= ((uint64_t)bytes[at] | (uint64_t)bytes[at + 1] << 8) << 8 * at;
        at += 2;
    }
    if (len & 1)
        word |= (uint64_t)bytes[at] << 8 * at;
    return word;
}

/* The last word has the bytes that are left over, at most 7, and how many they are. */
static uint64_t hash_rest(uint64_t hash, const unsigned char *bytes, size_t len)
{
    uint64_t word = 0;

    for (; len >= sizeof(word); bytes += sizeof(word), len -= sizeof(word)) {
        memcpy(&word, bytes, sizeof(word));
        hash = hash_word(hash, word);
    }
    return hash_word(hash, (uint64_t)len << 56 | read_few(bytes, len));
}

uint64_t hash_text(uint64_t hash, const char *text)
{
    return hash_rest(hash, (const unsigned char *)text, strlen(text));
}

uint64_t hash_bytes(const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    uint64_t lanes[LANES] = {1, 2, 3, 4};
    uint64_t hash = len;

    for (; len >= STEP_BYTES; p += STEP_BYTES, len -= STEP_BYTES) {
        uint64_t words[LANES];

        memcpy(words, p, sizeof(words));
        for (size_t i = 0; i < LANES; i++)
            lanes[i] = hash_word(lanes[i], words[i]);
    }
    for (size_t i = 0; i < LANES; i++)
        hash = hash_word(hash, lanes[i]);
    return hash_rest(hash, p, len);
}
