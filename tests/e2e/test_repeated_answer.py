"""Something between here and the gateway repeats answers (protocol section 8): every later answer of
that connection then belongs to the row before."""

import threading
import time

from harness import (
    FreshWorkspace,
    Reply,
    TestCase,
    accepted_body,
    claim_rows,
    error_body,
    http,
    make_certificate,
    rejected_body,
)

ROWS = 60


def is_good(request):
    """Every third claim is rejected, so that a shift by one or two is seen."""
    return int(request.key[1][2:]) % 3 != 0


def answer_to(request, request_id):
    make = accepted_body if is_good(request) else rejected_body
    return http(make(request_id))


class Repeater:
    """A gateway whose answers are repeated: once on each connection or always, after a delay, as they
    were or with an id of their own."""

    def __init__(self, always, delay_s, own_id):
        self.always, self.delay_s, self.own_id = always, delay_s, own_id
        self.lock = threading.Lock()
        self.after = set()  # connections on which something came unasked
        self.wrong = set()  # claims that came on such a connection afterwards

    def __call__(self, request):
        with self.lock:
            if request.connection in self.after:
                self.wrong.add(request.key)
            repeats = self.always or (request.index == 2 and request.connection not in self.after)
            if repeats:
                self.after.add(request.connection)
        time.sleep(0.004)
        good = is_good(request)
        own = answer_to(request, f"r{request.number}")
        again = answer_to(request, f"r{request.number}-again") if self.own_id else own
        return Reply(
            own,
            executed=good,
            accepted=good,
            later=((self.delay_s, again),) if repeats else (),
        )


