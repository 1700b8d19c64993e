/*
 * resolve_examine: the first pass: what the ledger knows, and which claims the decisions are about.
 *
 * Tested by tests/e2e/test_resolve.py
 */
#ifndef CLAIMBATCH_COMMAND_RESOLVE_RESOLVE_EXAMINE_H
#define CLAIMBATCH_COMMAND_RESOLVE_RESOLVE_EXAMINE_H

#include "resolve_open.h"

int resolve_examine_run(struct resolve *r, struct error *err);

#endif
