#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/clock.h"

/* The first refusal stands. */
static void refuse(struct refusal *refusal, int code)
{
    if (refusal->code == REFUSAL_NONE)
        refusal->code = code;
}

static void refuse_field(struct refusal *refusal, int code, const char *field, const char *why)
{
    if (refusal->code != REFUSAL_NONE)
        return;
    refusal->code = code;
    snprintf(refusal->sub_code, sizeof(refusal->sub_code), "%s:%s",
             code == REFUSAL_MISSING_ARGUMENT ? "isv.missing-parameter" : "isv.invalid-parameter",
             field);
    snprintf(refusal->sub_msg, sizeof(refusal->sub_msg), "%s %s", field, why);
}

/* ---- the call ---- */

static bool all_digits(const char *text, size_t len)
{
    return strspn(text, "0123456789") >= len;
}

bool check_timestamp(const char *text, int64_t *ret_wall_ms)
{
    static const char shape[] = "dddd-dd-dd dd:dd:dd";
    struct civil civil;

    if (strlen(text) == 13 && all_digits(text, 13)) {
        *ret_wall_ms = strtoll(text, NULL, 10);
        return true;
    }
    if (strlen(text) != sizeof(shape) - 1)
        return false;
    for (size_t i = 0; i < sizeof(shape) - 1; i++)
        if (shape[i] == 'd' ? !all_digits(text + i, 1) : text[i] != shape[i])
            return false;
    civil = (struct civil){.year = atoi(text),
                           .month = atoi(text + 5),
                           .day = atoi(text + 8),
                           .hour = atoi(text + 11),
                           .minute = atoi(text + 14),
                           .second = atoi(text + 17)};
    if (!clock_civil_valid(&civil))
        return false;
    *ret_wall_ms = clock_civil_seconds(&civil) * 1000 - CLOCK_BEIJING_OFFSET_MS;
    return true;
}

static void check_clock(const struct form *form, int64_t wall_ms, struct refusal *refusal)
{
    const char *text = form_filled(form, "timestamp");
    int64_t sent_ms = 0;

    if (!text)
        refuse(refusal, REFUSAL_MISSING_TIMESTAMP);
    else if (!check_timestamp(text, &sent_ms) || llabs(wall_ms - sent_ms) > CHECK_CLOCK_MS)
        refuse(refusal, REFUSAL_INVALID_TIMESTAMP);
}

static void check_app_key(const char *wanted, const struct form *form, struct refusal *refusal)
{
    const char *key = form_filled(form, "app_key");

    if (!key)
        refuse(refusal, REFUSAL_MISSING_APP_KEY);
    else if (strcmp(key, wanted) != 0)
        refuse(refusal, REFUSAL_INVALID_APP_KEY);
}

static void check_version(const struct form *form, struct refusal *refusal)
{
    const char *version = form_filled(form, "v");

    if (!version)
        refuse(refusal, REFUSAL_MISSING_VERSION);
    else if (version[strspn(version, "0123456789.")] != '\0')
        refuse(refusal, REFUSAL_INVALID_VERSION);
    else if (strcmp(version, "2.0") != 0)
        refuse(refusal, REFUSAL_UNSUPPORTED_VERSION);
}

static void check_format(const struct form *form, struct refusal *refusal)
{
    const char *format = form_filled(form, "format");

    if (format && strcmp(format, "json") != 0 && strcmp(format, "xml") != 0)
        refuse(refusal, REFUSAL_INVALID_FORMAT);
}

static void check_session(const char *wanted, const struct form *form, struct refusal *refusal)
{
    const char *session = form_filled(form, "session");

    if (!wanted)
        return;
    if (!session)
        refuse(refusal, REFUSAL_MISSING_SESSION);
    else if (strcmp(session, wanted) != 0)
        refuse(refusal, REFUSAL_INVALID_SESSION);
}

void check_call(const struct check_settings *settings, struct verifier *verifier,
                const struct form *form, const char *body, size_t body_len, int64_t wall_ms,
                struct refusal *ret_refusal)
{
    bool is_batch = body != NULL;

