"""Every rule and every refusal of contract section 6, through the command line."""

import datetime
import os
import subprocess
import unittest

import oracle
from harness import (
    FIELDS,
    FreshWorkspace,
    TestCase,
    accept,
    claim_row,
    claim_rows,
    export_text,
    program,
)

HEADER = ",".join(FIELDS)
LINE = export_text([claim_row(1)]).splitlines()[1]
CHINESE_HEADER = "工单ID,拒赔原因,理赔单数量,理赔单号,理赔状态,理赔时间,理赔金额(元)"


def refused_claim(**changes):
    return dict(claim_status="2", claim_fee="0", claim_desc="no", **changes)


def in_beijing(minutes):
    zone = datetime.timezone(datetime.timedelta(hours=8))
    when = datetime.datetime.now(zone) + datetime.timedelta(minutes=minutes)
    return when.strftime("%Y-%m-%d %H:%M:%S")


# What breaks the rule; code; a word of the message; whether an error of it can be turned off, and
# what it then is. A warning is sent.
ERRORS = (
    ("missing-field", dict(workcard_id=""), "MISSING_FIELD", "workcard_id"),
    ("missing-field", dict(claim_order_no="  "), "MISSING_FIELD", "claim_order_no"),
    ("missing-field", dict(claim_status=""), "MISSING_FIELD", "claim_status"),
    ("missing-field", dict(claim_time=""), "MISSING_FIELD", "claim_time"),
    ("missing-field", dict(claim_fee="\u3000"), "MISSING_FIELD", "claim_fee"),
    ("missing-field", dict(claim_count=""), "MISSING_FIELD", "claim_count"),
    ("bad-number", dict(workcard_id="12a"), "BAD_NUMBER", "workcard_id '12a'"),
    ("excel-number", dict(workcard_id="1.0"), "EXCEL_NUMBER", "workcard_id"),
    ("bad-number", dict(workcard_id="+1"), "BAD_NUMBER", "workcard_id"),
    ("bad-number", dict(claim_count="１"), "BAD_NUMBER", "claim_count"),
    ("number-range", dict(workcard_id="9223372036854775808"), "NUMBER_RANGE", "workcard_id"),
    ("number-range", dict(workcard_id="-1"), "NUMBER_RANGE", "workcard_id"),
    ("bad-status", dict(claim_status="3"), "BAD_STATUS", "claim_status '3'"),
    ("bad-status", dict(claim_status="011"), "BAD_STATUS", "--status"),
    ("bad-status", dict(claim_status="成功"), "BAD_STATUS", "claim_status"),
    ("bad-time", dict(claim_time="2026-02-30 00:00:00"), "BAD_TIME", "claim_time"),
    ("bad-time", dict(claim_time="2025-02-29"), "BAD_TIME", "claim_time"),
    ("bad-time", dict(claim_time="26-01-02 03:04:05"), "BAD_TIME", "claim_time"),
    ("bad-time", dict(claim_time="2026-01-02 24:00:00"), "BAD_TIME", "claim_time"),
    ("bad-time", dict(claim_time="2026-01-02 03:60:00"), "BAD_TIME", "claim_time"),
    ("bad-time", dict(claim_time="02.01.2026"), "BAD_TIME", "claim_time"),
    ("bad-fee", dict(claim_fee="12.50"), "BAD_FEE", "--fee-unit yuan"),
    ("bad-fee", dict(claim_fee="1,25"), "BAD_FEE", "claim_fee '1,25'"),
    ("bad-fee", dict(claim_fee="-5"), "BAD_FEE", "claim_fee"),
    ("bad-fee", dict(claim_fee="+-5"), "BAD_FEE", "claim_fee"),
    ("bad-fee", dict(claim_fee="５"), "BAD_FEE", "claim_fee"),
    ("success-without-fee", dict(claim_fee="0"), "SUCCESS_WITHOUT_FEE", "claim_fee"),
    ("refused-with-fee", dict(claim_status="2", claim_desc="no"), "REFUSED_WITH_FEE", "claim_fee"),
    (
        "refused-without-reason",
        dict(claim_status="2", claim_fee="0"),
        "REFUSED_WITHOUT_REASON",
        "claim_desc",
    ),
    ("missing-field", dict(claim_order_no="null"), "MISSING_FIELD", "--null none"),
    (
        "refused-without-reason",
        dict(claim_status="2", claim_fee="0", claim_desc="\\N"),
        "REFUSED_WITHOUT_REASON",
        "claim_desc",
    ),
    ("past-time", dict(claim_time="1970-01-01 08:00:00"), "PAST_TIME", "--oldest-time"),
    ("damaged-order-no", dict(claim_order_no="'20261104"), "DAMAGED_ORDER_NO", "apostrophe"),
    ("damaged-order-no", dict(claim_order_no="A&nbsp;1"), "DAMAGED_ORDER_NO", "HTML"),
    ("damaged-order-no", dict(claim_order_no="A１"), "DAMAGED_ORDER_NO", "half width"),
    ("damaged-order-no", dict(claim_order_no="A1\nB2"), "DAMAGED_ORDER_NO", "line break"),
    ("damaged-order-no", dict(claim_order_no="A1\tB2"), "DAMAGED_ORDER_NO", "tab"),
    ("lost-text", refused_claim() | dict(claim_desc="????"), "LOST_TEXT", "lost"),
    ("lost-text", refused_claim() | dict(claim_desc="锟斤拷锟斤拷"), "LOST_TEXT", "lost"),
    ("lost-text", refused_claim() | dict(claim_desc="涓嶅湪淇濋殰鑼冨洿"), "LOST_TEXT", "GBK"),
    ("clamped-id", dict(workcard_id="2147483647"), "CLAMPED_ID", "limit"),
    (
        "private-use-character",
        refused_claim() | dict(claim_desc="理\ue5e5"),
        "PRIVATE_USE_CHARACTER",
        "private",
    ),
    ("future-time", dict(claim_time="2099-01-01 00:00:00"), "FUTURE_TIME", "claim_time"),
    ("excel-number", dict(workcard_id="7.00E+11"), "EXCEL_NUMBER", "workcard_id"),
    ("excel-number", dict(claim_order_no="2.02601E+17"), "EXCEL_NUMBER", "claim_order_no"),
    ("excel-number", dict(claim_time="46024.5"), "EXCEL_NUMBER", "claim_time"),
    ("control-character", dict(claim_order_no="a\x07b"), "CONTROL_CHARACTER", "claim_order_no"),
    (
        "control-character",
        refused_claim() | dict(claim_desc="a\x1b[31m"),
        "CONTROL_CHARACTER",
        "claim_desc",
    ),
    (
        "text-too-long",
        refused_claim() | dict(claim_desc="长" * 2001),
        "TEXT_TOO_LONG",
        "2000",
    ),
    ("text-too-long", dict(claim_order_no="x" * 129), "TEXT_TOO_LONG", "128"),
)

