"""A clerk who knows the office's claims, and nothing of this program but what its messages say, brings
exports of many tools to a right upload, or understands that they must be exported again."""

import csv
import gzip
import io
import os
import re
import unittest
import zlib

from harness import FreshWorkspace, TestCase

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "exports")
GUIDE = os.path.join(HERE, "../../samples/clerk-guide.zh-CN.md")

# What the office knows: the meaning of its words, and right values of cells that are wrong.
WORDS = {"赔付": 1, "已赔付": 1, "结案": 1, "拒赔": 2, "成功": 1, "已结案": 1, "核赔通过": 1, "通过": 1, "失败": 2,
         "拒绝": 2, "处理中": 0, "待处理": 0, "完成理赔": 1, "拒绝理赔": 2, "已拒赔": 2, "A": 1, "不予理赔": 2}  # fmt: skip
CELLS = {
    "02-apostrophe-number": {"B2": "2026072512345928259", "B3": "2026072512345928260"},
    "06-null-sql": {"F3": "保外", "B4": "LP202611004120", "D5": "2026-11-02 10:03:47"},
    "06b-null-mysql": {"F3": "保外", "B4": "LP202611004120", "D5": "2026-11-02 10:03:47"},
    "19-default-dates": {f"D{row}": "2026-11-02 09:12:31" for row in range(2, 20)},
    "20-date-forms": {f"D{row}": "2026-11-02 09:12:31" for row in range(2, 30)},
    "21-orderno-lookalike": {f"B{row}": f"LP2026110041{row:02d}" for row in range(2, 30)},
    "26-status-words": {f"{column}{row}": value for row in range(2, 40)
                        for column, value in (("C", "1"), ("E", "0"), ("F", "保外"))},
    "33-wechat-tabs": {"E2": "128.00"},
    "39-unlabelled-column": {"F2": "不在保障范围,退回", "G2": ""},
    "41-taobao-shape": {"B2": "13900000000"},
}
# Exports that no clerk can repair: digits, texts or bytes are lost.
HOPELESS = {
    "05b-pandas-float-orderno-only", "23-gbk-euro", "24-dlp-encrypted", "24c-gz",
    "07-rounded-16", "12-question-marks", "13-unquoted-newline-last",
    "43-orderno-dates", "50-number-type-oracle",
}  # fmt: skip
# How many claims the others bring, and the fen they come to.
BRINGS = {
    "02-apostrophe-number": (2, 22700),
    "06-null-sql": (4, 12900),
    "06b-null-mysql": (4, 12900),
    "07d-rounded-18": (1, 12800),
    "08-timestamp-fraction": (6, 62300),
    "09-db2-del": (2, 12800),
    "10-sqlserver-money": (2, 12800),
    "10c-fen-with-point-zero": (2, 22700),
    "11-gbk-loushui": (3, 12800),
    "14-mysql-outfile": (2, 0),
    "15-ctrl-z": (1, 12800),
    "17-alipay": (2, 12800),
    "17b-alipay-body": (2, 12800),
    "19-default-dates": (10, 128000),
    "20-date-forms": (21, 268800),
    "21-orderno-lookalike": (14, 179200),
    "26-status-words": (15, 179200),
    "31d-mysql-table": (1, 12800),
    "36d-english-and-chinese-int": (2, 22700),
    "39-unlabelled-column": (2, 12800),
    "40-icbc-shape": (2, 112800),
    "27-unit-slash": (1, 12800),
    "27b-unit-colon": (1, 12800),
    "27g-star": (1, 12800),
    "27i-break": (1, 12800),
    "31b-fullwidth-comma": (1, 12800),
    "33-wechat-tabs": (1, 12800),
    "35-idiom-variants": (2, 25600),
    "37-html-in-desc": (1, 0),
    "40b-icbc-body": (2, 12800),
    "41-taobao-shape": (2, 20112),
    "42-abc-two-columns": (1, 12800),
    "42b-plus-sign": (1, 12800),
    "45-utf16le-no-bom": (1, 12800),
}


