#include "input/reader/problem_line.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/character.h"
#include "base/digest.h"
#include "base/formula.h"
#include "base/hex.h"
#include "input/reader/reader.h"
#include "input/value/value.h"

#define SHOWN_DIGITS 11 /* a spreadsheet shows and saves longer numbers as 2.02611E+11 */
#define SEAL_HEX_BYTES 8
#define HEX_DIGITS "0123456789abcdef"

static const char *const names[CORRECTION_COLUMNS] = {
    "row", "line", "severity", "codes", "problems", "export_sha256", "key_check(请勿修改)"};

/* What of a key is sealed: its bits are 1 for workcard_id, 2 for claim_order_no; 4 for a claim_time
 * that has seconds. */
static const char *const seal_names[] = {
    "none:", "workcard:", "order:", "both:", "none+s:", "workcard+s:", "order+s:", "both+s:"};
#define SEALED_SECONDS 4u
/* Behind it, where the amount is sealed; lists of earlier versions end before. */
#define SEALED_FEE "/fee:"

static const enum field key_fields[] = {FIELD_WORKCARD_ID, FIELD_CLAIM_ORDER_NO};

#define KEY_FIELDS (sizeof(key_fields) / sizeof(*key_fields))

/* ---- the columns in front ---- */

void problem_line_append_header(char delimiter, struct buffer *ret_text)
{
    for (size_t i = 0; i < CORRECTION_COLUMNS; i++) {
        buffer_text(ret_text, names[i]);
        buffer_byte(ret_text, delimiter);
    }
}

/* Up to the bracket a name is ASCII, whatever became of what stands in it. */
bool problem_line_is_header(const struct cell *cells, size_t count)
{
    if (count <= CORRECTION_COLUMNS)
        return false;
    for (size_t i = 0; i < CORRECTION_COLUMNS; i++) {
        size_t len = strcspn(names[i], "(");

        if (strncmp(cells[i].text, names[i], len) != 0 ||
            (!names[i][len] && cells[i].text[len] != '\0'))
            return false;
    }
    return true;
}

static bool take_row(const struct cell *cell, uint64_t *ret_row)
{
    int64_t row = 0;

    if (value_parse_integer(value_of(cell), &row) != RULE_NONE || row < 2)
        return false;
    *ret_row = (uint64_t)row;
    return true;
}

static bool take_sha256(const struct cell *cell, unsigned char *ret_sha256)
{
    struct value value = value_of(cell);

    if (value.len != 2 * (size_t)CORRECTION_SHA256_BYTES)
        return false;
    for (size_t i = 0; i < value.len; i++) {
        const char *digit = memchr(HEX_DIGITS, value.ptr[i], strlen(HEX_DIGITS));

        if (!digit)
            return false;
        ret_sha256[i / 2] = (unsigned char)(ret_sha256[i / 2] << 4 | (digit - HEX_DIGITS));
    }
    return true;
}

bool problem_line_take(const struct cell *cells, size_t count, struct problem_line *ret_correction)
{
    struct value seal;

    *ret_correction = (struct problem_line){0};
    if (count < CORRECTION_COLUMNS ||
        !take_row(&cells[CORRECTION_ROW_COLUMN], &ret_correction->row) ||
        !take_sha256(&cells[CORRECTION_EXPORT_COLUMN], ret_correction->export_sha256))
        return false;
    seal = value_of(&cells[CORRECTION_SEAL_COLUMN]);
    if (seal.len == 0 || seal.len >= CORRECTION_SEAL_BYTES)
        return false;
    memcpy(ret_correction->seal, seal.ptr, seal.len);
    return true;
}

/* ---- the seal ---- */

/* Leading zeros do not make another number. */
static void append_key(const struct columns *columns, const struct record *record, enum field field,
                       struct buffer *text)
{
    struct value value = value_in(columns, record, field);
    int64_t number = 0;

