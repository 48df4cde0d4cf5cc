"""The page about a new area is right: what `make area` writes passes the contracts, the types and its own test."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.docs.pages import ROOT, blocks
from tools import scaffold_area

PAGE = "develop/add-an-area.md"
NAME = "commerce/vouchers"
BESIDE = ("pyproject.toml", "Makefile")
FOLDERS = ("src", "tools", "tests")
CACHES = (".mypy_cache", ".import_linter_cache", ".grimp_cache")
_NOT_COPIED = shutil.ignore_patterns("__pycache__", "generate_messages")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the source tree."""
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=_NOT_COPIED)
    for file in BESIDE:
        shutil.copy2(ROOT / file, tmp_path / file)
    for cache in CACHES:
        if (ROOT / cache).is_dir():
            shutil.copytree(ROOT / cache, tmp_path / cache, dirs_exist_ok=True, ignore_dangling_symlinks=True)
    return tmp_path


def begun(tree: Path, *command: str) -> subprocess.Popen[str]:
    """A program of the environment, on the copy."""
    path = os.pathsep.join([str(tree / "src"), str(tree)])
    return subprocess.Popen(
        [str(Path(sys.executable).parent / command[0]), *command[1:]],
        cwd=tree, env={**os.environ, "PYTHONPATH": path}, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> str:
    said, _ = process.communicate(timeout=250)
    assert process.returncode == 0, said
    return said


def test_the_page_names_what_is_run_here():
    commands = "".join(text for language, _, text in blocks(PAGE) if language == "sh")
    assert f"make area NAME={NAME}" in commands
    assert 'make migration NAME="vouchers"' in commands
    makefile = (ROOT / "Makefile").read_text()
    assert 'tools.scaffold_area "$(NAME)"' in makefile
    assert 'tools/new_migration.py "$(NAME)"' in makefile


@pytest.mark.timeout(300)
def test_what_the_scaffold_writes_works(tree: Path):
    ended(begun(tree, "python", "-m", "tools.scaffold_area", NAME))
    ended(begun(tree, "python", "tools/new_migration.py", "vouchers"))
    checks = [
        begun(tree, "lint-imports"),
        begun(tree, "mypy", "-p", "ocpp_css.commerce"),
        begun(tree, "ruff", "check", "src/ocpp_css/commerce", "tests/commerce"),
        begun(tree, "ruff", "format", "--check", "src/ocpp_css/commerce", "tests/commerce"),
        begun(tree, "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/commerce"),
    ]
    assert "2 passed" in [ended(check) for check in checks][-1]


@pytest.mark.parametrize(
    "name", ["", "vouchers", "nowhere/vouchers", "commerce/voucher", "commerce/Vouchers", "../x/ys"]
)
def test_a_name_that_cannot_be_used_writes_nothing(name: str, tmp_path: Path):
    with pytest.raises(ValueError, match="FLOOR/NOUNS"):
        scaffold_area.write(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_an_area_that_exists_is_left_alone():
    with pytest.raises(FileExistsError):
        scaffold_area.write(ROOT, "charging/tokens")
