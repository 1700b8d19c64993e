"""What the wire can do to a request, byte by byte (protocol sections 6 and 8)."""

import gzip
import resource
import threading
import time
import unittest
import zlib

import oracle
from harness import (
    NEW_LEDGER,
    Reply,
    ScriptedGateway,
    TestCase,
    Turn,
    accept,
    accepted_body,
    ban_body,
    claim_rows,
    error_body,
    free_port,
    http,
    only_long,
    refuse,
    rejected_body,
)


# A further round at the same report path, with a ledger that knows nothing.
REPLACE = ("--overwrite", *NEW_LEDGER)


def executed(data=b"", **more):
    """The request is executed, whatever then becomes of the answer."""
    return Reply(data, executed=True, accepted=True, **more)


def only_claim(number, script, otherwise=accept):
    """A script for one row's claim; the others are treated otherwise."""
    return lambda request: (
        script(request) if request.key[1] == f"CL{number:08d}" else otherwise(request)
    )


class TransportCase(TestCase):
    def setUp(self):
        super().setUp()
        self.ws.export(claim_rows(1))

    def line(self, row=2):
        return next(l for l in self.ws.read_report() if l["row"] == str(row))

    def assertTrueReport(self, gateway, **how):
        self.assertNoViolations(oracle.judge(self.ws.claims, self.ws.report, gateway.journal, **how))

    def check_one(self, script, outcome, code, exit_code, *options):
        """One row, one request, this outcome."""
        gateway = self.gateway(script)
        result = self.ws.upload(gateway, *options)
        self.assertExit(result, exit_code)
        line = self.line()
        self.assertEqual((line["outcome"], line["code"]), (outcome, code), line)
        self.assertEqual(len(gateway.requests), 1)
        self.assertEqual(line["attempts"], "1")
        self.assertTrueReport(gateway)
        return line


