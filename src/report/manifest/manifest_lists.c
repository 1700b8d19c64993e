#include "manifest_lists.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/log.h"
#include "base/words/language.h"
#include "members.h"
#include "report/manifest/manifest.h"

void manifest_lists_take_replaced(struct members *m, struct manifest_found *found)
{
    yajl_val list = members_find(m, "replaced", NULL);
    size_t count = YAJL_IS_ARRAY(list) ? list->u.array.len : 0;

    if (list && !YAJL_IS_ARRAY(list))
        members_spoil(m, _("of another type"), "replaced", NULL);
    if (!count)
        return;
    found->replaced = calloc(count, sizeof(*found->replaced));
    if (!found->replaced) {
        m->no_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const char *text = YAJL_GET_STRING(list->u.array.values[i]);

        if (!text || !hex_is_text(text, MANIFEST_SHA256_TEXT_BYTES - 1)) {
            members_spoil(m, _("not in hex"), "replaced", NULL);
            return;
        }
        memcpy(found->replaced[found->replaced_count++], text, MANIFEST_SHA256_TEXT_BYTES);
    }
}

/* One event, as if it were a manifest of its own. */
static void take_event(struct members *m, yajl_val value, struct manifest_event *ret_event)
{
    struct members event = {.tree = value};

    if (YAJL_IS_OBJECT(value))
        *ret_event = (struct manifest_event){
            .kind = members_text(&event, "kind", NULL),
            .at_ms = members_time(&event, "at"),
            .until_ms = members_time(&event, "until"),
            .text = members_text_if(&event, "text", NULL),
        };
    if (!YAJL_IS_OBJECT(value) || *event.wrong || !ret_event->at_ms)
        members_spoil(m, _("not an event"), "events", NULL);
}

void manifest_lists_take_events(struct members *m, struct manifest_found *found)
{
    yajl_val list = members_find(m, "events", NULL);
    size_t count = YAJL_IS_ARRAY(list) ? list->u.array.len : 0;

    if (list && !YAJL_IS_ARRAY(list))
        members_spoil(m, _("of another type"), "events", NULL);
    if (!count)
        return;
    found->events = calloc(count, sizeof(*found->events));
    if (!found->events) {
        m->no_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++)
        take_event(m, list->u.array.values[i], &found->events[found->event_count++]);
}
