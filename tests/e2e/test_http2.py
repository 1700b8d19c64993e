"""HTTP/2 over TLS: what is agreed on, and that each claim is executed at most once whatever becomes of
its stream and of the connection that it shares (RFC 9113; protocol sections 6 and 8)."""

import collections
import json
import random
import struct

import http2
import oracle
from harness import (
    FreshWorkspace,
    Reply,
    TestCase,
    accept,
    accepted_body,
    claim_rows,
    http,
    make_certificate,
)
from http2 import accept2, answers2, data, field, frame, goaway, headers, leave2, refuse2, reply, reset, whole
from test_matrix import HOST, Tunnel

H2 = ("h2", "http/1.1")
LAST = (1 << 31) - 1


def body_of(request):
    return accepted_body(f"r{request.number}")


def about(request):
    """An answer that names its claim."""
    return body_of(request).replace('"ok"', f'"about {request.key[1]}"')


def executed(frames, answer=None, **more):
    return reply(frames, answer, executed=True, accepted=True, **more)


def half(request):
    return headers(request.stream) + data(request.stream, body_of(request)[:30], end=False)


def with_field(*fields, **more):
    """A whole answer with these fields."""
    return lambda r: executed(headers(r.stream, *fields, **more) + data(r.stream, body_of(r)))


def ended(code):
    return lambda r: executed(reset(r.stream, code))


def begun(code, frames=half):
    return lambda r: executed(frames(r) + reset(r.stream, code))


def length(difference):
    return lambda r: with_field(("content-length", str(len(body_of(r)) + difference)))(r)


def interim(request):
    body = body_of(request)
    return executed(headers(request.stream, status="103") + whole(request.stream, body), body)


def trailers(request, **more):
    body = body_of(request)
    begin = headers(request.stream) + data(request.stream, body, end=False)
    return executed(begin + headers(request.stream, end=True, **more), body if not more["status"] else None)


def repeated(request):
    body = body_of(request)
    return executed(whole(request.stream, body) * 2, body)


# What becomes of one stream, while the others of its connection go on: (script, outcome, code).
OF_A_STREAM = {
    "cancelled": (ended(http2.CANCEL), "unknown", "CONNECTION_RESET"),
    "failed": (ended(http2.INTERNAL_ERROR), "unknown", "CONNECTION_RESET"),
    "ended": (ended(http2.NO_ERROR), "unknown", "CONNECTION_RESET"),
    "wants HTTP/1.1": (ended(http2.HTTP_1_1_REQUIRED), "unknown", "HTTP1_REQUIRED"),
    "half, then ended": (begun(http2.NO_ERROR), "unknown", None),
    "half, then cancelled": (begun(http2.CANCEL), "unknown", None),
    "half, then refused": (begun(http2.REFUSED_STREAM), "unknown", None),
    "head, then refused": (
        begun(http2.REFUSED_STREAM, lambda r: headers(r.stream)), "unknown", None,
    ),
    "interim, then refused": (
        begun(http2.REFUSED_STREAM, lambda r: headers(r.stream, status="103")), "unknown", None,
    ),
    "short": (length(5), "unknown", "CONNECTION_RESET"),
    "long": (length(-5), "unknown", "CONNECTION_RESET"),
    "without length": (
        lambda r: executed(headers(r.stream) + data(r.stream, body_of(r)), body_of(r)), "accepted", "SUCCESS",
    ),
    "without body": (lambda r: executed(headers(r.stream, end=True), ""), "unknown", "ANSWER_EMPTY"),
    "trailers": (lambda r: trailers(r, status=None), "accepted", "SUCCESS"),
    "second head": (lambda r: trailers(r, status="200"), "unknown", "CONNECTION_RESET"),
    "interim": (interim, "accepted", "SUCCESS"),
    "switching": (with_field(status="101"), "unknown", "CONNECTION_RESET"),
    "without status": (with_field(("a", "b"), status=None), "unknown", "CONNECTION_RESET"),
    "status of letters": (with_field(status="2x0"), "unknown", "CONNECTION_RESET"),
    "status of two digits": (with_field(status="20"), "unknown", "CONNECTION_RESET"),
    "two statuses": (with_field((":status", "200")), "unknown", "CONNECTION_RESET"),
    "capitals": (with_field(("X-Upper", "1")), "unknown", "CONNECTION_RESET"),
    "connection": (with_field(("connection", "close")), "unknown", "CONNECTION_RESET"),
    "coding": (with_field(("transfer-encoding", "chunked")), "unknown", "CONNECTION_RESET"),
    "a line in a field": (with_field(("x", "a\r\nb: c")), "unknown", "CONNECTION_RESET"),
    "a second answer": (repeated, "accepted", "SUCCESS"),
    "500": (lambda r: executed(whole(r.stream, body_of(r), "500"), body_of(r), status=500), "unknown", "HTTP_500"),
    "too large": (
        lambda r: executed(
            headers(r.stream) + b"".join(data(r.stream, b"x" * 16000, end=False) for _ in range(70))
        ),
        "unknown", "ANSWER_TOO_LARGE",
    ),
}


