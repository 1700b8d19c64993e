/*
 * submission_part: what the parts of a submission ask of one another.
 *
 * submission_find looks for runs, submission_announce tells others of one, submission_place is
 * about the path of the report, submission_run sends and publishes.
 *
 * Tested by tests/e2e/test_upload.py and tests/e2e/test_rerun.py
 */
#ifndef CLAIMBATCH_COMMAND_UPLOAD_SUBMISSION_PART_H
#define CLAIMBATCH_COMMAND_UPLOAD_SUBMISSION_PART_H

#include "command/upload/submission.h"

struct error;

struct top_app submission_app(const struct submission *submission);
struct resume_settings submission_resume_settings(struct submission *submission);

/* What became of the input since it was checked, in words; false: nothing. */
bool submission_describe_change(const struct submission *submission, char *ret_words, size_t size);

/* EXIT_CANNOT_CREATE where a report stands there without a manifest that is not this run's. */
int submission_check_unclaimed(struct submission *submission, struct error *err);

/* Once the places of report and manifest are locked: EXIT_TRY_LATER where another run was quicker;
 * what stands there moves aside; and names that would be too long later are refused. */
int submission_look_again(struct submission *submission, struct error *err);
int submission_make_room(struct submission *submission, struct error *err);
int submission_try_names(const struct submission *submission, struct error *err);

/* Takes note of what the report is to replace; and moves aside what came there since. */
void submission_note_standing(struct submission *submission);
int submission_keep_newcomer(const struct submission *submission, struct error *err);

/* Before anything is sent: what tells of this run to whoever comes with another ledger; and a look
 * at who came meanwhile. A start that sent nothing takes it back. */
int submission_announce(struct submission *submission, const struct manifest *manifest,
                        struct error *err);
void submission_withdraw(const struct submission *submission);

#endif
