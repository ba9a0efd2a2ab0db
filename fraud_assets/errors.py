"""What the user can mend, whichever room says so."""

from __future__ import annotations


class Mendable(RuntimeError):
    """Something that the user can mend; the message is one sentence, shown without a traceback."""
