"""Rate, ban and quota hold over all runs that share a ledger (contract section 5, promise 8)."""

import os
import signal
import sqlite3
import threading
import time
import unittest

from harness import LAG_S, Reply, TestCase, accept, ban_body, claim_row, claim_rows, http


def busiest_second(requests):
    """The most requests that came in any sliding second; the receiver's clock may lag a little."""
    times = sorted(request.began for request in requests)
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= 1 - LAG_S:
            first += 1
        most = max(most, last - first + 1)
    return most


class LimitsTest(TestCase):
    def two_runs(self, gateway, *options):
        self.ws.export([claim_row(i) for i in range(1, 61)], name="one.csv")
        self.ws.export([claim_row(i) for i in range(101, 161)], name="two.csv")
        runs = [
            self.ws.start(*self.ws.upload_arguments(gateway, *options, claims=name))
            for name in ("one.csv", "two.csv")
        ]
        return [run.finish() for run in runs]

    def test_runs_that_begin_on_a_new_ledger_in_the_same_moment(self):
        gateway = self.gateway()
        for turn in range(8):
            os.mkdir(self.ws.file(f"{turn}"))
            commands = []
            for number in range(8):
                name = f"{turn}/{number}.csv"
                self.ws.export([claim_row(10 * turn + number + 1)], name=name)
                commands.append(
                    self.ws.upload_arguments(gateway, claims=name, ledger=f"{turn}/ledger.db")
                )
            for result in self.ws.run_together(commands):
                self.assertExit(result, 0)
        self.assertEqual(len(gateway.requests), 64)

    def test_two_runs_share_the_rate_in_every_sliding_second(self):
        gateway = self.gateway()
        for result in self.two_runs(gateway, "--rate", "40"):
            self.assertExit(result, 0)
        self.assertEqual(len(gateway.requests), 120)
        self.assertLessEqual(busiest_second(gateway.requests), 40)

    def test_two_runs_share_the_quota_of_the_day(self):
        gateway = self.gateway()
        results = self.two_runs(gateway, "--daily-quota", "70")
        self.assertIn(75, [result.code for result in results])
        self.assertEqual(len(gateway.requests), 70)

    def test_nothing_leaves_between_a_ban_and_its_end(self):
        gateway = self.gateway(lambda r: Reply(http(ban_body(2))) if r.number == 1 else accept(r))
        self.ws.export(claim_rows(6))
        self.assertExit(self.ws.upload(gateway, "-c", 1), 0)
        times = [request.began for request in gateway.requests]
        self.assertGreaterEqual(times[1] - times[0], 1.9)

    def test_a_ban_is_remembered_by_the_next_run(self):
        ban = ban_body(700)
        gateway = self.gateway(lambda request: Reply(http(ban)))
        self.ws.export(claim_rows(1), name="one.csv")
        self.assertExit(self.ws.upload(gateway, claims="one.csv"), 75)
        sent = len(gateway.requests)
        gateway.script = accept
        self.ws.export([claim_row(9)], name="two.csv")
        self.assertExit(self.ws.upload(gateway, claims="two.csv"), 75)
        self.assertEqual(len(gateway.requests), sent)

    def test_a_ban_that_one_run_meets_holds_for_the_other_at_once(self):
        """Without that the other would send a claim every 20 ms all through the ban."""

        def script(request):
            time.sleep(0.02)
            return Reply(http(ban_body(3))) if request.number == 20 else accept(request)

        gateway = self.gateway(script)
        for result in self.two_runs(gateway, "--in-flight", "1"):
            self.assertExit(result, 0)
        self.assertEqual(len(gateway.requests), 121)
        answered = gateway.requests[19].ended
        in_the_ban = [r for r in gateway.requests if answered < r.began < answered + 3]
        self.assertLessEqual(len(in_the_ban), 6)


class WithdrawnTest(TestCase):
    def wait_for_ban(self):
        database = sqlite3.connect(self.ws.ledger)
        self.addCleanup(database.close)
        for _ in range(3000):
            if database.execute("SELECT count(*) FROM ban").fetchone()[0]:
                return
            time.sleep(0.01)
        raise AssertionError("no ban was recorded")

    def test_what_has_not_left_when_a_ban_begins_is_called_back(self):
        held = threading.Event()
        self.addCleanup(held.set)

        def script(request):
            if request.number == 1:
                gateway.wait_for_requests(4)
                return Reply(http(ban_body(60)))
            held.wait(60)
            return accept(request)

        self.ws.export(claim_rows(20))
        gateway = self.gateway(script)
        run = self.ws.start_upload(gateway, "--in-flight", "4", "--workers", "1")
        gateway.wait_for_requests(4)
        self.wait_for_ban()
        held.set()
        gateway.wait_for(lambda: len(gateway.journal) >= 4)
        # The fifth may have taken the place of the first; the three behind it had an intent as well.
        time.sleep(0.3)
        run.send_signal(signal.SIGINT)
        self.assertExit(run.finish(), 130)
        self.assertLessEqual(len(gateway.requests), 5)
        with sqlite3.connect(self.ws.ledger) as database:
            self.assertEqual(database.execute("SELECT count(*) FROM open_attempt").fetchone(), (0,))
        database.close()


if __name__ == "__main__":
    unittest.main()
