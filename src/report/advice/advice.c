#include "report/advice/advice.h"

#include <ctype.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/words/language.h"
#include "gateway/verdict.h"
#include "input/claim/rules.h"
#include "report/tally.h"

#define COUNT(table) (sizeof(table) / sizeof(*(table)))
#define ANY_OUTCOME OUTCOME_COUNT

#define SAME_AGAIN N_("type the same upload again")
#define FIX_EXPORT N_("correct the row in the export and upload it again")
#define ASK_PLATFORM                                                                               \
    N_("ask the platform what became of it, by the time and request_id in the report, then: "      \
       "claimbatch resolve REPORT.csv")
#define STAYS_UNKNOWN N_("the row is unknown and is never sent again by itself")
#define PAUSES                                                                                     \
    N_("the run pauses, probes with one row, and goes on; after --outage-patience it stops with "  \
       "69, and the row is unsent")

/* ---- what is said of an outcome ---- */

static const struct {
    const char *meaning, *fate, *todo;
} outcomes[OUTCOME_COUNT] = {
    [OUTCOME_ACCEPTED] = {N_("the gateway said that it took the claim, with this content"),
                          N_("it is never sent again"), ""},
    [OUTCOME_REJECTED] = {N_("the gateway refused this content"),
                          N_("it is not sent again by itself"),
                          N_("read the gateway's message and correct the row in the export and "
                             "upload it again; where the cause was fixed at the platform: "
                             "claimbatch rerun REPORT.csv --include rejected")},
    [OUTCOME_FAILED] = {N_("surely not executed; its attempts are used up"),
                        N_("the same upload, or rerun, sends it again"), SAME_AGAIN},
    [OUTCOME_UNKNOWN] = {N_("bytes may have left, and no definite answer came"),
                         N_("it is never sent again by itself"), ASK_PLATFORM},
    [OUTCOME_INVALID] = {N_("the row breaks a rule and was not sent"), "", FIX_EXPORT},
    [OUTCOME_SKIPPED] = {N_("not sent in this run; code and message say why and where"), "", ""},
    [OUTCOME_UNSENT] = {N_("the run stopped before it"), N_("the same upload, or rerun, sends it"),
                        SAME_AGAIN},
};

/* ---- codes of ours ---- */

