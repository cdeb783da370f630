# SPDX-License-Identifier: MIT
"""Types at the program named by the arguments through a pseudo-terminal and looks at what it prints.

No fixed sleeps: each expectation waits until what it looks for is printed, and gives up after a bounded time.
"""
import os
import pty
import re
import select
import signal
import sys
import termios
import time

PATIENCE = 10  # seconds


class Failure(Exception):
    pass


class Terminal:
    """The program on a terminal of its own. What was printed and not yet looked for is in self.text."""

    def __init__(self, argv):
        self.text = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(argv[0], argv, dict(os.environ, TERM="vt100", PS1="", INPUTRC="/dev/null"))

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def read(self, seconds):
        """More output, if some comes within so many seconds; False at its end."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.text += data.decode(errors="replace")
        self.text = re.sub(r"\x1b\[\?2004[hl]\r?", "", self.text)  # bracketed paste on, off
        return bool(data)

    def expect(self, pattern):
        """Waits for the pattern; what stands before and in it is used up. Returns the match."""
        end = time.monotonic() + PATIENCE
        while True:
            match = re.search(pattern, self.text, re.S)
            if match:
                self.text = self.text[match.end():]
                return match
            if time.monotonic() > end or not self.read(0.1):
                raise Failure(f"waited for {pattern!r}; there is {self.text!r}")

    def given(self, line):
        """Types a line to the shell and waits until the terminal is the command's: keys are lines again."""
        self.type(line + "\r")
        self.expect(re.escape(line) + r"\r\n")
        end = time.monotonic() + PATIENCE
        while not termios.tcgetattr(self.fd)[3] & termios.ICANON:
            if time.monotonic() > end:
                raise Failure(f"{line}: the terminal was not given back")
            self.read(0.01)

    def prompt(self, host="h1"):
        return self.expect(host + r"[^ ]*\$ ")

    def run(self, line, pattern, host="h1"):
        """Types a line; the pattern must be printed after it and before the next prompt."""
        self.type(line + "\r")
        self.expect(re.escape(line) + r"\r\n")
        before = self.prompt(host)
        out = before.string[:before.end()]
        match = re.search(pattern, out, re.S)
        if not match:
            raise Failure(f"{line}: no {pattern!r} in {out!r}")
        return match

    def interrupt(self):
        """^C, and the prompt after it: not one that stands there already."""
        self.type(CTRL_C)
        self.expect(r"\^C")
        self.prompt()

    def leave(self, keys="\x04"):
        """Types ^D (or something else that ends it) and returns the exit status."""
        self.type(keys)
        end = time.monotonic() + PATIENCE
        while self.read(0.1) and time.monotonic() < end:
            pass
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        os.kill(self.pid, signal.SIGKILL)
        raise Failure("it does not end")


UP, TAB, CTRL_C, CTRL_D, CTRL_Z, CTRL_A, CTRL_U = "\x1b[A", "\t", "\x03", "\x04", "\x1a", "\x01", "\x15"


def start(argv):
    t = Terminal(argv)
    t.prompt()
    return t


def history_is_kept_across_sessions(argv):
    t = start(argv)
    t.run("echo first", "first")
    t.run("echo second", "second")
    t.run("echo second", "second")
    assert t.leave() == 0
    t = start(argv)
    t.type(UP)
    t.expect("echo second")
    t.type(UP)  # no duplicates in a row, and no line of ^D
    t.expect("first")
    t.type("\r")
    t.expect("first\r\n")
    t.prompt()
    t.run("history 3", r"echo second\r\n +\d+  echo first\r\n +\d+  history 3\r\n")
    assert t.leave() == 0


def up_arrow_brings_the_last_line_back(argv):
    t = start(argv)
    t.run("echo again", "again")
    t.type(UP)
    t.expect("echo again")
    t.type(" and again\r")
    t.expect("\r\nagain and again\r\n")
    t.prompt()
    assert t.leave() == 0


def completion_of_commands_and_their_words(argv):
    t = start(argv)
    t.type("hist" + TAB)
    t.expect("history ")
    t.interrupt()
    t.type("help modp" + TAB)
    t.expect("modprobe ")
    t.interrupt()
    t.type("on h" + TAB)
    t.expect("on h1 ")
    t.type("ec" + TAB)
    t.expect("echo ")
    t.interrupt()
    t.type("cat < /etc/host" + TAB)
    t.expect("/etc/host")
    t.interrupt()
    t.type("wa" + TAB + TAB)
    t.expect("wait .*watch")
    t.interrupt()
    t.run("true", "")
    assert t.leave() == 0


