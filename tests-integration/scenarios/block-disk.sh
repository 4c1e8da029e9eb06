#!/usr/bin/env bash
# A block volume as a disk: with ext4 and xfs on it, a workload, and the daemon killed in its midst; what was forced is
# there afterwards, and the checkers find nothing. A snapshot taken in between mounts, too. Space that is discarded comes back.
. "$(dirname "$0")/lib.sh"

# work_on DIR : makes files, forces each, and then notes it; beside that it makes some that are never forced. Until something fails.
work_on() {
  local i=0
  : >"$work/forced"
  (while cp -a /usr/share/perl5/. "$1/unforced" && rm -r "$1/unforced"; do :; done) 2>/dev/null &
  local other=$!
  while dd if=/dev/urandom of="$1/file-$i" bs=$((RANDOM % 30000 + 1)) count=2 conv=fsync status=none 2>/dev/null; do
    (cd "$1" && sha256sum "file-$i") >>"$work/forced" 2>/dev/null || break
    i=$((i + 1))
    if [ $((i % 7)) -eq 0 ]; then rm -f "$1/file-$((i - 5))" && sed -i "/ file-$((i - 5))\$/d" "$work/forced"; fi
  done
  kill $other 2>/dev/null || true
}

forced_files() { [ "$(wc -l <"$work/forced" 2>/dev/null || echo 0)" -ge "$1" ]; }

dead() { ! kill -0 "$1"; }

# crash_with FSTYPE CHECKER... : the whole story on one file system.
crash_with() {
  local type=$1 device worker
  shift
  mkdir -p "$work/$type"
  firn volume create "$type" --kind block --size 1G >/dev/null
  device=$(firn attach "$type" --fs "$type" --at "$work/$type")
  [ "$(findmnt -no FSTYPE "$work/$type")" = "$type" ] || fail "no $type is mounted"
  work_on "$work/$type" &
  worker=$!
  within 30 "the workload on $type does not go on" forced_files 20
  firn snapshot create "$type" --name between >/dev/null
  cp "$work/forced" "$work/forced-between-$type"
  within 30 "the workload on $type does not go on" forced_files 50
  kill -9 "$(daemon_pid)"
  wait $worker 2>/dev/null || true
  # A killed daemon's device gives errors, and goes with the next daemon.
  ! dd if="$device" of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null || fail "a dead device can be read"
  firn daemon start >/dev/null
  device=$(firn --json volume show "$type" | sed -n 's/.*"device" : "\(.*\)".*/\1/p')
  [ -b "$device" ] || fail "$type is not attached again: $(firn daemon status)"
  (cd "$work/$type" && sha256sum --quiet -c "$work/forced") || fail "files on $type that were forced are not what they were"
  firn detach "$type"
  ! mountpoint -q "$work/$type" || fail "$type is still mounted"
  device=$(firn attach "$type")
  "$@" "$device" >"$work/check.txt" 2>&1 || fail "$type: $(cat "$work/check.txt")"
  firn detach "$device"
  [ ! -e "/sys/block/${device#/dev/}/loop" ] || fail "$device is still there"
}

crash_with ext4 e2fsck -fn
crash_with xfs xfs_repair -n

# The snapshot of the middle: its journal is replayed on a volume made from it.
firn volume create copy --from ext4@between >/dev/null
mkdir "$work/copy"
device=$(firn attach copy --at "$work/copy")
# What was noted by then was forced before the snapshot was asked for; some of it may have been deleted since.
(cd "$work/copy" && sha256sum --quiet --ignore-missing -c "$work/forced-between-ext4") || fail "the snapshot has other files"
[ "$(find "$work/copy" -name 'file-*' | wc -l)" -ge 12 ] || fail "the snapshot lacks files"
# expect STATUS COMMAND... : of what is wrong to ask for.
expect() {
  local status=0
  firn "${@:2}" >/dev/null 2>"$work/error" || status=$?
  [ $status -eq "$1" ] || fail "firn ${*:2} ended with status $status instead of $1: $(cat "$work/error")"
}
expect 2 attach data
expect 4 attach copy
expect 4 mount copy "$work/xfs"
expect 3 detach xfs
# A device in use is not taken away, neither is its daemon.
cd "$work/copy"
expect 4 daemon stop
expect 4 detach copy
cd /
[ -b "$device" ] && mountpoint -q "$work/copy" || fail "a stop that was refused took something away"
firn detach copy
e2fsck -fn "$(firn attach copy)" >"$work/check.txt" 2>&1 || fail "the snapshot: $(cat "$work/check.txt")"

# Larger while it is in use; the file system follows.
firn detach copy
device=$(firn attach copy --at "$work/copy")
firn volume resize copy 2G
[ "$(blockdev --getsize64 "$device")" -eq 2147483648 ] || fail "the device did not grow"
if ! resize2fs "$device" >"$work/check.txt" 2>&1; then
  # ext4 grows in use only for those with CAP_SYS_RESOURCE, which root has not everywhere.
  grep -q 'Permission denied to resize' "$work/check.txt" || fail "resize2fs: $(cat "$work/check.txt")"
  echo "*** NOT TESTED: growing ext4 while it is mounted needs CAP_SYS_RESOURCE; it grows unmounted instead" >&2
  firn detach copy
  device=$(firn attach copy)
  e2fsck -fp "$device" >"$work/check.txt" 2>&1 || fail "the disk that grew: $(cat "$work/check.txt")"
  resize2fs "$device" >"$work/check.txt" 2>&1 || fail "resize2fs: $(cat "$work/check.txt")"
  firn detach copy
  device=$(firn attach copy --at "$work/copy")
fi
[ "$(df --output=size -B1M "$work/copy" | tail -n 1)" -gt 1800 ] || fail "ext4 did not grow"

# Deleted files give their space back, through ext4's discard, and down to the disk below.
allocated() { stat -c '%b' "$FIRN_HOME/mounts"/*/disk.raw; }
before=$(allocated)
firn gc >/dev/null
store_before=$(store_kib)
dd if=/dev/urandom of="$work/copy/large" bs=1M count=100 conv=fsync status=none
[ $(($(allocated) - before)) -ge 200000 ] || fail "100 MB are not in the store: $before, $(allocated)"
[ $(($(store_kib) - store_before)) -ge 100000 ] || fail "100 MB take no space: $store_before, $(store_kib)"
rm "$work/copy/large"
sync -f "$work/copy"
given_back() { [ $(($(allocated) - before)) -lt 20000 ]; }
within 20 "what was deleted is still there: $before, $(allocated)" given_back
given_to_disk() { firn gc >/dev/null && [ $(($(store_kib) - store_before)) -lt 20000 ]; }
within 20 "what was deleted still takes space: $store_before, $(store_kib)" given_to_disk
firn detach copy

firn check >"$work/check.txt" || fail "check: $(cat "$work/check.txt")"
firn volume delete copy
firn snapshot delete ext4@between >/dev/null
