"""Exports as offices really make them: the samples, what reaches the gateway of a GB18030 export, and
damaged exports that are fixed by following the messages alone."""

import csv
import difflib
import io
import os
import re
import shlex
import unittest

from harness import NEW_LEDGER, TestCase, claim_digest

SAMPLES = os.path.join(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "samples"
)

HEADER = "工单编号,理赔单号,理赔状态,理赔时间,理赔金额(元),拒赔原因"
ROWS = (
    "8815301637,LP202511004107,理赔成功,2025-11-02 09:12:31,1234.50,",
    '8815302654,LP202511004114,理赔失败,2025-11-02 09:40:05,0,"不在保障范围, 退回"',
    '8815303671,LP202511004121,理赔失败,2025-11-02 10:03:47,0,"序列号与""IMEI""不一致"',
    "8815304688,LP202511004128,未理赔,2025-11-02 11:26:18,0,",
)
GOOD = "\n".join((HEADER,) + ROWS) + "\n"
CLAIMS = [
    (8815301637, "LP202511004107", 1, "2025-11-02 09:12:31", 123450, None),
    (8815302654, "LP202511004114", 2, "2025-11-02 09:40:05", 0, "不在保障范围, 退回"),
    (8815303671, "LP202511004121", 2, "2025-11-02 10:03:47", 0, '序列号与"IMEI"不一致'),
    (8815304688, "LP202511004128", 0, "2025-11-02 11:26:18", 0, None),
]


class SampleTest(TestCase):
    # What the rows of each sample come to, by hand; None: it is no export.
    EXPECTED = {
        "claims.csv": (1, "rows 42, invalid 5,", "6,754.00 yuan"),
        "excel-gb18030-yuan.csv": (0, "rows 5, invalid 0,", "227.50 yuan"),
        "excel-unicode-text.txt": (0, "rows 3, invalid 0,", "195.50 yuan"),
        "semicolon-bom.csv": (0, "rows 3, invalid 0,", "195.50 yuan"),
        "quoted-line-breaks.csv": (0, "rows 3, invalid 0,", "66.00 yuan"),
        "mac-line-ends.csv": (0, "rows 3, invalid 0, blank lines 2", "66.00 yuan"),
        "own-headers.csv": (0, "rows 3, invalid 0,", "880.00 yuan"),
        "excel-damaged.csv": (1, "rows 5, invalid 5,", "0.00 yuan"),
        "claimbatch.conf": None,
    }

    def commands(self):
        """The commands of samples/README.md."""
        with open(os.path.join(SAMPLES, "README.md"), encoding="utf-8") as file:
            return [
                shlex.split(line)[1:] for line in file if line.startswith("claimbatch ")
            ]

    def test_every_command_of_the_readme_does_what_it_says(self):
        seen = set()
        for words in self.commands():
            names = [word for word in words if word in self.EXPECTED]
            self.assertEqual(len(names), 1, words)
            seen.add(names[0])
            arguments = [
                os.path.join(SAMPLES, word) if word == names[0] else word for word in words
            ]
            with self.subTest(names[0]):
                result = self.ws.run(*arguments)
                # The secret that the configuration names is not there, which is said, too.
                code, *pieces = self.EXPECTED[names[0]] or (78, "in-flight = 64\n")
                self.assertExit(result, code)
                for piece in pieces:
                    self.assertIn(piece, result.out)
        self.assertEqual(seen, set(self.EXPECTED))

    def test_every_sample_has_a_command(self):
        files = {name for name in os.listdir(SAMPLES) if name.endswith((".csv", ".txt", ".conf"))}
        self.assertEqual(
            {name for name in files if ".report." not in name}, set(self.EXPECTED)
        )


