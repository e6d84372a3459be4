"""Store touches the database: one async method is one transaction, on one dedicated thread."""

import sys
from types import ModuleType

# sqlite-utils imports what its command line converts columns with, and dateutil for it. Nobody converts here, and it is
# a third of the library's memory.
sys.modules.setdefault("sqlite_utils.recipes", ModuleType("sqlite_utils.recipes"))
