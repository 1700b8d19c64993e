"""The place of a report: where it is in another folder than the export, what stays beside the export
names the ledger that knows what was sent, so that nobody with another one sends it again; and what comes
to the place while the run goes on is kept."""

import json
import os
import shutil
import signal
import time
import unittest

from harness import NEW_LEDGER, TestCase, accept, claim_row, claim_rows, fail

MARK = "claims.csv.ledger.json"


class ReportElsewhereTest(TestCase):
    def setUp(self):
        super().setUp()
        self.web = self.gateway()
        self.ws.export(claim_rows(10))
        os.mkdir(self.ws.file("reports"))

    def upload(self, *options, **how):
        return self.ws.upload(self.web, "--report-dir", "reports", *options, **how)

    def by_hand(self, *options, home="other", **how):
        """The same export, sent by somebody with another HOME, and so another ledger."""
        arguments = list(self.ws.upload_arguments(self.web, *options, **how))
        at = arguments.index("--ledger")
        del arguments[at : at + 2]
        os.makedirs(self.ws.file(home), exist_ok=True)
        return self.ws.run(*arguments, env=self.ws.environment(HOME=self.ws.file(home)))

    def read_mark(self, name=MARK):
        return json.loads(self.ws.read(name))

    def assertRefused(self, result, *words):
        self.assertExit(result, 78)
        self.assertSays(result, "nothing was sent", *words)

    def test_it_is_not_sent_again_with_another_ledger(self):
        self.assertExit(self.upload(), 0)
        self.assertRefused(self.by_hand("--report-dir", "reports"), self.ws.ledger)
        shutil.rmtree(self.ws.file("reports"))
        for options in ((), ("-o", "never.csv")):
            with self.subTest(options):
                self.assertRefused(self.by_hand(*options), MARK, self.ws.ledger)
        self.assertFalse(os.listdir(self.ws.file("other")))
        self.assertExit(self.by_hand(*NEW_LEDGER), 0)
        self.assertEqual(len(self.web.requests), 20)
        # … which was said once.
        self.assertExit(self.by_hand(), 0)
        self.assertEqual(len(self.web.requests), 20)

    def test_a_run_that_was_killed_is_known_too(self):
        def slowly(request):
            time.sleep(0.02)
            return accept(request)

        self.web.script = slowly
        run = self.ws.start_upload(self.web, "--in-flight", 1, "--report-dir", "reports")
        self.web.wait_for_requests(3)
        run.send_signal(signal.SIGKILL)
        self.assertExit(run.finish(), -signal.SIGKILL)
        self.web.wait_until_left()
        self.assertRefused(self.by_hand(), MARK)
        self.assertExit(self.upload(), 3)  # the call that was under way
        keys = self.web.keys()
        self.assertEqual(len(keys), len(set(keys)))

    def test_the_next_day_takes_its_place(self):
        self.assertExit(self.upload(), 0)
        first = self.read_mark()
        self.ws.export(claim_rows(5, first=31))
        self.assertExit(self.upload(), 0)
        self.assertNotEqual(self.read_mark()["run"], first["run"])
        self.assertRefused(self.by_hand(), MARK)
        self.assertEqual(
            sorted(name for name in os.listdir(self.ws.path) if name.startswith("claims")),
            ["claims.csv", MARK],
        )

    def test_it_is_the_same_for_a_link(self):
        os.makedirs(self.ws.file("share"))
        os.rename(self.ws.claims, self.ws.file("share/claims.csv"))
        os.symlink("share/claims.csv", self.ws.claims)
        self.assertExit(self.ws.upload(self.web), 0)
        self.assertFalse(os.path.exists(self.ws.file(MARK)))
        self.assertRefused(self.by_hand(claims="share/claims.csv"), "share/" + MARK)

    def test_nothing_is_left_where_the_report_is_beside_the_export(self):
        self.assertExit(self.ws.upload(self.web), 0)
        self.assertExit(self.ws.upload(self.web, "--report-dir", ".", "--overwrite"), 0)
        self.assertFalse(os.path.exists(self.ws.file(MARK)))
        self.assertExit(self.upload("--dry-run"), 0)
        self.assertFalse(os.path.exists(self.ws.file(MARK)))

    def test_a_file_of_another_kind_stays_and_the_run_goes_on(self):
        self.ws.write(MARK, "my notes\n")
        result = self.upload()
        self.assertExit(result, 0)
        self.assertSays(result, "nothing beside", MARK)
        self.assertEqual(self.ws.read_text(MARK), "my notes\n")

    def test_a_rehearsal_on_another_platform_does_not_hide_who_knows(self):
        self.assertExit(self.upload(), 0)
        rehearsal = self.gateway()
        os.mkdir(self.ws.file("rehearsed"))
        self.assertExit(self.ws.upload(rehearsal, "--report-dir", "rehearsed", ledger="other.db"), 0)
        shutil.rmtree(self.ws.file("reports"))
        self.assertRefused(self.by_hand(), self.ws.ledger)
        os.mkdir(self.ws.file("reports"))
        self.assertExit(self.upload(), 0)
        self.assertEqual(len(self.web.requests), 10)

    def test_the_file_at_that_path_is_the_one_that_was_sent_though_it_has_grown(self):
        self.ws.export(claim_rows(2, first=81), name="earlier.csv")
        os.makedirs(self.ws.file("elsewhere"))
        moved = self.ws.file("elsewhere/earlier.csv")
        os.rename(self.ws.file("earlier.csv"), moved)
        self.assertExit(self.ws.upload(self.web, claims=moved, ledger="other.db"), 0)
        self.assertExit(self.upload(), 0)
        self.ws.export(claim_rows(11))
        shutil.rmtree(self.ws.file("reports"))
        self.assertRefused(self.ws.upload(self.web, "-o", "x.csv", ledger="other.db"), MARK)

    def test_a_start_that_sent_nothing_leaves_nothing_in_the_way(self):
        self.ws.export([*claim_rows(3), claim_row(4, claim_fee="x")])
        self.assertExit(self.upload("--require-valid", ledger="wrong.db"), 4)
        self.assertFalse(os.path.exists(self.ws.file(MARK)))
        self.assertExit(self.ws.upload(self.web, "-o", "x.csv"), 1)

    def test_it_is_imported_as_a_start_is(self):
        self.web.script = lambda request: (time.sleep(0.02), accept(request))[1]
        run = self.ws.start_upload(self.web, "--in-flight", 1, "--report-dir", "reports")
        self.web.wait_for_requests(3)
        run.send_signal(signal.SIGKILL)
        self.assertExit(run.finish(), -signal.SIGKILL)
        self.web.wait_until_left()
        shutil.rmtree(self.ws.file("reports"))
        sent = len(self.web.requests)
        who = ("--by", "tests", "--reason", "lost")
        taught = self.ws.run(
            "import", MARK, "--export", "claims.csv", "-L", "new.db", "-g", self.web.url, *who
        )
        self.assertExit(taught, 0)
        self.assertExit(self.ws.upload(self.web, ledger="new.db"), 3)
        self.assertEqual(len(self.web.requests), sent)

    def test_a_link_that_leads_nowhere_stands_in_nobodys_way(self):
        os.symlink("nowhere", self.ws.file(MARK))
        self.assertExit(self.upload(), 0)
        self.assertEqual(os.readlink(self.ws.file(MARK)), "nowhere")

    @unittest.skipUnless(os.geteuid() == 0, "only root can be other users for a while")
    def test_one_that_another_user_cannot_read_stops_him(self):
        os.chmod(self.ws.path, 0o777)
        codes = []
        for user in (65533, 65534):
            folder = self.ws.file(f"of-{user}")
            os.mkdir(folder)
            shutil.copy(self.ws.secret, folder + "/secret")
            self.ws.export(claim_rows(2, first=90), name=f"of-{user}/first.csv")
            for name in (folder, folder + "/secret", folder + "/first.csv"):
                os.chown(name, user, user)
            for claims in (folder + "/first.csv", "claims.csv"):
                arguments = self.ws.upload_arguments(
                    self.web, "--report-dir", folder, claims=claims, ledger=folder + "/l.db"
                )
                arguments = [folder + "/secret" if word == "secret" else word for word in arguments]
                codes.append(
                    self.ws.run_as_other(*arguments, user=user, umask=0o077).returncode
                )
        self.assertEqual(codes, [0, 0, 0, 78])

    def test_two_who_begin_at_the_same_moment(self):
        for _ in range(10):
            runs = []
            self.web.requests.clear()
            for number in range(2):
                arguments = list(self.ws.upload_arguments(self.web, "--report-dir", f"of-{number}"))
                arguments[arguments.index("ledger.db")] = f"ledger-{number}.db"
                os.makedirs(self.ws.file(f"of-{number}"))
                runs.append(self.ws.start(*arguments))
            codes = sorted(run.finish().code for run in runs)
            self.assertIn(codes, ([0, 75], [0, 78], [75, 78], [78, 78]), codes)
            keys = self.web.keys()
            self.assertEqual(len(keys), len(set(keys)))
            for number in range(2):
                shutil.rmtree(self.ws.file(f"of-{number}"))
            for name in os.listdir(self.ws.path):
                if name.startswith("ledger-") or name.startswith(MARK):
                    os.unlink(self.ws.file(name))

    @unittest.skipUnless(os.geteuid() == 0, "only root can be another user for a while")
    def test_a_folder_that_may_not_be_written_to_stops_nothing(self):
        os.chmod(self.ws.path, 0o755)
        os.chown(self.ws.file("reports"), 65534, 65534)
        os.chown(self.ws.secret, 65534, 65534)
        arguments = self.ws.upload_arguments(self.web, "--report-dir", "reports", ledger="reports/l.db")
        result = self.ws.run_as_other(*arguments, "-v")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("will tell with which ledger it was sent: Permission denied", result.stderr)
        self.assertFalse(os.path.exists(self.ws.file(MARK)))


