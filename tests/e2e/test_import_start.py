"""A run was killed before its first report, and its ledger is lost: what stands at the place of its
report teaches another ledger which rows may have been sent (contract section 5)."""

import csv
import io
import os
import shutil
import signal
import sqlite3

from harness import NEW_LEDGER, accept, claim_row, claim_rows, fail, refuse
from test_identity import IdentityCase
from test_import import by_number

STARTED = "claims.report.csv.started.json"
WHO = ("--by", "claims-desk", "--reason", "the disk of the ledger was lost")


class ImportStartCase(IdentityCase):
    def learn(self, *names, export="claims.csv", code=0, ledger="ledger.db", options=()):
        result = self.ws.run(
            "import", *names, "--export", export, "--ledger", ledger, "-g", self.web.url, *WHO, *options
        )
        self.assertExit(result, code)
        return result

    def open(self, ledger="ledger.db"):
        """The claims that are unknown in a ledger."""
        database = sqlite3.connect(self.ws.file(ledger))
        try:
            return {number for number, in database.execute("SELECT claim_order_no FROM open_attempt")}
        finally:
            database.close()

    def listed(self):
        """The rows that the report lists for the support, as decisions that are to be filled in."""
        arguments = ("--ledger", "ledger.db", "-o", "list.csv", "--overwrite", "-g", self.web.url)
        self.assertIn(self.ws.run("resolve", "claims.report.csv", *arguments).code, (0, 3))
        with open(self.ws.file("list.csv"), encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file, strict=True))

    def sends_nothing(self, code=3):
        self.assertEqual(self.newly_sent(lambda: self.assertExit(self.ws.upload(self.web), code)), [])

    def decide(self, lines, what):
        for line in lines:
            line["as"] = what
        text = io.StringIO()
        writer = csv.DictWriter(text, lines[0])
        writer.writeheader()
        writer.writerows(lines)
        self.ws.write("list.csv", text.getvalue().encode("utf-8-sig"))
        result = self.ws.run("resolve", "claims.report.csv", "--ledger", "ledger.db", "-g", self.web.url, "--from", "list.csv", *WHO)
        self.assertIn(result.code, (0, 3), result.err)

    def lines_of(self, report="claims.report.csv"):
        return {line["row"]: line for line in self.ws.read_report(report)}

    def newly_sent(self, action):
        before = self.sent()
        action()
        return self.web.keys()[before:]