def leaves(last=0, frames=lambda r: b"", **more):
    """GOAWAY: the last stream that is processed is the request's, or so many before it."""

    def script(request):
        request.on.last = request.stream + last
        sent = frames(request) + goaway(request.on.last)
        return executed(sent, **more) if last >= 0 else reply(sent, refused=True, **more)

    return script


# What becomes of a connection at one of its requests: what the row of that request is then; whether
# what the gateway has said decides all rows, or those that were under way may be unknown.
OF_A_CONNECTION = {
    "goes away before it": (leaves(-2), "accepted", True),
    "goes away before it and ends": (leaves(-2, then="end"), "accepted", True),
    "goes away with it": (leaves(0), "unknown", True),
    "goes away with it and ends": (leaves(0, then="end"), "unknown", True),
    "goes away within its answer": (leaves(0, half, then="end"), "unknown", True),
    "announces to go away, and ends": (
        lambda r: executed(goaway(LAST), then="end"), "unknown", False,
    ),
    "closes": (lambda r: executed(b"", then="close"), "unknown", False),
    "resets": (lambda r: executed(b"", then="reset"), "unknown", False),
    "closes within its answer": (lambda r: executed(half(r), then="close"), "unknown", False),
    "an answer of no stream": (lambda r: executed(data(0, body_of(r))), "unknown", False),
    "an answer of a stream to come": (lambda r: executed(data(r.stream + 1000, "x")), "unknown", False),
    "data before the head": (lambda r: executed(data(r.stream, body_of(r))), "unknown", False),
    "a broken frame": (lambda r: executed(frame(http2.SETTINGS, 0, b"abc")), "unknown", False),
    "no frame": (lambda r: executed(http("{}")), "unknown", False),
    "a push": (
        lambda r: executed(
            frame(http2.PUSH_PROMISE, r.stream, struct.pack(">I", 2) + field(":method", "GET"),
                  http2.END_HEADERS)
        ),
        "unknown", False,
    ),
}


class Http2Case(TestCase):
    def setUp(self):
        super().setUp()
        self.certificate = make_certificate(self.ws, HOST)

    def gateway2(self, script=accept2, **how):
        return self.enterContext(http2.Http2Gateway(script, tls=self.certificate, **how))

    def send(self, gateway, rows, *options, version="2", **how):
        self.ws.export(claim_rows(rows))
        options = ("--ca-file", self.certificate[0], "--http", version, "-w", 1, *options)
        return self.ws.upload(gateway, *options, **how)

    def assertBound(self):
        for line in self.lines():
            self.assertEqual(line["message"], f"about {line['claim_order_no']}")

    def lines(self):
        return self.ws.read_report()

    def outcomes(self):
        return [line["outcome"] for line in self.lines()]

    def assertOnce(self, gateway):
        """A claim is sent again only where its stream was refused; what the report says is true."""
        entries = collections.defaultdict(list)
        for entry in gateway.journal:
            entries[entry["claim_order_no"]].append(entry)
        for line in self.lines():
            *before, last = entries[line["claim_order_no"]] or [{"executed": False}]
            self.assertTrue(all(entry.get("refused") for entry in before), line)
            if line["outcome"] != "unknown":
                self.assertEqual(last["executed"], line["outcome"] == "accepted", line)

    def assertTrueReport(self, gateway, **how):
        self.assertNoViolations(oracle.judge(self.ws.claims, self.ws.report, gateway.journal, **how))