class RepeatedAnswerTest(TestCase):
    def setUp(self):
        super().setUp()
        self.ws.export(claim_rows(ROWS))

    def told_wrongly(self, gateway):
        """Claims whose definite outcome is another one than the gateway's, and who do not say that
        they are suspect."""
        truth = {
            (entry["workcard_id"], entry["claim_order_no"]): entry["accepted"]
            for entry in gateway.journal
        }
        wrong = []
        for line in self.ws.read_report():
            key = (int(line["workcard_id"]), line["claim_order_no"])
            if line["outcome"] not in ("accepted", "rejected"):
                continue
            if truth.get(key) == (line["outcome"] == "accepted"):
                continue
            if "SUSPECT_ANSWER" not in line["warnings"]:
                wrong.append((key, line["outcome"]))
        return wrong

    def repeat(self, scheme, always, delay_ms, own_id, in_flight):
        tls = make_certificate(self.ws) if scheme == "https" else None
        repeater = Repeater(always, delay_ms / 1000, own_id)
        gateway = self.gateway(repeater, tls=tls)
        options = ("--ca-file", tls[0]) if tls else ()
        result = self.ws.upload(
            gateway, *options, "--in-flight", in_flight, "--outage-patience", "1"
        )
        self.assertNotIn(result.code, (70, 71, 73, 74, 78), repr(result))
        self.assertEqual(len(gateway.keys()), len(set(gateway.keys())), "a claim came twice")
        return repeater, gateway

    def test_a_repeated_answer_is_never_taken_for_that_of_another_row(self):
        for scheme in ("http", "https"):
            for always in (False, True):
                for delay_ms in (0, 2, 20, 200):
                    with self.subTest(scheme=scheme, always=always, delay_ms=delay_ms):
                        for in_flight in (1, 4):
                            with FreshWorkspace(self):
                                self.ws.export(claim_rows(ROWS))
                                _, gateway = self.repeat(scheme, always, delay_ms, False, in_flight)
                                self.assertEqual(self.told_wrongly(gateway), [])

    def test_one_with_an_id_of_its_own_deceives_only_after_the_request_was_acknowledged(self):
        """That limit cannot be seen; what can be seen is seen, and no row before is concerned."""
        for scheme in ("http", "https"):
            for delay_ms in (0, 2, 20):
                with self.subTest(scheme=scheme, delay_ms=delay_ms), FreshWorkspace(self):
                    self.ws.export(claim_rows(ROWS))
                    repeater, gateway = self.repeat(scheme, False, delay_ms, True, 2)
                    wrong = {(key[0], key[1]) for key, _ in self.told_wrongly(gateway)}
                    self.assertLessEqual(wrong, {(k[0], k[1]) for k in repeater.wrong})

    def test_a_gateway_whose_request_id_never_changes_is_told_once_and_not_judged_by_it(self):
        for in_flight in (1, 8):
            with self.subTest(in_flight), FreshWorkspace(self):
                self.ws.export(claim_rows(ROWS))
                gateway = self.gateway(
                    lambda r: Reply(answer_to(r, "always-the-same"), is_good(r), is_good(r))
                )
                result = self.ws.upload(gateway, "--in-flight", in_flight, "--workers", "1")
                self.assertEqual(result.err.count("same request_id"), 1, repr(result))
                self.assertEqual(self.told_wrongly(gateway), [])
                unknown = [l for l in self.ws.read_report() if l["outcome"] == "unknown"]
                # Before a second connection has answered nobody can tell; more than one row it never costs.
                self.assertLessEqual(len(unknown), 1)

    def test_bytes_behind_the_last_answer_make_it_suspect_in_report_ledger_manifest_and_summary(self):
        """They come when all is committed, so the row keeps its outcome and says so."""
        self.ws.export(claim_rows(3))
        late = []

        def script(request):
            if request.number < 3:
                return Reply(answer_to(request, f"r{request.number}"), is_good(request), is_good(request))
            late.append(request.key)
            # The last row is held back while the others' connections get what nobody asked for.
            time.sleep(0.5)
            return Reply(answer_to(request, "r3"), is_good(request), is_good(request))

        def with_stray(request):
            reply = script(request)
            if request.number == 1:
                reply.later = ((0.1, answer_to(request, "stray")),)
            return reply

        gateway = self.gateway(with_stray)
        result = self.ws.upload(gateway, "--in-flight", "3", "--workers", "1")
        lines = self.ws.read_report()
        suspect = [l for l in lines if l["warnings"] == "SUSPECT_ANSWER"]
        self.assertEqual(len(suspect), 1, repr(result))
        self.assertEqual(suspect[0]["request_id"], "r1")
        self.assertIn(suspect[0]["outcome"], ("accepted", "rejected"))
        self.assertSays(result, "SUSPECT_ANSWER")
        self.assertEqual(self.ws.read_manifest()["suspect_answers"], 1)
        audit = self.ws.run("audit", "claims.report.csv", "--ledger", "ledger.db")
        self.assertExit(audit, 1)
        self.assertIn(f"row {suspect[0]['row']}", audit.out + audit.err)
        self.assertIn("SUSPECT_ANSWER", audit.out + audit.err)

    def test_a_row_that_failed_is_not_sent_again_once_its_answer_is_suspect(self):
        """Its answer said that it was not executed; that may be said of another row."""
        self.ws.export(claim_rows(3))

        def script(request):
            if request.number == 1:
                stray = answer_to(request, "stray")
                return Reply(http(error_body(1)), False, False, later=((0.1, stray),))
            if request.number <= 3:
                time.sleep(1.5)  # the run goes on while that comes
            return Reply(answer_to(request, f"r{request.number}"), is_good(request), is_good(request))

        gateway = self.gateway(script)
        options = ("--in-flight", "3", "--workers", "1", "--retries", "0")
        self.assertExit(self.ws.upload(gateway, *options), 3)
        first = gateway.keys()[0]
        (line,) = [l for l in self.ws.read_report() if l["claim_order_no"] == first[1]]
        self.assertEqual((line["outcome"], line["code"]), ("unknown", "ANSWER_FOLLOWED"))
        self.assertIn("may have been stored", line["message"])
        self.assertEqual(self.ws.read_manifest()["outcomes"]["failed"]["rows"], 0)
        self.assertExit(self.ws.upload(gateway, *options), 3)
        self.ws.export(claim_rows(4), name="next.csv")
        self.assertExit(self.ws.upload(gateway, *options, claims="next.csv"), 3)
        self.assertEqual(gateway.keys().count(first), 1)
        self.assertExit(self.ws.run("status", "--ledger", "ledger.db", "--verify"), 0)
        audit = self.ws.run("audit", "claims.report.csv", "--export", "claims.csv", "--ledger", "ledger.db")
        self.assertExit(audit, 0)

    def test_a_request_id_on_two_rows_is_named_by_audit(self):
        self.ws.export(claim_rows(4))
        gateway = self.gateway(
            lambda r: Reply(
                http(
                    accepted_body("r1" if r.number in (1, 3) else f"r{r.number}"),
                    headers=[("Connection", "close")],
                ),
                True, True, then="close",
            )
        )
        result = self.ws.upload(gateway, "--in-flight", "1")
        self.assertIn(result.code, (0, 3), repr(result))
        audit = self.ws.run("audit", "claims.report.csv", "--ledger", "ledger.db")
        self.assertExit(audit, 1)
        self.assertIn("request_id 'r1'", audit.out + audit.err)
