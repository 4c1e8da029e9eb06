#!/usr/bin/env bash
# FUSE over io_uring from the outside: used when it is offered, left aside with one line in the log when it is not, and
# gone with the daemon, however that ends. What the machine offers is put back at the end.
parameter=/sys/module/fuse/parameters/enable_uring
forbidden=/proc/sys/kernel/io_uring_disabled
if [ "$(cat $parameter 2>/dev/null)" != Y ]; then
  echo "NOT TESTED: FUSE over io_uring, $parameter is not Y" >&2
  exit 0
fi
MOUNT_OPTIONS=io_uring=auto
. "$(dirname "$0")/lib.sh"
before=$(cat $forbidden)
put_back() {
  local status=$?
  echo Y >$parameter
  echo "$before" >$forbidden
  (exit $status)
  take_away
}
trap put_back EXIT

log=$FIRN_HOME/log/daemon.log
said() { grep -c "$mnt: .*$1" "$log" || true; }
# The threads of the daemon that serve rings of the mount.
ring_threads() { cat "/proc/$(daemon_pid)/task"/*/comm 2>/dev/null | grep -c '^fuse-mnt-ring' || true; }
no_ring_threads() { [ "$(ring_threads)" -eq 0 ]; }

[ "$(ring_threads)" -gt 0 ] || fail "no ring although the kernel offers it"
[ "$(said 'io_uring with')" -eq 1 ] || fail "the log does not say that a ring is used"
firn doctor >"$work/doctor.txt" || fail "the doctor finds a problem where mounts work"
grep -q '^FUSE over io_uring  *ok' "$work/doctor.txt" || fail "the doctor does not see it: $(cat "$work/doctor.txt")"
echo kept >"$mnt/file"

# Nothing to do costs nothing.
ticks() { awk '{ print $14 + $15 }' "/proc/$(daemon_pid)/task/$1/stat"; }
for task in "/proc/$(daemon_pid)/task"/*; do
  if grep -q '^fuse-mnt-ring' "$task/comm"; then
    from=$(ticks "${task##*/}")
    sleep 1
    [ "$(ticks "${task##*/}")" -le $((from + 1)) ] || fail "an idle ring uses the processor"
  fi
done

firn umount "$mnt"
within 10 "threads of a mount that ended are still there" no_ring_threads

# Not offered, or forbidden: /dev/fuse, which the log says once. Asked for: no mount, and one line that says why.
echo N >$parameter
firn mount data "$mnt" -o io_uring=auto
[ "$(cat "$mnt/file")" = kept ] || fail "wrong without a ring"
[ "$(said 'not io_uring: this kernel does not offer it')" -eq 1 ] || fail "falling back is not said once"
firn umount "$mnt"
status=0
firn mount data "$mnt" -o io_uring=on 2>"$work/refused.txt" || status=$?
[ $status -eq 1 ] || fail "exit status $status where io_uring was asked for in vain"
[ "$(wc -l <"$work/refused.txt")" -eq 1 ] || fail "not one line: $(cat "$work/refused.txt")"
grep -q 'firn doctor' "$work/refused.txt" || fail "the way out is not named: $(cat "$work/refused.txt")"
grep -q " $mnt " /proc/mounts && fail "a mount that was refused is there"
status=0
HOME=$work setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups "$firn" doctor --enable-io-uring \
  2>"$work/refused.txt" || status=$?
[ $status -eq 7 ] || fail "exit status $status for a user who may not: $(cat "$work/refused.txt")"
[ "$(cat $parameter)" = N ] || fail "a user has turned it on"
firn doctor --enable-io-uring >"$work/enabled.txt"
[ "$(cat $parameter)" = Y ] || fail "the doctor has not turned it on"
grep -q 'enable_uring=1' "$work/enabled.txt" || fail "not said how to have it for good"
echo 2 >$forbidden
firn mount data "$mnt" -o io_uring=auto
[ "$(cat "$mnt/file")" = kept ] || fail "wrong where rings are forbidden"
[ "$(said 'not io_uring: io_uring is forbidden here')" -eq 1 ] || fail "the reason is not said once"
firn umount "$mnt"
echo "$before" >$forbidden

# Cut off while requests are under way: everybody gets an answer, nothing is left. (Whoever is inside stays inside, and
# does not write into the directory below.)
firn mount data "$mnt" -o io_uring=auto
(cd "$mnt" && while echo more >>log; do :; done) 2>/dev/null &
writer=$!
sleep 0.3
firn umount --force "$mnt"
wait $writer || true
within 10 "threads of a mount that was cut off are still there" no_ring_threads

# Killed while requests are under way.
firn mount data "$mnt" -o io_uring=auto
(cd "$mnt" && while echo more >>log; do :; done) 2>/dev/null &
writer=$!
sleep 0.3
kill -9 "$(daemon_pid)"
wait $writer || true
firn volume show data >/dev/null
[ "$(cat "$mnt/file")" = kept ] || fail "lost when the daemon was killed"
[ "$(ring_threads)" -gt 0 ] || fail "the daemon that came after uses no ring"

# Told to end.
pid=$(daemon_pid)
kill -TERM "$pid"
gone() { ! kill -0 "$pid"; }
within 20 "the daemon does not end" gone
grep -q " $mnt " /proc/mounts && fail "still mounted after SIGTERM"
true
