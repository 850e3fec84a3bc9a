#!/usr/bin/env bash
# A new user who reproduces: how long is it from nothing to the first finished sweep and its figure? The sweep is that of
# docs/tutorials/first-sweep.md.
#   analysis/new_users/sweep.sh CHECKOUT
checkout=$(realpath "$1")
. "$checkout/analysis/new_users/timed.sh"

block yaml 0 "$checkout/docs/tutorials/first-sweep.md" >first_sweep.yaml
timed "pip install" pip install "$checkout"
timed "mghp sweep, six trials" mghp sweep first_sweep.yaml --workers 2
ls runs/sweeps/*/effects.png >&2
