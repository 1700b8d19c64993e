"""What an auditor may rely on: a true report is found true and added up, and whatever was done to a
report, its manifest, its export or its ledger is noticed, with the row named (contract sections 1,
3, 4 and 7)."""

import collections
import contextlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import unicodedata
import unittest

from forger import Forgery
from harness import (
    FIELDS,
    NEW_LEDGER,
    OUTCOMES,
    REPORT_COLUMNS,
    Reply,
    TestCase,
    Turn,
    accept,
    ban_body,
    claim_row,
    claim_rows,
    error_body,
    export_text,
    http,
    long_form,
    lose,
    refuse,
)
from test_memory import MEASURE, release_binary

REPORT = "claims.report.csv"
WORDS = ("--by", "claims-desk", "--reason", "support answered on the phone")


def fail_surely(request):
    return Reply(http(error_body(10, msg="busy")))


class AuditCase(TestCase):
    """A gateway that answers each claim as `self.fates` says, and everything else with yes."""

    def setUp(self):
        super().setUp()
        self.fates = {}
        self.web = self.gateway(self.answer, check=False)

    def answer(self, request):
        return self.fates.get(request.key[1], accept)(request)

    def fate(self, script, *numbers):
        self.fates.update({f"CL{number:08d}": script for number in numbers})

    def upload(self, *options, code=0, **how):
        self.assertExit(self.ws.upload(self.web, *options, **how), code)

    def rerun(self, report=REPORT, *options, code=0):
        arguments = self.ws.upload_arguments(self.web, *options, claims=report)
        self.assertExit(self.ws.run("rerun", *arguments[1:]), code)

    def resolve(self, row, verdict, report=REPORT, code=0):
        result = self.ws.run(
            "resolve",
            report,
            *("--ledger", "ledger.db", "--gateway", self.web.url),
            *("--row", row, "--as", verdict),
            *WORDS,
        )
        self.assertExit(result, code)

    def audit(self, *arguments, code=0, ledger="ledger.db", reports=(REPORT,)):
        """The audit as JSON. Without a ledger there is none at the default place either."""
        options = ("--ledger", ledger) if ledger else ()
        result = self.ws.run("audit", "--json", *reports, *options, *arguments)
        self.assertExit(result, code)
        found = json.loads(result.out)
        self.assertEqual(found["agrees"], code == 0, repr(result))
        self.assertEqual(found["disagreements_found"] > 0, code == 1)
        return found

    def refuse(self, code, *words, arguments=(REPORT,)):
        """The audit ends with this exit code and says these words."""
        result = self.ws.run("audit", *arguments)
        self.assertExit(result, code)
        self.assertEqual(result.out, "")
        self.assertSays(result, *words)

    def assertNames(self, found, *rows):
        """Each of these rows is named, and no other row is."""
        named = {d["row"] for d in found["disagreements"] if d["row"]}
        self.assertEqual(named, set(rows), json.dumps(found["disagreements"], indent=1))

    def forge(self, path=REPORT):
        return Forgery(self.ws.file(path))

    def upload_all_kinds(self, count=40):
        """An upload with rows of every outcome that one start can bring."""
        rows = claim_rows(count)
        rows[2].update(claim_status="2", claim_fee="0", claim_desc="没有发票，\n拒赔")
        rows[4].update(claim_fee="12,50")  # invalid
        rows[6] = claim_row(6)  # a duplicate of the row before
        rows[7].update(claim_status="0", claim_fee="0", claim_desc="=1+1")
        rows[12] = claim_row(12, claim_fee="7")  # behind an unknown row of its claim
        self.ws.export(rows)
        self.fate(refuse, 20, 21, 22)
        self.fate(lose, 12, 30)
        self.fate(fail_surely, 35)
        self.upload("--retries", "0", code=3)
        return rows


