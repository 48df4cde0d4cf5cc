"""What keeps a benchmark from being measured."""


class CannotMeasure(Exception):  # noqa: N818 - it says what cannot be done, as the product's refusals do
    """A row cannot be measured; the text says why, for the person who started it."""
