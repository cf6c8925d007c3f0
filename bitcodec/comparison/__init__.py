"""Finished sweeps side by side: a table, plots and one page.

``runs``, ``curves`` and ``settings`` read run folders, ``pairing`` says which of them may be
compared, ``notes`` puts it into sentences, ``charts``, ``photographs`` and ``table`` make what is
shown, and ``report`` writes it. No torch: a comparison is made where the results are looked at.
"""
