#!/usr/bin/env bash
# cp inside a volume, and out of a snapshot, shares bytes: the home does not grow.
VOLUME_SIZE=80G
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

# A long file with bytes everywhere: cp takes time, and space, for its map only.
pieces=()
for i in $(seq 40); do
  pieces+=("$mnt/original")
done
cat "${pieces[@]}" >"$mnt/long"
sync "$mnt/long"
[ "$(stat -c %s "$mnt/long")" -eq $((10 << 30)) ] || fail "cat made another file"
mkdir "$mnt/.snapshots/second"
copied() {
  local before after took from
  before=$(store_kib)
  from=$(date +%s%N)
  cp "$1" "$mnt/copied"
  took=$((($(date +%s%N) - from) / 1000000))
  sync "$mnt/copied"
  after=$(store_kib)
  echo "cp of 10 GiB $2 took $took ms and $((after - before)) KiB of the disk"
  [ $((after - before)) -lt 100000 ] || fail "a copy of 10 GiB $2 took $((after - before)) KiB of the disk"
  for at in 0 $(((10 << 30) - (1 << 20))); do
    cmp -i "$at" -n 1M "$1" "$mnt/copied" || fail "a copy of 10 GiB $2 has other bytes"
  done
  rm "$mnt/copied"
}
copied "$mnt/long" 'in the volume'
copied "$mnt/.snapshots/second/long" 'out of a snapshot'
rm "$mnt/long"

# A copy is one's own: changing it changes nothing else.
printf 'changed' | dd of="$mnt/copy-1" bs=1 seek=1000000 conv=notrunc status=none
rm "$mnt/original"
cmp "$mnt/copy-2" "$mnt/.snapshots/first/original"
[ "$(cmp "$mnt/copy-1" "$mnt/copy-2" 2>&1 | grep -c differ)" -eq 1 ] || fail "the change is not in the copy"
firn umount "$mnt"
firn mount data "$mnt"
cmp "$mnt/copy-2" "$mnt/restored"
