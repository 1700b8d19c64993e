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
    bool is_alone;

    *ret_share = view->share;
    if (view->acked < view->generation) {
        *ret_share = due < view->share ? due : view->share;
        return SHARE_SHRINK;
    }
    /* By itself it waits for what those sent that were there before, not for its own coming. */
    is_alone = view->members == 1 && view->left_ms_ago >= SHARE_LEFT_MS;
    if (!is_alone && (!view->all_acked || view->changed_ms_ago < SHARE_LEFT_MS))
        return SHARE_KEEP;
    if (view->share < due) {
        *ret_share = due;
        return SHARE_GROW;
    }
    if (view->rate < (int64_t)view->members && view->changed_ms_ago >= SHARE_ROTATE_MS)
        return SHARE_ROTATE;
    return SHARE_KEEP;
}
