#include "lease.h"

#define GATEWAY_WINDOW_MS (10 * 60 * INT64_C(1000)) /* how old, or early, a timestamp may be */

const struct lease lease_real = {
    .length_ms = 20000,
    .margin_ms = 2000,
    .beat_ms = 5000,
    .look_ms = 2000,
    .gap_ms = 5000,
    /* Signed by a clock that is ahead as far as the gateway lets it, and a minute. */
    .settle_ms = 2 * GATEWAY_WINDOW_MS + 60 * INT64_C(1000),
};
