"""The clerk's list: check writes the rows with problems, a clerk fixes them (in Excel, in LibreOffice
or in an editor), upload takes the list as it is, and the day's audit ends with 0."""

import csv
import hashlib
import io
import json
import re
import shutil
import subprocess
import unittest

from harness import TestCase, accept, refuse

HEADER = ("工单ID", "理赔单号", "理赔状态", "理赔时间", "理赔金额(元)", "拒赔原因")
LEAD = 7  # columns in front of the office's own
ROWS = (
    ("8815301637", "LP202511004107", "理赔成功", "2025-11-02 09:12:31", "128.00", ""),
    ("370911202104141234", "2026072512345928259", "理赔失败", "2025-11-02 09:40:05", "0", ""),
    ("8815303671", "00123", "理赔成功", "2025-11-02 10:03:47", "x", ""),
    ("202611004107", "00124", "理赔失败", "2025-11-02 11:26:18", "0", "=漏水, \"预约\""),
    ("8815305705", "P2026-8", "成功", "2025-11-02 12:00:59", "99.50", ""),
    ("8815306722", "（2026）浙赔字第1号", "理赔成功", "2025-11-02 15:41:33", "", ""),
)
FIXED = {3: ("拒赔原因", "保外"), 4: ("理赔金额(元)", "1234.5"), 6: ("理赔状态", "理赔成功"), 7: ("理赔金额(元)", "7")}


def write_csv(rows, codec="utf-8", delimiter=",", end="\n"):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(rows)
    return out.getvalue().encode(codec)


def decode(data):
    for mark, codec in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16")):
        if data.startswith(mark):
            return data.decode(codec)
    return data.decode("gbk")


