#!/usr/bin/env bash
# An import goes on where it was when its pipe broke, its daemon was killed, or its daemon was stopped.
. "$(dirname "$0")/lib.sh"

there() { FIRN_DAEMON_OPTS=-Dfirn.import.keepMillis=0 "$firn" --home "$work/there" "$@"; }
take_both_away() {
  local status=$?
  set +e
  exec 9>&-
  there daemon stop >/dev/null 2>&1
  (exit $status)
  take_away
}
trap take_both_away EXIT

# came FILE BYTES WORD : the first so many bytes of the package come through a pipe, of which something is kept; then the daemon gets the
# signal, or the pipe ends. $status is how the import ended.
came() {
  local before
  before=$(kept)
  rm -f pipe
  mkfifo pipe
  there import - --resume <pipe >told.txt 2>&1 &
  local importer=$!
  exec 9>pipe
  head -c "$2" "$1" >&9
  within 60 "nothing more is kept than $before" is_kept_beyond "$before"
  [ "$3" = EOF ] || kill "-$3" "$(cat there/lock)"
  exec 9>&-
  status=0
  wait $importer || status=$?
}
kept() { ls there/imports 2>/dev/null || true; }
is_kept_beyond() { [ -n "$(kept)" ] && [ "$(kept)" != "$1" ]; }

cd "$work"
mkdir "$mnt/tree"
cp -a /usr/share/zoneinfo "$mnt/tree/"
for i in 1 2 3 4 5 6; do
  head -c 20M /dev/urandom >"$mnt/tree/random-$i"
done
ln "$mnt/tree/random-1" "$mnt/tree/zz-hard"
firn snapshot create data --name one >/dev/null
firn export data@one data.firn
bytes=$(stat -c %s data.firn)
there daemon start >/dev/null

came data.firn $((bytes / 4)) EOF
[ $status -eq 6 ] || fail "a pipe that ended gave status $status: $(cat told.txt)"
grep -q -- '--resume' told.txt || fail "it does not say how to go on: $(cat told.txt)"
came data.firn $((bytes / 2)) KILL
[ $status -ne 0 ] || fail "an import without its daemon succeeded"
came data.firn $((bytes * 3 / 4)) TERM
[ $status -ne 0 ] || fail "an import whose daemon was stopped succeeded"
[ -z "$(there snapshot list --json | grep snap- || true)" ] || fail "a snapshot that is not whole is there"
there check >/dev/null

# The beginning is not needed any more: what is wrong there is not seen.
cp data.firn rest.firn
dd if=/dev/zero of=rest.firn bs=1M seek=2 count=1 conv=notrunc status=none
there import rest.firn --resume >/dev/null
[ -z "$(kept)" ] || fail "something is kept of what is done"
there check >/dev/null
mkdir original copy
firn mount data@one original
there mount one copy
same original copy
same_listing original copy
firn umount original
there umount copy

# So does an import of what has changed.
rm "$mnt"/tree/random-[1-3]
mv "$mnt/tree/zoneinfo" "$mnt/moved"
for i in 4 5 7; do
  head -c 20M /dev/urandom | dd of="$mnt/tree/random-$i" bs=1M seek=1 conv=notrunc status=none
done
firn snapshot create data --name two >/dev/null
firn export data@two change.firn --base data@one
changed=$(stat -c %s change.firn)
came change.firn $((changed / 2)) KILL
came change.firn $((changed * 3 / 4)) EOF
there check >/dev/null
there import change.firn --resume >/dev/null
[ -z "$(kept)" ] || fail "something is kept of what is done"
there check >/dev/null
firn mount data@two original
there mount two copy
same original copy
same_listing original copy
firn umount original
there umount copy

there snapshot delete two one
came data.firn $((bytes / 2)) EOF
[ "$(there import --discard)" -eq 1 ] || fail "not discarded"
[ -z "$(kept)" ] || fail "something is kept of what was discarded"
