#!/usr/bin/env bash
# A new user with a network: how long is it from nothing to the first gradients through the matcher? By the line that
# installs the matcher alone, and the README's third example.
#   analysis/new_users/matcher.sh CHECKOUT
checkout=$(realpath "$1")
. "$checkout/analysis/new_users/timed.sh"

block python 2 "$checkout/README.md" >example.py
timed "pip install, what the matcher needs" pip install torch numpy scipy numba
timed "pip install, the matcher alone" pip install --no-deps "$checkout"
timed "README's example, the first time" python example.py
timed "README's example, again" python example.py
