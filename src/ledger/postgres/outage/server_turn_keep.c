/* What of a turn is kept on this host while the server cannot be told. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "ledger/postgres/alive/host_lock.h"
#include "ledger/postgres/server_turn_core.h"

void server_turn_keep_end(struct server_turn *turn, const struct spill_answer *answer)
{
    if (!turn->work.folder)
        return;
    spill_put(&turn->kept.ends, answer);
    turn->kept.count++;
    if (turn->kept.ends.failed)
        turn->no_memory = true;
}

static int open_spill(struct server_turn *turn, struct error *err)
{
    const struct worker *worker = turn->worker;
    struct spill_owner owner = {.worker = worker->id, .pid = getpid()};

    if (turn->kept.spill)
        return 0;
    snprintf(owner.ledger, sizeof(owner.ledger), "%s", turn->ledger);
    snprintf(owner.boot, sizeof(owner.boot), "%s", worker->lock->boot);
    return spill_open(turn->work.folder, &owner, &turn->kept.spill, err);
}

int server_turn_keep(struct server_turn *turn, struct error *err)
{
    struct buffer *ends = &turn->kept.ends;

    if (!turn->work.folder || turn->kept.upto == turn->kept.count)
        return 0;
    if (ends->failed)
        return error_no_memory(err);
    if (open_spill(turn, err) ||
        spill_append(turn->kept.spill, ends->ptr + turn->kept.len, ends->len - turn->kept.len,
                     turn->kept.count - turn->kept.upto, err))
        return -1;
    turn->kept.len = ends->len;
    turn->kept.upto = turn->kept.count;
    return 0;
}

const struct spill *server_turn_kept(const struct server_turn *turn)
{
    return turn->kept.spill;
}

bool server_turn_keep_last(struct server_turn *turn, struct error *err)
{
    const struct spill *spill;
    char words[512];
    struct error why;

    if (server_turn_keep(turn, &why)) {
        error_add(err, why.text);
        return false;
    }
    spill = turn->kept.spill;
    if (!spill || !spill_count(spill))
        return true;
    snprintf(words, sizeof(words),
             language_plural("the answer of %zu call is kept in '%s': the same command stores it "
                             "first",
                             "the answers of %zu calls are kept in '%s': the same command stores "
                             "them first",
                             spill_count(spill)),
             spill_count(spill), LOG_QUOTED(spill_path(spill)));
    error_add(err, words);
    return true;
}

void server_turn_keep_meanwhile(struct server_turn *turn)
{
    struct error err;

    if (turn->kept.is_hindered || !server_turn_keep(turn, &err))
        return;
    turn->kept.is_hindered = true;
    log_warn("%s", err.text);
}

void server_turn_keep_no_more(struct server_turn *turn)
{
    buffer_reset(&turn->kept.ends);
    turn->kept.count = turn->kept.upto = turn->kept.len = 0;
    turn->kept.is_hindered = false;
    if (turn->kept.spill)
        spill_discard(turn->kept.spill);
    turn->kept.spill = NULL;
}

void server_turn_keep_close(struct server_turn *turn)
{
    spill_close(turn->kept.spill);
    buffer_release(&turn->kept.ends);
}
