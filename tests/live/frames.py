#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sends random and mutated frames of one kind into an interface, in step with the host at the other end.

    frames.py INTERFACE KIND COUNT SEED     KIND: eth, arp, ip, frag, icmp

The host is 10.0.0.1; we are 10.0.0.2. After every few frames an ARP request is sent and its reply awaited, so
that no queue overflows and a host that has stopped answering is noticed at once. The same seed sends the same
frames. Prints how many frames were sent in all.
"""
import random
import select
import socket
import struct
import sys
import time

OURS, THEIRS = socket.inet_aton("10.0.0.2"), socket.inet_aton("10.0.0.1")
BROADCAST = b"\xff" * 6
STEP = 50
MAX = 3000


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Frames:
    """Makes frames of a kind; every choice comes from one generator."""

    def __init__(self, seed, our_mac, their_mac):
        self.r = random.Random(seed)
        self.our_mac, self.their_mac = our_mac, their_mac

    def some(self, *choices):
        return self.r.choice(choices)

    def bytes(self, most):
        return self.r.randbytes(self.r.randrange(most + 1))

    def mac_to(self):
        if self.r.random() < 0.8:
            return self.their_mac
        multicast = bytes([1, 0, 0x5E]) + self.r.randbytes(3)
        return self.some(BROADCAST, multicast, self.r.randbytes(6))

    def mac_from(self):
        if self.r.random() < 0.9:
            return self.our_mac
        return self.some(bytes([2, 0, 0, 0, 0, self.r.randrange(256)]), self.r.randbytes(6))

    def addr(self):
        near = socket.inet_aton(f"10.0.0.{self.r.randrange(256)}")
        odd = self.some("0.0.0.0", "255.255.255.255", "127.0.0.1", "224.0.0.1", "169.254.1.1", "240.0.0.1")
        return self.some(OURS, THEIRS, THEIRS, near, socket.inet_aton(odd), self.r.randbytes(4))

    def ether(self, kind, payload):
        return self.mac_to() + self.mac_from() + struct.pack(">H", kind) + payload

    def mutate(self, frame):
        """A few bytes changed, the frame cut or made longer; the Ethernet header mostly left alone."""
        b = bytearray(frame)
        for _ in range(self.r.randrange(5)):
            at = self.r.randrange(len(b)) if self.r.random() < 0.1 else self.r.randrange(14, len(b) + 1) - 1
            b[at] = self.some(0, 0xFF, 0x7F, 0x80, b[at] ^ 1 << self.r.randrange(8), self.r.randrange(256))
        if self.r.random() < 0.15:
            del b[self.r.randrange(14, len(b) + 1) :]
        elif self.r.random() < 0.1:
            b += self.bytes(200)
        return bytes(b)

    # --- kinds

    def eth(self):
        kind = self.some(0x0800, 0x0806, 0x8100, 0x86DD, 0x88CC, self.r.randrange(1536), self.r.randrange(65536))
        return self.ether(kind, self.bytes(MAX if self.r.random() < 0.1 else 200))

    def arp(self):
        opcode = self.some(1, 1, 2, 2, 3, 4, 8, 9, self.r.randrange(65536))
        body = struct.pack(">HHBBH", 1, 0x0800, 6, 4, opcode)
        body += self.mac_from() + self.addr() + self.some(bytes(6), self.their_mac, self.r.randbytes(6)) + self.addr()
        return self.ether(0x0806, body + bytes(self.some(0, 18)))

    def header(self, proto, payload, ident=None, flags=None):
        options = self.options()
        flags = self.some(0, 0, 0x4000, self.r.randrange(65536)) if flags is None else flags
        ident = self.r.randrange(65536) if ident is None else ident
        ihl, length = 5 + len(options) // 4, 20 + len(options) + len(payload)
        ttl = self.some(64, 64, 1, 0, 255)
        h = struct.pack(">BBHHHBBH4s4s", 0x40 | ihl, self.some(0, self.r.randrange(256)), length & 0xFFFF, ident, flags, ttl,
            proto, 0, self.addr(), self.some(THEIRS, THEIRS, THEIRS, self.addr())) + options
        total = checksum(h) if self.r.random() < 0.9 else self.r.randrange(65536)
        return h[:10] + struct.pack(">H", total) + h[12:]

    def options(self):
        if self.r.random() < 0.7:
            return b""
        o = b""
        for _ in range(self.r.randrange(1, 4)):
            kind = self.some(0, 1, 7, 68, 131, 137, 148, 130, self.r.randrange(256))
            size = self.some(3, 4, 7, 8, 11, self.r.randrange(40))
            o += bytes([kind]) if kind < 2 else bytes([kind, size, self.some(4, 5, 8, self.r.randrange(256))]) + self.bytes(size)
        o = o[: self.r.randrange(41)]
        return o + bytes(-len(o) % 4)

    def ip(self):
        payload = self.bytes(MAX if self.r.random() < 0.05 else 300)
        return self.ether(0x0800, self.header(self.some(1, 2, 6, 17, self.r.randrange(256)), payload) + payload)

    def frag(self):
        # Few identifications, so that fragments meet.
        offset = self.some(0, self.r.randrange(64), self.r.randrange(8192))
        flags = self.some(0, 0x2000, 0x2000, 0x6000) | offset
        payload = self.r.randbytes(self.some(8, 64, 512, 0, self.r.randrange(1480)))
        return self.ether(0x0800, self.header(self.some(1, 6, 17), payload, self.r.randrange(16), flags) + payload)

    def icmp(self):
        kind = self.some(8, 8, 0, 3, 3, 4, 5, 9, 10, 11, 12, 13, 14, 15, 17, 18, 42, self.r.randrange(256))
        rest = self.r.randbytes(4)
        if kind in (3, 4, 5, 11, 12) and self.r.random() < 0.8:
            inner = self.bytes(40)
            rest += self.header(self.some(1, 6, 17), inner) + inner
        else:
            rest += self.bytes(400)
        m = struct.pack(">BBH", kind, self.some(0, 1, 4, self.r.randrange(256)), 0) + rest
        if self.r.random() < 0.9:
            m = m[:2] + struct.pack(">H", checksum(m)) + m[4:]
        return self.ether(0x0800, self.header(1, m, flags=self.some(0, 0, 0x4000)) + m)

    def next(self, kind):
        frame = getattr(self, kind)()
        return frame if self.r.random() < 0.3 else self.mutate(frame)


class Wire:
    """The interface, and the question that the host at its other end must answer."""

    def __init__(self, interface):
        self.s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
        self.s.bind((interface, 0x0806))
        self.mac = self.s.getsockname()[4]
        self.sent = 0

    def send(self, frame):
        self.s.send(frame)
        self.sent += 1

    def ask(self):
        """The host's MAC address, by an ARP request that it must answer."""
        request = struct.pack(">HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, self.mac, OURS, bytes(6), THEIRS)
        end = time.monotonic() + 20
        self.send(BROADCAST + self.mac + b"\x08\x06" + request)
        while select.select([self.s], [], [], max(0, end - time.monotonic()))[0]:
            b = self.s.recv(65536)
            if b[:6] == self.mac and b[20:22] == b"\0\2" and b[28:32] == THEIRS and b[32:42] == self.mac + OURS:
                return b[22:28]
        sys.exit(f"no answer after {self.sent} frames")


def main():
    interface, kind, count, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    wire = Wire(interface)
    frames = Frames(f"{seed} {kind}", wire.mac, wire.ask())
    for i in range(count):
        wire.send(frames.next(kind)[: MAX + 14])
        if i % STEP == STEP - 1:
            wire.ask()
    wire.ask()
    print(wire.sent)


main()
