"""The command line as `python -m glassgate`; `accelerate launch -m glassgate` starts it, too."""

from glassgate.cli import main

if __name__ == "__main__":
    main()
