"""From whom secrets and configurations are taken, what is wrong with one before the first call, and where
secrets are while a run goes on (contract sections 2 and 8)."""

import os
import re
import signal
import subprocess
import unittest

from harness import APP_KEY, APP_SECRET, FreshWorkspace, Reply, TestCase, accept, accepted_body, claim_rows, http

NOBODY = 65534
SESSION = "6100-a-session-of-the-tests"

as_root = unittest.skipUnless(os.geteuid() == 0, "only root can make files of others")


class SecretCase(TestCase):
    def setUp(self):
        super().setUp()
        self.ws.export(claim_rows(2))
        self.web = self.gateway(accept)

    def without_secret(self, *more):
        arguments = list(self.ws.upload_arguments(self.web))
        at = arguments.index("--app-secret-file")
        del arguments[at : at + 2]
        return (*arguments, *more)

    def refused(self, result, *words):
        self.assertExit(result, 78)
        self.assertSays(result, "nothing was sent", *words)
        self.assertNotIn(APP_SECRET, result.err)
        self.assertEqual(self.web.requests, [])


class ContentTest(SecretCase):
    """What is wrong with a secret is named before anything is sent."""

    def test_a_byte_order_mark_is_no_part_of_it(self):
        self.ws.write("marked", b"\xef\xbb\xbf" + APP_SECRET.encode() + b"\r\n", mode=0o600)
        self.assertExit(self.ws.upload(self.web, "--app-secret-file", "marked"), 0)

    def test_what_no_secret_has_is_named(self):
        cases = (
            (b"", "is empty"),
            (b"\xef\xbb\xbf\r\n", "is empty"),
            (APP_SECRET.encode() + b" \n", "blanks"),
            (b"\t" + APP_SECRET.encode(), "blanks"),
            (APP_SECRET.encode() + b"\xe3\x80\x80", "blanks"),
            (APP_SECRET.encode() + b"\x1b", "control characters"),
            (APP_SECRET.encode() + b"\xe2\x80\x8b", "cannot be seen"),
            (b"\xff\xfe" + APP_SECRET.encode("utf-16-le"), "UTF-16"),
            (APP_SECRET.encode("utf-16-be"), "UTF-16"),
            (b"x" * 4097, "too long"),
        )
        for option in ("--app-secret-file", "--session-file"):
            for content, words in cases:
                with self.subTest(option=option, content=content[:40]):
                    self.ws.write("wrong", content, mode=0o600)
                    self.refused(self.ws.upload(self.web, option, "wrong"), "'wrong'", words)

    def test_a_variable_is_judged_alike(self):
        for name in ("CLAIMBATCH_APP_SECRET", "CLAIMBATCH_SESSION"):
            for value in (APP_SECRET + " ", APP_SECRET + "\x1b", APP_SECRET + "\u3000"):
                with self.subTest(name=name, value=value):
                    env = self.ws.environment(**{"CLAIMBATCH_APP_SECRET": APP_SECRET, name: value})
                    self.refused(self.ws.run(*self.without_secret(), env=env), name)


