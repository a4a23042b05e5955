"""What a person did wrong, said in one sentence."""

LONGEST = 1000  # signs of a message


class BadInput(ValueError):  # noqa: N818 - it says whose error it is
    """Input that cannot be used: a file, an option or an array that is not what it should be.

    The message is one sentence that names the thing, what was expected and what came.
    The command line prints it without a traceback and ends with exit code 2. It may quote what
    stands in a stranger's file, and so gives nothing that a terminal would obey, and no more than
    `LONGEST` signs.
    """

    def __str__(self) -> str:
        """Give the sentence."""
        said = super().__str__()
        return printable(said if len(said) <= LONGEST else said[: LONGEST - 1] + "…")


def printable(text: str) -> str:
    r"""Replace what is no sign to be seen, such as what moves a terminal's cursor.

    Examples
    --------
    >>> printable("name\x1b[2J")
    'name?[2J'
    """
    return "".join(sign if sign.isprintable() else "?" for sign in text)
