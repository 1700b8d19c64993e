/*
 * report_list: the reports that stand at paths and in folders, by the export they are of.
 *
 * In a folder a report is known by the manifest beside it; what is no report is passed over, and a
 * manifest whose report is gone is told. Which of two reports of one run counts is for same_run.
 *
 * Tested by tests/e2e/test_folders.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_REPORTS_REPORT_LIST_H
#define CLAIMBATCH_COMMAND_AUDIT_REPORTS_REPORT_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* One report. */
struct collected {
    char *path;
    char *run, *parent, *export; /* as its manifest has them; export: what is the same work */
    char *input_name;
    int64_t started_ms;
    size_t group; /* reports of one export have one number, from 0 */
};

struct report_list {
    struct collected *list; /* in the order of groups, each in the order of names */
    size_t count, room;
    size_t groups;
    size_t missing; /* manifests whose report is gone */
    char **starts;  /* paths of what tells of starts, in folders */
    size_t start_count, start_room;
};

/* Whether any of the paths is a folder. */
bool report_list_has_folder(const char *const *paths, size_t count);

/* Gathers them; what is passed over is logged where it matters. Release it in any case. */
int report_list_gather(const char *const *paths, size_t count, struct report_list *ret_report_list,
                       struct error *err);
void report_list_release(struct report_list *report_list);

#endif