def completion_of_subcommands_and_devices(argv):
    t = start(argv)
    t.type("ip link show l" + TAB)
    t.expect("show lo ")
    t.interrupt()
    t.type("ip li" + TAB)
    t.expect("ip link ")
    t.interrupt()
    t.run("true", "")
    assert t.leave() == 0


def ctrl_c_at_the_prompt_gives_a_new_line(argv):
    t = start(argv)
    t.type("echo not this")
    t.expect("not this")
    t.interrupt()
    t.run("echo $?", "130\r\n")
    t.type("for i in 1 2\r")
    t.expect("> ")
    t.interrupt()
    t.run("echo clean", "clean")
    assert t.leave() == 0


def a_backslash_continues_on_the_next_line(argv):
    t = start(argv)
    t.type("echo one \\\r")
    t.expect("> ")
    t.type("two\r")
    t.expect("one two\r\n")
    t.prompt()
    assert t.leave() == 0


def ctrl_c_stops_the_command_and_the_rest_of_its_line(argv):
    t = start(argv)
    t.given("sleep 100; echo rest")
    t.interrupt()
    assert "rest" not in t.text
    t.type("!echo running | cat - /dev/tty\r")
    t.expect("running\r\n")  # dash forgets a SIGINT that comes while it starts
    t.interrupt()
    t.run("echo $?", "130")
    assert t.leave() == 0


def jobs_come_and_go(argv):
    t = start(argv)
    t.run("sleep 100 &", r"\[1\] sleep 100")
    t.run("jobs", r"\[1\]  Running +sleep 100")
    t.given("fg")
    t.expect("sleep 100\r\n")
    t.interrupt()
    t.run("sleep 100 &", r"\[1\]")
    t.run("kill %1", "")
    t.run("wait", "")
    assert t.leave() == 0


def a_stopped_program_does_not_hang_the_shell(argv):
    t = start(argv)
    t.given("!cat")
    t.type("one\r")
    t.expect("one\r\none\r\n")
    t.type(CTRL_Z)
    t.expect(r"\[1\]  Stopped +!cat")
    t.prompt()
    t.run("echo here", "here")
    t.given("fg")
    t.expect("!cat\r\n")
    t.type("two\r")
    t.expect("two\r\ntwo\r\n")
    t.type(CTRL_D)
    t.prompt()
    t.run("echo $?", "0")
    assert t.leave() == 0


def the_prompt_waits_until_all_of_a_program_obeyed(argv):
    """Only its first process is a child of the shell; the other ones are slower here to stop, and to end."""
    slowly = "i=0; while [ $i -lt 10000 ]; do i=$((i+1)); done; echo tidied"
    t = start(argv)
    for name, key, told in ("TSTP", CTRL_Z, "Stopped"), ("INT", CTRL_C, ""):
        obey = f"obey() {{ {slowly}; trap - {name}; kill -{name} $$; }}"
        t.given(f"!sh -c '{obey}; trap obey {name}; echo ready; read x'; :")
        t.expect("ready\r\n")
        t.type(key)
        before = t.prompt()
        out = before.string[:before.end()]
        assert re.search("tidied.*" + told, out, re.S), out
        t.run("echo here", "here\r")
    t.run("kill %1", "")
    assert t.leave() == 0


def ctrl_z_sends_a_command_to_the_background(argv):
    t = start(argv)
    t.type(CTRL_Z)
    t.run("sleep 100 &", r"\[1\]")
    t.given("fg")
    t.expect("sleep 100\r\n")
    t.type(CTRL_Z)
    t.expect(r"\[1\]  Running +sleep 100\r\n")
    t.prompt()
    t.given("cat")
    t.type(CTRL_Z)
    t.expect(r"\[2\]  Running +cat\r\n")
    t.prompt()
    t.run("echo here", "here\r")
    t.given("fg")
    t.expect("cat\r\n")
    t.type("a line\r")
    t.expect("a line\r\na line\r\n")
    t.type(CTRL_D)
    t.prompt()
    t.run("kill %1", "")
    assert t.leave() == 0


def a_shell_that_waits_for_it_does_not_get_its_keys(argv):
    """As under make run: ^Z and ^C there are not for make."""
    t = Terminal(["/bin/sh", "-c", '"$@"; echo "ended $?"', "sh"] + argv)
    t.prompt()
    t.type(CTRL_Z)
    t.run("echo here", "here\r")
    t.given("sleep 100")
    t.interrupt()
    t.type("exit 3\r")
    t.expect("ended 3")
    assert t.leave("") == 0