class Clerk:
    """Reads a message and does what it says."""

    def __init__(self, name, data):
        self.name = name
        self.data = data
        self.options = []
        self.gave_up = False

    def act(self, text):
        """Does one thing; False when no message says what to do."""
        for step in (self.find_header, self.unpack, self.choose_reading, self.take_option, self.name_columns,
                     self.map_words, self.correct_cells, self.delete_line,
                     self.export_again):  # fmt: skip
            if step(text):
                return True
        return False

    def add(self, *options):
        before = len(self.options)
        self.options += [] if " ".join(options) in " ".join(self.options) else options
        return len(self.options) > before

    def find_header(self, text):
        found = re.search(r"line (\d+) looks like the header: delete the lines above it", text)
        if not found:
            return False
        lines = self.data.splitlines(keepends=True)
        self.data = b"".join(lines[int(found.group(1)) - 1 :])
        self.take_option(text[found.end() :])
        return True

    def take_option(self, text):
        found = re.search(r"(?:say|sure that the row is whole:) (--[a-z-]+) ([^\s;,]+)", text)
        if not found or found.group(1) not in ("--delimiter", "--encoding", "--rule"):
            return False
        return self.add(found.group(1), found.group(2).strip("'"))

    def unpack(self, text):
        if "unpack it, as with gunzip" not in text:
            return False
        try:
            self.data = gzip.decompress(self.data)
        except zlib.error:  # only its first bytes are those of an archive
            self.gave_up = True
        return True

    def choose_reading(self, text):
        """The office writes usual Chinese, so it knows which of two readings makes sense."""
        found = re.search(r"'([^']+)' in UTF-8 and '([^']+)' in GB18030 .* --encoding utf-8 or --encoding gb18030", text)
        if not found:
            return False
        usual = [all("\u4e00" <= c <= "\u9fff" for c in reading) for reading in found.groups()]
        return sum(usual) == 1 and self.add("--encoding", "utf-8" if usual[0] else "gb18030")

    def name_columns(self, text):
        found = re.search(r"say --column '([a-z_]+=[^']+)'", text)
        return bool(found) and self.add("--column", found.group(1))

    def map_words(self, text):
        words = re.findall(r"'([^']+)' is no status: .*--status WORD=N", text)
        return any([self.add("--status", f"{word}={WORDS[word]}") for word in words if word in WORDS])

    def correct_cells(self, text):
        cells = CELLS.get(self.name, {})
        named = re.findall(r" error: .*\(cell ([A-Z]+)(\d+)\)", text)
        unnamed = re.search(r"error: .* in column 7, which has no header: .*empty the cell.*\(row (\d+)\)", text)
        named += [(column, unnamed.group(1)) for column in "FG"] if unnamed else []
        wanted = [(column, int(row), cells[column + row]) for column, row in named if column + row in cells]
        if not wanted:
            return False
        codec = "gb18030" if self.name.startswith("41") else "utf-8-sig"
        rows = list(csv.reader(io.StringIO(self.data.decode(codec), newline="")))
        for column, row, value in wanted:
            rows[row - 1][ord(column) - ord("A")] = value
        out = io.StringIO()
        csv.writer(out).writerows(rows)
        self.data = out.getvalue().encode(codec)
        return True

    def delete_line(self, text):
        found = re.search(r":(\d+):\d+: error: .*if this line is no claim, delete it", text)
        header = re.search(r"line (\d+): .*second header; delete it, .* with --fee-unit", text)
        if header:
            self.options += ["--fee-unit", "yuan"]
        found = found or header
        if not found or self.name in HOPELESS:
            return False
        lines = self.data.splitlines(keepends=True)
        del lines[int(found.group(1)) - 1]
        self.data = b"".join(lines)
        return True

    def export_again(self, text):
        """Not where a line of advice is only for the case that a value is meant so."""
        self.gave_up = bool(re.search(r"export (it|the file) (again|with)|type the text anew|decrypted there", text))
        return self.gave_up


class ClerkTest(TestCase):
    def bring(self, name):
        """The clerk at the end, and the messages on the way."""
        with open(os.path.join(FOLDER, name + ".csv"), "rb") as file:
            clerk = Clerk(name, file.read())
        for _ in range(8):
            self.ws.write("claims.csv", clerk.data)
            result = self.ws.run("check", "claims.csv", *clerk.options)
            if result.code == 0:
                return clerk
            self.assertIn(result.code, (1, 65), repr(result))
            self.assertTrue(clerk.act(result.out + result.err), f"{name} {clerk.options}\n{result!r}")
            if clerk.gave_up:
                return clerk
        self.fail(f"{name}: no end, {clerk.options}\n{result!r}")

    def test_each_export_is_brought_to_a_right_upload(self):
        gateway = self.gateway(check=False)
        for name, (rows, fen) in BRINGS.items():
            with self.subTest(name), FreshWorkspace(self):
                clerk = self.bring(name)
                self.assertFalse(clerk.gave_up)
                before = len(gateway.requests)
                result = self.ws.upload(gateway, "--in-flight", "1", *clerk.options)
                self.assertExit(result, 0)
                claims = [request.claim for request in gateway.requests[before:]]
                self.assertEqual((len(claims), sum(claim["claim_fee"] for claim in claims)), (rows, fen))
                for claim in claims:
                    self.assertRegex(claim["claim_time"], "^20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9:]{8}$")

    def test_the_columns_of_the_guide_are_known(self):
        with open(GUIDE, encoding="utf-8") as file:
            names = re.search("需要的列：([^。]+)。", file.read()).group(1).split("、")
        values = {"理赔状态": "2", "理赔时间": "2026-01-02 03:04:05", "理赔金额": "0"}
        header = ",".join(names).replace("理赔金额", "理赔金额(元)")
        self.ws.write("claims.csv", (header + "\n" + ",".join(values.get(name, "7") for name in names) + "\n").encode())
        result = self.ws.run("check", "claims.csv")
        self.assertExit(result, 0)
        self.assertNotIn("not there", result.out)
        self.assertNotIn("not used", result.out)

    def test_a_column_that_may_be_how_many_claim_forms_is_named(self):
        self.ws.write("claims.csv", "工单号,理赔单号,理赔状态,理赔时间,理赔金额(元),理赔单数\n"
                                    "7,LP7,1,2026-01-02 03:04:05,1.00,2\n".encode())
        wanted = "if '理赔单数' is meant, say --column 'claim_count=理赔单数'"
        self.assertIn(wanted, self.ws.run("check", "claims.csv").out)
        gateway = self.gateway(check=False)
        self.assertSays(self.ws.upload(gateway), "no column for claim_count: " + wanted)

    def test_what_is_lost_is_understood_to_be_lost(self):
        for name in sorted(HOPELESS):
            with self.subTest(name):
                self.assertTrue(self.bring(name).gave_up)


if __name__ == "__main__":
    unittest.main()
