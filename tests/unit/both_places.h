/* The tests of a ledger once more, of one on a PostgreSQL server. */
#ifndef CLAIMBATCH_TESTS_BOTH_PLACES_H
#define CLAIMBATCH_TESTS_BOTH_PLACES_H

#include "cluster.h"
#include "ledger/postgres/server_ledger.h"
#include "ledger_place.h"

/* A test of both, and of the server alone. */
#define ON_BOTH(test) WITH_LEDGER(test), ON_SERVER(test)
#define ON_SERVER(test)                                                                            \
    {                                                                                              \
#test " on a server", run_on_server, make_server_place, remove_place,                      \
            &(struct server_test)                                                                  \
        {                                                                                          \
            test                                                                                   \
        }                                                                                          \
    }

struct server_test {
    CMUnitTestFunction run;
};

/* The place comes first: the tests know nothing of the rest. */
struct server_place {
    struct place place;
    const struct server_test *test;
    const char *missing; /* why there is no server */
};

static struct cluster test_server;
static const char *no_server = "";

static inline int start_server(void **state)
{
    (void)state;
#ifdef HAVE_LIBPQ
    unsetenv("PGPASSWORD");
    unsetenv("PGSERVICE");
    if (cluster_start(&test_server))
        no_server = NULL;
    else
        no_server = test_server.url;
#else
    no_server = "built without PostgreSQL";
#endif
    return 0;
}

static inline int stop_server(void **state)
{
    (void)state;
    if (test_server.asks)
        cluster_stop(&test_server);
    return 0;
}

static inline int make_server_place(void **state)
{
    struct server_place *at = calloc(1, sizeof(*at));
    struct server_ledger made;
    char url[CLUSTER_URL_BYTES];

    at->test = *state;
    at->missing = no_server;
    *state = at;
    folder_make(at->place.folder);
    if (no_server)
        return 0;
    setenv("STATE_DIRECTORY", at->place.folder, 1); /* of who holds a run */
    cluster_create(&test_server, url);
    if ((size_t)snprintf(at->place.path, sizeof(at->place.path), "%s", url) >=
        sizeof(at->place.path))
        return -1;
    if (!server_ledger_create(url, &made, &err) &&
        !ledger_open(at->place.path, &at->place.ledger, &err))
        return 0;
    print_message("# %s\n", err.text);
    return -1;
}

static inline bool is_on_server(const struct ledger *ledger)
{
    return strncmp(ledger_path(ledger), "postgresql://", strlen("postgresql://")) == 0;
}

/* A number, as another program finds it in a file or on a server. */
static inline long long ask_place(const struct ledger *ledger, const char *of_file,
                                  const char *of_server)
{
    const char *path = ledger_path(ledger);

    return is_on_server(ledger) ? cluster_number(path, of_server) : run_sql(path, of_file);
}

static inline long long count_open(const struct ledger *ledger)
{
    return ask_place(ledger, "SELECT count(*) FROM open_attempt",
                     "SELECT count(open_call) FROM claimbatch.claim");
}

static inline void run_on_server(void **state)
{
    struct server_place *at = *state;

    if (at->missing) {
        print_message("# no server: %s\n", at->missing);
        skip();
    }
    at->test->run(state);
}

#endif
