#!/usr/bin/env bash
# Snapshots by command and by mkdir, diff, rollback, a volume from a snapshot, packages both ways.
MOUNT_OPTIONS=io_uring=auto
. "$(dirname "$0")/lib.sh"

mkdir "$mnt/d"
echo one >"$mnt/d/file"
echo gone >"$mnt/d/deleted"
echo moved >"$mnt/d/old name"
firn snapshot create data --name first --description 'the first' --tag purpose=test >"$work/id"
grep -Eq '^snap-[0-9a-f]{8}$' "$work/id" || fail "no id alone on a line: $(cat "$work/id")"
echo two >"$mnt/d/file"
rm "$mnt/d/deleted"
mv "$mnt/d/old name" "$mnt/d/new name"
echo new >"$mnt/d/added"
firn diff data@first data >"$work/diff"
for line in 'M d/file' 'D d/deleted' 'A d/added'; do
  grep -qF "$line" "$work/diff" || grep -qE "^${line%% *} +/?${line#* }" "$work/diff" ||
    fail "diff lacks '$line': $(cat "$work/diff")"
done
grep -q '^R' "$work/diff" || fail "diff does not see the rename: $(cat "$work/diff")"
mkdir "$mnt/.snapshots/second"
[ "$(ls "$mnt/.snapshots" | tr '\n' ' ')" = 'first second ' ] || fail "ls of .snapshots: $(ls "$mnt/.snapshots")"
[ "$(cat "$mnt/.snapshots/first/d/file")" = one ] || fail "the past has changed"
! { echo x >"$mnt/.snapshots/first/d/file"; } 2>/dev/null || fail "the past can be written"

mkdir "$work/clone" "$work/past"
firn volume create clone --size 3G --from data@first >/dev/null
firn mount clone "$work/clone"
[ "$(cat "$work/clone/d/file")" = one ] || fail "the clone is not the snapshot"
echo three >"$work/clone/d/file"
[ "$(cat "$mnt/.snapshots/first/d/file")" = one ] || fail "writing to a clone changed the snapshot"
firn mount data@first "$work/past" --read-only
[ "$(cat "$work/past/d/file")" = one ] || fail "the mounted snapshot is another"
! touch "$work/past/x" 2>/dev/null || fail "a mounted snapshot can be written"
firn umount "$work/past"

for format in firn tar tar.gz tar.zst; do
  firn export data@first "$work/first.$format"
  firn import "$work/first.$format" --name "back-${format//./-}" >/dev/null
  firn mount "back-${format//./-}" "$work/past" --read-only
  same_listing "$mnt/.snapshots/first" "$work/past"
  same "$mnt/.snapshots/first" "$work/past"
  firn umount "$work/past"
done
firn export data@first - --format firn >"$work/piped.firn"
cmp "$work/first.firn" "$work/piped.firn" || fail "the same snapshot gave two packages"

firn umount "$mnt"
firn rollback data data@first >/dev/null
firn mount data "$mnt"
[ "$(cat "$mnt/d/file")" = one ] || fail "rollback did not bring the past back"
[ "$(cat "$mnt/.snapshots/second/d/file")" = two ] || fail "rollback lost a newer snapshot"
rmdir "$mnt/.snapshots/second"
firn snapshot list --volume data --json | grep -q '"name" *: *"second"' && fail "rmdir deleted nothing"
firn snapshot delete data@first
[ ! -e "$mnt/.snapshots/first" ] || fail "a deleted snapshot is still there"
[ "$(cat "$work/clone/d/file")" = three ] || fail "the clone died with its snapshot"

# The same through libfuse 2.
firn umount "$mnt"
firn mount data "$mnt" --transport jnr-fuse
echo four >"$mnt/d/file"
sync "$mnt/d/file"
mkdir "$mnt/.snapshots/third"
echo five >"$mnt/d/file"
[ "$(cat "$mnt/.snapshots/third/d/file")" = four ] || fail "jnr-fuse: the past has changed"
[ "$(cat "$mnt/d/file")" = five ] || fail "jnr-fuse: the present is the past"
firn umount "$mnt"
firn mount data@third "$mnt" --transport jnr-fuse
[ "$(cat "$mnt/d/file")" = four ] || fail "jnr-fuse: the mounted snapshot is another"
firn umount "$mnt"
! grep -q " $mnt " /proc/mounts || fail "still mounted"