class UnknownTest(TransportCase):
    """After the request may have left, nothing but a definite answer is believed."""

    def unknown(self, code, reply, *options):
        return self.check_one(lambda request: reply, "unknown", code, 3, *options)

    def test_closed_without_an_answer(self):
        self.unknown("CONNECTION_CLOSED", executed(then="close"))

    def test_reset_without_an_answer(self):
        self.unknown("CONNECTION_RESET", executed(then="reset"))

    def test_reset_mid_answer(self):
        self.unknown("CONNECTION_RESET", executed(http(accepted_body())[:60], then="reset"))

    def test_closed_within_the_headers_whatever_the_status_says(self):
        """The more cautious of two lines wins: a cut answer is unknown, though 429 were again."""
        for status in (200, 302, 403, 429):
            with self.subTest(status):
                cut = b"HTTP/1.1 %d Words\r\nConte" % status
                gateway = self.gateway(lambda r: executed(cut, then="close"))
                result = self.ws.upload(gateway, "--ledger", f"l{status}", *REPLACE)
                self.assertExit(result, 3)
                self.assertEqual(self.line()["outcome"], "unknown")
                self.assertIn("may have been stored", self.line()["message"])
                self.assertEqual(len(gateway.requests), 1)

    def test_cut_within_the_body_whatever_the_status_says(self):
        for status in (200, 302, 403, 429):
            with self.subTest(status):
                cut = http("x" * 100, status)[:-50]
                gateway = self.gateway(lambda r: executed(cut, then="close"))
                result = self.ws.upload(gateway, "--ledger", f"l{status}", *REPLACE)
                self.assertExit(result, 3)
                self.assertEqual(self.line()["outcome"], "unknown")
                self.assertEqual(len(gateway.requests), 1)

    def test_cut_answer(self):
        self.unknown("ANSWER_CUT", executed(http(accepted_body())[:-20], then="close"))

    def test_a_cut_answer_that_is_whole_json_is_not_believed(self):
        whole = http(accepted_body() + " " * 10)
        self.unknown("ANSWER_CUT", executed(whole[:-10], then="close"))

    def test_garbage_that_is_no_http(self):
        self.unknown("NOT_HTTP", executed(b"SSH-2.0-OpenSSH_9.2\r\n", then="close"))

    def test_a_success_in_http_0_9_is_not_believed(self):
        self.unknown("NOT_HTTP", executed(accepted_body().encode(), then="close"))

    def test_a_status_line_that_is_none_is_not_200(self):
        lines = (b"HTTP/x 500", b"HTTP/1.1 200x OK", b"HTTP/1.1 2000 OK", b"HTTP/1.1  200 OK",
                 b"HTTP/2 200", b"HTTP/1.1 020 OK")
        for at, line in enumerate(lines):
            with self.subTest(line):
                answer = http(accepted_body()).split(b"\r\n", 1)[1]
                gateway = self.gateway(lambda r: executed(line + b"\r\n" + answer, then="close"))
                result = self.ws.upload(gateway, "--ledger", f"l{at}", *REPLACE)
                self.assertExit(result, 3)
                self.assertEqual((self.line()["outcome"], self.line()["code"]), ("unknown", "NOT_HTTP"))
                self.assertEqual(len(gateway.requests), 1)

    def test_heads_that_can_be_read_in_two_ways_or_have_no_end_are_not_believed(self):
        body = accepted_body().encode()
        heads = (
            b"Content-Length: %d\r\nContent-Length: %d\r\n" % (len(body), len(body) + 40),
            b" Content-Length: %d\r\nContent-Length: %d\r\n" % (len(body), len(body)),
            b"X: y\r\n" * 20000 + b"Content-Length: %d\r\n" % len(body),
        )
        for at, head in enumerate(heads):
            with self.subTest(at):
                gateway = self.gateway(
                    lambda r: executed(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body, then="close")
                )
                result = self.ws.upload(gateway, "--ledger", f"l{at}", *REPLACE)
                self.assertExit(result, 3)
                self.assertEqual(self.line()["outcome"], "unknown")

    def test_an_answer_beyond_all_size(self):
        body = accepted_body()[:-1] + ',"x":"' + "y" * (2 << 20) + '"}'
        self.unknown("ANSWER_TOO_LARGE", executed(http(body), then="close"))

    def test_an_answer_that_never_ends(self):
        def endless(request):
            return executed(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + b" " * (3 << 20),
                then="close",
            )

        self.check_one(endless, "unknown", "ANSWER_TOO_LARGE", 3)

    def test_a_slow_answer_beyond_the_timeout(self):
        def slow(request):
            self.slow_gateway.released.wait(30)
            return executed(http(accepted_body()))

        self.slow_gateway = gateway = ScriptedGateway(slow)
        with gateway:
            result = self.ws.upload(gateway, "--timeout", "0.5")
            self.assertExit(result, 3)
            line = self.line()
            self.assertEqual((line["outcome"], line["code"]), ("unknown", "TIMEOUT"))
            self.assertGreaterEqual(int(line["duration_ms"]), 450)
            self.assertEqual(len(gateway.requests), 1)

    def test_whole_answers_that_say_nothing_definite(self):
        table = (
            (200, "", "ANSWER_EMPTY"),
            (200, "<html>maintenance</html>", "ANSWER_HTML"),
            (200, '<?xml version="1.0"?><a><is_success>true</is_success></a>', "ANSWER_XML"),
            (200, accepted_body()[:-5], "ANSWER_MALFORMED"),
            (200, accepted_body() + "x", "ANSWER_MALFORMED"),
            (200, "[]", "ANSWER_SHAPE"),
            (200, "true", "ANSWER_SHAPE"),
            (200, '{"is_success":null}', "ANSWER_SHAPE"),
            (200, '{"other_response":{"is_success":true}}', "ANSWER_SHAPE"),
            (200, accepted_body().replace('"is_success": true', '"x": true'), "ANSWER_SHAPE"),
            (200, accepted_body().replace("true", "1"), "ANSWER_SHAPE"),
            (200, accepted_body().replace("true", '"yes"'), "ANSWER_SHAPE"),
            (201, accepted_body(), "HTTP_201"),
            (418, accepted_body(), "HTTP_418"),
            (400, rejected_body(), "HTTP_400"),
            (408, rejected_body(), "HTTP_408"),
            (500, accepted_body(), "HTTP_500"),
            (500, rejected_body(), "HTTP_500"),
            (502, "<html>", "HTTP_502"),
            (503, error_body(10), "HTTP_503"),
            (200, error_body(15, "isp.remote-service-error"), "15"),
            (200, error_body(10, "isp.remote-service-timeout"), "10"),
            (200, error_body(15), "15"),
            (200, error_body(3), "3"),
            (200, error_body(900, "zzz.nobody-knows"), "900"),
        )
        # One export with a row for each; nothing of it may be sent a second time.
        self.ws.export(claim_rows(len(table)))
        scripts = {}
        for at, (status, body, _) in enumerate(table, 1):
            scripts[f"CL{at:08d}"] = Reply(http(body, status), executed=True)
        definite = claim_rows(1, first=90)
        rows = []
        for at, row in enumerate(claim_rows(len(table))):
            rows.append(row)  # a definite answer between, so that the brake does not act
            rows.append(dict(definite[0], claim_order_no=f"OK{at}"))
        self.ws.export(rows)
        gateway = self.gateway(lambda r: scripts.get(r.key[1]) or accept(r))
        result = self.ws.upload(gateway, "--in-flight", "1")
        self.assertExit(result, 3)
        lines = {line["claim_order_no"]: line for line in self.ws.read_report()}
        for at, (status, body, code) in enumerate(table, 1):
            with self.subTest(status=status, body=body[:40]):
                line = lines[f"CL{at:08d}"]
                self.assertEqual((line["outcome"], line["code"]), ("unknown", code), line)
                self.assertEqual(line["attempts"], "1")
        self.assertEqual(len(gateway.requests), 2 * len(table))
        self.assertTrueReport(gateway)

    def test_an_unknown_code_under_100_stops_the_run_and_leaves_the_row_unknown(self):
        self.ws.export(claim_rows(10))
        gateway = self.gateway(
            only_claim(2, lambda r: Reply(http(error_body(55)), executed=True))
        )
        result = self.ws.upload(gateway, "--in-flight", "1")
        self.assertExit(result, 69)
        outcomes = [line["outcome"] for line in self.ws.read_report()]
        self.assertEqual(outcomes[:2], ["accepted", "unknown"])
        self.assertEqual(outcomes[3:], ["unsent"] * 7)  # row 4 may have been in flight by then
        self.assertTrueReport(gateway)


