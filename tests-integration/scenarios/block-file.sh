#!/usr/bin/env bash
# A block volume's disk.raw as a file: fixed in size and name, for dd, losetup, fio and the QEMU tools.
. "$(dirname "$0")/lib.sh"

firn volume create db --kind block --size 64M >/dev/null
mkdir "$work/db"
firn mount db "$work/db"
raw=$work/db/disk.raw
[ "$(ls "$work/db")" = disk.raw ] || fail "there is more than disk.raw"
[ "$(stat -c '%s %b' "$raw")" = "67108864 0" ] || fail "not a sparse disk: $(stat "$raw")"

refused() { ! "$@" 2>"$work/error" || fail "done: $*"; grep -q 'not permitted' "$work/error" || fail "$*: $(cat "$work/error")"; }
refused touch "$work/db/other"
refused mkdir "$work/db/other"
refused rm -f "$raw"
refused mv "$raw" "$work/db/other"
refused ln "$raw" "$work/db/other"
refused truncate -s 1G "$raw"
refused dd if=/dev/zero of="$raw" count=1 status=none
# Behind the end there is no space, and who writes learns it at once.
! dd if=/dev/zero of="$raw" bs=1M seek=64 count=1 conv=notrunc status=none 2>"$work/error" || fail "wrote behind the end"
grep -q 'No space left' "$work/error" || fail "behind the end: $(cat "$work/error")"
[ "$(stat -c %s "$raw")" -eq 67108864 ] || fail "the disk grew"
chmod 640 "$raw"

# Random sizes and places, also of many at a time, also past all caches, all verified.
for how in "--direct=1 --ioengine=libaio --iodepth=16" "--direct=0 --ioengine=psync"; do
  # shellcheck disable=SC2086 # options are words
  fio --name=verify --verify_state_save=0 --filename="$raw" --size=48M --rw=randwrite --bsrange=512-256k --blockalign=512 \
    --verify=crc32c --verify_fatal=1 --do_verify=1 --randseed="${FIRN_SEED:-7}" --fsync=50 \
    --output="$work/fio.txt" $how || fail "fio: $(tail -n 20 "$work/fio.txt")"
done

# A frozen disk stays what it was.
digest=$(sha256sum <"$raw")
mkdir "$work/db/.snapshots/one"
dd if=/dev/urandom of="$raw" bs=4k seek=100 count=1000 conv=notrunc status=none
[ "$(sha256sum <"$work/db/.snapshots/one/disk.raw")" = "$digest" ] || fail "the frozen disk changed"
[ "$(sha256sum <"$raw")" != "$digest" ] || fail "the disk did not change"
[ "$(firn diff --blocks db@one db)" = "409600 4096000" ] || fail "other blocks differ: $(firn diff --blocks db@one db)"
[ "$(firn diff db@one db)" = "M disk.raw" ] || fail "other files differ: $(firn diff db@one db)"

# QEMU's tools read and write it.
qemu-img info -f raw "$raw" | grep -q '64 MiB' || fail "qemu-img info"
qemu-io -f raw -c 'write -P 0xab 1M 3M' -c flush "$raw" >"$work/qemu.txt" || fail "qemu-io: $(cat "$work/qemu.txt")"
before=$(stat -c %b "$raw")
qemu-io -f raw -c 'discard 2M 1M' -c flush "$raw" >"$work/qemu.txt" || fail "qemu-io: $(cat "$work/qemu.txt")"
[ "$(stat -c %b "$raw")" -eq $((before - 2048)) ] || fail "a discard of 2048 blocks left $(stat -c %b "$raw") of $before"
qemu-io -f raw -c 'write -z 3M 512k' -c flush "$raw" >"$work/qemu.txt" || fail "qemu-io: $(cat "$work/qemu.txt")"
qemu-io -r -f raw -c 'read -P 0xab 1M 1M' -c 'read -P 0 2M 1536k' -c 'read -P 0xab 3584k 512k' "$raw" >"$work/qemu.txt" || fail "qemu-io: $(cat "$work/qemu.txt")"
! grep -q 'Pattern verification failed' "$work/qemu.txt" || fail "qemu-io read something else: $(cat "$work/qemu.txt")"
qemu-img create -q -f qcow2 "$work/other.qcow2" 64M
qemu-io -c 'write -P 0x11 5M 5M' "$work/other.qcow2" >/dev/null
qemu-img convert -n -O raw "$work/other.qcow2" "$raw"
qemu-img compare -F raw "$work/other.qcow2" "$raw" >/dev/null || fail "qemu-img convert wrote something else"

# A loop device of one's own, on top.
device=$(losetup --find --show "$raw")
mkfs.ext4 -q "$device"
losetup -d "$device"
e2fsck -fn "$raw" >/dev/null 2>&1 || fail "a file system made through a loop device is not clean"

# Larger while it is mounted; back to the snapshot when it is not.
firn volume resize db 128M
[ "$(stat -c %s "$raw")" -eq 134217728 ] || fail "the file did not grow"
! firn volume resize db 32M 2>/dev/null || fail "a disk shrank"
firn umount "$work/db"
firn rollback db db@one >/dev/null
firn mount db "$work/db"
[ "$(head -c 64M "$raw" | sha256sum)" = "$digest" ] || fail "the rollback gave something else"
firn check >"$work/check.txt" || fail "check: $(cat "$work/check.txt")"

# The daemon dies while a program writes: what it forced is there.
dd if=/dev/urandom of="$work/forced" bs=64k count=40 status=none
dd if="$work/forced" of="$raw" bs=64k seek=200 conv=notrunc,fsync status=none
(while dd if=/dev/urandom of="$raw" bs=4k seek=$((RANDOM % 2000)) count=10 conv=notrunc status=none 2>/dev/null; do :; done) &
sleep 0.5
kill -9 "$(daemon_pid)"
wait
firn daemon start >/dev/null
cmp -n $((40 * 65536)) "$work/forced" <(tail -c +$((200 * 65536 + 1)) "$raw") || fail "what was forced is gone"
firn check >"$work/check.txt" || fail "check after the crash: $(cat "$work/check.txt")"
