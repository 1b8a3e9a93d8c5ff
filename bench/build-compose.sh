#!/bin/sh
# Builds docker compose from its Go module into the tools folder, for the benchmarks, where no plugin is installed.
# Needs Go. COMBU_TOOLS names another folder.
set -eu
version=v2.40.3
tools=${COMBU_TOOLS:-$HOME/.cache/combu-tools}
command -v go >/dev/null || { echo 'build-compose: Go is not installed; the benchmark then leaves docker compose out.' >&2; exit 1; }
mkdir -p "$tools"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
printf 'module composebuild\n\ngo 1.24\n' > go.mod
printf 'package main\n\nimport _ "github.com/docker/compose/v2/cmd"\n\nfunc main() {}\n' > main.go
go get "github.com/docker/compose/v2/cmd@$version"
go build -trimpath -ldflags "-s -w -X github.com/docker/compose/v2/internal.Version=$version" \
  -o "$tools/docker-compose" github.com/docker/compose/v2/cmd
"$tools/docker-compose" version
