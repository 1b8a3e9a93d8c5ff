#!/bin/sh
# One trial: estimates pi, and writes what it found into the trial's results folder. Put your own program here.
# Started by `make simulation MODE= ID= UUID=`.
set -eu
mode=$1
id=$2
uuid=$3

case $mode in
  # Of random points in a square, the share that lies in the circle. The id makes the seed.
  a) estimate=$(awk -v seed="$id" 'BEGIN {
       srand(seed + 1)
       for (i = 0; i < 100000; i++) { x = rand(); y = rand(); if (x * x + y * y <= 1) inside++ }
       printf "%.6f", 4 * inside / 100000
     }') ;;
  # The first terms of the series 4 - 4/3 + 4/5 - ...; each id takes ten times as many as the one before.
  b) estimate=$(awk -v id="$id" 'BEGIN {
       terms = 10
       for (i = 0; i < id; i++) terms *= 10
       for (i = 0; i < terms; i++) sum += (i % 2 ? -4 : 4) / (2 * i + 1)
       printf "%.6f", sum
     }') ;;
  *)
    echo 'usage: make simulation MODE=a|b ID=0..4 [UUID=run]' >&2
    exit 2
    ;;
esac

echo "run $uuid, mode $mode, id $id: $estimate"

# combu gives every trial a folder of its own. The fields of a JSON file become columns of `combu results table`.
results=${COMBU_RESULTS:-results}
mkdir -p "$results"
printf '{"pi": %s}\n' "$estimate" >"$results/pi.json"
