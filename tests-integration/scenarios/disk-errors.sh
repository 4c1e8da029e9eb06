#!/usr/bin/env bash
# The disk under the home fails while everything is mounted and in use: who waits is told, the volume can be read and
# goes on when it is mounted anew, other volumes do not notice, and nothing that was synced before is lost.
. "$(dirname "$0")/lib.sh"

writes=write,pwrite64,writev,pwritev,pwritev2
syncs=fsync,fdatasync
reads=pread64,preadv,preadv2
log=$FIRN_HOME/log/daemon.log
writers=8
mnt2=$work/mnt2
mkdir "$mnt2"
firn volume create other --size 1G >/dev/null
# Over /dev/fuse alone: with rings the daemon sends itself requests, and strace, which lets go of one thread after the
# other, may wait for one that waits for another that is still stopped.
firn mount other "$mnt2" -o "$mount_options"
mkdir -p "$mnt/dir"
head -c 3M /dev/urandom >"$work/precious"
cp "$work/precious" "$mnt/precious"
for ((i = 0; i < writers; i++)); do
  echo "before" >"$mnt/w$i"
done
sync "$mnt/precious"
firn snapshot create data --name before >/dev/null

# says_once_with STATUS WHAT COMMAND... : the command fails with this exit status and one line that has WHAT.
says_once() { says_once_with 1 "$@"; }
says_once_with() {
  local expected=$1 what=$2 status=0
  shift 2
  "$@" >/dev/null 2>"$work/error" || status=$?
  [ "$status" -eq "$expected" ] || fail "$* ended with status $status: $(cat "$work/error")"
  [ "$(wc -l <"$work/error")" -eq 1 ] && grep -qF "$what" "$work/error" || fail "$* says: $(cat "$work/error")"
}

# All write and sync at once; each notes whether it was told of success.
sync_together() {
  local i pids=()
  for ((i = 0; i < writers; i++)); do
    {
      if head -c 5000 /dev/urandom | dd of="$mnt/w$i" conv=notrunc,fsync iflag=fullblock bs=5000 2>"$work/error-$i"; then
        echo "$i" >>"$work/succeeded"
      fi
    } &
    pids+=($!)
  done
  wait "${pids[@]}"
}

readable() {
  cmp "$work/precious" "$mnt/precious" || fail "reading is broken: $1"
  cmp "$work/precious" "$mnt/.snapshots/before/precious" || fail "the snapshot is broken: $1"
}

# The volume of $mnt cannot be written, and everybody says so.
read_only() {
  readable "$1"
  ! mkdir "$mnt/new" 2>"$work/error" || fail "writing goes on: $1"
  grep -q 'Read-only file system' "$work/error" || fail "another error than EROFS: $(cat "$work/error")"
  ! sync "$mnt/precious" 2>"$work/error" || fail "a sync succeeds that cannot: $1"
  grep -q 'Input/output error' "$work/error" || fail "another error than EIO: $(cat "$work/error")"
  says_once "volume 'data' is read-only since writing failed (Input/output error): see to the disk" \
    firn snapshot create data --name late
  firn volume show data | grep -q "^Problem: .*then unmount the volume and mount it anew" || fail "volume show: $(firn volume show data)"
  firn daemon status 2>&1 >/dev/null | grep -q "volume 'data' is read-only" || fail "daemon status says nothing"
  firn scrub | grep -q 'no damage' || fail "what can be read is not verified: $1"
  ! firn check >"$work/checked" 2>&1 || fail "a volume that is read-only was checked"
  grep -q '^data: .*its files are not checked' "$work/checked" || fail "check says: $(cat "$work/checked")"
  # The other volume goes on.
  head -c 1M /dev/urandom >"$mnt2/$1" && sync "$mnt2/$1" || fail "another volume failed, too"
  firn snapshot create other --name "$1" >/dev/null
}

mounted_anew() {
  says_once "volume 'data' is read-only since writing failed" firn umount "$mnt"
  firn mount data "$mnt" -o "$mount_options"
  works_again "$1"
}

works_again() {
  readable "$1"
  ! [ -e "$mnt/new" ] || fail "what was refused is there: $1"
  echo "$1" >"$mnt/again" && sync "$mnt/again" || fail "writing does not go on: $1"
  firn snapshot create data --name "$1" >/dev/null
  firn scrub | grep -q 'no damage' || fail "there is damage: $1"
}

# A sync fails: nobody who waited is told of success.
failing "$syncs" EIO sync_together
[ ! -e "$work/succeeded" ] || fail "a failed sync was told as success to writers $(cat "$work/succeeded")"
for ((i = 0; i < writers; i++)); do
  grep -qE 'Input/output error|Read-only file system' "$work/error-$i" || fail "writer $i: $(cat "$work/error-$i")"
done
grep -q "volume 'data' is read-only from now on: Input/output error" "$log" || fail "the log has no line"
read_only sync-failed
mounted_anew sync-failed

# A write fails. The daemon is ended in order, says what was lost, and recovers.
! failing "$writes" EIO sync_together || [ ! -e "$work/succeeded" ] || fail "a failed write was told as success"
read_only write-failed
says_once 'not everything could be made durable' firn daemon stop
firn daemon start >/dev/null
works_again write-failed

# A sync fails, and the daemon is killed before anybody sees to it.
failing "$syncs" EIO sync_together
[ ! -e "$work/succeeded" ] || fail "a failed sync was told as success to writers $(cat "$work/succeeded")"
pid=$(daemon_pid)
kill -KILL "$pid"
while kill -0 "$pid" 2>/dev/null; do
  sleep 0.05