    *ret_refusal = (struct refusal){0};
    if (!is_batch && !form_filled(form, "method"))
        refuse(ret_refusal, REFUSAL_MISSING_METHOD);
    check_app_key(settings->app_key, form, ret_refusal);
    check_clock(form, wall_ms, ret_refusal);
    check_version(form, ret_refusal);
    check_format(form, ret_refusal);
    if (!form_filled(form, "sign"))
        refuse(ret_refusal, REFUSAL_MISSING_SIGNATURE);
    else if (ret_refusal->code == REFUSAL_NONE &&
             (form->overflow || !signature_accepts(verifier, form, body, body_len)))
        refuse(ret_refusal, REFUSAL_INVALID_SIGNATURE);
    check_session(settings->session, form, ret_refusal);
}

/* ---- the claim ---- */

enum key {
    KEY_WORKCARD_ID,
    KEY_CLAIM_DESC,
    KEY_CLAIM_COUNT,
    KEY_CLAIM_ORDER_NO,
    KEY_CLAIM_STATUS,
    KEY_CLAIM_TIME,
    KEY_CLAIM_FEE,
    KEYS,
    KEY_OTHER = KEYS,
};

enum type { TYPE_NUMBER, TYPE_STRING, TYPE_OTHER };

static const struct {
    const char *name;
    enum type type;
    bool required;
    int64_t min, max; /* of a number */
} keys[KEYS] = {
    [KEY_WORKCARD_ID] = {"workcard_id", TYPE_NUMBER, true, 0, INT64_MAX},
    [KEY_CLAIM_DESC] = {"claim_desc", TYPE_STRING, false, 0, 0},
    [KEY_CLAIM_COUNT] = {"claim_count", TYPE_NUMBER, true, 0, INT64_MAX},
    [KEY_CLAIM_ORDER_NO] = {"claim_order_no", TYPE_STRING, true, 0, 0},
    [KEY_CLAIM_STATUS] = {"claim_status", TYPE_NUMBER, true, 0, 2},
    [KEY_CLAIM_TIME] = {"claim_time", TYPE_STRING, true, 0, 0},
    [KEY_CLAIM_FEE] = {"claim_fee", TYPE_NUMBER, true, 0, INT64_MAX},
};

struct reading {
    int depth;
    enum key key; /* of the value that comes next, at depth 1 */
    bool found[KEYS];
    bool is_object;
    struct claim_seen *seen;
    struct refusal *refusal;
};

/* Whether the value that comes is one of ours and of its type; notes that it is there. */
static bool expects(struct reading *reading, enum type type)
{
    if (reading->depth != 1 || reading->key == KEY_OTHER)
        return false;
    reading->found[reading->key] = true;
    if (keys[reading->key].type == type)
        return true;
    refuse_field(reading->refusal, REFUSAL_INVALID_ARGUMENT, keys[reading->key].name,
                 "has the wrong type");
    return false;
}

static int on_null(void *context)
{
    (void)context; /* as if it were not there */
    return 1;
}

static int on_boolean(void *context, int value)
{
    (void)value;
    expects(context, TYPE_OTHER);
    return 1;
}

static bool read_int64(const char *text, size_t len, int64_t *ret_value)
{
    char copy[24];
    char *end;

    if (len >= sizeof(copy))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    errno = 0;
    *ret_value = strtoll(copy, &end, 10);
    return errno == 0 && *end == '\0';
}

static int on_number(void *context, const char *text, size_t len)
{
    struct reading *reading = context;
    int64_t value = 0;

    if (!expects(reading, TYPE_NUMBER))
        return 1;
    if (!read_int64(text, len, &value) || value < keys[reading->key].min ||
        value > keys[reading->key].max) {
        refuse_field(reading->refusal, REFUSAL_INVALID_ARGUMENT, keys[reading->key].name,
                     "is out of range");
        return 1;
    }
    if (reading->key == KEY_WORKCARD_ID) {
        reading->seen->workcard_id = value;
        reading->seen->has_workcard_id = true;
    }
    return 1;
}

