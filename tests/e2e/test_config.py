"""The configuration file: where it is looked for, what it may say, and who wins over it."""

import json
import os
import re
import unittest

from harness import APP_KEY, FIELDS, NEW_LEDGER, Reply, TestCase, accept, claim_rows, error_body, http

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SAMPLE = os.path.join(ROOT, "samples", "claimbatch.conf")


class ConfigCase(TestCase):
    def setUp(self):
        super().setUp()
        self.ws.export(claim_rows(3))

    def gateway_section(self, gateway):
        return (
            f"[gateway]\nurl = {gateway.url}\napp_key = {APP_KEY}\napp_secret_file = secret\n"
            f"[run]\nledger = ledger.db\n"
        )

    def in_force(self, *options, env=None, code=None):
        """What --print-config shows, as {(section, key): (value, where it came from)}."""
        result = self.ws.run("upload", "--print-config", *options, env=env)
        # The secret that the sample names is not there, which is said behind what is shown.
        self.assertExit(result, code or (78 if SAMPLE in options else 0))
        values, section, origin = {}, None, None
        for line in result.out.splitlines():
            if line.startswith("["):
                section = line[1:-1]
            elif line.startswith("#"):
                origin = line[2:]
            elif line:
                key, _, value = line.partition(" = ")
                values[section, key] = (value, origin)
        return values


class PlaceTest(ConfigCase):
    def test_the_first_place_that_has_a_configuration_is_taken(self):
        env = self.ws.environment()
        for name in (".config/claimbatch", "xdg/claimbatch"):
            os.makedirs(self.ws.file(name))
        places = (
            (".config/claimbatch/claimbatch.conf", {}),
            ("xdg/claimbatch/claimbatch.conf", {"XDG_CONFIG_HOME": self.ws.file("xdg")}),
            ("variable.conf", {"CLAIMBATCH_CONFIG": self.ws.file("variable.conf")}),
        )
        for number, (name, variables) in enumerate(places, 1):
            with self.subTest(name):
                self.ws.write(name, f"[run]\nin-flight = {number}\n")
                env.update(variables)
                value, origin = self.in_force(env=env)["run", "in-flight"]
                self.assertEqual(value, str(number))
                self.assertEqual(origin, f"from {self.ws.file(name)}, line 2")
        self.ws.write("named.conf", "[run]\nin-flight = 9\n")
        value, origin = self.in_force("--config", "named.conf", env=env)["run", "in-flight"]
        self.assertEqual((value, origin), ("9", "from named.conf, line 2"))

    def test_a_configuration_that_is_named_and_not_there_is_an_error(self):
        for arguments, variables in (
            (("--config", "nowhere.conf"), {}),
            ((), {"CLAIMBATCH_CONFIG": "nowhere.conf"}),
        ):
            result = self.ws.run(
                "check", "claims.csv", *arguments, env=self.ws.environment(**variables)
            )
            self.assertExit(result, 78)
            self.assertSays(result, "'nowhere.conf'", "nothing was sent")