static const struct {
    const char *code;
    enum outcome outcome; /* of a row that has it; ANY_OUTCOME: it is a warning or a count */
    const char *meaning, *fate, *todo;
} rows[] = {
    {"ALREADY_ACCEPTED", OUTCOME_SKIPPED,
     N_("the newest content of this claim that was accepted is the same; the message names run, "
        "row "
        "and time"),
     N_("it was not sent in this run"), ""},
    {"SUPERSEDED", OUTCOME_SKIPPED,
     N_("other content of this claim, from a newer row, was accepted already"),
     N_("it was not sent in this run"),
     N_("nothing, unless this older content is the right one: then export it anew. Where only the "
        "report of a run knows what was accepted: claimbatch import that report")},
    {"DUPLICATE_IN_FILE", OUTCOME_SKIPPED,
     N_("the row before it of this claim in this file has the same content; the message names it"),
     N_("it was not sent, and counts in the exit code as that row does"),
     N_("look at the row that the message names")},
    {"EARLIER_ROW_OPEN", OUTCOME_UNSENT,
     N_("an earlier row of this claim in this file is failed, unsent or unknown, and must come "
        "first"),
     N_("it was not sent"), N_("settle or send the earlier row, then type the same upload again")},
    {"UNSETTLED", OUTCOME_UNKNOWN,
     N_("an earlier attempt of this claim is unknown, and nobody has said what became of it"),
     STAYS_UNKNOWN, ASK_PLATFORM},
    {"RUN_ENDED", OUTCOME_UNKNOWN,
     N_("the run was killed, or the machine went down, before an answer came"), STAYS_UNKNOWN,
     ASK_PLATFORM},
    {"RELEASED", OUTCOME_UNSENT,
     N_("the attempt of this claim that the row waited for is settled now"),
     N_("the same command judges it again"), SAME_AGAIN},
    {"RESOLVED_ACCEPTED", OUTCOME_ACCEPTED,
     N_("a person said that the claim was taken; the message says who and why"),
     N_("it is never sent again"), ""},
    {"RESOLVED_NOT_EXECUTED", OUTCOME_FAILED,
     N_("a person said that the claim was not taken; the message says who and why"),
     N_("the same upload, or rerun, sends it again"), SAME_AGAIN},
    {"HELD_BY_RUN", OUTCOME_UNSENT,
     N_("another run had this claim in flight for longer than --wait-patience; the message says "
        "which"),
     "",
     N_("type the same upload again when that run has ended; where it is stopped: kill -CONT its "
        "process")},
    {"NOT_SENT", OUTCOME_UNSENT,
     N_("the run stopped before the row was sent; the message says what stopped it"), "",
     SAME_AGAIN},
    {"SUSPECT_ANSWER", ANY_OUTCOME,
     N_("warning: bytes that nobody had asked for came behind the answer once the outcome was "
        "recorded, so the answer may be about another row"),
     N_("the outcome stays"), ASK_PLATFORM},
    {TALLY_OTHER_CODE, ANY_OUTCOME,
     N_("no code of a row: further codes, counted together, when a report has very many"), "", ""},

    {"WITHDRAWN", OUTCOME_UNSENT,
     N_("recalled before its request was handed to a connection, because the run stopped or "
        "paused"),
     N_("it uses up no attempt"), SAME_AGAIN},
    {"LOOKUP_FAILED", OUTCOME_UNSENT, N_("the name of the gateway could not be looked up"), PAUSES,
     N_("check the network and --gateway, then type the same upload again")},
    {"CONNECT_FAILED", OUTCOME_UNSENT, N_("no connection to the gateway could be made"), PAUSES,
     N_("check the network and --gateway, then type the same upload again")},
    {"SOCKET_FAILED", OUTCOME_UNSENT,
     N_("this machine has no descriptor or memory left for a connection; the message says which"),
     PAUSES,
     N_("close what holds so many files, raise the limit (ulimit -n, LimitNOFILE= of systemd) or "
        "lower --in-flight, then type the same upload again")},
    {"PROXY_FAILED", OUTCOME_UNSENT, N_("the proxy did not connect to the gateway"), PAUSES,
     N_("check the proxy, then type the same upload again")},
    {"TLS_FAILED", OUTCOME_UNSENT, N_("the TLS handshake with the gateway failed"), PAUSES,
     N_("check what stands between here and the gateway, then type the same upload again")},
    {"CERTIFICATE_REFUSED", OUTCOME_UNSENT,
     N_("the gateway's certificate is wrong, expired, of another host, or not trusted here"),
     N_("the run stops with 69, and the row is unsent"),
     N_("check --gateway, --ca-file and this machine's clock, then type the same upload again")},
    {"CONNECTION_UNCLEAN", OUTCOME_UNSENT,
     N_("a new connection was closed, or bytes came on it that nobody had asked for, before the "
        "request was put on it"),
     PAUSES, N_("check what stands between here and the gateway, then type the same upload again")},
    {"NO_ANSWER", OUTCOME_UNKNOWN, N_("the call ended without an answer"), STAYS_UNKNOWN,
     ASK_PLATFORM},
    {"TIMEOUT", OUTCOME_UNKNOWN,
     N_("no whole answer came within --timeout after the request had left"), STAYS_UNKNOWN,
     ASK_PLATFORM},
    {"CONNECTION_CLOSED", OUTCOME_UNKNOWN,
     N_("the gateway closed the connection without an answer after the request had left"),
     STAYS_UNKNOWN, ASK_PLATFORM},
    {"CONNECTION_RESET", OUTCOME_UNKNOWN,
     N_("the connection broke after the request may have left"), STAYS_UNKNOWN, ASK_PLATFORM},
    {"ANSWER_CUT", OUTCOME_UNKNOWN, N_("the answer ended before its announced end"), STAYS_UNKNOWN,
     ASK_PLATFORM},
    {"ANSWER_CODING", OUTCOME_UNKNOWN, N_("the answer is compressed in a way that cannot be read"),
     STAYS_UNKNOWN, ASK_PLATFORM},
    {"NOT_HTTP", OUTCOME_UNKNOWN, N_("what came back is no HTTP"), STAYS_UNKNOWN, ASK_PLATFORM},
    {"EARLY_ANSWER", OUTCOME_UNKNOWN,
     N_("an answer came before the request had arrived, so it cannot be about it"), STAYS_UNKNOWN,
     ASK_PLATFORM},
    {"ANSWER_EXCESS", OUTCOME_UNKNOWN,
     N_("bytes came behind the end of the answer, so it may be about another row"), STAYS_UNKNOWN,
     ASK_PLATFORM},
    {"ANSWER_REPEATED", OUTCOME_UNKNOWN,
     N_("the answer has the request_id of an earlier one on its connection: something between here "
        "and the gateway repeats answers"),
     STAYS_UNKNOWN, ASK_PLATFORM},
    {"ANSWER_FOLLOWED", OUTCOME_UNKNOWN,
     N_("bytes that nobody had asked for came behind the answer, so it may be about another row"),
     STAYS_UNKNOWN, ASK_PLATFORM},
    {"ANSWER_TOO_LARGE", OUTCOME_UNKNOWN,
     N_("the answer is larger than 1 MiB, or its head than 64 KiB"), STAYS_UNKNOWN, ASK_PLATFORM},
    {"RESEND_REFUSED", OUTCOME_UNKNOWN,
     N_("the connection broke, and the request was not put on a second one: the first may have "
        "been "
        "executed"),
     STAYS_UNKNOWN, ASK_PLATFORM},
    {"CLIENT_FAILED", OUTCOME_UNKNOWN, N_("the HTTP client failed; the message has its words"),
     STAYS_UNKNOWN, ASK_PLATFORM},
    {"ANSWER_EMPTY", OUTCOME_UNKNOWN, N_("the answer is empty"), STAYS_UNKNOWN, ASK_PLATFORM},
    {"ANSWER_XML", OUTCOME_UNKNOWN, N_("the answer is XML though JSON was asked for"),
     STAYS_UNKNOWN, ASK_PLATFORM},
    {"ANSWER_HTML", OUTCOME_UNKNOWN, N_("the answer is a page for people, such as of maintenance"),
     STAYS_UNKNOWN, ASK_PLATFORM},
    {"ANSWER_MALFORMED", OUTCOME_UNKNOWN, N_("the answer is not whole JSON"), STAYS_UNKNOWN,
     ASK_PLATFORM},
    {"ANSWER_SHAPE", OUTCOME_UNKNOWN,
     N_("the answer does not say whether the claim was taken: is_success is missing or unreadable"),
     STAYS_UNKNOWN, ASK_PLATFORM},
    {"ANSWER_PARTS", OUTCOME_UNKNOWN,
     N_("the answer has not one part for each claim of the call, so it does not say which it is "
        "about"),
     STAYS_UNKNOWN, ASK_PLATFORM},
};

/* ---- rules ---- */

