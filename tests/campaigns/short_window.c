/* The sandbox of the cluster campaign: it refuses what the real one would refuse minutes later. The
 * linker puts it in front of check_call. */
#include "short_window.h"

#include <stdlib.h>

#include "sandbox/check.h"

void __real_check_call(const struct check_settings *settings, struct verifier *verifier,
                       const struct form *form, const char *body, size_t len, int64_t wall_ms,
                       struct refusal *ret_refusal);
void __wrap_check_call(const struct check_settings *settings, struct verifier *verifier,
                       const struct form *form, const char *body, size_t len, int64_t wall_ms,
                       struct refusal *ret_refusal);

void __wrap_check_call(const struct check_settings *settings, struct verifier *verifier,
                       const struct form *form, const char *body, size_t len, int64_t wall_ms,
                       struct refusal *ret_refusal)
{
    const char *text = form_filled(form, "timestamp");
    int64_t sent_ms = 0;

    __real_check_call(settings, verifier, form, body, len, wall_ms, ret_refusal);
    if (ret_refusal->code == REFUSAL_NONE && check_timestamp(text, &sent_ms) &&
        llabs(wall_ms - sent_ms) > SHORT_WINDOW_MS)
        ret_refusal->code = REFUSAL_INVALID_TIMESTAMP;
}
