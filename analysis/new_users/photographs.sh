#!/usr/bin/env bash
# A new user with photographs: how long is it from nothing to the first ones parsed?
#   analysis/new_users/photographs.sh CHECKOUT PHOTOGRAPHS
checkout=$(realpath "$1")
photographs=$(realpath "$2")
. "$checkout/analysis/new_users/timed.sh"

timed "pip install" pip install "$checkout"
timed "mghp predict, the first time" mghp predict "$photographs" --out first
timed "mghp predict, again" mghp predict "$photographs" --out again
