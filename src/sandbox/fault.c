#include "fault.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"

/* One row a fault; BOTH makes `name` and `executed-name`, EITHER `executed-` and `unexecuted-`. */
#define BOTH(name, class, ...)                                                                     \
    {name, class, FAULT_UNEXECUTED, __VA_ARGS__},                                                  \
    {                                                                                              \
        "executed-" name, class, FAULT_EXECUTED, __VA_ARGS__                                       \
    }
#define EITHER(name, class, ...)                                                                   \
    {"executed-" name, class, FAULT_EXECUTED, __VA_ARGS__},                                        \
    {                                                                                              \
        "unexecuted-" name, class, FAULT_UNEXECUTED, __VA_ARGS__                                   \
    }
#define ERROR(name, class, executes, words, code, sub_code, says)                                  \
    {                                                                                              \
        name, class, executes, FAULT_ANSWER, EFFECT_ANSWER, words, 0, code, sub_code, says         \
    }
#define ANSWERED FAULT_ANSWER, EFFECT_ANSWER

/* clang-format off */
static const struct fault table[] = {
    /* before a request */
    {"close-before-request", FAULT_UNKNOWN, FAULT_UNEXECUTED, FAULT_BEFORE_REQUEST, EFFECT_CLOSE, WORDS_EMPTY, 0, 0, NULL, "a new connection is closed before anything is read"},
    {"reset-before-request", FAULT_UNKNOWN, FAULT_UNEXECUTED, FAULT_BEFORE_REQUEST, EFFECT_RESET, WORDS_EMPTY, 0, 0, NULL, "a new connection is reset before anything is read"},
    {"refuse-connect", FAULT_OUTAGE, FAULT_UNEXECUTED, FAULT_BEFORE_REQUEST, EFFECT_REFUSE, WORDS_EMPTY, 0, 0, NULL, "after this connection nobody listens for 200 ms; kept-alive connections end with their next answer"},
    {"tls-handshake-fail", FAULT_OUTAGE, FAULT_UNEXECUTED, FAULT_BEFORE_REQUEST, EFFECT_NO_TLS, WORDS_EMPTY, 0, 0, NULL, "the TLS handshake of a new connection fails (only with --tls)"},
    {"early-answer", FAULT_UNKNOWN, FAULT_UNEXECUTED, FAULT_BEFORE_BODY, EFFECT_ANSWER, WORDS_HTML, 502, 0, NULL, "HTTP 502 before the body was read"},

    /* after a whole request, without a whole answer */
    EITHER("close", FAULT_UNKNOWN, FAULT_AFTER_BODY, EFFECT_CLOSE, WORDS_SUCCESS, 0, 0, NULL, "closed without an answer"),
    EITHER("reset", FAULT_UNKNOWN, FAULT_AFTER_BODY, EFFECT_RESET, WORDS_SUCCESS, 0, 0, NULL, "reset without an answer"),
    EITHER("timeout", FAULT_UNKNOWN, FAULT_AFTER_BODY, EFFECT_HOLD, WORDS_SUCCESS, 0, 0, NULL, "no answer until the client leaves, at most 60 s"),
    EITHER("cut", FAULT_UNKNOWN, FAULT_MID_ANSWER, EFFECT_CUT, WORDS_SUCCESS, 0, 0, NULL, "half of the announced answer, then closed"),
    EITHER("cut-header", FAULT_UNKNOWN, FAULT_MID_ANSWER, EFFECT_CUT_HEADER, WORDS_SUCCESS, 0, 0, NULL, "a status line, then closed"),
    {"executed-slow", FAULT_ACCEPTED, FAULT_EXECUTED, FAULT_MID_ANSWER, EFFECT_SLOW, WORDS_SUCCESS, 0, 0, NULL, "the whole answer, byte by byte over a second"},
    BOTH("not-http", FAULT_UNKNOWN, FAULT_MID_ANSWER, EFFECT_NOT_HTTP, WORDS_SUCCESS, 0, 0, NULL, "bytes that are no HTTP, then closed"),

    /* whole answers that say yes in odd ways */
    {"string-boolean", FAULT_ACCEPTED, FAULT_EXECUTED, ANSWERED, WORDS_STRING_BOOLEAN, 0, 0, NULL, "is_success is the string \"true\""},
    {"raw-control", FAULT_ACCEPTED, FAULT_EXECUTED, ANSWERED, WORDS_RAW_CONTROL, 0, 0, NULL, "raw control characters inside a string"},
    {"no-request-id", FAULT_ACCEPTED, FAULT_EXECUTED, ANSWERED, WORDS_NO_REQUEST_ID, 0, 0, NULL, "a success without request_id"},

    /* whole answers that say nothing definite */
    BOTH("empty", FAULT_UNKNOWN, ANSWERED, WORDS_EMPTY, 0, 0, NULL, "HTTP 200 without a body"),
    BOTH("html", FAULT_UNKNOWN, ANSWERED, WORDS_HTML, 0, 0, NULL, "HTTP 200 with a maintenance page"),
    BOTH("xml", FAULT_UNKNOWN, ANSWERED, WORDS_XML, 0, 0, NULL, "XML though JSON was asked for"),
    BOTH("malformed", FAULT_UNKNOWN, ANSWERED, WORDS_MALFORMED, 0, 0, NULL, "JSON that breaks off, its length as announced"),
    BOTH("wrong-shape", FAULT_UNKNOWN, ANSWERED, WORDS_WRONG_SHAPE, 0, 0, NULL, "JSON of another API"),
    BOTH("missing-is-success", FAULT_UNKNOWN, ANSWERED, WORDS_MISSING_IS_SUCCESS, 0, 0, NULL, "a success without is_success"),
    BOTH("doubled-is-success", FAULT_UNKNOWN, ANSWERED, WORDS_DOUBLED_IS_SUCCESS, 0, 0, NULL, "is_success twice, true and false"),
    BOTH("too-large", FAULT_UNKNOWN, ANSWERED, WORDS_TOO_LARGE, 0, 0, NULL, "an answer of 2 MiB"),
    BOTH("part-less", FAULT_UNKNOWN, ANSWERED, WORDS_PART_LESS, 0, 0, NULL, "a batch answer without its last part; of a single call, an empty answer"),

    /* HTTP statuses */
    BOTH("http-201", FAULT_UNKNOWN, ANSWERED, WORDS_SUCCESS, 201, 0, NULL, "a success with HTTP 201"),
    BOTH("http-204", FAULT_UNKNOWN, ANSWERED, WORDS_EMPTY, 204, 0, NULL, "HTTP 204"),
    BOTH("http-418", FAULT_UNKNOWN, ANSWERED, WORDS_HTML, 418, 0, NULL, "a page with HTTP 418"),
    BOTH("http-500", FAULT_UNKNOWN, ANSWERED, WORDS_HTML, 500, 0, NULL, "a page with HTTP 500"),
    BOTH("http-502", FAULT_UNKNOWN, ANSWERED, WORDS_HTML, 502, 0, NULL, "a page with HTTP 502"),
    BOTH("http-503", FAULT_UNKNOWN, ANSWERED, WORDS_HTML, 503, 0, NULL, "a page with HTTP 503"),
    BOTH("http-504", FAULT_UNKNOWN, ANSWERED, WORDS_HTML, 504, 0, NULL, "a page with HTTP 504"),
    {"http-429", FAULT_AGAIN, FAULT_UNEXECUTED, ANSWERED, WORDS_HTML, 429, 0, NULL, "a page with HTTP 429 and Retry-After: 1"},
    {"http-302", FAULT_STOP, FAULT_UNEXECUTED, ANSWERED, WORDS_HTML, 302, 0, NULL, "HTTP 302 to another path of this gateway"},
    {"http-401", FAULT_STOP, FAULT_UNEXECUTED, ANSWERED, WORDS_HTML, 401, 0, NULL, "a page with HTTP 401"},
    {"http-403", FAULT_STOP, FAULT_UNEXECUTED, ANSWERED, WORDS_HTML, 403, 0, NULL, "a page with HTTP 403"},
    {"http-404", FAULT_STOP, FAULT_UNEXECUTED, ANSWERED, WORDS_HTML, 404, 0, NULL, "a page with HTTP 404"},
    {"http-405", FAULT_STOP, FAULT_UNEXECUTED, ANSWERED, WORDS_HTML, 405, 0, NULL, "a page with HTTP 405"},
    {"http-413", FAULT_STOP, FAULT_UNEXECUTED, ANSWERED, WORDS_HTML, 413, 0, NULL, "a page with HTTP 413"},

    /* errors of the API: refused */
    {"reject", FAULT_REJECTED, FAULT_UNEXECUTED, ANSWERED, WORDS_REJECTION, 0, 0, NULL, "is_success false"},
    ERROR("isv", FAULT_REJECTED, FAULT_UNEXECUTED, WORDS_ERROR, 50, "isv.workcard-not-exist", "code 50 with an isv sub_code"),
    ERROR("isv-15", FAULT_REJECTED, FAULT_UNEXECUTED, WORDS_ERROR, 15, "isv.workcard-status-error", "code 15 with an isv sub_code"),
    ERROR("string-code", FAULT_REJECTED, FAULT_UNEXECUTED, WORDS_ERROR_STRING_CODE, 50, "isv.workcard-not-exist", "as isv, the code a string"),
    ERROR("code-40", FAULT_REJECTED, FAULT_UNEXECUTED, WORDS_ERROR, 40, "isv.missing-parameter:claim_desc", "missing argument"),
    ERROR("code-41", FAULT_REJECTED, FAULT_UNEXECUTED, WORDS_ERROR, 41, "isv.invalid-parameter:claim_fee", "invalid argument"),
    ERROR("code-43", FAULT_REJECTED, FAULT_UNEXECUTED, WORDS_ERROR, 43, NULL, "parameter error"),
    ERROR("code-47", FAULT_REJECTED, FAULT_UNEXECUTED, WORDS_ERROR, 47, NULL, "invalid encoding"),

    /* errors of the API: not executed for now */
    ERROR("code-1", FAULT_AGAIN, FAULT_UNEXECUTED, WORDS_CALL_ERROR, 1, NULL, "platform error"),
    ERROR("code-10", FAULT_AGAIN, FAULT_UNEXECUTED, WORDS_CALL_ERROR, 10, NULL, "service currently unavailable"),
    ERROR("isp-unavailable", FAULT_AGAIN, FAULT_UNEXECUTED, WORDS_ERROR, 15, "isp.top-service-unavailable", "the back end was not reached"),
    ERROR("isp-call-limited", FAULT_AGAIN, FAULT_UNEXECUTED, WORDS_ERROR, 15, "isp.call-limited", "the back end takes no more calls"),
    ERROR("ban", FAULT_BAN, FAULT_UNEXECUTED, WORDS_BAN, 7, NULL, "code 7; a ban of --ban-seconds begins, for all calls"),

    /* errors of the API: nobody knows */
    ERROR("isp-other", FAULT_UNKNOWN, FAULT_EITHER, WORDS_ERROR, 15, "isp.remote-service-error", "the back end failed; executed or not by chance"),
    ERROR("isp-timeout", FAULT_UNKNOWN, FAULT_EXECUTED, WORDS_ERROR, 15, "isp.remote-service-timeout", "the back end answered too late"),
    ERROR("code-15-bare", FAULT_UNKNOWN, FAULT_EITHER, WORDS_ERROR, 15, NULL, "code 15 without sub_code; executed or not by chance"),
    ERROR("code-3", FAULT_UNKNOWN, FAULT_EITHER, WORDS_ERROR, 3, NULL, "code 3; executed or not by chance"),
    ERROR("code-530", FAULT_UNKNOWN, FAULT_EITHER, WORDS_ERROR, 530, NULL, "code 530; executed or not by chance"),
    ERROR("code-900", FAULT_UNKNOWN, FAULT_EITHER, WORDS_ERROR, 900, "zzz.unheard-of", "a code and sub_code nobody knows; executed or not by chance"),

    /* errors of the API: the run has to stop */
    ERROR("quota", FAULT_STOP, FAULT_UNEXECUTED, WORDS_QUOTA, 7, NULL, "code 7, the quota of the day is used up"),
    ERROR("code-9", FAULT_STOP, FAULT_UNEXECUTED, WORDS_CALL_ERROR, 9, NULL, "HTTP action not allowed"),
    ERROR("code-11", FAULT_STOP, FAULT_UNEXECUTED, WORDS_CALL_ERROR, 11, "isv.permission-api-package-limit", "no permission"),
    ERROR("code-25", FAULT_STOP, FAULT_UNEXECUTED, WORDS_CALL_ERROR, 25, NULL, "invalid signature"),
    ERROR("code-26", FAULT_STOP, FAULT_UNEXECUTED, WORDS_CALL_ERROR, 26, NULL, "missing session"),
    ERROR("code-27", FAULT_STOP, FAULT_UNEXECUTED, WORDS_CALL_ERROR, 27, NULL, "invalid session"),
    ERROR("code-31", FAULT_STOP, FAULT_UNEXECUTED, WORDS_CALL_ERROR, 31, NULL, "invalid timestamp"),
    ERROR("code-55", FAULT_STOP, FAULT_EITHER, WORDS_CALL_ERROR, 55, NULL, "an unknown code under 100; executed or not by chance, so the row is unknown"),
};
/* clang-format on */

