#include "spill_replay.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "base/words/language.h"
#include "ledger/postgres/alive/host_lock.h"
#include "ledger/postgres/alive/late_answers.h"
#include "ledger/postgres/alive/parameters.h"
#include "ledger/postgres/session.h"
#include "spill.h"

struct replay {
    struct session *session;
    const struct host_lock *lock;
    const char *ledger;
};

/* ---- whose it is ---- */

enum owner_is { OWNER_ALIVE, OWNER_DEAD, OWNER_NOT_KNOWN };

static bool is_this_process(const struct replay *replay, const struct spill_owner *owner)
{
    return owner->pid == getpid() && strcmp(owner->boot, replay->lock->boot) == 0;
}

/* One whose beginning was cut names nobody; there is nothing in it. */
static bool is_owner(const struct replay *replay, const struct spill_owner *owner)
{
    const struct session *session = replay->session;

    return strcmp(session_text(session, 0, 0), replay->lock->place) == 0 &&
           (!*owner->ledger || (strcmp(session_text(session, 0, 1), owner->boot) == 0 &&
                                session_integer(session, 0, 2) == owner->pid));
}

static int find_owner(const struct replay *replay, int64_t worker, const struct spill_owner *owner,
                      enum owner_is *ret_is, struct error *err)
{
    static const char who[] = "SELECT place, boot, pid, fenced OR ended FROM worker WHERE id=$1";
    const struct session *session = replay->session;

    *ret_is = OWNER_NOT_KNOWN;
    if (*owner->ledger && (strcmp(owner->ledger, replay->ledger) != 0 || owner->worker != worker))
        return 0;
    if (parameters_ask(replay->session, who, err, "i", worker))
        return -1;
    if (!session_rows(session) || !is_owner(replay, owner))
        return 0;
    if (is_this_process(replay, owner))
        *ret_is = OWNER_ALIVE;
    else if (session_bool(session, 0, 3) ||
             host_lock_knows_dead(replay->lock, session_text(session, 0, 0),
                                  session_text(session, 0, 1), worker))
        *ret_is = OWNER_DEAD;
    else
        *ret_is = OWNER_ALIVE;
    return 0;
}

/* ---- stored ---- */

static int tell_evidence(struct session *session, int64_t run, const struct late_answer *answer,
                         struct error *err)
{
    static const char name[] = "SELECT name FROM run WHERE id=$1";
    const struct row_record *r = answer->record;

    if (parameters_ask(session, name, err, "i", run))
        return -1;
    log_error("row %llu of run %s: the answer '%s' came late, when a person had said something "
              "else of it or it had been sent again, and is kept as evidence alone; claimbatch "
              "status tells of it",
              (unsigned long long)r->row, session_rows(session) ? session_text(session, 0, 0) : "?",
              LOG_QUOTED(r->code));
    return 0;
}

/* Answers of one run. */
static int store_run(struct session *session, const struct spill_answer *answers, size_t count,
                     struct error *err)
{
    struct late_answer *late = calloc(count, sizeof(*late));
    int result;

    if (!late)
        return error_no_memory(err);
    for (size_t i = 0; i < count; i++)
        late[i] = (struct late_answer){
            .attempt = answers[i].attempt, .end = answers[i].end, .record = &answers[i].record};
    result = late_answers_store(session, answers->run, late, count, err);
    for (size_t i = 0; i < count && !result; i++)
        if (!late[i].applied)
            result = tell_evidence(session, answers->run, &late[i], err);
    free(late);
    return result;
}

int spill_tell(struct session *session, const struct spill_answer *answers, size_t count,
               struct error *err)
{
    size_t from = 0;

    while (from < count) {
        size_t upto = from + 1;

        while (upto < count && answers[upto].run == answers[from].run)
            upto++;
        if (store_run(session, &answers[from], upto - from, err))
            return -1;
        from = upto;
    }
    return 0;
}

static int take_over(const struct replay *replay, const char *path,
                     const struct spill_content *content, struct error *err)
{
    if (spill_tell(replay->session, content->answers, content->count, err))
        return -1;
    if (content->is_torn)
        log_warn("the last answer in '%s' was cut short, so what it was is not known: its call is "
                 "unknown",
                 LOG_QUOTED(path));
    if (content->count)
        log_info(language_plural("%zu answer that '%s' had kept is in the ledger now",
                                 "%zu answers that '%s' had kept are in the ledger now",
                                 content->count),
                 content->count, LOG_QUOTED(path));
    file_discard(path);
    return 0;
}

/* ---- all of them ---- */

static int see(void *context, const char *path, int64_t worker, struct error *err)
{
    const struct replay *replay = context;
    struct spill_content content;
    enum owner_is owner_is;
    int result;

    if (spill_read(path, &content, err))
        return -1;
    result = find_owner(replay, worker, &content.owner, &owner_is, err);
    if (!result && owner_is == OWNER_DEAD)
        result = take_over(replay, path, &content, err);
    else if (!result && owner_is == OWNER_NOT_KNOWN)
        log_error("'%s' keeps answers of a worker that the ledger does not have: was the database "
                  "put back from a backup? They are not stored, and the file stays",
                  LOG_QUOTED(path));
    spill_release(&content);
    return result;
}

int spill_replay(struct session *session, const struct host_lock *lock, const char *folder,
                 const char *ledger, struct error *err)
{
    struct replay replay = {session, lock, ledger};

    return spill_each(folder, ledger, see, &replay, err);
}
