#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs `tapir diff` on the golden inputs and holds what differs against what is explained:
diff.py TAPIR GOLDEN LISTS [NAME...]; LISTS is the folder with `explained` and `left-out`."""
import concurrent.futures
import fnmatch
import pathlib
import re
import subprocess
import sys

ATTEMPTS = 3  # the kernel's time is real, and the machine may be busy
PARALLEL = 24  # most of it is waiting
MOST = 30  # differences that may be explained
SECONDS = 60  # for one input
ANY = "*"
SHOWN = 40  # lines of a failure

HEADINGS = {
    ": the kernel sends what tapir does not:": "kernel",
    ": tapir sends what the kernel does not:": "tapir",
}


def read_list(path):
    """[[first words..., the rest]]: lines of words, but for comments."""
    lines = path.read_text().splitlines()
    return [line.split() for line in lines if line and not line.startswith("#")]


def fields_of(text):
    """What differs by the words of `tapir diff`: names of fields, `kernel`, `tapir`."""
    found, in_table = set(), False
    for line in text.splitlines():
        row = re.match(r"  ([a-z]\S*)(?: \(quoted\))?  +\S", line)
        found |= {key for heading, key in HEADINGS.items() if line.endswith(heading)}
        if row and row[1] == "field":
            in_table = True
        elif row and in_table:
            found.add(re.sub(r"^tcp\.options\..*", "tcp.options", row[1]))
        else:
            in_table = False
    return found


class Comparison:
    def __init__(self, tapir, golden, lists):
        self.tapir, self.golden = tapir, golden
        self.left_out = [words[0] for words in read_list(lists / "left-out")]
        self.explained = [(words[0], words[1]) for words in read_list(lists / "explained")]
        self.tried_again = []
        self.masks = [word for name, field in self.explained if name == ANY for word in ("--mask", field)]

    def check_lists(self):
        names = [path.name for path in self.golden.iterdir()]
        for pattern in self.left_out + [name for name, _ in self.explained if name != ANY]:
            if not fnmatch.filter(names, pattern):
                sys.exit(f"there is no golden test {pattern}")
        if len(self.explained) > MOST:
            sys.exit(f"{len(self.explained)} differences are explained; {MOST} may be")

    def expected(self, name):
        return {field for who, field in self.explained if who == name}

    def chosen(self):
        """Where answers of tapir's are waited for in vain, it takes longest: what is explained goes first."""
        names = sorted(path.parent.name for path in self.golden.glob("*/setup"))
        names = [n for n in names if not any(fnmatch.fnmatch(n, pattern) for pattern in self.left_out)]
        return sorted(names, key=lambda n: not self.expected(n))

    def run(self, name, masks):
        """(exit status, what it said)"""
        command = [self.tapir, "diff", "in.pcap", "--setup", "setup", "--keep-going", *masks]
        done = subprocess.run(command, cwd=self.golden / name, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=SECONDS, check=False)  # fmt: skip
        return done.returncode, done.stdout

    def compare(self, name):
        """"", or what is wrong."""
        for attempt in range(ATTEMPTS):
            if attempt:
                self.tried_again.append(name)
            status, text = self.run(name, self.masks)
            found, expected = fields_of(text), self.expected(name)
            if status < 2 and found == expected:
                return ""
        wrong = f"--- {name} (status {status}): "
        wrong += f"not explained: {sorted(found - expected)}, explained and no difference: {sorted(expected - found)}\n"
        return wrong + "\n".join(text.splitlines()[:SHOWN])

    def check_masks(self):
        """What is masked for all still differs somewhere."""
        found = fields_of(self.run("tcp-out-of-order", [])[1]) if self.masks else set()
        return [f"nothing differs in {field} any more" for field in self.expected(ANY) - found]


def can_have(kind):
    """Does the kernel know devices of this kind?"""
    made = subprocess.run(["ip", "link", "add", "link", "lo", "name", "probe0", "type", *kind.split()],
                          stderr=subprocess.DEVNULL, check=False)  # fmt: skip
    return made.returncode == 0 and subprocess.run(["ip", "link", "del", "probe0"], check=True)


def main(tapir, golden, lists, *names):
    c = Comparison(tapir, pathlib.Path(golden).resolve(), pathlib.Path(lists).resolve())
    c.check_lists()
    names = names or c.chosen()
    if not can_have("vlan id 5"):
        print("# this kernel has no VLAN devices")
        names = [name for name in names if not name.startswith("vlan")]
    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        masks = pool.submit(c.check_masks)
        wrong = [text for text in pool.map(c.compare, names) if text]
        wrong += masks.result()
    print(*wrong, f"{len(names)} inputs, {len(c.explained)} explained differences", sep="\n")
    print("# tried again:", *c.tried_again)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
