/* A report and its manifest, published of what the ledger holds of a run. */
#ifndef CLAIMBATCH_TESTS_PUBLISH_H
#define CLAIMBATCH_TESTS_PUBLISH_H

#include "base/error.h"
#include "report/publication.h"
#include "report/report.h"

static inline void publish_report(const char *path, const struct row_source *row_source,
                                  const struct inspection *inspection, struct ledger *ledger,
                                  const struct run_record *run)
{
    const struct report_settings settings = {.path = path,
                                             .row_source = row_source,
                                             .inspection = inspection,
                                             .ledger = ledger,
                                             .run = run->id};
    struct manifest manifest = {.program_version = "1",
                                .run = run,
                                .row_source = row_source,
                                .inspection = inspection,
                                .gateway = run->platform,
                                .app_key = "12345678",
                                .ledger = ledger,
                                .report_path = path};
    struct error err = {0};
    struct report *report;
    struct publication publication;

    assert_int_equal(report_open(&settings, &report, &err), 0);
    assert_int_equal(report_finish(report, "NOT_SENT", "the run stopped", &err), 0);
    assert_int_equal(publication_open(path, &publication, &err), 0);
    assert_int_equal(publication_make(&publication, report_draft(report), &manifest, &err), 0);
    publication_close(&publication);
    report_close(report);
}

#endif