done
firn daemon start >/dev/null
works_again killed

# Mounting anew cannot help while a snapshot of the volume is in use, and says so.
mkdir "$work/past"
firn mount data@before "$work/past" -o "$mount_options"
failing "$syncs" EIO sync_together
[ ! -e "$work/succeeded" ] || fail "a failed sync was told as success to writers $(cat "$work/succeeded")"
says_once 'is unmounted, but' firn umount "$mnt"
status=0
firn mount data "$mnt" -o "$mount_options" 2>"$work/error" || status=$?
[ "$status" -eq 4 ] && grep -q "its snapshots are still being read: unmount those" "$work/error" || fail "mount: $(cat "$work/error")"
firn umount "$work/past"
firn mount data "$mnt" -o "$mount_options"
works_again snapshot-in-use

# The disk is full where a write meets it, also in segments that are begun meanwhile: who waits is told so, and all goes
# on as soon as there is space, without mounting anew. What could not be written then is written now.
newest=$(ls "$FIRN_HOME"/store/segments/*/00000001-*.seg | tail -n 1)
number=$((16#$(basename "$newest" .seg | cut -d- -f2)))
failing_segments=("$FIRN_HOME"/store/segments/*/*.seg)
for ((i = 1; i <= 64; i++)); do
  failing_segments+=("$(dirname "$newest")/$(printf '00000001-%08x.seg' $((number + i)))")
done
full_disk() {
  sync_together
  [ ! -e "$work/succeeded" ] || fail "a sync on a full disk was told as success"
  for ((i = 0; i < writers; i++)); do
    grep -q 'No space left on device' "$work/error-$i" || fail "writer $i: $(cat "$work/error-$i")"
  done
  mkdir "$mnt/made on a full disk"
  readable full
  says_once_with 5 'no space left on device' firn snapshot create data --name full
}
failing "$writes" ENOSPC full_disk
failing_segments=()
[ "$(ls "$FIRN_HOME"/store/segments/*/00000001-*.seg | wc -l)" -lt $((number + 3)) ] || fail "empty segments stay"
sync_together
[ "$(wc -l <"$work/succeeded")" -eq "$writers" ] || fail "writing does not go on after a full disk: $(cat "$work"/error-*)"
rm "$work/succeeded"
firn snapshot delete data@full >/dev/null
works_again full
grep -q "volume 'data': the disk is full; changes wait" "$log" || fail "the log says nothing of a full disk"
grep -q "volume 'data': its changes are on the disk again" "$log" || fail "the log does not say that it is over"
pid=$(daemon_pid)
kill -KILL "$pid"
while kill -0 "$pid" 2>/dev/null; do
  sleep 0.05
done
firn daemon start >/dev/null
[ -d "$mnt/made on a full disk" ] || fail "what was done on a full disk is lost"
works_again full-and-killed

# Space cannot be given back: told, and nothing is harmed.
head -c 8M /dev/urandom >"$mnt/doomed"
head -c 1M /dev/urandom >"$mnt/dir/a file"
cp "$mnt/dir/a file" "$work/a file"
sync "$mnt/doomed"
gc_after_deletion() {
  rm "$mnt/doomed"
  sync "$mnt/dir"
  firn gc
}
says_once 'space could not be given back, and nothing was harmed' failing fallocate EIO gc_after_deletion
works_again fallocate-failed
cmp "$work/a file" "$mnt/dir/a file" || fail "a file was harmed"
firn gc | grep -q '^gave back [1-9]' || fail "nothing was given back afterwards"

# The disk does not give bytes back: EIO there and a line in the log, nothing else is concerned.
marker=0123456789abcdef-this-cannot-be-read-now
{ head -c 200000 /dev/urandom; printf %s "$marker"; } >"$mnt/dir/unreadable file"
cp "$mnt/dir/unreadable file" "$work/unreadable"
firn snapshot create data --name newest >/dev/null
# No cache remembers the bytes, and what comes later is in another segment.
firn daemon stop >/dev/null
failing_segments=("$(grep -l "$marker" "$FIRN_HOME"/store/segments/*/*.seg)")
firn daemon start >/dev/null
cp "$work/precious" "$mnt/new file"
# What leads to the file is remembered from here on.
stat "$mnt/dir/unreadable file" "$mnt/.snapshots/newest/dir/unreadable file" >/dev/null
read_often() {
  local times
  for times in 1 2 3; do
    ! cat "$mnt/dir/unreadable file" >/dev/null 2>"$work/error" || fail "what cannot be read was read"
    grep -qi 'input/output error' "$work/error" || fail "another error than EIO: $(cat "$work/error")"
    ! cat "$mnt/.snapshots/newest/dir/unreadable file" >/dev/null 2>&1 || fail "what cannot be read was read in a snapshot"
  done
  cmp "$work/precious" "$mnt/new file" || fail "another file cannot be read"
  echo more >>"$mnt/new file"
  sync "$mnt/new file" || fail "reading has failed, and writing, too"
}
failing "$reads" EIO read_often
told() {
  grep "bytes from 0 on of '/dir/unreadable file' of $1 cannot be read: .*Input/output error" "$log" | wc -l
}
[ "$(told "volume 'data'")" -eq 1 ] || fail "the log does not say, once, what cannot be read"
[ "$(told "snapshot 'data@newest'")" -eq 1 ] || fail "the log does not say, once, what cannot be read in a snapshot"
cmp "$work/unreadable" "$mnt/dir/unreadable file" || fail "it cannot be read afterwards"
works_again read-failed
