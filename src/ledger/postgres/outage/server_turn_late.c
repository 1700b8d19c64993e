/* What of a turn is told when another host goes on in its place. */
#include <stdlib.h>

#include "base/array.h"
#include "base/error.h"
#include "ledger/postgres/server_turn_core.h"
#include "spill_record.h"
#include "spill_replay.h"

int server_turn_tell_late(struct server_turn *turn, struct session *session, struct error *err)
{
    struct spill_answer *answers = NULL;
    struct spill_answer answer;
    size_t from = 0, count = 0, room = 0;
    int result = turn->kept.ends.failed ? error_no_memory(err) : 0;

    while (!result && spill_record_take(&turn->kept.ends, &from, &answer)) {
        if (ARRAY_HAS_ROOM(answers, count, room))
            answers[count++] = answer;
        else
            result = error_no_memory(err);
    }
    if (!result)
        result = spill_tell(session, answers, count, err);
    free(answers);
    if (!result)
        server_turn_keep_no_more(turn);
    return result;
}
