"""A firewall in front of the gateway dislikes the text of single rows (protocol section 6: HTTP 403,
405 and 413): they are set aside, tried once more at the end, and failed; they stop nothing."""

import signal
import threading
import unittest

from harness import Reply, TestCase, accept, claim_row, claim_rows, fail, http

BLOCKED = "<html>request blocked</html>"


def disliked(request):
    return "select" in request.claim.get("claim_desc", "")


def bad_row(number, **changes):
    return claim_row(
        number, claim_status="2", claim_fee="0", claim_desc="no; select from", **changes
    )


class FirewallCase(TestCase):
    def firewall(self, status=403, script=accept):
        def answer(request):
            if disliked(request):
                return Reply(http(BLOCKED, status, content_type="text/html"))
            return script(request)

        return self.gateway(answer)

    def numbers(self, gateway):
        return [int(request.claim["claim_order_no"][2:]) for request in gateway.requests]

    def outcomes(self):
        return [line["outcome"] for line in self.ws.read_report()]


class OneRowTest(FirewallCase):
    def test_the_others_go_on_and_it_is_failed_after_one_more_try_at_the_end(self):
        for status in (403, 405, 413):
            with self.subTest(status):
                self.ws.export(claim_rows(5) + [bad_row(6)] + claim_rows(5, first=7))
                gateway = self.firewall(status)
                result = self.ws.upload(gateway, "--in-flight", "1", "--overwrite")
                self.assertExit(result, 1)
                self.assertEqual(self.numbers(gateway), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 6])
                line = self.ws.read_report()[5]
                self.assertEqual(
                    (line["outcome"], line["code"], line["attempts"], line["http_status"]),
                    ("failed", f"HTTP_{status}", "2", str(status)),
                )
                self.assertIn("may dislike the text", line["message"])
                self.assertTrue(self.ws.read_manifest()["complete"])
                audit = self.ws.run(
                    *("audit", "claims.report.csv", "--export", "claims.csv"),
                    *("--ledger", "ledger.db"),
                )
                self.assertExit(audit, 0)

    def test_with_many_in_flight_it_is_the_same(self):
        self.ws.export(claim_rows(50) + [bad_row(51)] + claim_rows(50, first=52))
        gateway = self.firewall()
        self.assertExit(self.ws.upload(gateway, "--in-flight", "16"), 1)
        self.assertTally({"accepted": 100, "failed": 1})
        self.assertEqual(self.numbers(gateway)[-1], 51)

    def test_what_is_taken_at_the_end_is_accepted(self):
        self.ws.export(claim_rows(3) + [bad_row(4)] + claim_rows(3, first=5))
        seen = []

        def script(request):
            if disliked(request) and not seen:
                seen.append(request)
                return Reply(http(BLOCKED, 403))
            return accept(request)

        gateway = self.gateway(script)
        self.assertExit(self.ws.upload(gateway, "--in-flight", "1"), 0)
        self.assertTally({"accepted": 7})

    def test_a_later_row_of_its_claim_is_not_sent_before_it(self):
        self.ws.export(claim_rows(3) + [bad_row(4), claim_row(4)] + claim_rows(3, first=5))
        gateway = self.firewall()
        self.assertExit(self.ws.upload(gateway, "--in-flight", "1"), 1)
        self.assertEqual(self.numbers(gateway), [1, 2, 3, 4, 5, 6, 7, 4])
        self.assertEqual(self.outcomes()[3:5], ["failed", "unsent"])
        self.assertEqual(self.ws.read_report()[4]["code"], "EARLIER_ROW_OPEN")

    def test_401_and_404_stop_as_before(self):
        for status, code in ((401, 77), (404, 69)):
            with self.subTest(status):
                self.ws.export(claim_rows(5) + [bad_row(6)] + claim_rows(5, first=7))
                result = self.ws.upload(self.firewall(status), "--in-flight", "1", "--overwrite")
                self.assertExit(result, code)

    def test_limit_counts_it_once_and_its_last_try_comes_before_the_stop(self):
        self.ws.export(claim_rows(3) + [bad_row(4)] + claim_rows(3, first=5))
        gateway = self.firewall()
        self.assertExit(self.ws.upload(gateway, "--in-flight", "1", "--limit", "5"), 4)
        self.assertEqual(self.numbers(gateway), [1, 2, 3, 4, 5, 4])
        self.assertTally({"accepted": 4, "failed": 1, "unsent": 2})


