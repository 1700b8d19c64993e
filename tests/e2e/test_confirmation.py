"""What is settled is named before it is recorded; a person is asked; a script is taken at its word only
where it says which claim it means (contract section 1, resolve)."""

import json
import os
import pty
import signal
import sqlite3
import threading

from harness import LosingCase, claim_rows

WORDS = ("--by", "desk", "--reason", "support said so")


class ConfirmationCase(LosingCase):
    def upload(self, first, count, *lost, claims="claims.csv"):
        self.ws.export(claim_rows(count, first), name=claims)
        self.lost = {f"CL{number:08d}" for number in lost}
        self.assertExit(self.ws.upload(self.web, claims=claims), 3 if lost else 0)
        self.lost = set()
        report = claims.replace(".csv", ".report.csv")
        return self.ws.read_manifest(report)["run"]

    def arguments(self, *options, report="claims.report.csv"):
        where = (report,) if report else ()
        return ("resolve", *where, "--ledger", "ledger.db", "--gateway", self.web.url, *options)

    def resolve(self, *options, report="claims.report.csv"):
        return self.ws.run(*self.arguments(*options, report=report))

    def outcomes(self, report="claims.report.csv"):
        return [line["outcome"] for line in self.ws.read_report(report)]

    def settlements(self):
        with sqlite3.connect(self.ws.ledger) as database:
            found = database.execute("select count(*) from settlement").fetchone()[0]
        database.close()
        return found

    def wait_at_terminal(self):
        """While the question stands."""

    def answer_at_terminal(self, answer, *options):
        """(exit code, what was said), with standard input and error on a terminal."""
        pid, master = pty.fork()
        if pid == 0:
            os.chdir(self.ws.path)
            out = os.open("/dev/null", os.O_WRONLY)
            os.dup2(out, 1)
            os.execve(
                self.ws.binary, [self.ws.binary, *self.arguments(*options)], self.ws.environment()
            )
        watchdog = threading.Timer(60, os.kill, (pid, signal.SIGKILL))
        watchdog.start()
        seen = b""
        asked = False
        try:
            while True:
                try:
                    piece = os.read(master, 65536)
                except OSError:
                    break
                if not piece:
                    break
                seen += piece
                if b"[y/N]" in seen and not asked:
                    asked = True
                    self.wait_at_terminal()
                    os.write(master, answer)
            status = os.waitpid(pid, 0)[1]
        finally:
            watchdog.cancel()
            watchdog.join()
            os.close(master)
        return os.waitstatus_to_exitcode(status), seen.decode("utf-8", "replace"), asked


class TerminalTest(ConfirmationCase):
    def settle_row_2(self, answer, *more):
        return self.answer_at_terminal(answer, "--row", "2", "--as", "accepted", *WORDS, *more)

    def test_yes_settles_and_what_is_meant_was_named(self):
        run = self.upload(1, 2, 1)
        code, said, asked = self.settle_row_2(b"y\n")
        self.assertTrue(asked)
        self.assertEqual(code, 0, said)
        question = said.index("[y/N]")
        handed_over = self.ws.read_report()[0]["submitted_at"][:10]
        for word in (run, "CL00000001", "1.01 yuan", "claims.csv", "handed over " + handed_over, "CONNECTION_CLOSED", "accepted"):
            self.assertIn(word, said[:question])
        self.assertEqual(self.outcomes(), ["accepted", "accepted"])

    def test_no_nothing_and_the_end_of_input_settle_nothing(self):
        self.upload(1, 2, 1)
        for answer in (b"n\n", b"\n", b"\x04", b"what?\n"):
            with self.subTest(answer=answer):
                code, said, asked = self.settle_row_2(answer)
                self.assertTrue(asked)
                self.assertEqual(code, 3, said)
                self.assertIn("nothing was settled", said)
                self.assertEqual(self.settlements(), 0)
        self.assertEqual(self.outcomes(), ["unknown", "accepted"])

    def test_yes_that_was_typed_is_not_asked_for(self):
        self.upload(1, 2, 1)
        code, said, asked = self.settle_row_2(b"", "--yes")
        self.assertFalse(asked)
        self.assertEqual(code, 0, said)


