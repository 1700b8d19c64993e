"""Reports that LibreOffice opened and saved: read exactly, or refused with the right reason."""

import shutil
import subprocess
import unittest

from harness import APP_KEY, REPORT_COLUMNS, TestCase, accept, claim_row, claim_rows, fail

BOM = b"\xef\xbb\xbf"
WORDS = ("--by", "claims-desk", "--reason", "looked it up")
TEXT_COLUMNS = "/".join(f"{column}/2" for column in range(1, len(REPORT_COLUMNS) + 1))
# Separator, quote, charset (76 is UTF-8, 67 is GBK), first line, formats of columns.
AS_IT_GUESSES = "44,34,76,1,,0,false,true"
WITH_SPECIAL_NUMBERS = "44,34,76,1,,0,false,true,true"
AS_TEXT = f"44,34,76,1,{TEXT_COLUMNS},0,false,false"


@unittest.skipUnless(shutil.which("soffice"), "LibreOffice is not there")
class LibreOfficeTest(TestCase):
    def setUp(self):
        super().setUp()
        rows = claim_rows(4)
        rows[1]["claim_order_no"] = "0000123456789012345"
        rows[2].update(claim_desc="=理由，'x\n\"y\"", claim_status="2", claim_fee="0")
        rows.append(claim_row(1, claim_fee="7"))
        self.web = self.gateway(self.answer)
        self.ws.export(rows)
        self.assertEqual(self.ws.upload(self.web, "--retries", 0).code, 1)
        self.sent = len(self.web.requests)
        self.whole = self.read_report_bytes()

    def answer(self, request):
        return accept(request) if request.key[1] == "CL00000001" else fail(1)(request)

    def read_report_bytes(self):
        return self.ws.read(self.ws.report)

    def save_again(self, reading, writing="44,34,76,1,,0,false,true,false"):
        """Opens the report as `reading` says, and saves it; the file's bytes."""
        office = ["soffice", f"-env:UserInstallation=file://{self.ws.file('profile')}", "--headless"]
        office += [f"--infilter=CSV:{reading}"] if reading else []
        office += ["--convert-to", f"csv:Text - txt - csv (StarCalc):{writing}", "--outdir"]
        office += [self.ws.file("saved"), self.ws.report]
        env = self.ws.environment(LC_ALL="C.UTF-8")
        subprocess.run(office, check=True, env=env, capture_output=True, timeout=120)
        return self.ws.read("saved/claims.report.csv")

    def rerun(self, *options):
        return self.ws.run(
            "rerun", "claims.report.csv", "-L", "ledger.db", "-g", self.web.url, "--app-key", APP_KEY,
            "--app-secret-file", "secret", *options,
        )  # fmt: skip

    def resolve(self):
        place = ("-L", "ledger.db", "-g", self.web.url)
        return self.ws.run("resolve", "claims.report.csv", *place)

    def assertRefusedEverywhere(self, data, *pieces):
        self.ws.write("claims.report.csv", data, 0o600)
        for result in (self.rerun(), self.rerun("--accept-edits"), self.resolve()):
            self.assertExit(result, 65)
            self.assertSays(result, *pieces)
        audit = self.ws.run("audit", "claims.report.csv", "-L", "ledger.db")
        self.assertIn(audit.code, (1, 65), repr(audit))
        words = " ".join((audit.out + audit.err).split())
        for piece in pieces:
            self.assertIn(piece, words)
        self.assertEqual(len(self.web.requests), self.sent)

    def test_what_it_guesses_and_saves_is_refused(self):
        data = self.save_again(AS_IT_GUESSES)
        self.assertNotEqual(data, self.whole)
        self.assertRefusedEverywhere(data, "byte order mark is gone", "spreadsheet")
        # Also where the mark is put back: the zeros are not.
        self.assertRefusedEverywhere(BOM + data, "row 3", "lost its leading zeros")

    def test_dates_and_numbers_it_has_recognised_are_refused(self):
        data = BOM + self.save_again(WITH_SPECIAL_NUMBERS)
        self.assertNotEqual(data, self.whole)
        self.assertRefusedEverywhere(data, "row ")

    def test_another_encoding_is_refused(self):
        writing = "44,34,67,1,,0,false,true,false"
        data = self.save_again(AS_TEXT, writing)
        self.assertRefusedEverywhere(data, "gb18030", "spreadsheet")
        self.assertRefusedEverywhere(self.whole.decode("gb18030", "replace").encode(), "another encoding")

    def test_text_taken_for_another_encoding_is_refused(self):
        data = self.save_again(None)
        self.assertTrue(data.startswith("ï»¿row,".encode()), data[:20])
        self.assertRefusedEverywhere(data, "spreadsheet", "another encoding")

    def test_cells_taken_as_text_are_read_exactly(self):
        data = BOM + self.save_again(AS_TEXT)
        self.assertEqual(data, self.whole)
        self.ws.write("claims.report.csv", data, 0o600)
        self.web.script = accept
        self.assertExit(self.rerun(), 0)
        self.assertEqual(len(self.web.requests), self.sent + 3)


if __name__ == "__main__":
    unittest.main()
