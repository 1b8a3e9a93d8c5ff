#!/bin/sh
# Writes the results of the latest run to notebook/results.csv, one row a trial, for a notebook or a spreadsheet.
set -eu
cd "$(dirname "$0")/.."
${COMBU:-combu} -f docker/experiment.jsonnet results table --csv >notebook/results.csv
