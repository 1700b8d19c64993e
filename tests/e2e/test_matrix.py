"""The table of protocol section 6, tried: fault class × fresh or kept connection × HTTP or HTTPS ×
directly or through a proxy, and all pairs of two faults in a row. Prints how many rows each cell had,
what became of them, and how many were told wrongly (0).

20 rows a cell; in the long form 1,000.
"""

import collections
import contextlib
import gzip
import itertools
import select
import socket
import threading

from harness import (
    FreshWorkspace,
    Reply,
    ScriptedGateway,
    TestCase,
    accepted_body,
    answers,
    claim_row,
    error_body,
    http,
    long_form,
    make_certificate,
    only_long,
    rejected_body,
)

ROWS = 1000 if long_form() else 20
HOST = "gateway.test"  # no loopback name: that would be reached directly


def whole(make, status=200, headers=(), executed=True, **more):
    def script(request, close):
        body = make(f"m{request.number}")
        extra = [("Connection", "close")] if close else []
        return Reply(
            http(body, status, [*headers, *extra]),
            executed=executed,
            then="close" if close else "keep",
            **more,
        )

    return script


def raw(make, then="close"):
    return lambda request, close: Reply(make(request), executed=True, then=then)


def chunked(request, close):
    body = accepted_body(f"m{request.number}").encode()
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
    head += b"Connection: close\r\n\r\n" if close else b"\r\n"
    data = b"%x\r\n%s\r\n0\r\nX-Sum: 1\r\n\r\n" % (len(body), body)
    return Reply(head + data, executed=True, then="close" if close else "keep")


def compressed(request, close):
    body = gzip.compress(accepted_body(f"m{request.number}").encode())
    headers = [("Content-Encoding", "gzip")] + ([("Connection", "close")] if close else [])
    return Reply(http(body, 200, headers), executed=True, then="close" if close else "keep")


def interim(request, close):
    reply = whole(accepted_body)(request, close)
    reply.data = b"HTTP/1.1 103 Early Hints\r\n\r\n" + reply.data
    return reply


def answer(request):
    return http(accepted_body(f"m{request.number}"))


def error(code, sub_code=None):
    return whole(lambda request_id: error_body(code, sub_code, request_id=request_id), executed=False)


def word(text):
    return whole(lambda _: text)


# name: (what the gateway does, what the row has to be)
FAULTS = {
    "accepted": (whole(accepted_body, accepted=True), "accepted"),
    "rejected": (whole(rejected_body, executed=False), "rejected"),
    "compressed": (compressed, "accepted"),
    "trailers": (chunked, "accepted"),
    "interim": (interim, "accepted"),
    "closed": (raw(lambda r: b""), "unknown"),
    "reset": (raw(lambda r: b"", "reset"), "unknown"),
    "cut-head": (raw(lambda r: answer(r)[:30]), "unknown"),
    "cut-body": (raw(lambda r: answer(r)[:-9]), "unknown"),
    "reset-body": (raw(lambda r: answer(r)[:-9], "reset"), "unknown"),
    "no-http": (raw(lambda r: b"SSH-2.0-x\r\n"), "unknown"),
    "odd-status": (raw(lambda r: answer(r).replace(b"200 Words", b"200x")), "unknown"),
    "excess": (raw(lambda r: answer(r) + answer(r)), "unknown"),
    "http-500": (whole(accepted_body, 500), "unknown"),
    "http-201": (whole(accepted_body, 201), "unknown"),
    "empty": (word(""), "unknown"),
    "html": (word("<html>maintenance</html>"), "unknown"),
    "xml": (word("<?xml version='1.0'?><error_response/>"), "unknown"),
    "malformed": (word('{"is_success":tr'), "unknown"),
    "shape": (word('{"other":{"is_success":true}}'), "unknown"),
    "isp": (error(15, "isp.remote-service-error"), "unknown"),
    "isv": (error(50, "isv.invalid-parameter"), "rejected"),
    "code-10": (error(10), "failed"),
}
NAMES = list(FAULTS)


class Tunnel:
    """A proxy that connects every CONNECT to one port, whatever host is asked for."""

    def __init__(self, port):
        self.target = port
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(256)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.threads = []
        self.acceptor = threading.Thread(target=self.accept)
        self.acceptor.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.acceptor.join()
        self.socket.close()
        for thread in self.threads:
            thread.join()

    def accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self.carry, args=(client,))
            self.threads.append(thread)
            thread.start()

    def carry(self, client):
        with client, socket.socket() as server:
            try:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    more = client.recv(4096)
                    if not more:
                        return
                    head += more
                server.connect(("127.0.0.1", self.target))
                client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                while True:
                    for side in select.select([client, server], [], [])[0]:
                        data = side.recv(65536)
                        if not data:
                            return
                        (server if side is client else client).sendall(data)
            except OSError:
                return


