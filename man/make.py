#!/usr/bin/env python3
"""usage: make.py TABLE SANDBOX_HELP PROSE_DIR VERSION DATE OUT_DIR

Makes the man pages: what stands in the table of options, and prose from PROSE_DIR/PAGE.mdoc, where
@OPTIONS@, @COMMANDS@, @KEYS@, @COLUMNS@ stand for what the program says itself. It is mdoc(7), in which `words` are
what is typed, an empty line begins a paragraph, "    " a line to type, and "TERM :: WORDS" an entry of a list. In another language
PROSE_DIR/words.json has what is written here, and the sandbox, a tool of tests, has no page."""

import json
import os
import re
import sys

table_path, sandbox_path, prose, version, date, out = sys.argv[1:]
with open(table_path, encoding="utf-8") as file:
    table = json.load(file)
with open(sandbox_path, encoding="utf-8") as file:
    sandbox_help = file.read()


words_path = os.path.join(prose, "words.json")
words_of_language = {}
if os.path.exists(words_path):
    with open(words_path, encoding="utf-8") as file:
        words_of_language = json.load(file)


def phrase(english, *values):
    """As the language says it."""
    return words_of_language.get(english, english).format(*values)


def text(words):
    """As roff reads them."""
    words = words.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", words)


def argument(words):
    """Words of a macro line: none of them is a macro's name."""
    return " ".join("\\&" + text(word) if re.fullmatch(r"[A-Z][a-z]|[.,:;()\[\]?!|]", word) else text(word)
                    for word in words.split()).replace('"', "\\(dq")


def option_lines(command):
    for option in table["options"]:
        if command not in option["commands"]:
            continue
        names = [f"Fl {option['letter']}"] if option["letter"] else []
        names.append(f"Fl \\-{text(option['name'])}")
        value = f" Ar {argument(option['value'])}" if option["value"] else ""
        yield ".It " + " , ".join(names) + value
        yield phrase("{}.", text(option["help"]))
        if option["default"]:
            yield phrase("The default is {}.", text(option["default"]))
        if option["section"] and option["section"] not in ("columns", "statuses", "rules"):
            yield phrase("In a configuration: {} in [{}].", text(option["key"]), option["section"])


def options(command):
    return "\n".join([".Bl -tag -width Ds", *option_lines(command), ".El"])


def commands():
    lines = [".Bl -tag -width resolve"]
    for command in table["commands"]:
        lines += [f".It Xr claimbatch-{command['name']} 1", phrase("{}.", text(command["help"][0].upper() + command["help"][1:]))]
    return "\n".join(lines + [".El"])


def examples(command):
    lines = [".Bd -literal -offset 2n", *(text(line) for line in command["examples"].splitlines()), ".Ed"]
    return "\n".join(lines)


def keys():
    lines = []
    for section in ("gateway", "run", "input"):
        lines += [f".Ss [{section}]", ".Bl -tag -width Ds"]
        seen = set()
        for option in table["options"]:
            if option["section"] != section or option["key"] in seen:
                continue
            seen.add(option["key"])
            value = option["value"] or "yes|no"
            lines += [f".It Ic {argument(option['key'])} = Ar {argument(value)}",
                      phrase("{}.", text(option["help"]))]
        lines.append(".El")
    return "\n".join(lines)


def sandbox_options():
    lines = [".Bl -tag -width Ds"]
    for line in sandbox_help.splitlines():
        found = re.match(r"      --(\S+)(?: (\S+))?  +(\S.*)", line)
        more = re.match(r"       {10,}(\S.*)", line)
        if found:
            name, value, words = found.groups()
            lines += [f".It Fl \\-{text(name)}" + (f" Ar {argument(value)}" if value else ""), text(words)]
        elif more and len(lines) > 1:
            lines.append(text(more.group(1)))
    return "\n".join(lines + [".El"])