class NewcomerTest(TestCase):
    """Something comes to the report's place while the run goes on."""

    REPORT = "claims.report.csv"

    def setUp(self):
        super().setUp()
        self.acts = lambda: None
        self.web = self.gateway(self.answer)
        self.ws.export(claim_rows(5))

    def answer(self, request):
        act, self.acts = self.acts, lambda: None
        act()
        return fail(10)(request) if request.claim["claim_order_no"].endswith("5") else accept(request)

    def upload(self, act):
        self.acts = act
        result = self.ws.upload(self.web, "--retries", 0)
        self.assertExit(result, 1)
        run = self.ws.read_manifest()["run"]
        self.assertEqual(len(self.ws.read_report()), 5)
        self.assertExit(self.ws.run("audit", self.REPORT, "-L", "ledger.db"), 0)
        return result, f"claims.report.during-{run}.csv"

    def test_a_file_of_another_kind_is_kept(self):
        result, aside = self.upload(lambda: self.ws.write(self.REPORT, "my notes\n"))
        self.assertSays(result, "while the run went on", aside)
        self.assertEqual(self.ws.read_text(aside), "my notes\n")

    def test_a_link_is_kept_and_what_it_leads_to_is_as_it_was(self):
        self.ws.write("notes.txt", "my notes\n")
        _, aside = self.upload(lambda: os.symlink("notes.txt", self.ws.file(self.REPORT)))
        self.assertEqual(os.readlink(self.ws.file(aside)), "notes.txt")
        self.assertFalse(os.path.islink(self.ws.file(self.REPORT)))
        self.assertEqual(self.ws.read_text("notes.txt"), "my notes\n")

    def test_the_report_of_the_run_that_somebody_saves_anew_is_kept(self):
        self.upload(lambda: None)
        saved = self.ws.read_text(self.REPORT).replace("failed", "asked")
        _, aside = self.upload(lambda: self.ws.write(self.REPORT, saved))
        self.assertEqual(self.ws.read_text(aside), saved)
        self.assertFalse(os.path.exists(self.ws.file(aside + ".manifest.json")))

    def test_a_report_with_its_manifest_is_kept_as_a_pair(self):
        self.ws.export(claim_rows(3, first=11), name="other.csv")
        self.assertIn(self.ws.upload(self.web, claims="other.csv").code, (0, 1))

        def copy():
            for ending in ("", ".manifest.json"):
                shutil.copy(self.ws.file("other.report.csv" + ending), self.ws.file(self.REPORT + ending))

        _, aside = self.upload(copy)
        self.assertExit(self.ws.run("audit", aside, "-L", "ledger.db"), 0)

    def test_what_stood_there_before_is_replaced_as_ever(self):
        self.upload(lambda: None)
        _, aside = self.upload(lambda: os.utime(self.ws.file(self.REPORT)))
        self.assertFalse(os.path.exists(self.ws.file(aside)))