class Excel:
    """What Excel makes of a CSV that is opened, edited and saved: it shows numbers and dates in its
    own form, and saves what it shows."""

    MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()

    def __init__(self, data, delimiter):
        self.delimiter = delimiter
        text = decode(data)
        # A bare ="…" is a formula whose value is the text.
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        self.rows = [[self.show(cell) for cell in row] for row in rows]

    def show(self, cell):
        formula = re.fullmatch('="([^"]*)"', cell)
        if formula:
            return formula.group(1)
        if cell.startswith(("=", "+", "-")) and not re.fullmatch(r"[+-]?[\d.]+", cell):
            return "#NAME?"
        if re.fullmatch(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?", cell):
            return self.number(cell)
        date = re.fullmatch(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?: (\d{1,2}):(\d\d)(?::\d\d)?)?", cell)
        if date:
            day = "/".join(str(int(part)) for part in date.groups()[:3])
            return day + (f" {int(date.group(4))}:{date.group(5)}" if date.group(4) else "")
        if re.fullmatch(rf"\d{{1,2}}-({'|'.join(self.MONTHS)})(-\d\d)?", cell.lower()):
            return cell[:5].rstrip("-") + "-26"
        return cell.upper() if cell.lower() in ("true", "false") else cell

    @staticmethod
    def number(cell):
        value = float(cell)
        if abs(value) >= 1e11:
            mantissa, exponent = f"{value:.5E}".split("E")
            return f"{mantissa.rstrip('0').rstrip('.')}E+{int(exponent):02d}"
        return f"{value:.10f}".rstrip("0").rstrip(".")

    def save(self, codec):
        data = write_csv(self.rows, codec.removesuffix("-sig"), self.delimiter, "\r\n")
        return (b"\xef\xbb\xbf" if codec == "utf-8-sig" else b"\xff\xfe" if codec == "utf-16-le" else b"") + data


class CorrectionCase(TestCase):
    def setUp(self):
        super().setUp()
        self.web = self.gateway(self.answer)
        self.script = accept

    def answer(self, request):
        return self.script(request)

    def export(self, rows=ROWS, codec="utf-8", delimiter=",", name="claims.csv", header=HEADER):
        self.ws.write(name, write_csv((header, *rows), codec, delimiter))

    def check(self, claims="claims.csv", out="problems.csv", *options):
        return self.ws.run("check", claims, "-o", out, *options)

    def upload(self, claims="claims.csv", *options):
        return self.ws.upload(self.web, "--retries", 0, *options, claims=claims)

    def audit(self, *arguments):
        return self.ws.run("audit", *arguments, "-L", "ledger.db")

    def fix(self, sheet, fixed=FIXED, delete=()):
        """Writes the right value into each row's wrong cell; takes the rows away that are left out."""
        header = sheet[0]
        for record in sheet[1:]:
            column, value = fixed.get(int(record[0]), (None, None))
            if column:
                record[LEAD + header[LEAD:].index(column)] = value
        sheet[1:] = [record for record in sheet[1:] if int(record[0]) not in delete]
        return sheet

    def sheet(self, name="problems.csv", delimiter=","):
        return list(csv.reader(io.StringIO(decode(self.ws.read(name)), newline=""), delimiter=delimiter))

    def write_sheet(self, sheet, name="problems.csv", codec="utf-8-sig"):
        self.ws.write(name, write_csv(sheet, codec))

    def claims(self):
        return [request.claim for request in self.web.requests]

    def assertDay(self):
        """Every claim of ROWS was accepted once, with the values that the clerk meant."""
        sent = {claim["claim_order_no"]: claim for claim in self.claims()}
        self.assertEqual(len(self.claims()), len(ROWS))
        for number, row in enumerate(ROWS, 2):
            cells = dict(zip(HEADER, row))
            cells.update([FIXED[number]] if number in FIXED else [])
            claim = sent[cells["理赔单号"]]
            self.assertEqual(claim["workcard_id"], int(cells["工单ID"]))
            self.assertEqual(claim["claim_time"], cells["理赔时间"])
            self.assertEqual(claim["claim_fee"], round(float(cells["理赔金额(元)"] or 0) * 100))
            self.assertEqual(claim.get("claim_desc", ""), cells["拒赔原因"])


class PartTest(CorrectionCase):
    def test_lines_that_were_deleted_are_not_said_to_be_done(self):
        self.export()
        self.assertExit(self.upload(), 1)
        self.check()
        self.write_sheet(self.fix(self.sheet(), delete=(4, 6)))
        result = self.upload("problems.csv")
        self.assertExit(result, 0)
        self.assertSays(result, "next: invalid in run", ": 4; in this list: 2. The others")
        self.assertNotIn("nothing is left to do", result.err)

    def test_a_whole_list_leaves_nothing(self):
        self.export()
        self.assertExit(self.upload(), 1)
        self.check()
        self.write_sheet(self.fix(self.sheet()))
        result = self.upload("problems.csv")
        self.assertExit(result, 0)
        self.assertSays(result, "next: nothing is left to do")
        self.assertDay()


class ListTest(CorrectionCase):
    def test_it_has_the_offices_headers_delimiter_and_encoding(self):
        for codec, delimiter, start in (
            ("utf-8", ",", b"\xef\xbb\xbfrow,line,"),
            ("utf-8-sig", ";", b"\xef\xbb\xbfrow;line;"),
            ("gb18030", ",", b"row,line,"),
            ("utf-16", "\t", b"\xff\xfer\0o\0w\0\t\0"),
        ):
            with self.subTest(codec):
                self.export(codec=codec, delimiter=delimiter)
                given = {"\t": "tab"}.get(delimiter, delimiter)
                self.assertExit(self.check("claims.csv", "problems.csv", "--delimiter", given), 1)
                self.assertTrue(self.ws.read("problems.csv").startswith(start))
                sheet = self.sheet(delimiter=delimiter)
                self.assertEqual(tuple(sheet[0][LEAD:]), HEADER)
                self.assertEqual([row[0] for row in sheet[1:]], ["3", "4", "6", "7"])

    def test_each_line_says_of_which_export_and_row_it_is(self):
        self.export()
        self.check()
        digest = hashlib.sha256(self.ws.read("claims.csv")).hexdigest()
        for line in self.sheet()[1:]:
            self.assertIn(digest, line)

    def test_long_numbers_and_dates_stand_so_that_a_spreadsheet_keeps_them(self):
        self.export()
        self.check()
        text = decode(self.ws.read("problems.csv"))
        for value in ("370911202104141234", "2026072512345928259", "2025-11-02 09:40:05", "00123"):
            self.assertIn(f'="{value}"', text)
        self.assertIn(",理赔失败,", text)
        opened = Excel(self.ws.read("problems.csv"), ",").rows
        for row in opened[1:]:
            self.assertEqual(tuple(row[LEAD:]), ROWS[int(row[0]) - 2])

    def test_it_takes_the_place_of_an_earlier_one_in_any_encoding(self):
        for codec in ("utf-8", "gb18030", "utf-16"):
            self.export(codec=codec)
            self.assertExit(self.check(), 1)


class DayTest(CorrectionCase):
    def day(self, save):
        """One day: the export, its list of problems, which `save` edits; then the audit."""
        self.assertExit(self.check(), 1)
        self.assertExit(self.upload(), 1)
        save()
        self.assertExit(self.upload("problems.csv"), 0)
        self.assertDay()
        audit = self.audit("claims.report.csv", "problems.report.csv", "--export", "claims.csv")
        self.assertExit(audit, 0)
        self.assertRegex(audit.out, rf"accepted +{len(ROWS)} ")
        self.assertExit(self.upload("problems.csv"), 0)
        self.assertDay()

    def test_fixed_in_an_editor_it_ends_the_day(self):
        self.export()
        self.day(lambda: self.write_sheet(self.fix(self.sheet())))

    def test_fixed_in_excel_and_saved_in_any_of_its_forms(self):
        for codec, delimiter, saved in (
            ("utf-8", ",", "gbk"),
            ("utf-8", ",", "utf-8-sig"),
            ("gb18030", ",", "gbk"),
            ("utf-8-sig", ";", "gbk"),
            ("utf-8", "\t", "utf-16-le"),
        ):
            with self.subTest(codec=codec, delimiter=delimiter, saved=saved):
                self.setUp()
                self.export(codec=codec, delimiter=delimiter)
                given = ("--delimiter", {"\t": "tab"}.get(delimiter, delimiter))
                self.assertExit(self.check("claims.csv", "problems.csv", *given), 1)
                self.assertExit(self.upload("claims.csv", *given), 1)
                excel = Excel(self.ws.read("problems.csv"), delimiter)
                self.fix(excel.rows)
                self.ws.write("problems.csv", excel.save(saved))
                self.assertExit(self.upload("problems.csv"), 0)
                self.assertDay()
                audit = self.audit("problems.report.csv", "claims.report.csv")
                self.assertExit(audit, 0)

    def test_excel_saves_with_its_own_delimiter_whatever_the_options_say(self):
        self.export(delimiter="|")
        given = ("--delimiter", "|")
        self.check("claims.csv", "problems.csv", *given)
        self.upload("claims.csv", *given)
        self.ws.write("problems.csv", write_csv(self.fix(self.sheet(delimiter="|")), "gbk", ","))
        self.assertExit(self.upload("problems.csv", *given), 0)
        self.assertDay()

    def test_the_list_may_come_before_its_export(self):
        self.export()
        self.check()
        self.write_sheet(self.fix(self.sheet()))
        result = self.upload("problems.csv")
        self.assertExit(result, 0)
        self.assertSays(result, "knows no run of the export", "upload that export, too")
        self.assertExit(self.upload(), 1)
        self.assertDay()
        self.assertExit(self.audit("claims.report.csv", "problems.report.csv"), 0)
        self.assertExit(self.ws.run("status", "--verify", "-L", "ledger.db"), 0)
        self.assertExit(self.ws.run("status", "--backup", "backup.db", "-L", "ledger.db"), 0)

    def test_a_check_of_it_says_what_is_next(self):
        self.export()
        self.check()
        half = {row: FIXED[row] for row in (3, 4)}
        self.write_sheet(self.fix(self.sheet(), half))
        result = self.ws.run("check", "problems.csv")
        self.assertExit(result, 1)
        self.assertSays(result, "next: fix the invalid rows in this list of problems, then check it again")
        self.write_sheet(self.fix(self.sheet()))
        result = self.ws.run("check", "problems.csv")
        self.assertExit(result, 0)
        self.assertSays(result, "next: claimbatch upload problems.csv;", "upload the export that the list came from")

    def test_lines_that_were_deleted_or_cleared_are_left(self):
        self.export()
        self.upload()
        self.check()
        sheet = self.fix(self.sheet(), delete=(3, 6))
        sheet.insert(2, [""] * len(sheet[0]))
        self.write_sheet(sheet)
        self.assertExit(self.upload("problems.csv"), 0)
        self.assertEqual(len(self.claims()), 4)
        self.assertExit(self.audit("claims.report.csv", "problems.report.csv"), 0)

    def test_a_second_list_of_what_is_still_wrong_is_of_the_same_export(self):
        self.export()
        self.upload()
        self.check()
        half = {row: FIXED[row] for row in (3, 4)}
        self.write_sheet(self.fix(self.sheet(), half))
        self.assertExit(self.check("problems.csv", "rest.csv"), 1)
        self.assertExit(self.upload("problems.csv"), 1)
        self.assertEqual([row[0] for row in self.sheet("rest.csv")[1:]], ["6", "7"])
        self.write_sheet(self.fix(self.sheet("rest.csv")), "rest.csv")
        self.assertExit(self.upload("rest.csv"), 0)
        self.assertDay()
        reports = ("claims.report.csv", "problems.report.csv", "rest.report.csv")
        self.assertExit(self.audit(*reports, "--export", "claims.csv"), 0)

    def test_what_failed_of_it_is_run_again(self):
        self.export()
        self.upload()
        self.check()
        self.write_sheet(self.fix(self.sheet()))
        self.script = lambda request: refuse(request)
        self.assertExit(self.upload("problems.csv"), 1)
        self.script = accept
        place = self.ws.upload_arguments(self.web)[2:]
        result = self.ws.run("rerun", "problems.report.csv", "--include", "rejected", *place)
        self.assertExit(result, 0)
        reports = ("claims.report.csv", "problems.report.csv", "problems.report.rerun-1.csv")
        self.assertExit(self.audit(*reports, "--export", "claims.csv"), 0)

    @unittest.skipUnless(shutil.which("soffice"), "LibreOffice is not there")
    def test_fixed_in_libreoffice_it_ends_the_day(self):
        for codec, charset, saved in (("utf-8", 76, 76), ("gb18030", 85, 67)):
            with self.subTest(codec):
                self.setUp()
                self.export(codec=codec)
                self.day(lambda: self.save_by_libreoffice(charset, saved))

    def save_by_libreoffice(self, charset, saved):
        """Opens and saves the list, and fixes what was saved."""
        office = ["soffice", f"-env:UserInstallation=file://{self.ws.file('profile')}", "--headless"]
        office += [f"--infilter=CSV:44,34,{charset},1,,0,false,true,false"]
        office += ["--convert-to", f"csv:Text - txt - csv (StarCalc):44,34,{saved},1,,0,false,true,false"]
        office += ["--outdir", self.ws.file("saved"), self.ws.file("problems.csv")]
        env = self.ws.environment(LC_ALL="C.UTF-8")
        subprocess.run(office, check=True, env=env, capture_output=True, timeout=120)
        codec = "utf-8" if saved == 76 else "gbk"
        rows = list(csv.reader(io.StringIO(self.ws.read("saved/problems.csv").decode(codec), newline="")))
        self.ws.write("problems.csv", write_csv(self.fix(rows), codec))


class OrderTest(CorrectionCase):
    def test_a_late_correction_does_not_undo_newer_content(self):
        self.export()
        self.upload()
        self.check()
        row = dict(zip(HEADER, ROWS[2]), **{"理赔金额(元)": "500"})
        self.export([tuple(row.values())], name="tomorrow.csv")
        self.assertExit(self.upload("tomorrow.csv"), 0)
        self.write_sheet(self.fix(self.sheet()))
        self.assertExit(self.upload("problems.csv"), 0)
        report = self.ws.read_report("problems.report.csv")
        self.assertEqual(
            [(line["row"], line["outcome"], line["code"]) for line in report],
            [
                ("3", "accepted", "SUCCESS"),
                ("4", "skipped", "SUPERSEDED"),
                ("6", "accepted", "SUCCESS"),
                ("7", "accepted", "SUCCESS"),
            ],
        )
        fees = [claim["claim_fee"] for claim in self.claims() if claim["claim_order_no"] == "00123"]
        self.assertEqual(fees, [50000])
        self.assertExit(self.audit("claims.report.csv", "problems.report.csv"), 0)

    def test_the_export_again_does_not_undo_a_correction(self):
        """Also of a row that was sent with a warning, and where the list came first."""
        rows = [(*ROWS[0][:4], "128.00", "多余")]
        for first in ("claims.csv", "problems.csv"):
            with self.subTest(first):
                self.setUp()
                self.export(rows)
                self.assertExit(self.check(), 0)
                self.write_sheet(self.fix(self.sheet(), {2: ("拒赔原因", "")}))
                self.assertExit(self.upload(first), 0)
                self.assertExit(self.upload("problems.csv"), 0)
                self.assertExit(self.upload("claims.csv"), 0)
                self.assertExit(self.upload("claims.csv"), 0)
                self.assertNotIn("claim_desc", self.claims()[-1])
                self.assertExit(self.audit("claims.report.csv", "problems.report.csv"), 0)


class DamageTest(CorrectionCase):
    def setUp(self):
        super().setUp()
        self.export()
        self.upload()
        self.check()
        self.sent = len(self.claims())
        self.list = self.fix(self.sheet())

    def assertInvalid(self, row, code="CHANGED_KEY"):
        self.write_sheet(self.list)
        self.assertExit(self.upload("problems.csv"), 1)
        report = {line["row"]: line for line in self.ws.read_report("problems.report.csv")}
        self.assertEqual(report[str(row)]["outcome"], "invalid")
        self.assertEqual(report[str(row)]["code"], code)
        self.assertEqual([n for n, line in report.items() if line["outcome"] == "invalid"], [str(row)])

    def test_a_key_that_was_not_the_problem_stays(self):
        for column, value in ((LEAD, "8815303672"), (LEAD + 1, "123"), (LEAD + 1, "00123 ")):
            with self.subTest(value):
                right = self.list[2][column]
                self.list[2][column] = value
                if value.endswith(" "):  # blanks at the edges are no other key
                    self.write_sheet(self.list, "blank.csv")
                    self.assertExit(self.ws.run("check", "blank.csv"), 0)
                else:
                    self.assertInvalid(4)
                self.list[2][column] = right

    def test_an_amount_that_was_not_the_problem_stays(self):
        """As where a spreadsheet sorted that column without the others."""
        self.list[3][LEAD + 4] = "1234.5"
        self.assertInvalid(6)
        result = self.ws.run("check", "problems.csv")
        self.assertIn("were only some of the columns sorted or moved?", result.out)
        self.list[3][LEAD + 4] = "99.5"
        self.write_sheet(self.list)
        self.assertExit(self.upload("problems.csv"), 0)

    def test_what_a_spreadsheet_made_of_a_key_is_seen(self):
        self.list[1][LEAD + 1] = "2.02607E+18"
        self.write_sheet(self.list)
        result = self.ws.run("check", "problems.csv")
        self.assertExit(result, 1)
        self.assertIn("CHANGED_KEY", result.out)

    def test_a_time_that_a_spreadsheet_cut_is_seen(self):
        """The list was opened, saved, opened and saved: the second time nothing tells a text."""
        once = Excel(self.ws.read("problems.csv"), ",").save("gbk")
        twice = Excel(once, ",")
        self.list = self.fix(twice.rows)
        for record in self.list[1:]:
            self.assertRegex(record[LEAD + 3], "^2025/11/2 [0-9]+:[0-9]+$")
            record[LEAD : LEAD + 2] = ROWS[int(record[0]) - 2][:2]
        self.write_sheet(self.list)
        result = self.upload("problems.csv")
        self.assertExit(result, 1)
        report = self.ws.read_report("problems.report.csv")
        self.assertEqual([(line["outcome"], line["code"]) for line in report], [("invalid", "CHANGED_KEY")] * 4)
        self.assertIn("seconds", report[0]["message"])
        self.assertEqual(len(self.claims()), self.sent)

    def test_a_key_that_was_the_problem_may_be_another(self):
        self.export([("88x", *ROWS[0][1:])])
        self.check()
        sheet = self.fix(self.sheet(), {2: ("工单ID", "8815301637")})
        self.write_sheet(sheet)
        self.assertExit(self.ws.run("check", "problems.csv"), 0)
        sheet[1][LEAD + 1] = "LP1"
        self.write_sheet(sheet)
        self.assertExit(self.ws.run("check", "problems.csv"), 1)

    def test_a_row_that_was_the_problem_as_a_whole_may_be_any(self):
        self.ws.write("claims.csv", self.ws.read("claims.csv") + "8815309,LP9,1,2025-11-02 09:12:31\n".encode())
        self.check()
        sheet = self.fix(self.sheet())
        self.assertEqual(len(sheet[-1]), LEAD + 4)
        sheet[-1][LEAD:] = ["8815309", "LP-9", "1", "2025-11-02 09:12:31", "5", ""]
        self.write_sheet(sheet)
        self.assertExit(self.ws.run("check", "problems.csv"), 0)

    def test_a_line_cannot_become_one_of_another_row(self):
        self.list[1][0] = "2"
        self.assertInvalid(2)

    def refuse(self, *words):
        self.write_sheet(self.list)
        result = self.upload("problems.csv")
        self.assertExit(result, 65)
        self.assertSays(result, *words, "nothing was sent")
        self.assertEqual(len(self.claims()), self.sent)

    def test_a_line_twice_or_sorted_is_refused(self):
        self.list.insert(2, self.list[1])
        self.refuse("line 3", "stands twice")
        self.list[1:] = self.list[:0:-1]
        self.refuse("sort them by the column row")

    def test_lines_of_two_exports_are_refused(self):
        self.list[2][5] = "0" * 64
        self.refuse("line 3", "of another export")

    def test_a_line_without_its_origin_is_refused(self):
        for column, value in ((0, ""), (0, "three"), (0, "1"), (5, ""), (5, "1.5E+63"), (6, "")):
            with self.subTest(column=column, value=value):
                right, self.list[3][column] = self.list[3][column], value
                self.refuse("line 4", "as claimbatch check wrote them")
                self.list[3][column] = right

    def test_a_list_without_its_columns_is_refused(self):
        del self.list[0][6]
        self.refuse("the first columns of a list of problems")


class UnusualDelimiterTest(TestCase):
    def test_a_list_has_commas_where_no_spreadsheet_parts_the_exports_cells(self):
        for mark, typed in (("，", "，"), ("\x01", "\\x01"), ("‖", "‖")):
            with self.subTest(typed):
                lines = [mark.join(row) for row in (HEADER, *ROWS[:3])]
                self.ws.write("claims.csv", "\n".join(lines) + "\n")
                result = self.ws.run(
                    "check", "--json", "claims.csv", "--delimiter", typed, "-o", "p.csv", "--overwrite"
                )
                self.assertExit(result, 1)
                self.assertEqual(json.loads(result.out)["delimiter"], mark)
                listed = decode(self.ws.read("p.csv"))
                self.assertEqual(listed.splitlines()[0].split(",")[LEAD:], list(HEADER))
                self.ws.write("p.csv", listed.replace(",x,", ",7,").replace(",0,", ",0,保外").encode())
                for options in ((), ("--delimiter", typed)):
                    result = self.ws.run("check", "p.csv", *options)
                    self.assertExit(result, 0)
                    self.assertIn("cells separated by ','", result.out)

if __name__ == "__main__":
    unittest.main()