FIXED = ("missing-field", "bad-number", "number-range", "bad-status", "bad-time", "bad-fee")

WARNINGS = (
    ("unsettled-with-fee", dict(claim_status="0"), "UNSETTLED_WITH_FEE"),
    ("reason-without-refusal", dict(claim_desc="why"), "REASON_WITHOUT_REFUSAL"),
    ("count-not-one", dict(claim_count="2"), "COUNT_NOT_ONE"),
    ("date-only", dict(claim_time="2026-01-02"), "DATE_ONLY"),
    ("backslash-escape", dict(claim_order_no="a\\n1"), "BACKSLASH_ESCAPE"),
)

# The claim_time of the export and what is sent.
TIMES = (
    ("2026-01-02 03:04:05", "2026-01-02 03:04:05"),
    ("2026/1/2 3:04:05", "2026-01-02 03:04:05"),
    ("2026-1-2 3:4", "2026-01-02 03:04:00"),
    ("2026-01-02T03:04:05", "2026-01-02 03:04:05"),
    ("2026-01-02T03:04:05Z", "2026-01-02 11:04:05"),
    ("2025-12-31 20:00:00+00:00", "2026-01-01 04:00:00"),
    ("2026-01-02 03:04:05+08:00", "2026-01-02 03:04:05"),
    ("2026-01-01 12:00:00-05:00", "2026-01-02 01:00:00"),
    ("2024-02-29 00:00:00", "2024-02-29 00:00:00"),
    ("2026-01-02", "2026-01-02 00:00:00"),
    ('="2026-01-02 03:04:05"', "2026-01-02 03:04:05"),
    ("\u3000 2026-01-02 03:04:05\u00a0", "2026-01-02 03:04:05"),
)