class TrueReports(AuditCase):
    """Nothing is held against what is true."""

    def test_an_upload_is_added_up(self):
        self.upload_all_kinds()
        found = self.audit("--export", "claims.csv")
        self.assertEqual(found["disagreements"], [])
        self.assertEqual(found["notes"], [])
        self.assertEqual(found["export"], {"path": "claims.csv", "check": "agrees", "rows": 40})
        lines = self.ws.read_report()
        sums = {name: [0, 0] for name in OUTCOMES}
        statuses = {(s, name): [0, 0] for s in "012" for name in OUTCOMES}
        for line in lines:
            places = [sums[line["outcome"]]]
            if line["outcome"] != "invalid":
                places.append(statuses[line["claim_status"], line["outcome"]])
            for place in places:
                place[0] += 1
                place[1] += 0 if line["outcome"] == "invalid" else int(line["claim_fee"])
        self.assertEqual(len([name for name in OUTCOMES if sums[name][0]]), 7, sums)
        for name in OUTCOMES:
            self.assertEqual(list(found["outcomes"][name].values()), sums[name])
            self.assertEqual(list(found["reports"][0]["outcomes"][name].values()), sums[name])
            for status in "012":
                self.assertEqual(
                    list(found["statuses"][status][name].values()), statuses[status, name]
                )
        self.assertEqual(found["rows"], 40)

    def test_errors_are_grouped_by_code_with_first_rows_and_advice(self):
        self.upload_all_kinds()
        found = self.audit()
        expected = collections.Counter(
            (line["outcome"], line["code"])
            for line in self.ws.read_report()
            if line["outcome"] != "accepted"
        )
        self.assertEqual({(c["outcome"], c["code"]): c["rows"] for c in found["codes"]}, expected)
        rejected = next(c for c in found["codes"] if c["outcome"] == "rejected")
        self.assertEqual(rejected["first_rows"], [21, 22, 23])
        self.assertEqual(rejected["fee_fen"], 120 + 121 + 122)
        for code in found["codes"]:
            self.assertTrue(code["meaning"], code)
            self.assertTrue(code["todo"] or code["outcome"] == "skipped", code)
        order = ["unknown", "rejected", "failed", "invalid", "unsent", "skipped"]
        seen = [code["outcome"] for code in found["codes"]]
        self.assertEqual(seen, sorted(seen, key=order.index))
        open_rows = {r["row"]: r["outcome"] for r in found["open_rows"]}
        self.assertEqual(
            open_rows,
            {
                int(line["row"]): line["outcome"]
                for line in self.ws.read_report()
                if line["outcome"] in ("unknown", "rejected", "failed", "invalid")
            },
        )

    def test_latency_and_throughput_are_those_of_the_lines(self):
        self.ws.export(claim_rows(60))
        self.web.script = Turn(
            *[accept] * 20, lambda r: Reply(http(ban_body(1))), accept
        )
        self.upload("--in-flight", "1")
        found = self.audit()
        durations = sorted(int(line["duration_ms"]) for line in self.ws.read_report())
        self.assertEqual(found["latency"]["calls"], 60)
        self.assertEqual(found["latency"]["max_ms"], durations[-1])
        for name, at in (("p50_ms", 30), ("p90_ms", 54), ("p95_ms", 57), ("p99_ms", 60)):
            exact = durations[at - 1]
            self.assertTrue(exact <= found["latency"][name] <= exact * 1.01, (name, durations))
        self.assertEqual(sum(step["calls"] for step in found["latency"]["steps"]), 60)
        buckets = found["timeline"]["buckets"]
        self.assertEqual(sum(sum(bucket.values()) for bucket in buckets), 60)
        self.assertGreaterEqual(len(buckets) * found["timeline"]["bucket_ms"], 900)
        bans = [e for e in found["events"] if e["kind"] == "ban"]
        self.assertEqual(len(bans), 1, found["events"])
        self.assertLess(bans[0]["at"], bans[0]["until"])

    def test_a_stopped_run_and_the_same_run_gone_on_with(self):
        self.ws.export(claim_rows(30))
        self.fate(refuse, 3)
        self.upload("--limit", "10", code=4)
        found = self.audit("--export", "claims.csv")
        self.assertFalse(found["reports"][0]["complete"])
        self.assertTrue(found["reports"][0]["stopped_because"])
        self.assertEqual(found["outcomes"]["unsent"]["rows"], 20)
        self.upload(code=1)
        found = self.audit("--export", "claims.csv")
        self.assertTrue(found["reports"][0]["complete"])
        kinds = [event["kind"] for event in found["events"]]
        self.assertEqual(kinds, ["start", "stop", "start", "end"])

    def test_a_run_that_was_killed_and_gone_on_with(self):
        self.ws.export(claim_rows(200))
        self.web.script = Turn(*[accept] * 60, lambda r: self.web.released.wait(20) and accept(r))
        run = self.ws.start_upload(self.web, "--in-flight", "4")
        self.web.wait_for_requests(62)
        run.end()
        self.web.released.set()
        self.web.script = accept
        self.upload(code=3)
        found = self.audit("--export", "claims.csv")
        self.assertEqual([e["kind"] for e in found["events"]], ["start", "start", "end"])
        self.assertEqual(found["rows"], 200)

    def test_nothing_at_all(self):
        self.ws.export([])
        self.upload()
        found = self.audit("--export", "claims.csv")
        self.assertEqual(found["rows"], 0)
        result = self.ws.run("audit", REPORT)
        self.assertExit(result, 0)

    def test_a_row_settled_by_a_person(self):
        self.ws.export(claim_rows(12))
        self.fate(lose, 2, 3)
        self.upload(code=3)
        self.resolve(3, "accepted", code=3)
        self.resolve(4, "not-executed")
        found = self.audit("--export", "claims.csv")
        self.assertEqual(found["outcomes"]["accepted"]["rows"], 11)
        self.assertEqual(found["outcomes"]["failed"]["rows"], 1)

    def test_rows_that_wait_for_a_row_that_is_settled(self):
        first, second = claim_rows(3), [claim_row(2), claim_row(9)]
        self.ws.export(first)
        self.fate(lose, 2)
        self.upload(code=3)
        self.ws.export(second, name="more.csv")
        self.upload(claims="more.csv", code=3)
        more = ("more.report.csv",)
        self.audit("--export", "more.csv", reports=more)
        self.resolve(3, "not-executed")
        self.audit("--export", "claims.csv")
        self.audit("--export", "more.csv", reports=more)  # written before, and still true
        self.fates.clear()
        self.upload(claims="more.csv")
        self.audit("--export", "more.csv", reports=more)

    def test_content_that_changed_since_it_was_accepted(self):
        self.ws.export(claim_rows(5))
        self.upload()
        self.ws.export([claim_row(i, claim_fee="1") for i in range(1, 6)], name="new.csv")
        self.upload(claims="new.csv")
        found = self.audit("--export", "new.csv", reports=("new.report.csv",))
        self.assertEqual(found["outcomes"]["accepted"], {"rows": 5, "fee_fen": 5})
        self.audit("--export", "claims.csv")
        self.upload(claims="claims.csv")

    def test_exports_as_offices_make_them(self):
        header = "工单号,拒赔原因,理赔单号,理赔状态,理赔时间,理赔金额(元)"
        body = "800001,,0017,理赔成功,2026/1/2 3:04,12.50\n800002,无发票𠀀,0018,理赔失败,2026/1/2,0\n"
        self.ws.write("claims.csv", (header + "\n\n" + body).encode("gb18030"))
        self.upload()
        found = self.audit("--export", "claims.csv")
        self.assertEqual(found["outcomes"]["accepted"]["fee_fen"], 1250)
        self.ws.write("t.txt", (header.replace(",", "\t") + "\n" + body.replace(",", "\t")).encode("utf-16"))
        self.upload("--delimiter", "tab", claims="t.txt")
        self.audit("--export", "t.txt", reports=("t.txt.report.csv",))

    def test_an_export_with_headers_of_its_own(self):
        text = "wk,no,st,when,amount\n1,A,1,2026-01-02 03:04:05,2.5\n"
        self.ws.write("claims.csv", text)
        names = ("workcard_id=wk", "claim_order_no=no", "claim_status=st", "claim_time=when")
        options = [x for name in (*names, "claim_fee=amount") for x in ("--column", name)]
        self.upload(*options, "--fee-unit", "yuan")
        self.audit("--export", "claims.csv", *options)
        self.refuse(65, "--column", arguments=(REPORT, "--export", "claims.csv"))

    def test_rules_made_softer_are_those_of_the_manifest(self):
        self.ws.export([claim_row(1, claim_status="1", claim_fee="0"), claim_row(2)])
        self.upload("--rule", "success-without-fee=warn", "--max-fee", "50", code=1)
        self.audit("--export", "claims.csv")
        found = self.audit("--export", "claims.csv", "--max-fee", "5000", code=1)
        self.assertNames(found, 3)

    def test_raw_text_of_invalid_rows_is_that_of_the_export(self):
        bad = ("x", '"a\nb"', '" 1 "', "=1", "'1", "１２", "1e5", '"x""y"', "\t", "")
        rows = [f"{cell},,1,CL{i},1,2026-01-02 03:04:05,5" for i, cell in enumerate(bad)]
        rows += ["1,,1", "1,,1,A,1,2026-01-02 03:04:05,5,6,7"]
        self.ws.export(rows)
        self.upload(code=1)
        found = self.audit("--export", "claims.csv")
        self.assertGreaterEqual(found["outcomes"]["invalid"]["rows"], 10)


