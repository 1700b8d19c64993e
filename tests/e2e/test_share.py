"""Rate, ban and quota hold over all runs that share a ledger (contract section 5, promise 8)."""

import unittest

from harness import Reply, TestCase, accept, ban_body, claim_row, claim_rows, http


def busiest_second(requests):
    """The most requests that came in any sliding second."""
    times = sorted(request.began for request in requests)
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most


class ShareTest(TestCase):
    def two_runs(self, gateway, *options):
        self.ws.export([claim_row(i) for i in range(1, 61)], name="one.csv")
        self.ws.export([claim_row(i) for i in range(101, 161)], name="two.csv")
        runs = [
            self.ws.start(*self.ws.upload_arguments(gateway, *options, claims=name))
            for name in ("one.csv", "two.csv")
        ]
        return [run.finish() for run in runs]

    def test_two_runs_share_the_rate_in_every_sliding_second(self):
        gateway = self.gateway()
        for result in self.two_runs(gateway, "--rate", "40"):
            self.assertExit(result, 0)
        self.assertEqual(len(gateway.requests), 120)
        self.assertLessEqual(busiest_second(gateway.requests), 40)

    def test_two_runs_share_the_quota_of_the_day(self):
        gateway = self.gateway()
        results = self.two_runs(gateway, "--daily-quota", "70")
        self.assertIn(75, [result.code for result in results])
        self.assertEqual(len(gateway.requests), 70)

    def test_a_ban_is_remembered_by_the_next_run(self):
        ban = ban_body(700)
        gateway = self.gateway(lambda request: Reply(http(ban)))
        self.ws.export(claim_rows(1), name="one.csv")
        self.assertExit(self.ws.upload(gateway, claims="one.csv"), 75)
        sent = len(gateway.requests)
        gateway.script = accept
        self.ws.export([claim_row(9)], name="two.csv")
        self.assertExit(self.ws.upload(gateway, claims="two.csv"), 75)
        self.assertEqual(len(gateway.requests), sent)


if __name__ == "__main__":
    unittest.main()
