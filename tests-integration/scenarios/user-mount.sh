#!/usr/bin/env bash
# A user who is not root mounts, writes, takes a snapshot and unmounts, through fusermount3.
if [ "${1:-}" != as-user ]; then
  set -euo pipefail
  if [ "$(id -u)" -ne 0 ]; then
    exec bash "$0" as-user
  fi
  # Everywhere else users may open the device; where only root may, let them for the time of this test.
  mode=$(stat -c %a /dev/fuse)
  place=$(mktemp -d /var/tmp/firn-user.XXXXXX)
  trap 'chmod "$mode" /dev/fuse; rm -rf "$place"' EXIT
  chmod 666 /dev/fuse || { echo "FAILED: /dev/fuse cannot be opened to users here" >&2; exit 1; }
  chown nobody "$place"
  # The launcher's own tree may be closed to others; root's class archives are made by now or not at all.
  "${FIRN_LAUNCHER:-$(dirname "$(readlink -f "$0")")/../../scripts/firn}" --version >/dev/null
  HOME=$place FIRN_TEST_HOME=$place/home setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups \
    bash "$0" as-user
  exit
fi
. "$(dirname "$0")/lib.sh"

grep -q "^firn:data $mnt fuse.firn .*user_id=$(id -u)," /proc/mounts || fail "not mounted as this user: $(grep firn /proc/mounts)"
[ "$(stat -c %u "$mnt")" -eq "$(id -u)" ] || fail "the root belongs to somebody else"
echo before >"$mnt/file"
mkdir "$mnt/.snapshots/first"
echo after >"$mnt/file"
[ "$(cat "$mnt/.snapshots/first/file")" = before ] || fail "the snapshot is wrong"
[ "$(cat "$mnt/file")" = after ] || fail "the file is wrong"
chown 0 "$mnt/file" 2>/dev/null && fail "a user gave a file away"
if firn mount data@first "$work" 2>"$work/refused.txt"; then
  fail "mounted over a directory that is not empty"
fi
firn umount "$mnt"
firn mount data@first "$mnt"
[ "$(cat "$mnt/file")" = before ] || fail "the mounted snapshot is wrong"
firn umount "$mnt"
grep -q " $mnt " /proc/mounts && fail "still mounted"
true
