#include "share.h"

int64_t share_divide(int64_t rate, size_t members, size_t before, int64_t generation)
{
    int64_t count = (int64_t)members;

    if (rate == SHARE_UNLIMITED)
        return rate;
    if (count == 0)
        return 0;
    if (rate < count)
        return ((int64_t)before + generation % count) % count < rate;
    return rate / count + ((int64_t)before < rate % count);
}

enum share_move share_next(const struct share_view *view, int64_t *ret_share)
{
    int64_t due = share_divide(view->rate, view->members, view->before, view->generation);

    *ret_share = view->share;
    if (view->acked < view->generation) {
        *ret_share = due < view->share ? due : view->share;
        return SHARE_SHRINK;
    }
    if (!view->all_acked || view->changed_ms_ago < SHARE_LEFT_MS)
        return SHARE_KEEP;
    if (view->share < due) {
        *ret_share = due;
        return SHARE_GROW;
    }
    if (view->rate < (int64_t)view->members && view->changed_ms_ago >= SHARE_ROTATE_MS)
        return SHARE_ROTATE;
    return SHARE_KEEP;
}
