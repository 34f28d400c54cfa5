"""Takes away, when a Python starts, what Windows has not got; children inherit the path to this file.

The standard library of a POSIX system, and pytest, would not work without some of it (``os.getuid``,
``signal.SIGKILL``): that stays. So this is no Windows; it shows what we import and call.
"""

# These look for it when they are imported.
import asyncio  # noqa: F401
import multiprocessing.spawn  # noqa: F401
import os
import signal
import socket
import subprocess  # noqa: F401
import sys
import tempfile  # noqa: F401

MODULES = "fcntl grp pty pwd resource termios tty"
NAMES = {
    os: "chown fchmod fchown fdatasync fork forkpty getegid geteuid killpg mkfifo posix_fadvise "
    "posix_fallocate pread preadv pwrite pwritev register_at_fork sched_getaffinity sched_yield setsid "
    "statvfs sysconf",
    signal: "SIGALRM SIGCONT SIGSTOP SIGUSR1 alarm pthread_kill pthread_sigmask setitimer",
    socket: "AF_UNIX",
}
for module in MODULES.split():
    sys.modules[module] = None
for owner, names in NAMES.items():
    for name in names.split():
        if hasattr(owner, name):
            delattr(owner, name)
