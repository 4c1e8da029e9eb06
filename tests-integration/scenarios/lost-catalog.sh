#!/usr/bin/env bash
# The catalog is lost, then damaged: the home says so, and is what it was after it was made anew from the store.
. "$(dirname "$0")/lib.sh"

cp -a /usr/share/zoneinfo/Europe "$mnt/files"
firn snapshot create data --name one --description 'the first' --tag stage=test >/dev/null
rm -r "$mnt/files/Paris"
firn volume create other --size 3G --from data@one >/dev/null
mkdir "$work/other"
firn mount other "$work/other"
echo different >"$work/other/more"
firn volume rename other renamed
firn umount "$work/other"
north=$(firn account create north)
south=$(firn account create south)
firn snapshot share data@one --account "$north" --account "$south" >/dev/null
firn snapshot unshare data@one --account "$south" >/dev/null
one=$(firn snapshot show data@one --json | sed -n 's/^ *"id" : "\(.*\)",*$/\1/p')
FIRN_ACCOUNT=$north firn snapshot copy "$one" --name mine >/dev/null
FIRN_ACCOUNT=$north firn tag set mine of=north >/dev/null
firn quota set snapshots 9 --account "$north" >/dev/null
firn check >/dev/null
listing "$mnt" >"$work/before.txt"

# accounts DIR : what each account sees.
accounts() {
  mkdir -p "$1"
  firn account list >"$1/accounts.txt"
  local each
  for each in "$north" "$south"; do
    FIRN_ACCOUNT=$each firn snapshot list --json >"$1/$each.json"
    FIRN_ACCOUNT=$each firn quota show >"$1/$each.txt"
  done
}
accounts "$work/accounts-before"
grep -q "$one" "$work/accounts-before/$north.json" || fail "nothing is shared"
grep -q "$one" "$work/accounts-before/$south.json" && fail "it is still shared"
firn snapshot list --json >"$work/snapshots-before.json"
firn volume list --json | grep -v '"state"' >"$work/volumes-before.json"

# refused : every command says what to do, and nothing is made in place of what is lost.
refused() {
  local status=0
  firn volume list >/dev/null 2>"$work/error.txt" || status=$?
  [ $status -eq 6 ] || fail "exit status $status: $(cat "$work/error.txt")"
  grep -q 'firn check --rebuild-catalog' "$work/error.txt" || fail "no advice: $(cat "$work/error.txt")"
  [ "$(wc -l <"$work/error.txt")" -eq 1 ] || fail "more than a line: $(cat "$work/error.txt")"
}

# same_as_before : the home has what it had.
same_as_before() {
  firn snapshot list --json | grep -v '"mountedAt"' >"$work/snapshots.json"
  diff <(grep -v '"mountedAt"' "$work/snapshots-before.json") "$work/snapshots.json" || fail "other snapshots"
  firn volume list --json | grep -v '"state"' >"$work/volumes.json"
  diff <(grep -v '"mountedAt"' "$work/volumes-before.json") <(grep -v '"mountedAt"' "$work/volumes.json") ||
    fail "other volumes"
  accounts "$work/accounts"
  diff -r "$work/accounts-before" "$work/accounts" || fail "the accounts do not see what they saw"
  firn mount data "$mnt"
  listing "$mnt" | diff "$work/before.txt" - || fail "other files"
  [ -e "$mnt/.snapshots/one/files/Paris" ] || fail "the snapshot is not what it was"
  firn check >/dev/null
}

status=0
firn check --rebuild-catalog 2>"$work/error.txt" || status=$?
[ $status -eq 4 ] || fail "a home in use: exit status $status"

firn daemon stop
rm "$FIRN_HOME"/catalog.db*
refused
firn check --rebuild-catalog
same_as_before

firn daemon stop
head -c 20000 /dev/urandom >"$FIRN_HOME/catalog.db"
rm -f "$FIRN_HOME"/catalog.db-*
refused
firn check --rebuild-catalog
[ "$(stat -c %s "$FIRN_HOME"/catalog.db.replaced-*)" -eq 20000 ] || fail "the damaged catalog is not kept"
same_as_before
