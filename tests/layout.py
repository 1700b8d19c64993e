#!/usr/bin/env python3
"""usage: tests/layout.py CHECK [BUILD]

What holds for the layout of the sources. CHECK is one of the functions below; what is wrong is
printed, one line each. BUILD is a folder of objects, for what is asked of the linker.
"""
import collections
import pathlib
import re
import subprocess
import sys

FILES_MAX = 16  # sources in a folder
LINES_MAX = 450

# A room may use itself and those named here, which may use those named with them.
BELOW = {
    "base": [],
    "input": ["base"],
    "ledger": ["base"],
    "gateway": ["input"],
    "report": ["ledger", "gateway"],
    "run": ["report"],
    "cli": ["run"],
    "command": ["cli"],
    "main": ["command"],
    "sandbox": ["base"],
}

# Which files include a library; all others are without it, and no file includes one that is not here.
LIBRARIES = {
    "curl": ["gateway/http/", "gateway/endpoint", "gateway/proxy"],
    "openssl": ["base/digest", "gateway/http/handle", "gateway/sign", "report/manifest/signature", "command/audit/page/html",
                "sandbox/signature", "sandbox/certificate"],
    "yajl": ["base/json", "base/json_tree", "report/manifest/members", "gateway/top",
             "sandbox/check", "sandbox/journal"],
    "csv": ["input/reader/reader", "input/reader/reader_record"],
    "sqlite3": ["ledger/store/database", "command/audit/month/month_claims"],
    "libpq-fe": ["ledger/postgres/session", "ledger/postgres/session_pipeline",
                 "ledger/postgres/session_statement"],
    "xlsxwriter": ["command/audit/month/month_xlsx"],
    "ini": ["cli/options/config"],
    "seccomp": ["base/process/syscalls"],
    "microhttpd": ["sandbox/worker", "sandbox/worker_answer", "sandbox/worker_read", "sandbox/form"],
    "gnutls": ["sandbox/worker", "sandbox/worker_answer"],
    "iconv": ["input/export/charset", "input/export/encoder", "input/value/mojibake",
              "base/words/terminal"],
    "libintl": ["base/words/language"],
    "regex": ["input/value/pattern"],
    "uthash": ["command/audit/month/month_sums", "command/audit/totals", "command/rerun/other_rows",
               "gateway/http/connections", "report/tally", "run/rows/window"],
    "utlist": ["gateway/http/connections"],
}

# Which files call SQLite by its own names; the others of the ledger ask database.h, which another
# database can answer, too.
SQLITE_CALLS = ["ledger/store/", "ledger/transfer/", "ledger/maintenance/backup",
                "ledger/maintenance/prune", "ledger/maintenance/verify", "ledger/view/view_open",
                "command/audit/month/month_claims"]

