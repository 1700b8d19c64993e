/*
 * status_part: what the parts of status share.
 *
 * Tested by tests/e2e/test_status.py
 */
#ifndef CLAIMBATCH_COMMAND_STATUS_STATUS_PART_H
#define CLAIMBATCH_COMMAND_STATUS_STATUS_PART_H

#include "base/buffer.h"
#include "cli/options/options.h"
#include "ledger/ledger.h"

struct error;
struct status_json;

#define FLUSH_BYTES 65536
#define NEXT_RUNS 5 /* are named in the last words */

/* Everything a status has open. */
struct status {
    const struct options *options;
    struct buffer path;
    struct ledger *ledger;
    int64_t now_ms;
    struct buffer out;
    struct status_json *json; /* NULL: text */
    bool has_apps;
    bool holds_snapshot; /* of a server: printed is when it was ended */
    bool has_workers, has_shares, has_late, has_spills;
    uint64_t unapplied;      /* late answers that contradict what the ledger says */
    bool has_passes;         /* something was shown that this ledger does not know */
    uint64_t unknown;        /* attempts that nobody has settled */
    int64_t open[NEXT_RUNS]; /* the first runs that have some */
    size_t open_count;       /* of all runs that have some */
    struct buffer resume;    /* what goes on with the newest run that was interrupted */
};

/* The option that names this ledger, where it was given: for a command that is to be typed. */
void status_append_ledger(const struct status *s, struct buffer *words);

/* On a server all that is looked at is of one moment, until something is printed. */
int status_begin_look(struct status *s, struct error *err);
int status_flush(struct status *s, size_t least, struct error *err);
int status_verify(struct status *s, struct error *err);
int status_verify_unopened(struct status *s, struct error *err);
int status_refuse_backup(const struct options *options, struct error *err);
int status_back_up(struct status *s, struct error *err);
int status_open_to_write(struct status *s, struct error *err);
int status_prune(struct status *s, struct error *err);

int status_show_runs(struct status *s, struct error *err);
int status_show_today(struct status *s, struct error *err);
int status_show_unknowns(struct status *s, struct error *err);
int status_show_passes(struct status *s, struct error *err);
int status_show_history(struct status *s, struct error *err);

#endif
