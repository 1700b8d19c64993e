/*
 * resolver: a name service that never answers.
 *
 * Preloaded, getaddrinfo waits for ever.
 */
#include <netdb.h>
#include <unistd.h>

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret_found)
{
    (void)node, (void)service, (void)hints, (void)ret_found;
    for (;;)
        pause();
}
