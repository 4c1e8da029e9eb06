#!/usr/bin/env bash
# A snapshot of a database that is being written holds a whole database.
MOUNT_OPTIONS=io_uring=auto
. "$(dirname "$0")/lib.sh"

database=$mnt/data.db
sqlite3 "$database" 'PRAGMA journal_mode=WAL; CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT);' >/dev/null
writer() {
  local i
  for i in $(seq 1 400); do
    echo "INSERT INTO t (body) VALUES (hex(randomblob(200)));"
  done | sqlite3 "$database"
}
writer &
pid=$!
for n in 1 2 3 4 5 6 7 8; do
  mkdir "$mnt/.snapshots/during-$n"
done
wait $pid
[ "$(sqlite3 "$database" 'SELECT count(*) FROM t')" = 400 ] || fail "rows are missing in the live database"
last=0
for n in 1 2 3 4 5 6 7 8; do
  mkdir "$work/restored-$n"
  cp -a "$mnt/.snapshots/during-$n/." "$work/restored-$n/"
  [ "$(sqlite3 "$work/restored-$n/data.db" 'PRAGMA integrity_check')" = ok ] || fail "snapshot $n is no whole database"
  rows=$(sqlite3 "$work/restored-$n/data.db" 'SELECT count(*) FROM t')
  [ "$rows" -ge "$last" ] || fail "snapshot $n has $rows rows, the one before had $last"
  last=$rows
done
