#include "head.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <curl/curl.h>

#include "base/character.h"
#include "base/clock.h"

static bool is_version(const char *line, size_t len, const char *version)
{
    return len > strlen(version) && memcmp(line, version, strlen(version)) == 0;
}

/* What stands behind the version of the connection; NULL: it is of another. */
static const char *skip_version(const struct head *head, const char *line, size_t len)
{
    if (head->is_http2)
        return is_version(line, len, "HTTP/2 ") ? line + strlen("HTTP/2 ") : NULL;
    return is_version(line, len, "HTTP/1.0 ") || is_version(line, len, "HTTP/1.1 ")
               ? line + strlen("HTTP/1.1 ")
               : NULL;
}

/* "HTTP/1.1 200", then a blank and words, or the line's end. */
static bool take_status(struct head *head, const char *line, size_t len)
{
    const char *digits = skip_version(head, line, len);

    if (!digits || line + len < digits + 4)
        return false;
    if (!character_is_digit(digits[0]) || digits[0] == '0' || !character_is_digit(digits[1]) ||
        !character_is_digit(digits[2]) || !strchr(" \r\n", digits[3]) || digits[3] == '\0')
        return false;
    head->status = (digits[0] - '0') * 100L + (digits[1] - '0') * 10L + (digits[2] - '0');
    head->has_final_status = head->status >= 200 || head->status == 101;
    head->in_fields = true;
    return true;
}

/* The value of the line's field where it has this name; NULL: it has another. */
static const char *value_of(const char *line, size_t len, const char *name, size_t *ret_len)
{
    size_t name_len = strlen(name);
    const char *value = line + name_len + 1, *end = line + len;

    if (len <= name_len || line[name_len] != ':' || strncasecmp(line, name, name_len) != 0)
        return NULL;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && strchr(" \t\r\n", end[-1]))
        end--;
    *ret_len = (size_t)(end - value);
    return value;
}

/* The first of its name counts; one too long to be a value is none. */
static void keep(const char *value, size_t len, char ret_text[HEAD_VALUE_BYTES])
{
    if (ret_text[0] || len >= HEAD_VALUE_BYTES)
        return;
    memcpy(ret_text, value, len);
    ret_text[len] = '\0';
}

/* Two lengths, or a length and a coding, are how one answer hides in another. */
static bool take_length(struct head *head, const char *value, size_t len)
{
    if (head->has_length)
        return strlen(head->length) == len && memcmp(head->length, value, len) == 0;
    head->has_length = true;
    if (len == 0 || len >= HEAD_VALUE_BYTES)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!character_is_digit(value[i]))
            return false;
    keep(value, len, head->length);
    return true;
}

static bool take_field(struct head *head, const char *line, size_t len)
{
    const char *value;
    size_t value_len = 0;

    switch (*line | 0x20) {
    case 'c':
        value = value_of(line, len, "Content-Length", &value_len);
        return !value || take_length(head, value, value_len);
    case 'd':
        value = value_of(line, len, "Date", &value_len);
        if (value)
            keep(value, value_len, head->date);
        return true;
    case 'r':
        value = value_of(line, len, "Retry-After", &value_len);
        if (value)
            keep(value, value_len, head->retry_after);
        return true;
    case 't':
        head->has_coding |= value_of(line, len, "Transfer-Encoding", &value_len) != NULL;
        return true;
    default:
        return true;
    }
}

static void end_fields(struct head *head)
{
    head->in_fields = false;
    head->is_whole = head->has_final_status;
    head->is_ambiguous = head->has_coding && head->has_length;
    if (!head->is_whole) {
        head->has_coding = head->has_length = false;
        head->length[0] = head->date[0] = head->retry_after[0] = '\0';
    }
}

bool head_take(struct head *head, const char *line, size_t len)
{
    head->bytes += len;
    if (head->bytes > HEAD_BYTES_MAX) {
        head->is_large = true;
        return false;
    }
    if (head->is_whole || len == 0)
        return true;
    if (!head->in_fields)
        head->is_odd = !take_status(head, line, len);
    else if (*line == '\r' || *line == '\n')
        end_fields(head);
    else
        head->is_odd = !take_field(head, line, len);
    return !head->is_odd;
}

int64_t head_retry_after_s(const struct head *head)
{
    const char *value = head->retry_after;
    char *end = NULL;
    long long seconds = strtoll(value, &end, 10);
    time_t date;

    if (*value && *end == '\0')
        return seconds < 0 ? 0 : seconds;
    date = *value ? curl_getdate(value, NULL) : -1;
    if (date == -1)
        return -1;
    seconds = (long long)date - clock_wall_ms() / 1000;
    return seconds < 0 ? 0 : seconds;
}

int64_t head_date_ms(const struct head *head, struct head_date *last)
{
    time_t date;

    if (!head->date[0])
        return -1;
    if (strcmp(head->date, last->text) == 0)
        return last->ms;
    date = curl_getdate(head->date, NULL);
    last->ms = date == -1 ? -1 : (int64_t)date * 1000;
    memcpy(last->text, head->date, sizeof(last->text));
    return last->ms;
}
