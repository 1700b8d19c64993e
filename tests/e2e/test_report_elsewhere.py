"""An export whose report lies in another folder: what stays beside the export names the ledger that knows
what was sent, so that nobody with another one sends it again."""

import json
import os
import shutil
import signal
import subprocess
import time
import unittest

from harness import NEW_LEDGER, TestCase, accept, claim_rows

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
        with open(self.ws.file(name), encoding="utf-8") as file:
            return json.load(file)

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
        with open(self.ws.file(MARK), encoding="utf-8") as file:
            self.assertEqual(file.read(), "my notes\n")

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
        result = subprocess.run(
            [self.ws.binary_for_others(), *arguments, "-v"],
            cwd=self.ws.path,
            env=self.ws.environment(),
            user=65534,
            group=65534,
            extra_groups=[],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("will tell with which ledger it was sent: Permission denied", result.stderr)
        self.assertFalse(os.path.exists(self.ws.file(MARK)))


if __name__ == "__main__":
    unittest.main()
