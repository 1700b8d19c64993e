"""Undoes one fix after the other, and looks whether the world finds the fault again.

Each file of bank/ is a patch that takes a fix of the past out of src. Its first lines say what the
fault was and in how many histories it has to be found ("histories: N, found after M"), or which plan
of corpus/ finds one that is too rare for that ("plan: NAME"). What the world finds without the
patch, too, is not its fault.
"""

import os
import re
import shutil
import subprocess
import tempfile

BUILD_ARGUMENTS = ("-Dtests=enabled",)
PIECE = 25  # histories of a process


def head_of(patch):
    """In how many histories it has to be found, and by which plan, None: by none."""
    with open(patch, encoding="utf-8") as file:
        text = file.read()
    histories = re.search(r"^histories: (\d+)", text, re.MULTILINE)
    plan = re.search(r"^plan: (\S+)", text, re.MULTILINE)
    return int(histories.group(1)) if histories else 1000, plan and plan.group(1)


def start(world, *arguments):
    return subprocess.Popen([world, *map(str, arguments)], stdout=subprocess.PIPE, text=True)


def find_failure(process):
    """Its seed and its words; None: none fails."""
    found = re.search(r"^seed (\d+): (.*)$", process.communicate()[0], re.MULTILINE)
    return (int(found.group(1)), found.group(2)) if found else None


def copy_tree(root, to):
    """What git knows and what is not committed yet, without the builds."""
    names = subprocess.run(
        ["git", "-C", root, "ls-files", "-co", "--exclude-standard", "-z"],
        check=True, stdout=subprocess.PIPE,
    ).stdout.decode().split("\0")
    for name in filter(None, names):
        if not os.path.exists(os.path.join(root, name)):
            continue
        os.makedirs(os.path.dirname(os.path.join(to, name)), exist_ok=True)
        shutil.copy2(os.path.join(root, name), os.path.join(to, name))


def search(world, sound_world, histories, jobs):
    """The seed of the first history that fails with the patch alone, and its words, or None."""
    for first in range(1, histories + 1, PIECE * jobs):
        seeds = range(first, first + PIECE * jobs, PIECE)
        processes = [start(world, "--count", PIECE, "--seed", seed) for seed in seeds]
        for found in [find_failure(process) for process in processes]:
            if found and not find_failure(start(sound_world, "--seed", found[0])):
                return found
    return None


def try_patch(root, patch, folder, sound_world, jobs):
    applied = subprocess.run(["patch", "-p1", "-s", "-d", folder, "-i", patch])
    if applied.returncode:
        return "the patch does not apply"
    try:
        build = os.path.join(folder, "build-bank")
        built = subprocess.run(
            ["ninja", "-j2", "-C", build, "tests/world/world"], stdout=subprocess.PIPE, text=True
        )
        if built.returncode:
            return "it cannot be built:\n" + built.stdout[-2000:]
        world = os.path.join(build, "tests/world/world")
        histories, plan = head_of(patch)
        if plan:
            found = find_failure(start(world, "--plan", os.path.join(root, "tests/world/corpus", plan)))
        else:
            found = search(world, sound_world, histories, jobs)
        name = os.path.basename(patch)
        if not found:
            return f"not found by {plan or f'{histories} histories'}"
        print(f"{name}: found by seed {found[0]}: {found[1]}", flush=True)
        return None
    finally:
        subprocess.run(["patch", "-p1", "-s", "-R", "-d", folder, "-i", patch], check=False)


def run(root, sound_world, options):
    patches = sorted(
        os.path.join(root, "tests/world/bank", name)
        for name in os.listdir(os.path.join(root, "tests/world/bank"))
        if not options.only or re.search(options.only, name)
    )
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        copy_tree(root, folder)
        subprocess.run(
            ["meson", "setup", os.path.join(folder, "build-bank"), folder, *BUILD_ARGUMENTS],
            check=True, stdout=subprocess.DEVNULL,
        )
        for patch in patches:
            why = try_patch(root, patch, folder, sound_world, options.jobs)
            failed += why is not None
            if why:
                print(f"{os.path.basename(patch)}: {why}", flush=True)
    print(f"{len(patches) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0