class Gb18030Test(TestCase):
    # Four bytes each: outside the first plane, and of it what GBK did not have.
    DESCRIPTIONS = ("𠮷野家㐂𪚥", "€ⅰ㊣ŭǹ", "ꯍ가힣ⱥ", "\U0001f697损坏", "超过保修期，不赔。", "ﷲ")
    AMOUNTS = (
        ("0.01", 1),
        ("0.10", 10),
        ("0.1", 10),
        ("19.99", 1999),
        ("4503599627370497.01", 450359962737049701),
        ("92233720368547758.07", 9223372036854775807),
    )

    def test_text_and_money_reach_the_journal_exactly(self):
        header = "经办人,拒赔原因,理赔金额（元）,理赔时间,理赔状态,理赔单号,工单号"
        lines, claims = [header], []
        for i, (text, (yuan, fen)) in enumerate(zip(self.DESCRIPTIONS, self.AMOUNTS), 1):
            lines.append(f"王,,{yuan},2025/1/{i} 8:05,理赔成功,单𠮷{i},{i}")
            claims.append((i, "", f"单𠮷{i}", 1, f"2025-01-0{i} 08:05:00", fen))
            lines.append(f"㐂,{text},0.00,2025-01-0{i}T00:00:00Z,理赔失败,退㐂{i},9{i}")
            claims.append((90 + i, text, f"退㐂{i}", 2, f"2025-01-0{i} 08:00:00", 0))
        self.ws.write("claims.csv", "\r\n".join(lines + [""]).encode("gb18030"))
        sandbox = self.sandbox()
        self.assertExit(self.ws.upload(sandbox, "--in-flight", "1"), 0)
        self.assertTrue(sandbox.has_lines(len(claims), 30))
        sent = {entry["claim"]["workcard_id"]: entry["claim"] for entry in sandbox.journal}
        self.assertEqual(len(sandbox.journal), len(claims))
        for row, (number, desc, order, status, time, fen) in zip(self.ws.read_report(), claims):
            claim = {
                "workcard_id": number,
                "claim_count": 1,
                "claim_order_no": order,
                "claim_status": status,
                "claim_time": time,
                "claim_fee": fen,
            }
            if desc:
                claim["claim_desc"] = desc
            self.assertEqual(sent[number], claim)
            values = (str(number), desc, "1", order, str(status), time, str(fen))
            self.assertEqual(row["digest"], claim_digest(values))
        self.assertEqual(self.ws.read_manifest()["input"]["encoding"], "gb18030")


# ---- damaged exports ----


def change(old, new, count=1):
    assert old in GOOD, old
    return GOOD.replace(old, new, count)


def with_delimiter(mark):
    """The good export with another character between its cells."""
    return re.sub(r',(?=(?:[^"]*"[^"]*")*[^"]*$)', mark, GOOD, flags=re.M)


def with_all_quoted():
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(csv.reader(io.StringIO(GOOD)))
    return out.getvalue()


EMPTY_REASON = change('"序列号与""IMEI""不一致"', "")

