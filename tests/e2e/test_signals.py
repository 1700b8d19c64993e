"""Ctrl-C, termination and sudden death: nothing lost, nothing sent twice (design section 2)."""

import contextlib
import itertools
import os
import random
import signal
import sqlite3
import sys
import threading
import time
import unittest

import oracle
from harness import Reply, Sandbox, TestCase, accept, claim_rows, long_form, program, tally


class Held:
    """A script that holds every request until it is let go."""

    def __init__(self):
        self.open = threading.Event()

    def __call__(self, request):
        if not self.open.wait(60):
            raise AssertionError("never let go")
        return accept(request)


class SignalCase(TestCase):
    def assertTrueReport(self, journal, **how):
        self.assertNoViolations(oracle.judge(self.ws.claims, self.ws.report, journal, **how))

    def start_held(self, rows, in_flight):
        """A run whose first calls have all left and have no answer yet."""
        self.ws.export(claim_rows(rows))
        held = Held()
        gateway = self.gateway(held)
        run = self.ws.start_upload(gateway, "--in-flight", str(in_flight))
        self.addCleanup(held.open.set)
        gateway.wait_for_requests(in_flight)
        return run, gateway, held


class StopTest(SignalCase):
    def check_one(self, number, code):
        run, gateway, held = self.start_held(50, in_flight=4)
        run.send_signal(number)
        run.wait_for_words("stopping")
        self.assertTrue(run.is_alive(), "requests in flight were not given time to finish")
        held.open.set()
        result = run.finish()
        self.assertExit(result, code)
        self.assertSays(result, "next: ", "upload claims.csv")
        manifest = self.ws.read_manifest()
        self.assertFalse(manifest["complete"])
        self.assertTally({"accepted": 4, "unsent": 46})
        self.assertEqual(len(gateway.requests), 4)
        self.assertTrueReport(gateway.journal)
        again = self.ws.upload(gateway)
        self.assertExit(again, 0)
        self.assertSays(again, "goes on")
        self.assertTally({"accepted": 50})
        self.assertTrueReport(gateway.journal, starts=2)

    def resolver_that_never_answers(self):
        with open(program("CLAIMBATCH"), "rb") as file:
            if b"__tsan_init" in file.read():
                self.skipTest("the thread sanitizer may hang in a preloaded library")
        folder = os.path.join(os.path.dirname(program("CLAIMBATCH")), "tests")
        env = self.ws.environment(LD_PRELOAD=os.path.join(folder, "libresolver.so"))
        env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
        return env

    def wait_for_intents(self, count, most=sys.maxsize):
        """Until the ledger holds so many open attempts."""
        for _ in range(1500):
            with contextlib.suppress(sqlite3.Error):
                with contextlib.closing(sqlite3.connect(self.ws.ledger)) as ledger:
                    found = ledger.execute("SELECT count(*) FROM open_attempt").fetchone()[0]
                if count <= found <= most:
                    return
            time.sleep(0.02)
        self.fail(f"there never were {count} open attempts, or never at most {most}")

    def test_ctrl_c_ends_at_once_though_the_resolver_never_answers(self):
        """What was never handed over is withdrawn: not a row is unknown."""
        self.ws.export(claim_rows(40))
        env = self.resolver_that_never_answers()
        url = "https://gateway.invalid/router/rest"
        run = self.ws.start_upload(url, "--connect-timeout", "300", "--in-flight", "8", env=env)
        self.wait_for_intents(8)
        run.send_signal(signal.SIGINT)
        result = run.finish(30)
        self.assertExit(result, 130)
        self.assertTally({"unsent": 40})
        listed = self.ws.run("resolve", "--ledger", "ledger.db", "--gateway", url)
        self.assertNotIn("CL000", listed.out)

    def test_a_lookup_that_never_ends_is_an_outage_by_the_connect_timeout(self):
        self.ws.export(claim_rows(3))
        env = self.resolver_that_never_answers()
        result = self.ws.upload(
            "https://gateway.invalid/router/rest",
            *("--connect-timeout", "0.3", "--outage-patience", "1"),
            env=env,
            seconds=30,
        )
        self.assertExit(result, 69)
        self.assertTally({"unsent": 3})

    def test_ctrl_c_lets_requests_in_flight_finish_and_publishes(self):
        self.check_one(signal.SIGINT, 130)

    def test_sigterm_does_the_same(self):
        self.check_one(signal.SIGTERM, 143)

    def test_sighup_does_the_same(self):
        self.check_one(signal.SIGHUP, 129)

    def test_ctrl_c_twice_leaves_at_once_and_says_what_is_unknown(self):
        run, gateway, held = self.start_held(50, in_flight=4)
        run.send_signal(signal.SIGINT)
        run.wait_for_words("stopping")
        run.send_signal(signal.SIGINT)
        result = run.finish(20)
        self.assertExit(result, 130)
        self.assertSays(result, "unknown", "same command")
        held.open.set()
        gateway.wait_for(lambda: len(gateway.journal) >= 4)
        again = self.ws.upload(gateway)
        self.assertExit(again, 3)
        # What was still in the pool is withdrawn, if there was time for that.
        unknown = [line["outcome"] for line in self.ws.read_report()].count("unknown")
        self.assertIn(unknown, range(4, 9))
        self.assertTally({"accepted": 50 - unknown, "unknown": unknown})
        self.assertSays(again, "unknown")
        self.assertTrueReport(gateway.journal, starts=2, crashed=True)

    def test_ctrl_c_twice_makes_no_row_unknown_that_was_not_handed_over(self):
        """The ledger holds intents of rows that wait for a connection; the first Ctrl-C withdraws them."""
        run, gateway, held = self.start_held(50, in_flight=4)
        self.wait_for_intents(5)
        run.send_signal(signal.SIGINT)
        self.wait_for_intents(4, most=4)
        self.assertTrue(run.is_alive(), "requests in flight were not given time to finish")
        run.send_signal(signal.SIGINT)
        self.assertExit(run.finish(20), 130)
        held.open.set()
        gateway.wait_for(lambda: len(gateway.journal) >= 4)
        again = self.ws.upload(gateway)
        self.assertExit(again, 3)
        self.assertTally({"accepted": 46, "unknown": 4})
        self.assertTrueReport(gateway.journal, starts=2, crashed=True)

    def test_a_signal_in_a_pause_ends_it(self):
        self.ws.export(claim_rows(5))
        run = self.ws.start_upload("http://127.0.0.1:1/router/rest", "--progress", "always")
        run.wait_for_words("new run")
        run.send_signal(signal.SIGINT)
        self.assertExit(run.finish(20), 130)
        self.assertTally({"unsent": 5})

    def test_rows_that_wait_for_a_retry_end_unsent(self):
        self.ws.export(claim_rows(1))
        gateway = self.gateway(
            lambda r: Reply(b"HTTP/1.1 429 x\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n")
        )
        run = self.ws.start_upload(gateway)
        gateway.wait_for(lambda: len(gateway.journal) >= 1)
        run.send_signal(signal.SIGINT)
        self.assertExit(run.finish(20), 130)
        (line,) = self.ws.read_report()
        self.assertIn(line["outcome"], ("unsent", "unknown"))
        self.assertEqual(line["outcome"], "unsent", line)
        self.assertEqual(line["attempts"], "1")


