"""A command that can be interrupted."""

import signal
import subprocess


def heed_interrupts() -> None:
    """In the child, before it starts: a shell that runs the tests in the background has them ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def started(command: list[str]) -> subprocess.Popen[str]:
    """The command, with what it prints and reports in pipes."""
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed_interrupts
    )