class AgreementTest(Http2Case):
    def assertSpoken(self, gateway, shared):
        """`shared`: how many of its connections were of HTTP/2."""
        self.assertEqual(set(self.outcomes()), {"accepted"})
        self.assertEqual(len(gateway.shared), shared)
        self.assertTrueReport(gateway)

    def test_http1_does_not_offer_it(self):
        for options in ((), ("--http", "1.1")):
            with self.subTest(options):
                gateway = self.gateway2(offers=H2)
                self.ws.export(claim_rows(3))
                result = self.ws.upload(gateway, "--ca-file", self.certificate[0], *options,
                                        "--resubmit", "--by", "x", "--reason", "x", "--overwrite")
                self.assertExit(result, 0)
                self.assertSpoken(gateway, 0)

    def test_one_connection_is_enough_where_it_is_offered(self):
        for version in ("auto", "2"):
            with self.subTest(version), FreshWorkspace(self):
                self.certificate = make_certificate(self.ws)
                gateway = self.gateway2(offers=H2, together=8)
                self.assertExit(self.send(gateway, 40, "-c", 8, version=version), 0)
                self.assertSpoken(gateway, 1)
                self.assertEqual(gateway.connections, 1)

    def test_where_it_is_not_offered(self):
        for offers in ((), ("http/1.1",)):
            with self.subTest(offers), FreshWorkspace(self):
                self.certificate = make_certificate(self.ws)
                gateway = self.gateway2(offers=offers)
                result = self.send(gateway, 8)
                self.assertExit(result, 69)
                self.assertSays(result, "does not offer HTTP/2", "--http auto")
                self.assertEqual((gateway.requests, set(self.outcomes())), ([], {"unsent"}))
                self.assertIn("NO_HTTP2", {line["code"] for line in self.lines()})
                self.assertExit(self.send(gateway, 8, version="auto"), 0)
                self.assertSpoken(gateway, 0)

    def test_plain_http_stays_as_it_is(self):
        gateway = self.gateway(accept)
        self.ws.export(claim_rows(2))
        self.assertExit(self.ws.upload(gateway, "--http", "2"), 0)

    def test_through_a_proxy(self):
        for version, shared in (("auto", 1), ("2", 1), ("1.1", 0)):
            with self.subTest(version), FreshWorkspace(self):
                self.certificate = make_certificate(self.ws, HOST)
                gateway = self.gateway2(offers=H2)
                env = self.ws.environment()
                env.pop("NO_PROXY")
                with Tunnel(gateway.port) as tunnel:
                    env["https_proxy"] = tunnel.url
                    url = f"https://{HOST}:{gateway.port}/router/rest"
                    result = self.send(url, 6, "-c", 2, version=version, env=env)
                    self.assertExit(result, 0)
                    self.assertSpoken(gateway, shared)
                    gateway.close()

    def test_what_is_none_is_refused(self):
        self.ws.export(claim_rows(1))
        for value in ("3", "2.0", "1", "", "h2"):
            result = self.ws.upload("https://127.0.0.1:1/router/rest", "--http", value)
            self.assertExit(result, 2)
            self.assertSays(result, "auto, 1.1 or 2")

    def test_connections_that_agree_on_less_carry_one_request_at_a_time(self):
        """Once a connection speaks HTTP/2, libcurl would share the others, too, busy as they are."""

        def script1(request):
            if request.connection == 1:  # it is busy while another one speaks HTTP/2
                gateway.wait_for(lambda: len(gateway.requests) > 12)
            return Reply(http(about(request)), executed=True, accepted=True)

        gateway = self.gateway2(
            lambda r: executed(whole(r.stream, about(r)), about(r)),
            offers=lambda number: () if number == 1 else H2,
            script1=script1,
        )
        self.assertExit(self.send(gateway, 60, "-c", 6, version="auto"), 0)
        self.assertEqual(set(self.outcomes()), {"accepted"})
        self.assertGreater(len(gateway.shared), 0)
        self.assertTrueReport(gateway)
        self.assertBound()


