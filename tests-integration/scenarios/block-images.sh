#!/usr/bin/env bash
# Disk images, both ways: raw and qcow2, plain and compressed. Holes stay holes, qemu-img finds nothing to say, and a hostile
# image makes Firn read no other file. The files of a filesystem volume come out as an ext4 image.
. "$(dirname "$0")/lib.sh"

firn volume create db --kind block --size 96M >/dev/null
mkdir "$work/db"
firn mount db "$work/db"
raw=$work/db/disk.raw
mkfs.ext4 -q "$raw"
dd if=/dev/urandom of="$raw" bs=64k seek=700 count=300 conv=notrunc status=none
dd if=/usr/bin/bash of="$raw" bs=4k seek=3000 conv=notrunc status=none
firn snapshot create db --name s >/dev/null
frozen=$work/db/.snapshots/s/disk.raw

for format in raw qcow2 raw.gz qcow2.gz; do
  firn export db@s "$work/db.$format"
done
firn export db@s - --format raw | cmp - "$frozen" || fail "raw on a pipe is something else"
firn export db@s - --format qcow2 >"$work/piped.qcow2"
cmp "$work/piped.qcow2" "$work/db.qcow2" || fail "qcow2 on a pipe is something else"
# shown COMMAND : what a terminal shows while a command line runs, a state of its progress in each line.
shown() { script -qec "stty cols 120; $1" /dev/null </dev/null | tr '\r' '\n' >"$work/shown.txt"; }
shown "'$firn' export db@s - --format raw.gz >'$work/piped.raw.gz'"
cmp "$work/piped.raw.gz" "$work/db.raw.gz" || fail "raw.gz on a pipe is something else"
grep -Eq 'Exporting +[0-9]{1,2}% .* MiB \(0:[0-9:]+ / 0:[0-9:]+\)' "$work/shown.txt" || fail "no progress of a pipe is shown: $(cat "$work/shown.txt")"
grep -q 'Exporting 100%' "$work/shown.txt" || fail "progress of a pipe does not end: $(cat "$work/shown.txt")"
gzip -dc "$work/db.raw.gz" | cmp - "$frozen" || fail "raw.gz is something else"
gzip -dc "$work/db.qcow2.gz" | cmp - "$work/db.qcow2" || fail "qcow2.gz is something else"
cmp "$work/db.raw" "$frozen" || fail "raw is something else"
# holes_kept FILE FORMAT : a file takes what the disk does, and what blocks of 1 MiB that are not all zeros round up to.
blocks=$(stat -c %b "$frozen")
holes_kept() { [ "$(stat -c %b "$1")" -le $((blocks + 10000)) ] || fail "$2 has lost its holes: $(stat -c %b "$1") blocks, not $blocks"; }
[ "$blocks" -lt 60000 ] || fail "the disk has no holes: $blocks of 196608 blocks"
for format in raw qcow2 raw.gz qcow2.gz; do
  holes_kept "$work/db.$format" "$format"
done
qemu-img check -q "$work/db.qcow2" || fail "qemu-img check"
qemu-img compare -q -f raw -F qcow2 "$frozen" "$work/db.qcow2" || fail "qemu-img compare"
[ "$(ls -A "$work" | grep -c partial)" -eq 0 ] || fail "something was left behind: $(ls -A "$work")"
status=0
firn export db@s "$work/db.raw" 2>/dev/null || status=$?
[ $status -eq 4 ] || fail "a file was replaced without --force"

# Whoever can write beside an image has it written to no other file.
for format in raw raw.gz; do
  echo precious >"$work/precious"
  ln -s "$work/precious" "$work/.linked.$format.image.partial"
  firn export db@s "$work/linked.$format"
  [ "$(cat "$work/precious")" = precious ] || fail "$format was written to where a link led"
done

# Back in: the same disk, the same holes.
mkdir "$work/imported"
for format in raw qcow2 raw.gz qcow2.gz; do
  id=$(firn import "$work/db.$format" --name "from-$format")
  firn mount "$id" "$work/imported"
  cmp "$work/imported/disk.raw" "$frozen" || fail "an imported $format is something else"
  holes_kept "$work/imported/disk.raw" "an imported $format"
  firn umount "$work/imported"