#define TABLE_ROWS (sizeof(table) / sizeof(*table))

static const char *const class_names[] = {"accepted", "rejected", "again", "ban",
                                          "outage",   "unknown",  "stop"};
#define CLASSES (sizeof(class_names) / sizeof(*class_names))

const struct fault *fault_at(size_t index)
{
    return index < TABLE_ROWS ? &table[index] : NULL;
}

bool fault_is_refusal(enum fault_words words)
{
    return words >= WORDS_ERROR && words <= WORDS_QUOTA;
}

bool fault_is_whole(enum fault_words words)
{
    return words >= WORDS_CALL && words <= WORDS_HTML;
}

enum fault_width fault_width(const struct fault *fault)
{
    if (fault->effect != EFFECT_ANSWER || fault->status || fault->words == WORDS_SUCCESS ||
        fault->words == WORDS_TOO_LARGE || fault->words == WORDS_PART_LESS)
        return FAULT_OF_CALL;
    return fault->words < WORDS_CALL ? FAULT_OF_CLAIM : FAULT_OF_BOTH;
}

const char *fault_phase_name(const struct fault *fault)
{
    static const char *const names[] = {"before-request", "before-body", "after-body", "mid-answer",
                                        "answer"};

    return names[fault->phase];
}

void fault_print(FILE *to)
{
    static const char *const executes[] = {"no", "yes", "either"};

    fprintf(to, "%-28s%-10s%-10s%-16s%s\n", "fault", "class", "executed", "phase", "what it does");
    for (size_t i = 0; i < TABLE_ROWS; i++)
        fprintf(to, "%-28s%-10s%-10s%-16s%s\n", table[i].name, class_names[table[i].class],
                executes[table[i].executes], fault_phase_name(&table[i]), table[i].says);
    fputs("\nGroups share their probability evenly:\n", to);
    for (size_t i = 0; i < CLASSES; i++)
        fprintf(to, "  all-%-24severy fault of class %s\n", class_names[i], class_names[i]);
    fprintf(to, "  %-28severy fault but those of class stop\n", "every-row");
}

