"""No report is ever lost: where another run's report stands, it moves aside with its manifest, and
everything finds it there (contract section 3)."""

import fcntl
import os
import sqlite3
import unittest

from harness import LosingCase, claim_rows, file_digest


class MoveCase(LosingCase):
    def upload(self, *options, lost=(), **how):
        self.lost = {f"CL{number:08d}" for number in lost}
        result = self.ws.upload(self.web, *options, **how)
        self.lost = set()
        return result

    def day(self, first, *options, lost=(), **how):
        """One day's export under the name of every day: three new claims."""
        self.ws.export(claim_rows(3, first))
        result = self.upload(*options, lost=lost, **how)
        self.assertExit(result, 3 if lost else 0)
        return result

    def run_of(self, report="claims.report.csv"):
        return self.ws.read_manifest(report)["run"]

    def both(self, report="claims.report.csv"):
        path = self.ws.file(report)
        return file_digest(path), file_digest(path + ".manifest.json")

    def moved(self, run, stem="claims.report"):
        return f"{stem}.{run}.csv"

    def names(self):
        return sorted(n for n in os.listdir(self.ws.path) if ".report" in n)


class DefaultPathTest(MoveCase):
    def test_the_next_day_leaves_yesterdays_report_and_manifest_as_they_were(self):
        self.day(1, lost=[2])
        run, yesterday = self.run_of(), self.both()
        result = self.day(11)
        aside = self.moved(run)
        self.assertSays(result, run, aside)
        self.assertEqual(self.both(aside), yesterday)
        self.assertEqual(self.ws.read_report(aside)[1]["outcome"], "unknown")
        self.assertEqual(self.ws.read_report()[0]["claim_order_no"], "CL00000011")
        self.assertEqual(self.ws.read_manifest()["replaced"], [])

    def test_a_week_of_days_leaves_a_report_of_each(self):
        runs = []
        for day in range(5):
            self.day(1 + 10 * day)
            runs.append(self.run_of())
        for day, run in enumerate(runs[:-1]):
            lines = self.ws.read_report(self.moved(run))
            self.assertEqual(lines[0]["claim_order_no"], f"CL{1 + 10 * day:08d}")
        self.assertEqual(self.run_of(), runs[-1])

    def test_another_export_with_the_same_default_name_moves_it_too(self):
        os.mkdir(self.ws.file("a"))
        os.mkdir(self.ws.file("b"))
        for folder, first in (("a", 1), ("b", 11)):
            self.ws.export(claim_rows(3, first), name=f"{folder}/claims.csv")
            self.assertExit(self.upload("--report-dir", ".", claims=f"{folder}/claims.csv"), 0)
        self.assertEqual(len([n for n in self.names() if n.endswith(".csv")]), 2)

    def test_the_same_run_goes_on_in_its_own_place(self):
        self.ws.export(claim_rows(3))
        self.assertExit(self.upload("--limit", 1), 4)
        self.assertExit(self.upload(), 0)
        self.assertEqual(self.names(), ["claims.report.csv", "claims.report.csv.manifest.json"])
        self.assertEqual(len(self.ws.read_manifest()["replaced"]), 1)

    def test_what_stands_at_the_new_name_is_not_replaced(self):
        self.day(1)
        run, yesterday = self.run_of(), self.both()
        self.ws.write(self.moved(run), "something of mine\n")
        self.day(11)
        with open(self.ws.file(self.moved(run)), encoding="utf-8") as file:
            self.assertEqual(file.read(), "something of mine\n")
        self.assertEqual(self.both(self.moved(run + ".2")), yesterday)

    def test_a_manifest_alone_is_evidence_and_moves_too(self):
        self.day(1)
        run, manifest = self.run_of(), file_digest(self.ws.report + ".manifest.json")
        os.unlink(self.ws.report)
        self.day(11)
        aside = self.ws.file(self.moved(run)) + ".manifest.json"
        self.assertEqual(file_digest(aside), manifest)

    def test_nothing_moves_while_another_run_is_between_its_report_and_its_manifest(self):
        self.day(1)
        before = self.both()
        self.ws.export(claim_rows(3, 11))
        partial = self.ws.file("claims.report.csv.manifest.json.partial")
        with open(partial, "w", encoding="utf-8") as file:
            os.chmod(partial, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX)
            self.assertExit(self.upload(), 75)
        self.assertEqual(self.both(), before)
        self.assertEqual(len(self.web.requests), 3)
        self.assertExit(self.upload(), 0)

    def test_a_start_that_sends_nothing_moves_nothing(self):
        self.day(1)
        before = self.both()
        self.ws.export(claim_rows(3, 11))
        self.assertExit(self.upload("--dry-run"), 0)
        self.assertEqual(self.both(), before)
        self.assertEqual(self.names(), ["claims.report.csv", "claims.report.csv.manifest.json"])