class LostTest(ImportStartCase):
    def setUp(self):
        super().setUp()
        self.kill_in_the_middle()
        self.remove_ledger()

    def test_an_export_that_has_grown_since_tells_what_it_was(self):
        """A cumulative export: what the run read is its beginning."""
        self.ws.export(claim_rows(33))
        self.assertSays(self.learn(STARTED), "30 may have been sent")
        self.assertEqual(len(self.open()), 30)
        keys = self.newly_sent(lambda: self.assertExit(self.ws.upload(self.web), 3))
        self.assertEqual(sorted(n for _, n in keys), [f"CL{n:08d}" for n in (31, 32, 33)])

    def test_its_rows_are_unknown_and_none_is_sent(self):
        self.assertRefused(self.ws.upload(self.web), STARTED, "import")
        result = self.learn(STARTED)
        self.assertSays(result, "30 may have been sent", "resolve")
        self.assertEqual(len(self.open()), 30)
        self.assertSays(self.ws.run("resolve", "--ledger", "ledger.db"), "30")
        self.sends_nothing()
        self.assertEqual({line["outcome"] for line in self.lines_of().values()}, {"unknown"})
        self.assertFalse(os.path.exists(self.ws.file(STARTED)))
        self.assertEqual(len(self.listed()), 30)
        self.assertExit(self.status("--verify"), 0)
        self.assertOnce()

    def test_what_the_support_says_was_not_executed_is_sent_by_the_same_upload(self):
        self.learn(STARTED)
        self.sends_nothing()
        executed = set(self.web.keys())
        lines = self.listed()
        keys = [(int(line["workcard_id"]), line["claim_order_no"]) for line in lines]
        said = [line for line, key in zip(lines, keys) if key in executed]
        self.decide(said, "accepted")
        self.decide([line for line in lines if line not in said], "not-executed")
        again = self.newly_sent(lambda: self.assertExit(self.ws.upload(self.web), 0))
        self.assertEqual(set(again), set(keys) - executed)
        self.assertOnce()
        self.assertEqual({line["outcome"] for line in self.lines_of().values()}, {"accepted"})
        self.assertExit(self.ws.run("audit", "claims.report.csv", "--export", "claims.csv", "-L", "ledger.db"), 0)

    def test_rows_that_waited_for_it_are_learned_before_it_and_settled(self):
        """The next export's rows waited for those of the start; the ledger is lost once more, and their
        report is imported first: it stands in for attempts of which nothing is known yet."""
        self.learn(STARTED)
        self.ws.export(claim_rows(32), name="next.csv")
        self.assertExit(self.ws.upload(self.web, claims="next.csv"), 3)
        place = ("--ledger", "ledger.db", "-g", self.web.url, *WHO)
        accept_all = ("--all", "--expect-rows", 30, "--as", "accepted", "-y")
        for settled in ("claims.report.csv", "next.report.csv"):
            with self.subTest(settled):
                self.remove_ledger()
                self.assertExit(self.ws.run("import", "next.report.csv", *place), 0)
                self.assertEqual(len(self.open()), 30)
                if settled == "claims.report.csv":
                    self.learn(STARTED)
                    self.sends_nothing()
                self.assertExit(self.ws.run("resolve", settled, *accept_all, *place), 0)
                self.assertExit(self.status("--verify"), 0)
                self.assertExit(self.ws.run("import", settled, *place), 0)

    def test_the_same_import_again_changes_nothing(self):
        self.learn(STARTED)
        shutil.copy(self.ws.file(STARTED), self.ws.file("kept.csv.started.json"))
        self.sends_nothing()
        self.decide(self.listed()[:4], "not-executed")
        self.assertSays(self.learn("kept.csv.started.json"), "knows what became of this start")
        self.assertEqual(len(self.open()), 26)

    def test_another_home_passes_its_guard_by_it(self):
        self.assertRefused(self.at_home("root"), STARTED)
        home = "root/.local/state/claimbatch/ledger.db"
        os.makedirs(os.path.dirname(self.ws.file(home)))
        self.learn(STARTED, ledger=home)
        again = self.newly_sent(lambda: self.assertExit(self.at_home("root"), 3))
        self.assertEqual(again, [])

    def test_an_answer_that_a_report_tells_later_ends_what_was_unknown(self):
        """The ledger is found again, and its run goes on there; the other one learns of that."""
        self.learn(STARTED, ledger="other.db")
        self.assertEqual(len(self.open("other.db")), 30)
        self.ws.export(claim_rows(30))
        self.assertExit(self.ws.upload(self.web, *("--new-ledger", *WHO), ledger="third.db"), 0)
        result = self.ws.run(
            "import", "claims.report.csv", "--ledger", "other.db", "-g", self.web.url, *WHO
        )
        self.assertExit(result, 0)
        self.assertEqual(self.open("other.db"), set())

    def test_what_is_typed_wrong_is_said_and_imports_nothing(self):
        place = ("--ledger", "ledger.db", "-g", self.web.url, *WHO)
        self.ws.export(claim_rows(29), name="other.csv")
        self.ws.write("junk.csv.started.json", "[1]")
        for code, words, arguments in (
            (2, "--export CLAIMS.csv", (STARTED,)),
            (2, "--export goes with", ("claims.report.csv", "--export", "claims.csv")),
            (65, "holds other bytes", (STARTED, "--export", "other.csv")),
            (66, "no.csv", (STARTED, "--export", "no.csv")),
            (66, "no.csv.started.json", ("no.csv.started.json", "--export", "claims.csv")),
            (65, "not a whole manifest", ("junk.csv.started.json", "--export", "claims.csv")),
            (78, "platform", (STARTED, "--export", "claims.csv", "-g", "http://127.0.0.1:1/")),
        ):
            with self.subTest(arguments):
                result = self.ws.run("import", *place, *arguments)
                self.assertExit(result, code)
                self.assertSays(result, words, "nothing was imported")
        self.assertFalse(os.path.exists(self.ws.ledger))

    def test_help_names_it(self):
        result = self.ws.run("import", "--help")
        self.assertIn("STARTED.json", result.out)
        self.assertIn("--export FILE", result.out)