    if (field == FIELD_WORKCARD_ID && value_parse_integer(value, &number) == RULE_NONE)
        buffer_integer(text, number);
    else
        buffer_append(text, value.ptr, value.len);
}

/* What is sealed can only be of this row of this export. */
static void append_place(const struct problem_line *correction, struct buffer *text)
{
    buffer_append(text, correction->export_sha256, sizeof(correction->export_sha256));
    buffer_integer(text, (int64_t)correction->row);
}

/* Takes the text. */
static int append_seal(const char *name, struct buffer *text, char seal[CORRECTION_SEAL_BYTES])
{
    unsigned char digest[DIGEST_SHA256_BYTES];
    char hex[2 * SEAL_HEX_BYTES + 1];
    struct digest *sha256 = digest_open();
    size_t len = strlen(seal);
    int result = -1;

    if (sha256 && !text->failed && !digest_update(sha256, text->ptr, text->len) &&
        !digest_finish(sha256, digest)) {
        hex_format(digest, SEAL_HEX_BYTES, hex);
        snprintf(seal + len, CORRECTION_SEAL_BYTES - len, "%s%s", name, hex);
        result = 0;
    }
    buffer_release(text);
    digest_close(sha256);
    return result;
}

static int append_key_seal(unsigned sealed, const struct columns *columns,
                           const struct record *record, const struct problem_line *correction,
                           char seal[CORRECTION_SEAL_BYTES])
{
    struct buffer text = {0};

    append_place(correction, &text);
    buffer_format(&text, "\n%u\n", sealed);
    for (size_t i = 0; i < KEY_FIELDS; i++) {
        if (sealed & 1u << i)
            append_key(columns, record, key_fields[i], &text);
        buffer_byte(&text, '\n');
    }
    return append_seal(seal_names[sealed], &text, seal);
}

static bool parse_fee(const struct columns *columns, const struct record *record, int64_t *ret_fen)
{
    return value_parse_fee(value_in(columns, record, FIELD_CLAIM_FEE), columns->fee_unit,
                           ret_fen) == RULE_NONE;
}

static int append_fee_seal(int64_t fen, const struct problem_line *correction,
                           char seal[CORRECTION_SEAL_BYTES])
{
    struct buffer text = {0};

    append_place(correction, &text);
    buffer_format(&text, "\nfee\n%lld\n", (long long)fen);
    return append_seal(SEALED_FEE, &text, seal);
}

static bool parse_time(const struct columns *columns, const struct record *record,
                       struct civil *ret_time)
{
    bool date_only = false;

    *ret_time = (struct civil){0};
    return value_parse_time(value_in(columns, record, FIELD_CLAIM_TIME), ret_time, &date_only) ==
           RULE_NONE;
}

static bool has_seconds(const struct columns *columns, const struct record *record)
{
    struct civil time;

    return parse_time(columns, record, &time) && time.second != 0;
}

/* Where the row as a whole is the problem its cells may have moved. */
static unsigned find_sealed(const struct columns *columns, const struct record *record,
                            const struct findings *findings)
{
    unsigned sealed =
        ((1u << KEY_FIELDS) - 1) | (has_seconds(columns, record) ? SEALED_SECONDS : 0);

    for (size_t i = 0; i < findings->count; i++) {
        if (findings->list[i].field == FIELD_NONE)
            return 0;
        for (size_t k = 0; k < KEY_FIELDS; k++)
            if (findings->list[i].field == key_fields[k])
                sealed &= ~(1u << k);
        if (findings->list[i].field == FIELD_CLAIM_TIME)
            sealed &= ~SEALED_SECONDS;
    }
    return sealed;
}

/* Other cells of the row may have to be corrected with it. */
static bool is_fee_sealed(const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->list[i].field == FIELD_NONE || findings->list[i].field == FIELD_CLAIM_FEE)
            return false;
    return true;
}

