"""A gateway that speaks HTTP/2 over TLS, frame by frame (RFC 9113), so that each frame may be wrong."""

import ctypes
import select
import socket
import struct
import time

from harness import (
    SEPARATOR,
    Reply,
    Request,
    ScriptedGateway,
    accept,
    accepted_body,
    http,
    server_tls,
)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    0, 1, 3, 4, 5, 6, 7, 8, 9
)
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 1, 1, 4, 8, 32
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, REFUSED_STREAM, CANCEL, HTTP_1_1_REQUIRED = (
    0, 1, 2, 7, 8, 13
)
ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE = 2, 3, 4


def frame(kind, stream, payload=b"", flags=0):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def field(name, value):
    """As a literal that is not indexed, each text as it is (RFC 7541, section 6.2.2)."""
    name, value = name.encode(), value.encode()
    assert len(name) < 127 and len(value) < 127
    return bytes([0, len(name)]) + name + bytes([len(value)]) + value


def headers(stream, *fields, status="200", end=False):
    first = [(":status", status)] if status else []
    packed = b"".join(field(name, value) for name, value in (*first, *fields))
    return frame(HEADERS, stream, packed, END_HEADERS | (END_STREAM if end else 0))


def data(stream, text, end=True):
    body = text if isinstance(text, bytes) else text.encode()
    return frame(DATA, stream, body, END_STREAM if end else 0)


def reset(stream, code):
    return frame(RST_STREAM, stream, struct.pack(">I", code))


def goaway(last_stream, code=NO_ERROR):
    return frame(GOAWAY, 0, struct.pack(">II", last_stream, code))


def settings(*pairs):
    return frame(SETTINGS, 0, b"".join(struct.pack(">HI", *pair) for pair in pairs))


def whole(stream, body, status="200"):
    length = str(len(body.encode()))
    return headers(stream, ("content-length", length), status=status) + data(stream, body)


def reply(frames, answer=None, status=200, refused=False, **more):
    """`answer` is the body that a client may believe; `refused`: that it was not processed is certain.
    `then` may be end, too: nothing more comes, and what still arrives is read."""
    made = Reply(frames, answer=answer, **more)
    made.status, made.refused = status, refused
    return made


def answers2(request, **more):
    """Each claim of a batch call is accepted."""
    body = SEPARATOR.join(accepted_body(f"r{request.number}") for _ in request.claims)
    return reply(whole(request.stream, body), body, executed=True, accepted=True, **more)


def refuse2(request, frames=None):
    return reply(reset(request.stream, REFUSED_STREAM) if frames is None else frames, refused=True)


def leave2(request, last, code=NO_ERROR, **more):
    """Goes away: no stream above the last one is processed on this connection, nor will be."""
    request.on.last = last
    return reply(goaway(last, code), refused=request.stream > last, **more)


def accept2(request, **more):
    body = accepted_body(f"r{request.number}")
    return reply(whole(request.stream, body), body, executed=True, accepted=True, **more)


class Field(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_void_p), ("value", ctypes.c_void_p),
        ("name_length", ctypes.c_size_t), ("value_length", ctypes.c_size_t), ("flags", ctypes.c_uint8),
    ]  # fmt: skip


class Unpacker:
    """The fields of requests, in the state of their connection (RFC 7541): libcurl's own library does it."""

    EMIT = 2

    def __init__(self):
        self.library = ctypes.CDLL("libnghttp2.so.14")
        self.state = ctypes.c_void_p()
        assert self.library.nghttp2_hd_inflate_new(ctypes.byref(self.state)) == 0
        self.library.nghttp2_hd_inflate_hd2.restype = ctypes.c_ssize_t

    def __del__(self):
        self.library.nghttp2_hd_inflate_del(self.state)

    def fields(self, packed):
        found, left = [], packed
        while True:
            one, flags = Field(), ctypes.c_int()
            taken = self.library.nghttp2_hd_inflate_hd2(
                self.state, ctypes.byref(one), ctypes.byref(flags), left, ctypes.c_size_t(len(left)), 1
            )
            assert taken >= 0, taken
            left = left[taken:]
            if not flags.value & self.EMIT:
                self.library.nghttp2_hd_inflate_end_headers(self.state)
                return found
            name = ctypes.string_at(one.name, one.name_length)
            found.append((name.decode(), ctypes.string_at(one.value, one.value_length).decode()))


def head_of(fields):
    """As HTTP/1.1 has it, which the checks of a request read."""
    of = dict(fields)
    lines = [f"{name}: {value}" for name, value in fields if not name.startswith(":")]
    return "\r\n".join([f"{of[':method']} {of[':path']} HTTP/1.1", *lines])


def unpadded(payload, flags):
    """What is packed in the payload of a frame of headers."""
    end = len(payload) - payload[0] if flags & PADDED else len(payload)
    return payload[(1 if flags & PADDED else 0) + (5 if flags & PRIORITY else 0) : end]


