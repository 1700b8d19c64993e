#!/usr/bin/env python3
"""usage: make.py TABLE bash|zsh|fish OUTPUT

Makes the completion of a shell from the table of commands and options."""

import json
import sys

table_path, shell, output = sys.argv[1:]
with open(table_path, encoding="utf-8") as file:
    table = json.load(file)


def taken(command):
    return [option for option in table["options"] if command["name"] in option["commands"]]


def kind(option):
    """"file", "dir", "word" or None for a flag."""
    value = option["value"]
    if value is None:
        return None
    return "file" if value.startswith("FILE") else "dir" if value == "DIR" else "word"


def takes_files(command):
    return bool(command["operand"]) and "CODE" not in command["operand"]


def quote(text):
    return "'" + text.replace("'", "'\\''") + "'"


def bash():
    names = " ".join(c["name"] for c in table["commands"])
    lines = ["# bash completion of claimbatch; made from its table of options.", "_claimbatch() {",
             "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} options",
             "    COMPREPLY=()", "    if ((COMP_CWORD == 1)); then",
             f"        mapfile -t COMPREPLY < <(compgen -W '{names} --help --version' -- \"$current\")", "        return", "    fi",
             "    case ${COMP_WORDS[1]} in"]
    for command in table["commands"]:
        options = taken(command)
        words = " ".join("--" + option["name"] for option in options)
        lines += [f"    {command['name']})", f"        options='{words}'", "        case $previous in"]
        for wanted, action in (("file", 'compgen -f -- "$current"'), ("dir", 'compgen -d -- "$current"'), ("word", None)):
            found = [n for o in options if kind(o) == wanted
                     for n in ["--" + o["name"]] + (["-" + o["letter"]] if o["letter"] else [])]
            if not found:
                continue
            lines += [f"        {' | '.join(found)})"]
            if action:
                lines += ["            compopt -o filenames", f"            mapfile -t COMPREPLY < <({action})"]
            lines += ["            return", "            ;;"]
        lines += ["        esac"]
        if takes_files(command):
            lines += ["        if [[ $current != -* ]]; then", "            compopt -o filenames",
                      "            mapfile -t COMPREPLY < <(compgen -f -- \"$current\")", "            return", "        fi"]
        lines += ["        ;;"]
    lines += ["    *) return ;;", "    esac", "    mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$current\")", "}",
              "complete -F _claimbatch claimbatch", ""]
    return "\n".join(lines)


def zsh():
    def clean(text):
        return text.replace("[", "(").replace("]", ")").replace(":", ",")

    lines = ["#compdef claimbatch", "# Made from claimbatch's table of options.", "", "_claimbatch() {",
             "    local -a commands", "    commands=("]
    lines += [f"        {quote(c['name'] + ':' + clean(c['help']))}" for c in table["commands"]]
    lines += ["    )", "    if ((CURRENT == 2)); then", "        _describe command commands", "        return", "    fi",
              "    local command=$words[2]", "    shift words", "    ((CURRENT--))", "    case $command in"]
    actions = {"file": "_files", "dir": "_files -/", "word": " "}
    for command in table["commands"]:
        lines += [f"    {command['name']})", "        _arguments -s -S \\"]
        for option in taken(command):
            value = f":{clean(option['value'])}:{actions[kind(option)]}" if option["value"] else ""
            for name in ["--" + option["name"]] + (["-" + option["letter"]] if option["letter"] else []):
                lines += [f"            {quote('*' + name + '[' + clean(option['help']) + ']' + value)} \\"]
        lines += ["            '*:file:_files'" if takes_files(command) else "            '*::'", "        ;;"]
    lines += ["    esac", "}", "", "_claimbatch \"$@\"", ""]
    return "\n".join(lines)


def fish():
    lines = ["# Made from claimbatch's table of options.", "complete -c claimbatch -f"]
    for command in table["commands"]:
        lines += [f"complete -c claimbatch -n __fish_use_subcommand -a {command['name']} -d {quote(command['help'])}"]
        seen = f"'__fish_seen_subcommand_from {command['name']}'"
        if takes_files(command):
            lines += [f"complete -c claimbatch -n {seen} -F"]
        for option in taken(command):
            letter = f" -s {option['letter']}" if option["letter"] else ""
            value = {None: "", "file": " -r -F", "dir": " -x -a '(__fish_complete_directories)'", "word": " -x"}[kind(option)]
            lines += [f"complete -c claimbatch -n {seen} -l {option['name']}{letter}{value} -d {quote(option['help'])}"]
    return "\n".join(lines) + "\n"


with open(output, "w", encoding="utf-8") as file:
    file.write({"bash": bash, "zsh": zsh, "fish": fish}[shell]())
