"""What the end-to-end tests stand on: a private folder to run the program in, the sandbox, a gateway
whose every byte a test decides, and strict readers of what the program leaves behind.

Nothing here knows the program's code. Signatures, digests and the CSV of reports are read by
implementations of their own.
"""

import contextlib
import csv
import fcntl
import glob
import hashlib
import hmac
import io
import itertools
import json
import os
import pty
import random
import re
import select
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import termios
import threading
import time
import unittest
import urllib.parse

APP_KEY = "12345678"
APP_SECRET = "a-secret-of-the-tests-7f3d"
METHOD = "tmall.serivcecenter.workcard.insurance.claim"
PARAMETER = "workcard_insurance_callback_request"
SEPARATOR = "\r\n-S-\r\n"  # of the segments of a batch call, and the parts of its answer
# How late requests reach a gateway at most, by chance: shows tests that count on an order of arrival.
JITTER_MS = int(os.environ.get("CLAIMBATCH_E2E_JITTER_MS", 0))
# Requests that left a second apart may arrive so much closer together: the receiver's clock lags under load.
LAG_S = 0.25
FORM_TYPE = "application/x-www-form-urlencoded;charset=utf-8"
BATCH_TYPE = "text/plain;charset=UTF-8"

FIELDS = (
    "workcard_id",
    "claim_desc",
    "claim_count",
    "claim_order_no",
    "claim_status",
    "claim_time",
    "claim_fee",
)
REPORT_COLUMNS = (
    ("row",)
    + FIELDS
    + (
        "outcome",
        "code",
        "sub_code",
        "message",
        "warnings",
        "attempts",
        "http_status",
        "request_id",
        "submitted_at",
        "duration_ms",
        "digest",
    )
)
OUTCOMES = ("accepted", "rejected", "failed", "unknown", "invalid", "skipped", "unsent")

# What a person types who sends with a ledger that does not know what was sent before.
NEW_LEDGER = ("--new-ledger", "--by", "tests", "--reason", "lost")

# A run that needs longer hangs. Generous, because machines are shared and sanitizers are slow.
RUN_SECONDS = int(os.environ.get("CLAIMBATCH_E2E_SECONDS", "60"))
SANITIZER_EXIT = 99


def program(name):
    """The absolute path of a program under test, from the environment."""
    path = os.environ.get(name)
    if not path:
        raise RuntimeError(f"the environment variable {name} names no program")
    return os.path.abspath(path)


def long_form():
    return os.environ.get("CLAIMBATCH_E2E_LONG") == "1"


def piece(seed, files, long_files):
    """The seed of a random test and how many files it draws: a long form can be run in pieces, each
    with a seed and a number of files of its own."""
    seed = int(os.environ.get("CLAIMBATCH_E2E_SEED", seed))
    files = int(os.environ.get("CLAIMBATCH_E2E_FILES", long_files if long_form() else files))
    return seed, files


def only_long(test):
    """A test that takes its time, and runs in the long form only."""
    return unittest.skipUnless(long_form(), "long form only")(test)


# ---- exports ----


def claim_row(number, **changes):
    """One good claim; `changes` replaces cells."""
    row = {
        "workcard_id": str(700000000000 + number),
        "claim_desc": "",
        "claim_count": "1",
        "claim_order_no": f"CL{number:08d}",
        "claim_status": "1",
        "claim_time": "2026-01-02 03:04:05",
        "claim_fee": str(100 + number),
    }
    row.update(changes)
    return row


def claim_rows(count, first=1):
    return [claim_row(first + i) for i in range(count)]


