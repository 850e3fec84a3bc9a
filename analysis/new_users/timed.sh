# What the three scripts beside this one share: an empty folder, a fresh environment, and a row for each step's seconds.
# They source it, with the checkout's path in $checkout.
set -euo pipefail
cd "$(mktemp -d)"
echo "in $PWD" >&2

timed() { # timed WORDS COMMAND...: runs it, its output in log.txt; a row of words and seconds
    local words=$1 begin=$EPOCHREALTIME
    shift
    "$@" >>log.txt 2>&1 || {
        tail -n 20 log.txt >&2
        echo "failed: $*" >&2
        exit 1
    }
    awk -v words="$words" -v from="$begin" -v to="$EPOCHREALTIME" 'BEGIN { printf "| %s | %.1f |\n", words, to - from }'
}

block() { # block LANGUAGE NUMBER PAGE: that block of code of a page, counted from 0
    python3 -c 'import re, sys
language, number, page = sys.argv[1:]
print(re.findall(rf"^```{language}.*?\n(.*?)^```$", open(page).read(), re.DOTALL | re.MULTILINE)[int(number)])' "$@"
}

echo "| step | seconds |"
echo "| --- | ---: |"
timed "a fresh environment" python3 -m venv environment
PATH=$PWD/environment/bin:$PATH