def keys_reach_commands_that_read_them(argv):
    t = start(argv)
    t.given("cat")
    t.type("a line\r")
    t.expect("a line\r\na line\r\n")
    t.type(CTRL_D)
    t.prompt()
    assert t.leave() == 0


def lines_typed_go_to_the_peer_of_nc(argv):
    t = start(argv)
    t.run("ip link set lo up", "")
    t.run("serve echo &", r"\[1\]")
    t.given("nc -N 127.0.0.1 7")
    t.type("one\r")
    t.expect("one\r\none\r\n")
    t.type("two\r")
    t.expect("two\r\ntwo\r\n")
    t.type(CTRL_D)
    t.prompt()
    t.run("echo $?", "0")
    t.given("nc -v 127.0.0.1 7")
    t.expect(r"Connection to 127.0.0.1 7 port \[tcp/echo\] succeeded!\r\n")
    t.type("three\r")
    t.expect("three\r\nthree\r\n")
    t.interrupt()
    t.run("echo $?", "130")
    assert t.leave() == 0


def programs_find_the_terminal_as_it_was(argv):
    t = start(argv)
    t.run("!stty -a | grep -c ' icanon .* echo '", "1")
    t.run("!stty -echo", "")
    t.run("!stty -a | grep -o ' -*echo '", " echo ")
    assert t.leave() == 0


def output_does_not_garble_the_line_being_typed(argv):
    t = start(argv)
    t.run("!sleep 0.5 &", r"\[1\]")
    t.run("wait %1 && echo late && sleep 0.3 && echo later", "late\r\nlater")
    t.run("sleep 0.3 && echo from the job &", r"\[\d\]")
    t.type("echo ty")
    t.expect(r"from the job\r\n[^\n]*h1[^ ]*\$ [^\n]*echo ty")
    t.type("ped\r")
    t.expect(r"\r\ntyped\r\n")
    t.prompt()
    t.run("!sh -c 'sleep 0.3; echo from the program' &", r"\[\d\]")
    t.type("echo ty")
    t.expect(r"from the program\r\n[^\n]*h1[^ ]*\$ [^\n]*echo ty")
    t.type("ped\r")
    t.expect(r"\r\ntyped\r\n")
    t.prompt()
    assert t.leave() == 0


def tcp_watch_draws_its_page_anew_in_place(argv):
    fifo = os.environ["HOME"] + "/words"
    os.mkfifo(fifo)
    words = os.open(fifo, os.O_RDWR)  # so that nobody waits for another end
    t = start(argv)
    t.run("ip link set lo up", "")
    t.run("serve echo &", r"\[1\]")
    t.type(f"nc -v -p 40000 127.0.0.1 7 <{fifo} >/dev/null &\r")
    t.expect("succeeded!")
    t.prompt()
    number = t.run("tcp list", r"(\d+) +ESTAB +127\.0\.0\.1:40000-")[1]
    t.type(f"tcp watch -i 0.05 {number}\r")
    page = r"\x1b\[H\x1b\[2J127\.0\.0\.1:40000-127\.0\.0\.1:7  ESTAB\r\ntimer  "
    for sent in (0, 6):
        t.expect(page + f"[^\x1b]*sent +{sent} B in [^\x1b]*cwnd, and ssthresh as -, in segments\r\n[^\x1b]*\\|#+\r\n")
        t.expect(page)  # one follows the other in the same place
        os.write(words, b"hello\n" if sent == 0 else b"")
    t.interrupt()
    os.close(words)
    assert t.leave() == 0


def exit_gives_its_status(argv):
    t = start(argv)
    assert t.leave("exit 7\r") == 7


def a_signal_ends_it_with_the_terminal_as_it_was(argv):
    t = start(argv)
    os.kill(t.pid, signal.SIGTERM)
    assert t.leave("") == 128 + signal.SIGTERM


def main(argv):
    failed = 0
    for name, case in list(globals().items()):
        if getattr(case, "__code__", None) is None or case.__code__.co_varnames[:1] != ("argv",):
            continue
        if name in ("main", "start") or case.__module__ != "__main__":
            continue
        try:
            case(argv)
        except (Failure, AssertionError) as why:
            failed += 1
            print(f"FAILED {name}: {why!r}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