static const char *const rules_broken[RULE_COUNT] = {
    [RULE_MISSING_FIELD] = N_("a required field is empty"),
    [RULE_BAD_NUMBER] = N_("not a plain integer"),
    [RULE_NUMBER_RANGE] = N_("a number that is negative, or larger than 64 bits hold"),
    [RULE_BAD_STATUS] =
        N_("claim_status is not 0, 1, 2, 未理赔, 理赔成功, 理赔失败 or a word of --status"),
    [RULE_BAD_TIME] = N_("claim_time is not a real date and time in a form that is taken"),
    [RULE_PAST_TIME] = N_("claim_time is before --oldest-time: it may stand for no date at all"),
    [RULE_BAD_FEE] = N_("claim_fee is not an exact amount in the unit that is declared"),
    [RULE_SUCCESS_WITHOUT_FEE] = N_("claim_status is 1, claim succeeded, and claim_fee is 0"),
    [RULE_REFUSED_WITH_FEE] = N_("claim_status is 2, claim failed, and claim_fee is not 0"),
    [RULE_REFUSED_WITHOUT_REASON] = N_("claim_status is 2, claim failed, and claim_desc is empty"),
    [RULE_UNSETTLED_WITH_FEE] = N_("claim_status is 0, not settled, and claim_fee is not 0"),
    [RULE_REASON_WITHOUT_REFUSAL] = N_("claim_desc is there though claim_status is not 2"),
    [RULE_COUNT_NOT_ONE] = N_("claim_count is not 1"),
    [RULE_FUTURE_TIME] = N_("claim_time is more than 10 minutes ahead of now"),
    [RULE_DATE_ONLY] = N_("claim_time has no time of day; midnight is taken"),
    [RULE_EXCEL_NUMBER] =
        N_("a spreadsheet has damaged the value: scientific notation or a date as "
           "a number"),
    [RULE_EXCEL_ROUNDED_ID] = N_("numbers of more than 15 digits end in zeros where a spreadsheet "
                                 "rounds; an error where more do than chance explains"),
    [RULE_DAMAGED_ORDER_NO] =
        N_("claim_order_no is in a guise (an apostrophe, quotes, an HTML "
           "entity, a name before it, characters that imitate ASCII), cut, "
           "several numbers, none (TRUE, 0, #), or not of --order-no-pattern"),
    [RULE_LOST_TEXT] = N_("a text was lost on its way: nothing but ?, or read in a wrong encoding"),
    [RULE_BACKSLASH_ESCAPE] =
        N_("a text has a backslash as MySQL and Hive escape with, which is sent "
           "as it is"),
    [RULE_CUT_ROW] = N_("a line of too few cells follows: a line break without quotes may have cut "
                        "the row"),
    [RULE_SHIFTED_CELLS] = N_("the amount stands before three digits in the next cell: a grouping "
                              "comma without quotes may have split it"),
    [RULE_CLAMPED_ID] =
        N_("workcard_id is 0, or it or claim_order_no the limit of a type, at which "
           "a program stopped counting"),
    [RULE_PRIVATE_USE_CHARACTER] = N_("a text has private characters, which others cannot read"),
    [RULE_CONTROL_CHARACTER] = N_("a text has control characters"),
    [RULE_TEXT_TOO_LONG] = N_("claim_desc is over 2,000 or claim_order_no over 128 characters"),
    [RULE_COLUMN_COUNT] = N_("the row has more or fewer fields than the header"),
    [RULE_MISSING_FINAL_NEWLINE] =
        N_("no line end follows the last record: the file may be cut, and "
           "is refused"),
    [RULE_CHANGED_SINCE_ACCEPTED] = N_("the claim was accepted before with other content, and this "
                                       "row is newer"),
    [RULE_MAX_FEE] = N_("claim_fee is over --max-fee"),
    [RULE_CHANGED_KEY] = N_("a line of a list of problems is of another claim than in its export"),
};

/* ---- HTTP ---- */

static const struct {
    long first, last;
    const char *shown; /* in the list */
    const char *meaning;
} statuses[] = {
    {429, 429, "HTTP_429", N_("too many requests: the gateway asks to wait")},
    {401, 401, "HTTP_401", N_("access refused")},
    {403, 403, "HTTP_403", N_("access refused, perhaps to this network address")},
    {404, 404, "HTTP_404", N_("there is no such service at this address")},
    {405, 405, "HTTP_405", N_("the service at this address takes no such requests")},
    {413, 413, "HTTP_413", N_("the request is too large for the server")},
    {201, 299, "HTTP_2xx", N_("an answer that a gateway of this kind does not give")},
    {300, 399, "HTTP_3xx", N_("a redirection, which is never followed")},
    {400, 499, "HTTP_4xx",
     N_("the server did not take the request, and does not say how far it came")},
    {500, 599, "HTTP_5xx", N_("the server, or one behind it, failed or is overloaded")},
    {100, 199, "HTTP_1xx", N_("no final answer")},
};

/* ---- the gateway ---- */

#define CHECK_APP N_("check app key and secret")
#define ASK_PERMISSION N_("ask the platform for the permission")
#define NEWER_PROGRAM N_("the program and the gateway do not agree: look for a newer version")