class NamedPathTest(MoveCase):
    def setUp(self):
        super().setUp()
        self.ws.export(claim_rows(3), name="first.csv")
        self.ws.export(claim_rows(3, 11), name="second.csv")
        self.assertExit(self.upload("-o", "out.csv", claims="first.csv"), 0)

    def test_the_report_of_another_export_is_refused(self):
        before = self.both("out.csv")
        result = self.upload("-o", "out.csv", claims="second.csv")
        self.assertExit(result, 73)
        self.assertSays(result, "another export", "--overwrite", "moves it aside")
        self.assertEqual(self.both("out.csv"), before)
        self.assertEqual(len(self.web.requests), 3)

    def test_the_same_export_path_with_new_rows_is_the_next_day_and_blocks_nothing(self):
        before, run = self.both("out.csv"), self.run_of("out.csv")
        self.ws.export(claim_rows(3, 21), name="first.csv")
        self.assertExit(self.upload("-o", "out.csv", claims="first.csv"), 0)
        self.assertEqual(self.both(f"out.{run}.csv"), before)

    @unittest.skipUnless(os.geteuid() == 0, "only root can be another user for a while")
    def test_a_folder_that_may_be_written_but_not_read_takes_reports(self):
        os.chmod(self.ws.path, 0o755)
        for name in ("out.csv", "out.csv.manifest.json"):  # of another user, so not told whose
            os.unlink(self.ws.file(name))
        os.mkdir(self.ws.file("drop"))
        os.chmod(self.ws.file("drop"), 0o733)
        os.mkdir(self.ws.file("own"))
        os.chown(self.ws.file("own"), 65534, 65534)
        os.chown(self.ws.secret, 65534, 65534)
        arguments = self.ws.upload_arguments(self.web, claims="second.csv", ledger="own/ledger.db")
        for rows in (11, 31):
            self.ws.export(claim_rows(3, rows), name="second.csv")
            result = self.ws.run_as_other(*arguments, "--report-dir", "drop")
            self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(len(os.listdir(self.ws.file("drop"))), 4)

    def test_it_moves_aside_with_overwrite(self):
        before, run = self.both("out.csv"), self.run_of("out.csv")
        self.assertExit(self.upload("-o", "out.csv", "--overwrite", claims="second.csv"), 0)
        self.assertEqual(self.both(f"out.{run}.csv"), before)
        self.assertEqual(self.ws.read_report("out.csv")[0]["claim_order_no"], "CL00000011")

    def test_the_run_that_made_room_goes_on_where_its_report_is(self):
        self.assertExit(self.upload("-o", "out.csv", "--overwrite", claims="second.csv"), 0)
        before = self.both("out.csv")
        result = self.upload("-o", "out.csv", claims="first.csv")
        self.assertExit(result, 0)
        self.assertSays(result, "nothing is left to send")
        self.assertEqual(self.both("out.csv"), before)
        self.assertEqual(len(self.web.requests), 6)

    def test_a_file_that_is_no_report_is_kept_as_well(self):
        self.ws.write("notes.csv", "my notes\n")
        self.assertExit(self.upload("-o", "notes.csv", claims="second.csv"), 73)
        self.assertExit(self.upload("-o", "notes.csv", "--overwrite", claims="second.csv"), 0)
        run = self.run_of("notes.csv")
        self.assertEqual(self.ws.read_text(f"notes.before-{run}.csv"), "my notes\n")

    def test_a_folder_takes_the_report_under_its_usual_name(self):
        os.mkdir(self.ws.file("reports"))
        places = (("-o", "reports/"), ("--report-dir", "reports/"), ("--report-dir", "reports"))
        for number, place in enumerate(places):
            self.ws.export(claim_rows(3, 21 + 10 * number), name="second.csv")
            self.assertExit(self.upload(*place, claims="second.csv"), 0)
        self.assertEqual(
            len([n for n in os.listdir(self.ws.file("reports")) if n.endswith(".csv")]), 3
        )

    def test_a_folder_that_is_not_there_is_known_before_anything_is_sent(self):
        for place in (("-o", "nowhere/"), ("--report-dir", "nowhere")):
            with self.subTest(place=place):
                result = self.upload(*place, claims="second.csv")
                self.assertExit(result, 73)
                self.assertSays(result, "nowhere")
        self.assertEqual(len(self.web.requests), 3)

    def test_standard_input_has_no_usual_name(self):
        data = self.ws.read("second.csv")
        self.assertExit(self.upload("-o", "./", claims="-", input=data), 2)
        self.assertExit(self.upload("--report-dir", ".", claims="-", input=data), 2)

    def test_the_folder_may_stand_in_the_configuration(self):
        os.mkdir(self.ws.file("reports"))
        config = self.ws.write("conf", "[run]\nreport-dir = reports\n", mode=0o600)
        self.assertExit(self.upload("--config", config, claims="second.csv"), 0)
        self.assertTrue(os.path.exists(self.ws.file("reports/second.report.csv")))
        shown = self.ws.run("upload", "--config", config, "--print-config")
        self.assertIn("report-dir", shown.out)


