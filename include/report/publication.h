/*
 * publication: a report and its manifest take their names.
 *
 * Both are written beside and synced, then renamed, the report first, then the folder is synced;
 * the caller then marks the run as published. A crash in between leaves nothing that a later start
 * of the run cannot make again.
 *
 * Tested by tests/e2e/test_resume.py
 */
#ifndef CLAIMBATCH_REPORT_PUBLICATION_H
#define CLAIMBATCH_REPORT_PUBLICATION_H

#include <stdbool.h>

#include "base/file/output.h"
#include "report/draft.h"
#include "report/manifest/manifest.h"

struct error;
struct report;

/* What stands at the path of a report before it is written. */
struct publication_place {
    bool is_unclaimed; /* a file without a manifest: the caller is to say whether it may be replaced
                        */
    bool is_like_a_report;          /* no whole manifest, and it begins as reports do */
    bool report_stands;             /* a report with a manifest that names this export */
    bool is_foreign;                /* a report of another export, at a path that was named */
    bool is_there;                  /* a report or a manifest */
    char standing[LEDGER_ID_BYTES]; /* the run of the manifest that is there; "" if none */
    char (*replaced)[MANIFEST_SHA256_TEXT_BYTES]; /* digests of the reports that were there, oldest
                                                     first */
    size_t replaced_count;
    /* Of a manifest that names this export; else empty. */
    char ledger_id[LEDGER_ID_BYTES];
    char run[LEDGER_ID_BYTES];
    int64_t finished_ms; /* when that run ended, as far as this report knows */
};

/* How a report came to its path. */
enum place_choice {
    PLACE_DEFAULT,   /* by its default name: what stands there makes room */
    PLACE_NAMED,     /* a person named the file: the report of another export is not touched */
    PLACE_OVERWRITE, /* … or a person said that what stands there may go: it makes room, too */
};

/*
 * Looks at the place. EXIT_CANNOT_CREATE when something stands there that is no report, or has a
 * manifest that cannot be read, unless the choice is PLACE_OVERWRITE. EXIT_BAD_CONFIG when the
 * report is of this export, but of another platform. The export is known by its SHA-256, or by its
 * absolute path. A report of another export is no error: is_foreign.
 */
int publication_look(const char *report_path, const char *export_path,
                     const unsigned char *export_sha256, const char *platform,
                     enum place_choice choice, struct publication_place *ret_place,
                     struct error *err);
/* The error of a place that is taken: EXIT_CANNOT_CREATE. Always returns -1. */
int publication_refuse(const char *report_path, const char *why, struct error *err);

/* Takes over from a manifest which reports were replaced, and that the one it describes is now. */
int publication_take_digests(const struct manifest_found *found, struct publication_place *place,
                             struct error *err);
void publication_place_release(struct publication_place *place);

/* A report that is to be published. */
struct publication {
    struct buffer path; /* of the manifest */
    struct output manifest;
    struct buffer json; /* what was published: the manifest's text */
    bool is_cut;        /* the report has its name, and the manifest could not take its own */
};

/*
 * Makes and locks the manifest's own unfinished file: from now on no other run is between its
 * report and its manifest there. Fails as output_lock; close it in any case.
 */
int publication_open(const char *report_path, struct publication *ret_publication,
                     struct error *err);

/* Tries what else publishing will need, so that nothing of it fails for the first time once
 * everything was sent: that both names can be taken, and that their folder can be synced. */
int publication_check(const struct publication *publication, const char *report_path,
                      struct error *err);
/* A zeroed one is fine. */
void publication_close(struct publication *publication);

/* Publishes a finished report with its manifest, which is told what the draft is. Both are the
 * ledger's owner's: what root publishes is not in the way of who sends every day. */
int publication_make(struct publication *publication, struct draft *draft,
                     struct manifest *manifest, struct error *err);

/*
 * Gives the report at the path its manifest where publishing it was cut short between the two: the
 * manifest stands beside it whole, under its unfinished name, and tells of these very bytes; at its
 * place stands none, or that of the report which it says was replaced. 1 when it did, and `ret_run`
 * is the run's name; or 0.
 */
int publication_complete(const char *report_path, char ret_run[LEDGER_ID_BYTES], struct error *err);

/* The same for a command that takes a report, with a word of it: 0, or -1. */
int publication_mend(const char *report_path, struct error *err);

/* Whether what stands at the path is no more what its manifest tells of. False where one of them
 * cannot be read. */
bool publication_was_changed(const char *report_path);

#endif
