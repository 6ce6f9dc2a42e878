"""Words that messages and reports share."""


def count(amount: int, noun: str, plural: str = "") -> str:
    """An amount of something.

    >>> count(1, "origin"), count(1000, "step"), count(1, "series", "series")
    ('1 origin', '1,000 steps', '1 series')
    """
    return f"{amount:,} {noun if amount == 1 else plural or noun + 's'}"
