/*
 * resolve_open: the report of a resolve, its manifest, its ledger and its run are opened.
 *
 * Tested by tests/e2e/test_resolve.py
 */
#ifndef CLAIMBATCH_COMMAND_RESOLVE_RESOLVE_OPEN_H
#define CLAIMBATCH_COMMAND_RESOLVE_RESOLVE_OPEN_H

#include "cli/next_step.h"
#include "cli/options/options.h"
#include "decisions.h"
#include "gateway/endpoint.h"
#include "ledger/ledger.h"
#include "report/manifest/manifest.h"
#include "revision.h"
#include "unknown_json.h"
#include "unknown_sheet.h"

struct error;
struct signing_key;

/* Everything a resolve has open. */
struct resolve {
    const struct options *options;
    struct endpoint endpoint;
    struct signing_key *key; /* NULL: none */
    struct manifest_found manifest;
    struct buffer ledger_path;
    struct ledger *ledger;
    struct run_record run;
    struct buffer run_stopped, run_report; /* its texts */
    struct revision_settings revision_settings;
    struct revision *revision;
    enum outcome outcome;        /* that is typed */
    struct decisions *decisions; /* NULL: none */
    struct json *json;
    struct unknown_sheet *sheet;
    struct unknown_row_totals totals;
    struct unknown_row unknown_row; /* the last one asked about */
    struct buffer list;             /* where the sheet goes */
    struct buffer elsewhere;        /* a report that a row waits for */
};

int resolve_open_report(struct resolve *r, struct error *err);

#endif
