#include "status_lost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "base/words/language.h"
#include "ledger/commits.h"
#include "ledger/view/view.h"
#include "report/manifest/earlier_runs.h"

#define SENTENCE_BYTES 512
#define PLACES_MAX 64 /* of reports: the newest */

struct lost {
    struct ledger *ledger;
    void (*say)(void *context, const char *sentence);
    void *context;
    uint64_t found;
    char *places[PLACES_MAX];
    size_t count;
};

static void tell_beside(struct lost *lost)
{
    long long commits = ledger_commits_lost(lost->ledger);
    char sentence[SENTENCE_BYTES];

    if (!commits)
        return;
    snprintf(
        sentence, sizeof(sentence),
        language_plural("its last %lld commit is gone: its log (-wal) was removed, or it is an "
                        "older copy of itself, so it does not know all that was sent",
                        "its last %lld commits are gone: its log (-wal) was removed, or it is "
                        "an older copy of itself, so it does not know all that was sent",
                        (unsigned long long)commits),
        commits);
    lost->say(lost->context, sentence);
    lost->found++;
}

static int see(void *context, const struct earlier_run *earlier_run, struct error *err)
{
    struct lost *lost = context;
    const struct manifest_found *m = earlier_run->manifest;
    char sentence[SENTENCE_BYTES];
    struct run_record run;
    struct pass pass;
    int is_lost;

    /* A backup elsewhere is older, and that is as it should be. */
    if (!m || !manifest_is_of(m, lost->ledger) ||
        !file_is_same(m->ledger_path, ledger_path(lost->ledger)))
        return 0;
    is_lost = ledger_run_named(lost->ledger, m->run, &run, err);
    if (is_lost >= 0)
        is_lost = is_lost ? ledger_commits_is_lost(lost->ledger, m->ledger_commits, err) : 1;
    if (is_lost <= 0)
        return is_lost;
    /* What a person passed over he knows. */
    pass = manifest_pass(m, PASS_OTHERS);
    is_lost = ledger_pass_find(lost->ledger, &pass, err);
    if (is_lost)
        return is_lost < 0 ? -1 : 0;
    snprintf(
        sentence, sizeof(sentence),
        _("it is an older copy of itself: '%s' tells of run %s, commit %lld, which is not in it"),
        LOG_QUOTED(earlier_run->path), m->run, (long long)m->ledger_commits);
    lost->say(lost->context, sentence);
    lost->found++;
    return 0;
}

/* The newest places that are not the same. */
static int list_places(struct lost *lost, struct error *err)
{
    int64_t id = INT64_MAX;
    struct view_run run;
    int found = 1;

    while (lost->count < PLACES_MAX && (found = view_run_next(lost->ledger, id, &run, err)) > 0) {
        bool is_new = *run.record.report_path;

        id = run.record.id;
        for (size_t i = 0; i < lost->count; i++)
            is_new = is_new && strcmp(lost->places[i], run.record.report_path) != 0;
        if (is_new && !(lost->places[lost->count++] = strdup(run.record.report_path)))
            return error_no_memory(err);
    }
    return found < 0 ? -1 : 0;
}

int status_lost_visit(struct ledger *ledger, void (*say)(void *context, const char *sentence),
                      void *context, uint64_t *ret_found, struct error *err)
{
    struct lost lost = {.ledger = ledger, .say = say, .context = context};
    int result = list_places(&lost, err);

    if (!result) {
        tell_beside(&lost);
        result = earlier_runs_visit((const char *const *)lost.places, lost.count, see, &lost, err);
    }
    for (size_t i = 0; i < lost.count; i++)
        free(lost.places[i]);
    *ret_found = lost.found;
    return result;
}