class ChangedRows(AuditCase):
    """Whatever is done to rows is noticed, and the row is named."""

    def setUp(self):
        super().setUp()
        self.upload_all_kinds()

    def test_a_row_that_is_gone(self):
        forged = self.forge()
        forged.rows.remove(forged.find(9))
        forged.write_report()
        self.audit(code=1, ledger=None)
        forged.write()  # now the manifest fits
        self.assertNames(self.audit(code=1), 9)
        self.assertNames(self.audit("--export", "claims.csv", code=1, ledger=None), 9)

    def test_a_row_too_many(self):
        forged = self.forge()
        forged.rows.append({**forged.find(9), "row": "99"})
        forged.write_report()
        self.audit(code=1, ledger=None)
        forged.write()
        self.assertNames(self.audit(code=1), 99)
        self.assertNames(self.audit("--export", "claims.csv", code=1, ledger=None), 99)

    def test_a_row_doubled(self):
        for at in (8, 39):
            with self.subTest(at):
                forged = self.forge()
                forged.rows.insert(at, dict(forged.rows[7]))
                forged.write_report()
                self.assertNames(self.audit(code=1, ledger=None), 9)
                forged.write()
                self.assertNames(self.audit(code=1, ledger=None), 9)
                forged.rows.pop(at)
                forged.write()
        self.audit("--export", "claims.csv")

    def test_a_row_moved(self):
        for start, end in ((7, 20), (20, 7), (7, 8), (0, 39), (39, 0)):
            with self.subTest(start=start, end=end):
                forged = self.forge()
                row = forged.rows.pop(start)
                forged.rows.insert(end, row)
                forged.write()
                named = {int(row["row"])}
                found = self.audit(code=1, ledger=None)
                if abs(start - end) == 1:  # either of two neighbours may be the one that was moved
                    named = {d["row"] for d in found["disagreements"]}
                    self.assertEqual(len(named), 1)
                self.assertNames(found, *named)
                forged.rows.insert(start, forged.rows.pop(end))
                forged.write()

    def test_another_number_on_a_row(self):
        forged = self.forge()
        for number in ("99", "3", "10.", "", "٣", "18446744073709551617", "-5", "010"):
            with self.subTest(number):
                forged.rows[8]["row"] = number
                forged.write()
                found = self.audit(code=1, ledger=None)
                if number == "99":
                    self.assertNames(found, 99)
                found = self.audit(code=1)
                self.assertIn(10, {d["row"] for d in found["disagreements"]}, found)
        forged.rows[8]["row"] = "10"
        forged.write()
        self.audit()

    def test_every_cell_with_a_manifest_that_fits(self):
        """The strongest forger without a ledger: what does the ledger say?"""
        changes = {
            "workcard_id": "700000000099",
            "claim_desc": "other",
            "claim_count": "2",
            "claim_order_no": "CL99999999",
            "claim_status": "0",
            "claim_time": "2026-01-02 03:04:06",
            "claim_fee": "1",
            "outcome": "failed",
            "code": "OTHER",
            "sub_code": "isv.other",
            "message": "other words",
            "attempts": "2",
            "http_status": "500",
            "request_id": "r0",
            "submitted_at": "2026-01-02T03:04:05.006+08:00",
            "duration_ms": "1234567",
            "digest": "0" * 32,
            "warnings": "CHANGED_SINCE_ACCEPTED",
        }
        self.assertEqual(self.original[10]["warnings"], "")
        self.assertEqual(set(changes) | {"row"}, set(REPORT_COLUMNS))
        for name, value in changes.items():
            for redigest in (False, True) if name in FIELDS else (False,):
                with self.subTest(name, redigest=redigest):
                    forged = self.forge()
                    forged.change(10, **{name: value})
                    if redigest:
                        forged.redigest(10)
                    forged.write()
                    found = self.audit(code=1)
                    self.assertNames(found, 10)
                    if name in FIELDS:
                        found = self.audit("--export", "claims.csv", code=1, ledger=None)
                        self.assertNames(found, 10)
                    if name in FIELDS and not redigest or name == "digest":
                        self.assertNames(self.audit(code=1, ledger=None), 10)
                    forged.change(10, **self.original[10])
                    forged.write()
        self.audit("--export", "claims.csv")

    def test_a_rejected_row_told_as_accepted(self):
        forged = self.forge()
        forged.change(21, outcome="accepted", code="SUCCESS", message="ok")
        forged.write()
        self.audit(code=0, ledger=None)  # nobody else knows
        found = self.audit(code=1)
        self.assertNames(found, 21)
        self.assertEqual({d["against"] for d in found["disagreements"]}, {"ledger"})
        self.assertEqual(found["reports"][0]["ledger"], "disagrees")

    def test_what_cannot_be_true_by_itself(self):
        for row, cells in (
            (10, {"attempts": "0"}),
            (10, {"submitted_at": "", "duration_ms": ""}),
            (10, {"http_status": "500"}),
            (10, {"digest": ""}),
            (6, {"attempts": "1"}),
            (6, {"digest": "0" * 32}),
            (6, {"code": ""}),
        ):
            with self.subTest(row=row, cells=cells):
                forged = self.forge()
                forged.change(row, **cells)
                forged.write()
                self.assertNames(self.audit(code=1, ledger=None), row)
                forged.change(row, **self.original[row])
                forged.write()

    def test_a_row_told_as_invalid(self):
        """Its cells have no digest then."""
        forged = self.forge()
        forged.change(
            10,
            outcome="invalid",
            code="BAD_FEE",
            **dict.fromkeys(("http_status", "request_id", "submitted_at", "duration_ms"), ""),
            attempts="0",
            digest="",
            claim_fee="999",
        )
        forged.write()
        self.audit(ledger=None)
        self.assertNames(self.audit(code=1), 10)
        self.assertNames(self.audit("--export", "claims.csv", code=1, ledger=None), 10)

    def test_what_the_rules_say_of_a_row(self):
        for row, cells in (
            (10, {"warnings": "DATE_ONLY"}),
            (6, {"code": "BAD_TIME"}),
            (6, {"message": "other words"}),
        ):
            with self.subTest(row=row, cells=cells):
                forged = self.forge()
                forged.change(row, **cells)
                forged.write()
                self.assertNames(self.audit("--export", "claims.csv", code=1), row)
                forged.change(row, **self.original[row])
                forged.write()

    def test_rows_swapped_between_claims(self):
        """Each digest fits its cells, and each row has an outcome of its own."""
        forged = self.forge()
        a, b = forged.find(10), forged.find(21)
        for name in FIELDS + ("digest",):
            a[name], b[name] = b[name], a[name]
        forged.write()
        self.assertNames(self.audit(code=1), 10, 21)
        self.assertNames(self.audit("--export", "claims.csv", code=1, ledger=None), 10, 21)

    def upload_all_kinds(self):
        super().upload_all_kinds()
        self.original = {int(row["row"]): dict(row) for row in self.forge().rows}