int problem_line_seal(const struct columns *columns, const struct record *record,
                      const struct findings *findings, uint64_t row,
                      const unsigned char export_sha256[CORRECTION_SHA256_BYTES],
                      char ret_seal[CORRECTION_SEAL_BYTES])
{
    struct problem_line correction = {.row = row};
    int64_t fen = 0;

    *ret_seal = '\0';
    memcpy(correction.export_sha256, export_sha256, sizeof(correction.export_sha256));
    if (append_key_seal(find_sealed(columns, record, findings), columns, record, &correction,
                        ret_seal))
        return -1;
    if (!is_fee_sealed(findings) || !parse_fee(columns, record, &fen))
        return 0;
    return append_fee_seal(fen, &correction, ret_seal);
}

static unsigned parse_sealed(const char *seal)
{
    for (unsigned i = 0; i < sizeof(seal_names) / sizeof(*seal_names); i++)
        if (strncmp(seal, seal_names[i], strlen(seal_names[i])) == 0)
            return i;
    return (1u << KEY_FIELDS) - 1;
}

/* A spreadsheet shows and saves a time without its seconds; who writes another one writes them. */
static bool lost_seconds(const struct columns *columns, const struct record *record)
{
    struct value value = value_in(columns, record, FIELD_CLAIM_TIME);
    const char *colon = value.len ? memchr(value.ptr, ':', value.len) : NULL;
    struct civil time;

    return parse_time(columns, record, &time) && time.second == 0 &&
           (!colon || !memchr(colon + 1, ':', value.len - (size_t)(colon + 1 - value.ptr)));
}

static int judge_fee(const struct rules *rules, const struct columns *columns,
                     const struct record *record, const char *sealed, struct findings *findings)
{
    char seal[CORRECTION_SEAL_BYTES] = "";
    int64_t fen = 0;

    /* What cannot be read has a finding of its own; nothing is paid for a claim that failed. */
    if (!parse_fee(columns, record, &fen) || fen == 0)
        return 0;
    if (append_fee_seal(fen, record->correction, seal))
        return -1;
    if (strcmp(seal, sealed) != 0)
        findings_add(findings, rules, RULE_CHANGED_KEY, FIELD_CLAIM_FEE);
    return 0;
}

/* One seal for both parts of the key does not tell which of them was changed. */
int problem_line_judge(const struct rules *rules, const struct columns *columns,
                       const struct record *record, struct findings *findings)
{
    const struct problem_line *correction = record->correction;
    unsigned sealed = parse_sealed(correction->seal);
    const char *fee = strstr(correction->seal, SEALED_FEE);
    size_t len = fee ? (size_t)(fee - correction->seal) : strlen(correction->seal);
    char seal[CORRECTION_SEAL_BYTES] = "";

    if (append_key_seal(sealed, columns, record, correction, seal))
        return -1;
    if (strlen(seal) != len || memcmp(seal, correction->seal, len) != 0)
        findings_add(findings, rules, RULE_CHANGED_KEY, FIELD_NONE);
    if ((sealed & SEALED_SECONDS) && lost_seconds(columns, record))
        findings_add(findings, rules, RULE_CHANGED_KEY, FIELD_CLAIM_TIME);
    return fee ? judge_fee(rules, columns, record, fee, findings) : 0;
}

/* ---- cells that a spreadsheet keeps ---- */

static bool is_wide_digit(const char *text)
{
    return strncmp(text, "\xef\xbc", 2) == 0 && (unsigned char)text[2] >= 0x90 &&
           (unsigned char)text[2] <= 0x99;
}

/* The length of a mark at the text that numbers, dates and amounts of money are written with, or
 * of a digit of full width; 0: it is another text. */
static size_t mark_len(const char *text)
{
    static const char *const marks[] = {"年", "月", "日", "时", "分", "秒", "上", "下", "午", "￥",
                                        "¥",  "：", "／", "－", "．", "，", "　", "€",  "£"};

    if (strchr("0123456789 .,:/+-()%$\t", *text))
        return 1;
    for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
        if (strncmp(text, marks[i], strlen(marks[i])) == 0)
            return strlen(marks[i]);
    return is_wide_digit(text) ? 3 : 0;
}

