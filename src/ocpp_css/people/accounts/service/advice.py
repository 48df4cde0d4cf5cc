"""What the strength estimator says of a password, so that it can be said in the reader's language."""


def _(text: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return text


ANYTHING_ELSE = _("Add another word or two. Uncommon words are better.")
KNOWN = frozenset(
    {
        ANYTHING_ELSE,
        _("Straight rows of keys are easy to guess."),
        _("Short keyboard patterns are easy to guess."),
        _('Repeats like "aaa" are easy to guess.'),
        _('Repeats like "abcabcabc" are only slightly harder to guess than "abc".'),
        _('Sequences like "abc" or "6543" are easy to guess.'),
        _("Recent years are easy to guess."),
        _("Dates are often easy to guess."),
        _("This is a top-10 common password."),
        _("This is a top-100 common password."),
        _("This is a very common password."),
        _("This is similar to a commonly used password."),
        _("A word by itself is easy to guess."),
        _("Names and surnames by themselves are easy to guess."),
        _("Common names and surnames are easy to guess."),
    }
)
"""The warnings of zxcvbn 4.5."""
