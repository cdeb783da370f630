# SPDX-License-Identifier: MIT
"""Attaches a second terminal to a tapir that runs in a first one, and types at both."""
import os
import signal
import stat
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from shell_pty import CTRL_C, CTRL_U, TAB, UP, Terminal, start  # noqa: E402


def attach(argv, *more):
    t = Terminal([argv[0], "attach", *more])
    t.prompt()
    return t


def two_terminals(argv):
    first = start(argv)
    return first, attach(argv)


def a_line_runs_in_the_same_network(argv):
    first, second = two_terminals(argv)
    second.run("ip netns add there", "")
    first.run("ip netns", "there")
    first.run("on there ip link add d7 type dummy", "")
    second.run("on there ip -br link", "d7")
    second.run("false; echo status $?", "status 1")
    second.run("hostname", "h1")
    assert second.leave() == 0
    first.run("echo still here", "still here")
    assert first.leave() == 0


def editing_history_and_completion_work_there(argv):
    first, second = two_terminals(argv)
    second.run("echo once", "once")
    second.type(UP)
    second.expect("echo once")
    second.type(" more\r")
    second.expect("\r\nonce more\r\n")
    second.prompt()
    second.type("expl" + TAB)
    second.expect("explain ")
    second.type(CTRL_U + "on h" + TAB)
    second.expect("on h1 ")
    second.type(CTRL_U)
    second.type("for i in 1 2\rdo echo -$i-\rdone\r")
    second.expect("> .*> .*-1-\r\n-2-\r\n")
    second.prompt()
    assert second.leave() == 0
    assert first.leave() == 0


def ctrl_c_stops_only_what_runs_there(argv):
    first, second = two_terminals(argv)
    first.given("ping -i 0.1 127.0.0.1")
    first.expect("icmp_seq=2")
    second.given("ping -i 0.1 127.0.0.1")
    second.expect("icmp_seq=2")
    second.type(CTRL_C)
    second.expect("ping statistics")
    second.prompt()
    second.type("no such" + CTRL_C)
    second.expect(r"\^C")
    second.prompt()
    first.expect("icmp_seq=7")
    first.type(CTRL_C)
    first.expect("ping statistics")
    first.prompt()
    second.run("jobs; echo none", "^none")
    assert second.leave() == 0
    assert first.leave() == 0


def what_is_traced_there_is_shown_there(argv):
    first, second = two_terminals(argv)
    second.run("trace icmp", "")
    first.run("ping -c 1 127.0.0.1", "1 received")
    second.expect(r"h1 [^ ]*icmp[^ ]* echo request .*h1 lo [^ ]*icmp[^ ]* echo reply")
    second.run("trace off", "")
    second.given("explain -c 1 icmp")
    first.run("ping -c 1 127.0.0.1", "1 received")
    second.expect("packet .* at .*read by the program")
    second.prompt()
    assert second.leave() == 0
    assert first.leave() == 0


def commands_read_what_is_typed_there(argv):
    first, second = two_terminals(argv)
    second.given("cat")
    second.type("hello\r")
    second.expect("hello\r\nhello\r\n")
    second.type("\x04")
    second.prompt()
    second.given("!cat")
    second.type("program\r")
    second.expect("program\r\nprogram\r\n")
    second.type("\x04")
    second.prompt()
    second.run("!echo of the machine", "of the machine")
    second.run("echo in the background & wait", "in the background")
    assert second.leave("exit\r") == 0
    assert first.leave() == 0


def a_host_that_is_deleted_ends_what_runs_on_it_there(argv):
    first, second = two_terminals(argv)
    first.run("ip netns add gone", "")
    second.type("on gone\r")
    second.prompt("gone")
    second.given("sleep 100")
    first.run("ip netns del gone; ip netns", "h1")
    second.prompt("h1")
    assert second.leave() == 0
    assert first.leave() == 0


def its_end_is_told(argv):
    first, second = two_terminals(argv)
    assert first.leave("exit\r") == 0
    second.expect("tapir has ended")
    assert second.leave("") == 1
    first, second = two_terminals(argv)
    os.kill(first.pid, signal.SIGKILL)
    second.expect("tapir has gone")
    assert second.leave("") == 1
    os.waitpid(first.pid, 0)


def one_that_goes_takes_what_it_runs_with_it(argv):
    first, second = two_terminals(argv)
    second.type("sleep 1000 & ping -i 0.1 127.0.0.1 >/dev/null\r")
    second.expect(r"\[1\] sleep 1000")
    os.kill(second.pid, signal.SIGKILL)
    os.waitpid(second.pid, 0)
    first.run("echo still here", "still here")
    assert first.leave() == 0


def the_right_one_is_found(argv):
    here = os.environ["XDG_RUNTIME_DIR"] + "/tapir"

    def says(*more):
        t = Terminal([argv[0], "attach", *more])
        while t.read(0.2) and not t.text.endswith("\n"):
            pass
        return t.leave(""), t.text

    assert says()[1] == "tapir attach: no tapir runs\r\n"
    first, other = start(argv), start(argv)
    assert stat.S_IMODE(os.stat(here).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(f"{here}/{first.pid}").st_mode) == 0o600
    code, text = says()
    assert code == 1 and f"  {first.pid}\r\n" in text and f"  {other.pid}\r\n" in text, text
    second = attach(argv, str(other.pid))
    other.run("ip netns add mark", "")
    second.run("ip netns", "mark")
    assert second.leave() == 0
    os.kill(other.pid, signal.SIGKILL)  # its socket stays, and is passed over
    os.waitpid(other.pid, 0)
    second = attach(argv)
    assert second.leave() == 0
    assert first.leave() == 0
    assert os.listdir(here) == []
    code, text = says("12")
    assert code == 1 and "no tapir of this number runs" in text
    assert subprocess.run([argv[0], "attach"], stdin=subprocess.DEVNULL, capture_output=True).returncode == 1


def a_directory_that_others_may_enter_is_not_used(argv):
    here = os.environ["XDG_RUNTIME_DIR"] + "/tapir"
    os.chmod(here, 0o755)
    first = start(argv)
    assert os.listdir(here) == []
    t = Terminal([argv[0], "attach"])
    t.expect("Operation not permitted")
    assert t.leave("") == 1
    assert first.leave() == 0
    os.chmod(here, 0o700)


def kill_all():
    """What a case that failed has left behind."""
    here = os.environ["XDG_RUNTIME_DIR"] + "/tapir"
    for name in os.listdir(here):
        try:
            os.kill(int(name), signal.SIGKILL)
        except ProcessLookupError:
            pass


CASES = [
    the_right_one_is_found,
    a_line_runs_in_the_same_network,
    editing_history_and_completion_work_there,
    ctrl_c_stops_only_what_runs_there,
    what_is_traced_there_is_shown_there,
    commands_read_what_is_typed_there,
    a_host_that_is_deleted_ends_what_runs_on_it_there,
    its_end_is_told,
    one_that_goes_takes_what_it_runs_with_it,
    a_directory_that_others_may_enter_is_not_used,
]


def main(argv):
    bad = 0
    for case in CASES:
        try:
            case(argv)
            print("ok", case.__name__)
        except Exception as e:  # a case that fails does not hide the others
            bad += 1
            kill_all()
            print(f"FAILED {case.__name__}: {type(e).__name__} {e}")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