/* ---- the choice ---- */

/* How often a claim has come. Bounded: where a neighbourhood is full, the newcomer takes the place
 * of another claim, which then counts from one again. */
#define COUNT_SLOTS ((size_t)1 << 20)
#define COUNT_NEIGHBOURS 16

struct count {
    uint64_t claim; /* its hash; 0: free */
    uint64_t seen;
};

/* The three moments at which is chosen. */
enum moment { MOMENT_ACCEPT, MOMENT_HEADERS, MOMENT_REQUEST, MOMENTS };

struct faults {
    struct faults_settings settings;
    double share[TABLE_ROWS]; /* probability of each row of the table */
    double total[MOMENTS];
    pthread_mutex_t lock;
    struct count *counts; /* under lock */
};

static enum moment moment_of(enum fault_phase phase)
{
    if (phase == FAULT_BEFORE_REQUEST)
        return MOMENT_ACCEPT;
    return phase == FAULT_BEFORE_BODY ? MOMENT_HEADERS : MOMENT_REQUEST;
}

int faults_open(const struct faults_settings *settings, struct faults **ret_faults,
                struct error *err)
{
    struct faults *faults = calloc(1, sizeof(*faults));

    if (!faults)
        return error_no_memory(err);
    faults->settings = *settings;
    pthread_mutex_init(&faults->lock, NULL);
    faults->counts = calloc(COUNT_SLOTS, sizeof(*faults->counts));
    if (!faults->counts) {
        faults_close(faults);
        return error_no_memory(err);
    }
    *ret_faults = faults;
    return 0;
}