# What the oracle does not read.
TIMES_OF_TOOLS = (
    ("20260102030405", "2026-01-02 03:04:05"),
    ("2026年1月2日 下午3:04:05", "2026-01-02 15:04:05"),
    ("2026-01-02-03.04.05.000000", "2026-01-02 03:04:05"),
    ("2026-01-02 03:04:05.000", "2026-01-02 03:04:05"),
    ("2026-01-02T03:04:05+0000", "2026-01-02 11:04:05"),
)


class RuleTest(TestCase):
    def by_order(self):
        return {line["claim_order_no"]: line for line in self.ws.read_report()}

    def test_each_error_makes_its_row_invalid_and_says_what_to_do(self):
        rows, good = [], []
        for at, (_, changes, _, _) in enumerate(ERRORS):
            rows.append(claim_row(at + 1, **changes))
            good.append(claim_row(1000 + at))
        self.ws.export([row for pair in zip(rows, good) for row in pair])
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 1)
        lines = self.ws.read_report()
        self.assertEqual(len(gateway.requests), len(good))
        for at, (rule, changes, code, word) in enumerate(ERRORS):
            with self.subTest(rule=rule, changes=str(changes)[:60]):
                line = lines[2 * at]
                self.assertEqual((line["outcome"], line["code"]), ("invalid", code), line)
                self.assertIn(word, line["message"])
                self.assertEqual(lines[2 * at + 1]["outcome"], "accepted")
        self.assertNoViolations(oracle.judge(self.ws.claims, self.ws.report, gateway.journal, check_validity=False))

    def test_an_error_that_is_not_fixed_can_be_made_a_warning_or_nothing(self):
        seen = set()
        gateway = self.gateway()
        for rule, changes, code, _ in ERRORS:
            if rule in FIXED + ("excel-number",) or rule in seen:
                continue
            seen.add(rule)
            for severity, warnings in (("warn", code), ("off", "")):
                with self.subTest(rule=rule, severity=severity), FreshWorkspace(self):
                    self.ws.export([claim_row(1, **changes)])
                    result = self.ws.upload(gateway, "--rule", f"{rule}={severity}")
                    self.assertExit(result, 0)
                    (line,) = self.ws.read_report()
                    self.assertEqual((line["outcome"], line["warnings"]), ("accepted", warnings))

    def test_a_fixed_rule_stays_an_error(self):
        self.ws.export(claim_rows(1))
        gateway = self.gateway()
        for rule in FIXED + ("column-count",):
            with self.subTest(rule):
                result = self.ws.upload(gateway, "--rule", rule + "=warn")
                self.assertExit(result, 2)
                self.assertSays(result, rule, "nothing was sent")
        self.assertEqual(gateway.requests, [])

    def test_each_warning_is_noted_and_the_row_is_sent(self):
        self.ws.export([claim_row(at + 1, **w[1]) for at, w in enumerate(WARNINGS)])
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        for (rule, _, code), line in zip(WARNINGS, self.ws.read_report()):
            with self.subTest(rule):
                self.assertEqual((line["outcome"], line["warnings"]), ("accepted", code))
        self.assertNoViolations(oracle.judge(self.ws.claims, self.ws.report, gateway.journal))

    def test_a_warning_can_be_made_an_error_or_nothing(self):
        gateway = self.gateway()
        for rule, changes, code in WARNINGS:
            for severity, exit_code, outcome in (("error", 1, "invalid"), ("off", 0, "accepted")):
                with self.subTest(rule=rule, severity=severity), FreshWorkspace(self):
                    self.ws.export([claim_row(1, **changes)])
                    result = self.ws.upload(gateway, "--rule", f"{rule}={severity}")
                    self.assertExit(result, exit_code)
                    (line,) = self.ws.read_report()
                    self.assertEqual(line["outcome"], outcome)
                    self.assertEqual(line["warnings"], "")

    def test_several_warnings_are_joined(self):
        self.ws.export([claim_row(1, claim_status="0", claim_desc="x", claim_count="3")])
        self.assertExit(self.ws.upload(self.gateway()), 0)
        (line,) = self.ws.read_report()
        self.assertEqual(
            sorted(line["warnings"].split(";")),
            ["COUNT_NOT_ONE", "REASON_WITHOUT_REFUSAL", "UNSETTLED_WITH_FEE"],
        )

    def test_now_has_ten_minutes_of_grace(self):
        self.ws.export(
            [claim_row(1, claim_time=in_beijing(8)), claim_row(2, claim_time=in_beijing(13))]
        )
        self.assertExit(self.ws.upload(self.gateway()), 1)
        self.assertEqual(
            [line["code"] for line in self.ws.read_report()], ["SUCCESS", "FUTURE_TIME"]
        )

    def test_a_row_with_too_few_or_too_many_cells_is_invalid(self):
        few, many = LINE.rsplit(",", 1)[0], LINE + ",x"
        self.ws.write("claims.csv", f"{HEADER}\n{few}\n{many}\n{LINE}\n")
        self.assertExit(self.ws.upload(self.gateway()), 1)
        lines = self.ws.read_report()
        self.assertEqual(
            [line["code"] for line in lines], ["COLUMN_COUNT", "COLUMN_COUNT", "SUCCESS"]
        )
        self.assertIn("6", lines[0]["message"])
        self.assertIn("8", lines[1]["message"])
        self.assertIn("7", lines[0]["message"])

    def test_limits_are_in_characters_and_inclusive(self):
        self.ws.export(
            [
                claim_row(1, claim_order_no="单" * 128),
                claim_row(2) | refused_claim() | dict(claim_desc="长" * 2000),
            ]
        )
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertNoViolations(oracle.judge(self.ws.claims, self.ws.report, gateway.journal))


