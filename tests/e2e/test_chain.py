"""Upload, rerun, resolve and rerun again while the gateway misbehaves: every row is accepted in the end or
explained, and what an audit of all reports says is what the gateway's journal says (design section 2)."""

import csv
import io
import json
import unittest

from harness import APP_KEY, TestCase, claim_row, only_long

WORDS = ("--by", "claims-desk", "--reason", "the platform's support looked it up")
# Of each class some, at most phases of a call; those that stop a run end one of the reruns early.
FAULTS = {
    "isp-unavailable": 0.1,
    "code-1": 0.1,
    "all-rejected": 0.1,
    "executed-close": 0.04,
    "unexecuted-reset": 0.04,
    "executed-cut": 0.04,
    "unexecuted-cut-header": 0.03,
    "executed-html": 0.03,
    "http-502": 0.03,
    "executed-missing-is-success": 0.03,
    "isp-other": 0.03,
    "raw-control": 0.05,
    "http-404": 0.01,
}
ROUNDS = 30


class ChainCase(TestCase):
    def rows(self, count):
        """Most claims stand once, some two or three times with other content or the same, and some
        rows break a rule."""
        rows = []
        for number in range(1, count + 1):
            rows.append(claim_row(number))
            if number % 7 == 0:
                rows.append(claim_row(number, claim_fee=str(5000 + number)))
            if number % 14 == 0:
                rows.append(claim_row(number, claim_fee=str(9000 + number)))
            if number % 10 == 0 and number % 7:
                rows.append(claim_row(number))
            if number % 25 == 0:
                rows.append(claim_row(1000 + number, claim_fee="x"))
        return rows

    def key(self, line):
        return int(line["workcard_id"]), line["claim_order_no"]

    def type(self, *arguments):
        """Runs a command to its end."""
        return self.ws.run(*arguments)

    def was_executed(self, line):
        """What the support finds: whether a call with this content was executed."""
        return any(
            entry["executed"]
            and self.key(entry["claim"]) == self.key(line)
            and str(entry["claim"]["claim_fee"]) == line["claim_fee"]
            for entry in self.box.journal
        )

    def settle(self, report):
        """The list for the support comes back filled in. Rows that wait for others are not in it."""
        place = ("-L", "ledger.db", "-g", self.box.url)
        listed = self.type("resolve", report, *place, "-o", "list.csv", "--overwrite")
        self.assertIn(listed.code, (0, 3), repr(listed))
        with open(self.ws.file("list.csv"), encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            lines, header = list(reader), reader.fieldnames
        by_row = {line["row"]: line for line in self.ws.read_report(report)}
        for line in lines:
            line["as"] = "accepted" if self.was_executed(by_row[line["row"]]) else "not-executed"
        text = io.StringIO()
        writer = csv.DictWriter(text, header)
        writer.writeheader()
        writer.writerows(lines)
        # As a spreadsheet in Chinese saves it.
        self.ws.write("list.csv", text.getvalue().encode("gb18030"))
        if lines:
            settled = self.type("resolve", report, *place, "--from", "list.csv", *WORDS)
            self.assertIn(settled.code, (0, 3), repr(settled))

    batch = 1  # most claims of a call

    def rerun(self, report):
        return self.type(
            "rerun", report, "-L", "ledger.db", "-g", self.box.url, "--app-key", APP_KEY,
            "--app-secret-file", "secret", "--retries", 1, "--include", "rejected",
            "--batch", self.batch,
        )  # fmt: skip

    def outcomes(self, reports):
        """The final outcome of each row, as whoever reads the reports one after the other knows it."""
        final = {}
        for report in reports:
            for line in self.ws.read_report(report):
                if final.get(int(line["row"]), ("",))[0] != "accepted":
                    final[int(line["row"])] = (line["outcome"], line["code"], line)
        return final

    def upload(self, *options):
        own = ("--retries", 0, "-c", 8, "--batch", self.batch)
        return self.type(*self.ws.upload_arguments(self.box, *own, *options))

    def begin(self):
        first = self.upload()
        self.assertNotEqual(first.code, 0, repr(first))

    def run_chain(self, count, seed, *options):
        options += tuple(f for name, p in FAULTS.items() for f in ("--fault", f"{name}={p}"))
        self.box = self.sandbox("--seed", seed, *options)
        self.ws.export(self.rows(count))
        self.begin()
        reports = ["claims.report.csv"]
        for number in range(1, ROUNDS):
            self.settle(reports[-1])
            result = self.rerun(reports[-1])
            name = f"claims.report.rerun-{number}.csv"
            if "no row of the report is to be sent" in result.err:
                # Only the first report holds the rows that break a rule.
                bad = any(line["outcome"] == "invalid" for line in self.ws.read_report(reports[-1]))
                self.assertExit(result, 1 if bad else 0)
                break
            self.assertIn(result.code, (0, 1, 3, 4, 69), repr(result))
            reports.append(name)
        else:
            self.fail(f"no end after {ROUNDS} reruns")
        return reports

    def assertExplained(self, reports):
        for row, (outcome, code, line) in self.outcomes(reports).items():
            if outcome == "skipped":
                self.assertIn(code, ("ALREADY_ACCEPTED", "DUPLICATE_IN_FILE", "SUPERSEDED"))
            elif outcome == "invalid":
                self.assertEqual(line["claim_fee"], "x")
            else:
                self.assertEqual(outcome, "accepted", f"row {row}: {line}")

    def assertExecuted(self, most=1):
        """No content was executed more often than that, and the rows of a claim in their order. Returns
        what was executed, by claim."""
        executed = {}
        for entry in self.box.journal:
            if entry["executed"]:
                executed.setdefault(self.key(entry["claim"]), []).append(entry["claim"]["claim_fee"])
        for key, fees in executed.items():
            self.assertLessEqual(max(map(fees.count, fees)), most, f"{key}: {fees}")
            self.assertEqual(fees, sorted(fees), f"{key}: {fees}")
        return executed

    def assertAudited(self, reports, executed):
        audit = self.ws.run(
            "audit", *reports, "-L", "ledger.db", "--export", "claims.csv", "--json", seconds=120
        )
        said = json.loads(audit.out)
        self.assertEqual(said["disagreements"], [], audit.out[:4000])
        final = self.outcomes(reports)
        accepted = [line for outcome, _, line in final.values() if outcome == "accepted"]
        self.assertEqual(said["outcomes"]["accepted"]["rows"], len(accepted))
        sent = {(key, fee) for key, fees in executed.items() for fee in fees}
        told = {(self.key(line), int(line["claim_fee"])) for line in accepted}
        self.assertEqual(told, sent)


class ChainTest(ChainCase):
    def check(self, count, seed):
        reports = self.run_chain(count, seed)
        # How many reruns it takes is chance, the fewer the more claims a call has; that it takes one is not.
        self.assertGreater(len(reports), 1)
        self.assertExplained(reports)
        self.assertAudited(reports, self.assertExecuted())

    def test_a_chain_under_faults_ends_well_and_the_audit_agrees_with_the_journal(self):
        self.check(60, 5)

    def test_a_chain_with_several_claims_a_call_ends_well_too(self):
        self.batch = 6
        self.check(60, 5)

    @only_long
    def test_many_chains(self):
        for seed in range(100, 120):
            with self.subTest(seed):
                self.setUp()
                self.check(150, seed)


if __name__ == "__main__":
    unittest.main()