class MovedRunTest(MoveCase):
    """A run whose report made room."""

    def setUp(self):
        super().setUp()
        self.day(1, lost=[2])
        self.run_name = self.run_of()
        self.aside = self.moved(self.run_name)
        self.day(11)
        self.today = self.both()

    def resolve(self, report, *options):
        return self.ws.run(
            "resolve", report, "--ledger", "ledger.db", "--gateway", self.web.url, *options
        )

    def settle(self, report, as_="not-executed"):
        return self.resolve(
            report, "--row", 3, "--as", as_, "--by", "desk", "--reason", "told so"
        )

    def test_the_same_export_again_goes_on_at_its_moved_path(self):
        self.assertExit(self.settle(self.aside), 0)
        self.ws.export(claim_rows(3, 1))
        self.assertExit(self.upload(), 0)
        self.assertEqual([l["outcome"] for l in self.ws.read_report(self.aside)], ["accepted"] * 3)
        self.assertEqual(self.both(), self.today)
        self.assertEqual(len(self.web.requests), 7)

    def test_nothing_left_to_send_leaves_both_as_they_are(self):
        self.assertExit(self.settle(self.aside, "accepted"), 0)
        before = self.both(self.aside)
        self.ws.export(claim_rows(3, 1))
        self.assertExit(self.upload(), 0)
        self.assertEqual(self.both(self.aside), before)
        self.assertEqual(self.both(), self.today)

    def test_resolve_publishes_it_there(self):
        self.assertExit(self.settle(self.aside, "accepted"), 0)
        self.assertEqual([l["outcome"] for l in self.ws.read_report(self.aside)], ["accepted"] * 3)
        self.assertEqual(self.both(), self.today)
        again = self.resolve(self.aside)
        self.assertExit(again, 0)
        self.assertNotIn("brought up to date", again.err)

    def test_rerun_takes_it_there(self):
        self.assertExit(self.settle(self.aside), 0)
        arguments = self.ws.upload_arguments(self.web)[2:]
        self.assertExit(self.ws.run("rerun", self.aside, *arguments), 0)
        self.assertEqual(len(self.ws.read_report(f"claims.report.{self.run_name}.rerun-1.csv")), 1)

    def test_status_says_where_it_is(self):
        status = self.ws.run("status", "--all", "--ledger", "ledger.db")
        self.assertIn(self.aside, status.out)

    def test_audit_finds_that_it_agrees(self):
        self.assertExit(self.ws.run("audit", self.aside, "--ledger", "ledger.db"), 0)

    def test_a_row_that_waits_names_the_moved_report(self):
        self.ws.export(claim_rows(3, 1) + claim_rows(1, 41), name="more.csv")
        self.assertExit(self.upload(claims="more.csv"), 3)
        listed = self.resolve("more.report.csv")
        self.assertIn(self.aside, listed.out + listed.err)

    def test_the_ledger_has_a_record_of_it(self):
        with sqlite3.connect(self.ws.ledger) as database:
            moves = database.execute("select run, done from report_move").fetchall()
        database.close()
        self.assertEqual(moves, [(self.run_name, 1)])