class ValueTest(TestCase):
    def test_times_are_read_in_every_accepted_form(self):
        self.ws.export([claim_row(at, claim_time=t[0]) for at, t in enumerate(TIMES, 1)])
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        for (given, expected), line in zip(TIMES, self.ws.read_report()):
            with self.subTest(given):
                self.assertEqual(line["claim_time"], expected)
        self.assertNoViolations(oracle.judge(self.ws.claims, self.ws.report, gateway.journal))

    def test_times_are_read_as_tools_write_them(self):
        rows = [claim_row(at, claim_time=t[0]) for at, t in enumerate(TIMES_OF_TOOLS, 1)]
        self.ws.export(rows)
        self.assertExit(self.ws.upload(self.gateway()), 0)
        sent = [line["claim_time"] for line in self.ws.read_report()]
        self.assertEqual(sent, [expected for _, expected in TIMES_OF_TOOLS])

    def test_the_spreadsheet_idiom_is_unwrapped_and_edge_blanks_go(self):
        cells = ('="00123"', "\u3000A 1\u00a0", "\tB2 ", '=" C3 "')
        self.ws.export([claim_row(at, claim_order_no=c) for at, c in enumerate(cells, 1)])
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertEqual(
            sorted(key[1] for key in gateway.keys()), sorted(["00123", "A 1", "B2", "C3"])
        )

    def test_a_claim_goes_out_under_one_key_whatever_white_space_is_around_its_number(self):
        cells = ("A1", "A1\n", "\nA1", "A1\r\n", "A1 \n", "\t\nA1")
        self.ws.export([claim_row(1, claim_order_no=cell) for cell in cells])
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertEqual([key[1] for key in gateway.keys()], ["A1"])
        codes = [line["code"] for line in self.ws.read_report()]
        self.assertEqual(codes[1:], ["DUPLICATE_IN_FILE"] * (len(cells) - 1))

    def test_the_idiom_is_understood_without_quotes_around_it(self):
        line = LINE.replace("CL00000001", '="00123"')
        self.ws.write("claims.csv", f"{HEADER}\n{line}\n")
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertEqual(gateway.keys(), [(700000000001, "00123")])

    def test_status_may_be_a_word(self):
        words = (("未理赔", 0), ("理赔成功", 1), ("理赔失败", 2))
        self.ws.export(
            [
                claim_row(
                    at,
                    claim_status=word,
                    claim_fee="5" if at == 1 else "0",
                    claim_desc="no" if at == 2 else "",
                )
                for word, at in words
            ]
        )
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertEqual(sorted(r.claim["claim_status"] for r in gateway.requests), [0, 1, 2])

    def test_yuan_are_converted_exactly(self):
        amounts = (("0.01", 1), ("12.5", 1250), ("12.50", 1250), ("100", 10000), ("0.29", 29))
        amounts += (("90071992547409.93", 9007199254740993), ("92233720368547758.07", 2**63 - 1))
        amounts += (("12.", 1200), (".5", 50), ("1,000.00", 100000), ("+7.1000", 710))
        bad = ("1.005", "1e3", "1,00.00", "¥1", "-1", "92233720368547758.08")
        rows = [f"{at + 1},,1,A{at},1,2026-01-02 03:04:05,\"{fee}\"" for at, (fee, _) in enumerate(amounts)]
        rows += [f"{at + 1},,1,B{at},1,2026-01-02 03:04:05,\"{fee}\"" for at, fee in enumerate(bad)]
        self.ws.write("claims.csv", CHINESE_HEADER + "\n" + "\n".join(rows) + "\n")
        gateway = self.gateway()
        result = self.ws.upload(gateway)
        self.assertExit(result, 1)
        self.assertSays(result, "amounts in yuan")
        sent = {r.claim["claim_order_no"]: r.claim["claim_fee"] for r in gateway.requests}
        self.assertEqual(sent, {f"A{at}": fen for at, (_, fen) in enumerate(amounts)})
        self.assertEqual(
            {l["code"] for l in self.ws.read_report() if l["claim_order_no"][0] == "B"},
            {"BAD_FEE", "NUMBER_RANGE"},
        )

    def test_a_column_that_is_taken_for_fen_but_is_in_yuan_is_not_sent_as_a_hundredth(self):
        for amounts, sent in (
            (("128.00", "99.50", "0", "72.00"), [0]),
            (("128", "99.5", "64", "32.8"), []),
            (("12800", "99.50", "9950", "7200"), [7200, 9950, 12800]),  # a slip
            (("12900", "128.00", "9950", "7200"), [7200, 9950, 12900]),  # corrected by hand
            (("12800.00", "9950.00", "0.00", "7200.00"), [0, 7200, 9950, 12800]),
        ):
            rows = [f"{at + 1},LP20261102{at},{int(float(fee) > 0)},2026-01-02 03:04:05,{fee}" for at, fee in enumerate(amounts)]
            self.ws.write("claims.csv", "workcard_id,claim_order_no,claim_status,claim_time,claim_fee\n" + "\n".join(rows) + "\n")
            with self.subTest(amounts=amounts):
                gateway = self.gateway()
                result = self.ws.upload(gateway, "-L", f"{amounts[0]}.db", "-o", f"{amounts[0]}.csv")
                self.assertExit(result, 0 if len(sent) == len(rows) else 1)
                self.assertEqual(sorted(r.claim["claim_fee"] for r in gateway.requests), sent)
                self.assertEqual("as yuan are, such as 128.00" in result.err, amounts[0] == "12800.00")
                if len(sent) < 3:
                    why = self.ws.read_report(f"{amounts[0]}.csv")[0]["message"]
                    self.assertIn(f"claim_fee '{amounts[0]}' may be in yuan", why)

    def test_the_columns_may_stand_in_any_order_and_two_may_be_missing(self):
        self.ws.write(
            "claims.csv",
            "\ufeffnote, 理赔金额（分） ,理赔时间,理赔状态,理赔单号,工单编号\n"
            "x,150,2026-01-02 03:04:05,1,N1,77\n",
        )
        gateway = self.gateway()
        result = self.ws.upload(gateway)
        self.assertExit(result, 0)
        self.assertSays(result, "note")
        self.assertEqual(
            gateway.requests[0].claim,
            {
                "workcard_id": 77,
                "claim_count": 1,
                "claim_order_no": "N1",
                "claim_status": 1,
                "claim_time": "2026-01-02 03:04:05",
                "claim_fee": 150,
            },
        )

    def test_a_column_can_be_named(self):
        self.ws.write("claims.csv", f"{HEADER},Nr\n{LINE},Z9\n")
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway, "--column", "claim_order_no=Nr"), 0)
        self.assertEqual(gateway.keys(), [(700000000001, "Z9")])

    def test_another_delimiter(self):
        gateway = self.gateway()
        for option, character in (("tab", "\t"), (";", ";"), ("|", "|")):
            with self.subTest(option), FreshWorkspace(self):
                text = export_text(claim_rows(2)).replace(",", character)
                self.ws.write("claims.csv", text)
                self.assertExit(self.ws.upload(gateway, "--delimiter", option), 0)
                self.assertTally({"accepted": 2})

    def test_line_ends_of_windows_and_blank_lines(self):
        self.ws.write("claims.csv", f"{HEADER}\r\n{LINE}\r\n\r\n")
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertTally({"accepted": 1})


