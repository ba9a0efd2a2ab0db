"""Runs every benchmark, each as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> None:
    folder = Path(__file__).parent
    for script in sorted(folder.glob("[a-z]*.py")):
        print(f"{script.stem}:", flush=True)
        subprocess.run([sys.executable, str(script)], check=True)  # noqa: S603


if __name__ == "__main__":
    main()
