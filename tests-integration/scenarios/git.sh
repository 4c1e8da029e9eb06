#!/usr/bin/env bash
# A git repository on a volume: made, filled, checked, and still whole in a snapshot.
MOUNT_OPTIONS=io_uring=auto
. "$(dirname "$0")/lib.sh"

export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.invalid
export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.invalid
mkdir "$mnt/repository"
cd "$mnt/repository"
git init -q .
git config --local safe.directory '*'
cp -r /usr/share/perl5/. . 2>/dev/null || cp -r /usr/share/doc/. .
git add .
git commit -qm first
git fsck --strict --no-progress
mkdir "$mnt/.snapshots/committed"
git rm -rq -- "$(git ls-files | head -n 1)"
git commit -qm second
git gc -q
git fsck --strict --no-progress
git clone -q . "$mnt/clone"
[ "$(git -C "$mnt/clone" rev-parse HEAD)" = "$(git rev-parse HEAD)" ] || fail "the clone has another head"
past=$mnt/.snapshots/committed/repository
[ "$(git -c safe.directory='*' -C "$past" log --oneline | wc -l)" = 1 ] || fail "the past has another history"
git -c safe.directory='*' -C "$past" fsck --strict --no-progress
