#!/usr/bin/env bash
# What scripts/bench --packages runs: packages beside tar with zstd, and restic, on the same disk. Exit status 1 if Firn is
# slower than it should be: than "tar | zstd -1 -T2" and its reverse; than half of restic's time; than 3 s for 1,000 changed files.
#
# Usage: bench-packages.sh [--quick] [--directory DIR]
#
#   --quick      512 MiB and 100,000 files instead of 5 GiB and 1,000,000
#   --directory  an existing directory on the disk to use (default /var/tmp)
#
# Everything ends with what was written being on the disk. Nothing is dropped from caches: all read the same files, and have read them
# before. On a machine that others use, believe big differences only.
set -euo pipefail
export LC_ALL=C.UTF-8
project=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
. "$project/scripts/lib/packages.sh"

quick=false directory=/var/tmp
while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick=true ;;
    --directory)
      directory=${2:?"--directory needs a value"}
      shift
      ;;
    *)
      echo "bench: unknown option '$1' of --packages" >&2
      exit 2
      ;;
  esac
  shift
done
if $quick; then
  tree_mib=512 files=100000
else
  tree_mib=5120 files=1000000
fi
need_for_running
need restic restic
need zstd zstd
install_needed

work=$(mktemp -d "$directory/firn-bench.XXXXXX")
export FIRN_HOME=$work/home RESTIC_PASSWORD=bench RESTIC_REPOSITORY=$work/restic
firn() { "$project/scripts/firn" "$@"; }

take_away() {
  local status=$?
  trap - EXIT
  cd /
  firn umount "$work/mnt" >/dev/null 2>&1 || true
  firn daemon stop >/dev/null 2>&1 || true
  rm -rf "$work"
  exit $status
}
trap take_away EXIT
trap 'exit 130' INT TERM

# seconds COMMAND... : how long it takes, in $took.
seconds() {
  local start=$EPOCHREALTIME
  "$@" >/dev/null
  took=$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", b - a }')
}

missed=0
# told WHAT FIRN OTHER NAME FACTOR : a line of the table; Firn may take FACTOR times what the other does.
told() {
  local verdict=ok
  if awk -v a="$2" -v b="$3" -v f="$5" 'BEGIN { exit !(a > b * f) }'; then
    verdict=MISSED
    missed=1
  fi
  printf '%-12s %9.2f s   %-22s %9.2f s   %s\n' "$1" "$2" "$4" "$3" "$verdict"
}

echo "making a tree of $tree_mib MiB"
mkdir "$work/tree" "$work/mnt"
# A third of it does not compress, the rest are real files, as often as it takes.
mkdir "$work/tree/media"
for ((i = 0; i < tree_mib / 48; i++)); do
  head -c 16M /dev/urandom >"$work/tree/media/$i.bin"
done
copy=0
while [ "$(du -sm --apparent-size "$work/tree" | cut -f1)" -lt "$tree_mib" ]; do
  mkdir "$work/tree/$copy"
  for each in /usr/share/zoneinfo /usr/share/doc /usr/include /usr/lib/python3* /usr/lib/jvm/*/lib /usr/share/perl* /usr/bin; do
    [ -d "$each" ] || continue
    cp -a "$(readlink -f "$each")" "$work/tree/$copy/" 2>/dev/null || true
    [ "$(du -sm --apparent-size "$work/tree" | cut -f1)" -lt "$tree_mib" ] || break
  done
  copy=$((copy + 1))
done
firn volume create data --size 200G >/dev/null
firn mount data "$work/mnt" -o noacl
cp -a "$work/tree" "$work/mnt/"
firn snapshot create data --name base >/dev/null
sync

with_tar() { tar -C "$work/tree" -cf - . | zstd -q -1 -T2 -o "$work/tree-$1.tar.zst" && sync -f "$work/tree-$1.tar.zst"; }
from_tar() { mkdir "$work/untar-$1" && zstd -qdc "$work/tree-1.tar.zst" | tar -C "$work/untar-$1" -xf - && sync -f "$work/untar-$1"; }
with_restic() { restic -q backup "$work/tree" && sync -f "$work/restic"; }
from_restic() { restic -q restore latest --target "$work/restored" && sync -f "$work/restored"; }

# The first time a JVM runs something it also learns how; the second counts. Nothing is deleted meanwhile: a disk on
# which much was deleted a moment ago is a slow one.
for round in 0 1; do
  seconds firn export data@base "$work/data-$round.firn"
  export_firn=$took
  seconds with_tar "$round"
  export_tar=$took
done
for round in 0 1; do
  seconds firn import "$work/data-$round.firn" --name "copy-$round"
  import_firn=$took
  seconds from_tar "$round"
  import_tar=$took
done
restic -q init
seconds with_restic
backup=$took
seconds from_restic
restore=$took
rm -rf "$work"/untar-* "$work/restored" "$work/restic" "$work"/tree-*.tar.zst

printf '\n%-12s %11s   %-22s %11s\n' '' Firn beside ''
told export "$export_firn" "$export_tar" 'tar | zstd -1 -T2' 1
told import "$import_firn" "$import_tar" 'zstd -d | tar -x' 1
told export "$export_firn" "$backup" 'half of restic backup' 0.5
told import "$import_firn" "$restore" 'half of restic restore' 0.5

echo "making $files files"
perl -e '
  my ($root, $files) = @ARGV;
  for my $d (0 .. $files / 1000 - 1) {
    mkdir "$root/d$d" or die $!;
    for my $f (0 .. 999) { open my $h, ">", "$root/d$d/f$f" or die $!; print $h "$d $f ", "x" x 200; close $h or die $!; }
  }' "$work/mnt" "$files"
firn snapshot create data --name many >/dev/null
perl -e '
  my ($root, $files) = @ARGV;
  srand 1;
  for (1 .. 1000) {
    my ($d, $f) = (int rand $files / 1000, int rand 1000);
    open my $h, ">>", "$root/d$d/f$f" or die $!; print $h "more"; close $h or die $!;
  }' "$work/mnt" "$files"
firn snapshot create data --name changed >/dev/null
firn daemon stop >/dev/null
firn daemon start >/dev/null
seconds firn export data@changed "$work/changed.firn" --base data@many
told incremental "$took" 3 'limit' 1
exit $missed