class EncodingTest(TestCase):
    TEXT = CHINESE_HEADER + "\n1,\"已过保修期，拒绝\",1,单1,理赔失败,2026-01-02 03:04:05,0\n"

    def check(self, data, name, *options):
        with FreshWorkspace(self):
            self.ws.write("claims.csv", data)
            gateway = self.gateway()
            self.assertExit(self.ws.upload(gateway, *options), 0)
            self.assertEqual(gateway.requests[0].claim["claim_desc"], "已过保修期，拒绝")
            self.assertEqual(self.ws.read_manifest()["input"]["encoding"], name)

    def test_each_encoding_is_found_without_being_told(self):
        for codec, name in (
            ("utf-8", "utf-8"),
            ("utf-8-sig", "utf-8"),
            ("gb18030", "gb18030"),
            ("gbk", "gb18030"),
            ("utf-16-le", "utf-16le"),
            ("utf-16-be", "utf-16be"),
        ):
            with self.subTest(codec):
                mark = "\ufeff" if codec.startswith("utf-16") else ""
                self.check((mark + self.TEXT).encode(codec), name)

    def test_each_encoding_can_be_told(self):
        for codec, option, name in (
            ("utf-8", "utf-8", "utf-8"),
            ("gbk", "gb18030", "gb18030"),
            ("utf-16", "utf-16", "utf-16le"),
        ):
            with self.subTest(codec):
                self.check(self.TEXT.encode(codec), name, "--encoding", option)

    def test_a_rare_character_of_gb18030_survives(self):
        text = self.TEXT.replace("已过", "𠮷㐂")
        with FreshWorkspace(self):
            self.ws.write("claims.csv", text.encode("gb18030"))
            gateway = self.gateway()
            self.assertExit(self.ws.upload(gateway), 0)
            self.assertIn("𠮷㐂", gateway.requests[0].claim["claim_desc"])


