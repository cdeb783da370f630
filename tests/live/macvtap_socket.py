#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The far end of a macvtap inside tapir, as any program could be it: macvtap_socket.py PATH IP PEER

Answers ARP for IP, asks for the MAC address of PEER, pings it, and reads and checks the answer. It prints what it saw.
"""
import socket
import struct
import sys


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def arp(op, mac, addr, to_mac, to_addr):
    target = b"\0" * 6 if op == 1 else to_mac
    return to_mac + mac + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, op) + mac + addr + target + to_addr


def echo(mac, addr, to_mac, to_addr, size):
    body = struct.pack("!BBHHH", 8, 0, 0, 7, 1) + bytes(size)
    icmp = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(icmp), 1, 0, 64, 1, 0) + addr + to_addr
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return to_mac + mac + b"\x08\x00" + head + icmp


def main(path, own, peer):
    own, peer = socket.inet_aton(own), socket.inet_aton(peer)
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(5)
    s.connect(path)
    mac = s.recv(65536)
    print("address", mac.hex(":"), flush=True)
    s.send(arp(1, mac, own, b"\xff" * 6, peer))
    while True:
        frame = s.recv(65536)
        kind = frame[12:14]
        if kind == b"\x08\x06" and frame[21] == 1 and frame[38:42] == own:
            s.send(arp(2, mac, own, frame[22:28], frame[28:32]))
        elif kind == b"\x08\x06" and frame[28:32] == peer:
            s.send(echo(mac, own, frame[22:28], peer, 100))
        elif kind == b"\x08\x00" and frame[23] == 1 and frame[34] == 0:
            print("answered" if checksum(frame[34:]) == 0 else "bad checksum", flush=True)
            return


main(*sys.argv[1:])
