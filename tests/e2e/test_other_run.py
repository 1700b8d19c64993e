"""A claim that another run has in flight, which is stopped or hangs: the row waits no longer than
--wait-patience, and says for whom."""

import contextlib
import signal
import sqlite3
import threading
import time
import unittest

from harness import TestCase, accept, claim_rows


class OtherRunTest(TestCase):
    def setUp(self):
        super().setUp()
        held = threading.Event()
        self.release = held.set
        self.gate = self.gateway(
            lambda request: accept(request)
            if request.number != 1
            else held.wait(60) and accept(request)
        )
        self.addCleanup(held.set)  # before the gateway waits for its scripts
        self.ws.export(claim_rows(1), name="one.csv")
        self.ws.export(claim_rows(4), name="two.csv")
        self.holder = self.ws.start_upload(self.gate, claims="one.csv")
        self.gate.wait_for_requests(1)

    def stop_holder(self):
        """Stops it where it is in no transaction: there it would hold up every other run."""
        self.addCleanup(self.holder.send_signal, signal.SIGCONT)
        for _ in range(200):
            self.holder.send_signal(signal.SIGSTOP)
            if self.may_write():
                return
            self.holder.send_signal(signal.SIGCONT)
            time.sleep(0.02)
        self.fail("it holds the ledger all the time")

    def may_write(self):
        with contextlib.closing(sqlite3.connect(self.ws.file("ledger.db"), timeout=0)) as ledger:
            try:
                ledger.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
        return True

    def test_a_row_that_a_stopped_run_holds_is_unsent_and_the_message_says_which(self):
        self.stop_holder()
        result = self.ws.upload(self.gate, "--wait-patience", "1", claims="two.csv")
        self.assertExit(result, 75)
        process = self.holder.process.pid
        self.assertSays(result, f"process {process}, which is stopped: kill -CONT {process}")
        rows = self.ws.read_report("two.report.csv")
        self.assertEqual([row["outcome"] for row in rows], ["unsent"] + ["accepted"] * 3)
        self.assertEqual(rows[0]["code"], "HELD_BY_RUN")
        self.assertIn(f"process {process}", rows[0]["message"])
        manifest = self.ws.read_manifest("two.report.csv")
        self.assertEqual(manifest["stopped_because"], "held-by-run")
        # When the other one has ended, the same command sees what became of the claim.
        self.holder.send_signal(signal.SIGCONT)
        self.release()
        self.assertExit(self.holder.finish(), 0)
        self.assertExit(self.ws.upload(self.gate, "--wait-patience", "1", claims="two.csv"), 0)
        self.assertEqual(len(self.gate.requests), 4)

    def test_a_run_that_goes_on_in_time_is_waited_for(self):
        self.stop_holder()
        run = self.ws.start_upload(self.gate, claims="two.csv")
        run.wait_for_words("row 2 waits for run")
        self.holder.send_signal(signal.SIGCONT)
        self.release()
        self.assertExit(run.finish(), 0)
        self.assertExit(self.holder.finish(), 0)
        self.assertEqual(len(self.gate.requests), 4)

    def test_ctrl_c_ends_the_wait_at_once(self):
        self.stop_holder()
        run = self.ws.start_upload(self.gate, claims="two.csv")
        run.wait_for_words("row 2 waits for run")
        run.send_signal(signal.SIGINT)
        self.assertExit(run.finish(), 130)

    def test_a_second_start_of_the_same_export_names_the_process_too(self):
        self.stop_holder()
        result = self.ws.upload(self.gate, claims="one.csv")
        self.assertExit(result, 75)
        self.assertSays(result, f"process {self.holder.process.pid}, which is stopped")


class SignalWordsTest(TestCase):
    def test_no_more_calls_in_flight_are_told_than_there_may_be(self):
        held = threading.Event()
        self.addCleanup(held.set)
        gateway = self.gateway(lambda request: held.wait(60) and accept(request))
        self.ws.export(claim_rows(40))
        run = self.ws.start_upload(gateway, "--in-flight", "4", "--workers", "1")
        gateway.wait_for_requests(4)
        run.send_signal(signal.SIGINT)
        run.wait_for_words("stopping")
        held.set()
        result = run.finish()
        self.assertExit(result, 130)
        self.assertSays(result, "at most 4 calls in flight")


if __name__ == "__main__":
    unittest.main()
