"""Pages that stand alone: one HTML file with its style, scripts, pictures and figures inside.

``document`` puts a page together, ``pictures`` turns pictures into addresses, and ``page/`` holds
what the pages share: colours, and the stage that shows two pictures under one divider.
"""