# What it is; the damaged bytes; the words of the message that say where and how; and what following
# them gives: the fixed file, further options, or both.
DAMAGED = (
    (
        "a list separator of another country",
        with_delimiter(";"),
        ("the header", "say --delimiter ';'"),
        None,
        ("--delimiter", ";"),
    ),
    (
        "unicode text of a spreadsheet",
        "\ufeff".encode("utf-16-le") + with_delimiter("\t").encode("utf-16-le"),
        ("the header", "say --delimiter tab"),
        None,
        ("--delimiter", "tab"),
    ),
    (
        "a column of another name",
        change("理赔单号", "报案号"),
        ("no column for claim_order_no", "'报案号'", "name yours with --column FIELD=HEADER"),
        None,
        ("--column", "claim_order_no=报案号"),
    ),
    (
        "an amount without a unit",
        change("(元)", ""),
        ("column 5 '理赔金额' does not say", "--fee-unit yuan"),
        None,
        ("--fee-unit", "yuan"),
    ),
    (
        "a column twice",
        re.sub("(?m)$", ",x", GOOD.rstrip("\n")).replace(",x", ",工单编号", 1) + "\n",
        ("column 1 '工单编号' and column 7 '工单编号'", "rename one of them in the export"),
        re.sub("(?m)$", ",x", GOOD.rstrip("\n")) + "\n",
        (),
    ),
    (
        "two columns that mean the same",
        re.sub("(?m)$", ",x", GOOD.rstrip("\n")).replace(",x", ",workcard_id", 1) + "\n",
        ("both mean workcard_id", "say which one it is with --column workcard_id=HEADER"),
        None,
        ("--column", "workcard_id=工单编号"),
    ),
    (
        "a title above the header",
        "理赔明细表,,,,,\n" + GOOD,
        ("line 1, the header", "take away lines above it"),
        GOOD,
        (),
    ),
    (
        "no header at all",
        GOOD.split("\n", 1)[1],
        ("the first line must be the header", "add it where it is missing"),
        GOOD,
        (),
    ),
    (
        "a copy that ended too soon",
        GOOD[:-8],
        ("line 5", "it may be cut; export the file again"),
        GOOD,
        (),
    ),
    (
        "quotes that are not doubled",
        change('"序列号与""IMEI""不一致"', '序列号与"IMEI"不一致'),
        ("line 4, column 58", "put the whole cell in quotes and double the quotes inside it"),
        GOOD,
        (),
    ),
    (
        "a quote in quotes that is not doubled",
        change('""IMEI""', '"IMEI"'),
        ("line 4", "a quote inside a cell must be doubled"),
        GOOD,
        (),
    ),
    (
        "a quote that is not closed",
        change(' 退回"', " 退回"),
        ("line 4 (row 3), column 55", "the quote of line 3, column 54 was not closed"),
        GOOD,
        (),
    ),
    (
        "a comma without quotes",
        change('"不在保障范围, 退回"', "不在保障范围, 退回"),
        ("claims.csv:3:1: error: COLUMN_COUNT:", "a text with a comma or a line break needs quotes"),
        GOOD,
        (),
    ),
    (
        "a character cut in half",
        GOOD.encode().replace("退回".encode(), "退回".encode()[:-1]),
        ("line 3, byte offset", "cut"),
        GOOD,
        (),
    ),
    (
        "a byte that is in no encoding",
        GOOD.encode("gb18030").replace("退回".encode("gb18030"), b"\xff"),
        ("line 3, byte offset", "export it again as UTF-8"),
        GOOD,
        (),
    ),
    (
        "a workbook with the name of a CSV",
        b"PK\x03\x04" + b"\0" * 60,
        ("save it as 'CSV UTF-8'", "save it as 'CSV UTF-8'"),
        GOOD,
        (),
    ),
    (
        "UTF-16 without its mark",
        GOOD.encode("utf-16-le"),
        ("NUL", "--encoding utf-16"),
        None,
        ("--encoding", "utf-16"),
    ),
    (
        "a long number in scientific notation",
        change("8815301637", "8.8153E+09"),
        ("claims.csv:2:1: error: EXCEL_NUMBER: 工单编号 '8.8153E+09'", "this column as text"),
        GOOD,
        (),
    ),
    (
        "a date that became a number",
        change("2025-11-02 09:12:31", "45963.3837"),
        ("claims.csv:2:32: error: EXCEL_NUMBER: 理赔时间 '45963.3837'", "2022-12-31 23:59:59"),
        GOOD,
        (),
    ),
    (
        "a day that there is not",
        change("2025-11-02 10:03:47", "2025-11-31 10:03:47"),
        ("claims.csv:4:32: error: BAD_TIME: 理赔时间 '2025-11-31 10:03:47' is no real date",),
        GOOD,
        (),
    ),
    (
        "a currency sign",
        change("1234.50", "¥1234.50"),
        ("error: BAD_FEE: 理赔金额(元) '¥1234.50'", "without minus, currency sign or unit"),
        GOOD,
        (),
    ),
    (
        "full-width digits",
        change("1234.50", "１２３４.50"),
        ("error: BAD_FEE: 理赔金额(元) '１２３４.50'", "write digits"),
        GOOD,
        (),
    ),
    (
        "a word that is no status",
        change("理赔成功", "成功"),
        ("claims.csv:2:27: error: BAD_STATUS: 理赔状态 '成功'", "--status WORD=N"),
        GOOD,
        (),
    ),
    (
        "a refusal without a reason",
        EMPTY_REASON,
        ("claims.csv:4:54: error: REFUSED_WITHOUT_REASON: 拒赔原因 is empty", "write why"),
        GOOD,
        (),
    ),
    (
        "an amount that is missing",
        change(",1234.50,", ",,"),
        ("claims.csv:2:52: error: MISSING_FIELD: 理赔金额(元) is empty: fill it in",),
        GOOD,
        (),
    ),
    (
        "a line that tells a spreadsheet the delimiter",
        "sep=;\n" + with_delimiter(";"),
        ("line 1", "tells a spreadsheet what separates the cells: delete it", "--delimiter ';'"),
        with_delimiter(";"),
        ("--delimiter", ";"),
    ),
    (
        "a web page with the name of a CSV",
        "<html><body><table><tr><td>工单编号</td></tr></table></body></html>\n",
        ("line 1", "open it in a spreadsheet and save it as 'CSV UTF-8'"),
        GOOD,
        (),
    ),
    (
        "amounts in ten thousands",
        change("(元)", "(万元)"),
        ("neither fen nor yuan", "'理赔金额(万元)'"),
        GOOD,
        (),
    ),
    (
        "a character without width",
        change("LP202511004107", "LP202511004107\u200b"),
        ("claims.csv:2:12: error: CONTROL_CHARACTER: 理赔单号 'LP202511004107\\u{200B}'",),
        GOOD,
        (),
    ),
    (
        "the error of a lookup",
        change("LP202511004107", "#N/A"),
        ("claims.csv:2:12: error: EXCEL_NUMBER: 理赔单号 '#N/A'", "correct it there"),
        GOOD,
        (),
    ),
    (
        "grouped digits without quotes",
        change("1234.50", "1,234.50"),
        ("claims.csv:2:52: error: SHIFTED_CELLS: 理赔金额(元) '1'",),
        GOOD,
        (),
    ),
    (
        "a control character from a form",
        change("LP202511004107", "LP202511004\x02107"),
        ("error: CONTROL_CHARACTER: 理赔单号 'LP202511004\\x02107'", "take it out"),
        GOOD,
        (),
    ),
    (
        "the end of a day",
        change("2025-11-02 09:12:31", "2025-11-01 24:00:00"),
        ("claims.csv:2:32: error: BAD_TIME:", "midnight is 00:00:00 of the next day"),
        GOOD,
        (),
    ),
    (
        "a time that lost its date",
        change("2025-11-02 09:12:31", "12:31.0"),
        ("claims.csv:2:32: error: BAD_TIME: 理赔时间 '12:31.0' has no date", "export it again"),
        GOOD,
        (),
    ),
    (
        "quotes that a word processor made",
        change('"不在保障范围, 退回"', "“不在保障范围, 退回”"),
        ("claims.csv:3:1: error: COLUMN_COUNT:", 'needs quotes (") around it'),
        GOOD,
        (),
    ),
    (
        "quotes with backslashes",
        change('""IMEI""', '\\"IMEI\\"'),
        ("line 4, column 61", "a quote inside a cell must be doubled"),
        GOOD,
        (),
    ),
    (
        "a character that a converter lost",
        change("退回", "退\ufffd"),
        ("claims.csv:3:54: error: CONTROL_CHARACTER: 拒赔原因", "or type the text anew"),
        GOOD,
        (),
    ),
    (
        "a line that says something else",
        GOOD + "请王处理,,,,,\n",
        ("claims.csv:6:1: error: BAD_NUMBER:", "if this line is no claim", "delete it"),
        GOOD,
        (),
    ),
    (
        "the header once more",
        GOOD + HEADER + "\n",
        ("claims.csv:6:1: error: BAD_NUMBER:", "(a note, the header once more), delete it"),
        GOOD,
        (),
    ),
    (
        "rows in quotes as a whole",
        "\n".join([HEADER] + ['"' + row.replace('"', '""') + '"' for row in ROWS]) + "\n",
        ("claims.csv:2:1: error: COLUMN_COUNT:", "quotes stand around the whole row"),
        GOOD,
        (),
    ),
    (
        "all in quotes as a whole",
        "\n".join('"' + row.replace('"', '""') + '"' for row in (HEADER,) + ROWS) + "\n",
        ("line 1, the header", "if quotes stand around the whole line, take them away"),
        GOOD,
        (),
    ),
    (
        "an amount in scientific notation",
        change("1234.50", "1.2345E+03"),
        ("claims.csv:2:52: error: BAD_FEE: 理赔金额(元) '1.2345E+03' is in scientific notation", "plain numbers"),
        GOOD,
        (),
    ),
    (
        "a unit behind an amount",
        change("1234.50", "1234.50元"),
        ("claims.csv:2:52: error: BAD_FEE: 理赔金额(元) '1234.50元'", "write digits"),
        GOOD,
        (),
    ),
    (
        "the error of a formula",
        change("1234.50", "#VALUE!"),
        ("claims.csv:2:52: error: BAD_FEE: 理赔金额(元) '#VALUE!'", "correct it there"),
        GOOD,
        (),
    ),
    (
        "unicode text with another list separator",
        b"\xff\xfe" + with_delimiter(";").encode("utf-16-le"),
        ("line 1, the header", "say --delimiter ';'"),
        None,
        ("--delimiter", ";"),
    ),
)

