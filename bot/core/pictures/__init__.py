"""Pictures: what is to be drawn, as values, and how it becomes SVG. ``bot/render`` makes a PNG of that.

No text is made here: labels come in the reader's language. Colours never say anything alone; a mark and words do too.
"""
