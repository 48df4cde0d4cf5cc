"""`python -m tools.generate_messages [--into FOLDER]`: write `v16`, `v201` and `v21` there (default: the package)."""

import argparse
import subprocess
import sys
from pathlib import Path

from tools.generate_messages.render import modules
from tools.generate_messages.schemas import FOLDERS, read

PACKAGE = Path(__file__).parents[2] / "src" / "ocpp_css" / "ocpp"


def main() -> None:
    """Write every version's modules, formatted."""
    parser = argparse.ArgumentParser(prog="generate_messages")
    parser.add_argument("--into", type=Path, default=PACKAGE)
    into: Path = parser.parse_args().into
    for version, folder in FOLDERS.items():
        write(version, into / folder)


def write(version: str, folder: Path) -> None:
    """Write the modules of one version into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in modules(read(version)).items():
        (folder / name).write_text(formatted(text), encoding="utf-8")


def formatted(text: str) -> str:
    """`text` as `ruff format` writes it, with the settings of the project."""
    ruff = Path(sys.executable).parent / "ruff"
    command = [str(ruff), "format", "--line-length", "120", "--target-version", "py311", "--isolated", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    main()
