/*
 * suspect_lines: lines whose answer may be another row's: those that say so themselves, and those
 * that share a request_id.
 *
 * Request_ids are kept in an unnamed temporary file, and looked through in parts: memory does not
 * grow with the rows.
 *
 * Tested by tests/unit/test_suspect_lines.c and tests/e2e/test_repeated_answer.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_SUSPECT_LINES_H
#define CLAIMBATCH_COMMAND_AUDIT_SUSPECT_LINES_H

#include <stddef.h>

#ifndef SUSPECT_LINES_PART /* tests have a smaller one */
#define SUSPECT_LINES_PART ((size_t)1 << 18)
#endif

struct audit;
struct suspect_lines;
struct error;
struct scan_row;

/* EXIT_CANNOT_WRITE when there is no place for a temporary file. */
int suspect_lines_open(struct audit *audit, struct suspect_lines **ret_doubtful, struct error *err);
void suspect_lines_close(struct suspect_lines *doubtful); /* NULL is fine */

/* Takes note of a line of the report, and objects where it says that its answer is suspect. */
int suspect_lines_note(struct suspect_lines *doubtful, size_t report, const struct scan_row *row,
                       struct error *err);

/* Objects to each request_id that stands on two rows. A row may have the same in several reports;
 * rows that are unknown, or settled by a person's word, do not count. */
int suspect_lines_finish(struct suspect_lines *doubtful, struct error *err);

#endif
