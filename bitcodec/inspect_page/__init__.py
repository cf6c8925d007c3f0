"""One photograph as the codec sees it: a page with its bits, and other codecs at equal bytes.

``renderings`` asks the codec, ``rivals`` the other codecs, ``bits`` counts where a file's bits go,
and ``report`` makes the page of it.
"""
