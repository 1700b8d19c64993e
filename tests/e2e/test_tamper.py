"""A ledger that somebody edited: what stands in it never runs, and what was changed is noticed."""

import os
import shutil
import sqlite3
import unittest

from harness import TestCase, accept, claim_rows, file_digest, refuse, reset


class TamperCase(TestCase):
    def setUp(self):
        super().setUp()
        self.gate = self.gateway(self.answer)
        self.ws.export(claim_rows(8))
        self.ws.upload(self.gate, "--retries", 0)
        shutil.copy(self.ws.ledger, self.ws.file("good.db"))
        self.gate.script = accept

    @staticmethod
    def answer(request):
        number = int(request.key[1][2:])
        return refuse(request) if number == 3 else reset(request) if number == 5 else accept(request)

    def edit(self, *statements):
        """The ledger as it was, and then what somebody with SQLite's own tools does to it."""
        for suffix in ("-wal", "-shm"):
            if os.path.exists(self.ws.ledger + suffix):
                os.remove(self.ws.ledger + suffix)
        shutil.copy(self.ws.file("good.db"), self.ws.ledger)
        database = sqlite3.connect(self.ws.ledger, isolation_level=None)
        try:
            for statement in statements:
                database.execute(statement)
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            database.close()

    def verify(self):
        return self.ws.run("status", "--ledger", "ledger.db", "--verify")

    def audit(self, *options):
        return self.ws.run("audit", "claims.report.csv", "--ledger", "ledger.db", *options)


class SchemaTest(TamperCase):
    """Anything that this program did not make."""

    EDITS = {
        "a trigger": (
            "CREATE TRIGGER t AFTER INSERT ON row BEGIN DELETE FROM open_attempt; END",
        ),
        "a trigger on what every start touches": (
            "CREATE TRIGGER t AFTER UPDATE ON run BEGIN DELETE FROM claim; END",
        ),
        "a view": ("CREATE VIEW v AS SELECT * FROM row",),
        "a view in the place of a table": (
            "ALTER TABLE open_attempt RENAME TO hidden",
            "CREATE VIEW open_attempt AS SELECT * FROM hidden WHERE 0",
        ),
        "a table": ("CREATE TABLE planted(x)",),
        "an index": ("CREATE INDEX planted ON row(outcome)",),
        "a partial unique index": ("CREATE UNIQUE INDEX planted ON claim(platform) WHERE 0",),
        "an index that is gone": ("DROP INDEX run_of_export",),
        "an index of another column": (
            "DROP INDEX run_of_export",
            "CREATE INDEX run_of_export ON run(export_name, platform)",
        ),
        "a column": ("ALTER TABLE claim ADD COLUMN planted",),
        "a table that is gone": ("DROP TABLE settlement",),
        "a lower version": ("PRAGMA user_version=4",),
        "statistics": ("ANALYZE",),
        "a table whose text was changed": (
            "PRAGMA writable_schema=ON",
            "UPDATE sqlite_master SET sql=replace(sql, 'WITHOUT ROWID', ' WITHOUT ROWID')"
            " WHERE name='claim'",
        ),
        "two tables in one place": (
            "PRAGMA writable_schema=ON",
            "UPDATE sqlite_master SET rootpage=(SELECT rootpage FROM sqlite_master WHERE"
            " name='calls') WHERE name='ban'",
        ),
        "a word for a terminal": ('CREATE TABLE "\x1b[2J"(x)',),
    }

    def test_no_command_works_with_it_and_verify_names_it(self):
        for what, statements in self.EDITS.items():
            with self.subTest(what):
                self.edit(*statements)
                before = file_digest(self.ws.ledger)
                sent = len(self.gate.requests)
                self.ws.export(claim_rows(2, 50), name="other.csv")
                result = self.ws.upload(self.gate, claims="other.csv")
                self.assertExit(result, 78)
                self.assertSays(result, "was edited", "nothing was sent")
                self.assertNotIn("\x1b", result.err)
                self.assertEqual(len(self.gate.requests), sent)
                self.assertEqual(file_digest(self.ws.ledger), before)
                verified = self.verify()
                self.assertExit(verified, 1)
                if "version" not in what:
                    self.assertExit(self.ws.run("status", "--ledger", "ledger.db"), 78)
                self.assertNotEqual(self.audit().code, 0)
                self.assertNotIn("\x1b", verified.out + verified.err)

    def test_a_ledger_that_nobody_edited_is_in_order(self):
        self.edit("VACUUM")
        self.assertExit(self.verify(), 0)
        self.assertExit(self.audit(), 0)
        self.assertExit(self.ws.upload(self.gate), 3)