class ChangedManifests(AuditCase):
    def setUp(self):
        super().setUp()
        self.upload_all_kinds()

    def test_what_contradicts_the_report(self):
        def set_(path, value):
            def change(manifest):
                *folders, name = path.split("/")
                for folder in folders:
                    manifest = manifest[folder]
                manifest[name] = value

            return change

        for path, value in (
            ("report/sha256", "0" * 64),
            ("report/bytes", 1),
            ("report/rows", 41),
            ("input/rows", 41),
            ("outcomes/accepted/rows", 1),
            ("outcomes/rejected/fee_fen", 10**30),
            ("codes/NO", 4),
            ("codes/NEW", 1),
            ("complete", True),
        ):
            with self.subTest(path):
                forged = self.forge()
                set_(path, value)(forged.manifest)
                forged.write_manifest()
                found = self.audit(code=1, ledger=None)
                self.assertEqual({d["against"] for d in found["disagreements"]}, {"itself"})
                forged.write()

    def test_what_the_ledger_knows_better(self):
        original = self.forge().manifest
        for name, value in (
            ("started", "2026-01-02T03:04:05.006+08:00"),
            ("finished", "2036-01-02T03:04:05.006+08:00"),
            ("command", "rerun"),
            ("platform", "taobao"),
            ("parent_run", "20260102-00000000"),
            ("stopped_because", "limit"),
            ("input", {**original["input"], "sha256": "0" * 64}),
            ("run", "20260102-00000000"),
        ):
            with self.subTest(name):
                forged = self.forge()
                forged.manifest = {**original, name: value}
                forged.write_manifest()
                found = self.audit(code=1)
                self.assertIn("ledger", {d["against"] for d in found["disagreements"]})
                forged.manifest = original
                forged.write_manifest()
        self.audit()

    def test_manifests_that_are_none(self):
        path = self.ws.file(REPORT + ".manifest.json")
        with open(path, "rb") as file:
            good = file.read()
        half = len(good) // 2
        for name, data in {
            "cut": good[:half],
            "empty": b"",
            "not ours": b"{}",
            "deep": b'{"a":' * 100000,
            "deep lists": b"[" * (1 << 20),
            "deep in ours": good.rstrip()[:-1] + b',"x":' + b"[" * 300 + b"]" * 300 + b"}",
            "too large": good + b" " * (1 << 20),
            "NUL": good[:half] + b"\0" + good[half:],
            "not UTF-8": good.replace(b'"upload"', b'"upl\xffad"'),
            "a comment": good.replace(b"{", b"{ /* x */", 1),
            "a name twice": good.replace(b'"command"', b'"run": "x", "command"', 1),
            "a text for a number": good.replace(b'"rows": 40', b'"rows": "40"'),
            "a fraction": good.replace(b'"rows": 40', b'"rows": 40.0'),
            "a number beyond all": good.replace(b'"rows": 40', b'"rows": 4' + b"0" * 40),
            "negative": good.replace(b'"rows": 40', b'"rows": -40'),
            "a time that is none": good.replace(b'"started": "2', b'"started": "3x'),
        }.items():
            with self.subTest(name):
                with open(path, "wb") as file:
                    file.write(data)
                self.assertNotEqual(data, good)
                found = self.audit(code=1, ledger=None)
                self.assertFalse(found["reports"][0]["manifest"], name)
                self.assertEqual(len(found["disagreements"]), 1)
                self.assertEqual(found["rows"], 40)  # it is added up all the same
        os.unlink(path)
        found = self.audit(code=1, ledger=None)
        self.assertIn("no manifest", found["disagreements"][0]["text"])

    def test_what_stands_in_its_place_and_is_no_file(self):
        path = self.ws.file(REPORT + ".manifest.json")
        kept = self.ws.file("kept")
        os.rename(path, kept)
        for name, make in (
            ("fifo", os.mkfifo),
            ("folder", os.mkdir),
            ("endless", lambda p: os.symlink("/dev/zero", p)),
            ("a link that leads nowhere", lambda p: os.symlink("nowhere", p)),
            ("a link in a circle", lambda p: os.symlink(p, p)),
        ):
            with self.subTest(name):
                make(path)
                self.assertFalse(self.audit(code=1, ledger=None)["reports"][0]["manifest"])
                (os.rmdir if name == "folder" else os.unlink)(path)
        os.symlink(kept, path)
        self.audit()