class SourceTest(SecretCase):
    """Who else may read a secret, and what is no file."""

    def credentials(self, mode, folder_mode=0o700):
        folder = self.ws.file("credentials")
        os.makedirs(folder, exist_ok=True)
        self.ws.write("credentials/app-secret", APP_SECRET + "\n", mode=mode)
        os.chmod(folder, folder_mode)
        return self.ws.environment(CREDENTIALS_DIRECTORY=folder)

    def test_what_systemd_and_kubernetes_give_is_taken(self):
        for mode in (0o400, 0o440, 0o640):
            with self.subTest(f"{mode:o}"), FreshWorkspace(self):
                self.ws.export(claim_rows(2))
                env = self.credentials(mode)
                self.assertExit(self.ws.run(*self.without_secret(), env=env), 0)

    def test_a_file_named_among_the_credentials_is_taken_alike(self):
        env = self.credentials(0o440)
        os.symlink("credentials/app-secret", self.ws.file("link"))
        arguments = self.without_secret("--app-secret-file", "link")
        self.assertExit(self.ws.run(*arguments, env=env), 0)

    def test_a_credential_that_others_may_read_is_refused(self):
        env = self.credentials(0o444)
        self.refused(self.ws.run(*self.without_secret(), env=env), "app-secret", "chmod 600")

    def test_a_relative_folder_of_credentials_is_refused(self):
        self.credentials(0o400)
        env = self.ws.environment(CREDENTIALS_DIRECTORY="credentials")
        self.refused(self.ws.run(*self.without_secret(), env=env), "CREDENTIALS_DIRECTORY")

    @as_root
    def test_a_secret_of_another_owner_is_refused_also_by_root(self):
        os.chown(self.ws.write("foreign", APP_SECRET, mode=0o600), NOBODY, NOBODY)
        for option in ("--app-secret-file", "--session-file", "--sign-key"):
            with self.subTest(option):
                self.refused(self.ws.upload(self.web, option, "foreign"), "foreign", "another user")

    @as_root
    def test_what_root_gave_to_our_group_is_taken(self):
        gateway = self.web
        os.chmod(self.ws.path, 0o777)
        for name, mode, code in (("group", 0o640, 0), ("others", 0o644, 78), ("writable", 0o660, 78)):
            with self.subTest(name):
                os.chown(self.ws.write(name, APP_SECRET, mode=mode), 0, 4711)
                argv = self.without_secret("--app-secret-file", name, "-o", f"{name}.report.csv")
                done = subprocess.run(
                    [self.ws.binary_for_others(), *map(str, argv)], cwd=self.ws.path,
                    env=self.ws.environment(), capture_output=True, text=True, timeout=60,
                    user=NOBODY, group=NOBODY, extra_groups=[4711],
                )  # fmt: skip
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertEqual(len(gateway.requests), 2)
                if code:
                    self.assertIn("as root: chmod 640", done.stderr)

    def test_a_pipe_will_do(self):
        program = os.path.abspath(self.ws.binary)
        argv = self.without_secret("--app-secret-file")
        script = f'exec "$@" <(sleep 0.2; echo {APP_SECRET})'
        done = subprocess.run(
            ["bash", "-c", script, "bash", program, *map(str, argv)], cwd=self.ws.path,
            env=self.ws.environment(), capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(self.web.requests), 2)

    def test_a_pipe_that_nobody_writes_to_does_not_hang(self):
        os.mkfifo(self.ws.file("pipe"), 0o600)
        for option in ("--app-secret-file", "--sign-key", "--config"):
            with self.subTest(option):
                self.refused(self.ws.upload(self.web, option, "pipe"), "nobody writes to it")
        with self.subTest("--ca-file"):
            result = self.ws.upload("https://127.0.0.1:1/", "--ca-file", "pipe")
            self.refused(result, "'pipe'", "not a regular file")
        with self.subTest("--verify-key"):
            self.assertExit(self.ws.upload(self.web), 0)
            result = self.ws.run("audit", "claims.report.csv", "--verify-key", "pipe", "-L", "ledger.db")
            self.assertNotIn(result.code, (0, -9))
            self.assertSays(result, "nobody writes to it")

    def test_a_signal_ends_the_wait_for_a_pipe(self):
        ends = os.pipe()
        self.addCleanup(os.close, ends[1])
        argv = self.without_secret("--app-secret-file", f"/dev/fd/{ends[0]}", "-v")
        process = subprocess.Popen(
            [os.path.abspath(self.ws.binary), *map(str, argv)], cwd=self.ws.path,
            env=self.ws.environment(), stderr=subprocess.PIPE, text=True, pass_fds=[ends[0]],
        )  # fmt: skip
        os.close(ends[0])
        with open(f"/proc/{process.pid}/wchan", encoding="ascii") as file:
            for _ in range(600):
                file.seek(0)
                if "poll" in file.read():
                    break
                try:
                    process.wait(0.05)
                except subprocess.TimeoutExpired:
                    pass
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        self.assertNotEqual(process.returncode, 0, err)
        self.assertEqual(self.web.requests, [])


