#!/usr/bin/env bash
# A daemon that hangs: "firn umount --force" gives an error to the programs that wait for it. A daemon that was killed:
# the next command brings its mounts back. Over both ways.
. "$(dirname "$0")/lib.sh"

ways=(io_uring=off)
if [ "$(cat /sys/module/fuse/parameters/enable_uring 2>/dev/null)" = Y ]; then
  ways+=(io_uring=on)
else
  echo "NOT TESTED over io_uring: the kernel does not offer it" >&2
fi

echo kept >"$mnt/file"
sync "$mnt/file"
for way in "${ways[@]}"; do
  firn umount "$mnt"
  firn mount data "$mnt" -o "$way"

  hang "$mnt/file"
  timeout 30 "$firn" umount --force "$mnt" 2>"$work/warning" || fail "umount --force: $(cat "$work/warning")"
  ! grep -q " $mnt " /proc/mounts || fail "a mount that was cut off is there"
  [ "$(grep -c "^firn: warning: .*kill -KILL $hanging\$" "$work/warning")" -eq 1 ] || fail "umount --force says: $(cat "$work/warning")"
  # Over io_uring the thread of the daemon that the request goes to has to run once more, or to end.
  [ "$way" = io_uring=on ] || reader_fails "after umount --force over /dev/fuse"
  kill_hanging
  [ "$way" = io_uring=off ] || reader_fails "after umount --force over io_uring and the daemon's end"
  # The daemon had not heard of that: what was mounted is mounted again.
  firn volume show data >/dev/null
  [ "$(timeout 30 cat "$mnt/file")" = kept ] || fail "the mount does not come back over $way"

  hang "$mnt/file"
  kill_hanging
  reader_fails "for a daemon that was killed, over $way"
  ! timeout 30 cat "$mnt/file" 2>"$work/error" || fail "a dead mount can be read"
  grep -q 'Transport endpoint is not connected' "$work/error" || fail "another error: $(cat "$work/error")"
  firn volume show data >/dev/null
  [ "$(timeout 30 cat "$mnt/file")" = kept ] || fail "a dead mount is not cleared over $way"
  [ "$(grep -c " $mnt " /proc/mounts)" -eq 1 ] || fail "a dead mount is left below the new one"
done
