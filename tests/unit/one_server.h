/* One server for all tests of a file, alone with what it is told; where there is none, has_server
 * is false, and the reason is printed. */
#ifndef CLAIMBATCH_TESTS_ONE_SERVER_H
#define CLAIMBATCH_TESTS_ONE_SERVER_H

#include <stdbool.h>
#include <stdlib.h>

#include "cluster.h"

static struct cluster server;
static bool has_server;

static inline int start_server(void **state)
{
    (void)state;
    unsetenv("PGPASSWORD");
    unsetenv("PGSERVICE");
    unsetenv("PGSSLMODE");
    unsetenv("CREDENTIALS_DIRECTORY");
#ifdef HAVE_LIBPQ
    has_server = cluster_start(&server);
#else
    snprintf(server.url, sizeof(server.url), "built without PostgreSQL");
#endif
    if (!has_server)
        print_message("# no server: %s\n", server.url);
    return 0;
}

static inline int stop_server(void **state)
{
    (void)state;
    if (server.asks)
        cluster_stop(&server);
    return 0;
}

#endif