# Where a message says so, all of the file may be another one afterwards.
ANEW = re.compile(r"export (it|the file) again|save it as|quotes stand around the whole")
PLACE = re.compile(r"claims\.csv:(\d+):\d+: error|\bline (\d+)\b")


# Odd but clear: what it is, the bytes, and options.
ODD = (
    (
        "unicode text of a spreadsheet",
        b"\xff\xfe" + with_delimiter("\t").replace("\n", "\r\n").encode("utf-16-le"),
        ("--delimiter", "tab"),
    ),
    (
        "unicode text, big endian",
        b"\xfe\xff" + with_delimiter("\t").encode("utf-16-be"),
        ("--delimiter", "tab"),
    ),
    ("line ends of an old Mac", GOOD.replace("\n", "\r"), ()),
    ("empty columns behind all rows", re.sub("(?m)$", ",,,", GOOD.rstrip("\n")) + "\n", ()),
    ("a header over two lines", change("工单编号", '"工单\n编号"').replace("\n", "\r\n"), ()),
    ("blanks in the header", change("理赔状态", "\u00a0理赔 状态\u3000"), ()),
    ("full-width brackets", change("(元)", "（元）"), ()),
    (
        "blanks around values",
        change("8815301637,", "\u00a08815301637\u3000,").replace(",理赔失败,", ", 理赔失败\t,"),
        (),
    ),
    ("numbers kept as text", change("8815301637", '="8815301637"'), ()),
    ("numbers kept as text, in quotes", change("8815301637", '"=""8815301637"""'), ()),
    ("every cell in quotes", with_all_quoted(), ()),
)


