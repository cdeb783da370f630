# SPDX-License-Identifier: MIT
"""A session at a terminal, with all that makes readline ask the terminal: the arguments are the program's."""
import fcntl
import os
import struct
import sys
import termios

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from shell_pty import CTRL_A, CTRL_C, CTRL_D, CTRL_U, TAB, UP, start  # noqa: E402

ESCAPE, RUBOUT = "\x1b", "\x7f"


def session(t):
    t.run("echo first", "first")
    t.type(UP + " and agaim" + RUBOUT + "n\r")
    t.expect("\r\nfirst and again\r\n")
    t.prompt()
    t.type("second" + CTRL_A + "echo \r")
    t.expect("\r\nsecond\r\n")
    t.prompt()
    t.type("hist" + TAB)
    t.expect("history ")
    t.type(CTRL_U + "cat /usr/sh" + TAB)
    t.expect("are/")
    t.interrupt()
    t.type("half a line" + ESCAPE + "bx")
    t.expect("xline")
    t.interrupt()
    t.given("ping -i 0.1 127.0.0.1")
    t.expect("icmp_seq=3")
    t.interrupt()
    fcntl.ioctl(t.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 50, 0, 0))
    t.run("echo " + 20 * "wide ", "wide wide")
    t.given("!cat")
    t.type("to a program\r")
    t.expect("to a program\r\nto a program")
    t.type(CTRL_D)
    t.prompt()
    t.run("!echo of a program | grep -c prog", "1")
    t.run("ping -i 0.1 127.0.0.1 >/dev/null &", "")
    t.type("fg\r")
    t.expect("ping -i 0.1")
    t.type(CTRL_C)
    t.prompt()
    t.run("history 2", r"fg\r\n.*history 2")


if __name__ == "__main__":
    terminal = start(sys.argv[1:])
    session(terminal)
    sys.exit(terminal.leave("exit 7\r"))
