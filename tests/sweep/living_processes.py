from pathlib import Path


def processes_with(word):
    """Number and command line of every living process that holds a word; of Linux's /proc."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:  # it has just ended
            continue
        if word in " ".join(words):  # a dead one that nobody has waited for has no words
            found.append((int(folder.name), " ".join(words)))
    return found