def export_text(rows, header=FIELDS):
    """RFC 4180 with LF; a row is a dictionary, or a ready line without its line end."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        if isinstance(row, str):
            text.write(row + "\n")
        else:
            writer.writerow([row[name] for name in header])
    return text.getvalue()


# ---- running the program ----


def without_times(log):
    """What was said, without the time that each line of a log begins with."""
    return re.sub(r"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", "", log)


class Result:
    """How a run ended; `log` is standard error as it is."""

    def __init__(self, code, out, log):
        self.code = code
        self.out = out
        self.log = log
        self.err = without_times(log)

    def __repr__(self):
        return f"exit {self.code}\n--- standard output\n{self.out}\n--- standard error\n{self.err}"


class Run:
    """A program that was started; ended by its own handle."""

    def __init__(self, argv, folder, env, stdin):
        self._out = tempfile.TemporaryFile(dir=folder)
        self._err = tempfile.TemporaryFile(dir=folder)
        self.process = subprocess.Popen(
            argv, cwd=folder, env=env, stdin=stdin, stdout=self._out, stderr=self._err
        )

    def send_signal(self, number):
        self.process.send_signal(number)

    def said(self):
        """What it has written to standard error so far."""
        size = os.fstat(self._err.fileno()).st_size
        return without_times(
            os.pread(self._err.fileno(), size, 0).decode("utf-8", "backslashreplace")
        )

    def is_alive(self):
        return self.process.poll() is None

    def wait_for_words(self, words):
        """Until the program has said so; it writes to a file, so it is looked at again and again."""
        for _ in range(3000):
            if words in self.said() or not self.is_alive():
                return
            time.sleep(0.02)
        raise AssertionError(f"it never said {words!r}\n{self.said()}")

    def finish(self, seconds=RUN_SECONDS):
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.end()
            raise AssertionError(f"no end within {seconds} s\n{self.said()}") from None
        self._out.seek(0)
        self._err.seek(0)
        result = Result(
            self.process.returncode,
            self._out.read().decode("utf-8", "backslashreplace"),
            self._err.read().decode("utf-8", "backslashreplace"),
        )
        if result.code == SANITIZER_EXIT or "runtime error:" in result.err:
            raise AssertionError(f"the sanitizer found something\n{result!r}")
        return result

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def close(self):
        self.end()
        self._out.close()
        self._err.close()


class Workspace:
    """A private folder with a secret, an export and a ledger; runs the program there."""

    def __init__(self, folder=None):
        """In a folder of its own, or the one that is named, which is not there yet."""
        self.path = folder or tempfile.mkdtemp(prefix="claimbatch-e2e-")
        os.makedirs(self.path, mode=0o700, exist_ok=True)
        self.binary = program("CLAIMBATCH")
        self.secret = self.write("secret", APP_SECRET + "\n", mode=0o600)
        self.claims = self.file("claims.csv")
        self.report = self.file("claims.report.csv")
        self.ledger = self.file("ledger.db")
        self._runs = []
        self._public = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for run in self._runs:
            run.close()
        shutil.rmtree(self.path)
        if self._public:
            shutil.rmtree(self._public)

    def binary_for_others(self):
        """The program where another user can run it: the checkout may be in a folder of root's own."""
        if not self._public:
            self._public = tempfile.mkdtemp(prefix="claimbatch-e2e-")
            os.chmod(self._public, 0o755)
            shutil.copy(self.binary, os.path.join(self._public, "claimbatch"))
        return os.path.join(self._public, "claimbatch")

    def file(self, name):
        return os.path.join(self.path, name)

    def write(self, name, content, mode=0o644):
        """Writes text or bytes into a file of the folder and returns its path."""
        path = self.file(name)
        data = content if isinstance(content, bytes) else content.encode("utf-8")
        with open(path, "wb") as file:
            file.write(data)
        os.chmod(path, mode)
        return path

    def export(self, rows, name="claims.csv", header=FIELDS):
        return self.write(name, export_text(rows, header))

    def environment(self, **more):
        """Nothing of the user's own gets in."""
        env = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": self.path,
            "TMPDIR": self.path,
            "LC_ALL": "C.UTF-8",
            "NO_PROXY": "*",
            "ASAN_OPTIONS": f"exitcode={SANITIZER_EXIT}:detect_leaks=1",
            "UBSAN_OPTIONS": f"halt_on_error=1:exitcode={SANITIZER_EXIT}:print_stacktrace=1",
            "LSAN_OPTIONS": f"exitcode={SANITIZER_EXIT}",
            "TSAN_OPTIONS": f"exitcode={SANITIZER_EXIT}",
        }
        env.update({name: value for name, value in more.items() if value is not None})
        return env

    def upload_arguments(self, gateway, *options, claims="claims.csv", ledger="ledger.db"):
        url = gateway if isinstance(gateway, str) else gateway.url
        return (
            "upload",
            claims,
            "--ledger",
            ledger,
            "--gateway",
            url,
            "--app-key",
            APP_KEY,
            "--app-secret-file",
            "secret",
        ) + tuple(str(option) for option in options)

    def start(self, *arguments, env=None, stdin=subprocess.DEVNULL, binary=None):
        argv = [binary or self.binary, *(str(a) for a in arguments)]
        run = Run(argv, self.path, env or self.environment(), stdin)
        self._runs.append(run)
        return run

    def start_together(self, commands, env=None):
        """Commands that begin in the same moment: a shell of each waits for a line."""
        shell = ("sh", "-c", 'read line; exec "$@" </dev/null', "sh", self.binary)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            runs = [
                Run((*shell, *map(str, command)), self.path, env or self.environment(), theirs)
                for command in commands
            ]
            self._runs += runs
            ours.sendall(b"\n" * len(runs))
        return runs

    def run_together(self, commands):
        return [run.finish() for run in self.start_together(commands)]

    def run(self, *arguments, seconds=RUN_SECONDS, env=None, input=None, binary=None):
        if input is None:
            return self.start(*arguments, env=env, binary=binary).finish(seconds)
        with tempfile.TemporaryFile(dir=self.path) as file:
            file.write(input)
            file.seek(0)
            return self.start(*arguments, env=env, stdin=file, binary=binary).finish(seconds)

    def run_as_other(self, *arguments, user=65534, umask=-1):
        """The same by another user, which root can be for a while."""
        return subprocess.run(
            [self.binary_for_others(), *arguments],
            cwd=self.path,
            env=self.environment(),
            user=user,
            group=user,
            extra_groups=[],
            umask=umask,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )

    def upload(self, gateway, *options, claims="claims.csv", ledger="ledger.db", **how):
        return self.run(
            *self.upload_arguments(gateway, *options, claims=claims, ledger=ledger), **how
        )

    def start_upload(self, gateway, *options, claims="claims.csv", **how):
        return self.start(*self.upload_arguments(gateway, *options, claims=claims), **how)

    def read(self, name):
        with open(self.file(name), "rb") as file:
            return file.read()

    def read_text(self, name):
        return self.read(name).decode("utf-8")

    def read_report(self, name="claims.report.csv"):
        return read_report(self.file(name))

    def read_manifest(self, name="claims.report.csv"):
        return read_manifest(self.file(name))

    def mode(self, name):
        return os.stat(self.file(name)).st_mode & 0o777


