/* What is said of each outcome, code and ending. */
#include "advice_part.h"
#include "base/error.h"
#include "base/words/language.h"
#include "report/tally.h"

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

#define SAME_AGAIN N_("type the same upload again")
#define AFTER_MIDNIGHT N_("type the same upload again after 00:00 Beijing time")
#define FIX_CAUSE N_("fix the cause, then type the same upload again")
#define ASK_PLATFORM                                                                               \
    N_("ask the platform what became of it, by the time and request_id in the report, then: "      \
       "claimbatch resolve REPORT.csv")
#define STAYS_UNKNOWN N_("the row is unknown and is never sent again by itself")
#define PAUSES                                                                                     \
    N_("the run pauses, probes with one row, and goes on; after --outage-patience it stops with "  \
       "69, and the row is unsent")

/* ---- what is said of an outcome ---- */

const struct advice_outcome advice_outcomes[OUTCOME_COUNT] = {
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
    [OUTCOME_INVALID] = {N_("the row breaks a rule and was not sent"), "", ADVICE_FIX_EXPORT},
    [OUTCOME_SKIPPED] = {N_("not sent in this run; code and message say why and where"), "", ""},
    [OUTCOME_UNSENT] = {N_("the run stopped before it"), N_("the same upload, or rerun, sends it"),
                        SAME_AGAIN},
};

/* ---- codes of ours ---- */

