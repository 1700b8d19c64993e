"""Claims sent again by a person's word: --resend-unknown and --resubmit (contract section 5)."""

import signal
import unittest

from harness import Reply, TestCase, accept, claim_row, claim_rows, error_body, http, refuse

WORDS = ("--by", "claims-desk", "--reason", "the platform's support says it is not there")


class ResendCase(TestCase):
    def codes(self, name="claims.report.csv"):
        return [line["code"] for line in self.ws.read_report(name)]

    def outcomes(self, name="claims.report.csv"):
        return [line["outcome"] for line in self.ws.read_report(name)]

    def messages(self, name="claims.report.csv"):
        return [line["message"] for line in self.ws.read_report(name)]

    def lose(self, *keys):
        """A script that executes these claims and closes without an answer."""
        return lambda r: Reply(then="close") if r.key[1] in keys else accept(r)

    def begin(self, count, *keys):
        self.ws.export(claim_rows(count))
        gateway = self.gateway(self.lose(*keys))
        self.assertExit(self.ws.upload(gateway), 3)
        return gateway


class ResendTest(ResendCase):
    def test_it_needs_a_name_and_a_reason(self):
        gateway = self.begin(1, "CL00000001")
        for words in ((), ("--by", "claims-desk"), ("--reason", "lost")):
            result = self.ws.upload(gateway, "--resend-unknown", *words)
            self.assertExit(result, 2)
            self.assertSays(result, "--by NAME", "--reason TEXT", "nothing was sent")
        self.assertEqual(len(gateway.requests), 1)

    def test_name_and_reason_without_a_round_are_refused(self):
        gateway = self.begin(1, "CL00000001")
        self.assertExit(self.ws.upload(gateway, *WORDS), 2)

    def test_unknown_rows_alone_are_sent_again_and_an_answer_settles_them(self):
        gateway = self.begin(5, "CL00000002", "CL00000004")
        gateway.script = accept
        result = self.ws.upload(gateway, "--resend-unknown", *WORDS)
        self.assertExit(result, 0)
        self.assertEqual(self.outcomes(), ["accepted"] * 5)
        self.assertEqual(sorted(r.key[1] for r in gateway.requests[5:]), ["CL00000002", "CL00000004"])
        attempts = [line["attempts"] for line in self.ws.read_report()]
        self.assertEqual(attempts, ["1", "2", "1", "2", "1"])

    def test_a_resend_that_is_rejected_leaves_the_claim_unknown_with_both_attempts(self):
        gateway = self.begin(2, "CL00000001")
        gateway.script = refuse
        self.assertExit(self.ws.upload(gateway, "--resend-unknown", *WORDS), 3)
        self.assertEqual(self.outcomes(), ["unknown", "accepted"])
        self.assertEqual(self.codes()[0], "UNSETTLED")
        self.assertIn("closed", self.messages()[0])
        self.assertIn("sent again, and rejected", self.messages()[0])

    def test_a_resend_that_fails_leaves_the_claim_unknown(self):
        gateway = self.begin(1, "CL00000001")
        gateway.script = lambda r: Reply(http(error_body(1)))
        self.assertExit(self.ws.upload(gateway, "--resend-unknown", *WORDS, "--retries", "0"), 3)
        self.assertEqual(self.outcomes(), ["unknown"])
        self.assertIn("sent again, and failed", self.messages()[0])

    def test_a_round_sends_a_claim_once(self):
        gateway = self.begin(3, "CL00000001", "CL00000002", "CL00000003")
        result = self.ws.upload(gateway, "--resend-unknown", *WORDS)
        self.assertExit(result, 3)
        self.assertSays(result, "the same with another --reason")
        self.assertNotIn("--by NAME", result.err)
        self.assertEqual(len(gateway.requests), 6)
        for _ in range(2):
            self.assertExit(self.ws.upload(gateway, "--resend-unknown", *WORDS), 3)
        self.assertEqual(len(gateway.requests), 6)

    def test_a_resend_that_failed_has_had_its_turn_in_the_round(self):
        gateway = self.begin(1, "CL00000001")
        gateway.script = lambda r: Reply(http(error_body(1)))
        for _ in range(2):
            self.assertExit(self.ws.upload(gateway, "--resend-unknown", *WORDS, "--retries", "0"), 3)
        self.assertEqual(len(gateway.requests), 2)

    def test_what_another_runs_attempt_said_is_in_the_message(self):
        gateway = self.begin(1, "CL00000001")
        self.ws.export([claim_row(1, claim_fee="77")], name="second.csv")
        gateway.script = refuse
        self.assertExit(self.ws.upload(gateway, "--resend-unknown", *WORDS, claims="second.csv"), 3)
        message = self.messages("second.report.csv")[0]
        self.assertIn("row 2 of another run: CONNECTION_CLOSED", message)
        self.assertIn("sent again, and rejected", message)

    def test_a_row_that_failed_before_it_waited_goes_on_when_the_attempt_is_settled(self):
        self.ws.export(claim_rows(1))
        gateway = self.gateway(lambda r: Reply(http(error_body(1))))
        self.assertExit(self.ws.upload(gateway, "--retries", "0"), 1)
        gateway.script = self.lose("CL00000001")
        self.ws.export(claim_rows(2), name="second.csv")
        self.assertExit(self.ws.upload(gateway, claims="second.csv"), 3)
        gateway.script = accept
        self.assertExit(self.ws.upload(gateway), 3)
        self.assertEqual(self.codes(), ["UNSETTLED"])
        self.assertExit(self.ws.upload(gateway, "--resend-unknown", *WORDS, claims="second.csv"), 0)
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertEqual(self.codes(), ["ALREADY_ACCEPTED"])

    def rerun(self, gateway, include):
        arguments = self.ws.upload_arguments(gateway)[2:]
        return self.ws.run("rerun", "claims.report.csv", *arguments, "--include", include, *WORDS)

    def test_an_audit_knows_that_a_repeat_is_freed_with_the_row_it_repeats(self):
        self.ws.export([claim_row(1)] * 2)
        gateway = self.gateway(self.lose("CL00000001"))
        self.assertExit(self.ws.upload(gateway), 3)
        gateway.script = accept
        self.assertExit(self.rerun(gateway, "unknown"), 0)
        reports = ("claims.report.csv", "claims.report.rerun-1.csv")
        self.assertExit(self.ws.run("audit", *reports, "--ledger", "ledger.db"), 0)

    def test_an_unknown_row_that_waits_for_another_stays_unknown(self):
        self.ws.export([claim_row(1), claim_row(1, claim_fee="77")])
        gateway = self.gateway(lambda r: refuse(r) if r.number == 1 else Reply(then="close"))
        self.assertExit(self.ws.upload(gateway), 3)
        self.assertEqual(self.outcomes(), ["rejected", "unknown"])
        self.assertExit(self.rerun(gateway, "rejected,unknown"), 3)
        self.assertEqual(self.outcomes("claims.report.rerun-1.csv"), ["unknown", "unknown"])
        self.assertEqual(len(gateway.requests), 2)

    def test_another_reason_is_another_round(self):
        gateway = self.begin(1, "CL00000001")
        self.assertExit(self.ws.upload(gateway, "--resend-unknown", *WORDS), 3)
        gateway.script = accept
        other = ("--by", "claims-desk", "--reason", "asked again")
        self.assertExit(self.ws.upload(gateway, "--resend-unknown", *other), 0)
        self.assertEqual(len(gateway.requests), 3)

    def test_a_round_that_was_stopped_goes_on_by_the_same_command_and_sends_none_twice(self):
        keys = ["CL0000000%d" % n for n in range(1, 7)]
        gateway = self.begin(6, *keys)
        gateway.script = accept
        first = self.ws.upload(gateway, "--resend-unknown", *WORDS, "--limit", "2")
        self.assertExit(first, 4)
        self.assertExit(self.ws.upload(gateway, "--resend-unknown", *WORDS), 0)
        self.assertEqual(sorted(r.key[1] for r in gateway.requests[6:]), keys)

    def test_a_round_that_was_killed_sends_none_twice_and_asks_for_another_word(self):
        gateway = self.begin(2, "CL00000001", "CL00000002")
        gateway.script = lambda r: gateway.released.wait() and accept(r)
        run = self.ws.start_upload(gateway, "--resend-unknown", *WORDS)
        gateway.wait_for_requests(4)
        run.send_signal(signal.SIGKILL)
        run.finish()
        gateway.script = accept
        self.assertExit(self.ws.upload(gateway, "--resend-unknown", *WORDS), 3)
        self.assertEqual(len(gateway.requests), 4)
        other = ("--by", "claims-desk", "--reason", "asked again")
        self.assertExit(self.ws.upload(gateway, "--resend-unknown", *other), 0)
        self.assertEqual(len(gateway.requests), 6)

    def test_the_same_command_without_it_sends_nothing(self):
        gateway = self.begin(2, "CL00000001")
        gateway.script = accept
        self.assertExit(self.ws.upload(gateway), 3)
        self.assertEqual(len(gateway.requests), 2)

    def test_it_does_not_send_what_was_accepted(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertExit(self.ws.upload(gateway, "--resend-unknown", *WORDS), 0)
        self.assertEqual(len(gateway.requests), 3)

    def test_an_unknown_attempt_of_another_export_is_sent_again_and_releases_the_rows_that_wait(self):
        gateway = self.begin(1, "CL00000001")
        gateway.script = accept
        self.ws.export(claim_rows(2), name="second.csv")
        self.assertExit(self.ws.upload(gateway, claims="second.csv"), 3)
        self.assertEqual(self.codes("second.report.csv")[0], "UNSETTLED")
        self.assertExit(self.ws.upload(gateway, "--resend-unknown", *WORDS), 0)
        again = self.ws.upload(gateway, claims="second.csv")
        self.assertExit(again, 0)
        self.assertEqual(self.codes("second.report.csv")[0], "ALREADY_ACCEPTED")
        self.assertEqual(len(gateway.requests), 3)


class ResubmitTest(ResendCase):
    def test_accepted_and_rejected_claims_are_sent_once_more_in_a_round(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway(lambda r: refuse(r) if r.key[1] == "CL00000002" else accept(r))
        self.assertExit(self.ws.upload(gateway), 1)
        gateway.script = accept
        self.assertExit(self.ws.upload(gateway, "--resubmit", *WORDS), 0)
        self.assertEqual(len(gateway.requests), 6)
        self.assertEqual(self.outcomes(), ["accepted"] * 3)
        self.assertExit(self.ws.upload(gateway, "--resubmit", *WORDS), 0)
        self.assertEqual(len(gateway.requests), 6)

    def test_what_was_accepted_stays_so_unless_the_answer_is_lost(self):
        def quota(request):
            return Reply(http(error_body(7, "accesscontrol.limited-by-app-access-count")))

        def broken(request):
            return Reply(http(error_body(1)))

        cases = (("quota", quota, 75), ("failed", broken, 0), ("rejected", refuse, 0))
        for number, (name, script, code) in enumerate(cases):
            with self.subTest(name):
                self.ws.export(claim_rows(2, first=10 * number + 1))
                gateway = self.gateway()
                options = ("--overwrite", "--retries", "0")
                self.assertExit(self.ws.upload(gateway, *options), 0)
                first = self.ws.read_report()
                gateway.script = script
                self.assertExit(self.ws.upload(gateway, "--resubmit", *WORDS, *options), code)
                after = self.ws.read_report()
                self.assertEqual(self.outcomes(), ["accepted"] * 2)
                for old, new in zip(first, after):
                    self.assertEqual(old["request_id"], new["request_id"])
                    self.assertEqual(old["submitted_at"], new["submitted_at"])
                if name != "quota":
                    self.assertIn(f"sent again, and {name}", after[0]["message"])
                    self.assertEqual(after[0]["attempts"], "2")
                # The same command does not send it again; nor does another one without a word.
                sent = len(gateway.requests)
                gateway.script = accept
                self.assertExit(self.ws.upload(gateway, *options), 0)
                self.assertEqual(len(gateway.requests), sent)

    def test_a_lost_one_is_unknown_and_may_be_resent(self):
        self.ws.export(claim_rows(1))
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        gateway.script = lambda r: Reply(then="close")
        result = self.ws.upload(gateway, "--resubmit", *WORDS)
        self.assertExit(result, 3)
        self.assertSays(result, "the same without --resubmit, but with --resend-unknown --by NAME")
        self.assertEqual(self.outcomes(), ["unknown"])
        gateway.script = accept
        self.assertExit(self.ws.upload(gateway, "--resend-unknown", *WORDS), 0)
        self.assertEqual(self.outcomes(), ["accepted"])
        self.assertEqual(len(gateway.requests), 3)

    def test_a_duplicate_counts_as_its_row_does_then(self):
        self.ws.export([claim_rows(1)[0]] * 2)
        gateway = self.gateway(refuse)
        self.assertExit(self.ws.upload(gateway), 1)
        gateway.script = accept
        self.assertExit(self.ws.upload(gateway, "--resubmit", *WORDS), 0)
        self.assertEqual(self.codes(), ["SUCCESS", "DUPLICATE_IN_FILE"])
        self.assertExit(self.ws.upload(gateway), 0)

    def test_it_leaves_unknown_claims_alone(self):
        gateway = self.begin(2, "CL00000001")
        gateway.script = accept
        self.assertExit(self.ws.upload(gateway, "--resubmit", *WORDS), 3)
        self.assertEqual([r.key[1] for r in gateway.requests[2:]], ["CL00000002"])

    def test_both_rounds_at_once_are_refused(self):
        gateway = self.begin(1, "CL00000001")
        result = self.ws.upload(gateway, "--resend-unknown", "--resubmit", *WORDS)
        self.assertExit(result, 2)
        self.assertSays(result, "two rounds", "nothing was sent")


if __name__ == "__main__":
    unittest.main()