static bool is_date(const unsigned char *text, size_t len)
{
    char copy[CLOCK_TOP_BYTES];
    int64_t ignored;

    if (len != sizeof(copy) - 1)
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return check_timestamp(copy, &ignored);
}

static int on_string(void *context, const unsigned char *text, size_t len)
{
    struct reading *reading = context;

    if (!expects(reading, TYPE_STRING))
        return 1;
    if (reading->key == KEY_CLAIM_TIME && !is_date(text, len))
        refuse_field(reading->refusal, REFUSAL_INVALID_ARGUMENT, "claim_time", "is no date");
    if (reading->key == KEY_CLAIM_ORDER_NO) {
        reading->found[KEY_CLAIM_ORDER_NO] = len > 0;
        buffer_reset(&reading->seen->claim_order_no);
        buffer_append(&reading->seen->claim_order_no, text, len);
    }
    return 1;
}

static int on_map_key(void *context, const unsigned char *text, size_t len)
{
    struct reading *reading = context;

    if (reading->depth != 1)
        return 1;
    reading->key = KEY_OTHER;
    for (int key = 0; key < KEYS; key++)
        if (strlen(keys[key].name) == len && !memcmp(keys[key].name, text, len))
            reading->key = (enum key)key;
    return 1;
}

static int on_start_map(void *context)
{
    struct reading *reading = context;

    expects(reading, TYPE_OTHER);
    if (reading->depth++ == 0)
        reading->is_object = true;
    return 1;
}

static int on_start_array(void *context)
{
    struct reading *reading = context;

    expects(reading, TYPE_OTHER);
    reading->depth++;
    return 1;
}

static int on_end(void *context)
{
    struct reading *reading = context;

    reading->depth--;
    return 1;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_start_map,
    .yajl_map_key = on_map_key,
    .yajl_end_map = on_end,
    .yajl_start_array = on_start_array,
    .yajl_end_array = on_end,
};

static bool read_object(const char *json, struct reading *reading)
{
    yajl_handle parser = yajl_alloc(&callbacks, NULL, reading);
    bool ok = parser &&
              yajl_parse(parser, (const unsigned char *)json, strlen(json)) == yajl_status_ok &&
              yajl_complete_parse(parser) == yajl_status_ok;

    if (parser)
        yajl_free(parser);
    return ok && reading->is_object;
}

static void read_claim(const char *json, struct claim_seen *ret_seen, struct refusal *ret_refusal)
{
    struct refusal wrong = {0};
    struct reading reading = {.key = KEY_OTHER, .seen = ret_seen, .refusal = &wrong};

    ret_seen->well_formed = read_object(json, &reading);
    if (!ret_seen->well_formed) {
        refuse_field(ret_refusal, REFUSAL_INVALID_ARGUMENT, CHECK_PARAMETER, "is no JSON object");
        return;
    }
    for (int key = 0; key < KEYS; key++)
        if (keys[key].required && !reading.found[key])
            refuse_field(ret_refusal, REFUSAL_MISSING_ARGUMENT, keys[key].name, "is missing");
    if (ret_refusal->code == REFUSAL_NONE)
        *ret_refusal = wrong;
}

void check_claim(const char *method, const char *json, struct claim_seen *ret_seen,
                 struct refusal *ret_refusal)
{
    *ret_refusal = (struct refusal){0};
    ret_seen->well_formed = false;
    ret_seen->has_workcard_id = false;
    buffer_reset(&ret_seen->claim_order_no);
    if (!method || !*method)
        refuse(ret_refusal, REFUSAL_MISSING_METHOD);
    else if (strcmp(method, CHECK_METHOD) != 0)
        refuse(ret_refusal, REFUSAL_INVALID_METHOD);
    if (!json || !*json)
        refuse_field(ret_refusal, REFUSAL_MISSING_ARGUMENT, CHECK_PARAMETER, "is missing");
    else
        read_claim(json, ret_seen, ret_refusal);
}
