#!/usr/bin/env bash
# Space of deleted files, snapshots and volumes comes back to the disk by itself, while mounted and busy; a disk that was
# full of Firn's own data goes on without a restart.
HOME_DISK_SIZE=300M
. "$(dirname "$0")/lib.sh"

used_mib() { echo $(($(store_kib) / 1024)); }

gc_leaves_less_than() { firn gc >/dev/null && store_below "$1"; }
store_below() { [ "$(used_mib)" -lt "$1" ]; }

head -c 5M /dev/urandom >"$work/precious"
cp "$work/precious" "$mnt/precious"
sync "$mnt/precious"

# The disk fills up with files.
if head -c 400M /dev/urandom >"$mnt/flood" 2>"$work/error"; then
  fail "400 MB fit on a disk of 300 MB"
fi
grep -qi 'no space left' "$work/error" || fail "another error than 'no space left': $(cat "$work/error")"
firn snapshot create data --name full >/dev/null || fail "a snapshot of a full disk"
rm "$mnt/flood"
sleep 2
store_below 200 && fail "the space of what a snapshot has was given back"
! head -c 100M /dev/urandom >"$mnt/more" 2>/dev/null || fail "there is space where there should be none"
rm -f "$mnt/more"

# The snapshot goes, and with it the file; a writer is at work meanwhile.
rmdir "$mnt/.snapshots/full"
wrote=0
until store_below 60; do
  # Until there is space, that may fail.
  echo "$wrote" 2>/dev/null >"$mnt/busy" && wrote=$((wrote + 1)) || true
  [ "$SECONDS" -lt 60 ] || fail "the space of a deleted snapshot did not come back; the store has $(used_mib) MiB"
done
head -c 100M /dev/urandom >"$mnt/more" && sync "$mnt/more" || fail "writing does not go on"
cmp "$work/precious" "$mnt/precious" || fail "something else went, too"

# Deleting and writing over, many times what the disk holds.
write_over() { head -c 100M /dev/urandom >"$mnt/more" && sync "$mnt/more"; }
for round in 1 2 3 4 5 6; do
  within 60 "there was no space for round $round" write_over
done
rm "$mnt/more"
firn gc | grep -q '^gave back' || fail "firn gc says nothing"
within 20 "firn gc left too much" gc_leaves_less_than 30

# A clone keeps what it shares, also when the volume it comes from goes.
head -c 40M /dev/urandom >"$mnt/shared"
sha256sum <"$mnt/shared" >"$work/sum"
firn snapshot create data --name base >/dev/null
firn volume create clone --from data@base >/dev/null
firn umount "$mnt"
firn snapshot delete data@base >/dev/null
firn volume delete data >/dev/null
firn gc >/dev/null
firn mount clone "$mnt"
sha256sum -c --status "$work/sum" <"$mnt/shared" || fail "the clone lost what it shared"
cmp "$work/precious" "$mnt/precious" || fail "the clone lost a file"
rm "$mnt/shared" "$mnt/precious"
# The kernel forgets files a little after they are gone.
within 20 "the last user is gone" gc_leaves_less_than 5
