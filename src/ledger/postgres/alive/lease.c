#include "lease.h"

int64_t lease_deadline_ms(const struct lease *lease, int64_t sent_ms)
{
    return sent_ms + lease->length_ms - lease->margin_ms;
}

bool lease_beat_is_due(const struct lease *lease, int64_t sent_ms, int64_t now_ms)
{
    return now_ms - sent_ms >= lease->beat_ms;
}

bool lease_watch_see(struct lease_watch *watch, const struct lease *lease, int64_t beat,
                     int64_t asked_ms, int64_t told_ms)
{
    bool goes_on =
        watch->has_beat && watch->beat == beat && told_ms - watch->looked_ms <= lease->gap_ms;

    if (!goes_on)
        *watch = (struct lease_watch){.has_beat = true, .beat = beat, .since_ms = told_ms};
    watch->looked_ms = told_ms;
    return goes_on && asked_ms - watch->since_ms >= lease->length_ms + lease->margin_ms;
}

void lease_watch_fail(struct lease_watch *watch)
{
    watch->has_beat = false;
}