void faults_close(struct faults *faults)
{
    if (!faults)
        return;
    pthread_mutex_destroy(&faults->lock);
    free(faults->counts);
    free(faults);
}

static bool belongs(const struct fault *fault, const char *name, size_t len)
{
    const char *class = class_names[fault->class];

    if (len == strlen("every-row") && !memcmp(name, "every-row", len))
        return fault->class != FAULT_STOP;
    if (len > 4 && !memcmp(name, "all-", 4))
        return strlen(class) == len - 4 && !memcmp(name + 4, class, len - 4);
    return strlen(fault->name) == len && !memcmp(name, fault->name, len);
}

static bool parse_probability(const char *text, double *ret_probability)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text)
        return false;
    if (*end == '%') {
        value /= 100;
        end++;
    }
    *ret_probability = value;
    return *end == '\0' && value >= 0 && value <= 1;
}

static bool is_offered(const struct faults *faults, const struct fault *fault)
{
    return faults->settings.tls || fault->effect != EFFECT_NO_TLS;
}

static void give_share(struct faults *faults, const char *name, size_t len, size_t members,
                       double probability)
{
    for (size_t i = 0; i < TABLE_ROWS; i++) {
        if (!belongs(&table[i], name, len) || !is_offered(faults, &table[i]))
            continue;
        faults->share[i] += probability / (double)members;
        faults->total[moment_of(table[i].phase)] += probability / (double)members;
    }
}

