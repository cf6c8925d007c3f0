"""Finished sweeps side by side: a table, plots and one page.

``runs`` reads run folders, ``pairing`` says which of them may be compared, ``notes`` puts it into
sentences, ``charts``, ``photographs`` and ``table`` make what is shown, ``names`` has what it is
called, and ``report`` writes it. No torch: runs are compared where the results are looked at.
"""