class ReuseTest(TransportCase):
    """libcurl repeats a request on its own when a reused connection turns out dead."""

    def die_on_reuse(self, then):
        """Executes everything; of a reused connection the request is read whole, executed, and the
        connection ends without an answer."""

        def script(request):
            if request.index > 1:
                return executed(then=then)
            return accept(request)

        return script

    def check_reuse(self, then, options=(), rows=6):
        self.ws.export(claim_rows(rows))
        gateway = self.gateway(self.die_on_reuse(then))
        result = self.ws.upload(gateway, *options)
        self.assertExit(result, 3)
        self.assertEqual(len(gateway.keys()), len(set(gateway.keys())), "a claim came twice")
        self.assertEqual(len(gateway.requests), rows)
        reused = {r.key[1] for r in gateway.requests if r.index > 1}
        self.assertTrue(reused, "no connection was reused: the test shows nothing")
        for line in self.ws.read_report():
            expected = "unknown" if line["claim_order_no"] in reused else "accepted"
            self.assertEqual(line["outcome"], expected, line)
        self.assertTrueReport(gateway)

    def test_a_request_read_whole_on_a_reused_connection_comes_exactly_once_when_it_is_closed(self):
        self.check_reuse("close", ("--in-flight", "1"))

    def test_a_request_read_whole_on_a_reused_connection_comes_exactly_once_when_it_is_reset(self):
        self.check_reuse("reset", ("--in-flight", "1"))

    def test_the_same_with_many_in_flight(self):
        self.check_reuse("close", ("--in-flight", "8", "--workers", "2"), rows=120)

    def test_a_connection_that_died_idle_costs_at_most_an_unknown_and_never_a_second_send(self):
        """The server closes each connection right behind its answer."""
        self.ws.export(claim_rows(60))
        gateway = self.gateway(lambda request: accept(request, then="close"))
        result = self.ws.upload(gateway, "--in-flight", "4")
        self.assertIn(result.code, (0, 3), repr(result))
        self.assertEqual(len(gateway.keys()), len(set(gateway.keys())), "a claim came twice")
        for line in self.ws.read_report():
            self.assertIn(line["outcome"], ("accepted", "unknown"))
        # Of a request that was never read whole the gateway has no line at all.
        unknown = sum(line["outcome"] == "unknown" for line in self.ws.read_report())
        self.assertEqual(unknown, 60 - len(gateway.requests))

    def test_the_words_are_those_of_the_first_break_when_no_second_connection_can_be_made(self):
        """The gateway dies in mid-run, with rows that it executed: nothing may sound as if they had
        not been sent."""

        def script(request):
            if request.index == 1:
                return accept(request)
            gateway.stop_listening()
            return executed(then="close")

        self.ws.export(claim_rows(30))
        gateway = self.gateway(script)
        result = self.ws.upload(gateway, "--in-flight", "4", "--outage-patience", "1")
        self.assertExit(result, 69)
        unknown = [line for line in self.ws.read_report() if line["outcome"] == "unknown"]
        self.assertTrue(unknown, "no row was in flight")
        for line in unknown:
            self.assertIn("may have been stored", line["message"])
            self.assertNotRegex(line["message"], "(?i)connect to|could.?n.t connect")
            self.assertIn(line["code"], ("CONNECTION_CLOSED", "RESEND_REFUSED", "CONNECTION_RESET"))

    def test_a_connection_that_says_it_closes_is_not_used_again(self):
        self.ws.export(claim_rows(30))
        gateway = self.gateway(
            lambda r: Reply(
                http(accepted_body(f"r{r.number}"), headers=[("Connection", "close")]),
                executed=True,
                accepted=True,
                then="close",
            )
        )
        self.assertExit(self.ws.upload(gateway, "--in-flight", "4"), 0)
        self.assertEqual(gateway.connections, 30)
        self.assertTrueReport(gateway)


