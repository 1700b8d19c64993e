#include "sqlstate.h"

#include <stddef.h>
#include <string.h>

#include "base/error.h"

/* By the first characters; the longer ones come first. Codes:
 * https://www.postgresql.org/docs/15/errcodes-appendix.html */
static const struct {
    const char *start;
    int exit_code;
} meanings[] = {
    {"25006", EXIT_TRY_LATER},  /* read-only: a standby that was the primary a moment ago */
    {"3D000", EXIT_BAD_CONFIG}, /* no such database */
    {"3F000", EXIT_BAD_CONFIG}, /* no such schema */
    {"42501", EXIT_BAD_CONFIG}, /* no right to do it */
    {"42P01", EXIT_BAD_CONFIG}, /* no such table */
    {"53100", EXIT_CANNOT_WRITE}, {"55P03", EXIT_TRY_LATER}, /* another has the lock */
    {"57014", EXIT_TRY_LATER},                               /* it took too long */
    {"58030", EXIT_CANNOT_WRITE}, {"08", EXIT_TRY_LATER},
    {"28", EXIT_BAD_CONFIG}, /* not who it says, or not let in */
    {"40", EXIT_TRY_LATER},  /* of two that waited for each other */
    {"53", EXIT_TRY_LATER},  /* memory, connections */
    {"57P", EXIT_TRY_LATER}, /* the server ends or begins */
    {"CB", EXIT_BAD_CONFIG}, /* said by the schema's own statements */
};

int sqlstate_exit_code(const char *state)
{
    if (!*state)
        return EXIT_TRY_LATER;
    for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
        if (strncmp(state, meanings[i].start, strlen(meanings[i].start)) == 0)
            return meanings[i].exit_code;
    return EXIT_INTERNAL;
}

bool sqlstate_is_of_pooler(const char *state)
{
    return strcmp(state, "26000") == 0 || strcmp(state, "42P05") == 0;
}

static bool is_state(const char *text)
{
    static const char signs[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    return strspn(text, signs) == SQLSTATE_BYTES - 1 && text[SQLSTATE_BYTES - 1] == ':';
}

bool sqlstate_find(const char *message, char ret_state[SQLSTATE_BYTES])
{
    for (const char *at = strstr(message, ":  "); at; at = strstr(at + 1, ":  "))
        if (is_state(at + 3)) {
            memcpy(ret_state, at + 3, SQLSTATE_BYTES - 1);
            ret_state[SQLSTATE_BYTES - 1] = '\0';
            return true;
        }
    return false;
}
