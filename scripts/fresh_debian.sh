#!/bin/sh
# A fresh clone on a fresh Debian: makes a bare system in a folder, clones the
# committed tree into it, and runs commands there, which install what they need.
#   scripts/fresh_debian.sh [--mirror URL] [--folder DIR] SUITE [COMMAND]...
# SUITE: bookworm (Debian 12), trixie (Debian 13), ... COMMAND: by default
# 'make demo' and 'make test'. --mirror: by default the one that this machine's
# apt uses. --folder: made, kept, and used again; without it everything is in a
# temporary folder that is removed. Needs root, debootstrap, git and 8 GB.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)

fail() {
  echo "fresh_debian.sh: $*" >&2
  exit 1
}

mirror= folder=
while [ $# -gt 0 ]; do
  case $1 in
    --mirror) mirror=${2:?--mirror needs a URL} && shift 2 ;;
    --folder) folder=${2:?--folder needs a folder} && shift 2 ;;
    -*) fail "unknown option '$1'; the head of $0 says what there is" ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || fail "which suite: bookworm, trixie?"
suite=$1
shift
[ $# -gt 0 ] || set -- 'make demo' 'make test'

[ "$(id -u)" = 0 ] || fail "only root can make a system in a folder"
for tool in debootstrap git unshare chroot; do
  command -v $tool >/dev/null || fail "there is no $tool"
done
if [ -z "$mirror" ]; then
  mirror=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 2>/dev/null |
    sed -n 's/^Debian \(https\{0,1\}:.*\)/\1/p' | head -1)
  [ -n "$mirror" ] || fail "this machine's apt names no Debian mirror: --mirror"
fi
proxy=
eval "$(apt-config shell proxy Acquire::http::Proxy 2>/dev/null || true)"
[ -z "$proxy" ] || export http_proxy="$proxy" https_proxy="$proxy"

# ---- The system ----

if [ -z "$folder" ]; then
  folder=$(mktemp -d "${TMPDIR:-/tmp}/fresh_debian.XXXXXX")
  trap 'rm -rf --one-file-system "$folder"' EXIT
fi
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
log=$folder/debootstrap.log
if ! [ -e "$folder/.complete" ]; then
  echo "Making $suite in $folder from $mirror"
  debootstrap --variant=minbase "$suite" "$folder" "$mirror" >"$log" 2>&1 ||
    fail "debootstrap failed: $(tail -3 "$log")"
  : >"$folder/.complete"
fi
cp /etc/resolv.conf "$folder/etc/resolv.conf"
[ -z "$proxy" ] || echo "Acquire::http::Proxy \"$proxy\";" \
  >"$folder/etc/apt/apt.conf.d/proxy"
rm -rf "$folder/root/svertka"
git clone -q --no-hardlinks "$top" "$folder/root/svertka"

# ---- In it; the mounts end with the process ----

run() {
  unshare --mount --fork sh -c '
    mount --make-rprivate /
    mount -t proc proc "$0/proc"
    mkdir -p "$0/dev/shm" && mount -t tmpfs tmpfs "$0/dev/shm"
    exec chroot "$0" /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 \
      PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
      DEBIAN_FRONTEND=noninteractive sh -c "cd /root/svertka && $1"
  ' "$folder" "$1"
}

# What README.md asks for, and nothing more.
run 'apt-get -q update && apt-get -q -y --no-install-recommends install gcc make git' \
  >"$folder/packages.log" 2>&1 ||
  fail "apt-get failed: $(tail -3 "$folder/packages.log")"

system="Debian $(cat "$folder/etc/debian_version")"
for command; do
  echo "$system: $command"
  run "$command" || fail "$system: '$command' failed"
done
echo "$system: done, at $(git -C "$folder/root/svertka" rev-parse --short HEAD)"
