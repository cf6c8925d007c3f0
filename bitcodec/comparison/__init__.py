"""Finished sweeps side by side: a table, plots, a contact sheet and one page.

``runs`` and ``curves`` read run folders, ``pairing`` says which of them may be compared,
``charts`` and ``viewer`` choose what to show, and ``table``, ``plots``, ``contact_sheet`` and
``page`` write it. No torch: a comparison is made where the results are looked at.
"""
