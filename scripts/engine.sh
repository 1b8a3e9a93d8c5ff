#!/bin/sh
# Makes sure that a Docker engine answers.
#
#   scripts/engine.sh           find an engine, else install and start one
#   scripts/engine.sh --tests   the same, and the two programs that combu's own tests use: busybox, docker-registry
#
# An engine that answers is left exactly as it is. The engine is looked for where the docker command looks:
# DOCKER_HOST, else the current context, else the default socket. Only where none answers, and only as root on
# Debian or Ubuntu, this script installs and starts one: it says so first, asks when it has a terminal, and
# goes on when it has none. COMBU_SETUP=no forbids it to install or start anything.
#
# Exit code: 0 when an engine answers, else 3.
set -eu

socket=/var/run/docker.sock
pid_file=/var/run/docker.pid
log=/var/log/combu-dockerd.log

say() { printf '%s\n' "$*" >&2; }
stop() { say "$*"; exit 3; }
has() { command -v "$1" >/dev/null 2>&1; }

# Runs a command for at most five seconds. macOS has no timeout(1), and a context that leads nowhere can hang for ever.
for_five_seconds() {
  "$@" </dev/null >/dev/null 2>&1 &
  command_pid=$!
  (sleep 5 && kill "$command_pid") >/dev/null 2>&1 &
  watch_pid=$!
  if wait "$command_pid" 2>/dev/null; then answer=0; else answer=1; fi
  kill "$watch_pid" 2>/dev/null || true
  return "$answer"
}

# `docker version` fails when the client works but no server answers.
answers() { has docker && for_five_seconds docker version --format '{{.Server.Version}}'; }

# Sets place to where the docker command would go, when that isn't this machine's default socket; else to nothing.
find_place() {
  place='' way_back=''
  if [ -n "${DOCKER_HOST:-}" ]; then
    case $DOCKER_HOST in
      "unix://$socket" | unix:///run/docker.sock) ;;
      *) place="DOCKER_HOST=$DOCKER_HOST" way_back='unset DOCKER_HOST' ;;
    esac
  elif has docker; then
    context=$(docker context show 2>/dev/null || true)
    case ${context:-default} in
      default) ;;
      *) place="the docker context \"$context\"" way_back='docker context use default' ;;
    esac
  fi
}

# The Debian packages among "$@" that are not installed.
missing() {
  for package in "$@"; do
    # A machine may have the program without the package.
    case $package in
      docker.io) if has dockerd && has docker; then continue; fi ;;
      docker-cli) if has docker; then continue; fi ;;
      busybox-static) if has busybox; then continue; fi ;;
      *) if has "$package"; then continue; fi ;;
    esac
    printf ' %s' "$package"
  done
}

is_debian() { has apt-get; }

# What apt-get says is of interest only when it fails.
install_packages() {
  say "Installing:$*"
  said=$(mktemp)
  # shellcheck disable=SC2048,SC2086 # the packages are one string
  if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $*; } \
    </dev/null >"$said" 2>&1; then
    cat "$said" >&2
    rm -f "$said"
    stop "apt-get could not install$*: see its message above, and run this again."
  fi
  rm -f "$said"
}

agreed() {
  if [ -t 0 ] && [ -t 2 ]; then
    printf 'Go on? [Y/n] ' >&2
    read -r reply || reply=n
    case $reply in
      '' | [yY] | [yY][eE][sS]) ;;
      *) stop 'Nothing was installed or started.' ;;
    esac
  fi
}

start_engine() {
  if [ -d /run/systemd/system ]; then
    systemctl start docker || true
  else
    # Cut off from this shell and its terminal, so that the engine outlives both.
    setsid dockerd >>"$log" 2>&1 </dev/null &
  fi
  tries=0
  until answers; do
    tries=$((tries + 1))
    if [ "$tries" -ge 60 ]; then
      if [ -r "$log" ]; then tail -n 5 "$log" >&2; fi
      stop "dockerd was started, but does not answer after a minute: its log ($log, or journalctl -u docker) says why."
    fi
    sleep 1
  done
}

want_engine() {
  if answers; then return; fi

  find_place
  if [ -n "$place" ]; then
    stop "No Docker engine answers at $place: start that engine, or go back to this machine's own with \"$way_back\"."
  fi
  if ! has docker && [ -S "$socket" ]; then
    stop "There is a Docker engine's socket at $socket, but no docker command: install the Docker client (docker-cli or docker.io on Debian)."
  fi
  if [ -S "$socket" ] && ! [ -w "$socket" ]; then
    stop "This user may not use the Docker engine at $socket: add the user to the group docker (sudo usermod -aG docker $(id -un)) and log in again."
  fi
  if [ "${COMBU_SETUP:-}" = no ]; then
    stop 'No Docker engine answers, and COMBU_SETUP=no forbids to install or start one: start Docker, then run this again.'
  fi
  if ! is_debian; then
    stop 'No Docker engine answers: install and start Docker Engine or Docker Desktop (docs.docker.com/engine/install), then run this again.'
  fi
  if [ "$(id -u)" != 0 ]; then
    stop 'No Docker engine answers, and only root can install and start one: run "sudo scripts/engine.sh" once, then add yourself to the group docker.'
  fi
  if has pgrep && pgrep -x dockerd >/dev/null; then
    stop "dockerd is running, but does not answer at $socket: look at its log, or stop it and run this again."
  fi

  packages=$(missing docker.io iptables busybox-static)
  say 'No Docker engine answers on this machine.'
  if [ -n "$packages" ]; then say "About to install with apt-get:$packages"; fi
  if [ -d /run/systemd/system ]; then
    say 'About to start: the docker service (stop it with: systemctl stop docker)'
  else
    say "About to start: dockerd, log in $log (stop it with: kill \$(cat $pid_file))"
  fi
  agreed

  if [ -n "$packages" ]; then
    install_packages "$packages"
    # Newer releases have the client in a package of its own.
    if ! has docker; then install_packages ' docker-cli'; fi
  fi
  start_engine
  say "The Docker engine answers (version $(docker version --format '{{.Server.Version}}'))."
}

want_test_programs() {
  packages=$(missing busybox-static docker-registry)
  if [ -z "$packages" ]; then return; fi
  if [ "${COMBU_SETUP:-}" = no ]; then
    stop "The tests need$packages, and COMBU_SETUP=no forbids to install: install them, then run this again."
  fi
  if ! is_debian || [ "$(id -u)" != 0 ]; then
    stop "The tests need$packages (Debian's names): install them, then run this again."
  fi
  say "About to install with apt-get, for the tests:$packages"
  agreed
  install_packages "$packages"
  # The tests start registries of their own; the one that the package starts would only hold a port.
  if [ -d /run/systemd/system ]; then systemctl disable --now docker-registry >/dev/null 2>&1 || true; fi
}

case ${1:-} in
  '') want_engine ;;
  --tests)
    want_engine
    want_test_programs
    ;;
  *)
    say "usage: scripts/engine.sh [--tests]"
    exit 2
    ;;
esac