def run_on_terminal(argv, env, folder, columns, seconds=RUN_SECONDS, output=False):
    """Runs a program with standard error (with `output` standard output, too) on a terminal of so many
    columns; (exit code, bytes)."""
    try:
        master, slave = pty.openpty()
    except OSError as error:
        raise unittest.SkipTest(f"no terminal can be made here: {error}") from error
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    deadline = time.monotonic() + seconds
    process = subprocess.Popen(
        argv, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=slave if output else subprocess.DEVNULL, stderr=slave
    )
    os.close(slave)
    seen = bytearray()
    watchdog = threading.Timer(seconds, process.kill)
    watchdog.start()
    try:
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:  # the last writer has gone
                break
            if not piece:
                break
            seen += piece
        process.wait()
    finally:
        watchdog.cancel()
        watchdog.join()
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(master)
    if time.monotonic() >= deadline:
        raise AssertionError(f"no end within {seconds} s\n{bytes(seen)!r}")
    return process.returncode, bytes(seen)


# ---- what a run leaves behind ----


class Refused(Exception):
    """The report or manifest is not what it has to be."""


def split_records(text):
    """RFC 4180, strictly: LF, quotes only around whole cells. Yields lists of cells."""
    record, at, end = [], 0, len(text)
    while at < end:
        if text[at] == '"':
            cell = []
            at += 1
            while True:
                close = text.find('"', at)
                if close < 0:
                    raise Refused("a quote that is never closed")
                cell.append(text[at:close])
                at = close + 1
                if text[at : at + 1] != '"':
                    break
                cell.append('"')
                at += 1
            record.append("".join(cell))
        else:
            match = re.compile(r'[^,"\r\n]*').match(text, at)
            record.append(match.group())
            at = match.end()
        mark = text[at : at + 1]
        if mark == "\n":
            yield record
            record = []
        elif mark != ",":
            raise Refused(f"{mark!r} behind a cell, at character {at}")
        at += 1
        if mark == "," and at == end:
            raise Refused("the last record has no line end")
    if record:
        raise Refused("the last record has no line end")


FORMULA = re.compile("^'*[=+\\-@\\t\\r＝＋－＠]")


def unguard(cell):
    """Takes the one apostrophe away that keeps a spreadsheet from running the cell."""
    if not FORMULA.match(cell):
        return cell
    if not cell.startswith("'"):
        raise Refused(f"the cell {cell!r} would run as a formula")
    return cell[1:]


