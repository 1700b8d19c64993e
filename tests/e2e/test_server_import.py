"""claimbatch import teaches a ledger on a PostgreSQL server, as it teaches one in a file."""

import os
import signal
import subprocess
import time
import unittest

import postgres
import test_import
from harness import Sandbox, claim_rows
from test_import import NEW_LEDGER, WHO

STATE = ".local/state/claimbatch"


class ServerCase(test_import.ImportCase):
    """The same tests: where they say ledger.db it is one on a server."""

    def setUp(self):
        super().setUp()
        self.url = self.make()
        self.kept = {}
        start = self.ws.start
        self.ws.start = lambda *words, **more: start(*(self.url if word == "ledger.db" else word for word in words), **more)

    def make(self):
        url = postgres.shared().create()
        self.assertExit(self.ws.run("status", "--create", "--ledger", url), 0)
        return url

    def forget_witness(self):
        """This host knows nothing of what the ledger had; its lock file stays."""
        for name in os.listdir(self.ws.file(STATE)):
            if name.endswith(".witness"):
                os.remove(self.ws.file(f"{STATE}/{name}"))

    def backup(self, name="morning.db"):
        dumped = subprocess.run([postgres.find_folder() / "pg_dump", "--schema=claimbatch", f"--dbname={self.url}"],
                                stdout=subprocess.PIPE, text=True, check=True, timeout=60)
        self.kept[name] = dumped.stdout

    def restore(self, name="morning.db", witness=False):
        self.lost_url, self.url = self.url, postgres.shared().create()
        postgres.query(self.url, self.kept[name])
        if not witness:
            self.forget_witness()

    def lose_ledger(self):
        self.url = self.make()

    def bring_back(self):
        self.url = self.lost_url

    def sql(self, text, *values, ledger="ledger.db"):
        text = text.replace("FROM calls", "FROM app").replace("hex(digest)", "encode(digest, 'hex')")
        rows = postgres.query(self.url, f"SET search_path=claimbatch; {text}")
        return sorted((tuple(int(value) if value.isdigit() else value for value in row) for row in rows), key=str)

    def state(self, ledger="ledger.db"):
        return (
            self.sql("SELECT run.name, r.row, outcome, code, attempts, submitted_ms, hex(digest) FROM row r"
                     " JOIN run ON run.id=r.run"),
            self.sql("SELECT claim_order_no, accepted_digest, (SELECT name FROM run WHERE id=accepted_run), accepted_row,"
                     " accepted_ms FROM claim WHERE accepted_digest IS NOT NULL"),
            self.sql("SELECT claim_order_no, (SELECT name FROM run WHERE id=open_run), open_row FROM claim"
                     " WHERE open_call IS NOT NULL"))


class RestoreTest(ServerCase, test_import.RestoreTest):
    def test_a_lost_ledger_is_learned_anew(self):
        reports = self.day()
        _, claims, unknown = self.state()
        self.lose_ledger()
        self.imported(*reports, "first.report.csv")
        self.assertEqual(self.state()[1:], (claims, unknown))
        self.verifies()


class AsIfHereTest(ServerCase, test_import.AsIfHereTest):
    def test_the_calls_count_against_the_quota_of_the_day(self):
        """A server counts them where a run has a quota."""
        self.lost()
        before = self.sql("SELECT coalesce(sum(calls), 0) FROM calls")[0][0]
        for _ in range(2):
            self.imported("second.report.csv")
            self.assertEqual(self.sql("SELECT sum(calls) FROM calls"), [(before + 20,)])


