#include "rate_share.h"

#define LOOK_MS 100 /* how often the ledger is looked at while a share is to change */

static int join(struct rate_share *s, struct session *session, const struct rate_share_turn *turn,
                struct error *err)
{
    if (member_join(session, &s->member, turn->rate, err))
        return -1;
    s->has_joined = true;
    s->share = 0;
    return 0;
}

/* It sends no more than that from now on; and says so once what it has sent is no more. */
static int shrink(struct rate_share *s, struct session *session, int64_t taken, int64_t share,
                  struct error *err)
{
    s->share = share;
    return taken > share ? 0 : member_put(session, &s->member, s->generation, share, err);
}

static int grow(struct rate_share *s, struct session *session, int64_t share, struct error *err)
{
    if (member_put(session, &s->member, s->generation, share, err))
        return -1;
    s->share = share;
    return 0;
}

static int move(struct rate_share *s, struct session *session, const struct share_view *view,
                int64_t taken, struct error *err)
{
    int64_t share;
    enum share_move next = share_next(view, &share);

    /* What it said last counts, also where it was not told that this was written: who waits for its
     * word takes that for its share. */
    if (view->acked >= view->generation)
        s->share = view->share;
    s->is_agreed = next == SHARE_KEEP && view->all_acked && view->changed_ms_ago >= SHARE_LEFT_MS &&
                   view->rate >= (int64_t)view->members;
    switch (next) {
    case SHARE_SHRINK:
        return shrink(s, session, taken, share, err);
    case SHARE_GROW:
        return grow(s, session, share, err);
    case SHARE_ROTATE:
        return member_rotate(session, &s->member, view->generation, err);
    case SHARE_KEEP:
        break;
    }
    return 0;
}

/* How long it has been so is told by this host's own clock, which says less than the truth: one
 * that is set, such as the server's, might say that what has changed will do so in a quarter of an
 * hour, and nobody would send until then. */
static void take_time(struct rate_share *s, int64_t now_ms, struct share_view *view)
{
    if (!s->looked_ms || view->generation != s->generation)
        s->seen_ms = now_ms;
    view->changed_ms_ago = now_ms - s->seen_ms;
    if (view->left_ms_ago < 0)
        view->left_ms_ago = view->changed_ms_ago;
}

int rate_share_step(struct rate_share *s, struct session *session,
                    const struct rate_share_turn *turn, struct error *err)
{
    struct share_view view;

    if (!s->has_joined && join(s, session, turn, err))
        return -1;
    if ((s->is_agreed && turn->generation == s->generation) ||
        (s->looked_ms && turn->now_ms - s->looked_ms < LOOK_MS))
        return 0;
    if (member_look(session, &s->member, &view, err))
        return -1;
    take_time(s, turn->now_ms, &view);
    s->looked_ms = turn->now_ms;
    s->generation = view.generation;
    s->rate = view.rate;
    s->members = view.members;
    return move(s, session, &view, turn->taken, err);
}
