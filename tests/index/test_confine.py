from __future__ import annotations

import platform
import subprocess
import sys

import pytest

CODE = """
import socket, subprocess, sys
from assistant.index.confine import without_network
socket.socket().close()
print(without_network())
for family in (socket.AF_INET, socket.AF_UNIX):
    try:
        socket.socket(family)
    except PermissionError:
        print("refused")
child = "import socket\\ntry: socket.socket()\\nexcept PermissionError: print('refused to a child')"
print(subprocess.run([sys.executable, "-c", child], capture_output=True, text=True).stdout.strip())
print(len(open("/proc/self/status").read()) > 0)
"""


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"), reason="the filter is Linux's"
)
def test_no_socket_can_be_made_any_more() -> None:
    run = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert run.stdout.split("\n") == ["True", "refused", "refused", "refused to a child", "True", ""]
