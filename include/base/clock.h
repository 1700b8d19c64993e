/*
 * clock: time as this program needs it.
 *
 * Wall time is milliseconds since 1970-01-01 UTC; monotonic time is milliseconds since some moment
 * of this machine's life. Beijing time is UTC+8 without daylight saving, whatever the host's zone.
 *
 * Tested by tests/unit/test_clock.c
 */
#ifndef CLAIMBATCH_BASE_CLOCK_H
#define CLAIMBATCH_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_BEIJING_OFFSET_MS (8 * 3600 * INT64_C(1000))
#define CLOCK_DAY_MS (86400 * INT64_C(1000))
#define CLOCK_TOP_BYTES 20     /* "YYYY-MM-DD HH:MM:SS" and its NUL */
#define CLOCK_RFC3339_BYTES 30 /* "YYYY-MM-DDTHH:MM:SS.mmm+08:00" and its NUL */

struct civil {
    int year, month, day, hour, minute, second; /* month and day count from 1 */
};

int64_t clock_wall_ms(void);
int64_t clock_mono_ms(void);

/* Monotonic time that counts what the machine has slept, which clock_mono_ms does not. */
int64_t clock_boot_ms(void);

/* Whether the parts are a real date and time of the years 1 to 9999; 24:00 and leap seconds are
 * not. */
bool clock_civil_valid(const struct civil *civil);

/* Seconds since 1970-01-01 00:00:00 in the zone the civil time is meant in. Needs valid parts. */
int64_t clock_civil_seconds(const struct civil *civil);

/* The inverse of clock_civil_seconds. */
struct civil clock_civil_of(int64_t seconds);

/* Beijing time in the form of the gateway, "2022-12-12 00:00:00". */
void clock_format_top(int64_t wall_ms, char ret_text[CLOCK_TOP_BYTES]);

/* Beijing time in the form of the report, "2022-12-12T00:00:00.000+08:00". */
void clock_format_rfc3339(int64_t wall_ms, char ret_text[CLOCK_RFC3339_BYTES]);

/* The inverse of clock_format_rfc3339. False for any other text. */
bool clock_parse_rfc3339(const char *text, int64_t *ret_wall_ms);

/* The Beijing day as a number, 20221212. */
int32_t clock_beijing_day(int64_t wall_ms);

/* Wall time at which the Beijing day after the one of wall_ms begins. */
int64_t clock_next_beijing_day_ms(int64_t wall_ms);

#endif
