"""`--batch N`: several claims in one call to /router/batch (protocol section 7). Each row keeps its own
outcome; what is lost with a call is lost for its rows alone."""

import itertools
import threading
import time
import unittest

from harness import (
    Reply,
    TestCase,
    Turn,
    accept,
    accepted_body,
    answers,
    ban_body,
    claim_row,
    claim_rows,
    error_body,
    http,
    rejected_body,
)
from oracle import milliseconds

BLOCKED = "<html>request blocked</html>"


def whole(body, status=200, **more):
    """A script that gives one answer to the whole call, executed for none of its claims."""
    return lambda request: Reply(http(body, status), **more)


def second_of_three(body):
    """The other two claims of a call are accepted."""
    return lambda request: answers(request, accepted_body("a"), body, accepted_body("c"),
                                   executed=[True, False, True], accepted=[True, False, True])  # fmt: skip


def numbers(request):
    return [int(claim["claim_order_no"][2:]) for claim in request.claims]


class BatchCase(TestCase):
    def upload(self, gateway, *options, batch=5, in_flight=1, code=0, **how):
        result = self.ws.upload(gateway, "--batch", batch, "--in-flight", in_flight, *options, **how)
        self.assertExit(result, code)
        return result

    def column(self, name):
        return [line[name] for line in self.ws.read_report()]

    def calls(self, gateway):
        return [numbers(request) for request in gateway.requests]

    def assertAudited(self):
        audit = self.ws.run(
            *("audit", "claims.report.csv", "--export", "claims.csv", "--ledger", "ledger.db")
        )
        self.assertExit(audit, 0)