class SharedTest(Http2Case):
    def test_answers_in_any_order_and_in_pieces_are_their_requests(self):
        drawn = random.Random(7)

        def script(request):
            number = request.key[1]
            pad = "x" * drawn.choice((0, 10, 5000, 20000, 60000))
            body = json.dumps({
                "tmall_serivcecenter_workcard_insurance_claim_response": {
                    "pad": pad, "is_success": True, "msg_code": "SUCCESS",
                    "msg_info": f"about {number}", "request_id": f"r{request.number}",
                }
            })
            pieces.append([request.stream, body, 0])
            if request.on.waiting:
                return executed(b"", body)
            sent = b"".join(headers(stream) for stream, _, _ in pieces)
            while pieces:
                piece = drawn.choice(pieces)
                stream, text, at = piece
                end = min(at + drawn.choice((1, 100, 9000)), len(text), at + 16000)
                sent += data(stream, text[at:end], end=end == len(text))
                piece[2] = end
                if end == len(text):
                    pieces.remove(piece)
            return executed(sent, body)

        pieces = []
        gateway = self.gateway2(script, together=16)
        self.assertExit(self.send(gateway, 96, "-c", 16), 0)
        self.assertTrueReport(gateway)
        self.assertBound()

    def test_no_more_streams_than_the_gateway_allows(self):
        """As far as it can be known: what it allows comes with its first bytes."""
        gateway = self.gateway2(first=http2.settings((http2.MAX_CONCURRENT_STREAMS, 3)), together=4)
        self.assertExit(self.send(gateway, 48, "-c", 12), 0)
        self.assertTrueReport(gateway)
        self.assertGreater(len(gateway.shared), 1)
        self.assertEqual(max(on.most for on in gateway.shared), 3)

    def test_same_request_id_is_no_repeated_answer(self):
        same = accepted_body("always")
        gateway = self.gateway2(
            lambda r: executed(whole(r.stream, same), same), together=4
        )
        self.assertExit(self.send(gateway, 12, "-c", 4), 0)
        self.assertEqual(set(self.outcomes()), {"accepted"})

    def test_a_call_that_gets_no_answer_takes_no_other_with_it(self):
        silent = claim_rows(12)[2]["claim_order_no"]
        gateway = self.gateway2(
            lambda r: executed(b"") if r.key[1] == silent else accept2(r), together=4
        )
        self.assertExit(self.send(gateway, 12, "-c", 4, "--timeout", 1), 3)
        self.assertTallyOf({"accepted": 11, "unknown": 1})
        self.assertTrueReport(gateway)

    def assertTallyOf(self, expected):
        self.assertEqual(dict(collections.Counter(self.outcomes())), expected)

    def test_a_connection_that_does_not_answer_gets_no_further_call(self):
        gateway = self.gateway2(lambda r: executed(b"") if r.on.number == 1 else accept2(r))
        self.assertExit(self.send(gateway, 12, "-c", 4, "--timeout", 1), 3)
        self.assertTallyOf({"accepted": 8, "unknown": 4})
        self.assertTrueReport(gateway)