class ForceTest(ConfigCase):
    def test_a_run_takes_everything_from_its_configuration(self):
        gateway = self.gateway()
        self.ws.write("claimbatch.conf", self.gateway_section(gateway) + "limit = 2\n")
        result = self.ws.run("upload", "claims.csv", "--config", "claimbatch.conf")
        self.assertExit(result, 4)
        self.assertEqual(len(gateway.requests), 2)
        self.assertTally({"accepted": 2, "unsent": 1})

    def test_options_win_over_the_configuration(self):
        gateway = self.gateway()
        self.ws.write("claimbatch.conf", self.gateway_section(gateway) + "limit = 2\n")
        result = self.ws.run(
            "upload", "claims.csv", "--config", "claimbatch.conf", "--limit", "1"
        )
        self.assertExit(result, 4)
        self.assertEqual(len(gateway.requests), 1)
        values = self.in_force("--config", "claimbatch.conf", "--limit", "1")
        self.assertEqual(values["run", "limit"], ("1", "from the command line"))
        self.assertEqual(values["run", "ledger"][0], "ledger.db")
        self.assertEqual(values["run", "retries"], ("4", "the default"))

    def test_the_environment_wins_over_the_secret_file_of_the_configuration(self):
        gateway = self.gateway(check=False)
        self.ws.write("claimbatch.conf", self.gateway_section(gateway))
        env = self.ws.environment(CLAIMBATCH_APP_SECRET="another-secret")
        result = self.ws.run("upload", "claims.csv", "--config", "claimbatch.conf", env=env)
        self.assertExit(result, 0)
        self.assertIn("the signature is wrong", " ".join(gateway.problems))

    def test_an_option_wins_over_the_secret_of_the_environment(self):
        gateway = self.gateway()
        self.ws.write("claimbatch.conf", self.gateway_section(gateway))
        env = self.ws.environment(CLAIMBATCH_APP_SECRET="another-secret")
        arguments = ("--config", "claimbatch.conf", "--app-secret-file", "secret")
        self.assertExit(self.ws.run("upload", "claims.csv", *arguments, env=env), 0)
        self.assertEqual(gateway.problems, [])

    def test_columns_units_and_rules_are_in_force(self):
        gateway = self.gateway()
        self.ws.write(
            "claims.csv",
            "Nr;报案号;结果;时间;金额\n7;CL7;1;2026-01-02;12.5\n",
        )
        self.ws.write(
            "claimbatch.conf",
            self.gateway_section(gateway)
            + "[input]\ndelimiter = ;\nfee_unit = yuan\n[rules]\ndate-only = off\n"
            + "[columns]\nworkcard_id = Nr\nclaim_order_no = 报案号\nclaim_status = 结果\n"
            + "claim_time = 时间\nclaim_fee = 金额\n",
        )
        result = self.ws.run("upload", "claims.csv", "--config", "claimbatch.conf")
        self.assertExit(result, 0)
        self.assertEqual(
            gateway.requests[0].claim,
            {
                "workcard_id": 7,
                "claim_order_no": "CL7",
                "claim_status": 1,
                "claim_time": "2026-01-02 00:00:00",
                "claim_fee": 1250,
                "claim_count": 1,
            },
        )
        self.assertEqual(self.ws.read_report()[0]["warnings"], "")
        result = self.ws.run("check", "claims.csv", "--config", "claimbatch.conf")
        self.assertExit(result, 0)
        self.assertIn("column E '金额'", result.out)

    def test_a_verdict_that_the_user_has_in_writing_is_in_force(self):
        def script(request):
            if request.number == 1:
                return Reply(http(error_body(15, "isp.remote-service-error")))
            return accept(request)

        for verdict, code, tally in (
            (None, 3, {"accepted": 2, "unknown": 1}),
            ("again", 0, {"accepted": 3}),
            ("rejected", 1, {"accepted": 2, "rejected": 1}),
        ):
            with self.subTest(verdict):
                gateway = self.gateway(script)
                text = self.gateway_section(gateway).replace("ledger.db", f"{verdict}.db")
                if verdict:
                    text += f"[verdicts]\nisp.remote-service-error = {verdict}\n"
                self.ws.write("claimbatch.conf", text)
                result = self.ws.run(
                    *("upload", "claims.csv", "--config", "claimbatch.conf", "--overwrite"),
                    *(*NEW_LEDGER, "--in-flight", "1"),
                )
                self.assertExit(result, code)
                self.assertTally(tally)

    def test_where_certificates_come_from_is_shown(self):
        env = self.ws.environment(SSL_CERT_FILE="/certs/all.pem", SSL_CERT_DIR="/certs")
        result = self.ws.run("upload", "--print-config", env=env)
        self.assertExit(result, 0)
        self.assertIn("# from the environment, SSL_CERT_FILE\nca_file = /certs/all.pem\n", result.out)
        self.assertIn("# SSL_CERT_DIR, '/certs', is not used", result.out)

    def test_the_secret_is_never_shown(self):
        env = self.ws.environment(CLAIMBATCH_APP_SECRET="hush-hush")
        result = self.ws.run("upload", "--print-config", env=env)
        self.assertExit(result, 0)
        self.assertIn("app secret: *** from the environment, CLAIMBATCH_APP_SECRET", result.out)
        self.assertNotIn("hush", result.out + result.err)
        os.mkdir(self.ws.file("credentials"))
        self.ws.write("credentials/session", "hush-hush\n", mode=0o600)
        env = self.ws.environment(CREDENTIALS_DIRECTORY=self.ws.file("credentials"))
        result = self.ws.run("upload", "--print-config", env=env)
        self.assertIn("session: *** from " + self.ws.file("credentials/session"), result.out)
        self.assertNotIn("hush", result.out + result.err)


