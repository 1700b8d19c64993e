"""Files that the program itself wrote, given to it in the place of an export: refused in the right
words, whatever a spreadsheet made of them."""

import csv
import glob
import io
import os
import unittest

from harness import Reply, TestCase, accept, claim_row, claim_rows, fail

CHINESE = "不在保障范围"


def saved_anew(data, encoding, delimiter, bom, quoting=csv.QUOTE_MINIMAL, end="\r\n"):
    """The bytes of a CSV of ours as another program saves them."""
    rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)
    return bom + out.getvalue().encode(encoding)


class OwnFileCase(TestCase):
    SAVERS = {
        "as it is": lambda data: data,
        "no mark": lambda data: data.removeprefix(b"\xef\xbb\xbf"),
        "Excel, GBK": lambda data: saved_anew(data, "gbk", ",", b""),
        "Excel, Unicode text": lambda data: saved_anew(data, "utf-16-le", "\t", b"\xff\xfe"),
        "semicolons": lambda data: saved_anew(data, "utf-8", ";", b"\xef\xbb\xbf"),
        "bars, all quoted": lambda data: saved_anew(data, "utf-8", "|", b"", csv.QUOTE_ALL, "\n"),
        "old Mac": lambda data: saved_anew(data, "utf-8", ",", b"", csv.QUOTE_ALL, "\r"),
    }

    def setUp(self):
        super().setUp()
        self.rows = claim_rows(4)
        self.rows[1].update(claim_status="2", claim_fee="0", claim_desc=CHINESE)
        self.rows.append(claim_row(5, claim_fee="x"))
        self.web = self.gateway(self.answer)
        self.ws.export(self.rows)
        self.assertExit(self.ws.upload(self.web, "--retries", 0), 1)
        self.sent = len(self.web.requests)

    def answer(self, request):
        return fail(1)(request) if request.key[1] == "CL00000001" else accept(request)

    def assertRefused(self, name, *words, options=()):
        for command in ("check", "upload"):
            place = () if command == "check" else self.ws.upload_arguments(self.web)[2:]
            result = self.ws.run(command, name, *place, *options)
            with self.subTest(name, command=command, options=options):
                self.assertExit(result, 65)
                self.assertSays(result, name, *words, "nothing was sent")
        self.assertEqual(len(self.web.requests), self.sent)


class ReportTest(OwnFileCase):
    def test_a_report_is_no_export_however_it_was_saved(self):
        report = self.ws.read("claims.report.csv")
        for saver, save in self.SAVERS.items():
            with self.subTest(saver):
                self.ws.write("again.csv", save(report))
                self.assertRefused("again.csv", "is a report", "use rerun")

    def test_options_do_not_make_it_one(self):
        self.ws.write("again.csv", saved_anew(self.ws.read("claims.report.csv"), "gbk", ";", b""))
        self.assertRefused("again.csv", "is a report", options=("--delimiter", ";"))
        self.assertRefused("again.csv", "is a report", options=("--delimiter", "tab"))
        self.assertRefused(
            "again.csv", "is a report", options=("--column", "claim_desc=message", "--fee-unit", "fen")
        )

    def test_nor_does_a_column_that_was_taken_out_or_moved(self):
        rows = csv.reader(io.StringIO(self.ws.read("claims.report.csv").decode("utf-8-sig")))
        out = io.StringIO()
        csv.writer(out).writerows(row[:0:-1][2:] for row in rows)
        self.ws.write("again.csv", out.getvalue())
        self.assertRefused("again.csv", "is a report")

    def test_the_report_of_a_rerun_is_one_too(self):
        place = self.ws.upload_arguments(self.web, "--retries", "0")[2:]
        self.assertExit(self.ws.run("rerun", "claims.report.csv", *place), 1)
        self.sent = len(self.web.requests)
        self.assertRefused("claims.report.rerun-1.csv", "is a report", "use rerun")

    def test_every_csv_of_the_folder_is_taken_once_or_refused(self):
        for name in sorted(glob.glob(self.ws.file("*.csv"))):
            self.ws.upload(self.web, "--retries", 0, claims=name.rsplit("/", 1)[1])
        keys = [request.key[1] for request in self.web.requests]
        for number in range(2, 5):
            self.assertEqual(keys.count(f"CL{number:08d}"), 1, keys)
        self.assertEqual(set(keys), {f"CL{number:08d}" for number in range(1, 5)})