class Played:
    """Plays the fault of each claim, and counts on which kind of connection it struck."""

    def __init__(self, fault_of, fresh):
        self.fault_of, self.fresh = fault_of, fresh
        self.struck = {}  # claim → (fault, was the connection a kept one)

    def __call__(self, request):
        number = int(request.key[1][2:])
        name = self.fault_of(number)
        self.struck[request.key[1]] = (name, request.index > 1)
        return FAULTS[name][0](request, self.fresh)


class MatrixTest(TestCase):
    def send(self, fault_of, rows, scheme="http", proxied=False, fresh=False, in_flight=8):
        """(cells, words of what was told wrongly)"""
        tls = make_certificate(self.ws, HOST) if scheme == "https" else None
        played = Played(fault_of, fresh)
        self.ws.export([claim_row(number) for number in range(rows)])
        with ScriptedGateway(played, tls=tls, check=False) as gateway:
            env = self.ws.environment()
            options = ["--ca-file", tls[0]] if tls else []
            url = gateway.url
            carried = Tunnel(gateway.port) if proxied and tls else contextlib.nullcontext()
            with carried as tunnel:
                if proxied:
                    env.pop("NO_PROXY")
                    url = f"{scheme}://{HOST}:{gateway.port}/router/rest"
                    proxy = tunnel.url if tunnel else f"http://127.0.0.1:{gateway.port}"
                    env[f"{scheme}_proxy"] = proxy
                    options.append("--allow-plaintext")
                result = self.ws.upload(
                    url, *options, "--retries", "0", "--in-flight", in_flight, env=env, seconds=3000
                )
        self.assertEqual(result.code, 3, repr(result)[-3000:])
        return self.judge(played, gateway)

    def judge(self, played, gateway):
        wrong = []
        cells = collections.Counter()
        came = collections.Counter(key[1] for key in gateway.keys())
        wrong += [f"{claim} came {times} times" for claim, times in came.items() if times > 1]
        for line in self.ws.read_report():
            claim = line["claim_order_no"]
            if claim not in played.struck:
                # Its connection died before: libcurl's words are no answer.
                if line["outcome"] != "unknown":
                    wrong.append(f"{claim} is {line['outcome']}, and never came")
                continue
            name, kept = played.struck[claim]
            cells[name, kept] += 1
            if line["outcome"] != FAULTS[name][1]:
                wrong.append(f"{claim}: {name} is {line['outcome']} {line['code']}")
        return cells, wrong

    def show(self, title, cells, wrong):
        print(f"# {title}: {sum(cells.values())} rows, {len(wrong)} violations")
        for name in NAMES:
            counts = " ".join(
                f"{'kept' if kept else 'fresh'} {cells[name, kept]:5}"
                for kept in (False, True)
                if cells[name, kept]
            )
            print(f"#   {name:12} {FAULTS[name][1]:9} {counts}")

    def check_way(self, scheme, path, connection):
        """Every second row is answered well, so that connections are kept and the brake does not act."""
        count = 2 * ROWS * len(NAMES)
        fresh = connection == "fresh"
        title = f"{scheme}, {path}, {connection}"

        def fault_of(number):
            return NAMES[number // 2 % len(NAMES)] if number % 2 else "accepted"

        cells, wrong = self.send(fault_of, count, scheme, path == "proxy", fresh)
        self.show(title, cells, wrong)
        self.assertEqual(wrong, [])
        for name in NAMES:
            self.assertGreaterEqual(sum(cells[name, k] for k in (False, True)), ROWS)
            if fresh:
                self.assertEqual(cells[name, True], 0)

    @only_long
    def test_all_pairs_of_two_faults_in_a_row(self):
        pairs = [(a, b) for a in NAMES for b in NAMES]

        def fault_of(number):
            pair = pairs[number // 3]
            return ("accepted", *pair)[number % 3]

        for scheme in ("http", "https"):
            with self.subTest(scheme), FreshWorkspace(self):
                cells, wrong = self.send(fault_of, 3 * len(pairs), scheme, in_flight=1)
                print(f"# pairs, {scheme}: {len(pairs)} pairs, {len(wrong)} violations")
                self.assertEqual(wrong, [])


# Of a call of several claims. An answer about one claim does not say which of them it is about.
CALLS = {
    name: "unknown" if script[1] == "accepted" or name == "rejected" else script[1]
    for name, script in FAULTS.items()
}
# What can stand in the place of one part of its answer.
PARTS = {
    "accepted": accepted_body,
    "rejected": rejected_body,
    "empty": lambda _: "",
    "html": lambda _: "<html>maintenance</html>",
    "xml": lambda _: "<?xml version='1.0'?><error_response/>",
    "malformed": lambda _: '{"is_success":tr',
    "shape": lambda _: '{"other":{"is_success":true}}',
    "isp": lambda request_id: error_body(15, "isp.remote-service-error", request_id=request_id),
    "isv": lambda request_id: error_body(50, "isv.invalid-parameter", request_id=request_id),
    "code-10": lambda request_id: error_body(10, request_id=request_id),
}
CLAIMS = 4  # a call


class BatchMatrixTest(TestCase):
    """The same for calls of several claims: a fault of the whole call, and one of a part of its answer."""

    def send(self, script, calls, tls, expected):
        """`expected` says what becomes of a claim, by its number."""
        self.ws.export([claim_row(number) for number in range(calls * CLAIMS)])
        with ScriptedGateway(script, tls=tls) as gateway:
            result = self.ws.upload(
                gateway, *(["--ca-file", tls[0]] if tls else []), "--retries", "0",
                "--in-flight", "1", "--batch", CLAIMS, seconds=3000,
            )  # fmt: skip
        self.assertEqual(result.code, 3, repr(result)[-3000:])
        sent = [int(key[1][2:]) for request in gateway.requests for key in request.keys]
        self.assertEqual(sent, list(range(calls * CLAIMS)))
        wrong = [
            f"{line['claim_order_no']} is {line['outcome']} {line['code']}, not {expected(number)}"
            for number, line in enumerate(self.ws.read_report())
            if line["outcome"] != expected(number)
        ]
        self.assertEqual(wrong, [])

    def send_by_all_ways(self, answer, calls, expected):
        """`answer(request, fresh)` is what the gateway does."""
        for scheme, connection in itertools.product(("http", "https"), ("kept", "fresh")):
            with self.subTest(scheme=scheme, connection=connection), FreshWorkspace(self):
                tls = make_certificate(self.ws) if scheme == "https" else None
                fresh = connection == "fresh"
                self.send(lambda r, fresh=fresh: answer(r, fresh), calls, tls, expected)

    @staticmethod
    def parts(request, fresh, *bodies):
        more = {"headers": [("Connection", "close")]} if fresh else {}
        bodies = bodies or [accepted_body(f"m{request.number}") for _ in request.claims]
        reply = answers(request, *bodies)
        if fresh:
            reply = Reply(http(reply.body(), **more), True, True, then="close")
        return reply

    def test_every_fault_of_a_call_is_one_of_all_its_rows(self):
        def fault_of(number):
            call = number // CLAIMS
            return NAMES[call // 2] if call % 2 else None

        def answer_call(request, fresh):
            name = fault_of(int(request.key[1][2:]))
            return FAULTS[name][0](request, fresh) if name else self.parts(request, fresh)

        self.send_by_all_ways(
            answer_call, 2 * len(NAMES), lambda number: CALLS.get(fault_of(number), "accepted")
        )

    def test_every_fault_of_a_part_is_one_of_its_row_alone(self):
        names = list(PARTS)

        def part_of(number):
            call, place = divmod(number, CLAIMS)
            return names[call // CLAIMS % len(names)] if place == call % CLAIMS else "accepted"

        def answer_call(request, fresh):
            made = [PARTS[part_of(int(key[1][2:]))] for key in request.keys]
            return self.parts(request, fresh, *(make(f"m{request.number}") for make in made))

        self.send_by_all_ways(
            answer_call, CLAIMS * len(names), lambda number: FAULTS[part_of(number)][1]
        )


def add_way(*way):
    """A test of its own, so that one way can be chosen by its name."""
    setattr(
        MatrixTest, "test_every_fault_by_" + "_".join(way), lambda self: self.check_way(*way)
    )


for chosen in itertools.product(("http", "https"), ("direct", "proxy"), ("kept", "fresh")):
    add_way(*chosen)
