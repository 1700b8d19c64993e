"""README.md and README.zh-CN.md: each command in them is run, each output is what is printed, each link leads somewhere."""

import os
import re
import shutil
import subprocess
import unittest

from harness import APP_KEY, APP_SECRET, TestCase, claim_rows, program

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NAMES = ("README.md", "README.zh-CN.md")
LANGUAGES = {"README.md": "en", "README.zh-CN.md": "zh_CN"}

# Commands that are run elsewhere, because they take the whole machine: by which file, in which words.
ELSEWHERE = {
    "samples/try.sh": ("tests/checks.sh", "samples/try.sh"),
    "tests/run.sh": (".ci/run", "tests/run.sh"),
    "tests/package.sh debs": ("tests/run.sh", "tests/package.sh"),
    "apt install ./debs/claimbatch_*.deb": ("tests/package_install.sh", "claimbatch_"),
}

# Programs of the system that a test has no right to, as far as the commands need them.
STANDS_FOR = {
    "editor": 'printf "[gateway]\\napp_key = %s\\nurl = %s\\n" "$KEY" "$GATEWAY" >"$1"',
    "systemctl": 'for unit; do case $unit in *@*.*) test -f "$UNITS/${unit%%@*}@.${unit##*.}" || exit 5 ;; esac; done',
    "systemd-run": 'while [ "${1#-}" != "$1" ]; do case $1 in -p) words=$2; shift ;; esac; shift; done; '
    'for folder in ${words#StateDirectory=}; do mkdir "$ROOT_OF_TEST/var/lib/$folder"; done; exec "$@"',
}