class ConfigurationTest(SecretCase):
    """Whoever may write the configuration says where the claims go."""

    def write_config(self, mode=0o600, name="claimbatch.conf"):
        os.makedirs(os.path.dirname(self.ws.file(name)), exist_ok=True)
        text = f"[gateway]\nurl = {self.web.url}\napp_key = {APP_KEY}\napp_secret_file = secret\n"
        self.ws.write("secret", APP_SECRET, mode=0o600)
        return self.ws.write(name, text, mode=mode)

    def try_config(self, *more, **env):
        return self.ws.run(
            "upload", "claims.csv", "-L", "ledger.db", *more, env=self.ws.environment(**env)
        )

    def test_one_that_others_may_write_to_is_refused(self):
        for mode in (0o666, 0o602, 0o620, 0o664):
            with self.subTest(f"{mode:o}"):
                self.write_config(mode)
                result = self.try_config("--config", "claimbatch.conf")
                self.refused(result, "claimbatch.conf", "chmod go-w")

    def test_one_that_others_may_read_is_taken(self):
        self.write_config(0o644)
        self.assertExit(self.try_config("--config", "claimbatch.conf"), 0)

    @as_root
    def test_one_of_another_owner_is_refused(self):
        os.chown(self.write_config(), NOBODY, NOBODY)
        for more, env in ((("--config", "claimbatch.conf"), {}), ((), {"CLAIMBATCH_CONFIG": "claimbatch.conf"})):
            with self.subTest(more=more):
                self.refused(self.try_config(*more, **env), "another user", str(NOBODY))

    @as_root
    def test_one_of_roots_is_taken_by_anybody(self):
        self.write_config(0o644)
        os.chmod(self.ws.path, 0o777)
        os.chown(self.ws.file("secret"), NOBODY, NOBODY)  # it is looked at, too
        done = subprocess.run(
            [self.ws.binary_for_others(), "upload", "x.csv", "--print-config", "--config", "claimbatch.conf"],
            cwd=self.ws.path, env=self.ws.environment(), capture_output=True, text=True, timeout=60,
            user=NOBODY, group=NOBODY, extra_groups=[],
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(self.web.url, done.stdout)

    def test_a_relative_folder_of_the_environment_is_refused(self):
        self.write_config(name="claimbatch/claimbatch.conf")
        self.write_config(name=".config/claimbatch/claimbatch.conf")
        self.refused(self.try_config(XDG_CONFIG_HOME="."), "XDG_CONFIG_HOME", "--config")
        self.refused(self.try_config(HOME="."), "HOME", "--config")

    def test_so_is_a_relative_place_of_the_ledger(self):
        self.write_config()
        for name in ("STATE_DIRECTORY", "XDG_STATE_HOME", "HOME"):
            with self.subTest(name):
                env = {"XDG_CONFIG_HOME": self.ws.path, name: "state"}
                env = self.ws.environment(**env)
                result = self.ws.run("upload", "claims.csv", "--config", "claimbatch.conf", env=env)
                self.refused(result, name, "--ledger")
                self.assertFalse(os.path.exists(self.ws.file("state")))

    def test_without_a_home_there_is_no_configuration_and_no_place(self):
        env = self.ws.environment()
        del env["HOME"]
        self.assertExit(self.ws.run(*self.ws.upload_arguments(self.web), env=env), 0)
        result = self.ws.run("upload", "claims.csv", "--config", "/dev/null", env=env)
        self.assertExit(result, 78)

    @as_root
    def test_one_that_cannot_be_looked_at_is_not_passed_over(self):
        self.write_config(name="hidden/claimbatch/claimbatch.conf")
        os.chmod(self.ws.path, 0o777)
        os.chmod(self.ws.file("hidden"), 0o700)
        done = subprocess.run(
            [self.ws.binary_for_others(), "upload", "x.csv", "--print-config"], cwd=self.ws.path,
            env=self.ws.environment(XDG_CONFIG_HOME=self.ws.file("hidden")), capture_output=True, text=True,
            timeout=60, user=NOBODY, group=NOBODY, extra_groups=[],
        )  # fmt: skip
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("cannot be opened: Permission denied; name another with --config", done.stderr)

    def test_one_that_is_too_large_is_refused(self):
        self.ws.write("large.conf", b"# large\n" * (1 << 18), mode=0o600)
        self.refused(self.try_config("--config", "large.conf"), "large.conf")

    def test_what_is_no_file_is_refused(self):
        os.mkdir(self.ws.file("folder"))
        self.refused(self.try_config("--config", "folder"), "'folder'")
        self.refused(self.try_config("--config", "/dev/zero"), "/dev/zero")


class MemoryTest(SecretCase):
    """Where the app's secret is while a run goes on: it is in no request, so one place is enough."""

    def mappings_with(self, pid, needle):
        """The flags of each mapping that holds the bytes."""
        with open(f"/proc/{pid}/smaps", encoding="ascii", errors="replace") as file:
            text = file.read()
        found = []
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            for head, body in re.findall(r"^([0-9a-f]+-[0-9a-f]+ .*)\n((?:[A-Z].*\n)+)", text, re.M):
                start, end = (int(part, 16) for part in head.split()[0].split("-"))
                flags = re.search(r"VmFlags: (.*)", body)[1].split()
                if "rd" not in flags or end - start > 1 << 28 or "[v" in head:
                    continue
                try:
                    memory.seek(start)
                    content = memory.read(end - start)
                except (OSError, OverflowError):
                    continue
                if needle in content:
                    found.append((head, flags))
        return found

    @as_root
    def test_it_is_only_where_no_dump_and_no_swap_is(self):
        seen = {}

        def script(request):
            if request.number == 1:
                with open(f"/proc/{seen['pid']}/environ", "rb") as file:
                    seen["environ"] = file.read()
                seen["found"] = self.mappings_with(seen["pid"], APP_SECRET.encode())
            return Reply(http(accepted_body()), executed=True)

        gateway = self.gateway(script)
        release = os.environ.get("CLAIMBATCH_RELEASE") or self.ws.binary
        for method in ("hmac-sha256", "hmac", "md5"):
            for by_variable in (False, True):
                with self.subTest(method=method, by_variable=by_variable), FreshWorkspace(self):
                    self.ws.export(claim_rows(1))
                    gateway.requests.clear()
                    seen.clear()
                    argv = list(self.ws.upload_arguments(gateway, "--sign-method", method))
                    env = self.ws.environment()
                    if by_variable:
                        at = argv.index("--app-secret-file")
                        del argv[at : at + 2]
                        env["CLAIMBATCH_APP_SECRET"] = APP_SECRET
                    with open(self.ws.file("err"), "wb") as err:
                        process = subprocess.Popen(
                            [os.path.abspath(release), *map(str, argv)], cwd=self.ws.path, env=env, stderr=err
                        )
                        seen["pid"] = process.pid
                        code = process.wait(60)
                    with open(self.ws.file("err"), encoding="utf-8") as err:
                        self.assertEqual(code, 0, err.read())
                    self.assertTrue(seen["found"])
                    for head, flags in seen["found"]:
                        self.assertIn("dd", flags, head)
                        self.assertIn("lo", flags, head)
                    self.assertNotIn(APP_SECRET.encode(), seen["environ"])