class ServerTest(ServerCase):
    """What a file has no like of."""

    def restored(self, **more):
        """Of the second export this host knows, and the ledger does not."""
        self.ws.export(claim_rows(3), name="first.csv")
        self.upload("first.csv")
        self.backup()
        self.ws.export(claim_rows(20, 21), name="second.csv")
        self.upload("second.csv")
        self.restore(**more)

    def test_what_no_report_tells_stays_lost_until_it_is_passed_over(self):
        self.restored(witness=True)
        result = self.imported("second.report.csv")
        self.assertSays(result, "had acknowledged to this host", "--new-ledger with the next upload says so")
        self.assertSays(self.upload("second.csv", code=78), "had acknowledged to this host")
        self.assertEqual(self.sent(lambda: self.upload("second.csv", *NEW_LEDGER)), {})
        self.assertEqual(self.sent(lambda: self.upload("second.csv")), {})

    def test_a_claim_that_stands_in_a_report_twice(self):
        """What is known of a page of rows is read at once, and the first of them changes it for the second."""
        self.ws.export(claim_rows(1), name="first.csv")
        self.upload("first.csv")
        self.backup()
        self.gate.script = test_import.by_number(**test_import.MIXED)
        self.ws.export(claim_rows(8) + [*claim_rows(8)][::-1] + claim_rows(8), name="second.csv")
        self.upload("second.csv", code=3)
        before = self.state()
        self.restore()
        self.imported("second.report.csv")
        self.assertEqual(self.state(), before)
        self.verifies()

    def test_not_while_a_host_is_at_work(self):
        self.restored()
        before = self.state()
        self.ws.export(claim_rows(200, 100))
        with Sandbox(self.ws, "--latency", "50") as gateway:
            run = self.ws.start(*self.ws.upload_arguments(gateway, "--in-flight", "1", *NEW_LEDGER))
            self.assertTrue(gateway.has_lines(2, 60))
            self.assertSays(self.imported("second.report.csv", code=75), "works with this ledger; wait until it has ended",
                            "nothing was imported")
            run.send_signal(signal.SIGINT)
            run.finish()
        self.assertEqual(self.state()[1][:3], before[1])
        self.imported("second.report.csv")
        self.verifies()

    def test_a_host_that_died_is_not_waited_for_on_the_same_one(self):
        """What it had in flight is unknown, and stays so."""
        self.restored()
        self.ws.export(claim_rows(200, 100))
        with Sandbox(self.ws, "--latency", "50") as gateway:
            run = self.ws.start(*self.ws.upload_arguments(gateway, "--in-flight", "1", *NEW_LEDGER))
            self.assertTrue(gateway.has_lines(2, 60))
            run.send_signal(signal.SIGKILL)
            run.finish()
        self.assertSays(self.imported("second.report.csv"), "died: its runs are taken over")
        self.assertIn(len(self.state()[2]), (1, 2))  # twice as many as may be in flight
        self.verifies()

    def test_killed_at_any_moment_and_typed_again_it_ends_the_same(self):
        self.restored()
        self.imported("second.report.csv")
        whole = self.state()
        arguments = ("import", "second.report.csv", "--ledger", "ledger.db", "--gateway", self.gate.url, *WHO)
        for at in range(0, 240, 60):
            self.restore()
            before = self.state()
            run = self.ws.start(*arguments)
            time.sleep(at / 1000)  # another moment each time
            run.send_signal(signal.SIGKILL)
            run.finish()
            self.assertIn(self.state(), (before, whole))
            self.imported("second.report.csv")
            self.assertEqual(self.state(), whole)

    def test_a_connection_that_is_lost_takes_all_back(self):
        self.restored()
        before = self.state()
        lose = ("CREATE FUNCTION claimbatch.lose() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM"
                " pg_terminate_backend(pg_backend_pid()); RETURN NULL; END$$; CREATE TRIGGER lose AFTER INSERT ON"
                " claimbatch.row FOR EACH ROW WHEN (NEW.row=17) EXECUTE FUNCTION claimbatch.lose()")
        postgres.query(self.url, lose)
        self.assertSays(self.imported("second.report.csv", code=75), "nothing was imported")
        self.assertEqual(self.state(), before)
        postgres.query(self.url, "DROP FUNCTION claimbatch.lose CASCADE")
        self.imported("second.report.csv")
        self.assertEqual(self.sent(lambda: self.upload("second.csv", *NEW_LEDGER)), {})


if __name__ == "__main__":
    unittest.main()