class ScriptTest(ConfirmationCase):
    def test_a_row_is_taken_where_it_can_mean_one_report_only(self):
        run = self.upload(1, 2, 1)
        result = self.resolve("--row", "2", "--as", "accepted", *WORDS)
        self.assertExit(result, 0)
        self.assertSays(result, run, "CL00000001", "1.01 yuan")

    def test_yesterdays_decision_does_not_settle_todays_row(self):
        yesterday = self.upload(1, 2, 1)
        self.upload(11, 2, 11)
        decision = ("--row", "2", "--as", "accepted", *WORDS)
        result = self.resolve(*decision)
        self.assertExit(result, 2)
        self.assertSays(result, yesterday, f"claims.report.{yesterday}.csv", "nothing was settled")
        self.assertEqual(self.settlements(), 0)
        self.assertExit(self.resolve(*decision, "--claim", "CL00000001"), 65)
        self.assertEqual(self.settlements(), 0)
        self.assertExit(self.resolve(*decision, report=f"claims.report.{yesterday}.csv"), 0)
        # Also where yesterday's row was settled since.
        self.assertExit(self.resolve(*decision), 2)
        self.assertEqual(self.outcomes(), ["unknown", "accepted"])
        self.assertExit(self.resolve(*decision, "--claim", "CL00000011"), 0)
        self.assertEqual(self.outcomes(), ["accepted", "accepted"])

    def test_yes_means_the_report_that_is_named(self):
        self.upload(1, 2, 1)
        self.upload(11, 2, 11)
        self.assertExit(self.resolve("--row", "2", "--as", "accepted", *WORDS, "--yes"), 0)
        self.assertEqual(self.outcomes(), ["accepted", "accepted"])

    def test_several_rows_and_ranges(self):
        self.upload(1, 8, 2, 3, 4, 6)
        result = self.resolve("--row", "7,3-5,4", "--as", "accepted", *WORDS)
        self.assertExit(result, 0)
        self.assertEqual(self.settlements(), 4)
        self.assertEqual(self.outcomes(), ["accepted"] * 8)

    def test_a_list_of_rows_with_one_that_is_not_unknown_settles_none(self):
        self.upload(1, 4, 2, 3)
        self.assertExit(self.resolve("--row", "3-5", "--as", "accepted", *WORDS), 65)
        self.assertEqual(self.settlements(), 0)

    def test_rows_that_are_none(self):
        for rows in ("1", "0", "", "3,", ",3", "9-7", "3-", "a", "3;4", "2-9999999999", "-3"):
            with self.subTest(rows=rows):
                result = self.resolve(f"--row={rows}", "--as", "accepted", *WORDS)
                self.assertExit(result, 2)

    def test_all_rows_need_their_number(self):
        self.upload(1, 5, 2, 3)
        self.assertExit(self.resolve("--all", "--as", "accepted", *WORDS), 2)
        result = self.resolve("--all", "--expect-rows", 3, "--as", "accepted", *WORDS)
        self.assertExit(result, 65)
        self.assertSays(result, "2 rows", "not 3")
        self.assertEqual(self.settlements(), 0)
        self.assertExit(
            self.resolve("--all", "--expect-rows", 2, "--as", "not-executed", *WORDS), 0
        )
        self.assertEqual(self.outcomes().count("failed"), 2)

    def test_rerun_says_whose_report_it_takes(self):
        run = self.upload(1, 3, 1)
        self.assertExit(self.resolve("--row", 2, "--as", "not-executed", *WORDS), 0)
        result = self.ws.run("rerun", "claims.report.csv", *self.ws.upload_arguments(self.web)[2:])
        self.assertExit(result, 0)
        self.assertSays(result, "the report of 'claims.csv' of ", run)


class WholeLedgerTest(ConfirmationCase):
    def setUp(self):
        super().setUp()
        self.first = self.upload(1, 3, 1, 2)
        self.second = self.upload(11, 3, 12, claims="other.csv")

    def test_what_is_unknown_is_listed_over_all_reports(self):
        result = self.resolve(report=None)
        self.assertExit(result, 3)
        for word in ("CL00000001", "CL00000002", "CL00000012", self.first, self.second):
            self.assertIn(word, result.out)
        listed = self.resolve("--json", report=None)
        self.assertExit(listed, 3)
        found = json.loads(listed.out)["unknown"]
        self.assertEqual([u["claim_order_no"] for u in found], ["CL00000001", "CL00000002", "CL00000012"])
        reports = {self.ws.file(name) for name in ("claims.report.csv", "other.report.csv")}
        self.assertEqual({u["report"] for u in found}, reports)

    def test_a_claim_is_settled_and_its_report_brought_up_to_date_afterwards(self):
        result = self.resolve("--claim", "CL00000012", "--as", "accepted", *WORDS, report=None)
        self.assertExit(result, 0)
        self.assertSays(result, self.second, "CL00000012", f"claimbatch resolve {self.ws.file('other.report.csv')}")
        self.assertEqual(self.settlements(), 1)
        self.assertExit(self.resolve(report="other.report.csv"), 0)
        self.assertEqual(self.outcomes("other.report.csv"), ["accepted"] * 3)
        self.assertExit(self.ws.run("status", "--verify", "--ledger", "ledger.db"), 0)

    def test_one_that_is_not_unknown_is_refused(self):
        for claim in ("CL00000003", "nothing"):
            result = self.resolve("--claim", claim, "--as", "accepted", *WORDS, report=None)
            self.assertExit(result, 65)
        self.assertEqual(self.settlements(), 0)

    def test_all_of_them_need_their_number(self):
        everything = ("--all", "--as", "not-executed", *WORDS)
        self.assertExit(self.resolve(*everything, report=None), 2)
        self.assertExit(self.resolve(*everything, "--expect-rows", 2, report=None), 65)
        self.assertEqual(self.settlements(), 0)
        self.assertExit(self.resolve(*everything, "--expect-rows", 3, report=None), 0)
        self.assertEqual(self.settlements(), 3)
        self.assertExit(self.resolve(report=None), 0)
        self.assertExit(self.ws.upload(self.web), 0)

    def test_a_row_needs_its_report(self):
        self.assertExit(self.resolve("--row", 2, "--as", "accepted", *WORDS, report=None), 2)
