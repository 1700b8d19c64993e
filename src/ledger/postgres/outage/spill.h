/*
 * spill: answers that a ledger on a server could not be told, in a file of this host, so that they
 * are not lost with the process that has them.
 *
 * A file of its worker alone, owner-only, in the folder of the state: it begins with the ledger and
 * the worker that it is of, and then has one record behind the other, each with its length and a
 * sum of its bytes. One that was cut short, or altered, ends the file: those before it are whole.
 * An answer that is not in it is no harm: its call is unknown.
 *
 * Tested by tests/unit/test_spill.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_OUTAGE_SPILL_H
#define CLAIMBATCH_LEDGER_POSTGRES_OUTAGE_SPILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "ledger/ledger.h"
#include "ledger/postgres/alive/host_lock.h"
#include "ledger/postgres/server_turn.h"

struct error;

/* Whose it is. A number that a ledger gives again, after it was put back from a backup, is told
 * from the first one by the process. */
struct spill_owner {
    char ledger[LEDGER_ID_BYTES];
    int64_t worker;
    char boot[HOST_LOCK_NAME_BYTES];
    int64_t pid;
};

struct spill_answer {
    int64_t run;
    struct server_attempt attempt;
    enum server_end end;
    struct row_record record;
};

/* ---- written ---- */

struct spill;

/* Makes the file. EXIT_CANNOT_CREATE, also where one of that name is there: another process has
 * been this worker. */
int spill_open(const char *folder, const struct spill_owner *owner, struct spill **ret_spill,
               struct error *err);

/* Appends the records of so many answers, which spill_put has made, and waits until the disk has
 * them. EXIT_CANNOT_WRITE where it does not take them: then the file is as it was, and more can be
 * tried. */
int spill_append(struct spill *spill, const char *records, size_t len, size_t count,
                 struct error *err);
void spill_put(struct buffer *records, const struct spill_answer *answer);

size_t spill_count(const struct spill *spill); /* answers that are in it */
const char *spill_path(const struct spill *spill);

/* The ledger has all of them: the file is removed. */
void spill_discard(struct spill *spill);

/* The file stays, for the next start. NULL is fine. */
void spill_close(struct spill *spill);

/* ---- read ---- */

struct spill_content {
    struct spill_owner owner;
    struct spill_answer *answers; /* their texts are in `bytes` */
    size_t count, room;
    bool is_torn; /* what follows them is no whole record */
    struct buffer bytes;
};

/* EXIT_INPUT_MISSING where it cannot be read, EXIT_CANNOT_CREATE where it is not ours alone. One
 * whose beginning is torn has no ledger, "", and no answers. */
int spill_read(const char *path, struct spill_content *ret_content, struct error *err);
void spill_release(struct spill_content *content);

/* The worker of a file of that name, where it is a spill of this ledger; else -1. */
int64_t spill_worker(const char *name, const char *ledger);

/* Calls see with each spill of this ledger that lies in the folder, in the order of workers, until
 * it gives -1. A folder that is not there has none. */
typedef int spill_see(void *context, const char *path, int64_t worker, struct error *err);
int spill_each(const char *folder, const char *ledger, spill_see *see, void *context,
               struct error *err);

#endif
