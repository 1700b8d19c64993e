"""The server that has the ledger goes away, or forgets a host that was stopped."""

import collections
import glob
import os
import signal
import tempfile
import time

import postgres
from harness import Sandbox, claim_rows
from link import Link
from test_server_upload import HostsCase

IN_FLIGHT = 4


class OutageCase(HostsCase):
    """The host reaches the server by a link."""

    def setUp(self):
        super().setUp()
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="cb-link-", dir="/tmp"))
        real = self.url.split("host=")[1]
        self.link = Link(folder, lambda: os.path.join(real, ".s.PGSQL.5432"))
        self.addCleanup(self.link.close)
        self.direct, self.url = self.url, postgres.url_of(folder, self.url.split("@/")[1].split("?")[0])

    def spills(self):
        return glob.glob(self.ws.file(".local/state/claimbatch/*.spill"))


class OutageTest(OutageCase):
    def test_a_run_whose_connection_is_lost_goes_on(self):
        self.ws.export(claim_rows(200))
        with Sandbox(self.ws, "--latency", "20") as gateway:
            run = self.start(self.ws, gateway, "--in-flight", IN_FLIGHT)
            for lines in (30, 90, 150):
                self.assertTrue(gateway.has_lines(lines, 20), run.finish() if not run.is_alive() else run.said())
                self.link.cut()
                self.link.mend()
            self.assertExit(run.finish(), 0)
        self.assertEqual(len(gateway.journal), 200)
        self.assertEqual(len(self.assertExecutedOnce(gateway)), 200)
        self.assertEqual(self.spills(), [])

    def test_answers_are_kept_while_the_server_is_away_and_told_by_the_next_start(self):
        self.ws.export(claim_rows(200))
        with Sandbox(self.ws, "--latency", "200") as gateway:
            run = self.start(self.ws, gateway, "--in-flight", IN_FLIGHT, "--ledger-patience", "1")
            self.assertTrue(gateway.has_lines(3 * IN_FLIGHT, 60))
            self.link.cut()
            result = run.finish()
            self.assertExit(result, 75)
            self.assertIn("kept in", result.log)
            self.assertEqual(len(self.spills()), 1)
            sent = len(gateway.journal)
            self.assertExit(self.upload(self.ws, gateway), 75)
            self.assertEqual(len(gateway.journal), sent)
            self.link.mend()
            again = self.upload(self.ws, gateway)
        self.assertExit(again, 0)
        self.assertIn("are in the ledger now", again.log)
        self.assertEqual(self.spills(), [])
        self.assertEqual(len(self.assertExecutedOnce(gateway)), 200)
        self.assertEqual(len(gateway.journal), 200)

    def test_a_ledger_that_was_put_back_sends_nothing_before_somebody_says_so(self):
        self.ws.export(claim_rows(20))
        self.ws.export(claim_rows(20, first=101), name="more.csv")
        with Sandbox(self.ws) as gateway:
            self.assertExit(self.upload(self.ws, gateway), 0)
            postgres.query(self.direct, "DELETE FROM claimbatch.worker")
            refused = self.upload(self.ws, gateway, claims="more.csv")
            self.assertExit(refused, 78)
            self.assertIn("is not in it: its database was put back", refused.log)
            self.assertEqual(len(gateway.journal), 20)
            self.assertExit(
                self.upload(self.ws, gateway, "--new-ledger", "--by", "ops", "--reason", "restored", claims="more.csv"), 0)


class QuarantineTest(HostsCase):
    def test_what_a_replaced_host_may_yet_send_is_not_sent_again_before_the_gateway_refuses_it(self):
        self.ws.export(claim_rows(60))
        with Sandbox(self.ws, "--latency", "50") as gateway:
            run = self.start(self.ws, gateway, "--in-flight", IN_FLIGHT)
            self.assertTrue(gateway.has_lines(20, 60))
            run.send_signal(signal.SIGKILL)
            run.finish()
            self.assertExit(self.upload(self.ws, gateway), 3)
            again = ("--resend-unknown", "--by", "ops", "--reason", "asked")
            # As if another host had replaced it.
            postgres.query(self.url, "UPDATE claimbatch.claim SET settle_from=clock_timestamp()+interval '20 min'"
                                     " WHERE open_call IS NOT NULL")
            sent = len(gateway.journal)
            refused = self.upload(self.ws, gateway, *again)
            self.assertExit(refused, 65)
            self.assertIn("can be sent again from", refused.log)
            self.assertEqual(len(gateway.journal), sent)
            postgres.query(self.url, "UPDATE claimbatch.claim SET settle_from=clock_timestamp()")
            self.assertExit(self.upload(self.ws, gateway, *again), 0)


class TakenOverTest(HostsCase):
    def test_a_host_that_is_stopped_is_replaced_and_its_answers_settle_what_was_unknown(self):
        for host in (self.ws, self.other):
            host.export(claim_rows(120))
        with Sandbox(self.ws, "--latency", "50") as gateway:
            run = self.start(self.ws, gateway, "--in-flight", IN_FLIGHT, "--timeout", "120")
            self.assertTrue(gateway.has_lines(40, 60))
            run.send_signal(signal.SIGSTOP)
            # As a timer does: what was heard of a moment ago is not waited for.
            while (second := self.upload(self.other, gateway)).code == 75:
                time.sleep(1)
            run.send_signal(signal.SIGCONT)
            first = run.finish()
        self.assertIn("is taken over", second.log)
        self.assertExit(first, 75)
        self.assertIn("goes on", first.log)
        self.assertEqual(len(gateway.journal), len(self.assertExecutedOnce(gateway)))
        outcomes = collections.Counter(
            int(row[0]) for row in postgres.query(self.url, "SELECT outcome FROM claimbatch.row"))
        self.assertEqual(outcomes, {0: 120})
