#include "host.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/buffer.h"

/* An empty name is libpq's own socket. */
static bool is_local(const char *name, size_t len)
{
    char text[INET6_ADDRSTRLEN];
    struct in_addr address;
    struct in6_addr wide;

    if (!len || *name == '/' || *name == '@')
        return true;
    if (len >= sizeof(text))
        return false;
    memcpy(text, name, len);
    text[len] = '\0';
    if (inet_pton(AF_INET, text, &address) == 1)
        return (ntohl(address.s_addr) >> 24) == 127;
    if (inet_pton(AF_INET6, text, &wide) == 1)
        return IN6_IS_ADDR_LOOPBACK(&wide);
    return strcmp(text, "localhost") == 0;
}

size_t host_count(const char *list, bool *ret_all_local)
{
    size_t count = 0;

    *ret_all_local = true;
    for (;;) {
        size_t len = list ? strcspn(list, ",") : 0;

        count++;
        if (!is_local(list ? list : "", len))
            *ret_all_local = false;
        if (!list || !list[len])
            return count;
        list += len + 1;
    }
}

void host_nth(const char *list, size_t place, struct buffer *ret_host)
{
    buffer_reset(ret_host);
    for (bool is_one = !strchr(list, ','); place && !is_one && *list; place--) {
        list += strcspn(list, ",");
        list += *list == ',';
    }
    buffer_append(ret_host, list, strcspn(list, ","));
}