def head(name, section, what):
    return f".Dd {date}\n.Dt {name.upper()} {section}\n.Os claimbatch {version}\n.Sh NAME\n.Nm {name}\n.Nd {text(phrase(what))}\n"


def spans(line):
    """What stands between backquotes is bold."""
    return re.sub(r"`([^`]+)`", lambda found: "\\fB" + text(found.group(1)) + "\\fP", line)


def kind(line):
    """Of a line of prose: an example, an entry, a macro, nothing, or words."""
    if line.startswith("    "):
        return "example"
    if re.match(r"\.[A-Z][a-z]", line) or not line.strip():
        return "macro" if line.strip() else "blank"
    return "entry" if " :: " in line else "words"


OPENS = {"example": ".Bd -literal -offset 2n", "entry": ".Bl -tag -width Ds"}
CLOSES = {"example": ".Ed", "entry": ".El"}


def marked(lines):
    """The same as mdoc(7)."""
    inside = before = None
    for line in lines:
        what = kind(line)
        if inside and what not in (inside, "words" if inside == "entry" else inside):
            yield CLOSES[inside]
            inside = None
        if before == "blank" and not inside and what == "words":
            yield ".Pp"
        if what in OPENS and not inside:
            inside = what
            yield OPENS[what]
        if what == "example":
            yield text(line[4:])
        elif what == "entry":
            term, words = line.split(" :: ", 1)
            yield ".It " + spans(term)
            yield re.sub(r"(?<=[a-zP)]\.) (?=[A-Z])", "\n", spans(words))
        elif what != "blank":
            yield spans(line)
        before = what
    if inside:
        yield CLOSES[inside]


def read(name):
    path = os.path.join(prose, name + ".mdoc")
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return "\n".join(marked(file.read().splitlines())) + "\n"


def write(name, section, page):
    for word, value in (("@COMMANDS@", commands), ("@KEYS@", keys), ("@SANDBOX_OPTIONS@", sandbox_options)):
        if word in page:
            page = page.replace(word, value())
    with open(os.path.join(out, f"{name}.{section}"), "w", encoding="utf-8") as file:
        file.write(page)


def command_page(command):
    name = f"claimbatch-{command['name']}"
    operand = command["operand"] or ""
    optional = operand.startswith("[")
    words = argument(operand.strip("[]").replace("]...", "").replace("...", " ...").replace("|", " | "))
    synopsis = f".Nm claimbatch {command['name']}\n.Op Ar OPTION ...\n"
    if operand:
        synopsis += (f".Op Ar {words}\n" if optional else f".Ar {words}\n")
    others = [c["name"] for c in table["commands"] if c["name"] != command["name"]]
    page = head(name, 1, command["help"])
    page += ".Sh SYNOPSIS\n" + synopsis + read(name)
    page += ".Sh OPTIONS\n" + options(command["name"]) + "\n"
    page += f".Sh EXIT STATUS\n{phrase('See')}\n.Xr claimbatch 1 .\n"
    page += ".Sh EXAMPLES\n" + examples(command) + "\n"
    page += ".Sh SEE ALSO\n.Xr claimbatch 1 ,\n" + "".join(f".Xr claimbatch-{o} 1 ,\n" for o in sorted(others))
    page += ".Xr claimbatch-report 5 ,\n.Xr claimbatch.conf 5\n"
    write(name, 1, page)


for one in table["commands"]:
    command_page(one)
write("claimbatch", 1, head("claimbatch", 1, "send insurance claim results to the Taobao Open Platform, once each") + read("claimbatch"))
write("claimbatch.conf", 5, head("claimbatch.conf", 5, "configuration of claimbatch") + read("claimbatch.conf"))
write("claimbatch-report", 5, head("claimbatch-report", 5, "what claimbatch writes for each row it was given") + read("claimbatch-report"))
if not words_of_language:
    write("claimbatch-sandbox", 1, head("claimbatch-sandbox", 1, "local gateway to try claimbatch with") + read("claimbatch-sandbox"))
