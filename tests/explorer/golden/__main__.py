"""Write the golden files to the folder that is named."""

import sys
from pathlib import Path

from tests.explorer.golden import write_golden

write_golden(Path(sys.argv[1]))
