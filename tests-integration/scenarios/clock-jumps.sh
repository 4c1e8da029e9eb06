#!/usr/bin/env bash
# The clock of a running daemon jumps back by twenty years, and that of the next daemon forward again: order, names and
# waiting do not depend on it.
. "$(dirname "$0")/lib.sh"

firn umount "$mnt"
firn daemon stop >/dev/null
library=$(ls /usr/lib/*/faketime/libfaketime.so.1)

# The daemon reads how far its clock is off from a file. How long it has waited it asks another clock, as always.
echo '+3650d' >"$work/clock"
LD_PRELOAD=$library FAKETIME_TIMESTAMP_FILE=$work/clock FAKETIME_CACHE_DURATION=1 FAKETIME_DONT_FAKE_MONOTONIC=1 \
  DONT_FAKE_MONOTONIC=1 "$firn" daemon start >/dev/null
firn mount data "$mnt"

year_of() { firn --json snapshot show "$1" | sed -n 's/.*"createdAt" *: *"\([0-9]*\)-.*/\1/p'; }
take() {
  echo "$1" >"$mnt/file"
  firn snapshot create data --name "$1" >/dev/null
}

this_year=$(date +%Y)
take future
[ "$(year_of data@future)" -gt $((this_year + 8)) ] || fail "the daemon's clock is $(year_of data@future)"
echo '-3650d' >"$work/clock"
in_the_past() {
  firn snapshot create data --name probe >/dev/null
  local year
  year=$(year_of data@probe)
  firn snapshot delete data@probe >/dev/null
  [ "$year" -lt $((this_year - 8)) ]
}
within 60 "the daemon's clock does not go back" in_the_past
take past
order() { firn --json snapshot list --volume data | grep -o '"name" *: *"[a-z]*"' | grep -o '[a-z]*"$' | tr -d '"' | xargs; }
[ "$(order)" = "future past" ] || fail "the order is $(order)"
firn snapshot show data@last | grep -q '^Name: *past$' || fail "@last is $(firn snapshot show data@last)"
firn snapshot show data@-2 | grep -q '^Name: *future$' || fail "@-2 is $(firn snapshot show data@-2)"
grep -q past "$mnt/.snapshots/past/file" && grep -q future "$mnt/.snapshots/future/file" || fail "a snapshot is wrong"

# What nobody synced is durable five seconds later; a clock that is behind must not put that off.
mkdir "$mnt/not synced"
sleep 5
pid=$(daemon_pid)
kill -KILL "$pid"
while kill -0 "$pid" 2>/dev/null; do
  sleep 0.05
done
firn daemon start >/dev/null
[ -d "$mnt/not synced" ] || fail "nothing was committed by itself while the clock was behind"
take present
[ "$(order)" = "future past present" ] || fail "the order is $(order)"
firn snapshot show data@last | grep -q '^Name: *present$' || fail "@last is $(firn snapshot show data@last)"
firn diff data@past data@present | grep -q '^M file$' || fail "diff says: $(firn diff data@past data@present)"
firn umount "$mnt"
firn rollback data data@future >/dev/null
firn mount data "$mnt"
grep -q future "$mnt/file" || fail "going back went elsewhere"
rmdir "$mnt/.snapshots/past"
firn gc >/dev/null
firn scrub | grep -q 'no damage' || fail "there is damage"