def text(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def blocks(name, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text(name), re.M | re.S)


def commands(block):
    """One by one; a here-document belongs to its command, and so does what follows a backslash."""
    lines = iter(block.splitlines())
    for line in lines:
        end = re.search(r"<<(\w+)$", line)
        whole = [line]
        while (end and whole[-1] != end.group(1)) or whole[-1].endswith("\\"):
            whole.append(next(lines))
        yield "\n".join(whole)


def without_numbers(line):
    """What differs from one run to the next."""
    return re.sub(r"\d{8}-[0-9a-f]{8}", "RUN", line)


class Documents(unittest.TestCase):
    def test_both_say_the_same_commands(self):
        english, chinese = ([re.sub(r" +#.*", "", block) for block in blocks(name, "sh")] for name in NAMES)
        self.assertEqual(english, chinese)
        self.assertEqual(*(len(re.findall("^## ", text(name), re.M)) for name in NAMES))

    def test_they_are_short(self):
        for name in NAMES:
            lines = text(name).splitlines()
            self.assertLess(len(lines), 200, name)
            self.assertEqual([line for line in lines if len(line) > 110], [], name)

    def test_their_links_lead_somewhere(self):
        for name in (*NAMES, "src/README.md", "tests/README.md", "samples/README.md"):
            for link in re.findall(r"\]\(([^)#]+)\)", text(name)):
                self.assertTrue(os.path.exists(os.path.join(ROOT, os.path.dirname(name), link)), f"{name}: {link}")

    def test_exit_codes_are_those_of_the_manual(self):
        page = text("man/claimbatch.mdoc").split(".Sh EXIT STATUS")[1].split(".Sh ")[0]
        known = sorted(re.findall(r"\d+", " ".join(re.findall(r"^\.It (.*)", page, re.M))))
        for name in NAMES:
            rows = re.findall(r"^\| ([\d、, ]+) \|", text(name), re.M)
            self.assertEqual(sorted(re.findall(r"\d+", " ".join(rows))), known, name)


class Manuals(unittest.TestCase):
    """The Chinese pages say as much as the English ones."""

    def words(self, path):
        """The options, codes and variables that a page names, in whatever markup."""
        page = text(path).replace("\\-", "-").replace(".Fl -", "--")
        return set(re.findall(r"--[a-z][a-z-]+|\b(?!HTTP_PROXY|ORDER_NO)[A-Z]{3,}_[A-Z_]+\b", page))

    def test_they_have_the_same_sections_options_and_codes(self):
        names = [name for name in os.listdir(os.path.join(ROOT, "man/zh_CN")) if name.endswith(".mdoc")]
        self.assertGreater(len(names), 10)
        for name in names:
            with self.subTest(name):
                english, chinese = f"man/{name}", f"man/zh_CN/{name}"
                self.assertEqual(self.words(english) - self.words(chinese), set())
                for macro in (".Sh ", ".Ss "):
                    counts = [len(re.findall(f"^{re.escape(macro)}", text(path), re.M)) for path in (english, chinese)]
                    self.assertEqual(counts[0], counts[1], macro)


class Commands(TestCase):
    """Each block by itself, in a home of its own, with the sandbox in the gateway's place."""

    def setUp(self):
        super().setUp()
        session = self.ws.write("session", "the-session\n", mode=0o600)
        self.box = self.sandbox(session=session)
        self.bin = self.ws.file("bin")
        os.mkdir(self.bin)
        for name, words in STANDS_FOR.items():
            self.program(name, words)
        os.symlink(os.path.abspath(program("CLAIMBATCH")), os.path.join(self.bin, "claimbatch"))
        for folder in ("etc/claimbatch", "var/lib/claimbatch", "backup"):
            os.makedirs(self.ws.file(folder), 0o700)
        self.ws.export(claim_rows(40))
        self.ws.export(claim_rows(12, first=100), name="claims.csv.new")
        self.environment = self.ws.environment(
            HOME=self.ws.path, PATH=f"{self.bin}:{os.environ['PATH']}", KEY=APP_KEY, GATEWAY=self.box.url,
            UNITS=os.path.join(ROOT, "samples/systemd"), ROOT_OF_TEST=self.ws.path,
        )
        for name in [name for name in self.environment if name.startswith("XDG_") or name == "STATE_DIRECTORY"]:
            del self.environment[name]

    def program(self, name, words):
        path = os.path.join(self.bin, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\nset -eu\n{words}\n")
        os.chmod(path, 0o755)

    def here(self, command):
        """With what stands in it for an office's own: folders of the machine, the gateway."""
        command = command.replace("[gateway]\n", f"[gateway]\nurl = {self.box.url}\n")
        return re.sub(r"(?<![\w.])/(etc/claimbatch|var/lib/claimbatch|backup)", rf"{self.ws.path}/\1", command)

    def type(self, command):
        secret = "the-session" if "session" in command else APP_SECRET
        done = subprocess.run(
            ["/bin/bash", "-uc", self.here(command)], cwd=self.ws.path, env=self.environment, input=secret + "\n",
            capture_output=True, text=True, timeout=60, check=False,
        )
        wanted = re.search(r"# exit (\d+)", command)
        self.assertEqual(done.returncode, int(wanted.group(1)) if wanted else 0, f"{command}\n{done.stdout}{done.stderr}")

    def type_all(self, name):
        found = [command for block in blocks(name, "sh") for command in commands(block)]
        self.assertGreater(len(found), 20)
        for command in found:
            if command not in ELSEWHERE:
                self.type(command)
        self.assertEqual(len(self.box.journal), 40, "the claims of claims.csv, once each")

    def test_every_command_does_what_it_says(self):
        self.type_all("README.md")

    def test_every_command_of_the_chinese_one_does_what_it_says(self):
        self.type_all("README.zh-CN.md")

    def test_commands_that_are_not_run_here_are_run_elsewhere(self):
        found = [c for name in NAMES for block in blocks(name, "sh") for c in commands(block)]
        for command, (path, words) in ELSEWHERE.items():
            self.assertIn(command, found)
            self.assertIn(words, text(path))

    def test_the_daily_job_sends_what_was_put_into_the_inbox(self):
        job = next(block for block in blocks(NAMES[0], "sh") if "systemctl enable" in block)
        for command in commands(job):
            self.type(command)
        unit = text("samples/systemd/claimbatch@.service").replace("%i", "claims")
        self.environment["STATE_DIRECTORY"] = self.ws.file("var/lib/claimbatch/claims")
        self.environment["CREDENTIALS_DIRECTORY"] = self.ws.file("credentials")
        os.mkdir(self.ws.file("credentials"), 0o700)
        os.mkdir(self.ws.file("var/lib/claimbatch/claims/reports"), 0o700)
        os.link(self.ws.file("etc/claimbatch/claims.secret"), self.ws.file("credentials/app-secret"))
        os.link(self.ws.file("etc/claimbatch/claims.session"), self.ws.file("credentials/session"))
        self.assertIn("\nStandardError=journal\n", unit, "else it goes where standard output goes: nowhere")
        starts = re.findall(r"^ExecStart=/usr/bin/(.*)$", unit, re.M)
        self.assertEqual(len(starts), 2)
        for start in starts:
            self.type(f"cd var/lib/claimbatch/claims; {start}")
        self.assertEqual(len(self.box.journal), 12)
        self.assertTrue(os.path.exists(self.ws.file("var/lib/claimbatch/claims/reports/claims.report.csv")))

    def test_the_output_that_is_shown_is_printed(self):
        for name in NAMES:
            with self.subTest(name):
                shown = blocks(name, "output")
                self.assertEqual(len(shown), 1)
                folder = self.ws.file(LANGUAGES[name])
                os.mkdir(folder)
                shutil.copy(os.path.join(ROOT, "samples/claims.csv"), folder)
                result = self.ws.run(
                    "upload", f"{folder}/claims.csv", "-o", f"{folder}/claims.report.csv", "--ledger",
                    f"{folder}/ledger.db", "--gateway", self.box.url, "--app-key", APP_KEY, "--app-secret-file", "secret", "--session-file", "session",
                    env=self.ws.environment(LC_ALL="", LANG="C.UTF-8", LANGUAGE=LANGUAGES[name]),
                )
                self.assertExit(result, 1)
                lines = [re.sub(r"^[\d-]+ [\d:]+ ", "", line) for line in result.log.splitlines()]
                printed = "\n".join(lines).replace(folder + "/", "")
                self.assertEqual(without_numbers(printed), without_numbers(shown[0].rstrip("\n")))


if __name__ == "__main__":
    unittest.main()
