"""The sample hooks against robots on loopback that check signatures, forms and lengths, and say no with
HTTP 200, as the real ones do."""

import base64
import hashlib
import hmac
import http.server
import json
import os
import shutil
import subprocess
import threading
import time
import unittest
import urllib.parse

from harness import TestCase, accept, claim_rows, refuse

HOOKS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "samples", "hooks")
SECRET = "SEC-of-the-robot+/="
TOKEN = "token-9f21"
TOOLS = all(shutil.which(tool) for tool in ("curl", "openssl", "iconv"))


def mac(key, text):
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


class Robot(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        target = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(target.query, strict_parsing=bool(target.query)))
        answer = self.server.judge(target.path, query, body, self.headers)
        self.server.seen.append((target.path, body.decode("utf-8")))
        data = answer.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def is_now(seconds):
    return abs(time.time() - seconds) < 60


def dingtalk(path, query, body, headers):
    document = json.loads(body)
    good = (
        path == "/robot/send"
        and query["access_token"] == TOKEN
        and is_now(int(query["timestamp"]) / 1000)
        and query["sign"] == mac(SECRET, f"{query['timestamp']}\n{SECRET}")
        and document["msgtype"] == "markdown"
        and document["markdown"]["title"]
        and headers["Content-Type"].startswith("application/json")
    )
    return '{"errcode":0,"errmsg":"ok"}' if good else '{"errcode":310000,"errmsg":"sign not match"}'


def wecom(path, query, body, headers):
    document = json.loads(body)
    good = path == "/cgi-bin/webhook/send" and query == {"key": TOKEN} and document["msgtype"] == "markdown"
    if len(document["markdown"]["content"].encode()) > 4096:
        return '{"errcode":40058,"errmsg":"markdown.content exceed max length 4096"}'
    return '{"errcode":0,"errmsg":"ok"}' if good else '{"errcode":93000,"errmsg":"invalid webhook url"}'


def feishu(path, query, body, headers):
    document = json.loads(body)
    good = (
        path == f"/open-apis/bot/v2/hook/{TOKEN}"
        and is_now(int(document["timestamp"]))
        and document["sign"] == mac(f"{document['timestamp']}\n{SECRET}", "")
        and document["msg_type"] == "text"
        and document["content"]["text"]
    )
    return '{"code":0,"msg":"success","data":{}}' if good else '{"code":19021,"msg":"sign match fail"}'


def healthchecks(path, query, body, headers):
    return "OK" if path.startswith(f"/{TOKEN}/") else "not found"


class HookCase(TestCase):
    NAMES = {
        "dingtalk": (dingtalk, f"/robot/send?access_token={TOKEN}"),
        "wecom": (wecom, f"/cgi-bin/webhook/send?key={TOKEN}"),
        "feishu": (feishu, f"/open-apis/bot/v2/hook/{TOKEN}"),
        "healthchecks": (healthchecks, f"/{TOKEN}"),
    }

    def robot(self, name, secret=SECRET, change=""):
        judge, path = self.NAMES[name]
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Robot)
        server.judge, server.seen = judge, []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        path = path.replace(TOKEN, TOKEN + change)
        self.ws.write(name, f"http://127.0.0.1:{server.server_port}{path}\n{secret}\n", mode=0o600)
        return server

    def hook(self, name):
        return f"{os.path.realpath(HOOKS)}/{name}.sh {self.ws.file(name)}"


