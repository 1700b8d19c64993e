/* Workers of a test, each with a session of its own, all on this host. */
#ifndef CLAIMBATCH_TESTS_WORKER_DESK_H
#define CLAIMBATCH_TESTS_WORKER_DESK_H

#include "alive_place.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "folder.h"
#include "ledger/postgres/alive/host_lock.h"
#include "ledger/postgres/alive/lease.h"
#include "ledger/postgres/alive/worker.h"

struct desk {
    struct session *session;
    struct host_lock lock;
    struct deadline send_before;
    struct worker worker;
};

static inline void begin_desk(struct desk *d, struct session *session, const struct folder *folder)
{
    *d = (struct desk){.session = session};
    if (host_lock_open(folder->file, &d->lock, &err))
        fail_msg("%s", err.text);
    d->worker = (struct worker){
        .session = session, .lock = &d->lock, .lease = &lease_real, .send_before = &d->send_before};
    if (worker_begin(&d->worker, &err))
        fail_msg("%s", err.text);
}

static inline void clear_desk(struct desk *d)
{
    session_close(d->session);
    host_lock_close(&d->lock);
}

/* An open attempt of a claim of its own, an intent or an unknown one, of a run of that number. */
static inline void open_attempt(struct session *session, int64_t worker, int call, bool is_intent)
{
    char text[1024];

    snprintf(text, sizeof(text),
             "INSERT INTO claim(id,workcard_id,platform,version,claim_order_no,open_call,"
             "open_worker,open_run,open_row,open_ms,open_round,open_attempts,open_tries,"
             "open_intent,open_digest,open_warnings) VALUES(1000000+%d,1,1,3,'open%d',%d,%lld,5,%d,"
             "1234,2,4,3,%s,'\\x07','W')",
             call, call, call, (long long)worker, call, is_intent ? "true" : "false");
    execute(session, text);
}

#endif
