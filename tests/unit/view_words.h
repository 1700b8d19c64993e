/* A ledger that a test looks at. */
#ifndef CLAIMBATCH_TESTS_VIEW_WORDS_H
#define CLAIMBATCH_TESTS_VIEW_WORDS_H

#include "both_places.h"
#include "ledger/view/view.h"

static inline struct ledger *open_view(const struct place *place)
{
    struct ledger *view = NULL;

    if (view_open(place->path, &view, &err))
        fail_msg("%s", err.text);
    return view;
}

#endif
