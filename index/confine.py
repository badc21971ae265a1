"""Takes the network from a process for good, by a filter of the Linux kernel (seccomp).

No socket can be made from then on, by this process or by any that it starts, whatever a hostile file brings it to do.
Where there is no such filter (other systems and processors) nothing is done: the limits of
`assistant.index.worker` hold all the same, and no code of ours or of pdfium's asks for a network.

Numbers: https://docs.kernel.org/userspace-api/seccomp_filter.html and the kernel's syscall tables.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
_NUMBER_AT, _MACHINE_AT = 0, 4
"""Where a system call's number and the processor's kind lie in what the filter is given."""
_MACHINES = {"x86_64": (0xC000003E, (41, 53, 101, 425)), "aarch64": (0xC00000B7, (198, 199, 117, 425))}
"""Of each processor: the kernel's name for it, and its numbers of socket, socketpair, ptrace and io_uring_setup (which
can make sockets too)."""
_OTHER_NUMBERS = 0x40000000
"""From here on a 64-bit kernel takes the calls of x32 programs, by numbers of their own."""


def without_network() -> bool:
    """Whether this process, and all that it starts, can make no socket from now on."""
    machine = _MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None:
        return False
    steps = _filter(*machine)
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    about = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(program)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    if prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(prctl(_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(about), 0, 0) == 0)


def _filter(machine: int, refused: tuple[int, ...]) -> list[tuple[int, int, int, int]]:
    """Steps (operation, jump if true, jump if false, value) of the filter: refuse these calls, allow all others."""
    ends = len(refused)
    return [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_EQUAL, 1, 0, machine),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, ends + 1, 0, _OTHER_NUMBERS),
        *((_EQUAL, ends - i, 0, number) for i, number in enumerate(refused)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