class MistakeTest(ConfigCase):
    def test_nor_is_a_password_in_a_url(self):
        url = "https://user:hunter2@host.example/router/rest"
        for command in (
            ("upload", "--print-config", "-g", url, "--after", f"curl '{url}'"),
            ("upload", "--print-config", "--json", "-g", url, "--after", f"curl '{url}'"),
            ("resolve", "claims.report.csv", "-g", url),
            ("upload", "--print-config", "--in-flight", url),
        ):
            result = self.ws.run(*command)
            with self.subTest(command):
                self.assertIn("//***@host.example", result.out + result.err)
                self.assertNotIn("hunter2", result.out + result.err)

    def test_a_mistake_names_file_and_line_and_stops_everything(self):
        gateway = self.gateway()
        start = self.gateway_section(gateway)
        line = start.count("\n") + 1
        for text, words in (
            ("in-fligth = 3\n", "did you mean 'in-flight'"),
            ("overwrite = yes\n", "never taken from a configuration"),
            ("resend-unknown = yes\n", "never taken from a configuration"),
            ("app_secret = x\n", "'app_secret': a secret never stands in a configuration"),
            ("rate = fast\n", "rate does not take 'fast'"),
            ("[colums]\n", "did you mean [columns]"),
            ("what is this\n", "neither"),
            ("rate" + " " * 5000 + "= 1\n", "longer than 4096"),
        ):
            with self.subTest(text[:20]):
                self.ws.write("claimbatch.conf", start + text)
                for command in (("upload", "claims.csv"), ("upload", "--print-config")):
                    result = self.ws.run(*command, "--config", "claimbatch.conf")
                    self.assertExit(result, 78)
                    self.assertSays(result, "'claimbatch.conf'", f"line {line}:", words)
                    self.assertSays(result, "nothing was sent")
        self.assertEqual(gateway.requests, [])
        self.assertFalse(os.path.exists(self.ws.ledger))

    def test_a_key_that_is_there_twice_is_refused(self):
        for section, first, second in (
            ("gateway", "app_key = 1", "app-key = 2"),
            ("run", "ledger = a.db", "ledger = b.db"),
            ("run", "max-fee = 1", "max_fee = 2"),
            ("input", "fee_unit = yuan", "fee_unit = fen"),
            ("columns", "claim_fee = a", "claim_fee = b"),
            ("rules", "success-without-fee = error", "success_without_fee = warn"),
            ("verdicts", "isv.x = again", "isv.x = unknown"),
        ):
            self.ws.write("claimbatch.conf", f"[{section}]\n{first}\n\n[{section}]\n{second}\n")
            result = self.ws.run("check", "claims.csv", "--config", "claimbatch.conf")
            with self.subTest(second):
                self.assertExit(result, 78)
                self.assertSays(result, "line 5", "line 2 has it already")
        self.ws.write("claimbatch.conf", "[input]\nnull = a\nnull = b\n")
        self.assertExit(self.ws.run("check", "claims.csv", "--config", "claimbatch.conf"), 0)

    def test_one_of_a_windows_machine_or_an_old_mac_is_read(self):
        text = "\ufeff[run]\nrate = 7\n\n[columns]\nclaim_fee = 金额\n"
        for end in ("\n", "\r\n", "\r"):
            with self.subTest(end):
                self.ws.write("claimbatch.conf", text.replace("\n", end).encode())
                values = self.in_force("--config", "claimbatch.conf")
                self.assertEqual(values["run", "rate"], ("7", "from claimbatch.conf, line 2"))
                self.assertEqual(values["columns", "claim_fee"][0], "金额")

    def test_nothing_in_it_reaches_the_terminal_as_it_is(self):
        for text in ("[run]\nledger = \x1b]0;x\x07\n", "[columns]\nclaim_fee = a\u009b31m\n"):
            self.ws.write("claim\x1bbatch.conf", text)
            for command in (("upload", "--print-config"), ("check", "claims.csv")):
                result = self.ws.run(*command, "--config", "claim\x1bbatch.conf")
                self.assertExit(result, 78)
                self.assertSays(result, "line 2: there is a control character in it")
                self.assertNotRegex(result.out + result.err, "[\x00-\x09\x0b-\x1f\x7f-\x9f]")
        self.ws.write("claim\x1bbatch.conf", "[run]\nrate = 3\n")
        result = self.ws.run("upload", "--print-config", "--config", "claim\x1bbatch.conf")
        self.assertExit(result, 0)
        self.assertNotIn("\x1b", result.out)

    def test_a_configuration_in_gbk_is_refused_and_not_guessed_at(self):
        self.ws.write("claimbatch.conf", "[columns]\nclaim_fee = 金额\n".encode("gbk"))
        result = self.ws.run("check", "claims.csv", "--config", "claimbatch.conf")
        self.assertExit(result, 78)
        self.assertSays(result, "not UTF-8")