class Exports(AuditCase):
    def setUp(self):
        super().setUp()
        self.rows = claim_rows(10)
        self.rows[3]["claim_fee"] = "bad"
        self.ws.export(self.rows)
        self.upload(code=1)

    def test_an_export_edited_since(self):
        self.rows[5]["claim_fee"] = "9999"
        self.rows[3]["claim_fee"] = "9999"
        self.rows[7]["claim_status"] = "bad"
        self.ws.export(self.rows)
        found = self.audit("--export", "claims.csv", code=1)
        self.assertNames(found, 5, 7, 9)
        self.assertEqual(found["export"]["check"], "disagrees")
        texts = [d["text"] for d in found["disagreements"]]
        self.assertIn("sha256", texts[0])
        self.assertEqual({d["against"] for d in found["disagreements"]}, {"export"})

    def test_rows_added_and_removed(self):
        self.ws.export(self.rows[:4] + self.rows[5:] + [claim_row(50), claim_row(51)])
        found = self.audit("--export", "claims.csv", code=1)
        # Row 6 is gone, so what follows has moved up by one.
        self.assertNames(found, *range(6, 13))

    def grow(self, text):
        with open(self.ws.claims, "a", encoding="utf-8") as file:
            file.write(text)

    def test_an_export_that_has_grown_since(self):
        """What was sent is its beginning; the rows behind that are counted, and no row is damaged."""
        new = export_text([claim_row(50), claim_row(51, claim_fee="bad"), claim_row(52)])
        self.grow(new.split("\n", 1)[1])
        found = self.audit("--export", "claims.csv", code=1)
        (grown,) = found["disagreements"]
        self.assertEqual((grown["against"], grown["row"]), ("export", None))
        self.assertIn("in no report here: 3 (row 12 to 14, 3.02 yuan, 1 invalid)", grown["text"])
        self.assertIn("What stands before them is what was sent", grown["text"])
        self.assertEqual(found["export"]["rows"], 13)
        self.upload(code=1)
        self.assertEqual(self.audit("--export", "claims.csv")["export"]["check"], "agrees")

    def test_rows_of_it_that_are_not_what_was_sent_are_named_as_ever(self):
        self.grow(export_text([claim_row(50)]).split("\n", 1)[1])
        forged = self.forge()
        forged.change(4, claim_fee="1")
        forged.redigest(4)
        forged.write()
        found = self.audit("--export", "claims.csv", code=1, ledger=None)
        self.assertNames(found, 4)

    def test_an_export_that_is_just_being_appended_to(self):
        self.grow("700000000050,,1,CL000")
        (grown,) = self.audit("--export", "claims.csv", code=1)["disagreements"]
        self.assertIn("was not looked at", grown["text"])

    def test_an_export_that_has_grown_by_blank_lines(self):
        self.grow("\n\n")
        found = self.audit("--export", "claims.csv")
        self.assertIn("has grown since it was sent, by no row", "".join(found["notes"]))

    def test_a_report_of_another_export(self):
        self.ws.export(claim_rows(10, first=100), name="other.csv")
        found = self.audit("--export", "other.csv", code=1)
        self.assertNames(found, *range(2, 12))

    def test_exports_that_cannot_be_read(self):
        self.refuse(66, "nowhere", arguments=(REPORT, "--export", "nowhere.csv"))
        self.refuse(66, "folder", arguments=(REPORT, "--export", "."))
        self.ws.write("bad.csv", b"\xff\xfe\0\0\0")
        self.refuse(65, "bad.csv", arguments=(REPORT, "--export", "bad.csv"))
        self.ws.write("text.csv", "a,b\n1,2\n")
        self.refuse(65, "text.csv", arguments=(REPORT, "--export", "text.csv"))

    def test_the_export_through_a_pipe(self):
        data = self.ws.read(self.ws.claims)
        result = self.ws.run("audit", REPORT, "--export", "-", input=data)
        self.assertExit(result, 0)


