"""A day of commands and faults, and then a search for the secrets in all that is left of it, in each form
in which a careless line would have written them (design.md, promise 9)."""

import base64
import os
import subprocess
import urllib.parse

from harness import Reply, TestCase, accept, claim_row, claim_rows, error_body, http, lose, refuse

# Both change when they are encoded.
SECRET = "s3cr+t/of=the&day%7f\"'é-9d1c"
SESSION = "6100+a/session=of&the%day\"'é-7b20"


def forms(secret):
    """The bytes to look for: plain, for a URL, in JSON, in base64 at any place, in hexadecimal."""
    raw = secret.encode()
    found = {raw, raw.hex().encode(), raw.hex().upper().encode()}
    for quote in (urllib.parse.quote, urllib.parse.quote_plus):
        for safe in ("", "/", "*._-"):
            found.add(quote(secret, safe=safe).encode())
    found.add(secret.replace('"', '\\"').encode())
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            # What the neighbours do not touch.
            text = encode(b"\0" * before + raw).rstrip(b"=")
            found.add(text[(before * 8 + 5) // 6 : -2])
    # Parts of them would be as bad.
    found.update((raw[:12], raw[-12:]))
    return found


class LeakTest(TestCase):
    def setUp(self):
        super().setUp()
        self.needles = [(name, form) for name, secret in (("secret", SECRET), ("session", SESSION)) for form in forms(secret)]
        self.ws.write("secret", SECRET + "\n", mode=0o600)
        self.ws.write("session", SESSION + "\n", mode=0o600)
        self.fates = {}

    def answer(self, request):
        return self.fates.get(request.key[1], accept)(request)

    def assertClean(self, where, content):
        for name, form in self.needles:
            if form in content:
                self.fail(f"the {name} stands in {where} as {form!r}")

    def check(self, *arguments, env=None):
        result = self.ws.run(*arguments, env=env)
        self.assertClean(f"the output of {arguments[0]}", (result.out + result.err).encode())
        return result

    def search(self):
        count = 0
        for folder, _, names in os.walk(self.ws.path):
            for name in names:
                if name in ("secret", "session"):
                    continue
                count += 1
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    self.assertClean(path, name.encode() + file.read())
        return count

    def arguments(self, gateway, *options, claims="claims.csv"):
        made = self.ws.upload_arguments(gateway, "--session-file", "session", "-v", *options, claims=claims)
        self.ws.write("secret", SECRET + "\n", mode=0o600)
        return made

    def test_a_day_leaves_no_secret_behind(self):
        rows = claim_rows(8)
        rows[7] = claim_row(8, claim_fee="x")
        self.ws.export(rows)
        fail = lambda request: Reply(http(error_body(10, msg="busy")))  # noqa: E731
        bad = lambda request: Reply(http(b"<html>" + b"x" * 500))  # noqa: E731
        self.fates = {"CL00000002": lose, "CL00000003": fail, "CL00000004": refuse, "CL00000005": bad}
        web = self.gateway(self.answer, check=False)
        upload = self.arguments(web, "--retries", "0")
        self.check("check", "claims.csv", "-v")
        self.check(*upload, "--print-config")
        self.check(*upload, "--dry-run")
        self.check(*upload, "--json", "--log-format", "json", "--sign-method", "md5")
        self.assertEqual(web.requests[0].parameters["session"], SESSION)
        self.check(*upload, "--sign-method", "hmac")
        for more in ((), ("--json",)):
            self.check("audit", "claims.report.csv", "-L", "ledger.db", *more)
            self.check("status", "-L", "ledger.db", *more)
            self.check("resolve", "claims.report.csv", "-L", "ledger.db", "--gateway", web.url, *more)
        self.check("audit", "claims.report.csv", "--html", "page.html", "-L", "ledger.db")
        self.check("rerun", "claims.report.csv", *upload[2:])
        env = self.ws.environment(CLAIMBATCH_APP_SECRET=SECRET, CLAIMBATCH_SESSION=SESSION)
        self.check(*upload, env=env)
        self.assertGreater(self.search(), 6)

    def test_a_gateway_that_repeats_one_is_not_believed_that_it_may(self):
        def repeat(request):
            words = f"{SECRET} {request.parameters['session']}"
            return Reply(http(error_body(41, "isv.invalid", words, words, request_id=words)))

        self.ws.export(claim_rows(2))
        web = self.gateway(repeat, check=False)
        result = self.check(*self.arguments(web))
        self.assertExit(result, 1)
        self.search()
        self.assertIn("***", self.ws.read_report()[0]["message"])

    def test_no_refusal_repeats_one(self):
        self.ws.export(claim_rows(2))
        web = self.gateway()
        upload = self.arguments(web)
        for code in (21, 25, 26, 27, 29, 41):
            self.fates = {}
            refusing = self.gateway(lambda request, code=code: Reply(http(error_body(code))), check=False)
            self.check(*self.arguments(refusing, "-o", f"r{code}.csv", "--new-ledger"))
        self.check(*self.arguments("http://127.0.0.1:1/", "--outage-patience", "1"))
        self.check(*self.arguments("https://127.0.0.1:1/", "--ca-file", "secret", "--outage-patience", "1"))
        for option in ("--config", "--sign-key", "--ca-file"):
            self.check(*upload, option, "secret")
        self.check("audit", "secret", "-L", "ledger.db")
        self.check("check", "secret")
        self.check("upload", "secret", *upload[2:])
        self.check("resolve", "claims.report.csv", "--from", "secret", "-L", "ledger.db")
        for changed in (SECRET + " ", "\0" + SECRET, SECRET + "\x1b", SECRET * 200):
            self.ws.write("wrong", changed, mode=0o600)
            self.check(*upload, "--app-secret-file", "wrong")
            os.unlink(self.ws.file("wrong"))
        self.ws.write("c.conf", f"[gateway]\napp_secret = {SECRET}\n", mode=0o600)
        self.check("upload", "claims.csv", "--config", "c.conf")
        os.unlink(self.ws.file("c.conf"))
        self.search()

    def test_a_crash_leaves_no_core(self):
        self.ws.export(claim_rows(2))
        web = self.gateway(lambda request: Reply(then="hold"), check=False)
        run = self.ws.start_upload(web, "-v")
        self.ws.write("secret", SECRET + "\n", mode=0o600)
        while not web.requests and run.is_alive():
            subprocess.run(["sleep", "0.05"], check=True)
        run.send_signal(6)
        run.finish()
        self.assertEqual([name for name in os.listdir(self.ws.path) if "core" in name], [])
        self.search()
