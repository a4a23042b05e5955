"""The error for input that cannot be used: one sentence, safe to print."""

MAX_MESSAGE = 1000  # characters


class BadInput(ValueError):  # noqa: N818 - the input is at fault, not the program
    """Unusable input: a file, an option or an array that is not as expected.

    The message is one sentence that names the thing, what was expected and what came. The command
    line prints it without a traceback and exits with code 2. A message may quote a file from an
    unknown source, so characters that a terminal would act on are replaced, and the message is cut
    after `MAX_MESSAGE` characters.
    """

    def __str__(self) -> str:
        """Return the message, printable and at most `MAX_MESSAGE` characters long."""
        message = super().__str__()
        if len(message) > MAX_MESSAGE:
            message = message[: MAX_MESSAGE - 1] + "…"
        return printable(message)


def printable(text: str) -> str:
    r"""Replace each unprintable character, such as one that moves a terminal's cursor, by "?".

    Examples
    --------
    >>> printable("name\x1b[2J")
    'name?[2J'
    """
    return "".join(character if character.isprintable() else "?" for character in text)


def os_message(error: OSError) -> str:
    """Return what an error of the system says, and of which file, without its number.

    Examples
    --------
    >>> os_message(OSError(28, "No space left on device", "model.bin"))
    'model.bin: No space left on device'
    """
    said = error.strerror or str(error)
    return f"{error.filename}: {said}" if error.filename else said
