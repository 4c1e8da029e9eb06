#!/usr/bin/env bash
# tar, cp -a, find and du over live files and their snapshots together: no two are taken for one.
. "$(dirname "$0")/lib.sh"

mkdir "$mnt/tree"
head -c 3000000 /dev/urandom >"$mnt/tree/file"
ln "$mnt/tree/file" "$mnt/tree/link"
ln -s file "$mnt/tree/symbolic"
mkdir "$mnt/.snapshots/first"
mkdir "$mnt/.snapshots/second"
first=$mnt/.snapshots/first
second=$mnt/.snapshots/second

[ "$(find "$mnt/tree" "$first" "$second" -samefile "$mnt/tree/file" | wc -l)" -eq 2 ] ||
  fail "a file of a snapshot is taken for the live one"
[ "$(find "$mnt/tree" "$first" "$second" -samefile "$first/tree/file" | wc -l)" -eq 2 ] ||
  fail "files of two snapshots are taken for one"

# du counts a hard link once, and each snapshot's file by itself.
one=$(du -sk "$mnt/tree" | cut -f1)
three=$(du -skc "$mnt/tree" "$first/tree" "$second/tree" | tail -n 1 | cut -f1)
[ "$three" -ge $((3 * one - 8)) ] || fail "du counts $three KiB for three times $one"

tar -C "$mnt" --format=posix -cf "$work/all.tar" tree .snapshots/first/tree .snapshots/second/tree
[ "$(stat -c %s "$work/all.tar")" -gt 9000000 ] || fail "tar stored a snapshot's file as a link"
mkdir "$work/untarred"
tar -C "$work/untarred" -xpf "$work/all.tar"
same "$mnt/tree" "$work/untarred/tree"
same "$first/tree" "$work/untarred/.snapshots/first/tree"
same_listing "$second/tree" "$work/untarred/.snapshots/second/tree"

mkdir "$mnt/together"
(cd "$mnt" && cp -a --parents tree .snapshots/first/tree .snapshots/second/tree together)
copies=("$mnt/together/tree" "$mnt/together/.snapshots/first/tree" "$mnt/together/.snapshots/second/tree")
for copy in "${copies[@]}"; do
  [ "$(stat -c %h "$copy/file")" -eq 2 ] || fail "cp -a made or lost a hard link in $copy"
  [ "$copy/file" -ef "$copy/link" ] || fail "cp -a linked another file to $copy/link"
  same "$mnt/tree" "$copy"
  same_listing "$mnt/tree" "$copy"
done
[ "$(stat -c %i "${copies[@]/%//file}" | sort -u | wc -l)" -eq 3 ] || fail "cp -a took files of now and then for one"

# A snapshot that was looked into can go at once.
firn snapshot delete data@first
for _ in $(seq 100); do
  firn snapshot list | grep -q first || break
done
firn snapshot list | grep -q first && fail "the snapshot does not go: $(firn snapshot list)"
[ ! -e "$first" ] || fail "a deleted snapshot can still be entered"
same "$second/tree" "$mnt/tree"
