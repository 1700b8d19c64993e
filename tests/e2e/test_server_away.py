"""A link that ends, and a host that is stopped and replaced."""

import collections
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


class QuarantineTest(HostsCase):
    def test_what_a_replaced_host_may_yet_send_is_not_sent_again_before_the_gateway_refuses_it(self):
        self.ws.export(claim_rows(60))
        with Sandbox(self.ws, "--latency", "50") as gateway:
            run = self.start(self.ws, gateway, "--in-flight", IN_FLIGHT)
            self.assertTrue(gateway.has_lines(20, 60))
            run.send_signal(signal.SIGKILL)
            run.finish()
            self.assertExit(self.upload(self.ws, gateway), 3)
            self.assertNotIn("(Beijing time) on", self.upload(self.ws, gateway).log)
            again = ("--resend-unknown", "--by", "ops", "--reason", "asked")
            # As if another host had replaced it.
            postgres.query(self.url, "UPDATE claimbatch.claim SET settle_from=clock_timestamp()+interval '20 min'"
                                     " WHERE open_call IS NOT NULL")
            sent = len(gateway.journal)
            refused = self.upload(self.ws, gateway, *again)
            self.assertExit(refused, 65)
            self.assertIn("can be sent again from", refused.log)
            offered = self.upload(self.ws, gateway)
            self.assertExit(offered, 3)
            self.assertRegex(offered.log, r"or, if none of them was executed, from 20\d\d-.* \(Beijing time\) on.* --resend-unknown")
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
            # What the first one had not sent yet it has withdrawn: that waits for a start, unsent.
            self.assertExit(self.upload(self.other, gateway), 0)
        self.assertIn("is taken over", second.log)
        self.assertExit(first, 75)
        self.assertIn("goes on", first.log)
        self.assertEqual(len(gateway.journal), len(self.assertExecutedOnce(gateway)))
        outcomes = collections.Counter(
            int(row[0]) for row in postgres.query(self.url, "SELECT outcome FROM claimbatch.row"))
        self.assertEqual(outcomes, {0: 120})