@unittest.skipUnless(TOOLS, "curl, openssl or iconv is not installed")
class HookTest(HookCase):
    def upload(self, name, script=accept, *options):
        self.ws.export(claim_rows(3))
        return self.ws.upload(self.gateway(script), "--after", self.hook(name), *options)

    def test_each_robot_takes_the_message(self):
        for name in self.NAMES:
            with self.subTest(name):
                robot = self.robot(name)
                result = self.upload(name, lambda r: refuse(r) if r.number == 1 else accept(r), "--in-flight", "1",
                                     "-o", f"{name}.csv", "--ledger", f"{name}.db", "--new-ledger", "--by", "t", "--reason", "r")
                self.assertExit(result, 1)
                self.assertNotIn("warning: the command of --after", result.err)
                ((path, body),) = robot.seen
                for words in ("some rows are rejected", "accepted: 2 rows, 2.05 yuan", "rejected: 1 rows, 1.01 yuan"):
                    self.assertIn(words, body)
                self.assertIn(f"{name}.csv", body)
                if name == "healthchecks":
                    self.assertEqual(path, f"/{TOKEN}/1")

    def test_a_refusal_with_http_200_is_a_failure(self):
        for name in self.NAMES:
            with self.subTest(name):
                for secret, change in ((SECRET + "x", ""), (SECRET, "x")):
                    if name in ("wecom", "healthchecks") and not change:
                        continue  # they have no secret
                    self.robot(name, secret, change)
                    result = self.upload(name, accept, "-o", f"{name}{change}.csv", "--ledger", f"{name}{change}.db",
                                         "--new-ledger", "--by", "t", "--reason", "r")
                    self.assertExit(result, 0)
                    self.assertSays(result, "warning: the command of --after ended with exit code 1", "did not take")

    def test_a_robot_that_is_not_there_is_a_failure(self):
        robot = self.robot("wecom")
        robot.shutdown()
        robot.server_close()
        result = self.upload("wecom")
        self.assertExit(result, 0)
        self.assertSays(result, "warning: the command of --after ended with exit code")

    def test_a_refused_start_is_told_too(self):
        robot = self.robot("dingtalk")
        self.assertExit(self.upload("dingtalk", accept, "--min-rows", "9"), 65)
        self.assertIn("the export was refused", robot.seen[0][1])

    def test_a_long_message_is_cut_at_a_character(self):
        robot = self.robot("wecom")
        env = self.ws.environment(CLAIMBATCH_EXIT="0", CLAIMBATCH_COMMAND="upload", CLAIMBATCH_REPORT="理" * 3000)
        done = subprocess.run(self.hook("wecom").split(), env=env, capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        content = json.loads(robot.seen[0][1])["markdown"]["content"]
        self.assertGreater(len(content.encode()), 3900)
        self.assertTrue(content.rstrip("\n").endswith("理"), content[-5:])

    def test_any_text_stays_one_text_of_json(self):
        name = 'odd "\\ \t\x01name.csv'
        for hook in ("dingtalk", "wecom", "feishu"):
            robot = self.robot(hook)
            env = self.ws.environment(CLAIMBATCH_EXIT="3", CLAIMBATCH_COMMAND="upload", CLAIMBATCH_REPORT=name, CLAIMBATCH_ROWS_UNKNOWN="2", CLAIMBATCH_FEN_UNKNOWN="5")
            done = subprocess.run(self.hook(hook).split(), env=env, capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), hook)
            text = json.dumps(json.loads(robot.seen[0][1]), ensure_ascii=False)
            self.assertIn('odd \\"\\\\ \\t?name.csv', text)
            self.assertIn("0.05 yuan", text)

    def test_keys_of_any_length_sign_right(self):
        for length in (1, 63, 64, 65, 200):
            key = "k" * (length - 1) + "é"
            done = subprocess.run(
                ["sh", "-c", f'. {HOOKS}/message.sh; printf %s "$1" | hmac_sha256 "$2"', "sh", "what is signed", key],
                capture_output=True, text=True, check=True,
            )
            self.assertEqual(done.stdout, mac(key, "what is signed"))

    def test_healthchecks_is_told_of_the_start(self):
        robot = self.robot("healthchecks")
        subprocess.run([*self.hook("healthchecks").split(), "start"], env=self.ws.environment(), check=True)
        self.assertEqual(robot.seen[0][0], f"/{TOKEN}/start")


if __name__ == "__main__":
    unittest.main()