class EarlyAnswerTest(TransportCase):
    def test_an_answer_before_the_body_was_read_is_not_believed(self):
        """The claim is larger than what the sockets take, so the body cannot have left whole."""
        self.ws.export(
            [dict(row, claim_desc="理" * 2000, claim_status="2", claim_fee="0") for row in claim_rows(1)]
        )
        for name, body, status in (
            ("success", accepted_body(), 200),
            ("page", "<html>", 502),
        ):
            with self.subTest(name):
                gateway = ScriptedGateway(on_head=lambda *_: http(body, status))
                with gateway:
                    result = self.ws.upload(gateway, "--ledger", f"ledger-{name}", *REPLACE)
                    self.assertEqual(gateway.requests, [])
                line = self.line()
                # Small bodies leave with the head, and then nobody knows what the gateway did.
                if status == 200:
                    self.assertIn(line["outcome"], ("unknown", "accepted"), repr(result))
                else:
                    self.assertExit(result, 3)
                    self.assertEqual(line["outcome"], "unknown")


class DefiniteTest(TransportCase):
    def test_odd_ways_to_say_yes(self):
        wrapped = accepted_body("r1")
        table = (
            wrapped,
            wrapped.replace("true", '"true"'),
            wrapped.replace('"ok"', '"a\x01b"'),
            wrapped.replace(', "request_id": "r1"', ""),
        )
        self.ws.export(claim_rows(len(table)))
        bodies = {f"CL{at:08d}": body for at, body in enumerate(table, 1)}
        gateway = self.gateway(lambda r: executed(http(bodies[r.key[1]])))
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertTrueReport(gateway)

    def test_an_answer_in_chunks_is_read(self):
        body = accepted_body("r1").encode()
        chunks = b"".join(b"%x\r\n%s\r\n" % (1, body[i : i + 1]) for i in range(len(body)))
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.check_one(
            lambda r: executed(head + chunks + b"0\r\n\r\n", answer=body.decode()),
            "accepted",
            "SUCCESS",
            0,
        )

    def test_a_chunked_answer_without_its_end_is_unknown(self):
        body = accepted_body("r1").encode()
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.check_one(
            lambda r: executed(head + b"%x\r\n%s\r\n" % (len(body), body), then="close"),
            "unknown",
            "ANSWER_CUT",
            3,
        )

    def test_trailer_fields_after_a_chunked_answer_change_nothing(self):
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
        end = b"0\r\nX-Sum: 1\r\nRetry-After: 9\r\nHTTP/1.1 500: x\r\n\r\n"

        def script(request):
            body = accepted_body(f"r{request.number}")
            chunk = b"%x\r\n%s\r\n" % (len(body), body.encode())
            return executed(head + chunk + end, answer=body)

        self.ws.export(claim_rows(12))
        gateway = self.gateway(script)
        self.assertExit(self.ws.upload(gateway, "--in-flight", "2"), 0)
        self.assertLessEqual(gateway.connections, 2)
        self.assertTrueReport(gateway)

    def test_a_compressed_answer_is_read_though_none_was_asked_for(self):
        body = accepted_body("r1")
        for coding, data in (
            ("gzip", gzip.compress(body.encode())),
            ("x-gzip", gzip.compress(body.encode())),
            ("deflate", zlib.compress(body.encode())),
        ):
            with self.subTest(coding):
                gateway = self.gateway(
                    lambda r: executed(http(data, 200, [("Content-Encoding", coding)]), answer=body)
                )
                result = self.ws.upload(gateway, "--ledger", f"l{coding}", *REPLACE)
                self.assertExit(result, 0)
                self.assertEqual(self.line()["outcome"], "accepted")
                self.assertEqual(gateway.requests[0].headers["accept-encoding"], ["identity"])

    def test_a_compressed_answer_that_cannot_be_read_is_unknown(self):
        body = accepted_body("r1").encode()
        for at, (coding, data, codes) in enumerate((
            ("gzip", b"no gzip at all, but long enough", ("ANSWER_CODING",)),
            ("gzip", gzip.compress(body)[:-20], ("ANSWER_CODING", "ANSWER_MALFORMED")),
            ("gzip", gzip.compress(body + b" " * (4 << 20)), ("ANSWER_TOO_LARGE",)),
            ("rot13", body, ("ANSWER_CODING",)),
        )):
            with self.subTest(at):
                gateway = self.gateway(
                    lambda r: executed(http(data, 200, [("Content-Encoding", coding)]))
                )
                result = self.ws.upload(gateway, "--ledger", f"l{at}", *REPLACE)
                self.assertExit(result, 3)
                self.assertEqual(self.line()["outcome"], "unknown")
                self.assertIn(self.line()["code"], codes)

    def test_interim_answers_come_before_the_answer(self):
        self.ws.export(claim_rows(6))
        gateway = self.gateway(
            lambda r: executed(
                b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                + http(accepted_body(f"r{r.number}")),
                answer=accepted_body(f"r{r.number}"),
            )
        )
        self.assertExit(self.ws.upload(gateway, "--in-flight", "1"), 0)
        self.assertTrueReport(gateway)

    def test_a_success_of_the_platform_that_the_business_refused_is_rejected(self):
        line = self.check_one(lambda r: refuse(r, "工单不存在"), "rejected", "NO", 1)
        self.assertIn("工单不存在", line["message"])

    def test_a_redirect_is_not_followed(self):
        elsewhere = self.gateway(check=False)
        self.ws.export(claim_rows(3))
        for status in (301, 302, 307, 308):
            with self.subTest(status):
                gateway = self.gateway(
                    lambda r: Reply(http("", status, [("Location", elsewhere.url)]))
                )
                result = self.ws.upload(gateway, "--ledger", f"l{status}", *REPLACE)
                self.assertExit(result, 69)
                self.assertTally({"unsent": 3})
                self.assertEqual(len(set(gateway.keys())), len(gateway.requests))
        self.assertEqual(elsewhere.requests, [])

    def test_no_request_asks_first_whether_its_body_is_welcome(self):
        self.ws.export(
            [
                dict(row, claim_desc="很长" * 900, claim_status="2", claim_fee="0")
                for row in claim_rows(3)
            ]
        )
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        for request in gateway.requests:
            self.assertNotIn("expect", request.headers)
            self.assertGreater(len(request.body), 10000)
        self.assertTrueReport(gateway)

    def test_a_server_that_says_100_continue_unasked_is_understood(self):
        self.check_one(
            lambda r: executed(
                b"HTTP/1.1 100 Continue\r\n\r\n" + http(accepted_body("r1")),
                answer=accepted_body("r1"),
            ),
            "accepted",
            "SUCCESS",
            0,
        )


