/*
 * month_show: an audit of reports in folders or of many exports, where the user wants to have it.
 *
 * Where they are of one export it is that export's audit that is shown.
 *
 * Tested by tests/e2e/test_month.py and tests/e2e/test_folders.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_MONTH_MONTH_SHOW_H
#define CLAIMBATCH_COMMAND_AUDIT_MONTH_MONTH_SHOW_H

struct audit_settings;
struct error;
struct options;
struct report_list;

/* Audits and shows; the exit code, or -1. */
int month_show_run(const struct options *options, const struct audit_settings *settings,
                   const struct report_list *reports, struct error *err);

#endif