/* The length of a word of dates and numbers, or 0. */
static size_t word_len(const char *text)
{
    static const char *const words[] = {"e",   "t",   "z",   "a",   "p",   "am",  "pm",
                                        "jan", "feb", "mar", "apr", "may", "jun", "jul",
                                        "aug", "sep", "oct", "nov", "dec", "sept"};
    size_t len = 0;

    while (character_is_letter(text[len]))
        len++;
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (strlen(words[i]) == len && strncasecmp(text, words[i], len) == 0)
            return len;
    /* The names of months, and whatever begins as they do. */
    for (size_t i = 7; i < 19 && len > 3; i++)
        if (strncasecmp(text, words[i], 3) == 0)
            return len;
    return 0;
}

static bool is_truth(const char *text)
{
    return strcasecmp(text, "true") == 0 || strcasecmp(text, "false") == 0;
}

/* A number that a spreadsheet shows as it is written. */
static bool is_shown_alike(const char *text)
{
    size_t whole = strspn(text, "0123456789");
    size_t decimals = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
    size_t len = whole + (decimals ? decimals + 1 : 0);

    return whole && !text[len] && whole + decimals <= SHOWN_DIGITS &&
           (*text != '0' || whole == 1) && !(decimals && text[len - 1] == '0');
}

/* Whether a spreadsheet may take the text for a number, a date or a truth value, and show and save
 * it in another form. */
static bool is_changed_by_spreadsheets(const char *text)
{
    bool has_digit = false;

    if (is_truth(text))
        return true;
    if (is_shown_alike(text))
        return false;
    while (*text) {
        size_t len = character_is_letter(*text) ? word_len(text) : mark_len(text);

        if (!len)
            return false;
        has_digit |= character_is_digit(*text) || is_wide_digit(text);
        text += len;
    }
    return has_digit;
}

static bool is_idiom(const char *text)
{
    size_t len = strlen(text);

    return len >= 3 && strncmp(text, "=\"", 2) == 0 &&
           text[2 + strcspn(text + 2, "\"\r\n")] == '"' && strchr(text + 2, '"') == text + len - 1;
}

static void append_quoted(const char *text, char delimiter, struct buffer *ret_text)
{
    const char special[] = {delimiter, '"', '\r', '\n', '\0'};

    if (!text[strcspn(text, special)]) {
        buffer_text(ret_text, text);
        return;
    }
    buffer_byte(ret_text, '"');
    for (; *text; text++) {
        if (*text == '"')
            buffer_byte(ret_text, '"');
        buffer_byte(ret_text, *text);
    }
    buffer_byte(ret_text, '"');
}

/* The cell's text before it is quoted. */
static void append_kept(const char *text, struct buffer *ret_text)
{
    if (is_idiom(text))
        buffer_text(ret_text, text);
    else if (is_changed_by_spreadsheets(text))
        buffer_format(ret_text, "=\"%s\"", text);
    else
        buffer_format(ret_text, "%s%s", formula_starts(text) ? "'" : "", text);
}

void problem_line_append_cell(const char *text, char delimiter, struct buffer *ret_text)
{
    struct buffer cell = {0};

    append_kept(text, &cell);
    /* The idiom stands bare, as spreadsheets know it. */
    if (is_idiom(buffer_string(&cell)) && !strchr(cell.ptr, delimiter))
        buffer_text(ret_text, cell.ptr);
    else
        append_quoted(buffer_string(&cell), delimiter, ret_text);
    ret_text->failed |= cell.failed;
    buffer_release(&cell);
}

const char *problem_line_plain(const char *text)
{
    const char *plain = formula_unguard(text);

    return plain ? plain : text;
}