const struct advice_row advice_rows[] = {
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
    {"SUSPECT_ANSWER", ADVICE_ANY_OUTCOME,
     N_("warning: bytes that nobody had asked for came behind the answer once the outcome was "
        "recorded, so the answer may be about another row"),
     N_("the outcome stays"), ASK_PLATFORM},
    {TALLY_OTHER_CODE, ADVICE_ANY_OUTCOME,
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
    {"NO_HTTP2", OUTCOME_UNSENT,
     N_("the gateway, or what stands before it, does not offer HTTP/2, and --http 2 takes nothing "
        "else"),
     N_("the run stops with 69, and the row is unsent"),
     N_("type the same upload again with --http auto or --http 1.1")},
    {"STREAM_REFUSED", OUTCOME_FAILED,
     N_("the gateway ended its connection of HTTP/2, or had too many requests on it, before it "
        "looked at this one"),
     N_("it is sent again by itself, up to --retries times; then the row is failed"), SAME_AGAIN},
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
    {"HTTP1_REQUIRED", OUTCOME_UNKNOWN,
     N_("the gateway asks for HTTP/1.1, and does not say whether it has executed the request"),
     STAYS_UNKNOWN, N_("ask the platform what became of it; from now on take --http 1.1")},
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

const char *const advice_rules[RULE_COUNT] = {
    [RULE_MISSING_FIELD] = N_("a required field is empty"),
    [RULE_BAD_NUMBER] = N_("not a plain integer"),
    [RULE_NUMBER_RANGE] = N_("a number that is negative, or larger than 64 bits hold"),
    [RULE_BAD_STATUS] =
        N_("claim_status is not 0, 1, 2, 未理赔, 理赔成功, 理赔失败 or a word of --status"),
    [RULE_BAD_TIME] = N_("claim_time is not a real date and time in a form that is taken"),
    [RULE_PAST_TIME] = N_("claim_time is before --oldest-time: it may stand for no date at all"),
    [RULE_BAD_FEE] =
        N_("claim_fee is not an exact amount in the unit that is declared, or may be in "
           "yuan although it is read as fen"),
    [RULE_SUCCESS_WITHOUT_FEE] = N_("claim_status is 1, claim succeeded, and claim_fee is 0"),
    [RULE_REFUSED_WITH_FEE] = N_("claim_status is 2, claim failed, and claim_fee is not 0"),
    [RULE_REFUSED_WITHOUT_REASON] =
        N_("claim_status is 2, claim failed, and claim_desc is empty or says nothing"),
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
    [RULE_DAMAGED_ORDER_NO] = N_("claim_order_no is in a guise (an apostrophe, quotes, an HTML "
                                 "entity, a name before it, characters that imitate ASCII), cut, "
                                 "several numbers, with a line break or tab inside, none (TRUE, 0, "
                                 "#), or not of --order-no-pattern"),
    [RULE_LOST_TEXT] = N_("a text was lost on its way: nothing but ?, or read in a wrong encoding"),
    [RULE_BACKSLASH_ESCAPE] =
        N_("a text has a backslash as MySQL and Hive escape with, which is sent "
           "as it is"),
    [RULE_CUT_ROW] = N_("a line of too few cells follows: a line break without quotes may have cut "
                        "the row; or other rows stand in a cell of it, for a quote was not closed"),
    [RULE_SHIFTED_CELLS] = N_("the amount stands before two or three digits in the next cell: a "
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

const struct advice_status advice_statuses[] = {
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

const struct advice_code advice_codes[] = {
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
const struct advice_sub_code advice_sub_codes[] = {
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
const struct advice_fate advice_fates[] = {
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
                       AFTER_MIDNIGHT},
    [VERDICT_STOP] = {ADVICE_NOT_EXECUTED, N_("the run stops, and the row is unsent"), FIX_CAUSE},
    [VERDICT_UNKNOWN_STOP] =
        {ADVICE_PERHAPS_EXECUTED,
         N_("the run stops; the row is unknown and is never sent again by itself"), ASK_PLATFORM},
};

/* ---- why a run stopped ---- */

const struct advice_stop advice_stops[] = {
    {"limit", N_("--limit was reached"),
     N_("look at the report; then the same upload without --limit")},
    {"max-failures", N_("more rows than --max-failures allows were rejected, failed or unknown"),
     N_("look at their messages, then type the same upload again")},
    {"require-valid", N_("rows are invalid, and --require-valid was given: nothing was sent"),
     N_("fix the export: claimbatch check CLAIMS.csv shows what is wrong")},
    {"max-changed",
     N_("more claims than --max-changed allows were accepted with other content, before this start "
        "or by another run meanwhile: nothing more was sent"),
     N_("look at unit, columns and export; if the changes are meant, raise --max-changed")},
    {"order-no-alike",
     N_("claims were sent before under another spelling of their numbers: nothing was sent"),
     N_("export numbers as they were, as text; if they are others: --rule damaged-order-no=warn")},
    {"other-work-order", N_("numbers were sent before with other work orders: nothing was sent"),
     N_("look at work orders and numbers; if they are other claims: --rule damaged-order-no=warn")},
    {"other-order-no", N_("claims were sent before with other numbers: nothing was sent"),
     N_("export numbers as they were, as text; if they are others: --rule damaged-order-no=warn")},
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
    {"quota", N_("the quota of calls of the day is used up"), AFTER_MIDNIGHT},
    {"gateway",
     N_("an answer of the gateway allows no further sending; it is in the rows' messages"),
     FIX_CAUSE},
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
    {"error", N_("the program could not go on; it said why on standard error"), FIX_CAUSE},
};

const struct advice_exit advice_exits[] = {
    {EXIT_COMPLETE, "0", N_("every row is accepted or skipped; nothing disagrees"), ""},
    {EXIT_ROWS_BAD, "1",
     N_("finished; some rows are rejected, failed or invalid. Of check: some rows are invalid. Of "
        "audit and status --verify: something disagrees"),
     N_("the last lines on standard error name the next command")},
    {EXIT_BAD_USAGE, "2", N_("wrong usage"), N_("claimbatch COMMAND --help lists the options")},
    {EXIT_ROWS_UNKNOWN, "3", N_("finished; some rows are unknown"), ASK_PLATFORM},
    {EXIT_STOPPED, "4",
     N_("stopped by --max-failures, --max-changed, --limit or --require-valid, or because the "
        "first 100 answers were all rejections"),
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
     N_("try later: quota used up, a long ban, another process is at work on the same file, the "
        "file still changes, or it is the export of an earlier day (--expect-new)"),
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

const size_t advice_row_count = COUNT(advice_rows);
const size_t advice_status_count = COUNT(advice_statuses);
const size_t advice_code_count = COUNT(advice_codes);
const size_t advice_sub_code_count = COUNT(advice_sub_codes);
const size_t advice_stop_count = COUNT(advice_stops);
const size_t advice_exit_count = COUNT(advice_exits);
