"""Help, man pages and completions come from one table: none of them has an option that another lacks."""

import os
import re
import shlex
import shutil
import subprocess
import unittest
from unicodedata import east_asian_width

from harness import TestCase, program, run_on_terminal

COMMANDS = ("upload", "rerun", "check", "resolve", "import", "audit", "status", "explain")


def built(name):
    path = os.path.join(os.path.dirname(program("CLAIMBATCH_RELEASE")), name)
    with open(path, encoding="utf-8") as file:
        return file.read()


class HelpTest(TestCase):
    def options(self, command):
        """Long options and letters, as --help lists them."""
        result = self.ws.run(command, "--help")
        self.assertExit(result, 0)
        listed = result.out.split("options:\n")[1].split("\n\n")[0]
        names = re.findall(r"^  (?:-\w, |    )--([a-z-]+)", listed, re.M)
        rest = [line for line in listed.splitlines() if not re.match(r"^  (?:-\w, |    )--", line)]
        self.assertTrue(all(line.startswith(" " * 34) for line in rest), rest)
        return names, re.findall(r"^  -(\w), --", listed, re.M)

    def examples(self, text):
        """As they are typed: a line that ends with a backslash goes on."""
        return text.split("\nexamples:\n")[1].replace(" \\\n     ", "").splitlines()

    def test_a_page_of_each_command_has_its_options_and_no_others(self):
        for command in COMMANDS:
            names, letters = self.options(command)
            page = built(f"claimbatch-{command}.1").split(".Sh OPTIONS")[1].split(".Sh ")[0]
            items = [line for line in page.splitlines() if line.startswith(".It ")]
            found = [re.search(r"Fl \\-([a-z\\-]+)", line).group(1).replace("\\", "") for line in items]
            self.assertEqual(found, names, command)
            self.assertEqual(re.findall(r"^\.It Fl (\w) ,", page, re.M), letters, command)

    def test_the_help_of_a_command_has_examples_that_are_in_its_page(self):
        for command in COMMANDS:
            examples = self.examples(self.ws.run(command, "--help").out)
            page = built(f"claimbatch-{command}.1").replace("\\-", "-")
            for line in examples:
                self.assertTrue(line.startswith(f"  claimbatch {command}"), line)
                self.assertIn(line.strip(), page)

    def test_the_examples_name_options_there_are(self):
        for command in COMMANDS:
            names, letters = self.options(command)
            for line in self.examples(self.ws.run(command, "--help").out):
                self.assertLessEqual(set(re.findall(r" --([a-z-]+)", line)), set(names))
                self.assertLessEqual(set(re.findall(r" -(\w)\b", line)), set(letters))

    def shown(self, columns, language, *words):
        """What stands on a terminal that is so wide."""
        env = self.ws.environment(LC_ALL="", LANG="C.UTF-8", LANGUAGE=language)
        code, text = run_on_terminal([self.ws.binary, *words], env, self.ws.path, columns, output=True)
        self.assertEqual(code, 0, text)
        return text.decode("utf-8").replace("\r\n", "\n")

    def test_help_and_explanations_fit_the_terminal(self):
        for columns in (60, 80, 200):
            for language in ("en", "zh_CN"):
                for words in (*((command, "--help") for command in COMMANDS), ("--help",), ("explain",), ("explain", "TIMEOUT")):
                    with self.subTest(columns=columns, language=language, words=words):
                        lines = self.shown(columns, language, *words).splitlines()
                        widths = [sum(2 if east_asian_width(c) in "WF" else 1 for c in line) for line in lines]
                        self.assertLessEqual(max(widths), columns, lines[widths.index(max(widths))])
        wide = self.shown(200, "en", "explain", "TIMEOUT").splitlines()
        self.assertLess(len(wide), len(self.shown(60, "en", "explain", "TIMEOUT").splitlines()))

    def test_examples_on_a_narrow_terminal_are_the_same_words(self):
        for command in COMMANDS:
            narrow, wide = (self.examples(self.shown(columns, "en", command, "--help")) for columns in (40, 200))
            self.assertEqual([shlex.split(line) for line in narrow], [shlex.split(line) for line in wide])

    def test_the_page_of_the_configuration_has_every_key(self):
        page = built("claimbatch.conf.5").replace("\\", "")
        shown = self.ws.run("upload", "--print-config")
        keys = [line.split(" = ")[0] for line in shown.out.split("[rules]")[0].splitlines() if " = " in line]
        self.assertGreater(len(keys), 8)
        for key in keys:
            self.assertIn(f".It Ic {key} = ", page)

    def test_the_page_of_the_sandbox_has_its_options(self):
        done = subprocess.run([program("CLAIMBATCH_SANDBOX"), "--help"], capture_output=True, text=True, check=True)
        page = built("claimbatch-sandbox.1").replace("\\", "")
        names = re.findall(r"^      --(\S+?),? ", done.stdout, re.M)
        self.assertGreater(len(names), 15)
        for name in names:
            self.assertIn(f"Fl -{name}" if name != "help" else "claimbatch-sandbox", page)

    def complete(self, *words):
        script = (
            f'source {os.path.dirname(program("CLAIMBATCH_RELEASE"))}/claimbatch.bash; compopt() {{ :; }}; '
            'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _claimbatch; printf "%s\\n" "${COMPREPLY[@]}"'
        )
        done = subprocess.run(["bash", "-c", script, "bash", *words], cwd=self.ws.path, capture_output=True, text=True, check=True)
        return done.stdout.split()

    def test_bash_completes_commands_options_and_files(self):
        self.ws.export([])
        self.assertEqual(set(COMMANDS) - set(self.complete("claimbatch", "")), set())
        self.assertEqual(self.complete("claimbatch", "re"), ["rerun", "resolve"])
        for command in COMMANDS:
            names, _ = self.options(command)
            self.assertEqual(self.complete("claimbatch", command, "--"), ["--" + name for name in names])
        self.assertEqual(self.complete("claimbatch", "upload", "cl"), ["claims.csv"])
        self.assertEqual(self.complete("claimbatch", "upload", "--app-secret-file", "se"), ["secret"])
        self.assertEqual(self.complete("claimbatch", "upload", "--rate", ""), [])

    @unittest.skipUnless(shutil.which("fish"), "fish is not installed")
    def test_fish_completes_options(self):
        folder = os.path.dirname(program("CLAIMBATCH_RELEASE"))
        done = subprocess.run(
            ["fish", "--no-config", "-c", f'source {folder}/claimbatch.fish; complete -C "claimbatch status --"'],
            capture_output=True, text=True, check=True, env=self.ws.environment(),
        )
        found = [line.split("\t")[0] for line in done.stdout.splitlines()]
        self.assertEqual(sorted(found), sorted("--" + name for name in self.options("status")[0]))

    def test_zsh_and_fish_have_every_option(self):
        for name in ("_claimbatch", "claimbatch.fish"):
            text = built(name)
            for command in COMMANDS:
                for option in self.options(command)[0]:
                    self.assertRegex(text, rf"(\*--{option}\[| -l {option}[ \n])", name)


if __name__ == "__main__":
    unittest.main()