class Ledgers(AuditCase):
    def setUp(self):
        super().setUp()
        self.ws.export(claim_rows(6))
        self.upload("--limit", "3", code=4)

    def test_a_ledger_that_is_not_there(self):
        self.refuse(66, "nowhere.db", arguments=(REPORT, "--ledger", "nowhere.db"))
        self.assertFalse(os.path.exists(self.ws.file("nowhere.db")))
        found = self.audit(ledger=None)
        self.assertIn("no ledger", found["notes"][0])
        self.assertEqual(found["reports"][0]["ledger"], "not checked")

    def test_files_that_are_no_ledger(self):
        self.ws.write("text.db", "no ledger at all " * 100)
        self.ws.write("empty.db", "")
        for name, code in (("text.db", 78), ("empty.db", 66), ("claims.csv", 78)):
            with self.subTest(name):
                before = os.stat(self.ws.file(name))
                self.refuse(code, name, arguments=(REPORT, "--ledger", name))
                self.assertEqual(os.stat(self.ws.file(name)).st_size, before.st_size)

    def test_the_ledger_of_another_place(self):
        self.ws.export(claim_rows(2), name="b.csv")
        self.upload(*NEW_LEDGER, claims="b.csv", ledger="b.db")
        found = self.audit(ledger="b.db", code=1)
        self.assertIn("was made with ledger", found["disagreements"][0]["text"])
        self.assertEqual(found["reports"][0]["ledger"], "disagrees")

    def test_a_copy_of_a_report_whose_run_went_on(self):
        for suffix in ("", ".manifest.json"):
            shutil.copy(self.ws.file(REPORT + suffix), self.ws.file("old.csv" + suffix))
        self.upload()
        found = self.audit(code=1, reports=("old.csv",))
        self.assertEqual(len(found["disagreements"]), 1)
        self.assertIn("not its newest report", found["disagreements"][0]["text"])
        self.audit()

    def test_a_start_that_was_refused_leaves_the_report_true(self):
        report = self.refuse_for_space()
        how = {"ledger": "disk/ledger.db", "reports": (report,)}
        found = self.audit("--export", "b.csv", **how)
        self.assertEqual(found["reports"][0]["ledger"], "agrees")
        self.assertIn("that start ended before anything came of it", found["notes"][0])
        forged = self.forge(report)
        forged.change(3, outcome="rejected")
        forged.write()
        found = self.audit(code=1, **how)
        self.assertIn("not its newest report", found["disagreements"][0]["text"])

    def refuse_for_space(self):
        """A start that goes on with a run, and finds no room for what it needs. Returns the report."""
        disk = self.ws.file("disk")
        os.mkdir(disk)
        mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk]
        if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
            self.skipTest("no disk can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=True)
        self.ws.export(claim_rows(6), name="b.csv")
        how = {"claims": "b.csv", "ledger": "disk/ledger.db"}
        self.upload("--limit", "3", *NEW_LEDGER, code=4, **how)
        with open(os.path.join(disk, "filler"), "wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, shutil.disk_usage(disk).free - (8 << 20))
        self.upload(code=73, **how)
        return "b.report.csv"

    def test_a_run_that_was_interrupted_and_settled(self):
        self.fate(lose, 2)
        self.web.script = Turn(self.answer, lambda r: self.web.released.wait(20) and accept(r))
        self.resume_and_kill()
        found = self.audit(code=1)
        self.assertIn("the same command again", found["disagreements"][0]["text"])
        unknown = [r["row"] for r in self.unknown_rows()]
        self.resolve(unknown[0], "not-executed", code=3 if len(unknown) > 1 else 0)
        found = self.audit("--export", "claims.csv")
        self.assertEqual(found["reports"][0]["stopped_because"], "interrupted")
        self.web.script = accept
        self.upload(code=3 if len(unknown) > 1 else 0)
        self.audit("--export", "claims.csv")

    def resume_and_kill(self):
        before = len(self.web.requests)
        run = self.ws.start_upload(self.web)
        self.web.wait_for_requests(before + 2)
        run.end()
        self.web.released.set()

    def unknown_rows(self):
        options = ("--ledger", "ledger.db", "--gateway", self.web.url, "--json")
        return json.loads(self.ws.run("resolve", REPORT, *options).out)["unknown"]

    def test_the_audit_changes_nothing_and_waits_for_nobody(self):
        with contextlib.closing(sqlite3.connect(self.ws.ledger, isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            writer.execute("CREATE TABLE unseen (x)")
            self.audit()
            writer.execute("ROLLBACK")
        before = self.ws.read(self.ws.ledger)
        self.audit()
        self.assertEqual(self.ws.read(self.ws.ledger), before)

    def test_a_backup_of_the_ledger(self):
        copy = self.ws.file("backup.db")
        result = self.ws.run("status", "--ledger", "ledger.db", "--backup", copy)
        self.assertExit(result, 0)
        found = self.audit(ledger="backup.db")
        self.assertEqual(found["reports"][0]["ledger"], "agrees")
        forged = self.forge()
        forged.change(3, outcome="rejected")
        forged.write()
        self.assertNames(self.audit(ledger="backup.db", code=1), 3)

    def test_a_run_that_is_under_way(self):
        self.web.script = lambda r: self.web.released.wait(20) and accept(r)
        run = self.ws.start_upload(self.web)
        self.web.wait_for_requests(4)
        found = self.audit()
        self.assertIn("under way", found["notes"][0])
        self.web.released.set()
        self.assertExit(run.finish(), 0)
        self.audit()

    def test_a_run_that_was_pruned(self):
        self.upload()
        result = self.ws.run("status", "--ledger", "ledger.db", "--prune", "0")
        if result.code == 2:  # a day is the least
            with contextlib.closing(sqlite3.connect(self.ws.ledger)) as ledger:
                ledger.execute("UPDATE run SET finished_ms=1, started_ms=1")
                ledger.commit()
            result = self.ws.run("status", "--ledger", "ledger.db", "--prune", "1")
        self.assertExit(result, 0)
        found = self.audit("--export", "claims.csv")
        self.assertIn("pruned", found["notes"][0])

    def test_a_row_of_the_ledger_that_the_report_has_not(self):
        forged = self.forge()
        forged.rows = forged.rows[:2]
        forged.write()
        self.assertNames(self.audit(code=1), 4)


class Folds(AuditCase):
    """Several reports of one export are folded into the final state of each row."""

    def rerun_name(self, number=1):
        return f"claims.report.rerun-{number}.csv"

    def chain(self):
        """An upload, its re-run, and the re-run of that."""
        self.ws.export(claim_rows(20))
        self.fate(fail_surely, 3, 4, 5)
        self.fate(refuse, 8, 9)
        self.fate(lose, 11)
        self.upload("--retries", "0", code=3)
        self.fates.clear()
        self.fate(fail_surely, 5)
        self.fate(refuse, 8)
        self.rerun(REPORT, "--include", "rejected", "--retries", "0", code=1)
        self.fates.clear()
        self.rerun(self.rerun_name())
        return (REPORT, self.rerun_name(), self.rerun_name(2))

    def test_an_upload_and_its_reruns(self):
        reports = self.chain()
        found = self.audit("--export", "claims.csv", reports=reports)
        self.assertEqual(
            {name: s["rows"] for name, s in found["outcomes"].items() if s["rows"]},
            {"accepted": 18, "unknown": 1, "rejected": 1},
        )
        self.assertEqual([r["path"] for r in found["reports"]], list(reports))
        self.assertEqual([(r["row"], r["outcome"]) for r in found["open_rows"]], [(9, "rejected"), (12, "unknown")])
        rng = random.Random(5)
        for _ in range(3):  # whatever the order they are named in
            again = self.audit("--export", "claims.csv", reports=rng.sample(reports, 3))
            self.assertEqual(again, found)
        self.audit(reports=reports[1:])
        self.assertIn("none is missing", self.audit("--export", "claims.csv", reports=reports[1:])["notes"][0])

    def test_a_rerun_alone(self):
        self.chain()
        found = self.audit("--export", "claims.csv", reports=(self.rerun_name(),))
        self.assertEqual(found["rows"], 5)

    def test_unknown_wins_over_what_a_resend_says(self):
        self.ws.export(claim_rows(4))
        self.fate(lose, 2)
        self.upload(code=3)
        self.fates.clear()
        self.fate(refuse, 2)
        self.rerun(REPORT, "--include", "unknown", *WORDS, code=3)
        found = self.audit(reports=(REPORT, self.rerun_name()))
        self.assertEqual(found["outcomes"]["unknown"]["rows"], 1)

    def test_a_row_of_a_rerun_that_its_parent_has_not(self):
        reports = self.chain()
        forged = self.forge(reports[1])
        forged.rows.append({**forged.rows[-1], "row": "99"})
        forged.write()
        found = self.audit(code=1, ledger=None, reports=reports)
        self.assertNames(found, 99)
        self.assertIn("other reports", {d["against"] for d in found["disagreements"]})

    def test_a_row_accepted_twice(self):
        reports = self.chain()
        forged = self.forge(REPORT)
        forged.change(4, outcome="accepted", http_status="200")
        forged.write()
        found = self.audit(code=1, ledger=None, reports=reports)
        self.assertNames(found, 4)
        self.assertIn("executed twice", found["disagreements"][0]["text"])

    def test_a_rerun_of_other_content(self):
        reports = self.chain()
        forged = self.forge(reports[1])
        forged.change(4, claim_fee="1")
        forged.redigest(4)
        forged.write()
        found = self.audit(code=1, ledger=None, reports=reports)
        self.assertNames(found, 4)

    def test_reports_that_do_not_belong_together(self):
        reports = self.chain()
        forged = self.forge(REPORT)
        forged.manifest["parent_run"] = self.forge(reports[1]).manifest["run"]
        forged.write_manifest()
        self.refuse(65, "name each other as parents", arguments=reports)
        os.unlink(self.ws.file(REPORT + ".manifest.json"))
        self.refuse(65, "no manifest", arguments=reports)

    def test_a_report_and_the_one_that_replaced_it(self):
        self.ws.export(claim_rows(6))
        self.upload("--limit", "3", code=4)
        for suffix in ("", ".manifest.json"):
            shutil.copy(self.ws.file(REPORT + suffix), self.ws.file("old.csv" + suffix))
        self.upload()
        for reports in ((REPORT, "old.csv"), ("old.csv", REPORT)):
            found = self.audit(reports=reports)
            self.assertEqual(found["outcomes"]["accepted"]["rows"], 6)
            self.assertIn("'old.csv' is an older report", "".join(found["notes"]))

    def copy(self, name="copy.csv"):
        for suffix in ("", ".manifest.json"):
            shutil.copy(self.ws.file(REPORT + suffix), self.ws.file(name + suffix))
        return name

    def test_a_report_that_is_named_twice_counts_once(self):
        reports = self.chain()
        once = self.audit(reports=reports)
        copy = self.copy()
        for again in (REPORT, "./" + REPORT, copy):
            for order in ([*reports, again], [again, *reports]):
                found = self.audit(reports=order)
                self.assertEqual(found["outcomes"], once["outcomes"])
                self.assertEqual(len(found["reports"]), len(reports))
                self.assertIn("it counts once", "".join(found["notes"]))

    def test_a_copy_that_was_changed_is_left_out_and_named(self):
        self.ws.export(claim_rows(4))
        self.upload()
        once = self.audit()
        copy = self.copy()
        forged = self.forge(copy)
        forged.change(3, claim_fee="1")
        forged.write_report()
        for order in ((REPORT, copy), (copy, REPORT)):
            found = self.audit(code=1, reports=order)
            self.assertEqual(found["outcomes"], once["outcomes"])
            self.assertIn("'copy.csv' ", found["disagreements"][0]["text"])
        forged.redigest(3)
        forged.write()
        found = self.audit(code=1, reports=(REPORT, copy))
        self.assertIn("neither replaced the other", found["disagreements"][0]["text"])

    def test_an_export_that_was_uploaded_from_a_copy_of_its_folder_as_well(self):
        self.ws.export(claim_rows(8))
        self.upload()
        os.makedirs(self.ws.file("other"))
        shutil.copy(self.ws.file("claims.csv"), self.ws.file("other"))
        self.upload(claims="other/claims.csv")
        self.assertIn("and sent nothing", self.audit()["notes"][0])
        self.audit(reports=("other/" + REPORT,))
        self.upload("--resubmit", "--by", "A", "--reason", "B", claims="other/claims.csv")
        found = self.audit(code=1)
        self.assertIn("was started again", found["disagreements"][0]["text"])

    def go_on_twice(self):
        """A folder is copied in the middle of a run, and either goes on with it."""
        self.ws.export(claim_rows(8))
        self.upload("--limit", "2", code=4)
        other = self.ws.file("other")
        shutil.copytree(self.ws.path, other)
        self.upload("--limit", "2", code=4)
        os.rename(self.ws.ledger, self.ws.file("aside.db"))  # as on another host
        self.upload(claims="other/claims.csv", ledger="other/ledger.db")
        os.rename(self.ws.file("aside.db"), self.ws.ledger)
        return REPORT, "other/" + REPORT

    def test_two_copies_of_a_ledger_that_went_on_with_one_run(self):
        reports = self.go_on_twice()
        for code in (4, 0):
            self.upload(*("--limit", "2") if code else (), code=code)
            for order in (reports, reports[::-1]):
                found = self.audit(code=1, ledger=None, reports=order)
                self.assertNames(found, *range(4, 8 if code else 10))
                self.assertIn("executed twice", found["disagreements"][0]["text"])
            folders = self.ws.run("audit", ".", "other")
            self.assertExit(folders, 1)
            self.assertIn("executed twice", " ".join(folders.out.split()))

    def test_rows_that_were_sent_again_on_purpose(self):
        self.ws.export(claim_rows(4))
        self.upload()
        copy = self.copy()
        self.upload("--resubmit", *WORDS)
        self.audit(reports=(copy, REPORT))

    def test_too_many_reports(self):
        self.refuse(2, "at most 64", arguments=[f"{i}.csv" for i in range(65)])


class Refusals(AuditCase):
    def test_what_is_no_report(self):
        self.ws.export(claim_rows(3))
        self.refuse(65, "first line is not that of a report", arguments=("claims.csv",))
        for name, data in (
            ("empty.csv", b""),
            ("nul.csv", b"\0" * 1000),
            ("binary.csv", os.urandom(100000)),
            ("bom.csv", b"\xef\xbb\xbf"),
        ):
            with self.subTest(name):
                self.ws.write(name, data)
                self.refuse(65, name, arguments=(name,))

    def test_what_cannot_be_opened(self):
        os.mkfifo(self.ws.file("fifo"))
        os.symlink("nowhere", self.ws.file("link"))
        self.refuse(66, "nothing.csv", arguments=("nothing.csv",))
        for name in ("fifo", "link", ".", "/dev/zero", "/dev/null", "-"):
            with self.subTest(name):
                self.refuse(66, name, arguments=(name,))

    def test_wrong_usage(self):
        self.refuse(2, "audit", arguments=())
        self.refuse(2, "--jsn", arguments=("--jsn", REPORT))
        self.refuse(2, "standard output", arguments=("--json", "--html", "-", REPORT))

    def test_a_report_that_a_spreadsheet_saved(self):
        self.ws.export(claim_rows(3))
        self.upload()
        with open(self.ws.report, encoding="utf-8-sig") as file:
            text = file.read()
        self.ws.write("saved.csv", text.replace("\n", "\r\n").encode("gbk"))
        self.refuse(65, "spreadsheet", arguments=("saved.csv",))

    def test_a_report_cut_short(self):
        self.ws.export(claim_rows(30))
        self.upload()
        data = self.ws.read(self.ws.report)
        for size in (len(data) - 1, len(data) - 20, len(data) // 2, data.index(b"\n") + 1):
            with self.subTest(size):
                self.ws.write(REPORT, data[:size])
                found = self.audit(code=1)
                rows = data[:size].count(b"\n") - 1
                self.assertEqual(found["rows"], rows)
        self.ws.write(REPORT, data[:40])
        self.refuse(65, "no report")

    def test_hostile_cells(self):
        self.ws.export(claim_rows(3))
        self.upload()
        data = self.ws.read(self.ws.report)
        head, row = data[: data.index(b"\n") + 1], data.splitlines(keepends=True)[1]
        for name, rest in {
            "a huge cell": row.replace(b"ok", b"x" * 900000),
            "a cell beyond all": row.replace(b"ok", b"x" * 3000000),
            "no line end for ever": b"1," * 2000000,
            "many cells": b"2" + b"," * 100000 + b"\n",
            "few cells": b"2,3\n",
            "a quote that never ends": b'2,"' + b"x\n" * 1000,
            "NUL": row.replace(b"ok", b"o\0k"),
            "half a character": row.replace(b"ok", b"\xe7\x90"),
            "blank lines": b"\n" * 100000 + row,
        }.items():
            with self.subTest(name):
                self.ws.write(REPORT, head + rest)
                found = self.audit(code=1)
                self.assertGreater(found["disagreements_found"], 0)
                self.assertExit(self.ws.run("audit", REPORT), 1)


class Large(TestCase):
    """Memory does not depend on the number of rows."""

    def write_report(self, rows, outcome=lambda at: "unknown"):
        """Written by hand, so that no gateway has to answer. There is no manifest: it disagrees."""
        with open(self.ws.report, "w", encoding="utf-8") as file:
            file.write("\ufeff" + ",".join(REPORT_COLUMNS) + "\n")
            for at in range(rows):
                file.write(
                    f"{at + 2},{7000000000 + at},,1,CL{at:010d},1,2026-01-02 03:04:05,{100 + at},"
                    f"{outcome(at)},C{at},,no answer,,1,,,2026-01-02T03:04:05.{at % 1000:03d}+08:00,30,"
                    f"{at:032x}\n"
                )

    def peak(self, *arguments):
        """Between two programs, because a process begins with the peak of the one that started it."""
        answer = subprocess.run(
            [sys.executable, "-I", "-S", "-c", MEASURE, release_binary(), "audit", *arguments],
            cwd=self.ws.path,
            env=self.ws.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        code, kib = answer.stdout.split()
        self.assertEqual(int(code), 1)
        return int(kib)

    def test_of_too_many_rows_the_most_urgent_are_kept(self):
        outcomes = ["invalid"] * 3000 + ["rejected"] * 3000 + ["unknown"] * 100 + ["failed"] * 10
        self.write_report(len(outcomes), outcome=outcomes.__getitem__)
        result = self.ws.run("audit", "--json", REPORT)
        self.assertExit(result, 1)
        found = json.loads(result.out)
        rows = [(row["row"], row["outcome"]) for row in found["open_rows"]]
        self.assertEqual(rows, sorted(rows))
        counts = collections.Counter(outcome for _, outcome in rows)
        self.assertEqual(counts, {"unknown": 100, "rejected": 3000, "failed": 10, "invalid": 1890})
        self.assertEqual(found["open_rows_left_out"], 1110)
        self.assertEqual([row for row, o in rows if o == "invalid"], list(range(2, 1892)))

    def test_memory_is_bounded(self):
        """Each row needs a person, has a code of its own, and disagrees."""
        peaks = []
        for rows in (20000, 1000000 if long_form() else 100000):
            self.write_report(rows)
            peaks.append(self.peak("--html", "page.html", REPORT))
        self.assertLess(peaks[1] - peaks[0], 2048, peaks)
        self.assertLess(peaks[1], 64 * 1024)


class Text(AuditCase):
    def test_the_text_says_it_all_in_lines_that_fit(self):
        self.upload_all_kinds()
        result = self.ws.run("audit", REPORT, "--ledger", "ledger.db", "--export", "claims.csv")
        self.assertExit(result, 0)
        self.assertTrue(result.out.startswith("verdict: everything that was checked agrees\n"))
        for piece in ("unknown", "rejected", "latency", "p99", "answered a second", "yuan", "do: "):
            self.assertIn(piece, result.out)
        self.assertNotRegex(result.out, r"\d(rows?|calls)\b")
        self.assertRegex(result.out, r"\n    \d+ rows, \d+ bytes\n")
        for line in result.out.splitlines():
            width = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
            self.assertLessEqual(width, 80, line)

    def test_what_disagrees_is_on_top(self):
        self.upload_all_kinds()
        forged = self.forge()
        forged.change(10, claim_fee="1")
        forged.write_report()
        result = self.ws.run("audit", REPORT, "--ledger", "ledger.db")
        self.assertExit(result, 1)
        first, second = result.out.splitlines()[:2]
        self.assertIn("NOT TRUE", first)
        self.assertIn("row 10 of claims.report.csv", second)

    def test_nothing_from_outside_reaches_the_terminal_as_it_is(self):
        evil = "\x1b[31mred\u202e\u0085\u2028"
        rows = claim_rows(2)
        rows[0].update(claim_status="2", claim_fee="0", claim_desc=evil.replace("\x1b", "").replace("\u0085", ""))
        rows[1].update(claim_fee=evil)
        self.ws.export(rows)
        self.fate(lambda r: refuse(r, msg_info=evil), 1)
        self.upload(code=1)
        forged = self.forge()
        forged.change(2, claim_order_no=evil, submitted_at=evil, outcome=evil)
        forged.write_report()
        forged.manifest.update(stopped_because=evil, command=evil)
        forged.write_manifest()
        name = "\x1b]0;x\x07.csv"
        os.rename(self.ws.report, self.ws.file(name))
        os.rename(self.ws.report + ".manifest.json", self.ws.file(name + ".manifest.json"))
        result = self.ws.run("audit", name, "--ledger", "ledger.db")
        self.assertExit(result, 1)
        for c in result.out + result.err:
            self.assertFalse(unicodedata.category(c) in ("Cc", "Cf", "Zl") and c != "\n", repr(result))

    def test_many_disagreements_are_counted_and_the_first_shown(self):
        self.ws.export(claim_rows(1500))
        self.upload()
        forged = self.forge()
        for row in forged.rows:
            row["claim_fee"] = "1"
        forged.write_report()
        found = self.audit(code=1, ledger=None)
        self.assertGreaterEqual(found["disagreements_found"], 1500)
        self.assertEqual(len(found["disagreements"]), 1000)
        result = self.ws.run("audit", REPORT)
        self.assertLess(len(result.out.splitlines()), 400)
        self.assertIn("more: see --json", result.out)


if __name__ == "__main__":
    unittest.main()
