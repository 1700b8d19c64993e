/* Calls that send. */
#include <sys/socket.h>
#include <sys/uio.h>

#include "plan.h"
#include "real.h"
#include "record.h"

static bool is_network(int fd)
{
    int family = 0;
    socklen_t len = sizeof(family);

    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) == 0 && family != AF_UNIX;
}

/* Recorded before it is done: bytes that may have left count as sent. */
static void record_send(int fd, const void *bytes, size_t len)
{
    record_begin();
    record_change("send", -1, fd, "-", "", bytes, len);
}

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
    enum action action = is_network(fd) ? plan_meet(CALL_SEND, "") : ACT_NOTHING;

    if (plan_fails(action))
        return -1;
    if (!is_network(fd))
        return REAL(send)(fd, bytes, len, flags);
    record_send(fd, bytes, len);
    return plan_after(action, record_end(REAL(send)(fd, bytes, plan_torn(action, len), flags)));
}

/* These are counted and killed or failed, but neither recorded nor torn: no campaign uses TLS. */

ssize_t sendto(int fd, const void *bytes, size_t len, int flags, const struct sockaddr *to,
               socklen_t to_len)
{
    enum action action = is_network(fd) ? plan_meet(CALL_SEND, "") : ACT_NOTHING;

    return plan_fails(action) ? -1
                              : plan_after(action, REAL(sendto)(fd, bytes, len, flags, to, to_len));
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    enum action action = is_network(fd) ? plan_meet(CALL_SEND, "") : ACT_NOTHING;

    return plan_fails(action) ? -1 : plan_after(action, REAL(sendmsg)(fd, message, flags));
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    enum action action = is_network(fd) ? plan_meet(CALL_SEND, "") : plan_meet_fd(CALL_WRITE, fd);

    return plan_fails(action) ? -1 : plan_after(action, REAL(writev)(fd, parts, count));
}