# What the C library and the kernel have for everybody.
SYSTEM_FOLDERS = ("arpa/", "linux/", "netinet/", "sys/")
SYSTEM = set("""
    ctype dirent endian errno fcntl fnmatch getopt inttypes langinfo libgen limits locale malloc math netdb poll
    pthread signal stdarg stdatomic stdbool stddef stdint stdio stdlib string strings termios time unistd
    wchar
""".split())

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEST = re.compile(r"[a-z0-9_/]+\.(?:c|py)\b")
INCLUDE = re.compile(r'^#include (?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def sources():
    return sorted(path for folder in ("src", "include") for path in (ROOT / folder).rglob("*.[ch]"))


def name(path):
    return path.relative_to(ROOT).as_posix()


def module(path):
    """src/run/coordinator.c and src/run/coordinator.h are the module run/coordinator."""
    return path.relative_to(ROOT).with_suffix("").as_posix().split("/", 1)[1]


def room(module_name):
    return module_name.split("/")[0] if "/" in module_name else "main"


def includes(path):
    """The modules whose headers it includes, and the headers of libraries."""
    own, foreign = [], []
    for ours, theirs in INCLUDE.findall(path.read_text(encoding="utf-8")):
        if theirs:
            foreign.append(theirs)
            continue
        places = [path.parent / ours, ROOT / "include" / ours, ROOT / "src" / ours]
        own.extend(module(place) for place in places[:3] if place.exists())
    return own, foreign


def below(room_name):
    rooms = set()
    for lower in BELOW[room_name]:
        rooms |= {lower} | below(lower)
    return rooms


def arrows_point_down():
    for path in sources():
        here = room(module(path))
        for used in includes(path)[0]:
            if room(used) != here and room(used) not in below(here):
                yield f"{name(path)} includes {used}.h, which is not below it"


def headers_stand_where_they_are_needed():
    """In include what several rooms need, beside its source what one does."""
    users = collections.defaultdict(set)
    for path in sources():
        for used in includes(path)[0]:
            users[used].add(path)

    def home(module_name):
        parts = module_name.split("/")
        return parts[:2] if parts[0] == "command" and len(parts) > 2 else parts[:1]

    for path in sources():
        if path.suffix != ".h":
            continue
        is_shared = any(
            home(module(user)) != home(module(path)) or name(user).startswith("include/")
            for user in users[module(path)] if user != path)
        if is_shared != name(path).startswith("include/"):
            yield f"{name(path)}: {'others need' if is_shared else 'nobody else needs'} it"


def folders_are_small():
    counts = collections.Counter(path.parent for path in sources() if path.suffix == ".c")
    for folder, count in counts.items():
        if count > FILES_MAX:
            yield f"{name(folder)} has {count} sources"


def files_are_short():
    for path in sources():
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > LINES_MAX:
            yield f"{name(path)} has {lines} lines"


def stands_in(module_name, places):
    return any(module_name == place or place.endswith("/") and module_name.startswith(place)
               for place in places)


def libraries_have_their_files():
    for path in sources():
        for header in includes(path)[1]:
            library = re.split(r"[/.]", header)[0]
            if library in LIBRARIES:
                if not stands_in(module(path), LIBRARIES[library]):
                    yield f"{name(path)} includes <{header}>"
            elif not header.startswith(SYSTEM_FOLDERS) and library not in SYSTEM:
                yield f"{name(path)} includes <{header}>, of a library that has no places yet"


def sqlite_is_called_where_it_is_said():
    for path in sources():
        calls = re.search(r"\bsqlite3_\w+\(", path.read_text(encoding="utf-8"))
        if calls and not stands_in(module(path), SQLITE_CALLS):
            yield f"{name(path)} calls {calls[0]})"


def no_header_that_others_include_shows_a_library():
    for path in sources():
        if name(path).startswith("include/"):
            for header in includes(path)[1]:
                if re.split(r"[/.]", header)[0] in LIBRARIES:
                    yield f"{name(path)} includes <{header}>"


def every_header_names_itself_and_a_test_that_exists():
    for path in sources():
        if path.suffix != ".h":
            continue
        if not path.read_text(encoding="utf-8").startswith(f"/*\n * {path.stem}: "):
            yield f"{name(path)} does not begin with what {path.stem} is"
        said = re.search(r"[Tt]ested by (tests/.*?)\*/", path.read_text(encoding="utf-8"), re.DOTALL)
        tests = TEST.findall(said.group(1)) if said else []
        if not tests:
            yield f"{name(path)} names no test"
        folder = ROOT
        for test in tests:
            folder = (ROOT / test).parent if "/" in test else folder
            if not (folder / pathlib.Path(test).name).exists():
                yield f"{name(path)} names {test}, which is not there"


def symbols_of(paths):
    """(kind, symbol) of each object: one process looks at all of them."""
    found = {path: [] for path in paths}
    listing = subprocess.run(["nm", "-A", *map(str, found)], check=True, stdout=subprocess.PIPE, text=True)
    for path, kind, symbol in re.findall(r"^(.*):\S* +(\w) (\w+)$", listing.stdout, re.MULTILINE):
        found[pathlib.Path(path)].append((kind, symbol))
    return found


def objects(build):
    """For each source of the program, or of the sandbox, what its object defines and what it needs."""
    for path, symbols in symbols_of(sorted(ROOT.joinpath(build).rglob("*.c.o"))).items():
        where = path.relative_to(ROOT / build).as_posix()
        if where.startswith("libclaimbatch_core"):
            part, source = "program", path.name[:-len(".c.o")]
        elif "libclaimbatch_sandbox_core" in where and not path.name.startswith(".."):
            part, source = "sandbox", "src_sandbox_" + path.name[:-len(".c.o")]
        else:
            continue
        defined, needed = set(), set()
        for kind, symbol in symbols:
            if kind == "U":
                needed.add(symbol)
            elif kind in "TDBR":
                defined.add(symbol)
        yield part, source, defined, needed


def by_object_name():
    return {"src_" + module(path).replace("/", "_"): module(path)
            for path in sources() if path.suffix == ".c"}


def no_two_sources_need_each_other(build):
    defined, needs = {}, {}
    for part, source, symbols, needed in objects(build):
        needs[part, source] = needed
        defined.update({(part, symbol): (part, source) for symbol in symbols})
    graph = {here: {defined[here[0], symbol] for symbol in needed if (here[0], symbol) in defined}
             - {here} for here, needed in needs.items()}
    while True:  # what needs nothing that is left, or is needed by nothing, is in no circle
        left = graph.keys()
        needed = set().union(*graph.values()) if graph else set()
        free = {here for here, lower in graph.items() if not lower & left or here not in needed}
        if not free:
            break
        graph = {here: lower - free for here, lower in graph.items() if here not in free}
    for here, lower in sorted(graph.items()):
        yield f"{here[1]} needs {', '.join(sorted(other[1] for other in lower))}"


def symbols_begin_with_the_name_of_their_file(build):
    """In singular or plural, and with that of the folder in front; of the files that share a header,
    each begins with that header's name."""
    modules = by_object_name()
    headers = {module(path) for path in sources() if path.suffix == ".h"}
    for _, source, symbols, _ in objects(build):
        if source not in modules:
            continue  # made by the build
        parts = modules[source].split("/")
        file = parts[-1]
        names = {file, f"{parts[-2]}_{file}", file.removesuffix("s"), file + "s"}
        if file.startswith(parts[-2] + "_"):
            names.add(parts[-2])
        names |= {header.split("/")[-1] for header in headers
                  if file.startswith(header.split("/")[-1] + "_")}
        for symbol in sorted(symbols):
            if not any(symbol == start or symbol.startswith(start + "_") for start in names):
                yield f"src/{modules[source]}.c exports {symbol}"


# What a test has to look at, and the program has no need to.
SEEN_BY_TESTS = {"fault_at", "ledger_is_fenced", "revision_tally", "server_turn_kept"}


def nothing_is_there_for_tests_alone(build):
    """A function that nothing calls of what people get may be the one that should have been called."""
    modules = by_object_name()
    needed = set(SEEN_BY_TESTS)
    for path, symbols in symbols_of(ROOT.joinpath(build).rglob("*.c.o")).items():
        if not path.relative_to(ROOT / build).as_posix().startswith("tests/"):
            needed |= {symbol for kind, symbol in symbols if kind == "U"}
    for _, source, symbols, _ in objects(build):
        if source in modules:
            words = re.findall(r"\w+", ROOT.joinpath(f"src/{modules[source]}.c").read_text())
            for symbol in sorted(symbols - needed):
                if words.count(symbol) == 1:
                    yield f"src/{modules[source]}.c has {symbol}, which nothing calls"


def main():
    wrong = list(globals()[sys.argv[1]](*sys.argv[2:]))
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


sys.exit(main())