done
id=$(firn import - <"$work/db.qcow2")
firn --json snapshot show "$id" | grep -q '"kind" : "block"' || fail "an imported image is no disk"
firn volume create again --from from-qcow2 >/dev/null
mkdir "$work/again"
firn mount again "$work/again"
cmp "$work/again/disk.raw" "$frozen" || fail "a volume from an imported image is something else"
holes_kept "$work/again/disk.raw" "a volume from an imported image"
# Compressed clusters, odd sizes, larger disks.
qemu-img convert -c -f raw -O qcow2 "$frozen" "$work/packed.qcow2"
id=$(firn import "$work/packed.qcow2")
firn export "$id" - --format raw | cmp - "$frozen" || fail "an imported compressed qcow2 is something else"
head -c 1500001 /usr/bin/bash >"$work/odd.img" && truncate -s 1500001 "$work/odd.img"
id=$(firn import "$work/odd.img")
firn --json snapshot show "$id" | grep -q '"sizeBytes" : 1500160' || fail "an odd disk has another size: $(firn --json snapshot show "$id")"
firn export "$id" - --format raw | cmp -n 1500001 - "$work/odd.img" || fail "an odd disk is something else"
id=$(firn import "$work/db.qcow2" --size 512M)
firn --json snapshot show "$id" | grep -q '"sizeBytes" : 536870912' || fail "no larger disk"

# expect_refused STATUS WORDS ARGUMENTS... : and nothing is left.
before=$(firn --json snapshot list | grep -c '"id"')
expect_refused() {
  local status=0 wanted=$1 words=$2
  shift 2
  firn import "$@" >/dev/null 2>"$work/error" || status=$?
  [ $status -eq "$wanted" ] || fail "import $* ended with $status: $(cat "$work/error")"
  grep -q "$words" "$work/error" || fail "import $*: $(cat "$work/error")"
  [ "$(firn --json snapshot list | grep -c '"id"')" -eq "$before" ] || fail "import $* left a snapshot"
  [ -z "$(ls -A "$FIRN_HOME/tmp" "$FIRN_HOME/mounts" | grep -v -e '^/' -e '^$')" ] || fail "import $* left files"
}
expect_refused 5 'does not fit' "$work/db.qcow2" --size 64M
expect_refused 5 'more than' "$work/db.raw" --size 64M
echo 'nobody shall read this' >"$work/secret"
truncate -s 64M "$work/secret"
qemu-img create -q -f qcow2 -b "$work/secret" -F raw "$work/overlay.qcow2"
expect_refused 6 'overlay' "$work/overlay.qcow2"
qemu-img create -q -f qcow2 -o "data_file=$work/data.raw,data_file_raw=on" "$work/external.qcow2" 64M
expect_refused 6 'another file' "$work/external.qcow2"
qemu-img create -q -f qcow2 "$work/empty.qcow2" 64M
printf '\377\377\377\377\377\377\377\377' | dd of="$work/empty.qcow2" bs=1 seek=24 conv=notrunc status=none
expect_refused 6 'hostile' "$work/empty.qcow2"
expect_refused 6 'not a qcow2' "$work/db.raw" --format qcow2
head -c 3000000 "$work/db.qcow2" >"$work/cut.qcow2"
expect_refused 6 'damaged' "$work/cut.qcow2"
head -c 3000000 "$work/db.qcow2.gz" >"$work/cut.qcow2.gz"
expect_refused 6 'cut short' "$work/cut.qcow2.gz"
: >"$work/nothing.raw"
expect_refused 6 'empty' "$work/nothing.raw"
# Bombs: no more of an image is copied than a disk of what its header declares can have, and nothing if that does not fit.
qemu-img create -q -f qcow2 "$work/small.qcow2" 64M
(cat "$work/small.qcow2" && head -c 256M /dev/zero) | gzip -1 >"$work/bomb.qcow2.gz"
mount -t tmpfs -o size=140m none "$FIRN_HOME/tmp"
expect_refused 6 'more bytes than an image' "$work/bomb.qcow2.gz"
expect_refused 6 'more bytes than an image' "$work/bomb.qcow2.gz" --size 1T
mount -o remount,size=4k "$FIRN_HOME/tmp"
expect_refused 5 'does not fit' "$work/bomb.qcow2.gz" --size 32M
umount "$FIRN_HOME/tmp"
head -c 256M /dev/zero | tr '\0' a | gzip >"$work/run.gz"
cat "$work"/run.gz{,,,,,,,} >"$work/bomb.raw.gz"
expect_refused 6 'say with --size' "$work/bomb.raw.gz"
# Zeros are no bomb: they become holes.
head -c 256M /dev/zero | gzip >"$work/zeros.gz"
cat "$work"/zeros.gz{,,,,,,,} >"$work/empty.raw.gz"
firn import "$work/empty.raw.gz" --name empty
# One that is meant comes in when its size is said; a terminal shows how much, how fast, and how long it takes.
shown "'$firn' import '$work/bomb.raw.gz' --size 2G --name meant"
grep -Eq 'Importing +[0-9]{1,2}% .* MiB \(0:[0-9:]+ / 0:[0-9:]+\) +[0-9.]+ MiB/s' "$work/shown.txt" || fail "no progress is shown: $(cat "$work/shown.txt")"
grep -q 'Importing 100%' "$work/shown.txt" || fail "progress does not end: $(cat "$work/shown.txt")"
firn --json snapshot show meant | grep -q '"sizeBytes" : 2147483648' || fail "a disk of one letter has another size"

