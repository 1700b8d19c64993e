#include "cli/suggestion.h"

#include <string.h>

#define WORD_MAX 40

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: three rows of the table of distances are enough. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX + 1];
    size_t len_a = strlen(a);
    size_t len_b = strlen(b);

    if (len_a > WORD_MAX || len_b > WORD_MAX)
        return WORD_MAX;
    for (size_t j = 0; j <= len_b; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= len_a; i++) {
        size_t *now = rows[i % 3];
        const size_t *before = rows[(i + 2) % 3];
        const size_t *two_before = rows[(i + 1) % 3];

        now[0] = i;
        for (size_t j = 1; j <= len_b; j++) {
            now[j] =
                least(least(before[j], now[j - 1]) + 1, before[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], two_before[j - 2] + 1);
        }
    }
    return rows[len_a % 3][len_b];
}

const char *suggestion_find(const char *typed, suggestion_word *words)
{
    const char *nearest = NULL;
    size_t best = strlen(typed) / 3 + 2;
    const char *word;

    for (size_t i = 0; (word = words(i)); i++) {
        size_t d = distance(typed, word);

        if (d < best) {
            best = d;
            nearest = word;
        }
    }
    return nearest;
}
