#!/usr/bin/env bash
# A scrub that is interrupted, by its user or since the daemon ends, goes on where it was when it is started again, and
# says so; --restart begins anew.
. "$(dirname "$0")/lib.sh"

state=$FIRN_HOME/scrub.state
mkdir "$mnt/many"
head -c 24M /dev/urandom | (cd "$mnt/many" && split -b 6000 -a 4)
sync "$mnt/many"
no_state() { [ ! -e "$state" ]; }
has_state() { [ -s "$state" ]; }
goes_on() {
  firn scrub >"$work/output" 2>"$work/error" || fail "scrub: $(cat "$work/error")"
  grep -q '^firn: continuing at .* of about .*, where the last scrub was interrupted on .* (--restart begins anew)$' "$work/error" ||
    fail "scrub does not say that it goes on: $(cat "$work/error")"
  grep -q 'verified: no damage' "$work/output" || fail "scrub says: $(cat "$work/output")"
  no_state || fail "a scrub that has ended can be continued"
}
begins_anew() {
  firn scrub "$@" >"$work/output" 2>"$work/error" || fail "scrub: $(cat "$work/error")"
  [ ! -s "$work/error" ] || fail "scrub says: $(cat "$work/error")"
  no_state || fail "a scrub that has ended can be continued"
}
begins_anew

# It takes 24 seconds, and its user gives it three.
interrupt_by_user() {
  until has_state; do
    timeout 3 "$firn" scrub --rate 1M >/dev/null 2>&1 && fail "it ended before it was interrupted"
    sleep 2
  done
}
interrupt_by_user
goes_on
begins_anew
interrupt_by_user
begins_anew --restart

# The daemon ends: the scrub fails in one line, and can be continued by the next one.
firn scrub --rate 1M >/dev/null 2>"$work/error" &
scrub=$!
runs_already() { ! firn scrub --rate 1M >/dev/null 2>"$work/second" && grep -q 'runs already' "$work/second"; }
sleep 2
within 30 "the scrub does not begin" runs_already
firn daemon stop >/dev/null
! wait "$scrub" || fail "an interrupted scrub has ended with success"
[ "$(wc -l <"$work/error")" -eq 1 ] || fail "an interrupted scrub says: $(cat "$work/error")"
has_state || fail "it cannot be continued"
goes_on

# What is left of a state that is damaged is no reason to fail, nor to believe it.
interrupt_by_user
head -c 100 /dev/urandom >"$state"
begins_anew