static const struct {
    int64_t first, last;
    const char *shown;
    const char *meaning;
    const char *todo; /* of a run that it stops; NULL: what is usual */
} codes[] = {
    {1, 1, "1", N_("the platform could not serve the call"), NULL},
    {3, 3, "3", N_("an upload failed"), NULL},
    {4, 4, "4", N_("the user's calls are limited"), NULL},
    {5, 5, "5", N_("the session's calls are limited"), NULL},
    {6, 6, "6", N_("the partner's calls are limited"), NULL},
    {7, 7, "7", N_("the app's calls are limited"), NULL},
    {8, 8, "8", N_("the app calls too often"), NULL},
    {9, 9, "9", N_("the HTTP method is not allowed"), NEWER_PROGRAM},
    {10, 10, "10", N_("the service is not available at the moment"), NULL},
    {11, 11, "11", N_("the app has no permission for this call"), ASK_PERMISSION},
    {12, 12, "12", N_("the user has no permission for this call"), ASK_PERMISSION},
    {13, 13, "13", N_("the partner has no permission for this call"), ASK_PERMISSION},
    {15, 15, "15", N_("an error of the service behind the gateway"), NULL},
    {21, 21, "21", N_("the method is missing"), NEWER_PROGRAM},
    {22, 22, "22", N_("the method is not known"), N_("check --gateway")},
    {23, 23, "23", N_("the format is not known"), NEWER_PROGRAM},
    {24, 24, "24", N_("the signature is missing"), NEWER_PROGRAM},
    {25, 25, "25", N_("the signature is wrong"), N_("check app key and secret, and --sign-method")},
    {26, 26, "26", N_("the session is missing"),
     N_("get a session and name it with --session-file")},
    {27, 27, "27", N_("the session is wrong or has expired"), N_("get a new session")},
    {28, 28, "28", N_("the app key is missing"), CHECK_APP},
    {29, 29, "29", N_("the app key is not known"), N_("check app key and secret and --gateway")},
    {30, 30, "30", N_("the timestamp is missing"), NEWER_PROGRAM},
    {31, 31, "31", N_("the timestamp is more than 10 minutes off"),
     N_("set this machine's clock; the message says how far it is off")},
    {32, 32, "32", N_("the version is missing"), NEWER_PROGRAM},
    {33, 33, "33", N_("the version is wrong"), NEWER_PROGRAM},
    {34, 34, "34", N_("the version is not supported"), NEWER_PROGRAM},
    {40, 40, "40", N_("a required value is missing"), NULL},
    {41, 41, "41", N_("a value is wrong"), NULL},
    {42, 42, "42", N_("the call is forbidden"), ASK_PERMISSION},
    {43, 43, "43", N_("a parameter is wrong"), NULL},
    {44, 44, "44", N_("the call is not permitted"), ASK_PERMISSION},
    {47, 47, "47", N_("the encoding is wrong"), NULL},
    {50, 50, "50", N_("an error of the service behind the gateway"), NULL},
    {530, 530, "530", N_("the gateway could not connect to the service behind it"), NULL},
    {100, INT64_MAX, N_("100 and over"), N_("an error of the service behind the gateway"), NULL},
    {0, 99, N_("others under 100"), N_("a code of the platform that this program does not know"),
     N_("ask the platform what the code means")},
};

/* Kinds of sub_codes that make a difference, the more special first. */
static const struct {
    const char *pattern; /* of fnmatch */
    const char *sample;
    int64_t code; /* beside which it usually stands */
    const char *meaning;
} sub_codes[] = {
    {"*limited-by-app-access-count*", "accesscontrol.limited-by-app-access-count", 7,
     N_("the app has used up its calls of the day")},
    {"accesscontrol.limited-by-*", "accesscontrol.limited-by-api-access-count", 7,
     N_("calls come too often, and the gateway bans them for the seconds that its message names")},
    {"isp.call-limited", "isp.call-limited", 15,
     N_("the service behind the gateway takes no more calls for the moment")},
    {"isp.*service-unavailable*", "isp.service-unavailable", 15,
     N_("the service behind the gateway is not available and did not take the call")},
    {"isp.*", "isp.remote-service-error", 15,
     N_("the service behind the gateway failed, perhaps after it had stored the claim")},
    {"isv.missing-parameter*", "isv.missing-parameter", 40, N_("a required value is missing")},
    {"isv.invalid-parameter*", "isv.invalid-parameter", 41, N_("a value is wrong")},
    {"isv.*", "isv.refused", 50,
     N_("the business refused the content: what the caller sends is to be fixed")},
};

/* What the program does about a verdict. */
static const struct {
    enum advice_executed executed;
    const char *fate, *todo;
} fates[] = {
    [VERDICT_ACCEPTED] = {ADVICE_EXECUTED, N_("the row is accepted"), ""},
    [VERDICT_REJECTED] =
        {ADVICE_NOT_EXECUTED, N_("the row is rejected, and not sent again by itself"),
         N_("read the gateway's message and correct the row in the export and upload it again")},
    [VERDICT_UNKNOWN] = {ADVICE_PERHAPS_EXECUTED, STAYS_UNKNOWN, ASK_PLATFORM},
    [VERDICT_AGAIN] =
        {ADVICE_NOT_EXECUTED,
         N_("it is sent again by itself, up to --retries times; then the row is failed"),
         N_("type the same upload again, later")},
    [VERDICT_OUTAGE] = {ADVICE_NOT_EXECUTED, PAUSES, SAME_AGAIN},
    [VERDICT_WITHDRAWN] = {ADVICE_NOT_EXECUTED, N_("it uses up no attempt"), SAME_AGAIN},
    [VERDICT_BAN] = {ADVICE_NOT_EXECUTED,
                     N_("nobody sends until the ban is over, then one row probes; a ban over 10 "
                        "minutes, or 10 in a row, stops the run with 75"),
                     N_("lower --rate or --in-flight if it comes often; after a stop type the same "
                        "upload again when the ban is over")},
    [VERDICT_QUOTA] = {ADVICE_NOT_EXECUTED, N_("the run stops with 75, and the row is unsent"),
                       N_("type the same upload again after 00:00 Beijing time")},
    [VERDICT_STOP] = {ADVICE_NOT_EXECUTED, N_("the run stops, and the row is unsent"),
                      N_("fix the cause, then type the same upload again")},
    [VERDICT_UNKNOWN_STOP] =
        {ADVICE_PERHAPS_EXECUTED,
         N_("the run stops; the row is unknown and is never sent again by itself"), ASK_PLATFORM},
};

