/* shrink: makes a failing history small. */
#ifndef SHRINK_H
#define SHRINK_H

#include "plan.h"

/* Runs one history; world->violation says how it ended. */
void history_run(const struct plan *plan);

/* `plan` has just failed: leaves out what it does not need to fail in the same way. */
void shrink(struct plan *plan);

#endif