CUT = ("理赔" * 50).encode() + "理".encode()[:2] + b"," + "理赔".encode() * 50
NOT_UTF8_NOT_GB = b"\xff\xff\xff"

# name, bytes of the file, what has to be said, options
REFUSALS = (
    ("an empty file", b"", ("header",), ()),
    ("no column that is known", b"a,b,c\n1,2,3\n", ("workcard_id", "--column"), ()),
    (
        "a required column is missing",
        HEADER.replace("claim_time", "when").encode() + b"\n",
        ("claim_time", "'when'"),
        (),
    ),
    ("a column twice", f"{HEADER},claim_fee\n{LINE},1\n".encode(), ("claim_fee",), ()),
    (
        "a column twice by two names",
        f"{HEADER},工单ID\n{LINE},1\n".encode(),
        ("workcard_id", "工单ID"),
        (),
    ),
    (
        "a quote that is never closed",
        f'{HEADER}\n{LINE}\n1,"abc,1\n{LINE}\n'.encode(),
        ("line 3", "column 3", "quote"),
        (),
    ),
    (
        "a stray quote",
        f'{HEADER}\n{LINE}\n1,a"b,1,X,1,2026-01-02,5\n'.encode(),
        ("line 3", "column 4", "quote"),
        (),
    ),
    (
        "text behind a closing quote",
        f'{HEADER}\n1,"ab"c,1,X,1,2026-01-02,5\n'.encode(),
        ("line 2", "quote"),
        (),
    ),
    ("neither UTF-8 nor GB18030", f"{HEADER}\n{LINE}".encode() + NOT_UTF8_NOT_GB + b"\n", ("line 2",), ()),
    ("a character cut in half", HEADER.encode() + b"\n1," + CUT + b"\n", ("line 2", "in another encoding"), ()),
    ("a NUL byte", f"{HEADER}\n{LINE}\0\n".encode(), ("line 2", "NUL"), ()),
    ("a spreadsheet's own file", b"PK\x03\x04" + b"\0" * 100, ("CSV",), ()),
    (
        "a record over 1 MiB",
        f'{HEADER}\n{LINE}\n1,"'.encode() + b"x" * (1100 << 10) + b'",1,A,1,2026-01-02,1\n',
        ("line 3", "1 MiB"),
        (),
    ),
    (
        "an amount without a unit",
        CHINESE_HEADER.replace("(元)", "").encode() + b"\n",
        ("理赔金额", "--fee-unit"),
        (),
    ),
    (
        "a unit that the header contradicts",
        CHINESE_HEADER.encode() + b"\n",
        ("yuan", "--fee-unit"),
        ("--fee-unit", "fen"),
    ),
    (
        "no line end at the end",
        f"{HEADER}\n{LINE}\n{LINE}".encode(),
        ("3", "missing-final-newline"),
        (),
    ),
    (
        "another encoding than told",
        EncodingTest.TEXT.encode("gbk"),
        ("UTF-8",),
        ("--encoding", "utf-8"),
    ),
    (
        "UTF-16 cut in half",
        EncodingTest.TEXT.encode("utf-16")[:-1],
        (),
        (),
    ),
    (
        "a column that is not there",
        f"{HEADER}\n{LINE}\n".encode(),
        ("'Nr'",),
        ("--column", "claim_order_no=Nr"),
    ),
)