/* ---- why a run stopped ---- */

static const struct {
    const char *because, *meaning, *todo;
} stops[] = {
    {"limit", N_("--limit was reached"),
     N_("look at the report; then the same upload without --limit")},
    {"max-failures", N_("more rows than --max-failures allows were rejected, failed or unknown"),
     N_("look at their messages, then type the same upload again")},
    {"require-valid", N_("rows are invalid, and --require-valid was given: nothing was sent"),
     N_("fix the export: claimbatch check CLAIMS.csv shows what is wrong")},
    {"max-changed",
     N_("more claims than --max-changed allows were accepted before with other content: nothing "
        "was "
        "sent"),
     N_("look at unit, columns and export; if the changes are meant, raise --max-changed")},
    {"all-rejected", N_("the first 100 answers were all rejections"),
     N_("look at the gateway's messages before more is sent")},
    {"outage", N_("the gateway could not be reached for as long as --outage-patience"),
     N_("check the network and --gateway, then type the same upload again")},
    {"no-definite-answers",
     N_("the gateway gave no definite answer for as long as --outage-patience: perhaps "
        "maintenance"),
     N_("type the same upload again when the gateway works again; unknown rows are listed by: "
        "claimbatch status")},
    {"ban", N_("the gateway banned this app key for over 10 minutes, or 10 times in a row"),
     N_("type the same upload again when the ban is over, with a lower --rate")},
    {"quota", N_("the quota of calls of the day is used up"),
     N_("type the same upload again after 00:00 Beijing time")},
    {"gateway",
     N_("an answer of the gateway allows no further sending; it is in the rows' messages"),
     N_("fix the cause, then type the same upload again")},
    {"signal", N_("a person or the system asked for the stop"), SAME_AGAIN},
    {"interrupted",
     N_("the program was killed, or the machine went down, before it could end by itself"),
     N_("type the same upload again: it goes on where it ended")},
    {"held-by-run",
     N_("rows were not sent because another run had their claims in flight for longer than "
        "--wait-patience"),
     N_("type the same upload again when that run has ended")},
    {"export-changed",
     N_("the export was written to or replaced during the run; what came since is in no report"),
     N_("let whatever writes it finish, then type the same upload again")},
    {"disk-full", N_("the disk of the ledger is full; what was in flight is recorded"),
     N_("make room, then type the same upload again")},
    {"ledger-gone",
     N_("the ledger or its log was removed, moved or replaced while it was in use; what was in "
        "flight is in the report"),
     N_("bring the ledger back, or make a new one and teach it the report: claimbatch import; "
        "then type the same upload again")},
    {"error", N_("the program could not go on; it said why on standard error"),
     N_("fix the cause, then type the same upload again")},
};

static const struct {
    int code;
    const char *shown, *meaning, *todo;
} exits[] = {
    {EXIT_COMPLETE, "0", N_("every row is accepted or skipped; nothing disagrees"), ""},
    {EXIT_ROWS_BAD, "1",
     N_("finished; some rows are rejected, failed or invalid. Of check: some rows are invalid. Of "
        "audit and status --verify: something disagrees"),
     N_("the last lines on standard error name the next command")},
    {EXIT_BAD_USAGE, "2", N_("wrong usage"), N_("claimbatch COMMAND --help lists the options")},
    {EXIT_ROWS_UNKNOWN, "3", N_("finished; some rows are unknown"), ASK_PLATFORM},
    {EXIT_STOPPED, "4",
     N_("stopped by --max-failures, --max-changed, --limit or --require-valid, or because the "
        "first "
        "100 answers were all rejections"),
     N_("look at the report, then type the same upload again")},
    {EXIT_INPUT_REFUSED, "65", N_("the input is refused; nothing was sent"),
     N_("fix the file as the message says")},
    {EXIT_INPUT_MISSING, "66", N_("the input cannot be opened; nothing was sent"),
     N_("check its name")},
    {EXIT_UNREACHABLE, "69",
     N_("the gateway cannot be reached, its certificate is wrong, or it gives no definite answers; "
        "nothing more was sent"),
     N_("check the network and --gateway, then type the same upload again")},
    {EXIT_INTERNAL, "70", N_("an internal error"),
     N_("type the same upload again; it is always safe")},
    {EXIT_RESOURCES, "71", N_("out of memory or threads"),
     N_("type the same upload again with a lower --in-flight")},
    {EXIT_CANNOT_CREATE, "73", N_("the report or the ledger cannot be created"),
     N_("check the place that the message names")},
    {EXIT_CANNOT_WRITE, "74", N_("the report or the ledger cannot be written"),
     N_("make room or fix the disk, then type the same upload again")},
    {EXIT_TRY_LATER, "75",
     N_("try later: quota used up, a long ban, or another process is at work on the same"),
     N_("type the same upload again at the time that the message names")},
    {EXIT_NOT_PERMITTED, "77", N_("the gateway refuses app key, signature, session or permission"),
     N_("fix what the message names, then type the same upload again")},
    {EXIT_BAD_CONFIG, "78",
     N_("wrong configuration, secret file refused, or another ledger, platform or reading"),
     N_("fix what the message names")},
    {129, "129", N_("SIGHUP, after a clean stop"), SAME_AGAIN},
    {130, "130", N_("SIGINT, after a clean stop"), SAME_AGAIN},
    {143, "143", N_("SIGTERM, after a clean stop"), SAME_AGAIN},
};

