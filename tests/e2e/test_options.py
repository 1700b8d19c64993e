"""What is typed wrong is told with what to type, and secrets stay secret."""

import os
import re
import unittest

from harness import (
    APP_KEY,
    APP_SECRET,
    Reply,
    TestCase,
    accept,
    claim_rows,
    error_body,
    free_port,
    http,
)

SESSION = "a-session-of-the-tests-91c2"


class OptionCase(TestCase):
    def setUp(self):
        super().setUp()
        self.ws.export(claim_rows(2))
        self.web = self.gateway()

    def tearDown(self):
        self.assertEqual(self.web.requests, [], "something was sent")

    def refused(self, code, words, *arguments, **how):
        result = self.ws.run(*arguments, **how)
        self.assertExit(result, code)
        self.assertSays(result, *words)
        self.assertEqual(result.out, "")
        self.assertLessEqual(len(result.err.splitlines()), 8, result.err)
        return result

    def without(self, option, *more):
        """The arguments of an upload, but for one option and its value."""
        arguments = list(self.ws.upload_arguments(self.web))
        at = arguments.index(option)
        del arguments[at : at + 2]
        return arguments + list(more)


class UsageTest(OptionCase):
    def test_no_command_and_no_export(self):
        self.refused(2, ("usage: claimbatch",))
        self.refused(2, ("CLAIMS.csv", "nothing was sent"), "upload")

    def test_a_misspelt_command_gets_a_suggestion(self):
        for word in ("uplaod", "Upload", "upload-claims"):
            with self.subTest(word):
                result = self.refused(2, (f"'{word}'",), word, "claims.csv")
                if word != "upload-claims":
                    self.assertIn("did you mean upload?", result.err)

    def test_a_misspelt_option_gets_a_suggestion(self):
        for wrong, right in (
            ("--in-fligth", "--in-flight"),
            ("--app-secretfile", "--app-secret-file"),
            ("--ledgre=x", "--ledger"),
            ("--max-falures=4", "--max-failures"),
            ("--retires", "--retries"),
        ):
            with self.subTest(wrong):
                result = self.ws.upload(self.web, wrong, "4")
                self.assertExit(result, 2)
                self.assertSays(result, f"did you mean {right}?", "othing was sent")

    def test_an_option_nobody_knows(self):
        self.refused(2, ("'--zzz'", "--help"), *self.ws.upload_arguments(self.web, "--zzz"))
        self.refused(2, ("-Z",), *self.ws.upload_arguments(self.web, "-Z"))

    def test_an_option_without_its_value(self):
        self.refused(2, ("--rate", "needs a value"), *self.ws.upload_arguments(self.web, "--rate"))

    def test_two_exports(self):
        arguments = self.ws.upload_arguments(self.web, "second.csv")
        self.refused(2, ("'second.csv'", "nothing was sent"), *arguments)

    def test_values_that_make_no_sense(self):
        table = (
            ("--in-flight", "0", "4097", "x", "-1", "1e3", " 4", "99999999999999999999"),
            ("--workers", "0", "x", "17"),
            ("--rate", "0", "x", "1.5"),
            ("--retries", "-1", "x"),
            ("--limit", "-1", "x"),
            ("--timeout", "0", "x", "-3", "1h", "1.2.3"),
            ("--connect-timeout", "0", "x"),
            ("--outage-patience", "0", "x"),
            ("--daily-quota", "0", "x"),
            ("--max-failures", "x", "101%", "-1", "%", "5%%"),
            ("--max-fee", "x", "-1", "1.50"),
            ("--expect-rows", "x"),
            ("--expect-fee", "1.50"),
            ("--min-rows", "x", "-1", "5%", ""),
            ("--sign-method", "sha1", ""),
            ("--encoding", "latin1"),
            ("--delimiter", ",,", "", '"'),
            ("--fee-unit", "cent"),
            ("--column", "fee=x", "claim_fee", "claim_fee="),
            ("--rule", "nobody=error", "date-only=perhaps", "date-only"),
            ("--progress", "sometimes"),
            ("--log-format", "xml"),
            ("--app-key", ""),
            ("--ledger", ""),
            ("--report", ""),
        )
        for option, *values in table:
            for value in values:
                with self.subTest(option=option, value=value):
                    result = self.ws.upload(self.web, option, value)
                    self.assertExit(result, 2)
                    self.assertSays(result, option, "nothing was sent")

    def test_of_an_option_given_twice_the_last_wins(self):
        self.ws.write("last-secret", "wrong\n", mode=0o644)
        result = self.ws.upload(self.web, "--app-secret-file", "last-secret")
        self.assertExit(result, 78)
        self.assertSays(result, "last-secret")

    def test_help_and_version(self):
        for words in (("--help",), ("upload", "--help"), ("help",)):
            result = self.ws.run(*words)
            self.assertExit(result, 0)
            self.assertIn("upload", result.out)
            self.assertEqual(result.err, "")
        result = self.ws.run("upload", "--help")
        for option in ("--in-flight", "--outage-patience", "--app-secret-file", "--ca-file"):
            self.assertIn(option, result.out)
        result = self.ws.run("--version")
        self.assertExit(result, 0)
        self.assertRegex(result.out, r"^claimbatch \d+\.\d+\.\d+ \(commit (unknown|[0-9a-f]{12}(-dirty)?)\)\n$")


