#include "header.h"

#include <string.h>

#include "base/character.h"
#include "base/words/language.h"

#define PLAIN_BYTES 256 /* of a header without what does not count; a longer one is not known */

/* Protocol section 4. */
static const struct {
    const char *name;
    enum field field;
} known[] = {
    {"workcard_id", FIELD_WORKCARD_ID}, {"工单ID", FIELD_WORKCARD_ID},
    {"工单号", FIELD_WORKCARD_ID},      {"工单编号", FIELD_WORKCARD_ID},
    {"服务工单号", FIELD_WORKCARD_ID},  {"claim_desc", FIELD_CLAIM_DESC},
    {"理赔描述", FIELD_CLAIM_DESC},     {"拒赔原因", FIELD_CLAIM_DESC},
    {"拒绝理赔原因", FIELD_CLAIM_DESC}, {"拒绝原因", FIELD_CLAIM_DESC},
    {"claim_count", FIELD_CLAIM_COUNT}, {"理赔单数量", FIELD_CLAIM_COUNT},
    {"理赔数量", FIELD_CLAIM_COUNT},    {"claim_order_no", FIELD_CLAIM_ORDER_NO},
    {"理赔单号", FIELD_CLAIM_ORDER_NO}, {"claim_status", FIELD_CLAIM_STATUS},
    {"理赔状态", FIELD_CLAIM_STATUS},   {"claim_time", FIELD_CLAIM_TIME},
    {"理赔时间", FIELD_CLAIM_TIME},     {"claim_fee", FIELD_CLAIM_FEE},
    {"理赔金额", FIELD_CLAIM_FEE},
};

/* Names that may be meant for a field, but mean other things in other offices. */
static const struct {
    const char *name;
    enum field field;
} similar[] = {
    {"备注", FIELD_CLAIM_DESC},         {"原因", FIELD_CLAIM_DESC},
    {"拒赔说明", FIELD_CLAIM_DESC},     {"说明", FIELD_CLAIM_DESC},
    {"工单", FIELD_WORKCARD_ID},        {"工单流水号", FIELD_WORKCARD_ID},
    {"服务单号", FIELD_WORKCARD_ID},    {"服务单", FIELD_WORKCARD_ID},
    {"赔案号", FIELD_CLAIM_ORDER_NO},   {"案件号", FIELD_CLAIM_ORDER_NO},
    {"报案号", FIELD_CLAIM_ORDER_NO},   {"理赔号", FIELD_CLAIM_ORDER_NO},
    {"理赔编号", FIELD_CLAIM_ORDER_NO}, {"单号", FIELD_CLAIM_ORDER_NO},
    {"状态", FIELD_CLAIM_STATUS},       {"案件状态", FIELD_CLAIM_STATUS},
    {"理赔结果", FIELD_CLAIM_STATUS},   {"结案状态", FIELD_CLAIM_STATUS},
    {"时间", FIELD_CLAIM_TIME},         {"日期", FIELD_CLAIM_TIME},
    {"理赔日期", FIELD_CLAIM_TIME},     {"结案时间", FIELD_CLAIM_TIME},
    {"结案日期", FIELD_CLAIM_TIME},     {"赔付时间", FIELD_CLAIM_TIME},
    {"金额", FIELD_CLAIM_FEE},          {"赔付金额", FIELD_CLAIM_FEE},
    {"赔款", FIELD_CLAIM_FEE},          {"赔款金额", FIELD_CLAIM_FEE},
    {"赔付款", FIELD_CLAIM_FEE},        {"数量", FIELD_CLAIM_COUNT},
    {"单数", FIELD_CLAIM_COUNT},        {"理赔单数", FIELD_CLAIM_COUNT},
};

