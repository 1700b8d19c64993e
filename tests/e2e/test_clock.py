"""Ban, rate and quota while the clock on the wall is set, and around midnight in Beijing (promise 8)."""

import os
import shutil
import signal
import struct
import threading
import time
import unittest

from harness import Reply, TestCase, accept, ban_body, claim_row, claim_rows, fail, http, program

DAY_MS = 86400000
BEIJING_MS = 8 * 3600000


class ClockCase(TestCase):
    def setUp(self):
        super().setUp()
        self.library = os.path.join(
            os.path.dirname(program("CLAIMBATCH")), "tests", "libwallclock.so"
        )
        if not os.path.exists(self.library):
            self.skipTest("tests/libwallclock.so was not built")
        self.set_clock(0)

    def set_clock(self, offset_ms):
        """By how much the program's clock is ahead; it heeds that at once."""
        self.offset_ms = offset_ms
        fd = os.open(self.ws.file("offset"), os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(fd, struct.pack("=q", offset_ms))
        os.close(fd)

    def set_before_midnight(self, seconds):
        """To so long before the next midnight in Beijing."""
        now_ms = time.time_ns() // 1000000
        midnight_ms = ((now_ms + BEIJING_MS) // DAY_MS + 1) * DAY_MS - BEIJING_MS
        self.set_clock(int(midnight_ms - seconds * 1000 - now_ms))

    def start(self, gateway, *options, **how):
        env = self.ws.environment(
            LD_PRELOAD=self.library, WALLCLOCK_OFFSET=self.ws.file("offset")
        )
        env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
        return self.ws.start_upload(gateway, *options, env=env, **how)

    def upload(self, gateway, *options, **how):
        return self.start(gateway, *options, **how).finish(40)


class SetBackTest(ClockCase):
    def test_a_ban_lasts_no_longer_than_the_gateway_said(self):
        gateway = self.gateway(lambda request: Reply(http(ban_body(2))), check=False)
        self.ws.export(claim_rows(1), name="one.csv")
        run = self.start(gateway, claims="one.csv")
        gateway.wait_for_requests(1)
        run.send_signal(signal.SIGINT)
        self.assertExit(run.finish(), 130)
        gateway.script = accept
        self.set_clock(-DAY_MS)
        self.ws.export([claim_row(9)], name="two.csv")
        began = time.monotonic()
        self.assertExit(self.upload(gateway, claims="two.csv"), 0)
        self.assertGreater(time.monotonic() - began, 1.9)

    def test_calls_that_left_by_the_clock_of_before_do_not_fill_the_second(self):
        gateway = self.gateway(check=False)
        self.ws.export(claim_rows(8), name="one.csv")
        self.assertExit(self.upload(gateway, "--rate", "8", claims="one.csv"), 0)
        self.set_clock(-3600000)
        self.ws.export(claim_rows(8, first=101), name="two.csv")
        self.assertExit(self.upload(gateway, "--rate", "8", claims="two.csv"), 0)

    def test_a_ban_ends_though_the_clock_was_set_back_by_more_than_it_lasts(self):
        """It begins once more with the start that sees it, and not with each start for a day."""
        gateway = self.gateway(lambda request: Reply(http(ban_body(700))), check=False)
        self.ws.export(claim_rows(1))
        self.assertExit(self.upload(gateway), 75)
        gateway.script = accept
        self.set_clock(-DAY_MS)
        self.assertExit(self.upload(gateway), 75)
        self.set_clock(-DAY_MS + 690 * 1000)
        self.assertExit(self.upload(gateway), 0)

    def test_a_row_that_may_be_sent_does_not_turn_invalid_when_a_run_goes_on(self):
        gateway = self.gateway(check=False)
        today = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 8 * 3600))
        self.ws.export([claim_row(n, claim_time=today) for n in range(1, 5)])
        self.assertExit(self.upload(gateway, "--limit", "2"), 4)
        self.set_clock(-2 * DAY_MS)
        self.assertExit(self.upload(gateway), 0)
        self.assertEqual([line["outcome"] for line in self.ws.read_report()], ["accepted"] * 4)
        manifest = self.ws.read_manifest()
        self.assertEqual(manifest["outcomes"]["accepted"]["rows"], 4)
        self.assertTrue(manifest["complete"])


    def test_both_passes_of_a_run_that_goes_on_judge_by_the_same_time(self):
        """Control totals and --require-valid are of the first, what is sent of the second."""
        gateway = self.gateway(check=False)
        today = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 8 * 3600))
        self.ws.export([claim_row(n, claim_time=today) for n in range(1, 5)])
        self.assertExit(self.upload(gateway, "--limit", "2"), 4)
        self.set_clock(-2 * DAY_MS)
        result = self.upload(gateway, "--require-valid")
        self.assertExit(result, 0)
        self.assertSays(result, "the clock was set back")
        self.assertEqual(len(gateway.requests), 4)


    def run_by_clock(self, *arguments):
        env = self.ws.environment(
            LD_PRELOAD=self.library, WALLCLOCK_OFFSET=self.ws.file("offset")
        )
        env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
        return self.ws.run(*arguments, env=env)

    def test_a_row_of_a_rerun_that_was_edited_and_sent_does_not_turn_invalid(self):
        gateway = self.gateway(fail(1), check=False)
        self.ws.export(claim_rows(4))
        self.assertExit(self.upload(gateway, "--retries", "0"), 1)
        gateway.script = accept
        today = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 8 * 3600))
        text = self.ws.read_text(self.ws.report)
        self.ws.write("claims.report.csv", text.replace("2026-01-02 03:04:05", today), 0o600)
        rerun = self.ws.upload_arguments(gateway, "--accept-edits", claims="claims.report.csv")
        rerun = ("rerun", *rerun[1:])
        self.assertExit(self.run_by_clock(*rerun, "--limit", "2"), 4)
        self.set_clock(-2 * DAY_MS)
        result = self.run_by_clock(*rerun)
        self.assertExit(result, 0)
        self.assertSays(result, "the clock was set back")
        lines = self.ws.read_report("claims.report.rerun-1.csv")
        self.assertEqual([line["outcome"] for line in lines], ["accepted"] * 4)

    def test_what_a_run_leaves_later_is_newer_than_what_it_left_before(self):
        """Which of two reports of a run is the newer one is told by when it ended."""
        gateway = self.gateway(check=False)
        self.ws.export(claim_rows(6))
        self.assertExit(self.upload(gateway, "--limit", "2"), 4)
        reports = {}
        for name, options, code in (("one", (), None), ("two", ("--limit", "2"), 4), ("three", (), 0)):
            if code is not None:
                self.set_clock(self.offset_ms - DAY_MS)
                self.assertExit(self.upload(gateway, *options), code)
            reports[name] = self.ws.read_manifest()
            for suffix in ("", ".manifest.json"):
                shutil.copy(self.ws.file("claims.report.csv" + suffix), self.ws.file(name + ".csv" + suffix))
        ends = [reports[name]["finished"] for name in ("one", "two", "three")]
        self.assertEqual(sorted(set(ends)), ends)
        for manifest in reports.values():
            self.assertLess(manifest["started"], manifest["finished"])
        audit = ("audit", "claims.report.csv", "--export", "claims.csv", "--ledger", "ledger.db")
        self.assertExit(self.run_by_clock(*audit), 0)
        result = self.run_by_clock("audit", "two.csv", "claims.report.csv", "one.csv", "--ledger", "ledger.db")
        self.assertExit(result, 0)
        self.assertIn("accepted 6", " ".join(result.out.split()))
        self.assertExit(self.ws.run("status", "--ledger", "ledger.db", "--verify"), 0)
        self.assertEqual(len(gateway.requests), 6)

    def test_a_ledger_learns_from_a_report_whatever_its_clock_said(self):
        gateway = self.gateway(check=False)
        self.ws.export(claim_rows(6))
        self.assertExit(self.upload(gateway, "--limit", "2"), 4)
        self.assertExit(self.ws.run("status", "--ledger", "ledger.db", "--backup", "old.db"), 0)
        self.set_clock(-DAY_MS)
        self.assertExit(self.upload(gateway), 0)
        for name in os.listdir(self.ws.path):
            if name.startswith("ledger.db"):
                os.remove(self.ws.file(name))
        os.rename(self.ws.file("old.db"), self.ws.file("ledger.db"))
        who = ("--by", "desk", "--reason", "restored", "-g", gateway.url, "--ledger", "ledger.db")
        self.assertExit(self.run_by_clock("import", "claims.report.csv", *who), 0)
        self.ws.export(claim_rows(6), name="again.csv")
        self.assertExit(self.upload(gateway, claims="again.csv"), 0)
        self.assertExit(self.upload(gateway), 0)
        self.assertEqual(len(gateway.requests), 6)


