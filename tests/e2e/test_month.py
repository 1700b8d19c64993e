"""audit over many exports (contract section 9): each claim once in its final state, rows and money by
day, what changed, what is open, and what disagrees between exports."""

import csv
import io
import json
import os
import re
import time
import unittest

from forger import Forgery
from harness import accept, claim_row, claim_rows, fail, lose, refuse
from test_clock import BEIJING_MS, DAY_MS, ClockCase

OFFSETS = (-5, -4, -2)  # days; on the third day back there was no run
CSV_COLUMNS = (
    "platform", "app_key", "workcard_id", "claim_order_no", "claim_status", "claim_fee", "outcome", "code",
    "message", "accepted_fee", "first_accepted_fee", "changes", "rows", "day", "report", "row",
)  # fmt: skip


def now_ms():
    return time.time_ns() // 1000000


def day_name(day):
    return time.strftime("%Y-%m-%d", time.gmtime(day * 86400))


class MonthCase(ClockCase):
    """Three exports on three days, of which the later ones repeat and correct the first."""

    def setUp(self):
        super().setUp()
        self.today = (now_ms() + BEIJING_MS) // DAY_MS
        os.mkdir(self.ws.file("reports"))
        self.fates = {5: refuse, 6: lose}
        self.web = self.gateway(lambda request: self.fates.get(int(request.key[1][2:]), accept)(request), check=False)
        self.send(0, claim_rows(6), 3)
        self.fates.pop(5)
        self.send(1, [claim_row(1), claim_row(2, claim_fee="150"), claim_row(5), claim_row(7, claim_fee="?"), claim_row(8)], 1)
        self.fates[9] = fail(15, "isp.call-limited")
        self.send(2, [claim_row(2, claim_fee="175"), claim_row(9)], 1)
        self.days = [day_name(self.today + offset) for offset in range(OFFSETS[0], OFFSETS[-1] + 1)]

    def send(self, nth, rows, code):
        noon_ms = (self.today + OFFSETS[nth]) * DAY_MS + DAY_MS // 2 - BEIJING_MS
        self.set_clock(noon_ms - now_ms())
        name = f"day{nth}.csv"
        self.ws.export(rows, name=name)
        result = self.upload(self.web, "--retries", "0", "--report-dir", "reports", claims=name)
        self.assertExit(result, code)

    def report(self, nth):
        return f"reports/day{nth}.report.csv"

    def audit(self, *arguments, code=0, paths=("reports",)):
        result = self.ws.run("audit", *arguments, "--ledger", "ledger.db", *paths)
        self.assertExit(result, code)
        return result

    def month(self, code=0, paths=("reports",)):
        return json.loads(self.audit("--json", code=code, paths=paths).out)["month"]

    def claims(self, *arguments, code=0, paths=("reports",)):
        text = self.audit("--csv", "-", *arguments, code=code, paths=paths).out
        self.assertTrue(text.startswith("\ufeff"))
        lines = list(csv.reader(io.StringIO(text[1:], newline=""), strict=True))
        self.assertEqual(tuple(lines[0]), CSV_COLUMNS)
        # Two columns are named row and rows, none twice.
        return {line[3]: dict(zip(CSV_COLUMNS, line)) for line in lines[1:]}