class RefusalTest(TestCase):
    def test_a_file_that_cannot_be_trusted_is_refused_whole_before_anything_is_sent(self):
        gateway = self.gateway()
        for name, data, words, options in REFUSALS:
            with self.subTest(name), FreshWorkspace(self):
                self.ws.write("claims.csv", data)
                result = self.ws.upload(gateway, *options)
                self.assertExit(result, 65)
                self.assertSays(result, "claims.csv", "nothing was sent", *words)
                self.assertFalse(os.path.exists(self.ws.report))
        self.assertEqual(gateway.requests, [])

    def test_a_file_without_a_line_end_can_be_accepted_by_rule(self):
        self.ws.write("claims.csv", f"{HEADER}\n{LINE}")
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway, "--rule", "missing-final-newline=warn"), 0)
        self.assertTally({"accepted": 1})

    def test_a_unit_can_be_declared(self):
        text = CHINESE_HEADER.replace("(元)", "") + "\n1,,1,A1,1,2026-01-02 03:04:05,12.5\n"
        self.ws.write("claims.csv", text)
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway, "--fee-unit", "yuan"), 0)
        self.assertEqual(gateway.requests[0].claim["claim_fee"], 1250)

    def test_what_cannot_be_opened_is_told(self):
        gateway = self.gateway()
        os.mkdir(self.ws.file("folder.csv"))
        for claims in ("nowhere.csv", "folder.csv"):
            with self.subTest(claims):
                result = self.ws.upload(gateway, claims=claims)
                self.assertExit(result, 66)
                self.assertSays(result, claims, "nothing was sent")

    def test_an_export_that_changes_after_it_was_checked_is_not_sent_from_there_on(self):
        """The first pass keeps a digest for each MiB; the second checks a block before it sends."""
        rows = [dict(row, note="x" * 1500) for row in claim_rows(2800)]
        self.ws.export(rows, header=FIELDS + ("note",))
        before = os.path.getsize(self.ws.claims)
        self.assertGreater(before, 4 << 20)

        def script(request):
            if request.number == 1:  # nothing goes on until this one is answered
                with open(self.ws.claims, "r+b") as file:
                    file.seek(before - 100)
                    file.write(b"y")
            return accept(request)

        gateway = self.gateway(script)
        result = self.ws.upload(gateway, "--in-flight", "1")
        self.assertExit(result, 75)
        self.assertSays(result, "changed while it was read")
        sent = {key[1] for key in gateway.keys()}
        self.assertNotIn(rows[-1]["claim_order_no"], sent)
        self.assertLess(len(sent), 2800)
        # As it was, it goes on.
        with open(self.ws.claims, "r+b") as file:
            file.seek(before - 100)
            file.write(b"x")
        gateway.script = accept
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertEqual(len(gateway.requests), 2800)
        self.assertNoViolations(oracle.judge(self.ws.claims, self.ws.report, gateway.journal, starts=2))


class EndlessTest(TestCase):
    def mount(self, *words):
        """Runs a shell's words with a small file system, in memory, at ./small; only root may."""
        os.makedirs(self.ws.file("small"), exist_ok=True)
        script = "mount -t tmpfs -o size=40m none small 2>/dev/null || exit 99; " + " ".join(words)
        try:
            return subprocess.run(
                ["unshare", "-m", "sh", "-c", script],
                cwd=self.ws.path, env=self.ws.environment(TMPDIR=self.ws.file("small")),
                capture_output=True, text=True, timeout=60, check=False,
            )
        except FileNotFoundError:
            self.skipTest("unshare is not there")

    def test_an_input_without_an_end_leaves_room_for_others(self):
        for ending in ("", "| tr '\\000' '\\n'"):
            result = self.mount(f"cat /dev/zero {ending} | {program('CLAIMBATCH')} check -")
            if result.returncode in (1, 99):
                self.skipTest("only root may mount a file system")
            self.assertEqual(result.returncode, 74, result.stderr)
            self.assertIn("is nearly full", result.stderr)
            self.assertIn("nothing was sent", result.stderr)


if __name__ == "__main__":
    unittest.main()
