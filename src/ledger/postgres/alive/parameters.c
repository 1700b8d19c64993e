#include "parameters.h"

#include <stdarg.h>

#include "ledger/postgres/session.h"

static struct session_value take_value(char kind, va_list *values)
{
    struct session_value value = {.type = SERVER_TEXT};

    if (kind == 's') {
        value.bytes = va_arg(*values, const char *);
        return value;
    }
    value.type = SERVER_INT8;
    value.number = va_arg(*values, int64_t);
    value.is_null = kind == 'n' && value.number < 0;
    return value;
}

int parameters_ask(struct session *session, const char *statement, struct error *err,
                   const char *kinds, ...)
{
    struct session_value values[SESSION_VALUES_MAX];
    size_t count = 0;
    va_list list;

    va_start(list, kinds);
    for (; *kinds && count < SESSION_VALUES_MAX; kinds++)
        values[count++] = take_value(*kinds, &list);
    va_end(list);
    return session_ask(session, statement, count, values, err);
}
