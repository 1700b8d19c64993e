"""`claimbatch check`: everything that is wrong, told so that a clerk can fix it, and nothing sent."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import unittest

from harness import FIELDS, TestCase, claim_row, claim_rows, export_text, unguard, unique

PROBLEM = re.compile(
    r"^(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): (?P<severity>error|warning): "
    r"(?P<code>[A-Z_]+): (?P<message>.+) \((?P<cell>cell [A-Z]+\d+|row \d+)\)$"
)
SHEET_COLUMNS = ("row", "line", "severity", "codes", "problems")


def problems(text):
    return [match.groupdict() for match in map(PROBLEM.match, text.splitlines()) if match]


class CheckCase(TestCase):
    def check(self, *options, claims="claims.csv", **how):
        return self.ws.run("check", claims, *options, **how)

    def read_sheet(self, name):
        data = self.ws.read(name)
        self.assertTrue(data.startswith(b"\xef\xbb\xbf"))
        records = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
        self.assertEqual(tuple(records[0][:5]), SHEET_COLUMNS)
        return records[0], [[self.plain(cell) for cell in record] for record in records[1:]]

    @staticmethod
    def plain(cell):
        """The text of a cell: of ="…", which a spreadsheet takes for a text, or without its guard."""
        idiom = re.fullmatch('="([^"]*)"', cell)
        return idiom.group(1) if idiom else unguard(cell)


class TextTest(CheckCase):
    def test_a_clean_export_is_summed_up_and_nothing_is_left_behind(self):
        self.ws.export(
            [
                claim_row(1, claim_fee="123456"),
                claim_row(2, claim_fee="1"),
                claim_row(3, claim_status="0", claim_fee="0"),
                claim_row(4, claim_status="2", claim_fee="0", claim_desc="过保"),
            ]
        )
        before = sorted(os.listdir(self.ws.path))
        result = self.check()
        self.assertExit(result, 0)
        self.assertEqual(problems(result.out), [])
        self.assertRegex(result.out, r"claims\.csv: rows 4, invalid 0, blank lines 0\n")
        self.assertRegex(result.out, r"status 0, not settled +1 row +0\.00 yuan\n")
        self.assertRegex(result.out, r"status 1, claim succeeded +2 rows +1,234\.57 yuan\n")
        self.assertRegex(result.out, r"status 2, claim failed +1 row +0\.00 yuan\n")
        self.assertRegex(result.out, r"together +4 rows +1,234\.57 yuan\n")
        self.assertIn("utf-8, cells separated by ',', amounts in fen", result.out)
        self.assertSays(result, "next: claimbatch upload claims.csv")
        self.assertEqual(sorted(name for name in os.listdir(self.ws.path)), before)

    def test_each_problem_has_its_place_its_value_and_what_to_do(self):
        table = (
            ({"workcard_id": ""}, "error", "MISSING_FIELD", "A", "fill it in"),
            ({"workcard_id": "12x"}, "error", "BAD_NUMBER", "A", "'12x'"),
            ({"workcard_id": "-1"}, "error", "NUMBER_RANGE", "A", "'-1'"),
            ({"claim_status": "3"}, "error", "BAD_STATUS", "E", "'3'"),
            ({"claim_time": "2026-02-30"}, "error", "BAD_TIME", "F", "'2026-02-30'"),
            ({"claim_fee": "1.5"}, "error", "BAD_FEE", "G", "'1.5'"),
            ({"claim_fee": "0"}, "error", "SUCCESS_WITHOUT_FEE", "G", "'0'"),
            (
                {"claim_status": "2", "claim_desc": "x"},
                "error",
                "REFUSED_WITH_FEE",
                "G",
                "correct",
            ),
            (
                {"claim_status": "2", "claim_fee": "0"},
                "error",
                "REFUSED_WITHOUT_REASON",
                "B",
                "write why",
            ),
            ({"claim_status": "0"}, "warning", "UNSETTLED_WITH_FEE", "G", "check"),
            ({"claim_desc": "why"}, "warning", "REASON_WITHOUT_REFUSAL", "B", "'why'"),
            ({"claim_count": "2"}, "warning", "COUNT_NOT_ONE", "C", "'2'"),
            ({"claim_time": "9999-01-01 00:00:00"}, "error", "FUTURE_TIME", "F", "clock"),
            ({"claim_time": "2026-01-02"}, "warning", "DATE_ONLY", "F", "midnight"),
            ({"workcard_id": "1.23E+11"}, "error", "EXCEL_NUMBER", "A", "'1.23E+11'"),
            ({"workcard_id": "1234567890123000"}, "warning", "EXCEL_ROUNDED_ID", "A", "000"),
            ({"claim_order_no": "A\x01B"}, "error", "CONTROL_CHARACTER", "D", "'A\\x01B'"),
            ({"claim_order_no": "x" * 129}, "error", "TEXT_TOO_LONG", "D", "128 characters"),
        )
        rows = [claim_row(i, **changes) for i, (changes, *_) in enumerate(table, 1)]
        self.ws.export(rows)
        result = self.check()
        self.assertExit(result, 1)
        found = problems(result.out)
        self.assertEqual(len(found), len(table), result.out)
        for at, (problem, row, (_, severity, code, column, words)) in enumerate(
            zip(found, rows, table), 2
        ):
            with self.subTest(code):
                self.assertEqual(problem["file"], "claims.csv")
                self.assertEqual(int(problem["line"]), at)
                self.assertEqual((problem["severity"], problem["code"]), (severity, code))
                self.assertEqual(problem["cell"], f"cell {column}{at}")
                before = FIELDS[: "ABCDEFG".index(column)]
                place = sum(len(row[name]) + 1 for name in before) + 1
                self.assertEqual(int(problem["column"]), place)
                self.assertIn(words, problem["message"])
                self.assertRegex(result.out, rf"(?m)^{code} +{severity} +1  {at}$")

    def test_a_row_of_too_many_cells_is_told_as_a_whole(self):
        self.ws.export([claim_row(1), "1,2,3", claim_row(2)])
        result = self.check()
        self.assertExit(result, 1)
        cut, problem = problems(result.out)
        self.assertIn("may be cut", cut["message"])
        self.assertEqual((problem["line"], problem["column"], problem["cell"]), ("3", "1", "row 3"))
        self.assertIn("has 3 cells but the header has 7", problem["message"])

    def test_rows_that_a_stray_quote_makes_part_of_a_cell_are_told(self):
        columns = ("workcard_id", "claim_order_no", "claim_status", "claim_time", "claim_fee")
        header = ",".join(columns) + ",claim_desc"
        lines = [",".join(claim_row(i)[name] for name in columns) + "," for i in range(1, 61)]
        self.ws.write("claims.csv", "\n".join([header, *lines]) + "\n")
        self.assertExit(self.check(), 0)
        damaged = lines[:9] + [lines[9] + '"x', *lines[10:50], lines[50] + 'y"', *lines[51:]]
        self.ws.write("claims.csv", "\n".join([header, *damaged]) + "\n")
        result = self.check("-o", "problems.csv")
        self.assertExit(result, 65)
        self.assertSays(result, "line 11", "has 41 other rows of the export in its cell F11")
        self.assertFalse(os.path.exists(self.ws.file("problems.csv")))
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 65)
        self.assertEqual(gateway.requests, [])
        taken = self.check("--rule", "cut-row=warn")
        self.assertIn("rows 19,", taken.out)
        self.assertIn("warning: CUT_ROW", taken.out)

    def test_lines_are_physical_and_cells_are_as_a_spreadsheet_counts(self):
        self.ws.export(
            [
                claim_row(1, claim_status="2", claim_fee="0", claim_desc="eins\nzwei\ndrei"),
                "",
                claim_row(2, claim_fee="x"),
                claim_row(3, claim_desc="a,\nb", claim_fee="y", claim_status="2"),
            ]
        )
        result = self.check()
        self.assertEqual(
            [(p["line"], p["cell"]) for p in problems(result.out)],
            [("6", "cell G4"), ("8", "cell G5")],
        )
        self.assertIn("rows 3, invalid 2, blank lines 1\n", result.out)

    def test_fifty_problems_are_told_in_full_and_all_are_counted(self):
        rows = [claim_row(i, claim_fee="x" if i % 2 else "0") for i in range(1, 121)]
        self.ws.export(rows)
        result = self.check()
        self.assertExit(result, 1)
        self.assertEqual(len(problems(result.out)), 50)
        self.assertIn("… and 70 more problems", result.out)
        self.assertRegex(result.out, r"(?m)^BAD_FEE +error +60  2$")
        self.assertRegex(result.out, r"(?m)^SUCCESS_WITHOUT_FEE +error +60  3$")
        self.ws.export(rows[:50])
        result = self.check()
        self.assertEqual(len(problems(result.out)), 50)
        self.assertNotIn("more problems", result.out)

    def test_columns_are_named_with_the_users_own_headers(self):
        header = "备注,单号,工单号,理赔状态,理赔时间,理赔金额,其他\n"
        self.ws.write("claims.csv", header + "x,CL1,1,1,2026-01-02 03:04:05,12.5,y\n")
        result = self.check("--column", "claim_order_no=单号", "--fee-unit", "yuan")
        self.assertExit(result, 0)
        for words in (
            "workcard_id     column C '工单号'",
            "claim_order_no  column B '单号'",
            "claim_fee       column F '理赔金额'",
            "claim_count     not there: 1 is taken",
            "claim_desc      not there: none is sent",
            "not used:       备注, 其他",
            "amounts in yuan",
        ):
            self.assertIn(words, result.out)
        self.assertEqual(result.out.count("not used:       备注"), 1)
        self.assertIn("--column 'claim_desc=备注'", result.out)  # not taken by itself
        self.assertSays(
            result,
            "next: claimbatch upload claims.csv --column 'claim_order_no=单号' --fee-unit yuan",
        )

    def test_rows_of_one_claim_are_counted_and_shown(self):
        first, second = claim_row(1), claim_row(2)
        changed = claim_row(1, claim_fee="999")
        invalid = claim_row(1, claim_fee="x")
        self.ws.export([first, second, first, changed, invalid, second, claim_row(3)])
        result = self.check()
        self.assertIn(
            "same claim and content as an earlier row, would be skipped: 2: "
            "row 4 after 2, 7 after 3\n",
            result.out,
        )
        self.assertIn(
            "same claim as an earlier row, other content, would be sent after it: 1: "
            "row 5 after 4\n",
            result.out,
        )

    def test_of_many_duplicates_the_first_are_shown(self):
        self.ws.export([claim_row(1)] * 31)
        result = self.check()
        self.assertExit(result, 0)
        self.assertIn("would be skipped: 30: row 3 after 2, ", result.out)
        self.assertIn(", 12 after 11, …\n", result.out)

    def test_nothing_in_the_export_reaches_the_terminal_as_it_is(self):
        bad = "\x1b[31m\u202e\x07\x9b"
        self.ws.write(
            f"cl{bad}aims.csv",
            ",".join(FIELDS) + f",{bad}\n1,{bad},1,{bad},{bad},{bad},{bad},x\n".replace("\x07", ""),
        )
        result = self.check(claims=f"cl{bad}aims.csv")
        self.assertExit(result, 1)
        for text in (result.out, result.err):
            self.assertNotRegex(text, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")
        self.assertIn("\\x1B[31m", result.out)

    def test_the_sums_and_the_table_fit_into_sixty_columns(self):
        rows = [claim_row(i, claim_fee="99999999") for i in range(1, 10)]
        self.ws.export(rows + [claim_row(10, claim_fee="x"), claim_row(11, claim_time="2026-01-02")])
        result = self.check()
        lines = [line for line in result.out.splitlines() if not PROBLEM.match(line)]
        self.assertGreater(len(lines), 15)
        for line in lines:
            self.assertLessEqual(len(line), 60, line)
        self.assertIn("9,000,001.02 yuan", result.out)

    def test_a_long_cell_is_shown_in_part(self):
        self.ws.export([claim_row(1, claim_fee="9" * 60000 + "x", claim_desc="长" * 3000)])
        result = self.check()
        self.assertExit(result, 1)
        self.assertLess(max(map(len, result.out.splitlines())), 400)

    def test_words_go_to_standard_error_and_quiet_leaves_them_out(self):
        self.ws.export([claim_row(1, claim_fee="x")])
        loud, quiet = self.check(), self.check("-q")
        self.assertEqual(loud.out, quiet.out)
        self.assertIn("next: fix", loud.err)
        self.assertEqual(quiet.err, "")
        self.assertExit(quiet, 1)

    def test_what_a_spreadsheet_changed_is_exported_again(self):
        self.ws.export([claim_row(1), claim_row(2, workcard_id="1.23E+11")])
        for options in ((), ("-o", "problems.csv")):
            result = self.ws.run("check", "claims.csv", *options)
            self.assertExit(result, 1)
            self.assertSays(result, "next: have the export made again with numbers and dates as text")
            self.assertNotIn("next: fix", result.err)
        result = self.ws.run("check", "claims.csv", "--rule", "excel-number=warn")
        self.assertNotIn("made again", result.err)

    def test_an_export_comes_from_standard_input(self):
        self.ws.export([claim_row(1, claim_fee="x")])
        result = self.check(claims="-", input=self.ws.read(self.ws.claims))
        self.assertExit(result, 1)
        self.assertTrue(result.out.startswith("standard input:2:"), result.out)

    def test_a_header_alone_is_fine(self):
        self.ws.export([])
        result = self.check()
        self.assertExit(result, 0)
        self.assertIn("rows 0, invalid 0,", result.out)
        self.assertIn("there are no claims below the header", result.out)

    def test_what_is_refused_says_why(self):
        self.ws.export(claim_rows(2))
        for options, code, words in (
            (("--expect-rows", "3"), 65, "2 rows, not the 3"),
            (("--expect-fee", "1"), 65, "203 fen, not the 1"),
            (("--min-rows", "3"), 65, "2 rows, fewer than the 3"),
            (("--encoding", "utf-16"), 65, "claims.csv"),
            (("--dry-run",), 2, "check does not take --dry-run"),
            (("--gateway", "x"), 2, "check does not take --gateway"),
        ):
            with self.subTest(options):
                result = self.check(*options)
                self.assertExit(result, code)
                self.assertSays(result, words)
        self.assertExit(self.check("--expect-rows", "2", "--expect-fee", "203"), 0)
        self.assertExit(self.check("--min-rows", "2"), 0)
        self.assertExit(self.check(claims="nowhere.csv"), 66)
        self.ws.write("claims.csv", b"workcard_id,claim_fee\n")
        self.assertExit(self.check(), 65)

    def test_a_missing_line_end_that_is_allowed_is_a_warning(self):
        self.ws.write("claims.csv", export_text(claim_rows(2))[:-1])
        self.assertExit(self.check(), 65)
        result = self.check("--rule", "missing-final-newline=warn")
        self.assertExit(result, 0)
        (problem,) = problems(result.out)
        self.assertEqual(
            (problem["line"], problem["severity"], problem["code"]),
            ("3", "warning", "MISSING_FINAL_NEWLINE"),
        )

    def test_the_dearest_fee_and_rules_are_those_of_upload(self):
        self.ws.export([claim_row(1, claim_fee="500"), claim_row(2, claim_time="2026-01-02")])
        result = self.check("--max-fee", "400", "--rule", "date-only=error")
        self.assertExit(result, 1)
        self.assertEqual([p["code"] for p in problems(result.out)], ["MAX_FEE", "DATE_ONLY"])
        self.assertEqual([p["severity"] for p in problems(result.out)], ["error", "error"])

    def test_output_that_cannot_be_written_is_an_error(self):
        self.ws.export([claim_row(1)])
        with open("/dev/full", "wb") as full:
            process = subprocess.run(
                [self.ws.binary, "check", "claims.csv"],
                cwd=self.ws.path,
                env=self.ws.environment(),
                stdout=full,
                stderr=subprocess.PIPE,
            )
        self.assertEqual(process.returncode, 74, process.stderr)
        self.assertIn(b"standard output", process.stderr)

    def test_a_signal_ends_a_check(self):
        read_end, write_end = os.pipe()
        try:
            run = self.ws.start("check", "-", stdin=read_end)
            os.write(write_end, b"workcard_id,")
            # The program reads the pipe once it runs; the first bytes gone say that it does.
            while int.from_bytes(self._waiting(read_end), "little"):
                if not run.is_alive():
                    break
            run.send_signal(signal.SIGTERM)
            result = run.finish()
        finally:
            os.close(read_end)
            os.close(write_end)
        self.assertExit(result, 143)
        self.assertSays(result, "stopped by a signal", "nothing was sent")

    @staticmethod
    def _waiting(pipe):
        import fcntl
        import termios

        return fcntl.ioctl(pipe, termios.FIONREAD, b"\0\0\0\0")


class JsonTest(CheckCase):
    def document(self, *options, code, **how):
        result = self.check("--json", *options, **how)
        self.assertExit(result, code)
        return json.loads(result.out, object_pairs_hook=unique)

    def test_every_problem_is_there_and_what_adds_up(self):
        rows = [claim_row(i, claim_fee="x" if i % 2 else "7") for i in range(1, 201)]
        self.ws.export(rows + [rows[1]])
        found = self.document(code=1)
        self.assertEqual(len(found["problems"]), 100)
        self.assertEqual(
            found["problems"][0],
            {
                "row": 2,
                "line": 2,
                "column": len(",".join(rows[0][name] for name in FIELDS[:6])) + 2,
                "severity": "error",
                "code": "BAD_FEE",
                "field": "claim_fee",
                "value": "x",
                "message": found["problems"][0]["message"],
            },
        )
        self.assertEqual(found["file"], "claims.csv")
        self.assertEqual((found["encoding"], found["byte_order_mark"]), ("utf-8", False))
        self.assertEqual((found["delimiter"], found["fee_unit"]), (",", "fen"))
        self.assertEqual(
            found["columns"],
            [
                {"field": name, "column": i, "header": name}
                for i, name in enumerate(FIELDS, 1)
            ],
        )
        self.assertEqual((found["rows"], found["invalid"]), (201, 100))
        self.assertEqual(found["fee_fen"], 101 * 7)
        self.assertEqual(
            found["codes"],
            [{"code": "BAD_FEE", "severity": "error", "count": 100, "first_row": 2, "first_line": 2}],
        )
        self.assertEqual(found["statuses"][1], {"claim_status": 1, "rows": 101, "fee_fen": 707})
        self.assertEqual(
            found["duplicates"], [{"row": 202, "before": 3, "same_content": True}]
        )
        self.assertEqual((found["exit_code"], found["refused"]), (1, None))

    def test_cells_of_any_content_leave_the_document_whole(self):
        bad = '"\\\x01\x1b\n\t\u2028𠮷</script>'
        self.ws.export([claim_row(1, claim_fee=bad, claim_order_no=bad)])
        found = self.document(code=1)
        self.assertIn(bad, [problem["value"] for problem in found["problems"]])

    def test_a_file_whose_name_is_no_utf8_leaves_the_document_whole(self):
        name = os.fsdecode(b"a\xff\xc3(.csv")
        self.ws.export([claim_row(1, claim_fee="x")], name)
        self.assertEqual(self.document(code=1, claims=name)["file"], "a\\xFF\\xC3(.csv")
        self.assertIn("\\xFF", self.document(code=66, claims=name + "x")["refused"])

    def test_every_byte_and_every_kind_of_character_leaves_the_document_whole(self):
        texts = [bytes([byte]).decode("latin-1") for byte in range(1, 256) if byte not in (10, 13, 34)]
        texts += ["\ufffd", "\u202e", "\U0010ffff", "\ue000", "\ufffe", "</script>", "\\u0000", '"']
        rows = [claim_row(i, claim_fee="x" + text, claim_desc=text + "\x01") for i, text in enumerate(texts)]
        self.ws.export(rows)
        for codec in ("utf-8", "utf-16", "gb18030"):
            with self.subTest(codec):
                self.ws.write("claims.csv", export_text(rows).encode(codec))
                found = self.document(code=1)
                values = [p["value"] for p in found["problems"] if p["code"] == "BAD_FEE"]
                self.assertEqual(values, ["x" + text for text in texts])

    def test_a_refused_file_is_a_whole_document_too(self):
        for body, words in (
            (b"", "there is no header"),
            (b"a,b\n", "no column for workcard_id"),
            (self._half(), "a quote is opened here"),
        ):
            with self.subTest(words):
                self.ws.write("claims.csv", body)
                found = self.document(code=65)
                self.assertEqual(found["exit_code"], 65)
                self.assertIn(words, found["refused"])
        self.assertNotIn("problems", found)  # the file is refused before any row is shown
        self.assertEqual(self.document(code=66, claims="nowhere")["exit_code"], 66)

    def _half(self):
        return export_text([claim_row(1, claim_fee="x"), '1,"never closed'])


class SheetTest(CheckCase):
    def test_the_rows_with_problems_are_written_for_the_clerk(self):
        self.ws.export(
            [
                claim_row(1),
                claim_row(2, claim_fee="=1+1", claim_desc="+eins,\n'zwei'"),
                claim_row(3, claim_time="2026-01-02"),
                claim_row(4, claim_fee="x", claim_time="2026-01-02"),
            ]
        )
        result = self.check("-o", "problems.csv")
        self.assertExit(result, 1)
        self.assertSays(result, "problems.csv")
        header, rows = self.read_sheet("problems.csv")
        self.assertEqual(tuple(header[7:]), FIELDS)
        self.assertEqual(
            [row[:4] for row in rows],
            [
                ["3", "3", "error", "BAD_FEE;REASON_WITHOUT_REFUSAL"],
                ["4", "5", "warning", "DATE_ONLY"],
                ["5", "6", "error", "BAD_FEE;DATE_ONLY"],
            ],
        )
        self.assertEqual(rows[0][8], "+eins,\n'zwei'")
        self.assertEqual(rows[0][13], "=1+1")
        self.assertIn("claim_fee 'x' is not an exact amount", rows[2][4])
        self.assertIn("; ", rows[2][4])
        text = self.ws.read_text("problems.csv")
        self.assertIn("'=1+1", text)
        self.assertEqual(self.ws.mode("problems.csv"), 0o600)
        self.assertFalse(os.path.exists(self.ws.file("problems.csv.partial")))

    def test_it_replaces_what_an_earlier_check_wrote(self):
        self.ws.export([claim_row(1, claim_fee="x")])
        found = self.check("-o", "problems.csv")
        self.assertExit(found, 1)
        self.assertSays(found, "the rows with problems: problems.csv")
        self.ws.export([claim_row(1)])
        none = self.check("-o", "problems.csv")
        self.assertExit(none, 0)
        self.assertSays(none, "no row has a problem: 'problems.csv' has its header alone")
        self.assertNotIn("the rows with problems", none.err)
        self.assertEqual(self.read_sheet("problems.csv")[1], [])

    def test_it_replaces_nothing_else_unless_it_is_told_to(self):
        self.ws.export([claim_row(1, claim_fee="x")])
        self.ws.write("letter.csv", "dear,sir\n")
        result = self.check("-o", "letter.csv")
        self.assertExit(result, 73)
        self.assertSays(result, "'letter.csv'", "--overwrite")
        self.assertEqual(self.ws.read_text("letter.csv"), "dear,sir\n")
        self.assertExit(self.check("-o", "letter.csv", "--overwrite"), 1)
        self.assertEqual(len(self.read_sheet("letter.csv")[1]), 1)

    def test_it_never_replaces_the_export_a_link_or_a_folder(self):
        self.ws.export([claim_row(1, claim_fee="x")])
        os.symlink("elsewhere.csv", self.ws.file("link.csv"))
        os.makedirs(self.ws.file("folder/claims.problems.csv"))
        for name in ("claims.csv", "./claims.csv", "link.csv", "folder"):
            with self.subTest(name):
                self.assertExit(self.check("-o", name, "--overwrite"), 73)
        self.assertFalse(os.path.exists(self.ws.file("elsewhere.csv")))
        self.assertExit(self.check(), 1)

    def test_the_file_beside_it_is_never_the_export(self):
        rows = [claim_row(1, claim_fee="x")]
        self.ws.export(rows, "problems.csv.partial")
        result = self.check("-o", "problems.csv", claims="problems.csv.partial")
        self.assertExit(result, 73)
        self.assertSays(result, "would take the place of the export itself")
        self.assertEqual(self.ws.read_text("problems.csv.partial"), export_text(rows))
        with open(self.ws.file("problems.csv.partial"), "rb") as file:
            run = self.ws.start("check", "-", "-o", "problems.csv", stdin=file)
            self.assertExit(run.finish(), 73)

    def test_standard_output_is_no_place_for_it(self):
        self.ws.export([claim_row(1, claim_fee="x")])
        self.assertExit(self.check("-o", "-"), 2)
        self.assertFalse(os.path.exists(self.ws.file("-")))

    def test_what_would_run_as_a_formula_does_not(self):
        texts = [*"=+-@＝＋－＠", "\t", "\r,", "=1+1", "@SUM(A1)", "-2+3", "＝1", "'=1", "''+1", "\t=1"]
        rows = [claim_row(i, claim_desc=text, claim_fee=text) for i, text in enumerate(texts, 1)]
        self.ws.export([{**row, "=more": row["claim_fee"]} for row in rows], header=(*FIELDS, "=more"))
        self.assertExit(self.check("-o", "problems.csv"), 1)
        with open(self.ws.file("problems.csv"), encoding="utf-8-sig", newline="") as file:
            records = list(csv.reader(file, strict=True))
        self.assertEqual(len(records), len(texts) + 1)
        for record in records:
            for cell in record:
                self.assertNotRegex(cell, '^(?!="[^"]*"$)[=+@\t\r＝＋－＠-]')
        self.assertEqual([row[8] for row in self.read_sheet("problems.csv")[1]], texts)

    def test_a_file_that_is_refused_leaves_none(self):
        self.ws.export([claim_row(1, claim_fee="x"), '1,"never closed'])
        self.assertExit(self.check("-o", "problems.csv"), 65)
        self.assertEqual(sorted(os.listdir(self.ws.path)), ["claims.csv", "secret"])


if __name__ == "__main__":
    unittest.main()
