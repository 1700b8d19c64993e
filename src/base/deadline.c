#include "base/deadline.h"

#include <stddef.h>

#include "base/clock.h"

void deadline_set(struct deadline *deadline, int64_t boot_ms)
{
    atomic_store(&deadline->boot_ms, boot_ms);
}

bool deadline_is_over(const struct deadline *deadline)
{
    return deadline && clock_boot_ms() >= atomic_load(&deadline->boot_ms);
}