class Claims(MonthCase):
    def test_its_days_fit_60_columns_and_no_amount_is_made_up(self):
        said = self.audit().out
        days = re.findall(r"(?m)^  (?:day|\d{4}-\d\d-\d\d) .*$", said)
        self.assertEqual(len(days), 5)
        self.assertLessEqual(max(map(len, days)), 60)
        self.assertRegex(said, r"(?m)^  invalid 'CL00000007', amount not known, ")
        self.assertRegex(said, r"(?m)^  invalid +1$")

    def test_each_claim_counts_once_in_its_final_state(self):
        found = self.month()
        self.assertTrue(found["agrees"])
        self.assertEqual((found["exports"], found["reports"], found["rows"], found["claims"]), (3, 3, 13, 9))
        states = {name: (sum_["rows"], sum_["fee_fen"]) for name, sum_ in found["claim_outcomes"].items() if sum_["rows"]}
        self.assertEqual(
            states,
            {"accepted": (6, 101 + 175 + 103 + 104 + 105 + 108), "unknown": (1, 106), "invalid": (1, 0), "failed": (1, 109)},
        )
        self.assertEqual(found["claims_accepted"], {"claims": 6, "fee_fen": 101 + 175 + 103 + 104 + 105 + 108})
        self.assertEqual([c["claim_order_no"] for c in found["open"]], ["CL00000006", "CL00000009", "CL00000007"])

    def test_a_changed_amount_is_told_with_before_and_after(self):
        found = self.month()
        self.assertEqual(found["changed_claims"], 1)
        self.assertEqual((found["changed_before_fen"], found["changed_after_fen"]), (102, 175))
        (changed,) = found["changed"]
        self.assertEqual(
            (changed["claim_order_no"], changed["first_accepted_fee_fen"], changed["accepted_fee_fen"], changed["changes"]),
            ("CL00000002", 102, 175, 2),
        )

    def test_a_clock_that_was_years_ahead_is_one_more_day(self):
        self.today += 1500
        self.send(2, [claim_row(20)], 0)
        days = [d["day"] for d in self.month()["days"]]
        self.assertEqual(days, [*self.days, day_name(self.today + OFFSETS[2])])

    def test_rows_and_money_by_day_app_key_outcome_and_status(self):
        found = self.month()
        days = found["days"]
        self.assertEqual([d["day"] for d in days], self.days)
        self.assertEqual([d["runs"] for d in days], [1, 1, 0, 1])
        self.assertEqual([d["outcomes"]["accepted"]["rows"] for d in days], [4, 3, 0, 1])
        self.assertEqual([d["outcomes"]["accepted"]["fee_fen"] for d in days], [410, 363, 0, 175])
        self.assertEqual([d["open_claims"] for d in days], [1, 1, 0, 1])
        sums = found["sums"]
        self.assertEqual(sum(s["rows"] for s in sums), 13)
        self.assertEqual({(s["platform"], s["app_key"]) for s in sums}, {(self.web.url, "12345678")})
        self.assertEqual({s["claim_status"] for s in sums if s["outcome"] == "invalid"}, {None})
        self.assertEqual({s["claim_status"] for s in sums if s["outcome"] != "invalid"}, {1})

    def test_one_line_a_claim_as_csv(self):
        claims = self.claims()
        self.assertEqual(len(claims), 9)
        two = claims["CL00000002"]
        self.assertEqual(
            (two["outcome"], two["claim_fee"], two["accepted_fee"], two["first_accepted_fee"], two["changes"], two["rows"]),
            ("accepted", "175", "175", "102", "2", "3"),
        )
        self.assertEqual((two["report"], two["row"], two["day"]), (self.report(2), "2", self.days[3]))
        one = claims["CL00000001"]
        self.assertEqual((one["outcome"], one["code"], one["rows"], one["day"]), ("accepted", "", "2", self.days[0]))
        self.assertEqual((claims["CL00000007"]["claim_fee"], claims["CL00000007"]["accepted_fee"]), ("", ""))

    def test_a_file_of_claims_takes_only_the_place_of_its_like(self):
        for name in (self.report(0), "day0.csv", "ledger.db"):
            with self.subTest(name):
                self.audit("--csv", name, code=73)
        for _ in range(2):
            self.audit("--csv", "claims-of-month.csv")
        self.assertEqual(self.ws.mode("claims-of-month.csv"), 0o600)
        self.audit("--csv", "-", "--json", code=2)

    def test_the_claims_of_one_report(self):
        claims = self.claims(paths=(self.report(0),))
        self.assertEqual(len(claims), 6)
        self.assertEqual(claims["CL00000005"]["outcome"], "rejected")

    def test_text_tells_days_sums_and_each_export(self):
        text = self.audit().out
        self.assertIn(f"{self.days[0]} to {self.days[3]}: 3 exports, 3 reports", text)
        self.assertIn(f"{self.days[2]}  no run", text)
        self.assertIn("verdict: everything that was checked agrees", text)
        self.assertIn("'CL00000002': 1.02 yuan first, 1.75 yuan now", text)
        for nth in range(3):
            self.assertIn(f"== 'day{nth}.csv' of ", text)

    def test_reports_that_are_named_are_taken_as_those_of_a_folder(self):
        paths = tuple(self.report(nth) for nth in (2, 0, 1))
        found, folder = self.month(paths=paths), self.month()
        self.assertEqual(found, folder)


class Disagreements(MonthCase):
    def forge(self, nth):
        return Forgery(self.ws.file(self.report(nth)))

    def test_an_edited_report_is_named_and_the_others_count(self):
        forged = self.forge(1)
        forged.change(2, message="edited")
        forged.write_report()
        found = self.month(code=1)
        self.assertFalse(found["agrees"])
        self.assertEqual(found["claims"], 9)
        self.assertIn("NOT TRUE", self.audit(code=1).out)

    def test_a_claim_that_two_exports_sent_with_one_content(self):
        forged = self.forge(1)
        forged.change(2, outcome="accepted", code="", message="", attempts="1", http_status="200",
                      request_id="r-other", submitted_at=forged.find(6)["submitted_at"], duration_ms="1")  # fmt: skip
        forged.write()
        found = self.month(code=1)
        self.assertEqual(len(found["between_exports"]), 1, found["between_exports"])
        self.assertIn("'CL00000001' was accepted with one content by row 2 of", found["between_exports"][0])
        self.assertIn("executed twice", found["between_exports"][0])

    def test_a_request_id_that_stands_in_two_exports(self):
        forged = self.forge(2)
        forged.change(2, request_id=self.forge(0).find(3)["request_id"])
        forged.write()
        found = self.month(code=1)
        self.assertEqual(len(found["between_exports"]), 1, found["between_exports"])
        self.assertIn("stands on row 3 of", found["between_exports"][0])

    def test_a_report_that_cannot_be_read_does_not_keep_the_others_from_it(self):
        with open(self.ws.file(self.report(2)), "r+b") as file:
            file.truncate(0)
        result = self.audit("--json", code=65)
        found = json.loads(result.out)
        self.assertEqual([e is None for e in found["exports"]], [False, False, True])
        self.assertEqual(found["month"]["claims"], 8)
        self.assertIn("NOT AUDITED", self.audit(code=65).out)


if __name__ == "__main__":
    unittest.main()