const char *advice_kind_name(enum advice_kind kind)
{
    static const char *const names[ADVICE_KIND_COUNT] = {
        [ADVICE_OUTCOME] = N_("outcome"),
        [ADVICE_ROW] = N_("code of a row"),
        [ADVICE_RULE] = N_("rule"),
        [ADVICE_HTTP] = N_("HTTP status"),
        [ADVICE_GATEWAY] = N_("code of the gateway"),
        [ADVICE_SUB_CODE] = N_("sub_code of the gateway"),
        [ADVICE_STOP] = N_("why a run stopped"),
        [ADVICE_EXIT] = N_("exit code"),
    };

    return _(names[kind]);
}

const char *advice_executed_name(enum advice_executed executed)
{
    static const char *const names[] = {N_("no"), N_("perhaps"), N_("yes"), ""};

    return _(names[executed]);
}

/* ---- filling in ---- */

static void fill(struct advice *advice, enum advice_kind kind, const char *code,
                 const char *meaning, enum advice_executed executed)
{
    *advice = (struct advice){.kind = kind,
                              .sub_code = "",
                              .meaning = meaning,
                              .executed = executed,
                              .fate = "",
                              .todo = ""};
    snprintf(advice->code, sizeof(advice->code), "%s", code);
}

/* What a person reads of it, in his language. */
static bool translate(struct advice *advice)
{
    advice->meaning = _(advice->meaning);
    advice->fate = _(advice->fate);
    advice->todo = _(advice->todo);
    return true;
}

static enum advice_executed executed_by(enum outcome outcome)
{
    return outcome == OUTCOME_ACCEPTED  ? ADVICE_EXECUTED
           : outcome == OUTCOME_UNKNOWN ? ADVICE_PERHAPS_EXECUTED
           : outcome == ANY_OUTCOME     ? ADVICE_NO_ROW
                                        : ADVICE_NOT_EXECUTED;
}

static void fill_outcome(enum outcome outcome, struct advice *advice)
{
    fill(advice, ADVICE_OUTCOME, outcome_name(outcome), outcomes[outcome].meaning,
         executed_by(outcome));
    advice->fate = outcomes[outcome].fate;
    advice->todo = outcomes[outcome].todo;
}

static void fill_row(size_t i, struct advice *advice)
{
    fill(advice, ADVICE_ROW, rows[i].code, rows[i].meaning, executed_by(rows[i].outcome));
    advice->fate = rows[i].fate;
    advice->todo = rows[i].todo;
}

static void fill_rule(enum rule rule, struct advice *advice)
{
    struct rules defaults;

    rules_init(&defaults);
    fill(advice, ADVICE_RULE, rule_code(rule), rules_broken[rule], ADVICE_NOT_EXECUTED);
    advice->todo = FIX_EXPORT;
    if (rule_is_fixed(rule)) {
        advice->fate = _("the row is invalid and is never sent");
        return;
    }
    advice->fate = defaults.severity[rule] == SEVERITY_ERROR
                       ? _("the row is invalid and is never sent; --rule can make it a warning")
                       : _("a warning: the row is sent; --rule can make it an error");
    if (defaults.severity[rule] == SEVERITY_ERROR)
        return;
    advice->executed = ADVICE_NO_ROW;
    advice->todo = _("see that the value is meant");
}

static void fill_verdict(const struct verdict *verdict, struct advice *advice)
{
    advice->executed = fates[verdict->kind].executed;
    advice->fate = fates[verdict->kind].fate;
    advice->todo = fates[verdict->kind].todo;
    if (verdict->kind == VERDICT_STOP)
        advice->fate = verdict->exit_code == EXIT_NOT_PERMITTED
                           ? _("the run stops with 77, and the row is unsent")
                           : _("the run stops with 69, and the row is unsent");
}

/* ---- what the gateway's answers mean, asked of the table of verdicts ---- */

static void judge_status(long status, struct verdict *ret_verdict)
{
    const struct verdict_settings settings = {0};
    const struct exchange exchange = {
        .phase = PHASE_ANSWERED, .http_status = status, .retry_after_s = -1, .server_ms = -1};
    const struct answer answer = {0};

    verdict_judge(&settings, &exchange, &answer, ret_verdict);
}

static void judge_code(int64_t code, const char *sub_code, struct verdict *ret_verdict)
{
    const struct verdict_settings settings = {0};
    const struct exchange exchange = {
        .phase = PHASE_ANSWERED, .http_status = 200, .retry_after_s = -1, .server_ms = -1};
    struct answer answer = {.kind = ANSWER_ERROR, .code = code, .ban_s = -1};

    snprintf(answer.sub_code, sizeof(answer.sub_code), "%s", sub_code);
    verdict_judge(&settings, &exchange, &answer, ret_verdict);
}

static bool is_same_verdict(const struct verdict *a, const struct verdict *b)
{
    return a->kind == b->kind && a->exit_code == b->exit_code;
}

/* 200 has no entry: what counts then is in the answer. */
static bool find_status(long status, size_t *ret_i)
{
    for (size_t i = 0; i < COUNT(statuses); i++) {
        *ret_i = i;
        if (status >= statuses[i].first && status <= statuses[i].last)
            return true;
    }
    return false;
}

static void fill_status(size_t i, long status, const char *shown, struct verdict *verdict,
                        struct advice *advice)
{
    judge_status(status, verdict);
    fill(advice, ADVICE_HTTP, shown, statuses[i].meaning, ADVICE_NO_ROW);
    fill_verdict(verdict, advice);
    if (verdict->kind == VERDICT_STOP)
        advice->todo = N_(
            "check --gateway and what stands between here and it, then type the same upload again");
}

static size_t find_code(int64_t code)
{
    size_t i = 0;

    while (i < COUNT(codes) - 1 && (code < codes[i].first || code > codes[i].last))
        i++;
    return i;
}

