"""Claims that come again under another spelling of their numbers are not paid again."""

import unittest

from harness import DaysCase, Reply, claim_row, http


def numbered(spelling, count=25, first=1):
    return [claim_row(i, claim_order_no=spelling % i) for i in range(first, first + count)]


class AlikeTest(DaysCase):
    def test_what_a_spreadsheet_makes_of_numbers_is_not_sent_as_other_claims(self):
        self.assertExit(self.day(numbered("00202600%04d")), 0)
        result = self.day(numbered("202600%04d"))
        self.assertExit(result, 4)
        self.assertSays(
            result,
            "under another spelling of their numbers, of the same work orders: 25, the first in "
            "row 2, '2026000001', then '002026000001'",
            "next: once claim_order_no is as it was",
        )
        self.assertEqual(len(self.gate.requests), 25)
        self.assertEqual(self.ws.read_manifest()["stopped_because"], "order-no-alike")
        self.assertExit(self.day(numbered("00202600%04d", 30)), 0)
        self.assertEqual(len(self.gate.requests), 30)

    def test_the_same_file_read_in_another_way_is_no_other_export(self):
        self.assertExit(self.day(numbered("00%04d")), 0)
        self.assertExit(self.day(numbered("%04d")), 4)
        result = self.ws.upload(self.gate, "--rule", "damaged-order-no=warn")
        self.assertExit(result, 0)
        self.assertNotIn("another export", result.err)
        self.assertSays(result, "next: nothing is left to do")

    def test_one_among_many_is_enough(self):
        self.assertExit(self.day(numbered("LP-%04d")), 0)
        others = numbered("LP-%04d", 6) + numbered("LP-%04d", 293, first=8)
        result = self.day(others + numbered("lp-%04d", 1, first=7))
        self.assertExit(result, 4)
        self.assertSays(result, "work orders: 1, the first in row 301, 'lp-0007', then 'LP-0007'")
        self.assertEqual(len(self.gate.requests), 25)

    def test_a_dry_run_says_so(self):
        self.assertExit(self.day(numbered("LP%04dA")), 0)
        self.ws.export(numbered("LP%04d A"))
        result = self.ws.upload(self.gate, "--dry-run")
        self.assertExit(result, 0)
        self.assertIn("nothing would be sent: claims were sent before under another", result.out)

    def test_an_unknown_attempt_counts_as_well(self):
        self.gate.script = lambda request: Reply(http("", status=500))
        self.assertExit(self.day(numbered("00%04d", 1)), 3)
        result = self.day(numbered("%04d", 1))
        self.assertExit(result, 4)
        self.assertEqual(len(self.gate.requests), 1)

    def test_other_work_orders_have_numbers_of_their_own(self):
        self.assertExit(self.day(numbered("00%04d")), 0)
        rows = [dict(row, workcard_id="7" + row["workcard_id"]) for row in numbered("%04d")]
        self.assertExit(self.day(rows), 0)
        self.assertEqual(len(self.gate.requests), 50)

    def test_who_says_that_they_are_others_has_them_sent(self):
        self.assertExit(self.day(numbered("00%04d")), 0)
        result = self.day(numbered("%04d"), "--rule", "damaged-order-no=warn")
        self.assertExit(result, 0)
        self.assertSays(result, "work orders: 25, the first in row 2")
        self.assertEqual(len(self.gate.requests), 50)


class OneExportTest(DaysCase):
    """Sheets that were put together, in one of which a spreadsheet changed the numbers."""

    def test_two_spellings_in_one_export_are_not_paid_twice(self):
        for other in ("202600%04d", "0202600%04d"):
            result = self.day(numbered("00202600%04d") + numbered(other, 3, first=5))
            self.assertExit(result, 65)
            first = other % 5
            self.assertSays(
                result,
                f"rows 6 and 27 are of the same work order, and their claim numbers "
                f"'002026000005' and '{first}' differ in spelling alone (pairs like that: 3)",
                "nothing was sent",
            )
        check = self.ws.run("check", self.ws.file("claims.csv"))
        self.assertExit(check, 65)
        self.assertSays(check, "differ in spelling alone", "rows 7 and 28: of one work order", "rows 8 and 29: ")
        self.assertEqual(len(self.gate.requests), 0)

    def test_without_the_second_row_it_is_sent(self):
        self.assertExit(self.day(numbered("LP%d", 2) + numbered("lp%d", 1)), 65)
        self.assertExit(self.day(numbered("LP%d", 2)), 0)
        self.assertEqual(len(self.gate.requests), 2)

    def test_who_says_that_they_are_others_has_them_sent(self):
        rows = numbered("LP%d", 2) + numbered("lp%d", 2)
        result = self.day(rows, "--rule", "damaged-order-no=warn")
        self.assertExit(result, 0)
        self.assertSays(result, "differ in spelling alone (pairs like that: 2); they count as other")
        self.assertEqual(len(self.gate.requests), 4)

    def test_one_spelling_or_other_work_orders_are_fine(self):
        others = [dict(row, workcard_id="7" + row["workcard_id"]) for row in numbered("%04d", 3)]
        self.assertExit(self.day(numbered("00%04d", 3) * 2 + others), 0)
        self.assertEqual(len(self.gate.requests), 6)


if __name__ == "__main__":
    unittest.main()
