"""claimbatch-sandbox by itself: what it checks, says, notes and breaks. Signs independently of it.

CLAIMBATCH_SANDBOX names the program."""

import datetime
import hashlib
import hmac
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import unittest
import urllib.parse

SANDBOX = os.environ.get("CLAIMBATCH_SANDBOX", "claimbatch-sandbox")
KEY, SECRET = "12345678", "helloworld"
METHOD = "tmall.serivcecenter.workcard.insurance.claim"
PARAMETER = "workcard_insurance_callback_request"
RESPONSE = "tmall_serivcecenter_workcard_insurance_claim_response"
BEIJING = datetime.timezone(datetime.timedelta(hours=8))
SEPARATOR = "\r\n-S-\r\n"


def beijing_time():
    return datetime.datetime.now(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def sign(params, body=""):
    text = "".join(name + params[name] for name in sorted(params)) + body
    method = params.get("sign_method", "md5")
    if method == "md5":
        return hashlib.md5((SECRET + text + SECRET).encode()).hexdigest().upper()
    digest = {"hmac": "md5", "hmac-sha256": "sha256"}[method]
    return hmac.new(SECRET.encode(), text.encode(), digest).hexdigest().upper()


def claim(number=1, **fields):
    whole = {"workcard_id": number, "claim_count": 1, "claim_order_no": f"C-{number}",
             "claim_status": 1, "claim_time": "2022-12-12 00:00:00", "claim_fee": 1000}
    whole.update(fields)
    return json.dumps(whole, ensure_ascii=False)


def call(json_text=None, **others):
    """The parameters of a signed call; None leaves one out."""
    params = {"method": METHOD, "app_key": KEY, "timestamp": beijing_time(), "v": "2.0",
              "format": "json", "sign_method": "hmac-sha256",
              PARAMETER: claim() if json_text is None else json_text}
    params.update(others)
    params = {name: value for name, value in params.items() if value is not None}
    params.setdefault("sign", sign(params))
    return params


class Gateway:
    """A running sandbox."""

    def __init__(self, *options):
        self.folder = tempfile.TemporaryDirectory()
        self.connections = []
        secret = os.path.join(self.folder.name, "secret")
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(SECRET + "\n")
        self.journal_path = os.path.join(self.folder.name, "journal")
        self.process = subprocess.Popen(
            [SANDBOX, "--app-key", KEY, "--app-secret-file", secret,
             "--journal", self.journal_path, *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.ready = self.process.stdout.readline()
        self.port = int(re.fullmatch(r"listening on https?://127\.0\.0\.1:(\d+)/router/rest\n",
                                     self.ready).group(1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for connection in self.connections:
            connection.close()
        self.process.terminate()
        self.process.communicate(timeout=10)
        self.folder.cleanup()

    def journal(self):
        with open(self.journal_path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def connection(self, timeout=10):
        self.connections.append(http.client.HTTPConnection("127.0.0.1", self.port,
                                                           timeout=timeout))
        return self.connections[-1]

    def post(self, params, path="/router/rest", query=None, body=None, connection=None,
             content_type="application/x-www-form-urlencoded;charset=utf-8"):
        connection = connection or self.connection()
        if query:
            path += "?" + urllib.parse.urlencode(query)
        connection.request("POST", path, body or urllib.parse.urlencode(params),
                           {"Content-Type": content_type})
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")

    def batch(self, *claims):
        segments = ["#PUBLIC#method=" + METHOD]
        segments += [urllib.parse.urlencode({PARAMETER: text}) for text in claims]
        body = SEPARATOR.join(segments)
        query = {"app_key": KEY, "v": "2.0", "timestamp": beijing_time(), "format": "json",
                 "sign_method": "md5"}
        query["sign"] = sign(query, body)
        status, text = self.post(None, "/router/batch", query, body,
                                 content_type="text/plain;charset=UTF-8")
        assert status == 200
        return text.split(SEPARATOR)


def error_of(text):
    return json.loads(text)["error_response"]


class Answers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.gateway = Gateway()

    @classmethod
    def tearDownClass(cls):
        cls.gateway.__exit__()

    def accepted(self, params, **how):
        status, text = self.gateway.post(params, **how)
        self.assertEqual(status, 200)
        self.assertIs(json.loads(text)[RESPONSE]["is_success"], True, text)

    def test_accepts_every_sign_method(self):
        for method in ("md5", "hmac", "hmac-sha256", None):
            with self.subTest(method=method):
                self.accepted(call(sign_method=method))

    def test_accepts_parameters_in_the_query(self):
        params = call()
        body = {PARAMETER: params.pop(PARAMETER)}
        self.accepted(body, query=params)

    def test_accepts_a_lower_case_sign_and_milliseconds(self):
        params = call(timestamp=str(int(time.time() * 1000)))
        params["sign"] = params["sign"].lower()
        self.accepted(params)

    def test_accepts_empty_values_signed_or_not(self):
        self.accepted(call(session=""))
        self.accepted({**call(), "session": ""})
        self.accepted({**call(), "session": " \u3000"})

    def test_accepts_a_form_of_parts(self):
        parts = "".join(f'--in-between\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                        for name, value in call(claim(claim_desc="理赔" * 3000)).items())
        self.accepted(None, body=(parts + "--in-between--\r\n").encode(),
                      content_type="multipart/form-data; boundary=in-between")

    def test_answers_in_xml_unless_asked_for_json(self):
        _, text = self.gateway.post(call(format=None))
        self.assertIn(f"<{RESPONSE}><is_success>true</is_success>", text)

    def test_leaves_out_the_wrapper_when_simplified(self):
        _, text = self.gateway.post(call(simplify="true"))
        self.assertIs(json.loads(text)["is_success"], True)

    def test_refuses_in_the_words_of_the_gateway(self):
        for params, code in ((call(sign="X"), 25), (call(app_key="1"), 29), (call(v=None), 32),
                             (call(timestamp="2022-12-12 00:00:00"), 31),
                             (call("{"), 41), (call(claim(claim_fee="1")), 41),
                             (call(claim(claim_fee=None)), 40), (call(method="taobao.x"), 22)):
            with self.subTest(code=code):
                _, text = self.gateway.post(params)
                self.assertEqual(error_of(text)["code"], code)

    def test_answers_each_claim_of_a_batch(self):
        parts = self.gateway.batch(claim(1), claim(2, claim_status=9), claim(3))
        self.assertEqual(len(parts), 3)
        self.assertIn("is_success", parts[0])
        self.assertEqual(error_of(parts[1])["code"], 41)
        lines = self.gateway.journal()[-3:]
        self.assertEqual([line["part"] for line in lines], [1, 2, 3])
        self.assertEqual(len({line["batch"] for line in lines}), 1)
        self.assertEqual([line["executed"] for line in lines], [True, False, True])
        self.assertEqual([line["answer"] for line in lines], parts)

    def test_refuses_a_batch_of_more_than_twenty(self):
        self.assertEqual(len(self.gateway.batch(*map(claim, range(20)))), 20)
        self.assertEqual(error_of(self.gateway.batch(*map(claim, range(21)))[0])["code"], 41)

    def test_knows_no_other_paths_and_methods(self):
        self.assertEqual(self.gateway.post(call(), "/router")[0], 404)
        connection = self.gateway.connection()
        connection.request("PUT", "/router/rest", "a=1")
        self.assertEqual(connection.getresponse().status, 405)

    def test_notes_what_came_and_what_was_answered(self):
        connection = self.gateway.connection()
        for number in (71, 72):
            _, text = self.gateway.post(call(claim(number)), connection=connection)
        first, second = self.gateway.journal()[-2:]
        self.assertEqual(second["claim"], json.loads(claim(72)))
        self.assertEqual((second["workcard_id"], second["claim_order_no"]), (72, "C-72"))
        self.assertEqual((second["answer"], second["http_status"]), (text, 200))
        self.assertEqual(second["request_id"], json.loads(text)[RESPONSE]["request_id"])
        self.assertEqual((first["reused"], second["reused"]), (False, True))
        self.assertEqual(first["connection"], second["connection"])
        self.assertEqual(first["seq"] + 1, second["seq"])
        self.assertLess(abs(second["at_ms"] / 1000 - time.time()), 60)
        self.assertEqual(datetime.datetime.fromisoformat(second["at"]).timestamp() * 1000,
                         second["at_ms"])


# What a client sees of a fault that ends a connection.
CLOSED = {"close-before-request": http.client.RemoteDisconnected,
          "reset-before-request": ConnectionResetError,
          "executed-close": http.client.RemoteDisconnected,
          "unexecuted-close": http.client.RemoteDisconnected,
          "executed-reset": ConnectionResetError, "unexecuted-reset": ConnectionResetError,
          "executed-timeout": TimeoutError, "unexecuted-timeout": TimeoutError,
          "executed-cut": http.client.IncompleteRead, "unexecuted-cut": http.client.IncompleteRead,
          "not-http": http.client.BadStatusLine, "executed-not-http": http.client.BadStatusLine}


def fault_table():
    shown = subprocess.run([SANDBOX, "--list-faults"], capture_output=True, text=True, check=True)
    rows = shown.stdout.split("\n\n")[0].splitlines()[1:]
    return [row.split()[:4] for row in rows]


class Faults(unittest.TestCase):
    def test_each_does_what_the_table_says(self):
        for name, _, executed, phase in fault_table():
            if name in ("tls-handshake-fail", "refuse-connect"):
                continue
            with self.subTest(fault=name), Gateway("--fault", name + "=1") as gateway:
                self.strike(gateway, name)
                line, = gateway.journal()
                self.assertEqual((line["fault"], line["phase"]), (name, phase))
                if executed != "either":
                    self.assertEqual(line["executed"], executed == "yes")

    def strike(self, gateway, name):
        connection = gateway.connection(timeout=0.5 if name.endswith("timeout") else 10)
        if name in CLOSED:
            with self.assertRaises(CLOSED[name]):
                gateway.post(call(), connection=connection)
            return
        status, text = gateway.post(call(), connection=connection)
        expected = re.search(r"http-(\d+)$", name)
        self.assertEqual(status, int(expected.group(1)) if expected else
                         502 if name == "early-answer" else 200)
        code = re.match(r"code-(\d+)", name)
        if code:
            self.assertEqual(error_of(text)["code"], int(code.group(1)))

    def test_nobody_listens_for_a_while(self):
        with Gateway("--fault", "refuse-connect=1", "--fault-attempts", "1") as gateway:
            self.assertTrue(any(self.is_refused_after_a_call(gateway) for _ in range(20)))
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                try:
                    self.assertEqual(gateway.post(call())[0], 200)
                    return
                except ConnectionRefusedError:
                    pass
            self.fail("it never listened again")

    def is_refused_after_a_call(self, gateway):
        """False where this process was too slow to come while nobody listened."""
        connection = gateway.connection()
        self.assertEqual(gateway.post(call(), connection=connection)[0], 200)
        self.assertIsNone(connection.sock, "the connection was kept alive")
        try:
            socket.create_connection(("127.0.0.1", gateway.port)).close()
        except ConnectionRefusedError:
            return True
        return False

    def test_one_claim_of_a_batch_is_struck(self):
        with Gateway("--fault", "reject=1") as gateway:
            parts = gateway.batch(*map(claim, range(5)))
            verdicts = [json.loads(part)[RESPONSE]["is_success"] for part in parts]
            self.assertEqual(sorted(verdicts), [False] + [True] * 4)
            self.assertEqual([line["accepted"] for line in gateway.journal()], verdicts)

    def test_what_can_stand_for_one_claim_or_for_the_call_strikes_either(self):
        """Its other claims are executed, and say so. A ban would answer for those that come next."""
        for name in ("code-10", "code-25", "quota", "empty", "html", "xml", "malformed"):
            with self.subTest(name), Gateway("--fault", name + "=1") as gateway:
                for first in range(0, 120, 3):
                    gateway.batch(*map(claim, range(first, first + 3)))
                lines = gateway.journal()
            struck = [sum(line["fault"] == name for line in lines[at:at + 3]) for at in range(0, 120, 3)]
            self.assertEqual(set(struck), {1, 3})
            for line in lines:
                self.assertEqual(line["executed"], line["fault"] is None)
                self.assertEqual(line["accepted"], '"is_success":true' in line["answer"]
                                 and line["answer"].endswith("}}"))

    def test_a_ban_on_one_claim_of_a_batch_holds_for_all(self):
        with Gateway("--fault", "ban=1", "--ban-seconds", "60", "--seed", "2") as gateway:
            parts = gateway.batch(*map(claim, range(5)))
            self.assertEqual(["error_response" in part for part in parts].count(True), 1)
            self.assertEqual(len(parts), 5)
            self.assertEqual(len(gateway.batch(claim(9))), 1)
            self.assertIn("This ban will last", gateway.batch(claim(9))[0])

    def test_the_same_seed_strikes_the_same_claims(self):
        def struck(seed, numbers):
            with Gateway("--fault", "all-rejected=40%", "--seed", seed) as gateway:
                for number in numbers:
                    gateway.post(call(claim(number)))
                return {line["workcard_id"]: line["fault"] for line in gateway.journal()}

        once = struck("5", range(40))
        self.assertEqual(once, struck("5", reversed(range(40))))
        self.assertNotEqual(once, struck("6", range(40)))

    def test_a_ban_holds_for_all(self):
        with Gateway("--flow-limit", "2", "--ban-seconds", "60") as gateway:
            answers = [gateway.post(call(claim(number)))[1] for number in range(4)]
            self.assertIn("is_success", answers[1])
            for text in answers[2:]:
                self.assertEqual(error_of(text)["sub_code"],
                                 "accesscontrol.limited-by-api-access-count")
                self.assertIn("This ban will last for 60 more seconds", text)

    def test_a_quota_is_used_up(self):
        with Gateway("--daily-quota", "1") as gateway:
            gateway.post(call())
            self.assertEqual(error_of(gateway.post(call())[1])["sub_code"],
                             "accesscontrol.limited-by-app-access-count")

    def test_answers_later_when_told_so(self):
        with Gateway("--latency", "100..120") as gateway:
            began = time.monotonic()
            gateway.post(call())
            self.assertGreaterEqual(time.monotonic() - began, 0.1)


class Tls(unittest.TestCase):
    def handshake(self, *options, host="127.0.0.1"):
        with tempfile.TemporaryDirectory() as folder:
            certificate = os.path.join(folder, "certificate.pem")
            with Gateway("--tls", "--certificate-file", certificate, *options) as gateway:
                context = ssl.create_default_context(cafile=certificate)
                with socket.create_connection(("127.0.0.1", gateway.port)) as plain:
                    context.wrap_socket(plain, server_hostname=host).close()

    def test_its_certificate_can_be_trusted(self):
        self.handshake()
        self.handshake(host="localhost")

    def test_wrong_certificates_are_wrong(self):
        for options in (("--certificate", "expired"), ("--certificate", "other-host")):
            with self.subTest(options=options), \
                    self.assertRaises(ssl.SSLCertVerificationError):
                self.handshake(*options)

    def test_a_handshake_can_fail(self):
        with self.assertRaises(ssl.SSLError) as caught:
            self.handshake("--fault", "tls-handshake-fail=1")
        self.assertNotIsInstance(caught.exception, ssl.SSLCertVerificationError)


class Program(unittest.TestCase):
    def refused(self, *options):
        done = subprocess.run([SANDBOX, *options], capture_output=True, text=True, timeout=10)
        self.assertEqual(done.stdout, "")
        return done.returncode, done.stderr

    def test_names_what_it_does_not_understand(self):
        for options, word in ((("--prot", "1"), "'--prot'"), (("--fault",), "'--fault'"),
                              (("--app-key", "k"), "--app-secret-file"), (("x",), "'x'"),
                              (("--latency", "5..1"), "--latency")):
            with self.subTest(options=options):
                code, words = self.refused(*options)
                self.assertEqual(code, 2)
                self.assertIn(word, words)

    def test_refuses_a_secret_that_others_can_read(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"not-to-be-shown\n")
            file.flush()
            os.chmod(file.name, 0o640)
            code, words = self.refused("--app-key", "k", "--app-secret-file", file.name)
            self.assertEqual(code, 78)
            self.assertNotIn("not-to-be-shown", words)

    def test_ends_cleanly_by_a_signal_though_requests_are_held(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with Gateway("--fault", "executed-timeout=1") as gateway:
                with self.assertRaises(TimeoutError):
                    gateway.post(call(), connection=gateway.connection(timeout=0.2))
                held = gateway.connection()
                held.request("POST", "/router/rest", urllib.parse.urlencode(call()))
                gateway.process.send_signal(number)
                self.assertEqual(gateway.process.wait(timeout=20), 0)

    def test_a_journal_that_is_a_link_or_a_folder_is_refused_and_left_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            place = lambda name: os.path.join(folder, name)  # noqa: E731
            for name in ("secret", "target", "linked"):
                with open(os.open(place(name), os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                    file.write(SECRET + "\n")
            os.symlink("target", place("link"))
            os.link(place("linked"), place("hard"))
            os.mkdir(place("folder"))
            for name, words in (("link", "symbolic link"), ("hard", "hard link"), ("folder", "not a regular")):
                with self.subTest(name):
                    ended = subprocess.run(
                        [SANDBOX, "--app-key", KEY, "--app-secret-file", place("secret"),
                         "--journal", place(name)],
                        capture_output=True, text=True, timeout=20)
                    self.assertEqual(ended.returncode, 73)
                    self.assertIn(words, ended.stderr)
            for name in ("target", "linked"):
                with open(place(name), encoding="utf-8") as file:
                    self.assertEqual(file.read(), SECRET + "\n")

    def test_stops_when_the_journal_cannot_be_written(self):
        with Gateway("--journal", "/dev/full") as gateway:
            with self.assertRaises(http.client.RemoteDisconnected):
                gateway.post(call())
            self.assertEqual(gateway.process.wait(timeout=5), 74)


if __name__ == "__main__":
    unittest.main()
