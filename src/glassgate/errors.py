"""What a person did wrong, said in one sentence."""


class BadInput(ValueError):  # noqa: N818 - it says whose error it is
    """Input that cannot be used: a file, an option or an array that is not what it should be.

    The message is one sentence that names the thing, what was expected and what came.
    The command line prints it without a traceback and ends with exit code 2.
    """
