/* desk: what people do about unknown rows and about ledgers that know less than the files. */
#ifndef DESK_H
#define DESK_H

#include <stdbool.h>
#include <stdint.h>

#include "folder.h"
#include "plan.h"

/* The name of one of the reports in the folder, by chance. */
bool desk_choose_report(uint64_t key, char ret_name[NAME_BYTES]);

/* The support says what became of each claim that a report holds as unknown. False where nothing
 * was left to be settled. */
bool desk_resolve(const char *report, const struct operation *operation);
bool desk_resolve_all(const struct operation *operation);

/* What the ledger knows of the reports' rows, they tell. */
void desk_bring_up_to_date(const struct operation *operation);

/* What an audit says to type for reports without their manifests and for re-runs without reports.
 */
void desk_complete_reports(void);

/* Takes in all that lies in the folder: reports, and the starts that left none. False when a report
 * does not fit its manifest: a kill came between the two. */
bool desk_learn(const struct operation *operation);

#endif
