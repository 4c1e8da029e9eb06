#!/usr/bin/env bash
# cp -a of a real tree into a volume, and out of a snapshot again: nothing may differ.
MOUNT_OPTIONS=io_uring=auto
. "$(dirname "$0")/lib.sh"

source_tree=$work/source
mkdir "$source_tree"
cp -a /usr/share/perl5 /usr/share/perl /usr/share/zoneinfo "$source_tree/" 2>/dev/null || true
[ "$(find "$source_tree" | wc -l)" -gt 500 ] || fail "this machine has no tree to copy"
ln "$(find "$source_tree" -type f | LC_ALL=C sort | head -n 1)" "$source_tree/hard link"
ln -s nowhere "$source_tree/dangling"
mkfifo "$source_tree/fifo"
mknod "$source_tree/null" c 1 3
printf 'x' >"$source_tree/$(printf 'latin1-\351')"
touch -d '1969-06-01 12:00:00.123456789 UTC' "$source_tree/dangling" "$source_tree/hard link"
setfattr -n user.comment -v 'a comment' "$source_tree/hard link"
chmod 4755 "$source_tree/hard link"

cp -a "$source_tree" "$mnt/copy"
same_listing "$source_tree" "$mnt/copy"
same "$source_tree" "$mnt/copy"
[ "$(getfattr --only-values -n user.comment "$mnt/copy/hard link")" = 'a comment' ] || fail "xattr lost"
[ "$(stat -c %i "$mnt/copy/hard link")" = "$(find "$mnt/copy" -samefile "$mnt/copy/hard link" -printf '%i\n' | head -n 1)" ] ||
  fail "hard link is no link"

mkdir "$mnt/.snapshots/first"
rm -rf "$mnt/copy"
[ -z "$(ls -A "$mnt")" ] || fail "something is left: $(ls -A "$mnt")"
same_listing "$source_tree" "$mnt/.snapshots/first/copy"
cp -a "$mnt/.snapshots/first/copy" "$mnt/back"
same_listing "$source_tree" "$mnt/back"
same "$source_tree" "$mnt/back"

tar -C "$mnt/.snapshots/first" --format=posix -cf "$work/first.tar" copy
mkdir "$work/untarred"
tar -C "$work/untarred" -xpf "$work/first.tar"
same_listing "$source_tree" "$work/untarred/copy"
