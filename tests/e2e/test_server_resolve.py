"""claimbatch resolve, audit and status --abandon with a ledger on a PostgreSQL server."""

import json
import unittest

import postgres
import test_confirmation
from harness import accept, claim_rows, lose
from test_resolve import WORDS
from test_server_ledger import CreateCase


class UnknownCase(CreateCase):
    """An upload of four claims of which one, row 3, is unknown."""

    def setUp(self):
        super().setUp()
        self.url = postgres.shared().create()
        self.assertExit(self.create(self.url), 0)
        self.lost = {"CL00000002"}
        self.web = self.gateway(lambda request: lose(request) if request.claim["claim_order_no"] in self.lost else accept(request))
        self.ws.export(claim_rows(4))
        self.assertExit(self.upload(), 3)
        self.lost = set()

    def upload(self):
        return self.ws.upload(self.web, "--retries", "0", ledger=self.url)

    def query(self, sql):
        return postgres.query(self.url, sql)

    def run_with(self, command, *options):
        return self.ws.run(command, "--ledger", self.url, "--gateway", self.web.url, *options)

    def settle(self, as_, *options):
        return self.run_with("resolve", *(options or ("claims.report.csv", "--row", "3")), "--as", as_, *WORDS)

    def put_in_quarantine(self):
        self.query("UPDATE claimbatch.claim SET settle_from=clock_timestamp()+interval '21 min' WHERE open_call IS NOT NULL")


class ResolveTest(UnknownCase):
    def test_what_is_unknown_is_listed(self):
        for options in (("claims.report.csv",), ()):
            run = self.run_with("resolve", *options)
            self.assertExit(run, 3)
            self.assertIn("CL00000002", run.out)

    def test_a_row_that_was_not_executed_is_sent_again(self):
        self.assertExit(self.settle("not-executed"), 0)
        self.assertEqual([line["outcome"] for line in self.ws.read_report()], ["accepted", "failed", "accepted", "accepted"])
        self.assertExit(self.ws.run("status", "--verify", "--ledger", self.url), 0)
        self.assertExit(self.upload(), 0)
        self.assertEqual([line["outcome"] for line in self.ws.read_report()], ["accepted"] * 4)

    def test_a_claim_is_settled_without_its_report(self):
        self.assertExit(self.settle("accepted", "--claim", "CL00000002"), 0)
        shown = json.loads(self.ws.run("status", "--json", "--claim", "CL00000002", "--ledger", self.url).out)
        self.assertEqual(shown["claims"][0]["rows"][0]["code"], "RESOLVED_ACCEPTED")
        self.assertEqual(self.query("SELECT count(*) FROM claimbatch.settlement"), [["1"]])

    def test_what_may_leave_yet_was_not_not_executed(self):
        self.put_in_quarantine()
        for options in ((), ("--claim", "CL00000002")):
            run = self.settle("not-executed", *options)
            self.assertExit(run, 65)
            self.assertIn("can be said from 20", run.log)
            self.assertEqual(self.query("SELECT count(open_call) FROM claimbatch.claim"), [["1"]])
        self.assertExit(self.settle("accepted"), 0)

    def test_nothing_is_settled_of_another_ledger(self):
        other = postgres.shared().create()
        self.assertExit(self.create(other), 0)
        run = self.ws.run("resolve", "claims.report.csv", "--ledger", other, "--gateway", self.web.url)
        self.assertExit(run, 78)
        self.assertIn("the report was made with ledger", run.log)


class RerunTest(UnknownCase):
    def test_what_was_unknown_is_sent_again_by_a_persons_word(self):
        arguments = self.ws.upload_arguments(
            self.web, "--include", "unknown", *WORDS, claims="claims.report.csv", ledger=self.url)
        run = self.ws.run("rerun", *arguments[1:])
        self.assertExit(run, 0)
        self.assertEqual(self.query("SELECT count(open_call) FROM claimbatch.claim"), [["0"]])
        self.assertExit(self.ws.run("status", "--verify", "--ledger", self.url), 0)


class AuditTest(UnknownCase):
    def test_a_report_and_its_ledger_agree(self):
        run = self.ws.run("audit", "claims.report.csv", "--json", "--ledger", self.url)
        self.assertExit(run, 0)
        self.assertEqual(json.loads(run.out)["reports"][0]["ledger"], "agrees")
        self.assertEqual(json.loads(run.out)["disagreements"], [])

    def test_a_disagreement_is_found(self):
        self.query("UPDATE claimbatch.row SET code='OTHER' WHERE row=3")
        run = self.ws.run("audit", "claims.report.csv", "--ledger", self.url)
        self.assertExit(run, 1)
        self.assertIn("OTHER", run.out)


class AbandonTest(UnknownCase):
    def test_a_run_is_over(self):
        name = self.query("SELECT name FROM claimbatch.run")[0][0]
        run = self.ws.run("status", "--abandon", name, *WORDS, "--ledger", self.url)
        self.assertExit(run, 0)
        self.assertIn("abandoned", run.out)
        self.assertExit(self.upload(), 65)
        self.assertIn("abandoned", self.ws.run("status", "--ledger", self.url).out)
        self.assertExit(self.ws.run("status", "--verify", "--ledger", self.url), 0)


class PromptTest(UnknownCase, test_confirmation.ConfirmationCase):
    def arguments(self, *options, report="claims.report.csv"):
        return ("resolve", report, "--ledger", self.url, "--gateway", self.web.url, *options)

    def wait_at_terminal(self):
        postgres.wait_for(self.url, "SELECT beat>0 FROM claimbatch.worker WHERE NOT ended")

    def test_who_is_asked_is_heard_of_meanwhile(self):
        """Else another host would take the run over before the answer."""
        code, said, asked = self.answer_at_terminal(b"y\n", "--row", "3", "--as", "accepted", *WORDS)
        self.assertTrue(asked)
        self.assertEqual(code, 0, said)


if __name__ == "__main__":
    unittest.main()