class ConfigurationTest(OptionCase):
    def test_an_export_that_is_missing(self):
        arguments = list(self.ws.upload_arguments(self.web))
        arguments[1] = "nowhere.csv"
        self.refused(66, ("'nowhere.csv'", "nothing was sent"), *arguments)

    def test_no_app_key(self):
        self.refused(78, ("--app-key", "nothing was sent"), *self.without("--app-key"))

    def test_no_secret_at_all(self):
        self.refused(
            78, ("--app-secret-file", "nothing was sent"), *self.without("--app-secret-file")
        )

    def test_a_secret_file_that_cannot_be_used(self):
        self.ws.write("empty", "", mode=0o600)
        self.ws.write("blank", "\nsecond line\n", mode=0o600)
        self.ws.write("group", APP_SECRET, mode=0o640)
        self.ws.write("others", APP_SECRET, mode=0o604)
        self.ws.write("nul", b"abc\0def\n", mode=0o600)
        os.mkdir(self.ws.file("folder"), 0o700)
        table = (
            ("nowhere", ("'nowhere'",)),
            ("empty", ("'empty'",)),
            ("blank", ("'blank'",)),
            ("group", ("'group'", "640", "chmod 600")),
            ("others", ("'others'", "604", "chmod 600")),
            ("nul", ("'nul'",)),
            ("folder", ("'folder'",)),
        )
        for option in ("--app-secret-file", "--session-file"):
            for name, words in table:
                with self.subTest(option=option, name=name):
                    result = self.ws.upload(self.web, option, name)
                    self.assertExit(result, 78)
                    self.assertSays(result, "nothing was sent", *words)
                    self.assertNotIn(APP_SECRET, result.err)

    def test_plain_http_goes_to_a_loopback_address_only(self):
        for url in (
            "http://192.0.2.1/router/rest",
            "http://eco.taobao.com/router/rest",
            "http://localhost.example.com/",
            "http://127.0.0.1.example.com/",
            "http://127.0.0.1@192.0.2.1/",
        ):
            with self.subTest(url):
                result = self.ws.upload(url)
                self.assertExit(result, 78)
                self.assertSays(result, "nothing was sent")

    def test_a_gateway_that_is_no_address(self):
        for url in ("ftp://127.0.0.1/", "eco.taobao.com", "", "https://", "http:///x", "file:///etc/passwd"):
            with self.subTest(url):
                result = self.ws.upload(url)
                self.assertIn(result.code, (2, 78), repr(result))
                self.assertSays(result, "nothing was sent")

    def test_a_ca_file_that_is_missing_sends_nothing(self):
        port = free_port()
        result = self.ws.upload(
            f"https://127.0.0.1:{port}/", "--ca-file", "nowhere.pem", "--outage-patience", "1"
        )
        self.assertIn(result.code, (69, 78), repr(result))