class FaultTest(Http2Case):
    def stream_faults(self, in_flight):
        """Each fault has a row of its own; the rows between are accepted."""
        faults = list(OF_A_STREAM.values())
        rows = claim_rows(2 * len(faults))
        of = {row["claim_order_no"]: fault for row, fault in zip(rows[1::2], faults)}
        gateway = self.gateway2(
            lambda r: of[r.key[1]][0](r) if r.key[1] in of else accept2(r), together=in_flight
        )
        self.assertExit(self.send(gateway, len(rows), "-c", in_flight), 3)
        for name, line in zip(OF_A_STREAM, self.lines()[1::2]):
            _, outcome, code = OF_A_STREAM[name]
            self.assertEqual(line["outcome"], outcome, (name, line))
            self.assertEqual(line["attempts"], "1", (name, line))
            self.assertIn(code, (line["code"], None), (name, line))
        self.assertEqual({line["outcome"] for line in self.lines()[0::2]}, {"accepted"})
        self.assertEqual(len(gateway.requests), len(rows))
        self.assertTrueReport(gateway)

    def test_faults_of_a_stream(self):
        for in_flight in (1, 8):
            with self.subTest(in_flight), FreshWorkspace(self):
                self.certificate = make_certificate(self.ws)
                self.stream_faults(in_flight)

    def test_faults_of_a_connection(self):
        for name, (fault, outcome, is_decided) in OF_A_CONNECTION.items():
            with self.subTest(name), FreshWorkspace(self):
                self.certificate = make_certificate(self.ws)
                self.connection_fault(fault, outcome, is_decided)

    def connection_fault(self, fault, outcome, is_decided):
        at = claim_rows(24)[9]["claim_order_no"]
        struck = []

        def script(request):
            if request.key[1] != at or struck:
                return accept2(request)
            struck.append(request)
            return fault(request)

        gateway = self.gateway2(script)
        result = self.send(gateway, 24, "-c", 8, "--timeout", 3)
        self.assertExit(result, 0 if outcome == "accepted" else 3)
        self.assertOnce(gateway)
        others = [line["outcome"] for line in self.lines()]
        self.assertEqual(others.pop(9), outcome, self.lines()[9])
        if is_decided:
            self.assertEqual(set(others), {"accepted"}, self.lines())
            self.assertTrueReport(gateway, died=8)
        self.assertLessEqual(set(others), {"accepted", "unknown"})
        self.assertLessEqual(others.count("unknown"), 7)


class RefusedTest(Http2Case):
    """What surely was not processed is sent again: by the run, which counts it, never by libcurl."""

    def once(self, act):
        seen = set()

        def script(request):
            first = request.key not in seen
            seen.add(request.key)
            return act(request) if first else accept2(request)

        return script

    def test_each_stream_once(self):
        gateway = self.gateway2(self.once(refuse2))
        self.assertExit(self.send(gateway, 8, "-c", 4), 0)
        self.assertEqual({line["attempts"] for line in self.lines()}, {"2"})
        self.assertEqual(len(gateway.requests), 16)
        self.assertTrueReport(gateway)

    def test_each_connection_once_and_each_row_alone(self):
        """The last stream of a connection is told in other words than those before it."""
        gateway = self.gateway2(self.once(lambda r: leave2(r, max(0, r.stream - 2))))
        self.assertExit(self.send(gateway, 5, "-c", 1), 0)
        self.assertEqual({line["attempts"] for line in self.lines()}, {"2"})
        self.assertEqual(len(gateway.requests), 10)
        self.assertTrueReport(gateway)

    def test_every_time(self):
        gateway = self.gateway2(refuse2)
        self.assertExit(self.send(gateway, 3, "-c", 3, "--retries", 1), 1)
        self.assertEqual({line["code"] for line in self.lines()}, {"STREAM_REFUSED"})
        self.assertEqual({line["outcome"] for line in self.lines()}, {"failed"})
        self.assertEqual({line["attempts"] for line in self.lines()}, {"2"})
        self.assertIn("was not executed", self.lines()[0]["message"])
        self.assertEqual(len(gateway.requests), 6)
        self.assertTrueReport(gateway)

    def test_it_counts_for_the_quota(self):
        gateway = self.gateway2(self.once(refuse2))
        self.assertExit(self.send(gateway, 8, "-c", 8, "--daily-quota", 12), 75)
        self.assertEqual(len(gateway.requests), 12)
        self.assertTrueReport(gateway)

    def test_it_counts_for_the_rate(self):
        gateway = self.gateway2(self.once(refuse2))
        self.assertExit(self.send(gateway, 6, "-c", 6, "--rate", 6), 0)
        at = [entry["at_ms"] for entry in gateway.journal]
        self.assertEqual(len(at), 12)
        self.assertGreater(at[6] - at[0], 900)
        self.assertTrueReport(gateway)