class DamagedTest(TestCase):
    def test_what_is_odd_but_clear_is_taken_as_it_is_meant(self):
        gateway = self.gateway()
        for number, (name, body, options) in enumerate(ODD):
            with self.subTest(name):
                self.ws.write("claims.csv", body)
                self.assertExit(self.ws.run("check", "claims.csv", *options), 0)
                result = self.ws.upload(
                    *(gateway, "--in-flight", "1", "--overwrite", *NEW_LEDGER),
                    *options,
                    ledger=f"odd-{number}.db",
                )
                self.assertExit(result, 0)
                self.assertEqual(self.sent(gateway), CLAIMS)

    def test_a_line_break_in_a_cell_is_no_line_end(self):
        text = GOOD.replace("\n", "\r\n").replace("不在保障范围, 退回", "不在保障范围,\n退回")
        self.ws.write("claims.csv", text)
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway, "--in-flight", "1"), 0)
        self.assertEqual(self.sent(gateway)[1][5], "不在保障范围,\n退回")

    def test_each_damaged_export_is_fixed_by_following_the_messages_alone(self):
        self.assertGreaterEqual(len(DAMAGED), 20)
        gateway = self.gateway()
        for number, (name, damaged, words, fixed, options) in enumerate(DAMAGED):
            with self.subTest(name):
                self.ws.write("claims.csv", damaged)
                result = self.ws.run("check", "claims.csv")
                self.assertIn(result.code, (1, 65), repr(result))
                for piece in words:
                    self.assertIn(piece, result.out + result.err, repr(result))
                self.assertFollows(result.out + result.err, damaged, fixed, options)
                self.ws.write("claims.csv", fixed or damaged)
                self.assertExit(self.ws.run("check", "claims.csv", *options), 0)
                self.assertExit(
                    self.ws.upload(
                        *(gateway, "--in-flight", "1", "--overwrite", *NEW_LEDGER),
                        *options,
                        ledger=f"{number}.db",
                    ),
                    0,
                )
                self.assertEqual(self.sent(gateway), CLAIMS)

    def assertFollows(self, text, damaged, fixed, options):
        """Whoever fixed it knew no more than the message: each option stands in it, and each line
        that is another one afterwards."""
        for option, value in zip(options[::2], options[1::2]):
            if option == "--column":
                field, header = value.split("=")
                self.assertRegex(text, rf"--column ({field}|FIELD)=HEADER")
                self.assertIn(field, text)
                self.assertIn(f"'{header}'", text)
            else:
                self.assertIn(f"{option} {shlex.quote(value)}", text)
        if fixed is None or ANEW.search(text):
            return
        before, after = damaged.split("\n"), fixed.split("\n")
        named = {int(one or other) for one, other in PLACE.findall(text)}
        matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
        for what, start, end, *_ in matcher.get_opcodes():
            if what != "equal":
                self.assertLessEqual(set(range(start, max(end, start + 1))), {n - 1 for n in named}, text)

    @staticmethod
    def sent(gateway):
        """The claims of this round."""
        claims = [request.claim for request in gateway.requests[-len(CLAIMS) :]]
        return [
            (
                claim["workcard_id"],
                claim["claim_order_no"],
                claim["claim_status"],
                claim["claim_time"],
                claim["claim_fee"],
                claim.get("claim_desc"),
            )
            for claim in claims
        ]


if __name__ == "__main__":
    unittest.main()
