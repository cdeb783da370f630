# SPDX-License-Identifier: MIT
"""The tests of the tree, by name, with the comments that stand above each: for tools/rfc and tools/attacks."""
import os
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent

# One or more comments, directly above "static void name(void)".
CASE = re.compile(r"((?:/\*(?:[^*]|\*(?!/))*\*/\s*)*)static void (\w+)\(void\)\s*\{")


def unit_cases():
    """Yields (suite, case, comment) for each case that its suite lists with T()."""
    for path in sorted((ROOT / "tests/unit").glob("*/**/*.c")):
        suite = "_".join(path.relative_to(ROOT / "tests/unit").with_suffix("").parts)
        text = path.read_text()
        listed = set(re.findall(r"\bT\((\w+)\)", text))
        for comment, case in CASE.findall(text):
            if case in listed:
                yield suite, case, comment


def scripts():
    """Yields (kind, name, comments) for each lab, live and golden test."""
    for path in sorted([*ROOT.glob("tests/lab/*.tapir"), *ROOT.glob("tests/live/*.sh")]):
        if path.name != "lib.sh":
            comments = [line for line in path.read_text().splitlines() if line.lstrip().startswith("#")]
            yield path.parent.name, path.stem, "\n".join(comments)
    for path in sorted(ROOT.glob("tests/golden/*/about")):
        yield "golden", path.parent.name, path.read_text()


def all_tests():
    """Yields (full name, bare name, comment) for all of them."""
    for suite, case, comment in unit_cases():
        yield f"{suite}/{case}", case, comment
    for kind, name, comment in scripts():
        yield f"{kind}/{name}", name, comment


def main_in_root(main):
    os.chdir(ROOT)
    raise SystemExit(main())
