"""How much memory a program takes, from the operating system: compiled code is invisible to tracemalloc."""

import os
import subprocess
import sys

import pytest

# The mark of this program alone: that of getrusage begins with what the parent had when it forked.
REPORT = """
import re
print(int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024)
"""


def peak_mib(code):
    """The high-water mark of a process that runs this code and prints nothing, in MiB."""
    if not os.path.exists("/proc/self/status"):
        pytest.skip("the peak is read from /proc, which only Linux has")
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code + REPORT]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)