class StopTest(FirewallCase):
    def test_without_a_definite_answer_before_it_the_run_stops_at_once(self):
        for status, code in ((403, 77), (405, 69), (413, 69)):
            with self.subTest(status):
                self.ws.export(claim_rows(20))
                gateway = self.gateway(lambda request: Reply(http(BLOCKED, status)))
                result = self.ws.upload(gateway, "--in-flight", "1", "--overwrite")
                self.assertExit(result, code)
                self.assertEqual(len(gateway.requests), 1)
                self.assertTally({"unsent": 20})

    def test_five_with_no_definite_answer_between_them_stop_it_and_stay_unsent(self):
        self.ws.export(claim_rows(5) + [bad_row(i) for i in range(6, 16)] + claim_rows(5, first=16))
        gateway = self.firewall()
        self.assertExit(self.ws.upload(gateway, "--in-flight", "1"), 77)
        # The next one may be on its way when the fifth answer is looked at.
        self.assertIn(len(gateway.requests), (10, 11))
        self.assertTally({"accepted": 5, "unsent": 15})
        self.assertEqual({line["outcome"] for line in self.ws.read_report()[5:]}, {"unsent"})

    def test_a_firewall_that_answers_faster_than_the_gateway_is_no_reason_to_stop(self):
        """The first answer of all is its; the calls in flight are waited for."""
        self.ws.export([bad_row(1)] + claim_rows(20, first=2))
        held = threading.Event()
        self.addCleanup(held.set)
        gateway = self.firewall(script=lambda request: held.wait(60) and accept(request))
        run = self.ws.start_upload(gateway, "--in-flight", "4", "--workers", "1")
        run.wait_for_words("HTTP_403")
        held.set()
        self.assertExit(run.finish(), 1)
        self.assertTally({"accepted": 20, "failed": 1})

    def test_many_at_once_wait_for_the_calls_in_flight_as_well(self):
        self.ws.export(claim_rows(2) + [bad_row(i) for i in range(3, 15)] + claim_rows(9, first=15))
        held = threading.Event()
        self.addCleanup(held.set)
        gateway = self.firewall(script=lambda r: (r.number < 3 or held.wait(60)) and accept(r))
        run = self.ws.start_upload(gateway, "--in-flight", "16", "--workers", "1")
        run.wait_for_words("HTTP_403")
        held.set()
        self.assertExit(run.finish(), 1)
        self.assertTally({"accepted": 11, "failed": 12})

    def test_any_number_with_definite_answers_between_them_does_not(self):
        rows = [bad_row(i) if i % 3 == 0 else claim_row(i) for i in range(1, 61)]
        self.ws.export(rows)
        gateway = self.firewall()
        self.assertExit(self.ws.upload(gateway, "--in-flight", "1"), 1)
        self.assertTally({"accepted": 40, "failed": 20})
        self.assertEqual(len(gateway.requests), 80)

    def test_more_of_them_than_a_run_holds_open(self):
        """The window has room for some thousand rows; these are tried again when it is full."""
        rows = [bad_row(i) if i % 2 else claim_row(i) for i in range(2, 4002)]
        self.ws.export(rows)
        self.assertExit(self.ws.upload(self.firewall(), "--in-flight", "2", "--retries", "0"), 1)
        self.assertTally({"accepted": 2000, "failed": 2000})


