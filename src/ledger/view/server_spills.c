#include "ledger/view/server_spills.h"

#include "base/error.h"

#ifdef HAVE_LIBPQ

#include <unistd.h>

#include "base/log.h"
#include "ledger/postgres/alive/host_lock.h"
#include "ledger/postgres/alive/ledger_worker.h"
#include "ledger/postgres/alive/parameters.h"
#include "ledger/postgres/outage/spill.h"
#include "ledger/postgres/session.h"
#include "ledger/store/database.h"

struct seeing {
    struct ledger *ledger;
    void (*visit)(void *context, const struct server_spill *spill);
    void *context;
};

/* One that is known as dead is none any more, whatever the ledger says. */
static int ask_at_work(struct ledger *ledger, int64_t worker, bool *ret_is, struct error *err)
{
    static const char question[] =
        "SELECT place::text, boot FROM worker WHERE id=$1 AND NOT fenced AND NOT ended";
    const struct session *session = ledger->server.session;
    const struct host_lock *lock = ledger_worker_host(ledger);

    if (parameters_ask(ledger->server.session, question, err, "i", worker))
        return -1;
    *ret_is = session_rows(session) &&
              !(lock && host_lock_knows_dead(lock, session_text(session, 0, 0),
                                             session_text(session, 0, 1), worker));
    return 0;
}

/* A run that the ledger does not have is not named. */
static int append_run(struct ledger *ledger, int64_t run, struct buffer *names, struct error *err)
{
    static const char question[] = "SELECT name FROM run WHERE id=$1";

    if (parameters_ask(ledger->server.session, question, err, "i", run))
        return -1;
    if (!session_rows(ledger->server.session))
        return 0;
    buffer_format(names, "%s%s", names->len ? " " : "", session_text(ledger->server.session, 0, 0));
    return names->failed ? error_no_memory(err) : 0;
}

/* Answers of one run stand together, as one process has one run. */
static int describe(struct ledger *ledger, const struct spill_content *content,
                    struct server_spill *spill, struct buffer *names, struct error *err)
{
    int64_t run = 0;

    for (size_t i = 0; i < content->count; i++) {
        const struct spill_answer *answer = &content->answers[i];

        if (!spill->since_ms || answer->record.submitted_ms < spill->since_ms)
            spill->since_ms = answer->record.submitted_ms;
        if (answer->run != run && append_run(ledger, answer->run, names, err))
            return -1;
        run = answer->run;
    }
    return ask_at_work(ledger, spill->worker, &spill->is_at_work, err);
}

static int see(void *context, const char *path, int64_t worker, struct error *err)
{
    const struct seeing *seeing = context;
    struct spill_content content;
    struct buffer names = {0};
    struct server_spill spill = {.path = path, .worker = worker};
    int result;

    if (spill_read(path, &content, err)) {
        log_warn("%s", err->text);
        return 0;
    }
    spill.answers = content.count;
    spill.process = content.owner.pid;
    result = describe(seeing->ledger, &content, &spill, &names, err);
    spill.runs = buffer_string(&names);
    if (!result)
        seeing->visit(seeing->context, &spill);
    spill_release(&content);
    buffer_release(&names);
    return result;
}

int server_spills_each(struct ledger *ledger,
                       void (*visit)(void *context, const struct server_spill *spill),
                       void *context, struct error *err)
{
    struct seeing seeing = {ledger, visit, context};
    struct buffer folder = {0};
    struct error nowhere;
    int result = 0;

    if (!ledger_state_path("", &folder, &nowhere)) /* else this host keeps none */
        result = spill_each(buffer_string(&folder), ledger->id, see, &seeing, err);
    buffer_release(&folder);
    return result;
}

#else

/* None can be open. */
int server_spills_each(struct ledger *ledger,
                       void (*visit)(void *context, const struct server_spill *spill),
                       void *context, struct error *err)
{
    (void)ledger, (void)visit, (void)context, (void)err;
    return 0;
}

#endif