class SecretTest(TestCase):
    """Secrets come from files or the environment, and go nowhere."""

    def files(self):
        for folder, _, names in os.walk(self.ws.path):
            for name in names:
                path = os.path.join(folder, name)
                if name not in ("secret", "session"):
                    with open(path, "rb") as file:
                        yield path, file.read()

    def test_secrets_are_in_no_output_file_or_command_line(self):
        self.ws.export(claim_rows(5))
        self.ws.write("session", SESSION + "\n", mode=0o600)
        seen = {}

        def script(request):
            if request.number == 1:
                for name in ("cmdline", "environ"):
                    try:
                        with open(f"/proc/{seen['pid']}/{name}", "rb") as file:
                            seen[name] = file.read()
                    except PermissionError:  # it is not dumpable, so only root may look
                        seen[name] = b""
            return accept(request)

        gateway = self.gateway(script)
        run = self.ws.start_upload(gateway, "-v", "--json", "--session-file", "session")
        seen["pid"] = run.process.pid
        result = run.finish()
        self.assertExit(result, 0)
        self.assertEqual(gateway.requests[0].parameters["session"], SESSION)
        self.assertIn(APP_KEY.encode(), seen["cmdline"])
        for secret in (APP_SECRET, SESSION):
            self.assertNotIn(secret, result.out + result.err)
            self.assertNotIn(secret.encode(), seen["cmdline"])
            self.assertNotIn(secret.encode(), seen["environ"])
            for path, content in self.files():
                self.assertNotIn(secret.encode(), content, path)

    def test_an_answer_that_repeats_a_secret_does_not_get_it_into_the_report(self):
        """A gateway's words are shown; what it was never told it cannot repeat: the app secret."""
        self.ws.export(claim_rows(2))
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        for request in gateway.requests:
            self.assertNotIn(APP_SECRET, request.head + request.body.decode())

    def test_secrets_may_come_from_the_environment(self):
        self.ws.export(claim_rows(2))
        gateway = self.gateway()
        arguments = list(self.ws.upload_arguments(gateway))
        at = arguments.index("--app-secret-file")
        del arguments[at : at + 2]
        env = self.ws.environment(CLAIMBATCH_APP_SECRET=APP_SECRET, CLAIMBATCH_SESSION=SESSION)
        result = self.ws.run(*arguments, env=env)
        self.assertExit(result, 0)
        self.assertEqual(gateway.requests[0].parameters["session"], SESSION)
        self.assertNotIn(APP_SECRET, result.err)

    def test_secrets_may_come_from_the_credentials_of_systemd(self):
        self.ws.export(claim_rows(2))
        gateway = self.gateway()
        folder = self.ws.file("credentials")
        os.mkdir(folder, 0o700)
        self.ws.write("credentials/app-secret", APP_SECRET + "\r\n", mode=0o400)
        self.ws.write("credentials/session", SESSION, mode=0o400)
        arguments = list(self.ws.upload_arguments(gateway))
        at = arguments.index("--app-secret-file")
        del arguments[at : at + 2]
        env = self.ws.environment(CREDENTIALS_DIRECTORY=folder)
        self.assertExit(self.ws.run(*arguments, env=env), 0)
        self.assertEqual(gateway.requests[0].parameters["session"], SESSION)

    def test_a_file_that_is_named_wins_over_the_environment(self):
        self.ws.export(claim_rows(2))
        gateway = self.gateway()
        env = self.ws.environment(CLAIMBATCH_APP_SECRET="another")
        self.assertExit(self.ws.upload(gateway, env=env), 0)  # the gateway checks the signature

    def test_no_core_file_is_left(self):
        self.ws.export(claim_rows(2))
        held = {}

        def script(request):
            with open(f"/proc/{held['pid']}/limits", encoding="utf-8") as file:
                held["limits"] = file.read()
            return accept(request)

        gateway = self.gateway(script)
        run = self.ws.start_upload(gateway)
        held["pid"] = run.process.pid
        self.assertExit(run.finish(), 0)
        limit = re.search(r"Max core file size +(\d+)", held["limits"]).group(1)
        self.assertLessEqual(int(limit), 1)

    def test_what_came_from_outside_cannot_move_the_terminal(self):
        escape = "\x1b]0;gotcha\x07\x1b[2J\u202e"
        self.ws.export(claim_rows(2), name="cl\x1b[31maims.csv")
        gateway = self.gateway(lambda r: Reply(http(error_body(25, msg=escape))))
        result = self.ws.upload(gateway, claims="cl\x1b[31maims.csv")
        self.assertExit(result, 77)
        for character in ("\x1b", "\x07", "\u202e"):
            self.assertNotIn(character, result.err)


class ClockTest(TestCase):
    def test_what_comes_next_names_the_clock_and_not_the_app_key(self):
        gateway = self.gateway(lambda request: Reply(http(error_body(31))))
        self.ws.export(claim_rows(2))
        result = self.ws.upload(gateway, "--in-flight", "1")
        self.assertExit(result, 77)
        self.assertSays(result, "until this machine's clock is right", "upload claims.csv")
        self.assertNotIn("its secret", result.err)


class StatementTest(TestCase):
    def test_a_name_and_a_reason_have_something_to_see(self):
        self.ws.write("claims.csv", "")
        for command in (
            ("upload", "claims.csv", "--resubmit"),
            ("rerun", "claims.csv", "--new-ledger"),
            ("status", "--abandon", "r"),
            ("import", "claims.csv"),
            ("resolve", "claims.csv", "--all", "--expect-rows", "1", "--as", "accepted"),
        ):
            for by, reason in ((" ", "x"), ("x", "\u3000 "), ("\u2003", "x"), ("x", "\u200b")):
                result = self.ws.run(*command, "--by", by, "--reason", reason)
                with self.subTest(command, by=by, reason=reason):
                    self.assertExit(result, 2)
                    self.assertSays(result, "is empty")


if __name__ == "__main__":
    unittest.main()
