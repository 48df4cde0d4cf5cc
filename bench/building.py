"""The C programs of the benchmark, compiled when they are needed."""

import os
import shutil
import subprocess
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
PROGRAMS = {"loadgen": ["-lssl", "-lcrypto"], "echo": ["-lcrypto"]}


def program(name: str) -> Path | None:
    """The compiled program; None where there is no C compiler, or no headers of OpenSSL."""
    made = FOLDER / "bin" / name
    sources = [FOLDER / f"{name}.c", *FOLDER.glob("*.h")]
    if made.exists() and made.stat().st_mtime >= max(source.stat().st_mtime for source in sources):
        return made
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    made.parent.mkdir(exist_ok=True)
    fresh = made.with_suffix(f".{os.getpid()}")
    command = [compiler, "-O2", "-o", str(fresh), str(sources[0]), *PROGRAMS[name]]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        return None
    return fresh.replace(made)