class BatchTest(Http2Case):
    """Several claims a call: what becomes of its stream becomes of its rows, and of no others."""

    CALL = 5

    def struck(self, fault):
        """A gateway whose third call meets that."""
        found = []

        def script(request):
            found.append(request)
            return fault(request) if len(found) == 3 else answers2(request)

        return self.gateway2(script), found

    def test_calls_share_a_connection(self):
        gateway = self.gateway2(answers2, together=4)
        self.assertExit(self.send(gateway, 60, "-c", 4, "--batch", self.CALL), 0)
        self.assertEqual({request.path for request in gateway.requests}, {"/router/batch"})
        self.assertEqual(len(gateway.shared), 1)
        self.assertLess(len(gateway.requests), 60)
        self.assertTrueReport(gateway)
        self.assertOnce(gateway)

    def test_what_is_refused_is_sent_again_and_what_is_lost_is_not(self):
        for name, fault, outcome in (
            ("refused", refuse2, "accepted"),
            ("goes away before it", lambda r: leave2(r, max(0, r.stream - 2)), "accepted"),
            ("cancelled", ended(http2.CANCEL), "unknown"),
            ("cut", begun(http2.INTERNAL_ERROR), "unknown"),
        ):
            with self.subTest(name), FreshWorkspace(self):
                self.certificate = make_certificate(self.ws, HOST)
                gateway, found = self.struck(fault)
                code = 0 if outcome == "accepted" else 3
                self.assertExit(self.send(gateway, 40, "-c", 1, "--batch", self.CALL), code)
                self.assertOutcomes(found[2], outcome, "accepted")
                self.assertOnce(gateway)
                self.assertTrueReport(gateway)

    def test_a_connection_that_breaks_leaves_the_rows_of_its_calls_unknown(self):
        """None of their claims is sent a second time; what is not read there may have been, too."""
        for then in ("close", "reset"):
            with self.subTest(then), FreshWorkspace(self):
                self.certificate = make_certificate(self.ws, HOST)
                gateway = self.gateway2(
                    lambda r, then=then: executed(b"", then=then) if r.on.number == 1 else answers2(r),
                    together=4,
                )
                self.assertExit(self.send(gateway, 60, "-c", 4, "--batch", self.CALL), 3)
                self.assertGreater(len(gateway.shared), 1)
                answered = {
                    claim["claim_order_no"]
                    for request in gateway.requests if request.on.number > 1
                    for claim in request.claims
                }  # fmt: skip
                for line in self.lines():
                    expected = "accepted" if line["claim_order_no"] in answered else "unknown"
                    self.assertEqual(line["outcome"], expected, line)
                self.assertLess(len(gateway.requests), 60)
                self.assertOnce(gateway)

    def assertOutcomes(self, call, own, others):
        its = {claim["claim_order_no"] for claim in call.claims}
        self.assertGreater(len(its), 1)
        for line in self.lines():
            expected = own if line["claim_order_no"] in its else others
            self.assertEqual(line["outcome"], expected, line)
