"""Uploads of hosts that share a ledger on a PostgreSQL server. A host is a folder with a state of its own."""

import collections
import signal
import threading

import postgres
from harness import Sandbox, Workspace, accept, claim_row, claim_rows
from test_server_ledger import CreateCase

IN_FLIGHT = 8


class HostsCase(CreateCase):
    def setUp(self):
        super().setUp()
        self.url = postgres.shared().create()
        self.assertExit(self.create(self.url), 0)
        self.other = self.enterContext(Workspace())

    def upload(self, host, gateway, *options, claims="claims.csv"):
        return host.upload(gateway, *options, claims=claims, ledger=self.url)

    def start(self, host, gateway, *options, claims="claims.csv"):
        return host.start(*host.upload_arguments(gateway, *options, claims=claims, ledger=self.url))

    def assertExecutedOnce(self, gateway):
        times = collections.Counter(
            line["claim_order_no"] for line in gateway.journal if line["executed"])
        self.assertEqual({key: count for key, count in times.items() if count > 1}, {})
        return set(times)


class OneHostTest(HostsCase):
    def test_rows_are_sent_once(self):
        self.ws.export(claim_rows(50))
        with Sandbox(self.ws) as gateway:
            first = self.upload(self.ws, gateway)
            second = self.upload(self.ws, gateway)
        self.assertExit(first, 0)
        self.assertExit(second, 0)
        self.assertEqual(len(gateway.journal), 50)
        self.assertEqual(len(self.assertExecutedOnce(gateway)), 50)
        self.assertEqual([row["outcome"] for row in self.ws.read_report()], ["accepted"] * 50)

    def test_what_was_accepted_is_skipped_in_another_file(self):
        self.ws.export(claim_rows(30))
        self.ws.export(claim_rows(40), name="more.csv")
        with Sandbox(self.ws) as gateway:
            self.assertExit(self.upload(self.ws, gateway), 0)
            self.assertExit(self.upload(self.ws, gateway, claims="more.csv"), 0)
        self.assertEqual(len(gateway.journal), 40)
        outcomes = collections.Counter(row["outcome"] for row in self.ws.read_report("more.report.csv"))
        self.assertEqual(outcomes, {"skipped": 30, "accepted": 10})

    def test_claims_that_come_with_other_numbers_are_not_sent(self):
        rows = claim_rows(30)
        self.ws.export(rows)
        others = [dict(row, claim_order_no="N-" + row["claim_order_no"]) for row in rows]
        self.ws.export(others, name="others.csv")
        with Sandbox(self.ws) as gateway:
            self.assertExit(self.upload(self.ws, gateway), 0)
            refused = self.upload(self.ws, gateway, claims="others.csv")
        self.assertExit(refused, 4)
        self.assertIn("with other numbers, the same otherwise: 30 of 30 that", refused.log)
        self.assertEqual(len(gateway.journal), 30)

    def test_a_run_that_was_killed_goes_on_at_once_and_sends_nothing_twice(self):
        self.ws.export(claim_rows(200))
        with Sandbox(self.ws, "--latency", "20") as gateway:
            run = self.start(self.ws, gateway, "--in-flight", IN_FLIGHT)
            self.assertTrue(gateway.has_lines(40, 60))
            run.send_signal(signal.SIGKILL)
            run.finish()
            again = self.upload(self.ws, gateway)
        self.assertIn("died: its runs are taken over", again.log)
        executed = self.assertExecutedOnce(gateway)
        outcomes = collections.Counter(row["outcome"] for row in self.ws.read_report())
        self.assertEqual(outcomes["accepted"] + outcomes["unknown"], 200)
        self.assertLessEqual(outcomes["unknown"], 2 * IN_FLIGHT)
        self.assertLessEqual(
            {row["claim_order_no"] for row in self.ws.read_report() if row["outcome"] == "accepted"}, executed)

    def test_a_signal_ends_it_and_the_rest_is_sent_by_the_same_command(self):
        self.ws.export(claim_rows(200))
        with Sandbox(self.ws, "--latency", "20") as gateway:
            run = self.start(self.ws, gateway, "--in-flight", IN_FLIGHT)
            self.assertTrue(gateway.has_lines(40, 60))
            run.send_signal(signal.SIGINT)
            self.assertExit(run.finish(), 130)
            self.assertExit(self.upload(self.ws, gateway), 0)
        self.assertEqual(len(self.assertExecutedOnce(gateway)), 200)
        self.assertEqual(len(gateway.journal), 200)

    def test_the_quota_of_the_day_is_kept_by_all_starts(self):
        self.ws.export(claim_rows(30))
        self.ws.export(claim_rows(30, first=101), name="more.csv")
        with Sandbox(self.ws) as gateway:
            self.assertExit(self.upload(self.ws, gateway, "--daily-quota", "40"), 0)
            self.assertExit(self.upload(self.ws, gateway, "--daily-quota", "40", claims="more.csv"), 75)
        self.assertEqual(len(gateway.journal), 40)