class WaitTest(TransportCase):
    def test_429_holds_all_workers_for_its_retry_after(self):
        self.ws.export(claim_rows(40))
        slow_down = Reply(http("", 429, [("Retry-After", "1")]))
        lock = threading.Lock()
        state = {}

        def script(request):
            with lock:
                if request.number == 9:
                    state["until"] = time.monotonic() + 1
                    return slow_down
            return accept(request)

        gateway = self.gateway(script)
        result = self.ws.upload(gateway, "--in-flight", "4", "--workers", "2")
        self.assertExit(result, 0)
        told = next(r for r in gateway.requests if r.number == 9)
        late = [r for r in gateway.requests if told.ended + 0.1 < r.began < told.ended + 0.95]
        self.assertEqual(late, [], "somebody sent while the gateway had asked to wait")
        after = [r for r in gateway.requests if r.began >= told.ended + 0.95]
        self.assertTrue(after)
        self.assertTrueReport(gateway)
        self.assertEqual(sum(int(l["attempts"]) for l in self.ws.read_report()), 41)

    def test_nobody_sends_inside_a_ban_and_a_probe_goes_first(self):
        self.ws.export(claim_rows(40))

        def script(request):
            if request.number == 9:
                return Reply(http(ban_body(1)))
            if request.began > self.banned_until and not self.first_after:
                self.first_after.append(request)
            return accept(request)

        self.first_after = []
        self.banned_until = float("inf")
        gateway = self.gateway(script)
        result = self.ws.upload(gateway, "--in-flight", "4")
        self.assertExit(result, 0)
        ban = gateway.requests[8]
        inside = [r for r in gateway.requests if ban.ended + 0.1 < r.began < ban.ended + 0.95]
        self.assertEqual(inside, [], "somebody sent inside the ban")
        after = [r for r in gateway.requests if r.began >= ban.ended + 0.95]
        probe, others = after[0], after[1:]
        self.assertTrue(all(r.began >= probe.ended for r in others), "the probe was not alone")
        self.assertTrueReport(gateway)

    @only_long
    def test_ten_bans_in_a_row_end_the_run(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway(lambda r: Reply(http(ban_body(1))))
        result = self.ws.upload(gateway, "--in-flight", "1")
        self.assertExit(result, 75)
        self.assertTally({"unsent": 3})
        # One may have been handed over when the tenth answer came.
        self.assertIn(len(gateway.requests), (10, 11))

    def test_a_ban_over_ten_minutes_ends_the_run_at_once(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway(lambda r: Reply(http(ban_body(601))))
        result = self.ws.upload(gateway, "--in-flight", "1")
        self.assertExit(result, 75)
        self.assertTally({"unsent": 3})
        sent = len(gateway.requests)
        self.assertIn(sent, (1, 2))  # one may have been handed over when the first answer came
        # It is remembered: the next start sends nothing inside it.
        again = self.ws.upload(gateway, "--in-flight", "1")
        self.assertExit(again, 75)
        self.assertEqual(len(gateway.requests), sent)

    def test_failures_that_surely_were_not_executed_are_repeated_up_to_retries(self):
        gateway = self.gateway(lambda r: Reply(http(error_body(10))))
        result = self.ws.upload(gateway, "--retries", "2")
        self.assertExit(result, 1)
        line = self.line()
        self.assertEqual((line["outcome"], line["attempts"], line["code"]), ("failed", "3", "10"))
        self.assertEqual(len(gateway.requests), 3)
        self.assertTrueReport(gateway)

    def test_a_repeat_carries_its_own_timestamp_and_signature(self):
        gateway = self.gateway(Turn(lambda r: Reply(http("", 429, [("Retry-After", "1")])), accept))
        self.assertExit(self.ws.upload(gateway), 0)
        first, second = (r.parameters for r in gateway.requests)
        self.assertNotEqual(first["timestamp"], second["timestamp"])
        self.assertNotEqual(first["sign"], second["sign"])
        self.assertTrueReport(gateway)

    def test_an_unknown_after_a_repeat_ends_the_repeats(self):
        gateway = self.gateway(
            Turn(lambda r: Reply(http(error_body(10))), lambda r: executed(then="close"), accept)
        )
        self.assertExit(self.ws.upload(gateway), 3)
        self.assertEqual(len(gateway.requests), 2)
        self.assertEqual((self.line()["outcome"], self.line()["attempts"]), ("unknown", "2"))
        self.assertTrueReport(gateway)


class OutageTest(TransportCase):
    def test_a_gateway_that_comes_up_within_patience_takes_all_with_one_attempt(self):
        self.ws.export(claim_rows(30))
        gateway = self.gateway(listen=False)
        run = self.ws.start_upload(gateway, "--progress", "always", "--log-format", "json", "-v")
        # The run has met the refusal when its ledger knows of the run: then the gateway comes up.
        opener = threading.Timer(1.0, gateway.listen)
        opener.start()
        try:
            result = run.finish()
        finally:
            opener.cancel()
            opener.join()
        self.assertExit(result, 0)
        self.assertTally({"accepted": 30})
        self.assertEqual({line["attempts"] for line in self.ws.read_report()}, {"1"})
        self.assertEqual(len(gateway.requests), 30)
        self.assertTrueReport(gateway)

    def test_a_gateway_that_never_comes_up_loses_nothing(self):
        self.ws.export(claim_rows(30))
        port = free_port()
        result = self.ws.upload(f"http://127.0.0.1:{port}/router/rest", "--outage-patience", "1")
        self.assertExit(result, 69)
        self.assertTally({"unsent": 30})
        for line in self.ws.read_report():
            self.assertEqual((line["attempts"], line["submitted_at"]), ("0", ""))
        manifest = self.ws.read_manifest()
        self.assertFalse(manifest["complete"])
        self.assertSays(result, "next: ", "claimbatch upload claims.csv")
        with ScriptedGateway(port=port) as gateway:
            self.assertExit(self.ws.upload(gateway), 0)
            self.assertTrueReport(gateway)

    def test_a_name_that_cannot_be_looked_up_is_an_outage(self):
        self.ws.export(claim_rows(3))
        result = self.ws.upload(
            "https://claims.invalid/router/rest", "--outage-patience", "1"
        )
        self.assertExit(result, 69)
        self.assertSays(result, "outage: ", "LOOKUP_FAILED", "could not be reached for 1 s")
        self.assertTally({"unsent": 3})

    def test_a_machine_without_descriptors_is_not_told_as_a_dead_gateway(self):
        self.ws.export(claim_rows(20))
        begun = threading.Event()

        def limit(most):
            resource.prlimit(run.process.pid, resource.RLIMIT_NOFILE, (most, 4096))

        def script(request):
            begun.wait()
            if request.number == 3:
                limit(3)
            answer = http(accepted_body(f"r{request.number}"), 200, [("Connection", "close")])
            return Reply(answer, executed=True, accepted=True, then="close")

        gateway = self.gateway(script)
        run = self.ws.start_upload(gateway, "--in-flight", "1")
        begun.set()
        run.wait_for_words("SOCKET_FAILED")
        limit(4096)
        result = run.finish()
        self.assertExit(result, 0)
        self.assertSays(result, "outage: ", "Too many open files", "the claim was not sent")
        self.assertTally({"accepted": 20})
        self.assertEqual(len(gateway.requests), 20)

    def test_more_calls_than_descriptors_are_refused_before_the_first(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway()
        words = self.ws.upload_arguments(gateway, "--in-flight", "64")
        result = self.ws.run(
            "-c", 'ulimit -n 80; exec "$0" "$@"', self.ws.binary, *words, binary="/bin/sh"
        )
        self.assertExit(result, 71)
        self.assertSays(result, "--in-flight 64", "88 open files", "have 80", "nothing was sent")
        self.assertEqual(gateway.requests, [])
        result = self.ws.run(
            "-c", 'ulimit -n 88; exec "$0" "$@"', self.ws.binary, *words, binary="/bin/sh"
        )
        self.assertExit(result, 0)

    def test_the_brake_acts_on_a_maintenance_page(self):
        for in_flight, most in ((1, 10), (16, 16)):
            with self.subTest(in_flight=in_flight):
                self.ws.export(claim_rows(100))
                gateway = self.gateway(lambda r: Reply(http("<html>maintenance</html>", 503)))
                result = self.ws.upload(
                    gateway,
                    "--in-flight",
                    in_flight,
                    "--outage-patience",
                    "1.5",
                    "--ledger",
                    f"ledger-{in_flight}",
                    *REPLACE,
                )
                self.assertExit(result, 69)
                counts = self.ws.read_manifest()["outcomes"]
                unknown = counts["unknown"]["rows"]
                self.assertEqual(unknown + counts["unsent"]["rows"], 100)
                self.assertEqual(unknown, len(gateway.requests))
                # Those on their way when the brake acts, and a probe or two.
                self.assertLessEqual(unknown, most + 2 * in_flight + 2)
                self.assertGreaterEqual(unknown, most)
                self.assertTrueReport(gateway)

    def test_a_definite_answer_loosens_the_brake(self):
        """A back end that stores every tenth claim only."""
        self.ws.export(claim_rows(60))
        gateway = self.gateway(
            lambda r: accept(r) if r.number % 10 == 0 else Reply(http("<html>", 503))
        )
        result = self.ws.upload(gateway, "--in-flight", "1")
        self.assertExit(result, 3)
        self.assertTally({"accepted": 6, "unknown": 54})
        self.assertTrueReport(gateway)

    def test_the_first_hundred_answers_all_rejections_stop_the_run(self):
        self.ws.export(claim_rows(300))
        gateway = self.gateway(refuse)
        result = self.ws.upload(gateway, "--in-flight", "4")
        self.assertExit(result, 4)
        counts = self.ws.read_manifest()["outcomes"]
        self.assertGreaterEqual(counts["rejected"]["rows"], 100)
        self.assertLess(counts["rejected"]["rows"], 100 + 4 * 2)
        self.assertEqual(counts["unsent"]["rows"], 300 - counts["rejected"]["rows"])
        self.assertTrueReport(gateway)

    def test_one_acceptance_among_the_first_hundred_lets_the_run_go_on(self):
        self.ws.export(claim_rows(150))
        gateway = self.gateway(lambda r: accept(r) if r.number == 50 else refuse(r))
        self.assertExit(self.ws.upload(gateway), 1)
        self.assertTally({"accepted": 1, "rejected": 149})
        self.assertTrueReport(gateway)


class OrderTest(TransportCase):
    def test_rows_of_one_claim_are_never_in_flight_together_and_in_file_order(self):
        rows = []
        for at in range(60):
            rows.append(dict(claim_rows(1)[0], claim_fee=str(1000 + at)))
            rows.append(claim_rows(1, first=100 + at)[0])
        self.ws.export(rows)
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway, "--in-flight", "16"), 0)
        mine = [r for r in gateway.requests if r.key[1] == "CL00000001"]
        self.assertEqual([r.claim["claim_fee"] for r in mine], [1000 + at for at in range(60)])
        for before, after in zip(mine, mine[1:]):
            self.assertLessEqual(before.ended, after.began)
        self.assertTrueReport(gateway)

    def test_no_more_than_in_flight_are_on_the_wire(self):
        self.ws.export(claim_rows(100))
        lock = threading.Lock()
        state = {"now": 0, "most": 0}
        full = threading.Event()

        def script(request):
            with lock:
                state["now"] += 1
                state["most"] = max(state["most"], state["now"])
                if state["now"] == 5:
                    full.set()
            full.wait(20)  # until the limit is reached once
            with lock:
                state["now"] -= 1
            return accept(request)

        gateway = self.gateway(script)
        self.assertExit(self.ws.upload(gateway, "--in-flight", "5", "--workers", "2"), 0)
        self.assertEqual(state["most"], 5)
        self.assertTrueReport(gateway)


class RefusedTest(TestCase):
    def test_connections_that_were_refused_make_no_answer_suspect(self):
        """libcurl closes their sockets without a word, and the next connections have the same numbers."""
        self.ws.export(claim_rows(800))
        for seed in (15, 17):
            faults = ("--fault", "refuse-connect=0.05", "--fault", "executed-close=0.03")
            gateway = self.sandbox("--seed", seed, "--threads", 2, *faults)
            options = ("--in-flight", 64, "--workers", 2, "--overwrite")
            result = self.ws.upload(gateway, *options, ledger=f"ledger-{seed}.db")
            self.assertIn(result.code, (0, 3), result.err)
            for line in self.ws.read_report("claims.report.csv"):
                self.assertNotIn("SUSPECT", line["warnings"])
                self.assertNotEqual(line["code"], "ANSWER_FOLLOWED")


if __name__ == "__main__":
    unittest.main()
