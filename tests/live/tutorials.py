# SPDX-License-Identifier: MIT
"""Reads what a tutorial printed and writes what must be the same on Linux and in tapir: pings answered or not and by
whom, hops, neighbour tables, forwarding tables, messages. Times, MAC addresses and timers differ by nature.
"""
import re
import sys

STATES = {"REACHABLE": "known", "STALE": "known", "DELAY": "known", "PROBE": "known",
          "FAILED": "failed", "INCOMPLETE": "failed"}


def comparable(text):
    macs = {}

    def mac(match):
        name = match.group(0)
        return macs.setdefault(name, f"MAC{len(macs) + 1}")

    for line in text.splitlines():
        line = line.rstrip()
        if not line or line.startswith("rtt "):
            continue
        line = re.sub(r" time=[0-9.]+ ms", "", line)
        line = re.sub(r", (time|pipe) [0-9]+.*", "", line)
        line = re.sub(r"( \d+  \d+\.\d+\.\d+\.\d+)  [0-9.]+ ms", r"\1", line)
        line = re.sub(r"lladdr [0-9a-f:]{17}", "lladdr", line)
        line = re.sub(r"\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b", mac, line)
        line = re.sub(r"\b(%s)\b" % "|".join(STATES), lambda m: STATES[m.group(1)], line)
        yield line


sys.stdout.writelines(line + "\n" for line in comparable(sys.stdin.read()))
