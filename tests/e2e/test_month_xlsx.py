"""The workbook of an audit of many exports: as its file has it, and as LibreOffice opens it."""

import csv
import os
import re
import shutil
import subprocess
import unittest
import zipfile

from test_month import MonthCase

BOOK = "month.xlsx"
NAMES = ("概览 Overview", "每日 Days", "待处理 Open", "金额变更 Changed")
# Separator, quote, UTF-8, …, no cell as it is shown, all sheets.
AS_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"


class XlsxCase(MonthCase):
    def setUp(self):
        super().setUp()
        result = self.ws.run("audit", "--xlsx", BOOK, "--ledger", "ledger.db", "reports")
        if result.code == 2 and "libxlsxwriter" in result.err:
            self.skipTest("built without libxlsxwriter")
        self.assertExit(result, 0)
        self.assertSays(result, "everything that was checked agrees", BOOK)


class File(XlsxCase):
    def sheet(self, number):
        with zipfile.ZipFile(self.ws.file(BOOK)) as book:
            self.assertIsNone(book.testzip())
            return book.read(f"xl/worksheets/sheet{number}.xml").decode()

    def test_its_owners_alone_and_nothing_beside_it(self):
        self.assertEqual(self.ws.mode(BOOK), 0o600)
        self.assertFalse(os.path.exists(self.ws.file(BOOK + ".partial")))

    def test_no_workbook_is_replaced(self):
        before = self.ws.read(BOOK)
        self.audit("--xlsx", BOOK, code=73)
        self.audit("--xlsx", "-", code=2)
        self.assertEqual(self.ws.read(BOOK), before)

    def test_headings_stay_and_are_filters_and_nothing_is_a_formula(self):
        for number in range(1, 5):
            text = self.sheet(number)
            self.assertIn('state="frozen"', text)
            self.assertNotIn("<f>", text)
            self.assertNotIn("<hyperlink", text)
            if number > 1:
                self.assertIn("<autoFilter", text)

    def test_numbers_of_claims_are_texts_and_amounts_are_numbers(self):
        text = self.sheet(4)
        self.assertRegex(text, r'<c r="A2" t="inlineStr"><is><t>CL00000002</t>')
        self.assertRegex(text, r'<c r="B2" t="inlineStr"><is><t>700000000002</t>')
        self.assertRegex(text, r'<c r="C2" s="\d+"><v>1\.02')
        self.assertRegex(text, r'<c r="D2" s="\d+"><v>1\.75')


@unittest.skipUnless(shutil.which("soffice"), "LibreOffice is not there")
class LibreOffice(XlsxCase):
    def read(self):
        """The rows of each sheet, as LibreOffice reads them."""
        command = ["soffice", f"-env:UserInstallation=file://{self.ws.file('profile')}", "--headless"]
        command += ["--convert-to", AS_CSV, "--outdir", self.ws.file("sheets"), self.ws.file(BOOK)]
        env = self.ws.environment(LC_ALL="C.UTF-8")
        subprocess.run(command, check=True, env=env, capture_output=True, timeout=120)
        sheets = {}
        for name in os.listdir(self.ws.file("sheets")):
            with open(self.ws.file("sheets/" + name), encoding="utf-8-sig", newline="") as file:
                sheets[re.fullmatch(r"month-(.*)\.csv", name)[1]] = list(csv.reader(file))
        return sheets

    def test_it_says_the_same(self):
        sheets = self.read()
        self.assertEqual(set(sheets), set(NAMES))
        overview = {row[0]: row[1:] for row in sheets[NAMES[0]]}
        self.assertEqual(overview["理赔(各计一次) Claims, each once"][0], "9")
        self.assertEqual(overview["金额变更(差额) Changed, difference"], ["1", "0.73"])
        self.assertEqual(overview["受理金额(最后一次) Accepted, last amount"], ["6", "6.96"])
        days = sheets[NAMES[1]][1:]
        self.assertEqual([row[0] for row in days], self.days)
        self.assertEqual([row[1] for row in days], ["1", "1", "0", "1"])
        self.assertEqual([row[4] for row in days], ["4.1", "3.63", "0", "1.75"])
        (changed,) = sheets[NAMES[3]][1:]
        self.assertEqual(changed[:7], ["CL00000002", "700000000002", "1.02", "1.75", "0.73", "2", self.days[3]])
        opened = sheets[NAMES[2]][1:]
        self.assertEqual([row[2] for row in opened], ["CL00000006", "CL00000009", "CL00000007"])
        self.assertEqual([row[4] for row in opened], ["1.06", "1.09", ""])


class Formulas(MonthCase):
    """Numbers of claims that a spreadsheet would run, or round."""

    def test_they_are_texts(self):
        rows = [
            {"workcard_id": "7", "claim_order_no": number, "claim_count": "1", "claim_status": "1",
             "claim_time": "2026-01-02 03:04:05", "claim_fee": "?", "claim_desc": ""}
            for number in ('=HYPERLINK("http://127.0.0.1:9/")', "@SUM(1)", "00012345678901234567", "http://127.0.0.1/")
        ]  # fmt: skip
        self.send(2, rows, 1)
        result = self.ws.run("audit", "--xlsx", BOOK, "--ledger", "ledger.db", "reports")
        if result.code == 2:
            self.skipTest("built without libxlsxwriter")
        self.assertExit(result, 0)
        with zipfile.ZipFile(self.ws.file(BOOK)) as book:
            text = book.read("xl/worksheets/sheet3.xml").decode()
            self.assertNotIn("xl/worksheets/_rels/sheet3.xml.rels", book.namelist())
        self.assertNotIn("<f>", text)
        for row in rows:
            escaped = row["claim_order_no"]
            self.assertRegex(text, r'<c r="C\d+" t="inlineStr"><is><t>' + re.escape(escaped) + "</t>")


if __name__ == "__main__":
    unittest.main()
