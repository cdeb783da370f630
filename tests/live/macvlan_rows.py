#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures the kernel's macvlan at random, inside a network namespace of its own, and prints rows that tests/matrix can try
on tapir's: macvlan_rows.py SEED SECONDS. Up to three macvlans stand on one end of a veth pair; somebody sends a frame.

The kernel's filter for groups is a hash that lets some through that nobody joined, so each group is three addresses, and
only who got all three frames got any."""
import collections
import json
import os
import random
import select
import socket
import struct
import subprocess
import sys
import time

ETHERTYPE, MARK, ROWS_OF_A_SCENARIO, VARIANTS, PATIENCE = 0x88B5, 0xAA, 30, 3, 5
SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_MR_MULTICAST = 263, 1, 0
TYPES = {0: "host", 1: "bcast", 2: "mcast", 3: "otherhost"}
HEADER = "mode_A,mode_B,mode_C,down,sender,src,dst,delivered,delivered_pkttype"
MACS = {
    "A": "02:00:00:00:00:0a", "B": "02:00:00:00:00:0b", "C": "02:00:00:00:00:0c", "lower": "02:00:00:00:00:01",
    "foreign": "02:00:00:00:00:02", "listed": "02:00:00:00:00:03", "unknown": "02:00:00:00:00:04",
    "bcast": "ff:ff:ff:ff:ff:ff",
}  # fmt: skip
GROUPS = {"mc_A": ("A",), "mc_AB": ("A", "B"), "mc_lower": ("lower",), "mc_none": ()}
MODES = ("private", "vepa", "bridge", "source", "source_nodst")


def ip(*lines):
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)


def links():
    return json.loads(subprocess.check_output(["ip", "-j", "link"]))


def raw(mac):
    return bytes.fromhex(mac.replace(":", ""))


def groups_of(name, salt):
    """The addresses of a group in this scenario."""
    r = random.Random(f"{salt} {name}")
    return [f"01:00:5e:{r.randrange(128):02x}:{r.randrange(256):02x}:{r.randrange(256):02x}" for _ in range(VARIANTS)]


def open_socket(dev=None):
    """Of one device, to send; or of all. (One bound to the lower device is also shown what a macvlan gets.)"""
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0 if dev else socket.htons(ETHERTYPE))
    if dev:
        s.bind((dev, 0))
    s.setblocking(False)
    return s


class Scene:
    def __init__(self, modes, down, salt):
        self.modes, self.down, self.salt = modes, down, salt
        self.ports = [name for name in "ABC" if modes[name] != "-"]
        self.passthru = modes["A"].startswith("passthru")
        self.make()
        self.senders = {dev: open_socket(dev) for dev in (*self.ports, "lower", "wire")}
        self.ear = open_socket()
        self.heard = collections.Counter()
        self.join_groups()
        self.wait_for_carrier()
        ip(*(f"link set {name} down" for name in (["lower"] if down == "lower" else down)))

    def make(self):
        lines = [f"link add lower address {MACS['lower']} type veth peer name wire address {MACS['foreign']}"]
        lines += ["link set lower up", "link set wire up"]
        for name in self.ports:
            mode = self.modes[name].replace("_", " ")
            source = f" macaddr add {MACS['listed']}" if mode.startswith("source") else ""
            mac = "" if self.passthru else f"address {MACS[name]} "
            lines += [f"link add link lower name {name} {mac}type macvlan mode {mode}{source}", f"link set {name} up"]
        ip(*lines)

    def join_groups(self):
        for group, members in GROUPS.items():
            for dev in set(members) & set(self.senders):
                for mac in groups_of(group, self.salt):
                    request = struct.pack("iHH8s", socket.if_nametoindex(dev), PACKET_MR_MULTICAST, 6, raw(mac))
                    self.senders[dev].setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, request)

    def close(self):
        for s in (*self.senders.values(), self.ear):
            s.close()
        ip("link del lower")

    def mac(self, name):
        return MACS["lower" if self.passthru and name == "A" else name]

    def wait_for_carrier(self):
        """The kernel passes a carrier on a little later."""
        end = time.monotonic() + PATIENCE
        while any(link["ifname"] != "lo" and link["operstate"] != "UP" for link in links()):
            if time.monotonic() > end:
                sys.exit("there is no carrier")
            time.sleep(0.01)

    def markers_at(self):
        """Who gets a broadcast of the wire last: it is queued behind all others. And the lower device, at once."""
        up = [name for name in self.ports if name not in self.down and not self.modes[name].startswith("source")]
        return ["lower"] + up[:1]

    def settle(self):
        """What was sent before has arrived, when a marker behind it has."""
        self.put("wire", MACS["unknown"], MACS["bcast"], bytes([MARK]))
        missing, end = set(self.markers_at()), time.monotonic() + PATIENCE
        while missing:
            if not select.select([self.ear], [], [], max(0, end - time.monotonic()))[0]:
                sys.exit("a marker was lost")
            missing -= self.listen()

    def listen(self):
        """Hears one frame. Returns who got it if it is a marker."""
        frame, (dev, _, kind, *_) = self.ear.recvfrom(100)
        if frame[14] == MARK:
            return {dev}
        if kind in TYPES:
            self.heard["wire" if dev == "wire" else f"{dev}:{TYPES[kind]}"] += 1
        return set()

    def seen(self):
        while select.select([self.ear], [], [], 0)[0]:
            self.listen()
        words = self.heard
        self.heard = collections.Counter()
        return words

    def put(self, sender, src, dst, payload=b"\0"):
        try:
            self.senders[sender].send(raw(dst) + raw(src) + ETHERTYPE.to_bytes(2, "big") + payload + bytes(45))
        except OSError:  # down
            pass

    def send_one(self, sender, src, dst):
        self.put(sender, self.mac(src), dst)
        if self.down != "lower":
            self.settle()
        return self.seen()

    def try_row(self, sender, src, dst):
        source = {"wire": "foreign"}.get(sender, sender) if src == "own" else src
        targets = groups_of(dst, self.salt) if dst in GROUPS else [self.mac(dst)]
        words = self.send_one(sender, source, targets[0])
        for target in targets[1:]:
            words &= self.send_one(sender, source, target)
        listed = sorted(words.elements())
        names = sorted({w.split(":")[0] for w in listed if not w.endswith(":otherhost")})
        modes = ",".join(self.modes[name] for name in "ABC")
        print(f"{modes},{self.down},{sender},{src},{dst},{'+'.join(names)},{'+'.join(listed)}")


def some_scene(r, salt):
    if r.random() < 0.15:
        modes = {"A": r.choice(("passthru", "passthru_nopromisc")), "B": "-", "C": "-"}
    else:
        modes = {name: r.choice(MODES * 3 + ("-",)) for name in "ABC"}
    ports = [name for name in "ABC" if modes[name] != "-"]
    down = r.choice(("", "", "", "lower", "".join(name for name in ports if r.random() < 0.4)))
    return Scene(modes, down, salt)


def scenario(r, salt):
    scene = some_scene(r, salt)
    for _ in range(ROWS_OF_A_SCENARIO):
        sender = r.choice(("wire", "wire", "lower", *scene.ports, *scene.ports))
        src = r.choice(("own", "own", "foreign", "listed", "listed", "lower", "A", "B", "C", "unknown"))
        dst = r.choice(("A", "B", "C", "lower", "unknown", "bcast", "bcast", *GROUPS))
        scene.try_row(sender, src, dst)
    scene.close()


def main():
    seed, seconds = int(sys.argv[1]), float(sys.argv[2])
    r, end, number = random.Random(seed), time.monotonic() + seconds, 0
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # one queue, so that order says what has arrived
    print(HEADER)
    while number == 0 or time.monotonic() < end:
        scenario(r, f"{seed} {number}")
        number += 1


main()