int faults_add(struct faults *faults, const char *share, struct error *err)
{
    const char *equals = strchr(share, '=');
    size_t len = equals ? (size_t)(equals - share) : strlen(share);
    double probability = 0;
    size_t members = 0;
    const char *quoted = LOG_QUOTED(share);

    for (size_t i = 0; i < TABLE_ROWS; i++)
        members += belongs(&table[i], share, len) && is_offered(faults, &table[i]);
    if (!members)
        return error_set(err, EXIT_BAD_USAGE,
                         "no such fault: '%s'; --list-faults shows them (some need --tls)", quoted);
    if (!equals || !parse_probability(equals + 1, &probability))
        return error_set(err, EXIT_BAD_USAGE,
                         "'%s' needs a probability from 0 to 1 or 0%% to 100%%, as in NAME=1%%",
                         quoted);
    give_share(faults, share, len, members, probability);
    for (size_t moment = 0; moment < MOMENTS; moment++)
        if (faults->total[moment] > 1 + 1e-9)
            return error_set(err, EXIT_BAD_USAGE, "with '%s' the faults add up to more than 100 %%",
                             quoted);
    return 0;
}

bool faults_any(const struct faults *faults, enum fault_phase phase)
{
    return faults->total[moment_of(phase)] > 0;
}

/* The finalizer of splitmix64: every bit of the input changes about half of the output. */
static uint64_t mix(uint64_t bits)
{
    bits += UINT64_C(0x9e3779b97f4a7c15);
    bits = (bits ^ (bits >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ (bits >> 27)) * UINT64_C(0x94d049bb133111eb);
    return bits ^ (bits >> 31);
}

static uint64_t hash_claim(int64_t workcard_id, const char *claim_order_no)
{
    uint64_t hash = mix((uint64_t)workcard_id);

    for (const char *p = claim_order_no; *p; p++)
        hash = (hash ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
    return mix(hash) | 1;
}

/* Under lock. */
static struct count *find_count(struct faults *faults, uint64_t claim)
{
    struct count *free_one = NULL;

    for (size_t i = 0; i < COUNT_NEIGHBOURS; i++) {
        struct count *count = &faults->counts[(claim / 2 + i) % COUNT_SLOTS];

        if (count->claim == claim)
            return count;
        if (!count->claim && !free_one)
            free_one = count;
    }
    if (!free_one)
        free_one = &faults->counts[(claim / 2) % COUNT_SLOTS];
    *free_one = (struct count){.claim = claim};
    return free_one;
}

static uint64_t count_attempt(struct faults *faults, uint64_t claim)
{
    uint64_t seen;

    if (!faults_any(faults, FAULT_AFTER_BODY))
        return 1;
    pthread_mutex_lock(&faults->lock);
    seen = ++find_count(faults, claim)->seen;
    pthread_mutex_unlock(&faults->lock);
    return seen;
}

void fault_draw_claim(struct faults *faults, int64_t workcard_id, const char *claim_order_no,
                      struct draw *draw)
{
    uint64_t claim = hash_claim(workcard_id, claim_order_no);
    uint64_t attempt = count_attempt(faults, claim);

    if (!draw->attempt)
        draw->attempt = attempt;
    draw->bits = mix(draw->bits ^ mix(faults->settings.seed ^ mix(claim) ^ mix(attempt << 1)));
}

void fault_draw_connection(const struct faults *faults, uint64_t connection, uint64_t request,
                           struct draw *draw)
{
    draw->attempt = connection;
    draw->bits = mix(faults->settings.seed ^ mix(connection) ^ mix(~request));
}

uint64_t fault_draw_number(const struct draw *draw, unsigned salt, uint64_t bound)
{
    return mix(draw->bits ^ mix(salt)) % bound;
}

const struct fault *faults_choose(const struct faults *faults, enum fault_phase phase,
                                  const struct draw *draw)
{
    enum moment moment = moment_of(phase);
    double point = (double)(draw->bits >> 11) / (double)(UINT64_C(1) << 53);

    if (faults->settings.attempts && draw->attempt > faults->settings.attempts)
        return NULL;
    for (size_t i = 0; i < TABLE_ROWS; i++) {
        if (faults->share[i] == 0 || moment_of(table[i].phase) != moment)
            continue;
        if (point < faults->share[i])
            return &table[i];
        point -= faults->share[i];
    }
    return NULL;
}
