#!/usr/bin/env bash
# The disk under the home fills up: an error that says so, reading and deleting go on, nothing is lost.
HOME_DISK_SIZE=200M
. "$(dirname "$0")/lib.sh"

head -c 5M /dev/urandom >"$work/precious"
cp "$work/precious" "$mnt/precious"
touch "$mnt/more"
sync "$mnt/precious"
head -c 100M /dev/zero >"$disk/foreign"
if head -c 300M /dev/urandom >"$mnt/flood" 2>"$work/error"; then
  fail "300 MB fit on a disk of 200 MB"
fi
grep -qi 'no space left' "$work/error" || fail "another error than 'no space left': $(cat "$work/error")"
# Of what the kernel took into its cache, and there is no space for, fsync(2) and close(2) tell.
for last in conv=notrunc,fsync conv=notrunc; do
  ! dd if=/dev/urandom of="$mnt/more" bs=1M count=20 $last 2>"$work/error" || fail "dd $last: 20 MB fit on a full disk"
  grep -qi 'no space left' "$work/error" || fail "dd $last: another error: $(cat "$work/error")"
done
rm "$mnt/more"
[ "$(stat -f -c %a "$disk")" -gt 0 ] || fail "the reserve is gone"

cmp "$work/precious" "$mnt/precious" || fail "reading is broken on a full disk"
firn snapshot create data --name full >/dev/null || fail "a snapshot needs no space"
rm "$mnt/flood"
[ ! -e "$mnt/flood" ] || fail "deleting is broken on a full disk"

# Once there is space again, everything goes on.
rm "$disk/foreign"
head -c 1M /dev/urandom >"$work/second"
cp "$work/second" "$mnt/second"
sync "$mnt/second"

# Somebody else takes all of it, the reserve too.
head -c 200M /dev/zero >"$disk/foreign" 2>/dev/null || true
! cp "$work/precious" "$mnt/third" 2>/dev/null || fail "writing works without any disk"
cmp "$work/precious" "$mnt/precious" || fail "reading is broken without any disk"
rm "$disk/foreign"
# Also for writes that met the full disk in flight that is no end.
cp "$work/precious" "$mnt/fourth" && sync "$mnt/fourth" || fail "writing does not go on"
firn umount "$mnt" || fail "umount failed"
! mountpoint -q "$mnt" || fail "it is still mounted"
firn daemon stop >/dev/null
firn mount data "$mnt"
cmp "$work/precious" "$mnt/precious" || fail "what was synced is lost"
cmp "$work/precious" "$mnt/fourth" || fail "what was written after the disk had been full is lost"
cmp "$work/second" "$mnt/second" || fail "what was synced last is lost"
cmp "$work/precious" "$mnt/.snapshots/full/precious" || fail "the snapshot is damaged"
echo again >"$mnt/again"
sync "$mnt/again"
