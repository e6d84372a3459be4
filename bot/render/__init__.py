"""Draws pictures in a process of its own (``python -m bot.render``), which ``process.py`` starts, with limits.

The library that draws holds Python's lock meanwhile, and ends its process where it gets too little memory.
"""

NO_LIBRARY, NO_FONT, TOO_LARGE, NO_MEMORY = 3, 4, 5, 6  # its exit codes
