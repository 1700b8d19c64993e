#include "base/clock.h"

#include <string.h>
#include <time.h>

static int64_t read_ms(clockid_t id)
{
    struct timespec now = {0};

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

int64_t clock_mono_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

int64_t clock_boot_ms(void)
{
    return read_ms(CLOCK_BOOTTIME);
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

bool clock_civil_valid(const struct civil *civil)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int last;

    if (civil->year < 1 || civil->year > 9999 || civil->month < 1 || civil->month > 12)
        return false;
    last = days[civil->month - 1] + (civil->month == 2 && is_leap(civil->year));
    return civil->day >= 1 && civil->day <= last && civil->hour >= 0 && civil->hour <= 23 &&
           civil->minute >= 0 && civil->minute <= 59 && civil->second >= 0 && civil->second <= 59;
}

/* Years begin in March here, so that the leap day comes last; eras of 400 years are all alike. */
static int64_t days_of(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

int64_t clock_civil_seconds(const struct civil *civil)
{
    return days_of(civil->year, civil->month, civil->day) * 86400 + civil->hour * 3600 +
           civil->minute * 60 + civil->second;
}

static int64_t floor_div(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

struct civil clock_civil_of(int64_t seconds)
{
    int64_t days = floor_div(seconds, 86400);
    int64_t rest = seconds - days * 86400;
    int64_t z = days + 719468;
    int64_t era = floor_div(z, 146097);
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t m = (5 * day_of_year + 2) / 153;
    struct civil civil = {0};

    civil.day = (int)(day_of_year - (153 * m + 2) / 5 + 1);
    civil.month = (int)(m < 10 ? m + 3 : m - 9);
    civil.year = (int)(year_of_era + era * 400 + (civil.month <= 2));
    civil.hour = (int)(rest / 3600);
    civil.minute = (int)(rest / 60 % 60);
    civil.second = (int)(rest % 60);
    return civil;
}

static struct civil beijing(int64_t wall_ms)
{
    return clock_civil_of(floor_div(wall_ms + CLOCK_BEIJING_OFFSET_MS, 1000));
}

/* Writes `digits` decimal digits. Times are formatted for every call and every line: printf is too
 * slow. */
static char *put(char *to, int value, int digits)
{
    for (int i = digits; i-- > 0; value /= 10)
        to[i] = (char)('0' + value % 10);
    return to + digits;
}

static char *put_date_time(char *to, int64_t wall_ms, char between)
{
    struct civil c = beijing(wall_ms);

    to = put(to, c.year, 4);
    *to++ = '-';
    to = put(to, c.month, 2);
    *to++ = '-';
    to = put(to, c.day, 2);
    *to++ = between;
    to = put(to, c.hour, 2);
    *to++ = ':';
    to = put(to, c.minute, 2);
    *to++ = ':';
    return put(to, c.second, 2);
}

void clock_format_top(int64_t wall_ms, char ret_text[CLOCK_TOP_BYTES])
{
    *put_date_time(ret_text, wall_ms, ' ') = '\0';
}

void clock_format_rfc3339(int64_t wall_ms, char ret_text[CLOCK_RFC3339_BYTES])
{
    char *to = put_date_time(ret_text, wall_ms, 'T');

    *to++ = '.';
    to = put(to, (int)(wall_ms - floor_div(wall_ms, 1000) * 1000), 3);
    memcpy(to, "+08:00", sizeof("+08:00"));
}

/* Reads `digits` decimal digits; what is none spoils the number, so that it is not written the same
 * again. */
static int take(const char *from, int digits)
{
    int value = 0;

    for (int i = 0; i < digits; i++)
        value = value * 10 + (from[i] >= '0' && from[i] <= '9' ? from[i] - '0' : 0);
    return value;
}

bool clock_parse_rfc3339(const char *text, int64_t *ret_wall_ms)
{
    char again[CLOCK_RFC3339_BYTES];
    struct civil civil;

    if (strlen(text) != sizeof(again) - 1)
        return false;
    civil = (struct civil){take(text, 4),      take(text + 5, 2),  take(text + 8, 2),
                           take(text + 11, 2), take(text + 14, 2), take(text + 17, 2)};
    if (!clock_civil_valid(&civil))
        return false;
    *ret_wall_ms =
        clock_civil_seconds(&civil) * 1000 + take(text + 20, 3) - CLOCK_BEIJING_OFFSET_MS;
    clock_format_rfc3339(*ret_wall_ms, again);
    return strcmp(text, again) == 0;
}

int32_t clock_beijing_day(int64_t wall_ms)
{
    struct civil c = beijing(wall_ms);

    return c.year * 10000 + c.month * 100 + c.day;
}

int64_t clock_next_beijing_day_ms(int64_t wall_ms)
{
    int64_t local = wall_ms + CLOCK_BEIJING_OFFSET_MS;

    return (floor_div(local, CLOCK_DAY_MS) + 1) * CLOCK_DAY_MS - CLOCK_BEIJING_OFFSET_MS;
}
