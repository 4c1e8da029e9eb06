#!/usr/bin/env bash
# A bit flips on the disk: it is found at reading and by firn scrub, told with volume, path and offset, never returned as
# data, never put into a package; everything else can be read.
. "$(dirname "$0")/lib.sh"

marker=0123456789abcdef-this-is-where-the-bit-flips
mkdir -p "$mnt/dir/deeper"
{ head -c 300000 /dev/urandom; printf %s "$marker"; head -c 100000 /dev/urandom; } >"$work/whole"
cp "$work/whole" "$mnt/dir/deeper/rotten file"
head -c 2M /dev/urandom >"$mnt/sound"
cp "$mnt/sound" "$work/sound"
firn snapshot create data --name before >/dev/null
firn scrub | grep -q 'no damage' || fail "scrub finds damage where there is none"

# Closed, so that no cache remembers the bytes.
firn umount "$mnt"
firn daemon stop >/dev/null
segment=$(grep -l "$marker" "$FIRN_HOME"/store/segments/*/*.seg)
at=$(grep -obUaF "$marker" "$segment" | head -n 1 | cut -d: -f1)
[ -n "$at" ] || fail "the marker is not in the store"
printf '\001' | dd of="$segment" bs=1 seek="$at" conv=notrunc status=none
firn mount data "$mnt"

! cat "$mnt/dir/deeper/rotten file" >"$work/read" 2>"$work/error" || fail "damaged bytes were read without an error"
grep -qi 'input/output error' "$work/error" || fail "another error than EIO: $(cat "$work/error")"
! grep -qaF "${marker:1}" "$work/read" || fail "damaged bytes were returned"
cmp "$work/sound" "$mnt/sound" || fail "a sound file cannot be read"
# The log says where, once.
! cat "$mnt/dir/deeper/rotten file" >/dev/null 2>&1 || fail "the second read gave something"
told() { grep "cannot be read: record at" "$FIRN_HOME/log/daemon.log" | grep -F " bytes from 262144 on of '/dir/deeper/rotten file' of $1 "; }
told "volume 'data'" | wc -l | grep -qx 1 || fail "the log does not say, once, what cannot be read"
! cat "$mnt/.snapshots/before/dir/deeper/rotten file" >/dev/null 2>&1 || fail "damaged bytes were read in a snapshot"
told "snapshot 'data@before'" | wc -l | grep -qx 1 || fail "the log does not say what cannot be read in a snapshot"
# What lies before the damage can be read.
head -c 131072 "$mnt/dir/deeper/rotten file" | wc -c | grep -qx 131072 || fail "sound parts of the file cannot be read"

status=0
firn scrub >"$work/found" 2>"$work/error" || status=$?
[ "$status" -eq 6 ] || fail "scrub ended with status $status: $(cat "$work/found" "$work/error")"
grep -q '^data\(@before\)\? /dir/deeper/rotten file [0-9]* bytes from 262144 on: ' "$work/found" || fail "scrub says: $(cat "$work/found")"
[ "$(wc -l <"$work/found")" -eq 1 ] || fail "scrub finds more than there is: $(cat "$work/found")"
{ firn --json scrub 2>/dev/null || true; } | grep -q '"path":"/dir/deeper/rotten file"' || fail "scrub --json does not say where"

status=0
firn export data@before "$work/package.firn" 2>"$work/error" || status=$?
[ "$status" -eq 6 ] || fail "export of damaged bytes ended with status $status: $(cat "$work/error")"
[ ! -e "$work/package.firn" ] || fail "a part of a package was left behind"

# Space is given back all the same, and the damage goes with the file and its snapshot.
rm "$mnt/dir/deeper/rotten file"
firn snapshot delete data@before >/dev/null
sync "$mnt/sound"
firn gc >/dev/null
firn scrub | grep -q 'no damage' || fail "damage stays that nothing refers to"
