#!/usr/bin/env bash
# cp inside a volume, and out of a snapshot, shares bytes: the home does not grow.
VOLUME_SIZE=8G
. "$(dirname "$0")/lib.sh"


head -c 268435456 /dev/urandom >"$mnt/original"
mkdir "$mnt/.snapshots/first"
before=$(store_kib)
for i in 1 2 3 4 5; do
  cp "$mnt/original" "$mnt/copy-$i"
done
cp "$mnt/.snapshots/first/original" "$mnt/restored"
cp -a "$mnt/.snapshots/first/original" "$mnt/archived"
sync "$mnt/original"
after=$(store_kib)
# 1.8 GB of copies; a tenth of one copy is what their block maps may take.
[ $((after - before)) -lt 26000 ] || fail "copies took $((after - before)) KiB of the disk"
for each in "$mnt"/copy-? "$mnt/restored" "$mnt/archived"; do
  cmp "$mnt/original" "$each"
done

# A copy is one's own: changing it changes nothing else.
printf 'changed' | dd of="$mnt/copy-1" bs=1 seek=1000000 conv=notrunc status=none
rm "$mnt/original"
cmp "$mnt/copy-2" "$mnt/.snapshots/first/original"
[ "$(cmp "$mnt/copy-1" "$mnt/copy-2" 2>&1 | grep -c differ)" -eq 1 ] || fail "the change is not in the copy"
firn umount "$mnt"
firn mount data "$mnt"
cmp "$mnt/copy-2" "$mnt/restored"
