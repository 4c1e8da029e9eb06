#!/usr/bin/env bash
# A quota ends the home's growth while the disk has room, which nobody sees before a write fails: errors that say so;
# reading goes on; deleting files and snapshots needs nobody's help, and brings the space back.
HOME_DISK_SIZE=600M
HOME_DISK_QUOTA=100M
. "$(dirname "$0")/lib.sh"

head -c 20M /dev/urandom >"$work/precious"
cp "$work/precious" "$mnt/precious"
sync "$mnt/precious"
firn snapshot create data --name first >/dev/null
if { head -c 200M /dev/urandom >"$mnt/flood" && sync "$mnt/flood"; } 2>"$work/error"; then
  fail "200 MB fit into a quota of 100 MB"
fi
grep -qi 'no space left' "$work/error" || fail "another error than 'no space left': $(cat "$work/error")"
! { cp "$work/precious" "$mnt/more" && sync "$mnt/more"; } 2>/dev/null || fail "writing works beyond the quota"
cmp "$work/precious" "$mnt/precious" || fail "reading is broken"
[ "$(stat -f -c %a "$disk")" -gt 50000 ] || fail "it is the disk that is full: the test proves nothing"

rm -f "$mnt/flood" "$mnt/more"
firn snapshot delete data@first || fail "deleting a snapshot needs room"
goes_on() { cp "$work/precious" "$mnt/second" && sync "$mnt/second"; }
within 60 "writing does not go on after files were deleted" goes_on
firn snapshot create data --name second >/dev/null
firn daemon stop >/dev/null
firn daemon start >/dev/null
cmp "$work/precious" "$mnt/precious" || fail "what was synced is lost"
cmp "$work/precious" "$mnt/.snapshots/second/second" || fail "what was written afterwards is lost"
firn check >/dev/null || fail "firn check found something"
