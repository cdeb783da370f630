#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures the kernel's bridge at random, inside a network namespace of its own, and prints rows that tests/matrix can
try on tapir's: bridge_rows.py SEED SECONDS. Each row is a frame somebody sends, or a command that the kernel took; behind
it stands who got the frame, and what the bridge knows then."""
import json
import os
import random
import select
import socket
import subprocess
import sys
import time

ETHERTYPE, ROWS_OF_A_SCENARIO = 0x88B5, 40
TYPES = {0: "host", 1: "bcast", 2: "mcast", 3: "otherhost"}
MACS = {
    "h1": "02:00:00:00:01:01", "h2": "02:00:00:00:01:02", "h3": "02:00:00:00:01:03",
    "p1": "02:00:00:00:00:11", "p2": "02:00:00:00:00:12", "p3": "02:00:00:00:00:13",
    "br": "02:00:00:00:00:10", "unk": "02:00:00:00:09:09", "zero": "00:00:00:00:00:00",
    "bcast": "ff:ff:ff:ff:ff:ff", "mc": "01:00:5e:01:02:03", "mcsrc": "03:00:00:00:00:01",
    "stp": "01:80:c2:00:00:00", "pause": "01:80:c2:00:00:01", "rsv2": "01:80:c2:00:00:02",
    "lldp": "01:80:c2:00:00:0e",
}  # fmt: skip
NAMES = {mac: name for name, mac in MACS.items()}
ENDS, PORTS = ("e1", "e2", "e3"), ("p1", "p2", "p3")


def run(command):
    """True: the kernel took it."""
    done = subprocess.run(command.split(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return done.returncode == 0


def must(command):
    if not run(command):
        sys.exit(f"{command}: failed")


def raw(mac):
    return bytes.fromhex(mac.replace(":", ""))


def open_socket(dev):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE))
    s.bind((dev, ETHERTYPE))
    s.setblocking(False)
    return s


class Bridge:
    def __init__(self):
        must("ip link add br0 address 02:00:00:00:00:10 type bridge forward_delay 0 mcast_snooping 0")
        must("ip link set br0 up")
        for port, end, host in zip(PORTS, ENDS, ("h1", "h2", "h3")):
            must(f"ip link add {port} address {MACS[port]} type veth peer name {end} address {MACS[host]}")
            must(f"ip link set {port} up")
            must(f"ip link set {end} up")
            must(f"ip link set {port} master br0")
        must("ip link add mark0 type veth peer name mark1")
        must("ip link set mark0 up")
        must("ip link set mark1 up")
        self.sockets = {dev: open_socket(dev) for dev in ENDS + PORTS + ("br0",)}
        self.mark0, self.mark1 = open_socket("mark0"), open_socket("mark1")
        self.wait_until_seen(PORTS + ("mark0",))

    def close(self):
        for s in (*self.sockets.values(), self.mark0, self.mark1):
            s.close()
        for dev in PORTS + ("mark0", "br0"):
            must(f"ip link del {dev}")

    @staticmethod
    def wait_until_seen(devices):
        """The kernel sees a little later that a carrier came or went."""
        for dev in devices:
            for _ in range(500):
                link = json.loads(subprocess.check_output(["ip", "-j", "link", "show", dev]))[0]
                if ("LOWER_UP" in link["flags"]) == (link["operstate"] == "UP"):
                    break
                time.sleep(0.01)

    def settle(self):
        """What was sent before has arrived: queues are in order, and this goes as many times through them."""
        for _ in range(4):
            self.mark0.send(raw(MACS["bcast"]) + raw(MACS["unk"]) + ETHERTYPE.to_bytes(2, "big") + bytes(46))
            if not select.select([self.mark1], [], [], 5)[0]:
                sys.exit("a frame over a veth pair was lost")
            self.mark1.recv(100)

    def seen(self):
        words = []
        for dev, s in self.sockets.items():
            while True:
                try:
                    kind = s.recvfrom(100)[1][2]
                except BlockingIOError:
                    break
                except OSError:  # it went down meanwhile
                    continue
                words.append(dev if dev in ENDS else f"{dev}:{TYPES[kind]}")
        return "+".join(words)

    def send(self, sender, src, dst):
        try:
            self.sockets[sender].send(raw(MACS[dst]) + raw(MACS[src]) + ETHERTYPE.to_bytes(2, "big") + bytes(46))
        except OSError:  # down, or nobody at the other end
            pass
        self.settle()
        return self.seen()

    @staticmethod
    def fdb():
        lines = json.loads(subprocess.check_output(["bridge", "-j", "fdb", "show", "br", "br0"]))
        entries = [e for e in lines if e.get("master") == "br0" and e["state"] != "permanent"]
        return "+".join(f"{NAMES[e['mac']].replace('h', 'e', 1)}@{e['ifname']}" for e in entries)


def some_command(r):
    port, host = r.choice(PORTS), r.choice(("h1", "h2", "h3", "unk", "p1"))
    flag = r.choice(("hairpin", "isolated", "learning", "flood", "mcast_flood", "bcast_flood", "locked"))
    how = r.choice(("static", "dynamic", "static sticky", "local"))
    up = r.choice(("up", "up", "down"))
    return r.choice(
        [f"bridge link set dev {port} {flag} {r.choice(('on', 'off'))}"] * 6
        + [f"bridge link set dev {port} state {r.choice((0, 1, 2, 3, 3, 3, 4))}"] * 2
        + [f"bridge fdb {r.choice(('add', 'replace'))} {MACS[host]} dev {port} master {how}"] * 4
        + [f"bridge fdb del {MACS[host]} dev {port} master"]
        + [f"bridge fdb flush dev br0 {r.choice(('', 'dynamic', 'nopermanent'))}".strip()]
        + [f"bridge fdb flush dev {port} master"]
        + [f"ip link set {port} {up}"] * 2
        + [f"ip link set {port} nomaster", f"ip link set {port} master br0", f"ip link set {port} master br0"]
        + [f"ip link set br0 {up}", f"ip link set br0 promisc {r.choice(('on', 'off'))}"]
        + [f"ip link set {port} address {MACS[r.choice(PORTS)]}"]
        + [f"ip link set br0 address {MACS[r.choice(('br', 'p1'))]}"]
        + [f"ip link set br0 type bridge group_fwd_mask {r.choice((0, 0x4000, 8))}"]
        + [f"ip link set br0 type bridge no_linklocal_learn {r.choice((0, 1))}"]
        + [f"ip link set {port} type bridge_slave group_fwd_mask {r.choice((0, 4))}"]
        + [f"ip link set {port} type bridge_slave fdb_flush"]
    )


def some_frame(r):
    sender = r.choice(ENDS * 4 + ("br0",) * 3 + PORTS[:1])
    src = r.choice(("h1", "h2", "h3") * 4 + ("br", "p1", "p2", "unk", "zero", "mcsrc"))
    if sender in ENDS and r.random() < 0.6:
        src = "h" + sender[1]
    dst = r.choice(("h1", "h2", "h3") * 4 + ("unk", "bcast", "bcast", "mc", "br", "p1", "p2", "p3", "stp", "pause", "rsv2", "lldp"))
    return sender, src, dst


def scenario(name, r, end):
    bridge = Bridge()
    for step in range(ROWS_OF_A_SCENARIO):
        if time.monotonic() > end:
            break
        if r.random() < 0.35:
            command = some_command(r)
            if not run(command):
                continue
            if command.startswith("ip link set"):
                bridge.wait_until_seen(ENDS + PORTS)
            bridge.settle()
            bridge.seen()
            print(f"{name},,{step},#{command.replace(' ', ':', 1)},,,,{bridge.fdb()}")
        else:
            sender, src, dst = some_frame(r)
            seen = bridge.send(sender, src, dst)
            if src == "mcsrc" and f"p{sender[1]}:" in seen:
                continue  # no port now: tapir's own host turns such a sender down before it asks for whom the frame is
            print(f"{name},,{step},{sender},{src},{dst},{seen},{bridge.fdb()}")
    bridge.close()


def main():
    seed, seconds = int(sys.argv[1]), float(sys.argv[2])
    r, end, number = random.Random(seed), time.monotonic() + seconds, 0
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # one queue, so that order says what has arrived
    print("scenario,bridge_opts,step,sender,src,dst,delivered,dynamic_fdb_after")
    while time.monotonic() < end:
        scenario(f"random_{number}", r, end)
        number += 1


main()
