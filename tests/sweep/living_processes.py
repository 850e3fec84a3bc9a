import subprocess


def processes_with(word):
    """Command lines of living processes that hold a word."""
    listed = subprocess.run(["ps", "-eo", "pid,stat,args"], capture_output=True, text=True, check=True).stdout
    lines = [line.split(maxsplit=2) for line in listed.splitlines()[1:]]
    return [(int(line[0]), line[2]) for line in lines if len(line) == 3 and word in line[2] and "Z" not in line[1]]