class OtherFileTest(OwnFileCase):
    def test_a_list_of_decisions_is_refused(self):
        web = self.gateway(lambda request: Reply(executed=True, then="close"))
        self.ws.export(claim_rows(2, first=20), name="lost.csv")
        self.ws.upload(web, "--retries", 0, claims="lost.csv")
        place = ("-L", "ledger.db", "-g", web.url)
        self.ws.run("resolve", "lost.report.csv", "-o", "list.csv", *place)
        self.assertRefused("list.csv", "resolve", "--from")
        self.ws.write("saved.csv", saved_anew(self.ws.read("list.csv"), "gbk", ";", b""))
        self.assertRefused("saved.csv", "resolve", "--from")

    def test_a_manifest_a_ledger_and_a_key_are_refused(self):
        self.ws.write("ledger.csv", self.ws.read("ledger.db"))
        self.ws.write("key.pem", "-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----\n")
        self.assertRefused("claims.report.csv.manifest.json", "manifest", "rerun")
        self.assertRefused("ledger.csv", "a ledger of claimbatch")
        self.assertRefused("key.pem", "a key or a certificate")

    def test_a_list_of_problems_is_no_report(self):
        self.assertExit(self.ws.run("check", "claims.csv", "-o", "problems.csv"), 1)
        result = self.ws.run("audit", "problems.csv")
        self.assertExit(result, 65)
        self.assertSays(result, "list of problems", "claimbatch upload")


class PlaceTest(OwnFileCase):
    """What claimbatch needs is never written over, not even where --overwrite says so."""

    def everything(self):
        return {name: self.ws.read(os.path.relpath(name, self.ws.path))
                for name in sorted(glob.glob(self.ws.file("*"))) if os.path.isfile(name)}

    def assertSpared(self, words, place, *command):
        before = self.everything()
        result = self.ws.run(*command)
        with self.subTest(place, command=command):
            self.assertExit(result, 73)
            self.assertSays(result, place, words, "Name another file with")
            self.assertEqual(self.everything(), before)

    def places(self):
        self.ws.write("other.db", self.ws.read("ledger.db"))
        self.ws.write("key.pem", "-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----\n")
        self.ws.write("saved.csv", saved_anew(self.ws.read("claims.report.csv"), "gbk", ";", b""))
        self.ws.write("run.conf", "[run]\n")
        self.ws.write("claims.csv.ledger.json", "{}\n")
        return (
            *((name, "is a ledger") for name in ("ledger.db", "other.db")),
            *((f"ledger.db{end}", "the ledger beside it") for end in (".lock", "-wal", "-shm")),
            *((name, "is a report") for name in ("claims.report.csv", "saved.csv")),
            ("claims.report.csv.manifest.json", "the report beside it"),
            ("claims.report.csv.started.json", "the report beside it"),
            ("claims.csv.ledger.json", "the export beside it"),
            ("key.pem", "is a key"),
            ("run.conf", "is read by this very command"),
        )

    def test_a_list_takes_the_place_of_none(self):
        config = ("--config", "run.conf", "--overwrite")
        ledger = ("-L", "ledger.db", "-g", self.web.url)
        for place, words in self.places():
            self.assertSpared(words, place, "check", "claims.csv", "-o", place, *config)
            self.assertSpared(
                words, place, "resolve", "claims.report.csv", "-o", place, *ledger, *config
            )
        self.assertSpared(
            "is the export", "claims.csv", "resolve", "claims.report.csv", "-o", "claims.csv", *ledger,
            "--overwrite"
        )

    def test_nor_does_what_an_audit_writes(self):
        for place, words in self.places():
            for option in ("--html", "--csv"):
                self.assertSpared(
                    words, place, "audit", "claims.report.csv", "-L", "ledger.db", option, place,
                    "--config", "run.conf"
                )

    def test_an_earlier_list_is_replaced(self):
        for command in (
            ("check", "claims.csv", "-o", "p.csv"),
            ("resolve", "claims.report.csv", "-o", "l.csv", "-L", "ledger.db", "-g", self.web.url),
        ):
            first = self.ws.run(*command)
            self.assertEqual(self.ws.run(*command, "--overwrite").code, first.code)
            self.assertIn(first.code, (0, 1), str(first))


if __name__ == "__main__":
    unittest.main()