class Connection2:
    """What a script may know of the connection of its request."""

    def __init__(self, number):
        self.number = number
        self.count = 0
        self.unpacker = Unpacker()
        self.heads = {}
        self.bodies = {}
        self.waiting = []  # requests that are answered together
        self.last = None  # the last stream that is processed, once a script has set it
        self.is_agreed = False  # the client has confirmed what is allowed
        self.most = 0  # streams that were open at once since then

    def begin(self, stream, fields):
        self.heads[stream] = head_of(fields)
        self.bodies[stream] = b""
        if self.is_agreed:
            self.most = max(self.most, len(self.bodies) + len(self.waiting))


class Http2Gateway(ScriptedGateway):
    """`script(request)` gets request.stream and request.on, the Connection2; what it returns is made by
    `reply`. `offers` is what ALPN chooses from, on each connection by its number if it is a function;
    where another version than h2 is chosen, it is a ScriptedGateway with `script1`. Up to `together`
    requests are read before any is answered, the last one first."""

    def __init__(
        self, script=accept2, offers=("h2",), first=settings(), script1=accept, together=1, **more
    ):
        super().__init__(script, **more)
        self.certificate = more["tls"]
        self.offers = offers
        self.first = first
        self.script1 = script1
        self.together = together
        self.shared = []  # the connections of HTTP/2

    def _tls_of(self, number):
        offers = self.offers(number) if callable(self.offers) else self.offers
        tls = server_tls(*self.certificate)
        if offers:
            tls.set_alpn_protocols(list(offers))
        return tls

    def _answer(self, connection, number, index, head, body, late):
        """Of HTTP/1.1."""
        return self._play(connection, Request(0, number, index, head, body), self.script1)

    def _serve_requests(self, connection, number):
        if connection.selected_alpn_protocol() != "h2":
            super()._serve_requests(connection, number)
            return
        on = Connection2(number)
        self.shared.append(on)
        connection.sendall(self.first + frame(WINDOW_UPDATE, 0, struct.pack(">I", 1 << 30)))
        preface = self._read(connection, on, len(PREFACE))
        assert PREFACE.startswith(preface), preface  # one that is not used is closed before it says all
        while preface == PREFACE and self._serve_frame(connection, on):
            pass

    def _read(self, connection, on, length):
        """So many bytes, or fewer at the end; what waits is answered when nothing comes, which may be the end."""
        taken = b""
        while len(taken) < length:
            if on.waiting and not connection.pending():
                if not select.select([connection], [], [], 0.05)[0] and not self._answer_waiting(connection, on):
                    break
            more = connection.recv(length - len(taken))
            if not more:
                break
            taken += more
        return taken

    def _serve_frame(self, connection, on):
        """False when the connection is to be closed."""
        head = self._read(connection, on, 9)
        if len(head) < 9:
            return False
        kind, flags = head[3], head[4]
        stream = int.from_bytes(head[5:], "big")
        length = int.from_bytes(head[:3], "big")
        payload = self._read(connection, on, length)
        if len(payload) < length:
            return False
        if kind == SETTINGS and not flags & ACK:
            connection.sendall(frame(SETTINGS, 0, b"", ACK))
        elif kind == SETTINGS:
            on.is_agreed = True
        if kind == HEADERS:
            on.begin(stream, on.unpacker.fields(unpadded(payload, flags)))
        if kind == DATA:
            on.bodies[stream] += payload
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            return self._take(connection, on, stream)
        return True

    def _take(self, connection, on, stream):
        on.count += 1
        request = Request(0, on.number, on.count, on.heads.pop(stream), on.bodies.pop(stream))
        request.stream, request.on = stream, on
        on.waiting.append(request)
        return len(on.waiting) < self.together or self._answer_waiting(connection, on)

    def _answer_waiting(self, connection, on):
        goes_on = True
        while on.waiting:
            goes_on = self._play(connection, on.waiting.pop(), self._script_of) and goes_on
        return goes_on

    def _script_of(self, request):
        if request.on.last is not None and request.stream > request.on.last:
            return refuse2(request, b"")
        return self.script(request)

    def _play(self, connection, request, script):
        with self._news:
            request.number = len(self.requests) + 1
            self.requests.append(request)
            self.problems += [f"request {request.number}: {p}" for p in request.problems()]
            self._news.notify_all()
        made = script(request)
        with self._news:
            for entry in self._entries(request, made):
                entry.update(ended_ms=time.time_ns() // 1000000, seq=len(self.journal) + 1)
                self.journal.append(entry)
            self._news.notify_all()
        if made.data:
            connection.sendall(made.data)
        if made.then == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if made.then == "end":
            socket.socket.shutdown(connection, socket.SHUT_WR)  # not that of SSLSocket
        return made.then in ("keep", "end")

    def _entry(self, request, made):
        """What the frames say stands in the reply's answer; without one they say nothing."""
        if not hasattr(request, "stream"):
            return super()._entry(request, made)
        words = b"" if made.answer is None else http(made.answer, made.status)
        said = Reply(words, executed=made.executed, accepted=made.accepted)
        return dict(super()._entry(request, said), refused=made.refused)
