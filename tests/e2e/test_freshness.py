"""--expect-new: an unattended upload that finds the file of an earlier day."""

import os
import unittest

from harness import claim_rows, refuse
from test_clock import DAY_MS, ClockCase


class ArrivalTest(ClockCase):
    def setUp(self):
        super().setUp()
        self.gate = self.gateway(check=False)
        self.ws.export(claim_rows(4))
        self.set_clock(-3 * DAY_MS)

    def night(self, *options, claims="claims.csv"):
        return self.upload(self.gate, "--expect-new", *options, claims=claims)

    def assertNotArrived(self, result):
        self.assertExit(result, 75)
        self.assertSays(result, "has not arrived yet", "claims.csv", "nothing was sent")

    def test_the_same_file_on_the_next_day_has_not_arrived(self):
        self.assertExit(self.night(), 0)
        written = os.stat(self.ws.report)
        self.assertExit(self.night(), 0)
        self.set_clock(-2 * DAY_MS)
        self.assertNotArrived(self.night())
        self.assertNotArrived(self.night("--dry-run"))
        report = os.stat(self.ws.report)
        self.assertEqual((report.st_ino, report.st_mtime_ns), (written.st_ino, written.st_mtime_ns))
        self.assertEqual(len(self.gate.requests), 4)
        self.ws.export(claim_rows(2, first=11))
        self.assertExit(self.night(), 0)
        self.assertEqual(len(self.gate.requests), 6)

    def test_the_day_is_that_of_beijing(self):
        self.set_before_midnight(60)
        self.assertExit(self.night(), 0)
        self.assertExit(self.night(), 0)
        self.set_clock(self.offset_ms + 120 * 1000)
        self.assertNotArrived(self.night())

    def test_a_run_that_was_stopped_goes_on_the_next_day(self):
        self.assertExit(self.night("--limit", "1"), 4)
        self.set_clock(-2 * DAY_MS)
        self.assertExit(self.night(), 0)
        self.assertEqual(len(self.gate.requests), 4)
        self.assertExit(self.night(), 0)
        self.set_clock(-DAY_MS)
        self.assertNotArrived(self.night())

    def test_rows_that_were_not_accepted_are_no_new_file(self):
        self.gate.script = refuse
        self.assertExit(self.night(), 1)
        self.set_clock(-2 * DAY_MS)
        self.assertNotArrived(self.night())
        self.assertExit(
            self.night("--resubmit", "--by", "Li", "--reason", "rules were changed"), 1
        )
        self.assertEqual(len(self.gate.requests), 8)

    def test_a_run_that_was_pruned_is_known(self):
        self.assertExit(self.night(), 0)
        self.set_clock(0)
        result = self.ws.run("status", "--prune", "1", "--ledger", "ledger.db")
        self.assertExit(result, 0)
        self.assertNotArrived(self.night())
        self.assertEqual(len(self.gate.requests), 4)

    def test_without_the_option_nothing_is_new(self):
        self.assertExit(self.night(), 0)
        self.set_clock(0)
        self.assertExit(self.upload(self.gate), 0)

    def test_it_may_be_configured_and_other_commands_go_on(self):
        self.ws.write("office.conf", "[run]\nexpect-new = yes\n", mode=0o600)
        options = ("--config", "office.conf")
        self.assertExit(self.upload(self.gate, *options), 0)
        self.set_clock(-2 * DAY_MS)
        self.assertNotArrived(self.upload(self.gate, *options))
        self.assertExit(self.ws.run("check", "claims.csv", *options), 0)
        shown = self.ws.run("upload", "--print-config", *options)
        self.assertRegex(shown.out, r"(?m)^expect[-_]new = yes")


if __name__ == "__main__":
    unittest.main()