class TwoHostsTest(HostsCase):
    def test_a_claim_in_the_exports_of_two_is_sent_by_one(self):
        self.ws.export(claim_rows(300))
        self.other.export(list(reversed(claim_rows(300))) + claim_rows(20, first=1001))
        with Sandbox(self.ws, "--latency", "0..5") as gateway:
            runs = [self.start(self.ws, gateway), self.start(self.other, gateway)]
            results = [run.finish() for run in runs]
        for result in results:
            self.assertExit(result, 0)
        self.assertEqual(len(self.assertExecutedOnce(gateway)), 320)
        self.assertEqual(len(gateway.journal), 320)

    def test_corrections_of_what_another_host_sends_meanwhile_count(self):
        """Two exports of the same claims at once: neither was sent when the other was looked at."""
        held = {901: threading.Event(), 951: threading.Event()}
        for event in held.values():
            self.addCleanup(event.set)

        def answer(request):
            event = held.get(int(request.key[1][2:]))
            if event:
                event.wait(60)
            return accept(request)

        gate = self.gateway(answer)
        self.ws.export(claim_rows(1, first=901) + claim_rows(60))
        self.other.export([claim_row(951), *(claim_row(i, claim_fee="999") for i in range(1, 61))])
        first = self.start(self.ws, gate, "-c", "1")
        gate.wait_for_requests(1)
        both = self.start(self.other, gate, "-c", "1")
        gate.wait_for_requests(2)
        held[901].set()
        self.assertExit(first.finish(), 0)
        held[951].set()
        result = both.finish()
        self.assertExit(result, 4)
        self.assertIn("another run has sent claims of this export with other content", result.log)
        self.assertLessEqual(len(gate.requests), 62 + 20)

    def test_an_export_is_sent_by_one_of_them_and_the_other_is_told_by_which(self):
        for host in (self.ws, self.other):
            host.export(claim_rows(100))
        with Sandbox(self.ws, "--latency", "100") as gateway:
            run = self.start(self.ws, gateway, "--in-flight", "4")
            self.assertTrue(gateway.has_lines(4, 60))
            second = self.upload(self.other, gateway)
            self.assertExit(run.finish(), 0)
        self.assertExit(second, 75)
        self.assertRegex(second.log, r"\(host .*, process [0-9]+\) is sending this export")
        self.assertEqual(len(gateway.journal), 100)

    def test_the_rate_is_kept_by_all_of_them(self):
        rate = 20
        self.ws.export(claim_rows(60))
        self.other.export(claim_rows(60, first=1001))
        with Sandbox(self.ws) as gateway:
            runs = [self.start(host, gateway, "--rate", rate) for host in (self.ws, self.other)]
            for run in runs:
                self.assertExit(run.finish(), 0)
        times = sorted(line["at_ms"] for line in gateway.journal)
        self.assertEqual(len(times), 120)
        most = max(sum(1 for t in times if first <= t < first + 1000) for first in times)
        self.assertLessEqual(most, rate)
