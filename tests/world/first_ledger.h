/*
 * first_ledger: the ledger of an office that has one already.
 *
 * A fifth of the time of a history goes into making it: in most histories it stands there.
 */
#ifndef FIRST_LEDGER_H
#define FIRST_LEDGER_H

/* Once, before all histories: `status --create` makes it. Leaves the world and the folder used. */
void first_ledger_make(void);
/* Puts its files into the folder. */
void first_ledger_put(void);

#endif
