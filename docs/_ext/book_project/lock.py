"""Run one command while no other does: ``python lock.py FILE COMMAND ...`` (standard library only).

The lock is the kernel's, on an open file that the command inherits: it ends with the processes that hold it.
"""

import fcntl
import os
import sys
from pathlib import Path

HELD = "BOOK_LOCK_HELD"


def main(file: Path, command: list[str]) -> None:
    """Take the lock on ``file`` and become ``command``, or say who holds it and stop."""
    if os.environ.get(HELD) != str(file.resolve()):
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = file.read_text(encoding="utf8").strip() or "an unknown process"
            sys.exit(
                f"{file}: another build of this book is running: {holder}.\n"
                "Wait until it ends.  If it hangs, end that process (or one that it started); "
                "the lock goes with it, no file needs to be removed."
            )
        os.ftruncate(handle, 0)
        os.write(handle, f"process {os.getpid()} ({' '.join(command)})\n".encode())
        os.set_inheritable(handle, True)
        os.environ[HELD] = str(file.resolve())
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
