"""`python -m glassgate` is the command line, too; `accelerate launch -m glassgate` starts it."""

from glassgate.cli import main

if __name__ == "__main__":
    main()
