#!/usr/bin/env bash
# The disk under the home fills up while an image's disk is written into it: nothing half made is published, and nothing is left.
HOME_DISK_SIZE=400M
. "$(dirname "$0")/lib.sh"

head -c 100M /dev/urandom >"$work/disk.raw"
qemu-img convert -f raw -O qcow2 "$work/disk.raw" "$work/disk.qcow2"
# The image has room in the home, and its bytes once more have not.
free_kib=$(df --output=avail -k "$disk" | tail -n 1)
head -c "$((free_kib - 150 * 1024))K" /dev/zero >"$disk/foreign"

status=0
firn import "$work/disk.qcow2" --name it 2>"$work/error" || status=$?
[ $status -eq 5 ] || fail "the import ended with $status: $(cat "$work/error")"
grep -q 'full' "$work/error" || fail "another error than a full disk: $(cat "$work/error")"
[ "$(firn --json snapshot list | grep -c '"id"')" -eq 0 ] || fail "half a disk was published"
[ -z "$(ls -A "$FIRN_HOME/tmp" "$FIRN_HOME/mounts" | grep -v -e '^/' -e '^$')" ] || fail "files were left"

# With room for both it is whole.
rm "$disk/foreign"
firn import "$work/disk.qcow2" --name it >/dev/null
firn export it - --format raw | cmp - "$work/disk.raw" || fail "the imported disk is something else"
firn check >/dev/null || fail "firn check found something"