/* Words for units, in the form that `plain` gives. A longer one comes before those in it. */
static const struct {
    const char *word;
    enum unit_said unit;
} units[] = {
    {"人民币元", UNIT_SAYS_YUAN}, {"元人民币", UNIT_SAYS_YUAN},  {"人民币", UNIT_SAYS_YUAN},
    {"百万元", UNIT_SAYS_OTHER},  {"百万", UNIT_SAYS_OTHER},     {"百萬", UNIT_SAYS_OTHER},
    {"十元", UNIT_SAYS_OTHER},    {"拾元", UNIT_SAYS_OTHER},     {"佰元", UNIT_SAYS_OTHER},
    {"仟元", UNIT_SAYS_OTHER},    {"萬元", UNIT_SAYS_OTHER},     {"億元", UNIT_SAYS_OTHER},
    {"k元", UNIT_SAYS_OTHER},     {"w元", UNIT_SAYS_OTHER},      {"新加坡元", UNIT_SAYS_OTHER},
    {"新元", UNIT_SAYS_OTHER},    {"韩元", UNIT_SAYS_OTHER},     {"韓元", UNIT_SAYS_OTHER},
    {"澳门元", UNIT_SAYS_OTHER},  {"澳門元", UNIT_SAYS_OTHER},   {"新台币", UNIT_SAYS_OTHER},
    {"新臺幣", UNIT_SAYS_OTHER},  {"港幣", UNIT_SAYS_OTHER},     {"泰铢", UNIT_SAYS_OTHER},
    {"卢布", UNIT_SAYS_OTHER},    {"thousand", UNIT_SAYS_OTHER}, {"million", UNIT_SAYS_OTHER},
    {"krw", UNIT_SAYS_OTHER},     {"thb", UNIT_SAYS_OTHER},      {"sgd", UNIT_SAYS_OTHER},
    {"mop", UNIT_SAYS_OTHER},     {"aud", UNIT_SAYS_OTHER},      {"hk$", UNIT_SAYS_OTHER},
    {"us$", UNIT_SAYS_OTHER},     {"nt$", UNIT_SAYS_OTHER},      {"s$", UNIT_SAYS_OTHER},
    {"a$", UNIT_SAYS_OTHER},      {"₩", UNIT_SAYS_OTHER},        {"₽", UNIT_SAYS_OTHER},
    {"萬", UNIT_SAYS_OTHER},      {"億", UNIT_SAYS_OTHER},       {"仟", UNIT_SAYS_OTHER},
    {"亿元", UNIT_SAYS_OTHER},    {"万元", UNIT_SAYS_OTHER},     {"千元", UNIT_SAYS_OTHER},
    {"百元", UNIT_SAYS_OTHER},    {"美元", UNIT_SAYS_OTHER},     {"港元", UNIT_SAYS_OTHER},
    {"欧元", UNIT_SAYS_OTHER},    {"日元", UNIT_SAYS_OTHER},     {"澳元", UNIT_SAYS_OTHER},
    {"加元", UNIT_SAYS_OTHER},    {"台币", UNIT_SAYS_OTHER},     {"港币", UNIT_SAYS_OTHER},
    {"美金", UNIT_SAYS_OTHER},    {"英镑", UNIT_SAYS_OTHER},     {"厘", UNIT_SAYS_OTHER},
    {"亿", UNIT_SAYS_OTHER},      {"万", UNIT_SAYS_OTHER},       {"千", UNIT_SAYS_OTHER},
    {"角", UNIT_SAYS_OTHER},      {"美分", UNIT_SAYS_OTHER},     {"usd", UNIT_SAYS_OTHER},
    {"hkd", UNIT_SAYS_OTHER},     {"eur", UNIT_SAYS_OTHER},      {"jpy", UNIT_SAYS_OTHER},
    {"gbp", UNIT_SAYS_OTHER},     {"twd", UNIT_SAYS_OTHER},      {"$", UNIT_SAYS_OTHER},
    {"€", UNIT_SAYS_OTHER},       {"£", UNIT_SAYS_OTHER},        {"rmb", UNIT_SAYS_YUAN},
    {"cny", UNIT_SAYS_YUAN},      {"yuan", UNIT_SAYS_YUAN},      {"¥", UNIT_SAYS_YUAN},
    {"￥", UNIT_SAYS_YUAN},       {"元", UNIT_SAYS_YUAN},        {"圆", UNIT_SAYS_YUAN},
    {"块", UNIT_SAYS_YUAN},       {"fen", UNIT_SAYS_FEN},        {"cents", UNIT_SAYS_FEN},
    {"分", UNIT_SAYS_FEN},
};

/* What may stand before a unit in a header, and behind it. */
static const char *const openers[] = {"(",  ":",  "/", "-",  "_",    "[",
                                      "【", "〔", ",", "，", "单位", "、"};
static const char *const closers[] = {")", ":", "/", "-", "_", "]", "】", "〕", ",", "，", "、"};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static bool begins(const char *text, const char *word)
{
    return strncmp(text, word, strlen(word)) == 0;
}

/* How many bytes at the text do not count, or 0. */
static size_t ignored_len(const char *text)
{
    static const char *const ignored[] = {" ",      "\t",     "\r", "\n", "\v", "\u00a0", "\u3000",
                                          "\ufeff", "\u200b", "*",  "＊", "※",  "\""};

    for (size_t i = 0; i < COUNT(ignored); i++)
        if (begins(text, ignored[i]))
            return strlen(ignored[i]);
    return 0;
}