class CallTest(BatchCase):
    def test_rows_go_in_file_order_and_in_full_calls(self):
        self.ws.export(claim_rows(45))
        gateway = self.gateway(answers)
        self.upload(gateway, batch=20)
        self.assertEqual(
            self.calls(gateway), [list(range(1, 21)), list(range(21, 41)), list(range(41, 46))]
        )
        self.assertEqual({request.path for request in gateway.requests}, {"/router/batch"})
        self.assertTally({"accepted": 45})
        self.assertEqual(self.column("request_id"), ["r1"] * 20 + ["r2"] * 20 + ["r3"] * 5)
        self.assertEqual(len(set(self.column("duration_ms")[:20])), 1)
        self.assertAudited()

    def test_one_claim_a_call_is_a_single_call(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway(accept)
        self.upload(gateway, batch=1)
        self.assertEqual({request.path for request in gateway.requests}, {"/router/rest"})

    def test_the_last_row_does_not_wait_for_company(self):
        self.ws.export(claim_rows(1))
        gateway = self.gateway(answers)
        self.upload(gateway, batch=20)
        self.assertEqual(self.calls(gateway), [[1]])
        self.assertEqual(gateway.requests[0].path, "/router/batch")

    def test_two_rows_of_a_claim_never_share_a_call(self):
        """The gateway of these tests refuses that, and so does the order that is asked for here."""
        rows = claim_rows(4)
        for fee in range(3):
            rows += [dict(row, claim_fee=str(700 + fee)) for row in claim_rows(4)]
        self.ws.export(rows)
        gateway = self.gateway(answers)
        self.upload(gateway, batch=20, in_flight=4)
        fees = {}
        for request in gateway.requests:
            for claim in request.claims:
                fees.setdefault(claim["claim_order_no"], []).append(claim["claim_fee"])
        self.assertEqual([sent[1:] for sent in fees.values()], [[700, 701, 702]] * 4)

    def test_it_can_be_configured_and_goes_with_a_rerun(self):
        self.ws.export(claim_rows(4))
        self.ws.write("claimbatch.conf", "[run]\nbatch = 4\nin-flight = 1\nretries = 0\n", mode=0o600)
        config = ("--config", "claimbatch.conf")
        gateway = self.gateway(Turn(whole(error_body(10)), answers))
        self.assertExit(self.ws.upload(gateway, *config), 1)
        self.assertTally({"failed": 4})
        rerun = self.ws.upload_arguments(gateway, *config, claims="claims.report.csv")[1:]
        self.assertExit(self.ws.run("rerun", *rerun), 0)
        self.assertEqual(self.calls(gateway), [[1, 2, 3, 4]] * 2)

    def test_a_dry_run_shows_the_call(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway(answers)
        result = self.upload(gateway, "--dry-run")
        self.assertIn("/router/batch?app_key=", result.out)
        self.assertIn("&sign=***\n", result.out)
        self.assertIn("Content-Type: text/plain;charset=UTF-8", result.out)
        self.assertIn("#PUBLIC#method=", result.out)
        self.assertEqual(gateway.requests, [])

    def test_a_gateway_without_such_a_call_is_refused(self):
        self.ws.export(claim_rows(1))
        gateway = self.gateway(answers)
        url = gateway.url.replace("/router/rest", "/api")
        result = self.upload(url, code=78)
        self.assertSays(result, "--batch needs a gateway whose URL ends in /router/rest")
        self.assertEqual(gateway.requests, [])

    def test_a_claim_is_the_same_one_by_either_call(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway(lambda r: answers(r) if r.is_batch else accept(r))
        self.upload(gateway)
        self.ws.export(claim_rows(4), name="next.csv")
        self.assertExit(self.ws.upload(gateway, claims="next.csv"), 0)
        self.assertEqual(self.calls(gateway), [[1, 2, 3], [4]])


class OutcomeTest(BatchCase):
    def test_each_row_has_the_outcome_of_its_part(self):
        self.ws.export(claim_rows(5))
        bodies = [
            accepted_body("a"),
            rejected_body("b"),
            error_body(50, "isv.invalid-parameter", request_id="c"),
            error_body(15, "isp.remote-service-error", request_id="d"),
            accepted_body("e"),
        ]
        gateway = self.gateway(
            lambda r: answers(r, *bodies, executed=[True, False, False, True, True],
                              accepted=[True, False, False, False, True])
        )  # fmt: skip
        self.upload(gateway, code=3)
        self.assertEqual(
            self.column("outcome"), ["accepted", "rejected", "rejected", "unknown", "accepted"]
        )
        self.assertEqual(self.column("request_id"), list("abcde"))
        self.assertEqual(len(gateway.requests), 1)
        self.assertAudited()

    def test_a_part_that_was_not_executed_is_sent_again_alone(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway(Turn(second_of_three(error_body(10)), answers))
        self.upload(gateway)
        self.assertEqual(self.calls(gateway), [[1, 2, 3], [2]])
        self.assertEqual(self.column("attempts"), ["1", "2", "1"])

    def test_a_call_without_a_whole_answer_leaves_its_rows_unknown_and_no_others(self):
        def cut(request):
            return Reply(http(accepted_body("x"))[:-5], executed=True, accepted=True, then="close")

        def closed(request):
            return Reply(executed=True, accepted=True, then="close")

        for lose in (cut, closed):
            with self.subTest(lose.__name__):
                self.ws.export(claim_rows(15))
                gateway = self.gateway(Turn(answers, lose, answers))
                self.upload(gateway, "--overwrite", ledger=f"{lose.__name__}.db", code=3)
                expected = ["accepted"] * 5 + ["unknown"] * 5 + ["accepted"] * 5
                self.assertEqual(self.column("outcome"), expected)

    def test_another_number_of_parts_than_claims_leaves_all_of_them_unknown(self):
        for parts in (1, 4, 6):
            with self.subTest(parts):
                self.ws.export(claim_rows(5))
                gateway = self.gateway(
                    lambda r, n=parts: answers(r, *(accepted_body(f"p{i}") for i in range(n)))
                )
                self.upload(gateway, "--overwrite", ledger=f"{parts}.db", code=3)
                self.assertEqual(self.column("code"), ["ANSWER_PARTS"] * 5)
                self.assertEqual(self.column("request_id"), [""] * 5)

    def test_one_error_judges_all_rows_and_a_lone_one(self):
        for rows in (1, 5):
            with self.subTest(rows):
                self.ws.export(claim_rows(rows))
                error = whole(error_body(41, "isv.invalid-batch", request_id="e"))
                gateway = self.gateway(error)
                self.upload(gateway, "--overwrite", ledger=f"{rows}.db", code=1)
                self.assertEqual(self.column("outcome"), ["rejected"] * rows)
                self.assertEqual(self.column("sub_code"), ["isv.invalid-batch"] * rows)

    def test_a_page_in_the_place_of_one_part_is_unknown_for_its_row(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway(lambda r: answers(r, accepted_body("a"), BLOCKED, accepted_body("c")))
        self.upload(gateway, code=3)
        self.assertEqual(self.column("code"), ["SUCCESS", "ANSWER_HTML", "SUCCESS"])


class LimitTest(BatchCase):
    def test_limit_and_quota_count_claims(self):
        for option, code in (("--limit", 4), ("--daily-quota", 75)):
            with self.subTest(option):
                self.ws.export(claim_rows(12))
                gateway = self.gateway(answers)
                self.upload(gateway, option, 7, "--overwrite", ledger=f"{code}.db", code=code)
                self.assertEqual(self.calls(gateway), [[1, 2, 3, 4, 5], [6, 7]])
                self.assertTally({"accepted": 7, "unsent": 5})

    def test_a_rate_counts_claims(self):
        self.ws.export(claim_rows(30))
        gateway = self.gateway(answers)
        self.upload(gateway, "--rate", 12, in_flight=8)
        sent = sorted(milliseconds(at) for at in self.column("submitted_at"))
        for first, thirteenth in zip(sent, sent[12:]):
            self.assertGreaterEqual(thirteenth - first, 1000)

    def test_a_ban_of_one_part_holds_for_the_run_and_one_claim_probes(self):
        self.ws.export(claim_rows(8))
        gateway = self.gateway(Turn(second_of_three(ban_body(1)), answers))
        self.upload(gateway, batch=3)
        self.assertTally({"accepted": 8})
        self.assertEqual([len(call) for call in self.calls(gateway)][:2], [3, 1])
        self.assertGreaterEqual(
            gateway.requests[1].wall_ms - gateway.requests[0].wall_ms, 1000
        )

    def test_a_stop_of_one_part_stops_the_run_and_the_others_keep_their_outcome(self):
        self.ws.export(claim_rows(12))

        def stopped(request):
            return answers(request, accepted_body("a"), error_body(25), rejected_body("c"),
                           executed=[True, False, False], accepted=[True, False, False])  # fmt: skip

        gateway = self.gateway(Turn(stopped, answers))
        self.upload(gateway, batch=3, code=77)
        self.assertEqual(len(gateway.requests), 1)
        self.assertEqual(self.column("outcome"), ["accepted", "unsent", "rejected"] + ["unsent"] * 9)


class FirewallTest(BatchCase):
    """A firewall in front of the gateway dislikes one text: it refuses the call that carries it."""

    def firewall(self, request):
        if any("select" in claim.get("claim_desc", "") for claim in request.claims):
            return Reply(http(BLOCKED, 403, content_type="text/html"))
        return answers(request)

    def test_the_row_is_failed_and_its_company_is_not(self):
        bad = claim_row(8, claim_status="2", claim_fee="0", claim_desc="no; select from")
        self.ws.export(claim_rows(7) + [bad] + claim_rows(40, first=9))
        gateway = self.gateway(self.firewall)
        self.upload(gateway, code=1)
        self.assertTally({"accepted": 47, "failed": 1})
        calls = self.calls(gateway)
        self.assertEqual([call for call in calls if 8 in call], [[6, 7, 8, 9, 10], [8]])
        self.assertEqual(sorted(calls[-5:]), [[6], [7], [8], [9], [10]])


class RepeatTest(BatchCase):
    """Protocol section 8: an answer that may be another call's is believed for none of its rows."""

    def test_an_answer_that_comes_twice_is_believed_once(self):
        self.ws.export(claim_rows(15))
        first = [accepted_body("same") for _ in range(5)]
        gateway = self.gateway(Turn(lambda r: answers(r, *first), lambda r: answers(r, *first), answers))
        self.upload(gateway, code=3)
        outcomes = self.column("outcome")
        self.assertEqual(outcomes[:10], ["accepted"] * 5 + ["unknown"] * 5)
        self.assertEqual(set(self.column("code")[5:10]), {"ANSWER_REPEATED"})
        self.assertAudited()

    def test_parts_with_ids_in_any_order_are_no_repeat(self):
        self.ws.export(claim_rows(10))
        ids = itertools.cycle("abacb")
        gateway = self.gateway(
            lambda r: answers(r, *(accepted_body(f"{next(ids)}{r.number}") for _ in r.claims))
        )
        self.upload(gateway)

    def test_bytes_behind_an_answer_make_all_its_rows_suspect(self):
        self.ws.export(claim_rows(10))

        def script(request):
            if request.number == 1:
                return answers(request, later=[(0.1, http("{}"))])
            time.sleep(1.5)  # the run goes on while that comes
            return answers(request)

        gateway = self.gateway(script)
        self.upload(gateway, "--workers", 1, in_flight=2)
        suspect = {claim["claim_order_no"] for claim in gateway.requests[0].claims}
        self.assertEqual(len(suspect), 5)
        for line in self.ws.read_report():
            expected = "SUSPECT_ANSWER" if line["claim_order_no"] in suspect else ""
            self.assertEqual((line["outcome"], line["warnings"]), ("accepted", expected))


class StopTest(BatchCase):
    def test_a_signal_lets_the_call_end_and_the_rest_is_unsent(self):
        self.ws.export(claim_rows(12))
        held = threading.Event()
        self.addCleanup(held.set)

        def hold(request):
            held.wait()
            return answers(request)

        gateway = self.gateway(hold)
        run = self.ws.start_upload(gateway, "--batch", 5, "--in-flight", 1)
        gateway.wait_for_requests(1)
        run.send_signal(2)
        run.wait_for_words("stopping")
        held.set()
        self.assertExit(run.finish(), 130)
        self.assertTally({"accepted": 5, "unsent": 7})
        self.assertEqual(len(gateway.requests), 1)
        self.upload(gateway)
        self.assertTally({"accepted": 12})


class SandboxTest(BatchCase):
    def test_the_sandbox_takes_every_sign_method(self):
        for method in ("md5", "hmac", "hmac-sha256"):
            with self.subTest(method):
                self.ws.export(claim_rows(50))
                sandbox = self.sandbox()
                self.upload(sandbox, "--sign-method", method, "--overwrite", batch=20,
                            ledger=f"{method}.db")  # fmt: skip
                self.assertTrue(sandbox.has_lines(50, 20))
                self.assertEqual(len({entry["batch"] for entry in sandbox.journal}), 3)
                self.assertTally({"accepted": 50})


if __name__ == "__main__":
    unittest.main()
