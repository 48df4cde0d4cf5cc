"""What can be configured on a station: one store for the keys of 1.6 and the variables of 2.x."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["integer", "decimal", "boolean", "string", "OptionList", "MemberList", "SequenceList", "dateTime"]
Outcome = Literal["Accepted", "Rejected", "RebootRequired", "ReadOnly", "Unknown"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of 1.6, or one variable of 2.x with its component; `evse` and `connector` place the component."""

    name: str
    value: str
    kind: Kind = "string"
    is_readonly: bool = False
    is_writeonly: bool = False
    needs_reboot: bool = False
    component: str = ""
    instance: str | None = None
    evse: int | None = None
    connector: int | None = None
    unit: str | None = None
    options: str | None = None
    low: int | None = 0
    high: int | None = None

    @property
    def key(self) -> str:
        """Under what it is found: lower case, since names are case-insensitive in 2.x."""
        if not self.component:
            return self.name
        return variable_key(self.component, self.name, instance=self.instance, evse=self.evse, connector=self.connector)


def variable_key(
    component: str, name: str, *, instance: str | None = None, evse: int | None = None, connector: int | None = None
) -> str:
    """The key of a variable of 2.x."""
    place = "" if evse is None else f"#{evse}" if connector is None else f"#{evse}.{connector}"
    return f"{component}{place}/{name}{f'[{instance}]' if instance else ''}".lower()


class Settings:
    """The settings of one station: shared definitions, and what was changed here.

    `words` maps the names the core uses to keys, so that it reads `settings.number("sample_s")` in every version.
    """

    __slots__ = ("_changed", "_definitions", "_words")

    def __init__(self, definitions: Mapping[str, Setting], words: Mapping[str, str]) -> None:
        self._definitions = definitions
        self._words = words
        self._changed: dict[str, str] = {}

    def __iter__(self) -> Iterator[Setting]:
        return iter(self._definitions.values())

    def find(self, key: str) -> Setting | None:
        """The setting of this key."""
        return self._definitions.get(key)

    def value(self, key: str) -> str:
        """The present value of a key that exists."""
        changed = self._changed.get(key)
        return self._definitions[key].value if changed is None else changed

    def change(self, key: str, value: str) -> Outcome:
        """Set a key as the central system asks, if the value is a good one."""
        setting = self._definitions.get(key)
        if setting is None:
            return "Unknown"
        if setting.is_readonly:
            return "ReadOnly"
        if not _is_good(setting, value):
            return "Rejected"
        self._changed[key] = value
        return "RebootRequired" if setting.needs_reboot else "Accepted"

    def words_of(self, key: str) -> set[str]:
        """The words of the core that stand for `key`."""
        return {word for word, known in self._words.items() if known == key}

    def put(self, word: str, value: str) -> None:
        """Set a value from inside, whatever its definition says."""
        self._changed[self._words.get(word, word)] = value

    def text(self, word: str) -> str:
        """The value behind a word of the core."""
        return self.value(self._words[word])

    def number(self, word: str) -> int:
        """As `text`, for whole numbers."""
        return int(self.text(word))

    def flag(self, word: str) -> bool:
        """As `text`, for booleans."""
        return self.text(word).lower() == "true"

    def names(self, word: str) -> tuple[str, ...]:
        """As `text`, for lists of words."""
        return tuple(name.strip() for name in self.text(word).split(",") if name.strip())


_BOOLEANS: Final = frozenset({"true", "false"})


def _is_good(setting: Setting, value: str) -> bool:
    match setting.kind:
        case "integer":
            return _is_integer(setting, value)
        case "boolean":
            return value.lower() in _BOOLEANS
        case "OptionList":
            return setting.options is None or value in setting.options.split(",")
        case "MemberList" | "SequenceList":
            allowed = None if setting.options is None else setting.options.split(",")
            return allowed is None or all(item.strip() in allowed for item in value.split(",") if item.strip())
        case _:
            return setting.high is None or len(value) <= setting.high


def _is_integer(setting: Setting, value: str) -> bool:
    try:
        number = int(value)
    except ValueError:
        return False
    return (setting.low is None or number >= setting.low) and (setting.high is None or number <= setting.high)
