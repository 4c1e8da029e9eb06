#!/usr/bin/env bash
# The system makes the disk under the home read-only while a volume is mounted, as ext4 does after an error: everything
# written before can be read, who writes is told, and with the disk mounted anew all goes on.
HOME_DISK_SIZE=200M
. "$(dirname "$0")/lib.sh"

head -c 8M /dev/urandom >"$work/first"
head -c 8M /dev/urandom >"$work/second"
cp "$work/first" "$mnt/first"
# Each start of the daemon begins a segment of its own, and remembers no bytes.
firn daemon stop >/dev/null
firn daemon start >/dev/null
cp "$work/second" "$mnt/second"
firn snapshot create data --name before >/dev/null
firn daemon stop >/dev/null
firn daemon start >/dev/null
echo early >"$mnt/early" && sync "$mnt/early"
pid=$(daemon_pid)
is_open() { [ -n "$(find "/proc/$pid/fd" -lname "$1" 2>/dev/null)" ]; }
long_segments=($(find "$FIRN_HOME"/store/segments -name '*.seg' -size +7M | sort))
[ ${#long_segments[@]} -eq 2 ] || fail "the test proves nothing: long segments are ${long_segments[*]}"
! is_open "${long_segments[0]}" || fail "the test proves nothing: ${long_segments[0]} is open"
is_open "${long_segments[1]}" || fail "the test proves nothing: ${long_segments[1]} is not open"

# What is open cannot be written any more, and, as older kernels have it, nothing can be opened to be written.
mount -o remount,abort "$disk"
mount --bind "$disk" "$disk"
mount -o remount,bind,ro "$disk"
! (exec 3<>"$FIRN_HOME/lock") 2>/dev/null || fail "the disk can be written: the test proves nothing"
# Reads that the system does not split fetch several records in one call.
same_bytes() { dd if="$2" bs=1M iflag=direct status=none | cmp "$1" - && cmp "$1" "$2"; }
readable() {
  same_bytes "$work/first" "$mnt/first" || fail "what is in a segment that nobody had open cannot be read: $1"
  same_bytes "$work/second" "$mnt/second" || fail "what is in an open segment cannot be read: $1"
  same_bytes "$work/first" "$mnt/.snapshots/before/first" || fail "the snapshot cannot be read: $1"
}
readable "before a write"
! { echo new >"$mnt/new" && sync "$mnt/new"; } 2>/dev/null || fail "a sync succeeds that cannot"
! mkdir "$mnt/dir" 2>"$work/error" || fail "writing goes on"
grep -q 'Read-only file system' "$work/error" || fail "another error than EROFS: $(cat "$work/error")"
readable "after a write"

firn daemon stop >/dev/null 2>&1 || true
within 30 "the daemon does not end" eval "! kill -0 $pid"
unmount "$disk"
unmount "$disk"
mount -o loop "$work/disk.img" "$disk"
firn daemon start >/dev/null
readable "on the disk mounted anew"
echo new >"$mnt/new" && sync "$mnt/new" || fail "writing does not go on"
firn check >/dev/null || fail "firn check found something"