class SampleTest(ConfigCase):
    def test_the_sample_is_a_configuration_and_so_is_it_with_every_line_in_force(self):
        values = self.in_force("--config", SAMPLE)
        self.assertEqual(values["run", "in-flight"][0], "64")
        self.assertEqual(values["rules", "excel-rounded-id"][0], "error")
        with open(SAMPLE, encoding="utf-8") as file:
            lines = file.read().splitlines()
        # A key that is commented out looks like "# key = value".
        keys = [line[2:] if " = " in line and line.startswith("# ") else line for line in lines]
        self.assertGreater(sum(a != b for a, b in zip(keys, lines)), 4)
        self.ws.write("all.conf", "\n".join(keys) + "\n")
        values = self.in_force("--config", "all.conf", code=78)
        self.assertEqual(values["verdicts", "isp.remote-service-error"][0], "again")
        self.assertEqual(values["columns", "claim_order_no"][0], "报案号")
        self.assertEqual(values["input", "fee_unit"][0], "yuan")

    def sample_keys(self):
        """{(section, key)} of the sample, commented out or not."""
        keys, section = set(), None
        with open(SAMPLE, encoding="utf-8") as file:
            for line in file:
                if line.startswith("["):
                    section = line.strip()[1:-1]
                elif match := re.match(r"(?:# )?([\w.-]+) = ", line):
                    keys.add((section, match[1]))
        return keys

    def home_of(self, option):
        """The section and key of an option; None: it is no key."""
        section = "run"
        for _ in range(2):
            self.ws.write("one.conf", f"[{section}]\n{option} = \n")
            result = self.ws.run("check", "claims.csv", "--config", "one.conf")
            self.assertExit(result, 78)
            if "does not take ''" in result.err:
                return section, option.replace("-", "_")
            if not (match := re.search(r"belongs into the section \[(\w+)\]", result.err)):
                break
            section = match[1]
        return None

    def test_every_key_there_is_stands_in_the_sample(self):
        found, options = self.sample_keys(), {"url"}  # which the command line calls gateway
        for command in ("upload", "rerun", "check", "audit", "resolve", "status", "import"):
            text = self.ws.run(command, "--help").out
            options |= set(re.findall(r"(?m)^ +(?:-\w, )?--([\w-]+)", text))
        self.assertGreater(len(options), 40)
        homes = {self.home_of(option) for option in options} - {None}
        self.assertGreater(len(homes), 30)
        listed = {(section, key.replace("-", "_")) for section, key in found}
        for section in ("gateway", "run", "input"):
            self.assertEqual(
                {home for home in homes if home[0] == section},
                {key for key in listed if key[0] == section},
            )
        self.assertEqual({key for section, key in found if section == "columns"}, set(FIELDS))
        rules = {key for section, key in self.in_force() if section == "rules"}
        self.assertEqual({key for section, key in found if section == "rules"}, rules)

    def test_what_is_printed_is_a_configuration_that_says_the_same(self):
        result = self.ws.run("upload", "--config", SAMPLE, "--print-config")
        self.ws.write("printed.conf", result.out)
        first, second = self.in_force("--config", SAMPLE), self.in_force("--config", "printed.conf", code=78)
        self.assertEqual(
            {key: value for key, (value, _) in first.items()},
            {key: value for key, (value, _) in second.items()},
        )

    def test_as_json_it_says_the_same(self):
        env = self.ws.environment(SSL_CERT_DIR="/certs", https_proxy="http://user:word@proxy:3128", NO_PROXY=None)
        options = ("--config", SAMPLE, "--in-flight", "7", "--null", "A", "--null", "B")
        result = self.ws.run("upload", "--print-config", "--json", *options, env=env)
        document = json.loads(result.out)
        expected = self.in_force(*options, env=env)
        found = {}
        for setting in document["settings"]:
            found[setting["section"], setting["key"]] = setting["value"]
        expected["run", "json"] = ("yes", "from the command line")
        self.assertEqual(found, {key: value for key, (value, _) in expected.items()})
        by_key = {setting["key"]: setting for setting in document["settings"]}
        self.assertEqual(by_key["in-flight"]["from"], "command line")
        bare = json.loads(self.ws.run("upload", "--print-config", "--json").out)
        self.assertIn("default", {setting["from"] for setting in bare["settings"]})
        self.assertIsNone(bare["configuration"])
        self.assertEqual((by_key["app_key"]["from"], by_key["app_key"]["name"]), ("configuration", SAMPLE))
        self.assertGreater(by_key["app_key"]["line"], 1)
        self.assertEqual(len([s for s in document["settings"] if s["key"] == "null"]), 2)
        self.assertEqual(document["configuration"], SAMPLE)
        self.assertTrue(any("SSL_CERT_DIR" in note for note in document["notes"]), document["notes"])
        self.assertNotIn("word", result.out.replace("claim_words", ""))
        self.assertTrue(any("http://***@proxy:3128" in note for note in document["notes"]))