# A raw disk that begins like a qcow2 image is what it is.
firn volume create trick --kind block --size 64M >/dev/null
mkdir "$work/trick"
firn mount trick "$work/trick"
dd if="$work/overlay.qcow2" of="$work/trick/disk.raw" conv=notrunc status=none
firn snapshot create trick --name s >/dev/null
firn export trick@s "$work/trick.qcow2"
! grep -qa 'nobody shall read' "$work/trick.qcow2" || fail "another file was read"
qemu-img compare -q -f raw -F qcow2 "$work/trick/disk.raw" "$work/trick.qcow2" || fail "the disk in a disk is something else"

# A package keeps the kind.
firn export db@s "$work/db.firn"
id=$(firn import "$work/db.firn" --name packed)
firn export "$id" - --format raw | cmp - "$frozen" || fail "an imported package is something else"
firn --json snapshot show "$id" | grep -q '"kind" : "block"' || fail "a package has lost its kind"

# Files as an image.
cp -a /usr/share/perl5/Debconf "$mnt/" 2>/dev/null || cp -a /etc/. "$mnt/"
ln -s target "$mnt/link"
echo text >"$mnt/file" && ln "$mnt/file" "$mnt/second" && chown 7:8 "$mnt/file" && setfattr -n user.name -v value "$mnt/file"
truncate -s 100M "$mnt/sparse"
setfacl -m u:1234:r "$mnt/file" && mkdir "$mnt/kept" && setfacl -d -m g:77:rx "$mnt/kept"
mknod "$mnt/node" c 1 3 && echo text >"$mnt/"$'\xff name\xfe' && touch -d '1999-01-02 03:04:05.123456789' "$mnt/second"
firn snapshot create data --name files >/dev/null
# Two at once, of which neither sees the other's.
firn export data@files "$work/files.raw" &
firn export trick@s "$work/again.qcow2" || fail "an image beside another was not made"
wait $! || fail "an image beside another was not made"
cmp "$work/again.qcow2" "$work/trick.qcow2" || fail "an image made beside another is something else"
firn export data@files "$work/files.qcow2"
e2fsck -fn "$work/files.raw" >/dev/null 2>&1 || fail "the ext4 image is not clean"
qemu-img check -q "$work/files.qcow2" || fail "the ext4 image as qcow2"
mkdir "$work/image"
mount -o loop,ro "$work/files.raw" "$work/image"
mkdir "$work/expected"
cp -a "$mnt/." "$work/expected/"
rmdir "$work/expected/.snapshots" 2>/dev/null || true
mkdir -p "$work/expected/lost+found"
same "$work/expected" "$work/image"
[ "$(stat -c '%u %g %h' "$work/image/file")" = "7 8 2" ] || fail "an owner is lost"
getfattr -n user.name "$work/image/file" 2>/dev/null | grep -q value || fail "an attribute is lost"
for each in file kept; do
  diff <(cd "$mnt" && getfacl -n "$each") <(cd "$work/image" && getfacl -n "$each") || fail "an access list is lost"
done
[ "$(stat -c '%F %t %T' "$work/image/node")" = "character special file 1 3" ] || fail "a device node is lost"
[ -f "$work/image/"$'\xff name\xfe' ] || fail "a name of other bytes than UTF-8's is lost"
# mke2fs keeps whole seconds.
[ "$(stat -c %Y "$work/image/file")" = "$(stat -c %Y "$mnt/file")" ] || fail "a time is lost"
umount "$work/image"
