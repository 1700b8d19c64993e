#include "in_flight.h"

#include <stdlib.h>

#include "base/array.h"
#include "ledger/postgres/session.h"
#include "parameters.h"

bool in_flight_add(struct in_flight *in_flight, int64_t call)
{
    if (!ARRAY_HAS_ROOM(in_flight->calls, in_flight->count, in_flight->room))
        return false;
    in_flight->calls[in_flight->count++] = call;
    return true;
}

static int compare(const void *a, const void *b)
{
    const int64_t *one = a, *other = b;

    return (*one > *other) - (*one < *other);
}

void in_flight_sort(struct in_flight *in_flight)
{
    if (in_flight->count)
        qsort(in_flight->calls, in_flight->count, sizeof(*in_flight->calls), compare);
}

bool in_flight_has(const struct in_flight *in_flight, int64_t call)
{
    return in_flight->count &&
           bsearch(&call, in_flight->calls, in_flight->count, sizeof(*in_flight->calls), compare);
}

void in_flight_remove(struct in_flight *in_flight, const struct in_flight *ended)
{
    size_t kept = 0;

    if (!ended->count)
        return;
    for (size_t i = 0; i < in_flight->count; i++)
        if (!in_flight_has(ended, in_flight->calls[i]))
            in_flight->calls[kept++] = in_flight->calls[i];
    in_flight->count = kept;
}

/* How many of them have to be open, whatever became of what was said. */
static size_t count_certain(const struct in_flight *in_flight, const struct in_flight *said)
{
    size_t count = 0;

    for (size_t i = 0; i < in_flight->count; i++)
        count += !in_flight_has(said, in_flight->calls[i]);
    return count;
}

int in_flight_check(const struct in_flight *in_flight, const struct in_flight *said,
                    struct session *session, int64_t worker, struct error *err)
{
    static const char open[] = "SELECT open_call FROM claim WHERE open_worker=$1"
                               " AND open_call IS NOT NULL AND open_intent";
    size_t certain = count_certain(in_flight, said);

    if (parameters_ask(session, open, err, "i", worker))
        return -1;
    for (int row = 0; row < session_rows(session); row++) {
        int64_t call = session_integer(session, row, 0);

        if (in_flight_has(said, call))
            continue;
        if (!in_flight_has(in_flight, call))
            return 0;
        certain--;
    }
    return certain == 0;
}

void in_flight_release(struct in_flight *in_flight)
{
    free(in_flight->calls);
    *in_flight = (struct in_flight){0};
}
