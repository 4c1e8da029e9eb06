#!/usr/bin/env bash
# What was written more than five seconds before the daemon is killed is there afterwards, without a sync and with the file
# still open.
. "$(dirname "$0")/lib.sh"

exec 3>"$mnt/open"
printf 'kept in the kernel' >&3
mkdir "$mnt/made"
head -c 3M /dev/urandom >"$work/long"
cat "$work/long" >"$mnt/closed"
# Not for luck: this is the promise itself.
sleep 5
printf ', and perhaps this' >&3
kill -9 "$(firn daemon status --json | sed -n 's/.*"pid" : \([0-9]*\).*/\1/p')"
exec 3>&- || true
# Brings the mount back.
firn volume list >/dev/null
grep -q '^kept in the kernel' "$mnt/open" || fail "five seconds were not enough: '$(cat "$mnt/open")'"
[ -d "$mnt/made" ] || fail "a directory is missing"
cmp "$work/long" "$mnt/closed" || fail "a closed file is not whole"
firn check >/dev/null
