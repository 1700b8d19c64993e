"""Claim numbers that come again with other work orders are not paid again."""

import unittest

from harness import DaysCase, Reply, claim_row, claim_rows, http


def sorted_alone(rows, column):
    """As a spreadsheet leaves them where one column was sorted without the others."""
    cells = [row[column] for row in rows]
    return [dict(row, **{column: cell}) for row, cell in zip(rows, cells[1:] + cells[:1])]


class OtherWorkOrderTest(DaysCase):
    def test_work_orders_that_were_sorted_alone_are_not_sent(self):
        rows = claim_rows(25)
        self.assertExit(self.day(rows), 0)
        result = self.day(sorted_alone(rows, "workcard_id"))
        self.assertExit(result, 4)
        self.assertSays(
            result,
            "claim numbers were sent before with other work orders: 25, of them 25 with the same "
            "content; row 2 has '%s' with work order %s, then it was %s"
            % (rows[0]["claim_order_no"], rows[1]["workcard_id"], rows[0]["workcard_id"]),
            "next: once each row has its own workcard_id and claim_order_no",
        )
        self.assertEqual(len(self.gate.requests), 25)
        self.assertEqual(self.ws.read_manifest()["stopped_because"], "other-work-order")
        self.assertExit(self.day(claim_rows(26)), 0)
        self.assertEqual(len(self.gate.requests), 26)

    def test_numbers_that_were_sorted_alone_are_not_sent(self):
        rows = [dict(row, claim_fee=str(1000 + i)) for i, row in enumerate(claim_rows(25))]
        self.assertExit(self.day(rows), 0)
        result = self.day(sorted_alone(rows, "claim_order_no"))
        self.assertExit(result, 4)
        self.assertSays(result, "work orders: 25, of them 0 with the same content; row 2 has")
        self.assertEqual(len(self.gate.requests), 25)

    def test_a_dry_run_says_so(self):
        self.assertExit(self.day(claim_rows(25)), 0)
        self.ws.export(sorted_alone(claim_rows(25), "workcard_id"))
        result = self.ws.upload(self.gate, "--dry-run")
        self.assertExit(result, 0)
        self.assertIn("nothing would be sent: claim numbers were sent before with", result.out)

    def test_an_unknown_attempt_counts_as_well(self):
        self.gate.script = lambda request: Reply(http("", status=500))
        self.assertExit(self.day(claim_rows(25)), 3)
        sent = len(self.gate.requests)
        result = self.day(sorted_alone(claim_rows(25), "workcard_id"))
        self.assertExit(result, 4)
        self.assertEqual(len(self.gate.requests), sent)

    def test_a_few_other_claims_of_a_number_are_sent_and_named(self):
        self.assertExit(self.day(claim_rows(3)), 0)
        result = self.day([dict(claim_row(2), workcard_id="8815309999")])
        self.assertExit(result, 0)
        self.assertSays(result, "warning: claim numbers were sent before with other work orders: 1")
        self.assertEqual(len(self.gate.requests), 4)

    def test_an_export_that_has_a_number_with_several_work_orders_goes_on(self):
        rows = [dict(claim_row(i), claim_order_no="LP1") for i in range(1, 5)]
        rows = [dict(row, claim_time=rows[0]["claim_time"], claim_fee="100") for row in rows]
        self.assertExit(self.day(rows, "--limit", "2"), 4)
        result = self.ws.upload(self.gate)
        self.assertExit(result, 0)
        self.assertNotIn("other work orders", result.err)
        self.assertEqual(len(self.gate.requests), 4)

    def test_of_many_work_orders_under_a_number_the_first_are_looked_at(self):
        rows = [dict(claim_row(i), claim_order_no="LP1", claim_fee=str(100 + i)) for i in range(10, 30)]
        self.assertExit(self.day(rows), 0)
        for known, same in (rows[0], 1), (rows[-1], 0):
            result = self.day([dict(known, workcard_id="8815309999" + str(same))], "--dry-run")
            self.assertExit(result, 0)
            self.assertSays(result, f"other work orders: 1, of them {same} with the same content")

    def test_who_says_that_they_are_others_has_them_sent(self):
        self.assertExit(self.day(claim_rows(25)), 0)
        rows = sorted_alone(claim_rows(25), "workcard_id")
        result = self.day(rows, "--rule", "damaged-order-no=warn")
        self.assertExit(result, 0)
        self.assertSays(result, "warning: claim numbers were sent before with other work orders: 25")
        self.assertEqual(len(self.gate.requests), 50)


if __name__ == "__main__":
    unittest.main()
