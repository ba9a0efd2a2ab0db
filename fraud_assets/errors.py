"""What the user can mend, whichever room says so."""

from __future__ import annotations

import errno

_WAYS_OUT = {
    errno.ENOSPC: "free some space on that disk",
    errno.EDQUOT: "free some space, or ask for a larger quota",
    errno.EROFS: "mount it for writing, or choose another place",
    errno.EACCES: "mend the permissions, or choose another place",
}


class Mendable(RuntimeError):
    """Something that the user can mend; the message is one sentence, shown without a traceback."""


def refusal(error: OSError) -> str:
    """Why a disk refused, in a few words, with what to do where there is something to do."""
    reason = error.strerror or str(error) or type(error).__name__
    return f"{reason}; {_WAYS_OUT[error.errno]}" if error.errno in _WAYS_OUT else reason


def is_refusal(error: OSError) -> bool:
    """Whether it is the disk that refused, for a reason with a way out, and not a mistake of the program."""
    return error.errno in _WAYS_OUT