static void fill_code(size_t i, const char *shown, const char *pattern,
                      const struct verdict *verdict, struct advice *advice)
{
    fill(advice, ADVICE_GATEWAY, shown, codes[i].meaning, ADVICE_NO_ROW);
    fill_verdict(verdict, advice);
    advice->sub_code = pattern;
    if (codes[i].todo && verdict->kind == VERDICT_STOP)
        advice->todo = codes[i].todo;
}

/* Whether a more general kind of sub_code, or any other, has the same verdict beside this code. */
static bool is_covered(int64_t code, size_t k, const struct verdict *verdict)
{
    struct verdict general;

    for (size_t g = k + 1; g < COUNT(sub_codes); g++) {
        if (fnmatch(sub_codes[g].pattern, sub_codes[k].sample, 0) != 0)
            continue;
        judge_code(code, sub_codes[g].sample, &general);
        return is_same_verdict(verdict, &general);
    }
    judge_code(code, "", &general);
    return is_same_verdict(verdict, &general);
}

/* The i-th kind of sub_code that makes a difference beside this code; the last is any other. */
static bool kind_of_code(int64_t code, const char *shown, size_t i, struct advice *advice)
{
    struct verdict verdict;

    for (size_t k = 0; k < COUNT(sub_codes); k++) {
        judge_code(code, sub_codes[k].sample, &verdict);
        if (is_covered(code, k, &verdict) || i-- > 0)
            continue;
        fill_code(find_code(code), shown, sub_codes[k].pattern, &verdict, advice);
        return true;
    }
    if (i > 0)
        return false;
    judge_code(code, "", &verdict);
    fill_code(find_code(code), shown, "", &verdict, advice);
    return true;
}

static bool find_sub_code(const char *sub_code, size_t *ret_i)
{
    for (size_t i = 0; i < COUNT(sub_codes); i++) {
        *ret_i = i;
        if (fnmatch(sub_codes[i].pattern, sub_code, FNM_CASEFOLD) == 0)
            return true;
    }
    return false;
}

static void fill_sub_code(size_t i, const char *shown, const char *sub_code, struct advice *advice)
{
    struct verdict verdict;

    judge_code(sub_codes[i].code, sub_code, &verdict);
    fill(advice, ADVICE_SUB_CODE, shown, sub_codes[i].meaning, ADVICE_NO_ROW);
    fill_verdict(&verdict, advice);
}

/* ---- of a line of a report ---- */

/* Whether a row that was judged so may end with this outcome. */
static bool fits(enum verdict_kind kind, enum outcome outcome)
{
    switch (kind) {
    case VERDICT_ACCEPTED:
        return outcome == OUTCOME_ACCEPTED;
    case VERDICT_REJECTED:
        return outcome == OUTCOME_REJECTED;
    case VERDICT_UNKNOWN:
    case VERDICT_UNKNOWN_STOP:
        return outcome == OUTCOME_UNKNOWN;
    case VERDICT_AGAIN:
    case VERDICT_OUTAGE:
    case VERDICT_WITHDRAWN:
    case VERDICT_BAN:
    case VERDICT_QUOTA:
    case VERDICT_STOP:
        break;
    }
    return outcome == OUTCOME_FAILED || outcome == OUTCOME_UNSENT;
}

static bool parse_number(const char *word, int64_t *ret_number)
{
    size_t len = strlen(word);

    if (!len || len > 18 || strspn(word, "0123456789") != len)
        return false;
    *ret_number = strtoll(word, NULL, 10);
    return true;
}

static bool of_our_code(const char *code, enum outcome outcome, struct advice *advice)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        if (strcmp(rows[i].code, code) == 0 &&
            (rows[i].outcome == outcome || rows[i].outcome == ANY_OUTCOME)) {
            fill_row(i, advice);
            return true;
        }
    for (int i = 0; i < RULE_COUNT && outcome == OUTCOME_INVALID; i++)
        if (strcmp(rule_code((enum rule)i), code) == 0) {
            fill_rule((enum rule)i, advice);
            return true;
        }
    return false;
}

static bool of_status(const char *code, enum outcome outcome, struct advice *advice)
{
    struct verdict verdict;
    int64_t status;
    size_t i;

    if (strncmp(code, "HTTP_", 5) != 0 || !parse_number(code + 5, &status) ||
        !find_status((long)status, &i))
        return false;
    fill_status(i, (long)status, code, &verdict, advice);
    return fits(verdict.kind, outcome);
}

static bool of_gateway(const char *code, const char *sub_code, enum outcome outcome,
                       struct advice *advice)
{
    struct verdict verdict;
    int64_t number;
    size_t i;

    if (!parse_number(code, &number))
        return false;
    judge_code(number, sub_code, &verdict);
    fill_code(find_code(number), code, "", &verdict, advice);
    if (*sub_code && find_sub_code(sub_code, &i)) {
        advice->sub_code = sub_codes[i].pattern;
        advice->meaning = sub_codes[i].meaning;
    }
    return fits(verdict.kind, outcome);
}

void advice_find(const char *code, const char *sub_code, enum outcome outcome,
                 struct advice *ret_advice)
{
    if (!of_our_code(code, outcome, ret_advice) && !of_status(code, outcome, ret_advice) &&
        !of_gateway(code, sub_code, outcome, ret_advice))
        fill_outcome(outcome, ret_advice);
    translate(ret_advice);
}

/* ---- of a word ---- */

static bool is_same_word(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        char x = *a == '-' ? '_' : (char)tolower((unsigned char)*a);
        char y = *b == '-' ? '_' : (char)tolower((unsigned char)*b);

        if (x != y)
            return false;
    }
    return *a == *b;
}

static bool name_matches(const char *word, const char *name)
{
    return !word || is_same_word(word, name);
}

