/*
 * spill_replay: what dead workers of this host kept is told to the ledger, as answers that come
 * late.
 *
 * A file is removed once the ledger has all of it; killed before, the same again changes nothing.
 * What is another ledger's, a living worker's, or of one that this ledger does not have as it was,
 * is left alone.
 *
 * Tested by tests/unit/test_spill_replay.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_OUTAGE_SPILL_REPLAY_H
#define CLAIMBATCH_LEDGER_POSTGRES_OUTAGE_SPILL_REPLAY_H

#include <stddef.h>

struct error;
struct spill_answer;
struct host_lock;
struct session;

/*
 * With each start, and again when a worker of this place was fenced: one of an earlier boot is
 * known to be dead only then. What the ledger did not take over is told in the log as an error, and
 * stays in it as evidence. EXIT_TRY_LATER where the ledger is lost meanwhile: the files stay.
 */
int spill_replay(struct session *session, const struct host_lock *lock, const char *folder,
                 const char *ledger, struct error *err);

/* Tells the ledger of answers as ones that come late, those of one run at a time. */
int spill_tell(struct session *session, const struct spill_answer *answers, size_t count,
               struct error *err);

#endif