def read_report(path):
    """The lines of a report as dictionaries, guards removed; raises Refused for any oddity."""
    with open(path, "rb") as file:
        data = file.read()
    if not data.startswith(b"\xef\xbb\xbf"):
        raise Refused("no byte order mark")
    text = data[3:].decode("utf-8")
    if "\ufeff" in text or "\0" in text:
        raise Refused("a second byte order mark, or NUL")
    records = list(split_records(text))
    # A reader of another make has to find the same cells.
    if records != list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)):
        raise Refused("two readers of CSV do not agree")
    if not records or tuple(records[0]) != REPORT_COLUMNS:
        raise Refused(f"the header is {records[:1]}")
    for record in records[1:]:
        if len(record) != len(REPORT_COLUMNS):
            raise Refused(f"{len(record)} cells in {record}")
    return [
        dict(zip(REPORT_COLUMNS, (unguard(cell) for cell in record))) for record in records[1:]
    ]


def unique(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise Refused(f"a key twice among {names}")
    return dict(pairs)


def read_manifest(report_path):
    with open(report_path + ".manifest.json", encoding="utf-8") as file:
        return json.load(file, object_pairs_hook=unique)


def file_digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def claim_digest(values):
    """The digest column, from the seven values as sent, in the order of the columns."""
    text = "\x1f".join(("claimbatch-claim-1",) + tuple(values))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


def tally(report):
    counts = {}
    for line in report:
        counts[line["outcome"]] = counts.get(line["outcome"], 0) + 1
    return counts


# ---- signatures ----


def signature(parameters, secret, sign_method, body=b""):
    """Of every parameter but `sign`, sorted by name in byte order; upper-case hex."""
    text = b"".join(
        name.encode("utf-8") + value.encode("utf-8")
        for name, value in sorted(parameters.items(), key=lambda p: p[0].encode("utf-8"))
        if name != "sign"
    )
    text += body
    key = secret.encode("utf-8")
    if sign_method == "md5":
        return hashlib.md5(key + text + key).hexdigest().upper()
    kind = {"hmac": hashlib.md5, "hmac-sha256": hashlib.sha256}[sign_method]
    return hmac.new(key, text, kind).hexdigest().upper()


# ---- the sandbox ----


class Sandbox:
    """claimbatch-sandbox on a port that the system chooses. Its journal comes through a pipe, so that
    a test can wait for a line of it."""

    def __init__(self, workspace, *options, port=0, tls=False, session=None, journal=True):
        self._workspace = workspace
        self._options = [str(option) for option in options]
        self._port = port
        self._session = session
        self._keeps_journal = journal
        self.certificate = workspace.file("sandbox.pem") if tls else None
        self.journal = []
        self._news = threading.Condition()
        self._process = None

    def __enter__(self):
        self._open_journal()
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def _open_journal(self):
        self._fifo = self._workspace.file(f"journal-{id(self):x}")
        os.mkfifo(self._fifo, 0o600)
        self._fifo_fd = os.open(self._fifo, os.O_RDWR)
        fcntl.fcntl(self._fifo_fd, fcntl.F_SETPIPE_SZ, 1 << 20)
        self._reader = threading.Thread(target=self._read_journal)
        self._reader.start()

    def _read_journal(self):
        with os.fdopen(os.dup(self._fifo_fd), "rb") as lines:
            for line in lines:
                if line == b"end\n":
                    return
                with self._news:
                    self.journal.append(json.loads(line))
                    self._news.notify_all()

    def _start(self):
        argv = [
            program("CLAIMBATCH_SANDBOX"),
            "--port",
            str(self._port),
            "--app-key",
            APP_KEY,
            "--app-secret-file",
            self._workspace.secret,
        ]
        if JITTER_MS:
            argv += ["--latency", f"0..{JITTER_MS}"]
        if self._keeps_journal:
            argv += ["--journal", self._fifo]
        if self.certificate:
            argv += ["--tls", "--certificate-file", self.certificate]
        if self._session:
            argv += ["--session-file", self._session]
        self._log = tempfile.TemporaryFile(dir=self._workspace.path)
        self._process = subprocess.Popen(
            argv + self._options,
            env=self._workspace.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        line = self._process.stdout.readline().decode()
        if not line.startswith("listening on "):
            self._process.wait()
            self._log.seek(0)
            raise AssertionError(f"the sandbox did not start: {line}{self._log.read().decode()}")
        self.url = line[len("listening on ") :].strip()
        self.port = urllib.parse.urlsplit(self.url).port

    def has_lines(self, count, seconds):
        """Waits until the journal has so many lines; False when that takes longer."""
        with self._news:
            return self._news.wait_for(lambda: len(self.journal) >= count, seconds)

    def close(self):
        if self._process:
            if self._process.poll() is None:
                self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process.stdout.close()
            self._log.seek(0)
            words = self._log.read().decode("utf-8", "backslashreplace")
            self._log.close()
            code, self._process = self._process.returncode, None
        else:
            words, code = "", 0
        if self._fifo_fd >= 0:
            os.write(self._fifo_fd, b"end\n")
            self._reader.join()
            os.close(self._fifo_fd)
            os.unlink(self._fifo)
            self._fifo_fd = -1
        if code != 0:
            raise AssertionError(f"the sandbox ended with {code}\n{words}")

    _fifo_fd = -1


# ---- answers of the gateway ----


# Of answers that a test does not name itself: as at a gateway, no two have the same.
REQUEST_IDS = map("e{}".format, itertools.count(1))


def accepted_body(request_id=None):
    return json.dumps(
        {
            "tmall_serivcecenter_workcard_insurance_claim_response": {
                "is_success": True,
                "msg_code": "SUCCESS",
                "msg_info": "ok",
                "request_id": request_id or next(REQUEST_IDS),
            }
        }
    )


def rejected_body(request_id=None, msg_code="NO", msg_info="refused"):
    return json.dumps(
        {
            "tmall_serivcecenter_workcard_insurance_claim_response": {
                "is_success": False,
                "msg_code": msg_code,
                "msg_info": msg_info,
                "request_id": request_id or next(REQUEST_IDS),
            }
        }
    )


def error_body(code, sub_code=None, msg="refused", sub_msg=None, request_id=None):
    error = {"code": code, "msg": msg, "request_id": request_id or next(REQUEST_IDS)}
    if sub_code is not None:
        error["sub_code"] = sub_code
    if sub_msg is not None:
        error["sub_msg"] = sub_msg
    return json.dumps({"error_response": error})


def ban_body(seconds):
    return error_body(
        7,
        "accesscontrol.limited-by-api-access-count",
        msg="App Call Limited",
        sub_msg=f"This ban will last for {seconds} more seconds",
    )


def http(body, status=200, headers=(), content_type="application/json;charset=UTF-8"):
    """The bytes of a whole answer."""
    data = body if isinstance(body, bytes) else body.encode("utf-8")
    lines = [f"HTTP/1.1 {status} Words", f"Content-Type: {content_type}"]
    lines += [f"{name}: {value}" for name, value in headers]
    lines += [f"Content-Length: {len(data)}", "", ""]
    return "\r\n".join(lines).encode("utf-8") + data


class Reply:
    """What a scripted gateway does with one request.

    `then` is keep, close or reset; `executed` and `accepted` are what the journal says, and so is
    `answer`, where it cannot be seen in the bytes.
    """

    def __init__(
        self, data=b"", executed=False, accepted=False, then="keep", answer=None, later=()
    ):
        self.data = data
        self.later = later  # (seconds, bytes) that come unasked on the same connection
        self.executed = executed
        self.accepted = accepted
        self.then = then
        self.answer = answer

    def body(self):
        """What a client that believes no half answer may read, or None."""
        head, gap, body = self.data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if self.answer is not None:
            return self.answer
        if not gap or not length or len(body) != int(length.group(1)) or len(body) > 1 << 20:
            return None
        return body.decode("utf-8", "replace")


def accept(request, **more):
    return Reply(http(accepted_body(f"r{request.number}")), executed=True, accepted=True, **more)


def refuse(request, msg_info="refused", **more):
    return Reply(http(rejected_body(f"r{request.number}", msg_info=msg_info)), **more)


def answers(request, *bodies, executed=True, accepted=True, **more):
    """The answers of a batch call; without bodies each of its claims is accepted."""
    bodies = bodies or [accepted_body(f"r{request.number}") for _ in request.claims]
    return Reply(http(SEPARATOR.join(bodies)), executed=executed, accepted=accepted, **more)


def lose(request):
    """Executed, and the connection is closed without an answer."""
    return Reply(executed=True, then="close")


def reset(request):
    """Accepted, and the connection is reset before an answer."""
    return Reply(executed=True, accepted=True, then="reset")


def fail(code, sub_code=None, **more):
    """A script that answers every request with this error."""
    return lambda request: Reply(
        http(error_body(code, sub_code, request_id=f"r{request.number}", **more))
    )


class Request:
    """One request, read whole."""

    def __init__(self, number, connection, index, head, body):
        self.number = number  # over all connections, from 1
        self.connection = connection  # from 1
        self.index = index  # on this connection, from 1
        self.head = head
        self.body = body
        self.began = time.monotonic()  # read whole
        self.ended = None  # before the first byte of the answer, or the end of the connection
        self.wall_ms = time.time_ns() // 1000000
        self.line, *lines = head.split("\r\n")
        self.headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            self.headers.setdefault(name.lower(), []).append(value.strip())
        target = urllib.parse.urlsplit(self.line.split(" ")[1])
        self.path = target.path
        self.is_batch = self.path == "/router/batch"
        self.segments = body.decode("ascii").split(SEPARATOR) if self.is_batch else []
        pairs = urllib.parse.parse_qsl(target.query, True, True)
        if not self.is_batch:
            pairs += urllib.parse.parse_qsl(body.decode("ascii"), True, True)
        self.parameters = dict(pairs)
        self.doubled = len(self.parameters) != len(pairs)
        texts = [dict(urllib.parse.parse_qsl(s, True, True)).get(PARAMETER) for s in self.segments[1:]]
        self.claim_texts = [text for text in texts or [self.parameters.get(PARAMETER)] if text]
        self.claim_text = self.claim_texts[0] if self.claim_texts else None
        self.claims = [json.loads(text) for text in self.claim_texts]
        self.keys = [(claim.get("workcard_id"), claim.get("claim_order_no")) for claim in self.claims]
        self.claim = self.claims[0] if self.claims else None
        self.key = self.keys[0] if self.keys else None

    def problems(self):
        """What the official gateway would not take, by protocol sections 2 and 3."""
        found = []
        p = self.parameters
        if not self.line.startswith("POST ") or not self.line.endswith(" HTTP/1.1"):
            found.append(f"request line {self.line}")
        if self.headers.get("content-type") != [BATCH_TYPE if self.is_batch else FORM_TYPE]:
            found.append(f"content type {self.headers.get('content-type')}")
        if self.doubled or "" in p.values():
            found.append("a parameter twice, or without a value")
        if "expect" in self.headers or "transfer-encoding" in self.headers:
            found.append("Expect or Transfer-Encoding")
        method = None if self.is_batch else METHOD
        for name, value in (("method", method), ("app_key", APP_KEY), ("v", "2.0")):
            if p.get(name) != value:
                found.append(f"{name} is {p.get(name)}")
        if self.is_batch:
            found += self.problems_of_batch()
        if p.get("format") != "json":
            found.append(f"format is {p.get('format')}")
        signed = self.body if self.is_batch else b""
        if p.get("sign") != signature(p, APP_SECRET, p.get("sign_method", "md5"), signed):
            found.append("the signature is wrong")
        beijing = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(self.wall_ms / 1000 + 8 * 3600))
        if p.get("timestamp", "")[:10] != beijing[:10] and beijing[11:16] not in ("00:00", "23:59"):
            found.append(f"the timestamp is {p.get('timestamp')}, it is {beijing} in Beijing")
        for text, claim in zip(self.claim_texts, self.claims):
            written = re.sub(r"\\u[0-9A-F]{4}", lambda m: m.group().lower(), text)
            if written != json.dumps(claim, sort_keys=True, separators=(",", ":"), ensure_ascii=False):
                found.append(f"the claim is not written as the official SDK does: {text}")
        return found

    def problems_of_batch(self):
        found = []
        if self.segments[0] != "#PUBLIC#method=" + METHOD:
            found.append(f"the first segment is {self.segments[0]}")
        if not 1 <= len(self.claims) <= 20 or len(self.claims) != len(self.segments) - 1:
            found.append(f"{len(self.segments) - 1} segments, of which {len(self.claims)} are claims")
        if len(set(self.keys)) != len(self.keys):
            found.append(f"a claim twice in one call: {self.keys}")
        return found


class ScriptedGateway:
    """A server on a raw socket. `script(request)` returns the Reply of a request that was read whole;
    `on_head(head, connection, index)` may return bytes to answer before the body is read. The journal
    has the form of the sandbox's."""

    def __init__(self, script=accept, on_head=None, port=0, listen=True, check=True, tls=None):
        self.tls = tls and server_tls(*tls)
        self.script = script
        self.on_head = on_head
        self.check = check
        self.requests = []
        self.journal = []
        self.problems = []
        self.failures = []
        self.connections = 0
        self.released = threading.Event()  # lets go what a script holds
        self._news = threading.Condition()
        self._threads = []
        self._sockets = set()
        self._closing = False
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self.port = self._socket.getsockname()[1]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}/router/rest"
        self._acceptor = None
        self._wants_to_listen = listen

    def __enter__(self):
        if self._wants_to_listen:
            self.listen()
        return self

    def __exit__(self, kind, *_):
        self.close()
        if kind is None:
            if self.failures:
                raise AssertionError("a script failed:\n" + "\n".join(self.failures))
            if self.check and self.problems:
                raise AssertionError("\n".join(self.problems[:5]))

    def listen(self):
        """Until then a connection is refused."""
        self._socket.listen(1024)
        self._acceptor = threading.Thread(target=self._accept)
        self._acceptor.start()

    def stop_listening(self):
        """Further connections are refused; those that are there stay."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self):
        with self._news:
            self._closing = True
            self._news.notify_all()
        self.released.set()
        if self._acceptor:
            self.stop_listening()
            self._acceptor.join()
        self._socket.close()
        with self._news:
            for connection in self._sockets:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def wait_for(self, condition, seconds=RUN_SECONDS):
        """Until the condition holds; it is looked at whenever a request has been read or answered."""
        with self._news:
            if not self._news.wait_for(lambda: self._closing or condition(), seconds):
                raise AssertionError(f"not within {seconds} s; {len(self.requests)} requests")

    def wait_for_requests(self, count, seconds=RUN_SECONDS):
        self.wait_for(lambda: len(self.requests) >= count, seconds)

    def wait_until_left(self):
        """Until no client is connected: the last call of one that was killed has been noted, too."""
        self.wait_for(lambda: not self._sockets)

    def keys(self):
        return [request.key for request in self.requests]

    def _accept(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with self._news:
                if self._closing:
                    connection.close()
                    return
                self.connections += 1
                self._sockets.add(connection)
                thread = threading.Thread(
                    target=self._serve, args=(connection, self.connections)
                )
                self._threads.append(thread)
            thread.start()

    def _serve(self, connection, number):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain = connection
        try:
            tls = self._tls_of(number)
            if tls:
                connection = tls.wrap_socket(connection, server_side=True)
            self._serve_requests(connection, number)
        except OSError:
            pass  # the client left
        except Exception as error:  # a script's own mistake must not pass for the client's
            self.failures.append(repr(error))
        finally:
            with self._news:
                self._sockets.discard(plain)
                self._news.notify_all()
            connection.close()

    def _tls_of(self, number):
        """What the connection of that number is wrapped in; None: nothing."""
        return self.tls

    def _serve_requests(self, connection, number):
        late = []
        with connection.makefile("rb") as stream:
            index = 0
            while self._serve_request(connection, stream, number, index + 1, late):
                index += 1
                self._wait_with_late(connection, late)

    def _send_late(self, connection, late):
        """What is due by now goes out, before anything else does."""
        while late and late[0][0] <= time.monotonic():
            connection.sendall(late.pop(0)[1])

    def _wait_with_late(self, connection, late):
        """Until the client says something, or nothing is left that comes unasked."""
        while late and not self._closing:
            self._send_late(connection, late)
            wait = max(0, late[0][0] - time.monotonic()) if late else 0
            if late and select.select([connection], [], [], wait)[0]:
                return

    def _serve_request(self, connection, stream, number, index, late):
        """False when it was the last one of the connection."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = stream.readline()
            if not line:
                return False
            head += line
        text = head[:-4].decode("ascii")
        early = self.on_head(text, number, index) if self.on_head else None
        if early is not None:
            connection.sendall(early)
            # Half closed: what still comes is read, so that no reset overtakes the answer.
            connection.shutdown(socket.SHUT_WR)
            while stream.read(65536):
                pass
            return False
        length = int(re.search(r"(?im)^content-length: *(\d+)", text).group(1))
        body = stream.read(length)
        return len(body) == length and self._answer(connection, number, index, text, body, late)

    def _answer(self, connection, number, index, head, body, late):
        if JITTER_MS:
            time.sleep(random.uniform(0, JITTER_MS / 1000))
        with self._news:
            request = Request(len(self.requests) + 1, number, index, head, body)
            self.requests.append(request)
            self.problems += [f"request {request.number}: {p}" for p in request.problems()]
            self._news.notify_all()
        reply = self.script(request)
        entries = self._entries(request, reply)
        request.ended = time.monotonic()
        with self._news:
            for entry in entries:
                entry["ended_ms"] = time.time_ns() // 1000000
                entry["seq"] = len(self.journal) + 1
                self.journal.append(entry)
            self._news.notify_all()
        self._send_late(connection, late)
        if reply.data:
            connection.sendall(reply.data)
        late += [(time.monotonic() + seconds, data) for seconds, data in reply.later]
        late.sort()
        if reply.then == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return reply.then == "keep"

    def _entries(self, request, reply):
        """One for each claim; of a batch call what its part of the answer says, if it has one."""
        entry = self._entry(request, reply)
        if not request.is_batch:
            return [entry]
        parts = entry["answer"].split(SEPARATOR) if entry["answer"] else []
        entries = []
        for at, (key, claim) in enumerate(zip(request.keys, request.claims)):
            own = dict(entry, workcard_id=key[0], claim_order_no=key[1], claim=claim)
            own.update(batch=request.number, part=at + 1)
            for name in ("executed", "accepted"):
                own[name] = own[name][at] if isinstance(own[name], list) else own[name]
            if len(parts) == len(request.claims):
                own["answer"] = parts[at]
            entries.append(own)
        return entries

    def _entry(self, request, reply):
        body = reply.body()
        status = re.match(rb"(?s)(?:HTTP/1\.1 1.*?\r\n\r\n)*HTTP/1\.1 (\d{3})[ \r]", reply.data)
        body = body if status else None
        match_id = re.search(r'"request_id": "([^"]*)"', body or "")
        return {
            "at_ms": request.wall_ms,
            "connection": request.connection,
            "reused": request.index > 1,
            "path": request.path,
            "workcard_id": request.key[0] if request.key else None,
            "claim_order_no": request.key[1] if request.key else None,
            "claim": request.claim,
            "executed": reply.executed,
            "accepted": reply.accepted,
            "fault": None,
            "http_status": int(status.group(1)) if body is not None else None,
            "answer": body,
            "request_id": match_id.group(1) if match_id else None,
        }