/* The i-th entry whose name is the word, or of all if that is NULL. Each part of the list takes
 * from *i what it has. */
static bool named_outcome(const char *word, size_t *i, struct advice *advice)
{
    for (int k = 0; k < OUTCOME_COUNT; k++)
        if (name_matches(word, outcome_name((enum outcome)k)) && (*i)-- == 0) {
            fill_outcome((enum outcome)k, advice);
            return true;
        }
    return false;
}

static bool named_row(const char *word, size_t *i, struct advice *advice)
{
    for (size_t k = 0; k < COUNT(rows); k++)
        if (name_matches(word, rows[k].code) && (*i)-- == 0) {
            fill_row(k, advice);
            return true;
        }
    return false;
}

static bool named_rule(const char *word, size_t *i, struct advice *advice)
{
    for (int k = 0; k < RULE_COUNT; k++)
        if (name_matches(word, rule_code((enum rule)k)) && (*i)-- == 0) {
            fill_rule((enum rule)k, advice);
            return true;
        }
    return false;
}

static bool named_status(const char *word, size_t *i, struct advice *advice)
{
    struct verdict verdict;

    for (size_t k = 0; k < COUNT(statuses); k++)
        if (name_matches(word, statuses[k].shown) && (*i)-- == 0) {
            fill_status(k, statuses[k].last, statuses[k].shown, &verdict, advice);
            return true;
        }
    return false;
}

static bool named_code(size_t *i, struct advice *advice)
{
    for (size_t k = 0; k < COUNT(codes); k++) {
        int64_t code = codes[k].first;
        struct verdict verdict;

        if ((*i)-- > 0)
            continue;
        judge_code(code, "", &verdict);
        fill_code(k, codes[k].shown, "", &verdict, advice);
        return true;
    }
    return false;
}

static bool named_sub_code(size_t *i, struct advice *advice)
{
    for (size_t k = 0; k < COUNT(sub_codes); k++)
        if ((*i)-- == 0) {
            fill_sub_code(k, sub_codes[k].pattern, sub_codes[k].sample, advice);
            return true;
        }
    return false;
}

static bool named_stop(const char *word, size_t *i, struct advice *advice)
{
    for (size_t k = 0; k < COUNT(stops); k++)
        if (name_matches(word, stops[k].because) && (*i)-- == 0) {
            fill(advice, ADVICE_STOP, stops[k].because, stops[k].meaning, ADVICE_NO_ROW);
            advice->todo = stops[k].todo;
            return true;
        }
    return false;
}

static bool named_exit(const char *word, size_t *i, struct advice *advice)
{
    for (size_t k = 0; k < COUNT(exits); k++)
        if (name_matches(word, exits[k].shown) && (*i)-- == 0) {
            fill(advice, ADVICE_EXIT, exits[k].shown, exits[k].meaning, ADVICE_NO_ROW);
            advice->todo = exits[k].todo;
            return true;
        }
    return false;
}

bool advice_at(size_t i, struct advice *ret_advice)
{
    return (named_outcome(NULL, &i, ret_advice) || named_row(NULL, &i, ret_advice) ||
            named_rule(NULL, &i, ret_advice) || named_status(NULL, &i, ret_advice) ||
            named_code(&i, ret_advice) || named_sub_code(&i, ret_advice) ||
            named_stop(NULL, &i, ret_advice) || named_exit(NULL, &i, ret_advice)) &&
           translate(ret_advice);
}

/* 503, HTTP_503 or http-503. */
static bool numbered_status(const char *word, size_t *i, struct advice *advice)
{
    bool has_name = strncasecmp(word, "http", 4) == 0;
    struct verdict verdict;
    char shown[16];
    int64_t status;
    size_t k;

    if (!parse_number(has_name ? word + 4 + (word[4] != '\0') : word, &status) ||
        !find_status((long)(status > 999 ? 0 : status), &k) || (*i)-- > 0)
        return false;
    snprintf(shown, sizeof(shown), "HTTP_%d", (int)status);
    fill_status(k, (long)status, shown, &verdict, advice);
    return true;
}

static bool numbered_code(const char *word, size_t i, struct advice *advice)
{
    int64_t code;

    return parse_number(word, &code) && kind_of_code(code, word, i, advice);
}

static bool written_sub_code(const char *word, size_t *i, struct advice *advice)
{
    size_t k;

    if (!strpbrk(word, ".*") || !find_sub_code(word, &k) || (*i)-- > 0)
        return false;
    fill_sub_code(k, word, strchr(word, '*') ? sub_codes[k].sample : word, advice);
    return true;
}

bool advice_meaning(const char *word, size_t i, struct advice *ret_advice)
{
    return (named_outcome(word, &i, ret_advice) || named_row(word, &i, ret_advice) ||
            named_rule(word, &i, ret_advice) || named_status(word, &i, ret_advice) ||
            named_stop(word, &i, ret_advice) || named_exit(word, &i, ret_advice) ||
            written_sub_code(word, &i, ret_advice) || numbered_status(word, &i, ret_advice) ||
            numbered_code(word, i, ret_advice)) &&
           translate(ret_advice);
}

const char *advice_word(size_t i)
{
    if (i < OUTCOME_COUNT)
        return outcome_name((enum outcome)i);
    i -= OUTCOME_COUNT;
    if (i < COUNT(rows))
        return rows[i].code;
    i -= COUNT(rows);
    if (i < RULE_COUNT)
        return rule_code((enum rule)i);
    i -= RULE_COUNT;
    if (i < COUNT(sub_codes))
        return sub_codes[i].sample;
    i -= COUNT(sub_codes);
    return i < COUNT(stops) ? stops[i].because : NULL;
}
