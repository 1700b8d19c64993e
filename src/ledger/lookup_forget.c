/* What was looked up is forgotten: without the database, which does it on its own. */
#include "lookup.h"

void lookup_forget(struct lookup *lookup)
{
    if (lookup->statement)
        sqlite3_reset(lookup->statement);
    lookup->statement = NULL;
}

void lookup_release(struct lookup *lookup)
{
    buffer_release(&lookup->start);
    buffer_release(&lookup->asked);
}
