"""Draws pictures in a process of its own (``python -m bot.render``), which ``process.py`` starts, with limits.

The library that draws holds Python's lock meanwhile, and ends its process where it gets too little memory.
"""
