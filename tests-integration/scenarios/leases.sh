#!/usr/bin/env bash
# A snapshot that is mounted, exported, compared or looked into can be deleted: its readers go on, the deletion waits for
# them and says so, and happens when they have left, also when the daemon ends or dies meanwhile.
. "$(dirname "$0")/lib.sh"

mkdir "$mnt/many" "$work/past"
head -c 20M /dev/urandom >"$work/big"
cp "$work/big" "$mnt/big"
long=$(printf 'n%.0s' {1..200})
(cd "$mnt/many" && seq -f "%05g-$long" 1 4000 | xargs touch)
take() { firn snapshot create data --name "$1" >/dev/null; }
for name in mounted exported compared opened stopped killed; do
  take $name
done
# From here on only the snapshots have it.
rm -r "$mnt/big" "$mnt/many"

# waits NAME WHAT : the deletion of a snapshot is under way, and waits for WHAT.
waits() {
  firn snapshot show "data@$1" >"$work/shown"
  grep -q '^State: *deleting$' "$work/shown" || fail "state of $1: $(cat "$work/shown")"
  grep -q "^Waits for: *$2\$" "$work/shown" || fail "$1 waits for: $(cat "$work/shown")"
  firn snapshot list | grep -q " $1 .* deleting, waits for $2 " || fail "snapshot list: $(firn snapshot list)"
  firn gc >/dev/null
}
is_gone() {
  ! firn snapshot show "data@$1" >/dev/null 2>"$work/error" && grep -q 'does not exist' "$work/error"
}
gone() { within 90 "snapshot $1 does not go: $(firn snapshot list)" is_gone "$1"; }

# Mounted. Its name is free at once.
firn mount data@mounted "$work/past"
firn snapshot delete data@mounted >"$work/said"
grep -q "^snap-[0-9a-f]* is deleted as soon as it is not read any more by: the mount at $work/past\$" "$work/said" || fail "delete says: $(cat "$work/said")"
waits mounted "the mount at $work/past"
[ ! -e "$mnt/.snapshots/mounted" ] || fail "the name is still there"
cmp "$work/big" "$work/past/big" || fail "a reader lost its snapshot"
status=0
firn export data@mounted "$work/refused.firn" 2>"$work/error" || status=$?
[ "$status" -eq 4 ] && grep -q 'deleting' "$work/error" || fail "a new reader came to what is being deleted: $(cat "$work/error")"
take mounted
firn snapshot delete data@mounted >/dev/null
firn umount "$work/past"
gone mounted

# Exported, to somebody who takes his time.
mkfifo "$work/pipe"
firn export data@exported - --format tar >"$work/pipe" &
exporter=$!
exec 4<"$work/pipe"
head -c 1000 <&4 >"$work/exported.tar"
firn snapshot delete data@exported >/dev/null
waits exported 'an export'
cat <&4 >>"$work/exported.tar"
exec 4<&-
wait "$exporter" || fail "the export failed"
tar -xOf "$work/exported.tar" --wildcards '*big' | cmp "$work/big" - || fail "the export has other bytes"
gone exported

# Compared.
firn diff data@compared data >"$work/pipe" &
comparer=$!
exec 4<"$work/pipe"
head -c 1000 <&4 >"$work/changes"
firn snapshot delete data@compared >/dev/null
waits compared 'a comparison'
cat <&4 >>"$work/changes"
exec 4<&-
wait "$comparer" || fail "the comparison failed"
[ "$(wc -l <"$work/changes")" -eq 4002 ] || fail "the comparison found $(wc -l <"$work/changes") changes"
gone compared

# Looked into, through the volume's own directory.
exec 4<"$mnt/.snapshots/opened/big"
rmdir "$mnt/.snapshots/opened"
waits opened 'users of .snapshots'
cmp "$work/big" - <&4 || fail "a file was lost that is open"
exec 4<&-
gone opened

# The daemon is stopped meanwhile.
firn mount data@stopped "$work/past"
firn snapshot delete data@stopped >/dev/null
waits stopped "the mount at $work/past"
firn daemon stop >/dev/null
firn daemon start >/dev/null
is_gone stopped || fail "it is still there after a restart: $(firn snapshot list)"
! mountpoint -q "$work/past" || fail "what was deleted was mounted again"

# It dies meanwhile.
firn mount data@killed "$work/past"
firn snapshot delete data@killed >/dev/null
waits killed "the mount at $work/past"
pid=$(daemon_pid)
kill -KILL "$pid"
while kill -0 "$pid" 2>/dev/null; do
  sleep 0.05
done
firn daemon start >/dev/null
is_gone killed || fail "it is still there after a crash: $(firn snapshot list)"
ls "$work/past" >/dev/null || fail "a dead mount stays"
! mountpoint -q "$work/past" || fail "what was deleted was mounted again"

# With the last one the space goes, too.
firn gc >/dev/null
[ "$(store_kib)" -lt 10000 ] || fail "the store has $(store_kib) KiB"
firn scrub | grep -q 'no damage' || fail "there is damage"