/* The ASCII form of what stands at the text in full width; its length goes to *ret_len. */
static char narrow(const char *text, size_t *ret_len)
{
    static const struct {
        const char *wide;
        char c;
    } forms[] = {{"（", '('}, {"）", ')'}, {"：", ':'}, {"／", '/'}, {"－", '-'},
                 {"＿", '_'}, {"［", '['}, {"］", ']'}, {"—", '-'}};

    for (size_t i = 0; i < COUNT(forms); i++)
        if (begins(text, forms[i].wide)) {
            *ret_len = strlen(forms[i].wide);
            return forms[i].c;
        }
    *ret_len = 1;
    return character_lower(*text);
}

static void erase(char *text, const char *word)
{
    char *found = NULL;

    while ((found = strstr(text, word)))
        memmove(found, found + strlen(word), strlen(found + strlen(word)) + 1);
}

/* The header without what does not count. False when it is too long for any name. */
static bool make_plain(const char *text, char ret_plain[PLAIN_BYTES])
{
    static const char *const notes[] = {"(必填)", "[必填]",     "【必填】",  "(必填项)",
                                        "(选填)", "(可选)",     "[选填]",    "(非必填)",
                                        "(必须)", "(required)", "(optional)"};
    size_t len = 0, n = 0;

    while (*text) {
        n = ignored_len(text);
        if (!n && len + 2 > PLAIN_BYTES)
            return false;
        if (!n)
            ret_plain[len++] = narrow(text, &n);
        text += n;
    }
    ret_plain[len] = '\0';
    for (size_t i = 0; i < COUNT(notes); i++)
        erase(ret_plain, notes[i]);
    return true;
}

bool header_is_same(const char *a, const char *b)
{
    char x[PLAIN_BYTES], y[PLAIN_BYTES];

    if (!make_plain(a, x) || !make_plain(b, y))
        return strcmp(a, b) == 0;
    return strcmp(x, y) == 0;
}

bool header_is_blank(const char *text)
{
    char plain[PLAIN_BYTES];

    return make_plain(text, plain) && !*plain;
}

/* ---- units ---- */

/* Whether one of the words ends right before the place. */
static bool ends_before(const char *start, const char *place, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(list[i]);

        if ((size_t)(place - start) >= len && memcmp(place - len, list[i], len) == 0)
            return true;
    }
    return false;
}

static bool begins_any(const char *text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (begins(text, list[i]))
            return true;
    return false;
}

/* The unit at the place, or UNIT_UNSAID; its length goes to *ret_len. */
static enum unit_said unit_at(const char *text, size_t *ret_len)
{
    for (size_t i = 0; i < COUNT(units); i++)
        if (begins(text, units[i].word)) {
            *ret_len = strlen(units[i].word);
            return units[i].unit;
        }
    return UNIT_UNSAID;
}

/* The names of money that a unit may follow without anything between: 理赔金额元. */
static bool is_behind_money(const char *start, const char *place)
{
    static const char *const ends[] = {"额", "款", "费", "价", "fee", "amount"};

    return ends_before(start, place, ends, COUNT(ends));
}

static enum unit_said join(enum unit_said a, enum unit_said b)
{
    if (a == UNIT_UNSAID || a == b)
        return b;
    return a == UNIT_SAYS_OTHER || b == UNIT_SAYS_OTHER ? UNIT_SAYS_OTHER : UNIT_SAYS_BOTH;
}

/* Whether a unit stands by itself at the place: 分 of 分公司 does not. */
static bool stands_alone(const char *plain, const char *place, size_t len)
{
    static const char *const said[] = {"单位", "单位:", "单位为", "单位是"};
    bool opened = place == plain || ends_before(plain, place, openers, COUNT(openers));
    bool closed = !place[len] || begins_any(place + len, closers, COUNT(closers));

    bool goes_on = (unsigned char)place[len] >= 0xe4; /* with a Chinese character */

    return (closed && (opened || is_behind_money(plain, place))) ||
           (!goes_on && ends_before(plain, place, said, COUNT(said)));
}

/* 0.01元, 元*100: a part or a multiple of the unit. The star is gone from a plain text. */
static bool is_multiple(const char *plain, const char *place, size_t len)
{
    const char *behind = place + len;
    size_t power = *behind == '1' ? 1 + strspn(behind + 1, "0") : 0;

    if ((unsigned char)*place < 0x80)
        return false;
    return (place > plain && strchr("0123456789", place[-1])) ||
           (power > 1 && (!behind[power] || strchr(")]", behind[power])));
}

/* What the plain text says; where a word for a unit was met it is taken out with its brackets. */
static enum unit_said take_units(char *plain)
{
    enum unit_said said = UNIT_UNSAID;

