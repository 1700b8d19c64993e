"""Help, man pages and completions come from one table: none of them has an option that another lacks."""

import os
import re
import shutil
import subprocess
import unittest

from harness import TestCase, program

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
        names = re.findall(r"^ +(?:-\w, )?--([a-z-]+)", listed, re.M)
        self.assertEqual(len(names), len(listed.strip().splitlines()))
        return names, re.findall(r"^  -(\w), --", listed, re.M)

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
            examples = self.ws.run(command, "--help").out.split("\nexamples:\n")[1].splitlines()
            page = built(f"claimbatch-{command}.1").replace("\\-", "-")
            for line in examples:
                self.assertTrue(line.startswith(f"  claimbatch {command}"), line)
                self.assertIn(line.strip(), page)

    def test_the_examples_name_options_there_are(self):
        for command in COMMANDS:
            names, letters = self.options(command)
            for line in self.ws.run(command, "--help").out.split("\nexamples:\n")[1].splitlines():
                self.assertLessEqual(set(re.findall(r" --([a-z-]+)", line)), set(names))
                self.assertLessEqual(set(re.findall(r" -(\w)\b", line)), set(letters))

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
