/* The run of a run_place on a server instead, held by who beats whenever that is asked. */
#ifndef CLAIMBATCH_TESTS_RUN_ON_SERVER_H
#define CLAIMBATCH_TESTS_RUN_ON_SERVER_H

#include "ledger/postgres/alive/ledger_worker.h"
#include "ledger/postgres/server_ledger.h"
#include "ledger/store/database.h"
#include "one_server.h"
#include "run_place.h"

/* None of its rows is there. */
static inline void hold_run_on_server(struct run_place *place, char ret_url[CLUSTER_URL_BYTES])
{
    static const struct lease always = {.length_ms = 60000};
    struct server_ledger made;

    if (!has_server)
        skip();
    cluster_create(&server, ret_url);
    assert_int_equal(server_ledger_create(ret_url, &made, &err), 0);
    ledger_close(place->ledger);
    assert_int_equal(ledger_open(ret_url, &place->ledger, &err), 0);
    run_place_record(place);
    setenv("STATE_DIRECTORY", place->folder, 1);
    place->ledger->server.worker->lease = &always;
    assert_int_equal(ledger_run_lock(place->ledger, place->run.id, &err), 1);
    cluster_run(ret_url, "UPDATE claimbatch.worker SET beat=0");
}

static inline long long beats_at(const char *url)
{
    return cluster_number(url, "SELECT beat FROM claimbatch.worker");
}

#endif