class RowsTest(ImportStartCase):
    def test_rows_that_were_accepted_before_are_not_doubted(self):
        self.assertExit(self.ws.upload(self.web), 0)
        self.ws.export(claim_rows(40), name="second.csv")
        self.kill_in_the_middle(claims="second.csv", after=3)
        self.remove_ledger()
        report = self.ws.run("import", "claims.report.csv", "-L", "ledger.db", "-g", self.web.url, *WHO)
        self.assertExit(report, 0)
        self.assertSays(self.learn("second.report.csv.started.json", export="second.csv"), "10 may have been sent")
        self.assertEqual(self.open(),
                         {row["claim_order_no"] for row in claim_rows(10, 31)})

    def test_report_and_start_of_one_run_go_in_one_import(self):
        """A finished run is begun again for its failed rows, and that start is killed."""
        self.web.script = by_number(n3=fail(10), n6=fail(10))
        self.assertIn(self.ws.upload(self.web, "--retries", 0).code, (1,))
        failed = sum(line["outcome"] == "failed" for line in self.lines_of().values())
        self.assertGreater(failed, 0)
        self.web.script = accept
        self.kill_in_the_middle(after=2)
        self.remove_ledger()
        self.learn("claims.report.csv", STARTED)
        self.assertEqual(len(self.open()), failed)
        self.sends_nothing()

    def test_an_older_copy_of_the_ledger_learns_what_went_on_without_it(self):
        self.web.script = refuse
        self.assertExit(self.ws.upload(self.web, "--limit", 5), 4)
        self.assertExit(self.status("--backup", "morning.db"), 0)
        self.web.script = accept
        self.kill_in_the_middle(after=4)
        self.restore("morning.db")
        self.assertRefused(self.ws.upload(self.web))
        self.learn("claims.report.csv", STARTED)
        self.assertEqual(len(self.open()), 25)
        self.sends_nothing()

    def test_a_log_that_was_removed_is_made_good(self):
        self.kill_in_the_middle(after=20)
        for suffix in ("-wal", "-shm"):
            os.remove(self.ws.ledger + suffix)
        self.assertRefused(self.ws.upload(self.web))
        self.learn(STARTED)
        before = self.sent()
        self.assertExit(self.ws.upload(self.web), 3)
        self.assertEqual(self.sent(), before)

    def test_a_ledger_that_knows_the_run_learns_nothing(self):
        self.kill_in_the_middle()
        self.assertSays(self.learn(STARTED), "knows what became of this start")
        self.assertExit(self.ws.upload(self.web), 3)
        self.assertLess(len(self.open()), 5)  # those in flight
        self.assertOnce()

    def test_of_rows_of_one_claim_each_content_is_asked_about(self):
        rows = claim_rows(3) + [claim_row(1), claim_row(2, claim_fee="77700"), claim_row(2, claim_fee="77700")]
        self.ws.export(rows)
        self.kill_in_the_middle(after=1)
        self.remove_ledger()
        self.assertSays(self.learn(STARTED), "4 may have been sent")
        self.sends_nothing()
        lines = self.listed()
        self.assertEqual([line["row"] for line in lines], ["2", "4", "6"])
        self.decide(lines, "not-executed")
        self.assertEqual([line["row"] for line in self.listed()], ["3"])
        self.decide(self.listed(), "not-executed")
        self.assertEqual(self.open(), set())

    def test_a_start_of_a_rerun_is_learned_from_the_report_that_it_took_its_rows_from(self):
        self.assertExit(self.ws.upload(self.web, "--limit", 3), 4)
        sent = self.sent()
        rerun = ["rerun", *self.ws.upload_arguments(self.web, claims="claims.report.csv")[1:]]
        run = self.ws.start(*rerun, "--in-flight", "1")
        self.web.wait_for_requests(sent + 5)
        run.send_signal(signal.SIGKILL)
        self.assertExit(run.finish(), -signal.SIGKILL)
        self.web.wait_until_left()
        self.remove_ledger()
        started = "claims.report.rerun-1.csv.started.json"
        self.learn("claims.report.csv", started, export="claims.report.csv")
        self.assertEqual(len(self.open()), 27)
        again = self.newly_sent(lambda: self.ws.run(*rerun))
        self.assertEqual(again, [])
        self.sends_nothing()


class AgainTest(ImportStartCase):
    """The ledger that has learned is lost in its turn: learning once more is all that is needed."""

    def setUp(self):
        super().setUp()
        self.ws.export(claim_rows(5, first=200), name="first.csv")
        self.assertExit(self.ws.upload(self.web, claims="first.csv"), 0)
        self.assertExit(self.status("--backup", "backup.db"), 0)
        self.assertExit(self.ws.upload(self.web), 0)
        self.restore("backup.db")

    def imported(self, *reports, code=0):
        result = self.ws.run("import", *reports, "--ledger", "ledger.db", "-g", self.web.url, *WHO)
        self.assertExit(result, code)
        return result

    def test_the_same_backup_a_second_time(self):
        for _ in range(3):
            self.assertNotIn("import the others", self.imported("claims.report.csv").err)
            self.sends_nothing(code=0)
            self.assertExit(self.status("--verify"), 0)
            self.restore("backup.db")
        self.assertRefused(self.ws.upload(self.web), "are gone")

    def test_what_was_sent_after_it_is_missed(self):
        self.imported("claims.report.csv")
        self.ws.export(claim_rows(4, first=300), name="later.csv")
        self.assertExit(self.ws.upload(self.web, claims="later.csv"), 0)
        self.restore("backup.db")
        self.assertSays(self.imported("claims.report.csv"), "import the others, too", "--new-ledger")
        self.assertRefused(self.ws.upload(self.web), "are gone")
        self.imported("claims.report.csv", "later.report.csv")
        self.sends_nothing(code=0)
        self.assertOnce()

    def test_what_another_ledger_knew_is_missed(self):
        self.ws.export(claim_rows(4, first=300), name="other.csv")
        self.assertExit(self.ws.upload(self.web, "-L", "other.db", *NEW_LEDGER, claims="other.csv"), 0)
        self.imported("claims.report.csv", "other.report.csv")
        self.restore("backup.db")
        self.assertSays(self.imported("claims.report.csv"), "import the others, too")
        self.assertRefused(self.ws.upload(self.web), "are gone")
