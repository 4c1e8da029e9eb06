#!/usr/bin/env bash
# A user who is not root mounts, writes, takes a snapshot and unmounts, through fusermount3, over both ways; and cuts a
# mount off, which needs fusectl.
fusectl=/sys/fs/fuse/connections
if [ "${1:-}" != as-user ]; then
  set -euo pipefail
  if [ "$(id -u)" -ne 0 ]; then
    exec bash "$0" as-user
  fi
  # Everywhere else users may open the device; where only root may, let them for the time of this test.
  mode=$(stat -c %a /dev/fuse)
  place=$(mktemp -d /var/tmp/firn-user.XXXXXX)
  trap 'chmod "$mode" /dev/fuse; rm -rf "$place"' EXIT
  chmod 666 /dev/fuse || { echo "FAILED: /dev/fuse cannot be opened to users here" >&2; exit 1; }
  chown nobody "$place"
  # The launcher's own tree may be closed to others; root's class archives are made by now or not at all.
  "${FIRN_LAUNCHER:-$(dirname "$(readlink -f "$0")")/../../scripts/firn}" --version >/dev/null
  as_user=(setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups bash "$0" as-user)
  export HOME=$place
  # Each in a mount name space of its own, whose end takes everything away.
  unshare --mount bash -euc "! mountpoint -q $fusectl || umount $fusectl; ulimit -l 0"'; "$@"' - "${as_user[@]}"
  unshare --mount bash -euc "mountpoint -q $fusectl || mount -t fusectl none $fusectl"'; "$@"' - "${as_user[@]}"
  exit
fi
. "$(dirname "$0")/lib.sh"
uses() {
  local way=$1
  firn umount "$mnt"
  firn mount data "$mnt" -o "$way"
  grep -q "^firn:data $mnt fuse.firn .*user_id=$(id -u)," /proc/mounts || fail "not mounted as this user: $(grep firn /proc/mounts)"
  [ "$(stat -c %u "$mnt")" -eq "$(id -u)" ] || fail "the root belongs to somebody else"
  echo before >"$mnt/file"
  mkdir "$mnt/.snapshots/first"
  echo after >"$mnt/file"
  [ "$(cat "$mnt/.snapshots/first/file")" = before ] || fail "the snapshot is wrong"
  [ "$(cat "$mnt/file")" = after ] || fail "the file is wrong"
  chown 0 "$mnt/file" 2>/dev/null && fail "a user gave a file away"
  if firn mount data@first "$work" 2>"$work/refused.txt"; then
    fail "mounted over a directory that is not empty"
  fi
  firn umount "$mnt"
  firn mount data@first "$mnt" -o "$way"
  [ "$(cat "$mnt/file")" = before ] || fail "the mounted snapshot is wrong"
  firn umount "$mnt"
  grep -q " $mnt " /proc/mounts && fail "still mounted"
  firn mount data "$mnt" -o "$way"
  rmdir "$mnt/.snapshots/first"
  sync "$mnt/file"
}

# Whoever waits for a daemon that hangs gets an error; where that cannot be done, it is said, and nothing is done.
cuts_off() {
  local way=$1 status=0
  hang "$mnt/file"
  timeout 30 "$firn" umount --force "$mnt" 2>"$work/told.txt" || status=$?
  [ "$(wc -l <"$work/told.txt")" -eq 1 ] || fail "umount --force does not say one line: $(cat "$work/told.txt")"
  if mountpoint -q $fusectl; then
    [ $status -eq 0 ] || fail "umount --force: $(cat "$work/told.txt")"
    ! grep -q " $mnt " /proc/mounts || fail "a mount that was cut off is there"
    [ "$way" = io_uring=on ] || reader_fails "after umount --force"
    grep -q "^firn: warning: .*kill -CONT $hanging" "$work/told.txt" || fail "umount --force says: $(cat "$work/told.txt")"
    kill -CONT "$hanging"
    [ "$way" = io_uring=off ] || reader_fails "after umount --force, and when the daemon goes on"
    within 10 "the daemon does not forget the mount" forgotten
    firn mount data "$mnt" -o "$way"
  else
    [ $status -eq 1 ] || fail "exit status $status where nothing can be done"
    grep -q "as root: mount -t fusectl none $fusectl; .*kill -KILL $hanging\$" "$work/told.txt" || fail "umount --force says: $(cat "$work/told.txt")"
    grep -q " $mnt " /proc/mounts || fail "taken away, while the reader waits"
    waits_for_mount "$reader" || fail "the reader does not wait any more"
    kill_hanging
    reader_fails "for a daemon that was killed"
    firn volume show data >/dev/null
  fi
  [ "$(timeout 30 cat "$mnt/file")" = after ] || fail "the file is lost"
}
forgotten() { ! "$firn" daemon status | grep -q "$mnt"; }

# Without the helper a user cannot mount, and is told what to do.
mkdir "$work/bin"
ln -s /usr/bin/* "$work/bin/"
rm -f "$work"/bin/fusermount*
status=0
PATH=$work/bin firn doctor >"$work/doctor.txt" 2>"$work/told.txt" || status=$?
[ $status -eq 1 ] || fail "the doctor's exit status is $status where mounting is impossible"
grep -q '^firn: .* cannot mount on this machine' "$work/told.txt" || fail "the doctor says: $(cat "$work/told.txt")"
grep -q '^fusermount3  *problem  *not installed  *.*apt-get install fuse3' "$work/doctor.txt" || fail "the doctor: $(cat "$work/doctor.txt")"
firn doctor >"$work/doctor.txt" || fail "the doctor finds a problem where mounts work: $(cat "$work/doctor.txt")"
guards=$(mountpoint -q $fusectl && echo ok || echo note)
grep -q "^killed daemons  *$guards" "$work/doctor.txt" || fail "the doctor says of guards: $(cat "$work/doctor.txt")"

uses io_uring=off
cuts_off io_uring=off
if [ "$(cat /sys/module/fuse/parameters/enable_uring 2>/dev/null)" != Y ]; then
  echo "NOT TESTED over io_uring: the kernel does not offer it" >&2
elif [ "$(ulimit -l)" = 0 ]; then
  # Rings count as locked memory of who is not root.
  firn umount "$mnt"
  status=0
  firn mount data "$mnt" -o io_uring=on 2>"$work/told.txt" || status=$?
  [ $status -eq 1 ] && grep -q 'locked memory (ulimit -l)' "$work/told.txt" || fail "status $status: $(cat "$work/told.txt")"
  firn mount data "$mnt" -o io_uring=auto
  [ "$(cat "$mnt/file")" = after ] || fail "wrong without a ring"
  [ "$(grep -c "$mnt: .*not io_uring: .*locked memory (ulimit -l)" "$FIRN_HOME/log/daemon.log")" -eq 1 ] || fail "falling back is not said once"
else
  uses io_uring=on
  cuts_off io_uring=on
fi
