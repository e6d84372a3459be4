"""flowbot: runs EnOS batch flows from Slack and tells the right people when one breaks."""

import sys
from types import ModuleType

__version__ = "0.1.0"

# APScheduler imports pools of threads and of processes to run jobs in, and all of multiprocessing for them. Jobs run on
# the event loop here, so nobody asks for one.
_pools = ModuleType("apscheduler.executors.pool")
vars(_pools)["ThreadPoolExecutor"] = None
sys.modules.setdefault(_pools.__name__, _pools)
