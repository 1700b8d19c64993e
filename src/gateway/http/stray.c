#include "stray.h"

#include <errno.h>
#include <sys/socket.h>

#define TLS_HEADER_BYTES 5
#define TLS_ALERT 21
/* Of TLS 1.3, where an alert or a new key looks like data from outside: no answer is as short. */
#define TLS_SHORT_RECORD 40

/* A farewell of TLS is no answer. */
static bool is_farewell(const unsigned char *record, ssize_t len)
{
    if (len >= 1 && record[0] == TLS_ALERT)
        return true;
    return len == TLS_HEADER_BYTES && record[3] == 0 && record[4] <= TLS_SHORT_RECORD;
}

enum stray stray_look(int fd, bool is_tls)
{
    unsigned char bytes[TLS_HEADER_BYTES];
    ssize_t len = recv(fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);

    if (len < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? STRAY_NOTHING
                                                                         : STRAY_END;
    if (len == 0 || (is_tls && is_farewell(bytes, len)))
        return STRAY_END;
    return STRAY_BYTES;
}
