"""Writes a file as an array of C, for what the program carries inside.

usage: embed.py NAME INPUT OUTPUT

A file that would end its own element of HTML too early is refused, whatever it is for.
"""

import sys

NAME, INPUT, OUTPUT = sys.argv[1:]
PER_LINE = 16

with open(INPUT, "rb") as file:
    data = file.read()
for word in (b"</", b"<!--", b"\r", b"\0"):
    if word in data:
        sys.exit(f"{INPUT} has {word!r} in it, which it must not have inside a page")


def element(byte):
    """A number over 127 may not fit into a char; a character does."""
    return f"'\\x{byte:02x}'" if byte > 127 else str(byte)


lines = [
    "    " + " ".join(f"{element(byte)}," for byte in data[at : at + PER_LINE])
    for at in range(0, len(data), PER_LINE)
]
with open(OUTPUT, "w", encoding="ascii") as file:
    file.write("#include <stddef.h>\n\n")
    file.write(f"extern const char {NAME}[];\nextern const size_t {NAME}_bytes;\n\n")
    file.write(f"const char {NAME}[] = {{\n" + "\n".join(lines) + "\n    0,\n};\n")
    file.write(f"const size_t {NAME}_bytes = {len(data)};\n")