def server_tls(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def make_certificate(workspace, host="localhost"):
    """(certificate, key): files of a self-signed one for loopback and this host."""
    certificate, key = workspace.file("gateway.pem"), workspace.file("gateway.key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        + ["-nodes", "-days", "2", "-subj", "/CN=test", "-addext", f"subjectAltName=IP:127.0.0.1,DNS:{host}"]
        + ["-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    return certificate, key


class Turn:
    """A script that gives each request of a sequence its own script; the last one stays."""

    def __init__(self, *scripts):
        self._scripts = scripts
        self._lock = threading.Lock()
        self._taken = 0

    def __call__(self, request):
        with self._lock:
            script = self._scripts[min(self._taken, len(self._scripts) - 1)]
            self._taken += 1
        return script(request)


@contextlib.contextmanager
def preload(pattern):
    """What LD_PRELOAD names: a library of the files in tests that fit the pattern."""
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sources = glob.glob(os.path.join(folder, pattern))
    flags = "-std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -fPIC -shared".split()
    with tempfile.TemporaryDirectory(prefix="claimbatch-preload-") as folder:
        library = os.path.join(folder, "preload.so")
        command = [os.environ.get("CC", "cc"), *flags, "-o", library, *sources, "-ldl", "-pthread"]
        subprocess.run(command, check=True)
        yield library


def free_port():
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# ---- test cases ----


class FreshWorkspace:
    """A workspace of its own for one round of a table."""

    def __init__(self, case):
        self._case = case

    def __enter__(self):
        self._old, self._case.ws = self._case.ws, Workspace()
        return self._case.ws

    def __exit__(self, *why):
        fresh, self._case.ws = self._case.ws, self._old
        fresh.__exit__(*why)


class TestCase(unittest.TestCase):
    """A test with a workspace of its own."""

    maxDiff = 4000

    def setUp(self):
        self.ws = self.enterContext(Workspace())

    def sandbox(self, *options, **how):
        return self.enterContext(Sandbox(self.ws, *options, **how))

    def gateway(self, script=accept, **how):
        return self.enterContext(ScriptedGateway(script, **how))

    def assertExit(self, result, code):
        self.assertEqual(result.code, code, repr(result))

    def assertSays(self, result, *pieces):
        for piece in pieces:
            self.assertIn(piece, result.err, repr(result))

    def assertNoViolations(self, found):
        if found:
            rest = f"\nand {len(found) - 12} more" if len(found) > 12 else ""
            self.fail("the report is not true\n" + "\n".join(found[:12]) + rest)

    def assertTally(self, expected, report="claims.report.csv"):
        self.assertEqual(tally(self.ws.read_report(report)), expected)


class DaysCase(TestCase):
    """An office that uploads an export each day."""

    def setUp(self):
        super().setUp()
        self.gate = self.gateway()

    def day(self, rows, *options, name="claims.csv"):
        self.ws.export(rows, name=name)
        return self.ws.upload(self.gate, *options, claims=name)


class LosingCase(TestCase):
    """A gateway that executes the claims with the numbers in `lost`, and answers nothing."""

    def setUp(self):
        super().setUp()
        self.lost = set()
        self.web = self.gateway(self.answer)

    def answer(self, request):
        return lose(request) if request.key[1] in self.lost else accept(request)