class GoneTest(TestCase):
    """The report's place goes away while the run goes on."""

    def setUp(self):
        super().setUp()
        self.acts = lambda: None
        self.web = self.gateway(self.answer)
        self.make()

    def make(self):
        os.mkdir(self.ws.file("in"))
        self.ws.export(claim_rows(8), name="in/claims.csv")

    def answer(self, request):
        if len(self.web.requests) == 3:
            self.acts()
        return accept(request)

    def upload(self, ledger="ledger.db"):
        return self.ws.upload(self.web, "--in-flight", 1, claims="in/claims.csv", ledger=ledger)

    def remove_folder(self):
        shutil.rmtree(self.ws.file("in"))

    def remove_partial(self, of):
        os.unlink(self.ws.file(f"in/claims.report.csv{of}.partial"))

    def test_unfinished_files_that_something_cleaned_away_are_made_again(self):
        for of in ("", ".manifest.json"):
            with self.subTest(of):
                self.web.requests.clear()
                self.acts = lambda of=of: self.remove_partial(of)
                self.assertExit(self.upload(ledger=f"ledger{of}.db"), 0)
                self.assertExit(self.ws.run("audit", "in/claims.report.csv", "-L", f"ledger{of}.db"), 0)
                self.assertEqual(
                    sorted(os.listdir(self.ws.file("in"))),
                    ["claims.csv", "claims.report.csv", "claims.report.csv.manifest.json"],
                )
                shutil.rmtree(self.ws.file("in"))
                self.make()

    def kept(self, result):
        kept = os.path.join(self.ws.environment()["HOME"], ".local/state/claimbatch/claims.report.csv")
        self.assertSays(result, "went away while the run went on", kept)
        return kept

    def test_a_folder_that_was_removed_leaves_the_report_where_ledgers_are(self):
        self.acts = self.remove_folder
        kept = self.kept(self.upload())
        self.assertExit(self.ws.run("audit", kept, "-L", "ledger.db"), 0)
        self.acts = lambda: None
        self.make()
        self.assertExit(self.upload(), 0)
        self.assertEqual(len(self.web.requests), 8)

    def test_that_report_stops_no_other_export(self):
        self.acts = self.remove_folder
        self.kept(self.upload())
        self.ws.export(claim_rows(3, first=51), name="other.csv")
        self.assertExit(self.ws.upload(self.web, claims="other.csv", ledger="other.db"), 0)

    def test_one_that_the_ledger_was_in_leaves_what_a_new_ledger_learns(self):
        self.acts = self.remove_folder
        result = self.upload(ledger="in/ledger.db")
        self.assertExit(result, 74)
        kept = self.kept(result)
        self.assertSays(result, "nothing of this export may be sent", "claimbatch import " + kept)
        sent = len(self.web.requests)
        self.acts = lambda: None
        self.make()
        again = self.upload(ledger="in/ledger.db")
        self.assertExit(again, 78)
        self.assertSays(again, kept)
        taught = self.ws.run(
            "import", kept, "--ledger", "in/ledger.db", "-g", self.web.url, "--by", "tests", "--reason", "lost"
        )
        self.assertExit(taught, 0)
        self.assertExit(self.upload(ledger="in/ledger.db"), 0)
        keys = self.web.keys()
        self.assertEqual((len(keys), len(set(keys))), (8, 8))
        self.assertLess(sent, 8)


if __name__ == "__main__":
    unittest.main()
