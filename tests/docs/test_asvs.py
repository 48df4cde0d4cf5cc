"""The page of the ASVS names every requirement of levels 1 and 2 once, and only tests that there are."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security" / "asvs.md"
ROW = re.compile(r"\| (\d+\.\d+\.\d+) \| ([12]) \| ([^|]+) \| ([^|]+) \| ([^|]*)\|")
FIGURE = re.compile(r"\| ([a-z/]+) \| (\d+) \| (\d+) \|")
OF_THE_STANDARD = {"1": 70, "2": 183}
"""How many requirements version 5.0.0 has at each level."""
OF_CHAPTERS = (27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7)
"""And in each chapter, at levels 1 and 2."""

pytestmark = pytest.mark.trust("R28")


def rows() -> list[tuple[str, ...]]:
    return [tuple(cell.strip() for cell in found) for found in ROW.findall(PAGE.read_text())]


def test_every_requirement_stands_once() -> None:
    numbers = [row[0] for row in rows()]
    assert Counter(row[1] for row in rows()) == OF_THE_STANDARD
    assert [number for number, times in Counter(numbers).items() if times > 1] == []
    chapters = Counter(int(number.partition(".")[0]) for number in numbers)
    assert tuple(chapters[place] for place in sorted(chapters)) == OF_CHAPTERS


def test_the_figures_are_those_of_the_rows() -> None:
    counted = Counter((row[3], row[1]) for row in rows())
    told = {word: (int(one), int(two)) for word, one, two in FIGURE.findall(PAGE.read_text())}
    assert told.pop("all") == (70, 183)
    assert told == {word: (counted[word, "1"], counted[word, "2"]) for word in told}
    assert {row[3] for row in rows()} == set(told)


def test_every_test_that_is_named_exists() -> None:
    missing = []
    for number, _, _, _, shown in rows():
        for path, name in re.findall(r"`(tests/[\w/.]+)` (test_\w+)", shown):
            if f"def {name}(" not in (ROOT / path).read_text():
                missing.append(f"{number}: {path} {name}")
    assert missing == []


def test_what_is_missing_is_said() -> None:
    assert [row[0] for row in rows() if row[3] in {"partly", "no"} and len(row[2]) < 15] == []