class EndlessInputTest(TestCase):
    def write(self, end, is_read):
        """Until nobody reads any more."""
        lines = b"1,,1,CL1,1,2026-01-02 03:04:05,1\n" * 3000
        with contextlib.suppress(BrokenPipeError), open(end, "wb", buffering=0) as file:
            for count in itertools.count():
                file.write(lines)
                if count == 40:  # more than the pipe holds
                    is_read.set()

    def test_a_signal_ends_the_reading_of_an_input_that_never_waits(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                read, write = os.pipe()
                with open(read, "rb") as end:
                    run = self.ws.start("check", "-", stdin=end)
                is_read = threading.Event()
                writer = threading.Thread(target=self.write, args=(write, is_read))
                writer.start()
                self.addCleanup(writer.join)
                self.assertTrue(is_read.wait(30))
                run.send_signal(number)
                result = run.finish(30)
                self.assertExit(result, 128 + number)
                self.assertSays(result, "stopped by a signal", "nothing was sent")


class AloneTest(SignalCase):
    def test_a_second_start_while_a_run_is_alive_is_refused_and_names_the_run(self):
        run, gateway, held = self.start_held(10, in_flight=2)
        second = self.ws.upload(gateway)
        self.assertExit(second, 75)
        self.assertSays(second, "nothing was sent")
        self.assertRegex(second.err, r"run \d{8}-[0-9a-f]{8}")
        elsewhere = self.ws.upload(gateway, "-o", "elsewhere.csv")
        self.assertExit(elsewhere, 75)
        held.open.set()
        self.assertExit(run.finish(), 0)
        self.assertTally({"accepted": 10})
        self.assertTrueReport(gateway.journal)

    def test_another_reading_does_not_begin_a_second_run_before_the_first_answer(self):
        run, gateway, held = self.start_held(10, in_flight=2)
        second = self.ws.upload(gateway, "--max-fee", "1", "-o", "elsewhere.csv")
        self.assertExit(second, 75)
        run.send_signal(signal.SIGKILL)
        run.finish(20)
        third = self.ws.upload(gateway, "--max-fee", "1")
        self.assertExit(third, 78)
        self.assertSays(third, "then:", "now:", "nothing was sent")
        self.assertEqual(len(gateway.requests), 2)

    def test_two_runs_with_the_same_claims_send_each_once(self):
        """Of another export with the same rows one run waits for the other's intents."""
        rows = claim_rows(40)
        self.ws.export(rows)
        self.ws.export(rows + claim_rows(1, first=900), name="other.csv")
        gateway = self.gateway()
        one = self.ws.start_upload(gateway, "--in-flight", "4")
        other = self.ws.start_upload(gateway, "--in-flight", "4", claims="other.csv")
        self.assertExit(one.finish(), 0)
        self.assertExit(other.finish(), 0)
        self.assertEqual(len(gateway.requests), 41)
        self.assertEqual(len(set(gateway.keys())), 41)

    def test_rows_that_wait_for_their_turn_are_judged_again_when_another_run_sends_them(self):
        self.ws.export(claim_rows(6))
        self.ws.export(claim_rows(6) + claim_rows(1, first=900), name="other.csv")
        gateway = self.gateway()
        slow = self.ws.start_upload(gateway, "--rate", "1")
        gateway.wait_for_requests(1)
        self.assertExit(self.ws.upload(gateway, claims="other.csv"), 0)
        self.assertExit(slow.finish(), 0)
        self.assertEqual(len(gateway.requests), 7)
        self.assertEqual(len(set(gateway.keys())), 7)

    def test_a_run_that_was_killed_holds_no_lock(self):
        run, gateway, held = self.start_held(10, in_flight=2)
        run.send_signal(signal.SIGKILL)
        run.finish(20)
        held.open.set()
        gateway.wait_for(lambda: len(gateway.journal) >= 2)
        result = self.ws.upload(gateway)
        self.assertExit(result, 3)
        counts = tally(self.ws.read_report())
        self.assertIn(counts["unknown"], range(2, 5))  # at most 2 × in-flight
        self.assertTrueReport(gateway.journal, starts=2, crashed=True)


class KillTest(SignalCase):
    def test_killed_at_random_moments_it_completes_and_stays_true(self):
        count, kills = (20000, 100) if long_form() else (2500, 6)
        in_flight = 8
        self.ws.export(claim_rows(count))
        chance = random.Random(20260102)
        with Sandbox(
            self.ws,
            "--latency",
            "0..4",
            "--fault",
            "all-unknown=0.5%",
            "--fault",
            "code-10=1%",
            "--fault",
            "reject=1%",
        ) as sandbox:
            done = 0
            for _ in range(kills):
                run = self.ws.start_upload(sandbox, "--in-flight", in_flight, "--timeout", 2)
                # A random number of requests after the last, so at a random moment of a turn.
                target = len(sandbox.journal) + chance.randint(1, 2 * count // kills // 3)
                self.wait_for_journal(sandbox, run, target)
                run.send_signal(signal.SIGKILL)
                done += run.finish(20).code == -signal.SIGKILL
            self.assertGreater(done, kills // 2, "too few runs were killed: the test shows little")
            result = self.ws.upload(sandbox, "--in-flight", in_flight, "--timeout", 2)
            before = len(sandbox.journal)
            again = self.ws.upload(sandbox, "--in-flight", in_flight, "--timeout", 2)
            self.assertExit(again, result.code)
            self.assertIn(result.code, (1, 3))
            self.assertTrueReport(sandbox.journal, starts=kills + 2, crashed=True)
            self.assertEqual(len(sandbox.journal), before)
            self.assertLessEqual(self.unexplained(sandbox.journal), kills * 2 * in_flight)

    def unexplained(self, journal):
        """Unknown rows that no fault explains: those that were in flight when a run was killed."""
        fault_of = {
            entry["claim_order_no"]: entry["fault"] for entry in journal if entry.get("claim")
        }
        return sum(
            line["outcome"] == "unknown" and not fault_of.get(line["claim_order_no"])
            for line in self.ws.read_report()
        )

    def wait_for_journal(self, sandbox, run, target):
        """Until the journal has so many lines, or the run has ended by itself."""
        for _ in range(600):
            if sandbox.has_lines(target, 0.1) or not run.is_alive():
                return
        raise AssertionError(f"{len(sandbox.journal)} journal lines, not {target}")


if __name__ == "__main__":
    unittest.main()
