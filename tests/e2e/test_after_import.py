"""After an import another ledger stands for the one that made a report: every command goes on with it."""

import json
import os

from harness import fail
from test_import import MIXED, WHO, ImportCase, accept, by_number, claim_rows

REPORT = "claims.report.csv"


class AfterImportTest(ImportCase):
    def setUp(self):
        super().setUp()
        self.gate.script = by_number(**MIXED)
        self.ws.export(claim_rows(20))
        self.upload("claims.csv", code=3)
        self.gate.script = accept
        self.imported(REPORT, ledger="other.db")

    def resolve(self, *options, code, ledger="other.db"):
        result = self.ws.run("resolve", REPORT, "--ledger", ledger, "-g", self.gate.url, *options)
        self.assertExit(result, code)
        return result

    def audit(self, *reports, code=0):
        result = self.ws.run("audit", *reports, "--export", "claims.csv", "--ledger", "other.db")
        self.assertExit(result, code)
        return result

    def test_upload_goes_on_and_publishes_over_the_report(self):
        sent = self.sent(lambda: self.upload("claims.csv", code=3, ledger="other.db"))
        self.assertEqual(dict(sent), {7: 1, 17: 1})  # those that had failed
        self.audit(REPORT)
        again = self.sent(lambda: self.upload("claims.csv", code=3, ledger="other.db"))
        self.assertEqual(again, {})
        self.verifies("other.db")

    def test_resolve_takes_the_report_and_upload_sends_what_was_not_executed(self):
        self.assertSays(self.resolve(code=3), "unknown rows: 2")
        self.resolve("--row", "6,16", "--as", "not-executed", *WHO, code=0)
        self.audit(REPORT)
        sent = self.sent(lambda: self.upload("claims.csv", code=1, ledger="other.db"))
        self.assertEqual(dict(sent), {5: 1, 7: 1, 15: 1, 17: 1})

    def test_rerun_sends_what_is_left_of_the_report(self):
        arguments = self.ws.upload_arguments(self.gate, claims=REPORT, ledger="other.db")
        sent = self.sent(lambda: self.assertExit(self.ws.run("rerun", *arguments[1:]), 0))
        self.assertEqual(dict(sent), {7: 1, 17: 1})
        self.audit(REPORT, "claims.report.rerun-1.csv")
        result = self.ws.run("audit", ".", "--ledger", "other.db")
        self.assertExit(result, 0)

    def test_a_report_of_the_version_before_is_gone_on_with(self):
        """Its manifest knew neither words of the office nor the rules that came since."""
        manifest = self.ws.read_manifest(REPORT)
        known = {name: manifest["reading"][name] for name in ("delimiter", "fee_unit", "columns")}
        since = ("past-time", "damaged-order-no", "lost-text", "backslash-escape", "cut-row")
        since += ("shifted-cells", "clamped-id", "private-use-character", "changed-since-accepted")
        rules = manifest["reading"]["rules"].items()
        known["rules"] = {name: word for name, word in rules if name not in since}
        known["rules"]["excel-rounded-id"] = "warn"
        manifest["reading"] = known
        del manifest["ledger_commits"], manifest["ledger_path"]
        self.ws.write(f"{REPORT}.manifest.json", json.dumps(manifest))
        self.imported(REPORT, ledger="third.db")
        sent = self.sent(lambda: self.upload("claims.csv", code=3, ledger="third.db"))
        self.assertEqual(dict(sent), {7: 1, 17: 1})

    def test_status_tells_of_its_run(self):
        result = self.ws.run("status", "--ledger", "other.db")
        self.assertExit(result, 0)
        self.assertIn(self.ws.read_manifest(REPORT)["run"], result.out)

    def test_what_the_old_ledger_learned_since_has_to_be_imported_first(self):
        self.gate.script = by_number(n7=fail(10))
        self.upload("claims.csv", code=3)  # with the old one
        before = self.ws.read_manifest(REPORT)
        result = self.resolve(code=78)
        self.assertSays(result, "only what an earlier report", "claimbatch import")
        self.assertExit(self.ws.upload(self.gate, ledger="other.db"), 78)
        self.assertEqual(self.ws.read_manifest(REPORT), before)
        self.imported(REPORT, ledger="other.db")
        self.resolve(code=3)

    def test_a_report_that_was_never_imported_is_refused(self):
        self.imported(REPORT, ledger="third.db")
        self.ws.export(claim_rows(3, 50), name="more.csv")
        self.upload("more.csv")
        result = self.ws.run("resolve", "more.report.csv", "-L", "third.db", "-g", self.gate.url)
        self.assertExit(result, 78)
        self.assertSays(result, "if that is lost", "claimbatch import")
        self.assertTrue(os.path.exists(self.ws.file("more.report.csv")))
