"""Claims that come again with other numbers are not paid again."""

import unittest

from harness import DaysCase, Reply, accept, claim_row, claim_rows, http


def renumbered(rows):
    return [dict(row, claim_order_no="TM-" + row["claim_order_no"]) for row in rows]


class OtherNumberTest(DaysCase):
    def test_numbers_with_a_prefix_are_not_sent(self):
        rows = claim_rows(25)
        self.assertExit(self.day(rows), 0)
        result = self.day(renumbered(rows))
        self.assertExit(result, 4)
        number = rows[0]["claim_order_no"]
        self.assertSays(
            result,
            "claims were sent before with other numbers, the same otherwise: 25 of 25 that were "
            f"looked at, the first in row 2, 'TM-{number}', then '{number}'",
            "next: once claim_order_no is as it was",
        )
        self.assertEqual(len(self.gate.requests), 25)
        self.assertEqual(self.ws.read_manifest()["stopped_because"], "other-order-no")
        self.assertExit(self.day(claim_rows(26)), 0)
        self.assertEqual(len(self.gate.requests), 26)

    def test_numbers_that_have_nothing_in_common_are_not_sent(self):
        self.assertExit(self.day(claim_rows(25)), 0)
        others = [dict(row, claim_order_no=f"N{i:05}") for i, row in enumerate(claim_rows(25))]
        self.assertExit(self.day(others), 4)
        self.assertEqual(len(self.gate.requests), 25)

    def test_a_dry_run_says_so(self):
        self.assertExit(self.day(claim_rows(25)), 0)
        self.ws.export(renumbered(claim_rows(25)))
        result = self.ws.upload(self.gate, "--dry-run")
        self.assertExit(result, 0)
        self.assertIn("nothing would be sent: claims were sent before with other numbers", result.out)

    def test_an_unknown_attempt_counts_as_well(self):
        self.gate.script = lambda request: Reply(http("", status=500))
        self.assertExit(self.day(claim_rows(25)), 3)
        sent = len(self.gate.requests)
        self.assertExit(self.day(renumbered(claim_rows(25))), 4)
        self.assertEqual(len(self.gate.requests), sent)

    def test_other_content_of_the_same_work_orders_is_sent(self):
        self.assertExit(self.day(claim_rows(25)), 0)
        rows = [dict(row, claim_fee=str(90000 + i)) for i, row in enumerate(renumbered(claim_rows(25)))]
        result = self.day(rows)
        self.assertExit(result, 0)
        self.assertNotIn("other numbers", result.err)
        self.assertEqual(len(self.gate.requests), 50)

    def test_a_few_among_many_new_ones_are_sent_and_named(self):
        self.assertExit(self.day(claim_rows(25)), 0)
        result = self.day(claim_rows(40, 100) + renumbered(claim_rows(3)))
        self.assertExit(result, 0)
        self.assertSays(result, "warning: claims were sent before with other numbers", "3 of 43 that")
        self.assertEqual(len(self.gate.requests), 68)

    def test_a_small_export_is_told_of_as_well(self):
        self.assertExit(self.day(claim_rows(3)), 0)
        result = self.day(renumbered(claim_rows(3)))
        self.assertExit(result, 0)
        self.assertSays(result, "warning: claims were sent before with other numbers", "3 of 3 that")

    def test_who_has_both_numbers_has_two_claims(self):
        self.assertExit(self.day(claim_rows(25)), 0)
        result = self.day(claim_rows(25) + renumbered(claim_rows(25)))
        self.assertExit(result, 0)
        self.assertNotIn("other numbers", result.err)
        self.assertEqual(len(self.gate.requests), 50)

    def test_what_a_person_says_to_send_again_has_its_own_number(self):
        self.assertExit(self.day(claim_rows(1, 500)), 0)
        self.gate.script = lambda request: Reply(http("", status=500))
        self.assertExit(self.day(claim_rows(25), "--retries", "0"), 3)
        self.gate.script = accept
        words = ("--by", "Li", "--reason", "the platform has none of them")
        rows = [*claim_rows(25), claim_row(600)]
        for option in ("--resend-unknown", "--resubmit"):
            rows.append(claim_row(len(rows) + 700))
            result = self.day(rows, option, *words)
            self.assertExit(result, 0)
            self.assertNotIn("other numbers", result.err)
        self.assertEqual(len(self.gate.requests), 1 + 25 + 27 + 28)

    def test_a_rerun_of_unknown_rows_has_their_numbers(self):
        self.assertExit(self.day(claim_rows(1, 500), name="other.csv"), 0)
        self.gate.script = lambda request: Reply(http("", status=500))
        self.assertExit(self.day(claim_rows(25), "--retries", "0"), 3)
        self.gate.script = accept
        arguments = self.ws.upload_arguments(self.gate, "--include", "unknown", claims="claims.report.csv")
        result = self.ws.run("rerun", *arguments[1:], "--by", "Li", "--reason", "none was executed")
        self.assertExit(result, 0)
        self.assertNotIn("other numbers", result.err)
        self.assertEqual(len(self.gate.requests), 51)

    def test_of_many_rows_some_are_looked_at_wherever_they_stand(self):
        known = claim_rows(1000)
        self.assertExit(self.day(known, "-c", "64"), 0)
        result = self.day(claim_rows(1000, 2000) + renumbered(known), "-c", "64")
        self.assertExit(result, 4)
        self.assertSays(result, "of 500 that were looked at")
        self.assertEqual(len(self.gate.requests), 1000)

    def test_a_few_of_a_sample_tell_of_themselves_alone(self):
        self.assertExit(self.day(claim_rows(8)), 0)
        result = self.day(renumbered(claim_rows(8)) + claim_rows(992, 2000), "--max-changed", "5", "--dry-run")
        self.assertExit(result, 0)
        self.assertSays(result, "warning: claims were sent before with other numbers", "4 of 500 that")
        self.assertNotIn("nothing would be sent", result.out)

    def test_a_run_that_was_cut_goes_on_with_both_numbers(self):
        self.assertExit(self.day(claim_rows(1, 500)), 0)
        rows = claim_rows(30) + renumbered(claim_rows(30))
        self.assertExit(self.day(rows, "--limit", "30"), 4)
        result = self.ws.upload(self.gate)
        self.assertExit(result, 0)
        self.assertNotIn("other numbers", result.err)
        self.assertEqual(len(self.gate.requests), 61)

    def test_who_says_that_they_are_others_has_them_sent(self):
        self.assertExit(self.day(claim_rows(25)), 0)
        result = self.day(renumbered(claim_rows(25)), "--rule", "damaged-order-no=warn")
        self.assertExit(result, 0)
        self.assertSays(result, "warning: claims were sent before with other numbers")
        self.assertEqual(len(self.gate.requests), 50)


if __name__ == "__main__":
    unittest.main()
