"""The message types are what the generator writes: nobody edited them, and nobody forgot to run it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "ocpp_css" / "ocpp"
FOLDERS = ("v16", "v201", "v21")


def test_the_generator_writes_what_is_there(tmp_path: Path):
    subprocess.run([sys.executable, "-m", "tools.generate_messages", "--into", str(tmp_path)], cwd=ROOT, check=True)
    for folder in FOLDERS:
        assert texts(tmp_path / folder) == texts(PACKAGE / folder)


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.glob("*.py")}


def test_the_types_hold_no_prose_of_the_standard():
    for folder in FOLDERS:
        text = (PACKAGE / folder / "messages.py").read_text("utf-8")
        assert text.count('"""') == 2
        assert "#" not in text
