"""claimbatch status --move-to: a ledger moves from its file to a PostgreSQL server."""

import json
import os
import signal
import sqlite3
import unittest

import postgres
from harness import Sandbox, Workspace, accept, claim_rows, lose, refuse
from test_resolve import WORDS
from test_server_ledger import PASSWORD, CreateCase

LEFT_OUT = ("ledger", "at", "durability", "from_standby", "workers", "shares", "late_answers", "spills")


class MoveCase(CreateCase):
    """A ledger in a file whose runs have met with all that can happen to one."""

    def setUp(self):
        super().setUp()
        self.url = postgres.shared().create()
        self.lost, self.refused = set(), set()
        self.web = self.gateway(self.answer)

    def answer(self, request):
        number = request.claim["claim_order_no"]
        return lose(request) if number in self.lost else refuse(request) if number in self.refused else accept(request)

    def upload(self, name, count, *options, first=1, code=0):
        self.ws.export(claim_rows(count, first=first), name=name)
        self.assertExit(self.ws.upload(self.web, "--retries", "0", *options, claims=name), code)

    def live(self):
        """Accepted, rejected, unknown, settled, sent again in a round, abandoned, pruned."""
        self.upload("old.csv", 3, first=90)
        self.assertExit(self.ws.run("status", "--ledger", "ledger.db", "--prune", "0"), 0)
        self.lost, self.refused = {"CL00000002", "CL00000003", "CL00000004"}, {"CL00000005"}
        self.upload("claims.csv", 6, code=3)
        self.lost = set()
        for row, verdict in ((3, "accepted"), (4, "not-executed")):
            self.assertExit(self.ws.run("resolve", "claims.report.csv", "--ledger", "ledger.db", "--gateway", self.web.url,
                                        "--row", str(row), "--as", verdict, *WORDS), 3)
        self.lost = {"CL00000004", "CL00000022"}
        self.upload("claims.csv", 6, "--resend-unknown", *WORDS, code=3)
        self.upload("wrong.csv", 3, first=20, code=3)
        run = self.document("--all")["runs"][0]["run"]
        self.assertExit(self.ws.run("status", "--ledger", "ledger.db", "--abandon", run, *WORDS), 0)
        self.lost = set()

    def document(self, *options, ledger="ledger.db"):
        run = self.ws.run("status", "--json", "--ledger", ledger, *options)
        self.assertExit(run, 0)
        return {key: value for key, value in json.loads(run.out).items() if key not in LEFT_OUT}

    def what_is_known(self, ledger):
        numbers = [f"CL{number:08d}" for number in (*range(1, 7), *range(20, 23), *range(90, 93))]
        audits = [self.ws.run("audit", "--json", "--ledger", ledger, name) for name in ("claims.report.csv", "wrong.report.csv")]
        return (self.document("--all", ledger=ledger), [self.document("--claim", number, ledger=ledger) for number in numbers],
                [(audit.code, json.loads(audit.out)["disagreements"], json.loads(audit.out)["notes"]) for audit in audits])

    def move(self, *options, url=None, code=0, ledger="ledger.db"):
        run = self.ws.run("status", "--ledger", ledger, "--move-to", url or self.url, *options)
        self.assertExit(run, code)
        return run


class MoveTest(MoveCase):
    def test_the_server_knows_all_that_the_file_knew(self):
        self.live()
        before = self.what_is_known("ledger.db")
        self.assertGreaterEqual(len(before[0]["runs"]), 3)
        self.assertIn("moved, and compared; ", self.move().log)
        self.assertEqual(self.what_is_known(self.url), before)
        self.assertExit(self.ws.run("status", "--verify", "--ledger", self.url), 0)

    def test_what_was_accepted_is_not_sent_again(self):
        self.live()
        self.move()
        sent = len(self.web.requests)
        done = self.ws.upload(self.web, "--retries", "0", claims="old.csv", ledger=self.url)
        self.assertExit(done, 0)
        self.assertEqual(len(self.web.requests), sent)
        self.upload_there("claims.csv", 7, code=3)
        self.assertEqual({request.claim["claim_order_no"] for request in self.web.requests[sent:]},
                         {"CL00000005", "CL00000007"})  # what was rejected, and what is new

    def upload_there(self, name, count, code):
        self.ws.export(claim_rows(count), name=name)
        self.assertExit(self.ws.upload(self.web, "--retries", "0", claims=name, ledger=self.url), code)

    def test_the_file_is_refused_from_then_on(self):
        self.upload("claims.csv", 2)
        self.move()
        for command in (("status",), ("status", "--verify"), ("status", "--backup", "x.db"), ("audit", "claims.report.csv"),
                        ("resolve",), ("status", "--prune", "0")):
            run = self.ws.run(*command, "--ledger", "ledger.db")
            self.assertExit(run, 78)
            self.assertIn(f"was moved to '{self.url}'", run.log)
        self.assertExit(self.ws.upload(self.web, claims="claims.csv"), 78)
        self.assertIn("it was moved before", self.move().log)

    def test_a_move_that_was_cut_short_is_completed(self):
        """The file is marked, and the server has not kept it."""
        self.upload("claims.csv", 2)
        with sqlite3.connect(self.ws.file("ledger.db")) as database:
            database.execute("INSERT INTO meta VALUES('moved_to', ?)", (self.url,))
        database.close()
        self.assertExit(self.ws.upload(self.web, claims="claims.csv"), 78)
        self.assertIn("was moved to", self.move(url=postgres.shared().create(), code=78).log)
        self.assertIn("moved, and compared; runs: 1, claims: 2, rows: 2", self.move().log)

    def test_where_a_ledger_is_used_none_is_moved_to(self):
        self.upload("claims.csv", 2)
        self.assertExit(self.create(self.url), 0)
        other = self.enterContext(Workspace())
        other.export(claim_rows(1, first=50))
        self.assertExit(other.upload(self.web, ledger=self.url), 0)
        self.assertIn("has runs of its own", self.move(code=73).log)
        self.document()

    def test_not_while_a_run_is_active(self):
        self.ws.export(claim_rows(200))
        with Sandbox(self.ws, "--latency", "50") as gateway:
            run = self.ws.start(*self.ws.upload_arguments(gateway, "--in-flight", "1"))
            self.assertTrue(gateway.has_lines(2, 60))
            self.assertIn("a run is active", self.move(code=75).log)
            run.send_signal(signal.SIGINT)
            run.finish()
            self.move()

    def test_not_while_somebody_has_the_file_open(self):
        """An upload that looks at its export yet has not seen the mark."""
        self.upload("claims.csv", 1)
        with sqlite3.connect(self.ws.file("ledger.db")) as database:
            database.execute("SELECT * FROM run").fetchall()
            self.assertIn("another process has the ledger 'ledger.db' open", self.move(code=75).log)
        database.close()
        self.move()

    def test_what_is_not_meant_is_refused(self):
        self.upload("claims.csv", 1)
        self.assertIn("takes the URL", self.move(url="other.db", code=2).log)
        self.assertIn("this one is on a server", self.move(ledger=self.url, code=2).log)
        self.assertIn("no ledger at", self.move(ledger="none.db", code=66).log)
        self.assertFalse(os.path.exists(self.ws.file("none.db")))
        said = self.move(url=f"postgresql://clerk:{PASSWORD}@db/claims", code=78)
        self.assertNotIn(PASSWORD, said.out + said.log)
        self.document()


if __name__ == "__main__":
    unittest.main()
