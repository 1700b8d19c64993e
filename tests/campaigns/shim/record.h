/*
 * record: what is written down: the log of the calls, and the record of all that changes files,
 * from which a power loss is replayed.
 */
#ifndef CLAIMBATCH_CAMPAIGNS_SHIM_RECORD_H
#define CLAIMBATCH_CAMPAIGNS_SHIM_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden) /* the program has names of its own */

void record_start(void);

bool record_has_log(void);
void record_call(const char *line, size_t len);

bool record_is_on(void);

/* From before the call to after its record nothing else is recorded. record_end gives back result.
 */
void record_begin(void);
long record_end(long result);
void record_change(const char *op, int fd, int64_t offset, const char *from, const char *to,
                   const void *bytes, size_t len);

#pragma GCC visibility pop

#endif