class ResumeTest(FirewallCase):
    def test_a_row_that_stopped_the_first_start_does_not_stop_the_next(self):
        self.ws.export([bad_row(1)] + claim_rows(5, first=2))
        gateway = self.firewall()
        self.assertExit(self.ws.upload(gateway, "--in-flight", "1"), 77)
        self.assertEqual(self.numbers(gateway), [1])
        self.assertExit(self.ws.upload(gateway, "--in-flight", "1"), 1)
        self.assertEqual(self.numbers(gateway), [1, 2, 3, 4, 5, 6, 1])
        self.assertTally({"accepted": 5, "failed": 1})

    def start_held(self):
        """A run whose fifth call has no answer yet; the third was refused."""
        held = threading.Event()
        self.addCleanup(held.set)

        def script(request):
            return held.wait(60) and accept(request) if request.number == 5 else accept(request)

        self.ws.export(claim_rows(2) + [bad_row(3)] + claim_rows(5, first=4))
        gateway = self.firewall(script=script)
        run = self.ws.start_upload(gateway, "--in-flight", "1", "--workers", "1")
        gateway.wait_for_requests(5)
        return run, gateway, held

    def test_a_killed_run_goes_on_with_the_others_and_tries_it_at_the_end(self):
        run, gateway, held = self.start_held()
        run.send_signal(signal.SIGKILL)
        run.finish()
        held.set()
        gateway.script = self.firewall().script
        self.assertExit(self.ws.upload(gateway, "--in-flight", "1"), 3)
        self.assertEqual(self.numbers(gateway).count(3), 2)
        self.assertEqual(self.numbers(gateway)[-1], 3)
        self.assertEqual(self.outcomes()[2], "failed")

    def test_ctrl_c_leaves_it_unsent(self):
        run, gateway, held = self.start_held()
        run.send_signal(signal.SIGINT)
        run.wait_for_words("stopping")
        held.set()
        self.assertExit(run.finish(), 130)
        self.assertEqual(self.ws.read_report()[2]["outcome"], "unsent")
        self.assertEqual(self.ws.read_report()[2]["code"], "HTTP_403")

    def rerun(self, gateway):
        return self.ws.run("rerun", "claims.report.csv", *self.ws.upload_arguments(gateway, "-c", 1)[2:])

    def test_a_rerun_is_not_stopped_by_the_row_that_failed_so(self):
        """Its first row is the one: its report tells, though its own run knows nothing yet."""
        self.ws.export([bad_row(1)] + claim_rows(4, first=2))
        gateway = self.firewall(script=fail(1))
        self.ws.upload(gateway, "--in-flight", "1", "--retries", "0")
        self.ws.upload(gateway, "--in-flight", "1", "--retries", "0")
        self.assertEqual(self.outcomes(), ["failed"] * 5)
        before = len(gateway.requests)
        gateway.script = self.firewall().script
        self.assertExit(self.rerun(gateway), 1)
        self.assertEqual(self.numbers(gateway)[before:], [2, 3, 4, 5, 1])
        lines = self.ws.read_report("claims.report.rerun-1.csv")
        self.assertEqual([line["outcome"] for line in lines], ["failed"] + ["accepted"] * 4)
        self.assertEqual(lines[0]["code"], "HTTP_403")

    def test_another_export_is_not_stopped_by_the_row_either(self):
        """The next day's export is another run, whose first row is that claim again."""
        self.ws.export([bad_row(1)] + claim_rows(4, first=2))
        gateway = self.firewall()
        self.assertExit(self.ws.upload(gateway, "--in-flight", "1"), 77)
        self.assertExit(self.ws.upload(gateway, "--in-flight", "1"), 1)
        before = len(gateway.requests)
        self.ws.export([bad_row(1)] + claim_rows(7, first=2), name="next.csv")
        self.assertExit(self.ws.upload(gateway, "--in-flight", "1", claims="next.csv"), 1)
        self.assertEqual(self.numbers(gateway)[before:], [6, 7, 8, 1])

    def test_where_it_is_all_there_is_the_rerun_stops_and_it_stays_unsent(self):
        """Nothing tells a firewall from a gateway that lets nobody in."""
        self.ws.export(claim_rows(3) + [bad_row(4)])
        gateway = self.firewall()
        self.assertExit(self.ws.upload(gateway, "--in-flight", "1"), 1)
        self.assertExit(self.rerun(gateway), 77)
        (line,) = self.ws.read_report("claims.report.rerun-1.csv")
        self.assertEqual((line["outcome"], line["code"]), ("unsent", "HTTP_403"))

    def test_a_rerun_takes_it_when_the_firewall_has_let_go(self):
        self.ws.export(claim_rows(3) + [bad_row(4)])
        gateway = self.firewall()
        self.assertExit(self.ws.upload(gateway, "--in-flight", "1"), 1)
        gateway.script = accept
        result = self.ws.run("rerun", "claims.report.csv", *self.ws.upload_arguments(gateway)[2:])
        self.assertExit(result, 0)
        self.assertEqual(len(gateway.requests), 6)


if __name__ == "__main__":
    unittest.main()