class EditTest(TamperCase):
    """Content that somebody changed, each edit by itself."""

    EDITS = {
        "an unknown attempt that is gone": "DELETE FROM open_attempt",
        "an unknown attempt of another claim": "UPDATE open_attempt SET claim_order_no='CL0X'",
        "an unknown attempt of another row": "UPDATE open_attempt SET row=3",
        "an unknown attempt of other content": "UPDATE open_attempt SET digest=zeroblob(16)",
        "an unknown row that failed": "UPDATE row SET outcome=2, counts_as=2 WHERE outcome=3",
        "a claim of another number": "UPDATE claim SET claim_order_no='CL0X' WHERE last_row=2",
        "a claim of another work order": "UPDATE claim SET workcard_id=1 WHERE last_row=2",
        "a claim that is gone": "DELETE FROM claim WHERE last_row=2",
        "a claim that was not accepted": "UPDATE claim SET accepted_digest=NULL WHERE last_row=2",
        "other content that was accepted": "UPDATE claim SET accepted_digest=zeroblob(16)"
        " WHERE last_row=2",
        "a claim without its rows": "UPDATE claim SET last_run=0, last_row=0 WHERE last_row=2",
        "a row that is gone": "DELETE FROM row WHERE row=2",
        "a row of other content": "UPDATE row SET digest=randomblob(16) WHERE row=2",
        "a row that was rejected": "UPDATE row SET outcome=1, counts_as=1 WHERE row=2",
        "a run that is gone": "DELETE FROM run",
    }

    # The content of a claim is in reports, not in the ledger.
    BY_AUDIT_ALONE = ("a claim of another number", "a claim of another work order")

    def test_verify_notices_it_or_the_audit_with_the_report_beside(self):
        for what, statement in self.EDITS.items():
            with self.subTest(what):
                self.edit(statement)
                if what in self.BY_AUDIT_ALONE:
                    self.assertExit(self.audit(), 1)
                else:
                    self.assertExit(self.verify(), 1)

    def test_claims_that_changed_their_numbers(self):
        """Verify cannot see it: everything fits. The report names the claim of each row."""
        self.edit(
            "UPDATE claim SET claim_order_no='x' WHERE last_row=2",
            "UPDATE claim SET claim_order_no='CL00000001' WHERE last_row=3",
            "UPDATE claim SET claim_order_no='CL00000002' WHERE claim_order_no='x'",
        )
        self.assertExit(self.verify(), 0)
        audited = self.audit()
        self.assertExit(audited, 1)
        self.assertIn("does not know it as a row of this claim", " ".join(audited.out.split()))

    def test_another_ledger_in_its_place(self):
        os.mkdir(self.ws.file("other"))
        self.ws.export(claim_rows(2, 71), name="other/other.csv")
        result = self.ws.upload(self.gate, claims="other/other.csv", ledger="other/ledger.db")
        self.assertExit(result, 0)
        os.replace(self.ws.file("other/ledger.db"), self.ws.ledger)
        self.assertExit(self.verify(), 0)
        audited = self.audit()
        self.assertExit(audited, 1)
        self.assertIn("it was made with ledger", audited.out)


class RandomEditTest(TamperCase):
    """Each column of each table: changed, a record deleted, a record doubled under another key. What
    matters is noticed by verify, or by an audit with the report beside it; the rest is named here and
    in the README."""

    # What no other record and no report tells, and what decides neither that a claim is sent nor
    # what is said of a row.
    UNSEEN = {
        "meta": {"name"},
        "calls": None,
        "departure": None,
        "pending": None,
        "ban": None,
        "event": None,
        "import": None,
        "gap": None,
        "doubt": None,
        "pass": None,
        "round": None,
        "run_count": {"rows", "counts_as", "fee_fen"},
        "commits": {"count", "made_ms"},
        "platform": {"id"},
        "run": {"corrects", "export_name", "export_bytes", "reading", "report_path", "open_rows", "sequence",
                "invalid_rows", "published", "released", "stopped_because", "complete", "origin",
                "process"},
        "row": {"counts_as", "tries", "round", "linked", "prev_run", "prev_row"},
        "claim": {"accepted_ms", "accepted_run", "accepted_row"},
        "open_attempt": {"intent", "attempts", "tries", "submitted_ms", "warnings", "round"},
        "settlement": {"at_ms", "submitted_ms", "by", "reason", "was", "outcome"},
    }  # fmt: skip

    def columns(self):
        database = sqlite3.connect(self.ws.file("good.db"))
        try:
            tables = [
                name
                for (name,) in database.execute(
                    "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite%'"
                )
            ]
            for table in tables:
                filled = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for column in database.execute(f"PRAGMA table_info({table})").fetchall():
                    if filled:
                        yield table, column[1], column[2]
        finally:
            database.close()

    def noticed(self, statement):
        try:
            self.edit(statement)
        except sqlite3.Error:
            return True  # the table does not take it
        return self.verify().code != 0 or self.audit().code != 0

    def test_every_column_that_matters(self):
        unseen = []
        for table, column, kind in self.columns():
            known = self.UNSEEN.get(table, set())
            if known is None or column in known:
                continue
            value = {"BLOB": "randomblob(16)", "TEXT": f"'x' || {column}"}.get(
                kind, f"{column}+1"
            )
            which = " WHERE outcome IN (0, 3)" if table == "row" else ""
            if not self.noticed(f"UPDATE {table} SET {column}={value}{which}"):
                unseen.append(f"{table}.{column}")
        self.assertEqual(unseen, [])

    def test_every_record_that_is_gone(self):
        unseen = []
        for table in sorted({table for table, _, _ in self.columns()}):
            if self.UNSEEN.get(table, set()) is not None and not self.noticed(
                f"DELETE FROM {table}"
            ):
                unseen.append(table)
        self.assertEqual([t for t in unseen if t not in ("run_count", "report_move")], [])


if __name__ == "__main__":
    unittest.main()