class MidnightTest(ClockCase):
    QUOTA = 6

    def days(self, gateway):
        """How many calls left on each day, by the program's clock."""
        found = {}
        for request in gateway.requests:
            day = request.parameters["timestamp"][:10]
            found[day] = found.get(day, 0) + 1
        return [found[day] for day in sorted(found)]

    def start_held(self):
        """A run before midnight whose first two calls have no answer yet."""
        held = threading.Event()
        self.addCleanup(held.set)
        gateway = self.gateway(lambda request: held.wait(60) and accept(request), check=False)
        self.ws.export(claim_rows(20))
        self.set_before_midnight(15)
        run = self.start(gateway, "--daily-quota", self.QUOTA, "--in-flight", "2")
        gateway.wait_for_requests(2)
        return run, gateway, held

    def test_calls_granted_before_midnight_that_leave_after_it_count_on_the_new_day(self):
        run, gateway, held = self.start_held()
        # Two more have their intent and wait for their turn.
        self.set_clock(self.offset_ms + 20000)
        held.set()
        self.assertExit(run.finish(), 75)
        self.assertEqual(self.days(gateway), [2, self.QUOTA])

    def test_calls_that_were_called_back_after_midnight_give_the_new_day_none(self):
        run, gateway, held = self.start_held()
        self.set_clock(self.offset_ms + 20000)
        run.send_signal(signal.SIGINT)
        held.set()
        self.assertExit(run.finish(), 130)
        self.assertExit(self.upload(gateway, "--daily-quota", self.QUOTA), 75)
        self.assertEqual(self.days(gateway), [2, self.QUOTA])


if __name__ == "__main__":
    unittest.main()
