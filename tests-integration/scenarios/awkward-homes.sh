#!/usr/bin/env bash
# Homes that cannot be served: one line that says why and what to do, and nothing is changed.
HOME_DISK_SIZE=100M
. "$(dirname "$0")/lib.sh"

echo precious >"$mnt/precious"
firn snapshot create data --name first >/dev/null

# refused STATUS WHAT COMMAND... : the command fails with this exit status and one line that has WHAT.
refused() {
  local expected=$1 what=$2 status=0
  shift 2
  "$@" >"$work/output" 2>"$work/error" || status=$?
  [ "$status" -eq "$expected" ] || fail "'$*' ended with status $status: $(cat "$work/error")"
  [ "$(wc -l <"$work/error")" -eq 1 ] && grep -qF "$what" "$work/error" || fail "'$*' says: $(cat "$work/error")"
  [ ! -s "$work/output" ] || fail "'$*' prints: $(cat "$work/output")"
}

served_again() {
  firn daemon start >/dev/null
  grep -q precious "$mnt/precious" || fail "the file is lost"
  grep -q precious "$mnt/.snapshots/first/precious" || fail "the snapshot is lost"
  firn volume list | grep -q data || fail "the volume is lost"
  firn daemon stop >/dev/null
}

everything() { (cd "$FIRN_HOME" && find . -type f ! -path './log/*' ! -name lock -exec sha256sum {} + | sort -k 2); }

# A second daemon, while the first one serves.
java=$(readlink -f "/proc/$(daemon_pid)/exe")
jar=$(readlink -f "$(dirname "$(readlink -f "$firn")")/../target/firn.jar")
status=0
"$java" -cp "$jar" dev.firn.daemon.Daemon "$FIRN_HOME" >"$work/output" 2>&1 || status=$?
[ "$status" -eq 4 ] && grep -q "in use by process $(daemon_pid)" "$work/output" || fail "a second daemon: $status $(cat "$work/output")"
grep -q precious "$mnt/precious" || fail "a second daemon harmed the first one"
firn daemon stop >/dev/null

# Of all that follows, nothing may change anything.
everything >"$work/before"

# The disk is mounted read-only, as Linux also does by itself when it fails.
mount -o remount,ro "$disk"
refused 1 'on a disk that is mounted read-only' firn volume list
refused 1 'on a disk that is mounted read-only' firn daemon start
refused 1 'on a disk that is mounted read-only' firn --home "$disk/another" init
refused 3 'no daemon runs' firn daemon status
mount -o remount,rw "$disk"
served_again
everything >"$work/before"

# The catalog is missing, empty, without content, damaged: never a fresh one over the old store.
catalog=$FIRN_HOME/catalog.db
mv "$catalog" "$work/catalog.db"
remedy='firn check --rebuild-catalog'
refused 6 "$remedy" firn volume list
refused 6 "$remedy" firn init
: >"$catalog"
refused 6 "$remedy" firn volume list
[ ! -s "$catalog" ] || fail "a fresh catalog was made"
head -c 20000 /dev/urandom >"$catalog"
refused 6 "$remedy" firn volume list
head -c 6000 "$work/catalog.db" >"$catalog"
refused 6 "$remedy" firn mount data "$mnt"
cp "$work/catalog.db" "$catalog"

# The home is of a newer Firn.
echo 99 >"$FIRN_HOME/format"
refused 1 'made by a newer Firn (format 99; this one knows 1): upgrade Firn' firn volume list
echo 1 >"$FIRN_HOME/format"

rm -f "$catalog-wal" "$catalog-shm"
everything | diff "$work/before" - || fail "something was changed"
served_again