class CheckTest(ConfigCase):
    """upload --print-config, as ExecStartPre= of a unit."""

    def check(self, *options, text="", **env):
        self.ws.write("claimbatch.conf", f"[gateway]\napp_key = 1\n{text}", mode=0o600)
        return self.ws.run(
            "upload", "--print-config", "--config", "claimbatch.conf", *options, env=self.ws.environment(**env)
        )

    def test_what_a_run_would_be_refused_for_is_found(self):
        self.ws.write("open", "x\n", mode=0o644)
        cases = (
            ("", {}, "no app secret"),
            ("app_secret_file = open\n", {}, "'open'"),
            ("app_secret_file = absent\n", {}, "'absent'"),
            ("app_secret_file = secret\nsession_file = open\n", {}, "'open'"),
            ("app_secret_file = secret\nca_file = absent\n", {}, "'absent'"),
            ("app_secret_file = secret\nurl = ftp://x/\n", {}, "ftp"),
            ("app_secret_file = secret\n[run]\nsign-key = absent\n", {}, "'absent'"),
            ("app_secret_file = secret\n", {"https_proxy": "nonsense://", "NO_PROXY": None}, "https_proxy"),
        )
        for text, env, words in cases:
            with self.subTest(text=text):
                result = self.check(text=text, **env)
                self.assertExit(result, 78)
                self.assertSays(result, words, "nothing was sent")
                self.assertIn("app_key = 1", result.out)

    def test_what_is_right_passes_and_nothing_is_made(self):
        result = self.check(text="app_secret_file = secret\n[run]\nledger = new.db\n")
        self.assertExit(result, 0)
        self.assertEqual(result.err, "")
        self.assertFalse(os.path.exists(self.ws.file("new.db")))

    def test_without_an_app_key_it_only_shows(self):
        self.assertExit(self.ws.run("upload", "--print-config"), 0)

    def test_other_commands_need_no_secret(self):
        self.ws.write("claimbatch.conf", "[gateway]\napp_key = 1\n", mode=0o600)
        for command in ("check", "audit", "status", "resolve"):
            self.assertExit(self.ws.run(command, "--print-config", "--config", "claimbatch.conf"), 0)


if __name__ == "__main__":
    unittest.main()
