#!/bin/sh
# Makes small base images out of this machine's own programs, for where no image registry can be reached.
#
#   scripts/base-image.sh busybox    combu-example/busybox:1   busybox, with a link for each of its commands
#   scripts/base-image.sh node       combu-example/node:20     the same, with this machine's node and GNU make
#
# Each is a tar of the programs with the shared libraries that ldd names, given to `docker import`. Needs Linux
# and a statically linked busybox (Debian: busybox-static). An image that is already there is left as it is.
set -eu

stop() { printf '%s\n' "$*" >&2; exit 1; }

# Prints a program's own path and those of the shared libraries that it loads.
files_of() {
  program=$(readlink -f "$(command -v "$1")") || stop "This image needs the program $1: install it, then run this again."
  printf '%s\n' "$program"
  # Fails for a statically linked program, which has none.
  ldd "$program" 2>/dev/null | sed -n -e 's/.*=> \(\/[^ ]*\) .*/\1/p' -e 's/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p'
}

# Puts a program below $root at /usr/bin, and its libraries where the loader expects them.
add_program() {
  name=$1
  files_of "$name" >"$root.files"
  {
    read -r program
    cp "$program" "$root/usr/bin/$name"
    while read -r library; do
      mkdir -p "$root$(dirname "$library")"
      cp -L "$library" "$root$library"
    done
  } <"$root.files"
}

make_root() {
  mkdir -p "$root/usr/bin" "$root/bin" "$root/sbin" "$root/etc" "$root/root" "$root/proc" "$root/sys" "$root/dev" "$root/run" "$root/var"
  mkdir -m 1777 "$root/tmp"
  ln -s /tmp "$root/var/tmp"
  busybox=$(command -v busybox) || stop 'This image needs a statically linked busybox: install it (Debian: busybox-static), then run this again.'
  if ldd "$busybox" >/dev/null 2>&1; then
    stop "$busybox is not statically linked: install busybox-static, then run this again."
  fi
  cp "$(readlink -f "$busybox")" "$root/bin/busybox"
  "$busybox" --list | while read -r applet; do
    case $applet in busybox) ;; *) ln -s /bin/busybox "$root/bin/$applet" ;; esac
  done
  # Scripts begin with #!/usr/bin/env.
  ln -s /bin/busybox "$root/usr/bin/env"
  printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/tmp:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
}

import() {
  tar -C "$root" --owner=0 --group=0 -c . | docker import \
    --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    --change 'WORKDIR /' --change 'CMD ["sh"]' - "$1" >/dev/null
  printf 'Made the image %s from the programs of this machine.\n' "$1" >&2
}

case ${1:-} in
  busybox) image=combu-example/busybox:1 ;;
  node) image=combu-example/node:20 ;;
  *)
    printf 'usage: scripts/base-image.sh busybox|node\n' >&2
    exit 2
    ;;
esac

if docker image inspect "$image" >/dev/null 2>&1; then exit 0; fi
if [ "$(uname -s)" != Linux ]; then
  stop "Only Linux programs can be put into $image: pull an image instead, or run this on Linux."
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
make_root
if [ "$1" = node ]; then
  add_program node
  add_program make
fi
import "$image"
