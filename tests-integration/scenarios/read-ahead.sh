#!/usr/bin/env bash
# The system reads ahead in a mount as far as it does on the disk under the home, and as much as one request carries at least.
HOME_DISK_SIZE=100M
. "$(dirname "$0")/lib.sh"
device=$(findmnt -no SOURCE "$disk")
before=$(blockdev --getra "$device")
put_back() {
  local status=$?
  blockdev --setra "$before" "$device" || true
  (exit $status)
  take_away
}
trap put_back EXIT

read_ahead_becomes() {
  firn umount "$mnt"
  blockdev --setra $((2 * $1)) "$device"
  firn mount data "$mnt"
  local kib
  kib=$(cat "/sys/class/bdi/$(mountpoint -d "$mnt")/read_ahead_kb")
  [ "$kib" -eq "$2" ] || fail "$kib KiB are read ahead where the disk has $1"
}
read_ahead_becomes 128 1024
read_ahead_becomes 4096 4096
read_ahead_becomes 65536 16384
