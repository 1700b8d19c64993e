"""A report whose publication was cut short before it had its manifest is imported when the ledger is lost, too:
the manifest stands beside it, whole, and says which report it replaces."""

import os
import shutil

from test_import import MIXED, WHO, ImportCase, accept, by_number, claim_rows

REPORT = "claims.report.csv"
MANIFEST = REPORT + ".manifest.json"
PARTIAL = MANIFEST + ".partial"
EARLIER = "earlier.json"


class CutPublicationTest(ImportCase):
    """A row was settled, and the ledger is lost; then the manifest takes back its unfinished name."""

    def setUp(self):
        super().setUp()
        self.gate.script = by_number(**MIXED)
        self.ws.export(claim_rows(9))
        self.upload("claims.csv", code=3)
        self.gate.script = accept
        self.settle(6, "not-executed")

    def settle(self, row, outcome):
        shutil.copy(self.ws.file(MANIFEST), self.ws.file(EARLIER))
        result = self.ws.run(
            "resolve", REPORT, "--row", row, "--as", outcome, *WHO, "-L", "ledger.db", "-g", self.gate.url
        )
        self.assertExit(result, 0)

    def cut(self, earlier=EARLIER):
        os.replace(self.ws.file(MANIFEST), self.ws.file(PARTIAL))
        if earlier:
            shutil.copy(self.ws.file(earlier), self.ws.file(MANIFEST))

    def is_completed(self):
        result = self.imported(REPORT, ledger="other.db")
        self.assertSays(result, "its publication was cut short", REPORT)
        self.assertFalse(os.path.exists(self.ws.file(PARTIAL)))
        sent = self.sent(lambda: self.upload("claims.csv", code=1, ledger="other.db"))
        self.assertEqual(dict(sent), {5: 1, 7: 1})
        self.verifies("other.db")

    def is_refused(self, code):
        self.imported(REPORT, ledger="other.db", code=code)
        self.assertTrue(os.path.exists(self.ws.file(PARTIAL)))

    def test_beside_the_manifest_of_the_report_before(self):
        self.cut()
        self.is_completed()

    def test_beside_no_manifest(self):
        self.cut(earlier=None)
        self.is_completed()

    def test_not_where_the_report_is_another_one_than_it_tells_of(self):
        self.cut()
        with open(self.ws.file(REPORT), "ab") as report:
            report.write(b"\n")
        self.is_refused(65)

    def test_not_beside_the_manifest_of_another_run(self):
        self.cut()
        self.ws.export(claim_rows(3, 31), name="second.csv")
        self.upload("second.csv")
        shutil.copy(self.ws.file("second.report.csv.manifest.json"), self.ws.file(MANIFEST))
        self.is_refused(65)

    def test_an_upload_with_the_ledger_makes_it_anew(self):
        self.cut()
        sent = self.sent(lambda: self.upload("claims.csv", code=1))
        self.assertEqual(dict(sent), {5: 1, 7: 1})
        self.assertExit(self.ws.run("audit", REPORT, "--ledger", "ledger.db"), 0)
        self.assertFalse(os.path.exists(self.ws.file(PARTIAL)))