    for (char *p = plain; *p;) {
        size_t len = 1;
        enum unit_said unit = unit_at(p, &len);

        if (unit != UNIT_UNSAID && is_multiple(plain, p, len))
            said = UNIT_SAYS_OTHER;
        if (unit == UNIT_UNSAID || !stands_alone(plain, p, len)) {
            p += 1;
            while (((unsigned char)*p & 0xc0) == 0x80)
                p++;
            continue;
        }
        said = join(said, unit);
        memmove(p, p + len, strlen(p + len) + 1);
    }
    return said;
}

/* What units leave behind: brackets with nothing in them, 单位, marks at the ends. */
static void tidy(char *plain)
{
    static const char *const rests[] = {"单位", "()", "[]", "【】", "〔〕", "(:)", "[:]", "(/)"};
    size_t len = 0;

    for (int again = 0; again < 2; again++)
        for (size_t i = 0; i < COUNT(rests); i++)
            erase(plain, rests[i]);
    len = strlen(plain);
    while (len && strchr(":/-_,", plain[len - 1]))
        plain[--len] = '\0';
    len = strspn(plain, ":/-_,");
    memmove(plain, plain + len, strlen(plain + len) + 1);
}

enum unit_said header_unit(const char *text)
{
    char plain[PLAIN_BYTES];

    return make_plain(text, plain) ? take_units(plain) : UNIT_UNSAID;
}

/* A known name holds nothing that does not count, and no letter in full width. */
static bool is_name(const char *plain, const char *name)
{
    while (*name && *plain == character_lower(*name))
        plain++, name++;
    return *plain == *name;
}

static enum field find_plain(const char *plain)
{
    for (size_t i = 0; i < COUNT(known); i++)
        if (is_name(plain, known[i].name))
            return known[i].field;
    return FIELD_NONE;
}

enum field header_field(const char *text, enum unit_said *ret_unit)
{
    char plain[PLAIN_BYTES];
    enum field field = FIELD_NONE;

    *ret_unit = UNIT_UNSAID;
    if (!make_plain(text, plain))
        return FIELD_NONE;
    field = find_plain(plain);
    if (field == FIELD_CLAIM_FEE && strcmp(plain, "claim_fee") == 0)
        *ret_unit = UNIT_SAYS_FEN;
    if (field != FIELD_NONE)
        return field;
    *ret_unit = take_units(plain);
    tidy(plain);
    field = *ret_unit == UNIT_UNSAID ? FIELD_NONE : find_plain(plain);
    return field == FIELD_CLAIM_FEE ? field : FIELD_NONE;
}

/* ---- amounts ---- */

enum unit_said header_amount_unit(struct value value)
{
    char text[64];
    char plain[PLAIN_BYTES];
    enum unit_said said = UNIT_UNSAID;
    size_t len = 0;

    if (value.len >= sizeof(text))
        return UNIT_UNSAID;
    memcpy(text, value.ptr, value.len);
    text[value.len] = '\0';
    if (!make_plain(text, plain))
        return UNIT_UNSAID;
    for (const char *p = plain; *p; p += len) {
        enum unit_said unit = unit_at(p, &len);

        if (unit == UNIT_UNSAID)
            len = 1;
        /* 3元5分 says yuan */
        if (!(said == UNIT_SAYS_YUAN && unit == UNIT_SAYS_FEN))
            said = unit == UNIT_UNSAID ? said : join(said, unit);
    }
    return said;
}

const char *header_unit_name(enum unit_said unit)
{
    static const char *const names[] = {N_("no unit"), N_("fen"), N_("yuan"),
                                        N_("neither fen nor yuan"), N_("both fen and yuan")};

    return _(names[unit]);
}

/* ---- for messages ---- */

void header_list_known(enum field field, struct buffer *ret_text)
{
    const char *separator = "";

    for (size_t i = 0; i < COUNT(known); i++) {
        if (known[i].field != field)
            continue;
        buffer_format(ret_text, "%s%s", separator, known[i].name);
        separator = _(", ");
    }
    if (field == FIELD_CLAIM_FEE)
        buffer_format(ret_text, "%s理赔金额(分)%s理赔金额(元)", separator, separator);
}

enum field header_guess(const char *text)
{
    char plain[PLAIN_BYTES];

    if (!make_plain(text, plain))
        return FIELD_NONE;
    take_units(plain);
    tidy(plain);
    for (size_t i = 0; i < COUNT(similar); i++)
        if (strcmp(similar[i].name, plain) == 0)
            return similar[i].field;
    return FIELD_NONE;
}
