#!/usr/bin/env bash
# tar in, tar out, and rsync's own opinion on whether anything differs.
MOUNT_OPTIONS=io_uring=auto
. "$(dirname "$0")/lib.sh"

tar -C /usr/share -cf "$work/in.tar" zoneinfo
mkdir "$mnt/a" "$mnt/b" "$work/reference"
tar -C "$work/reference" -xf "$work/in.tar"
tar -C "$mnt/a" -xf "$work/in.tar"
same "$work/reference" "$mnt/a"
tar -C "$mnt/a" --sort=name -cf "$work/out.tar" zoneinfo
tar -C "$work/reference" --sort=name -cf "$work/reference.tar" zoneinfo
cmp "$work/out.tar" "$work/reference.tar" || fail "tar of the mount is not tar of the original"

rsync -aHAX "$mnt/a/" "$mnt/b/"
differences=$(rsync -aHAXnci --delete "$mnt/a/" "$mnt/b/")
[ -z "$differences" ] || fail "rsync sees differences: $differences"
differences=$(rsync -aHAXnci --delete "$work/reference/zoneinfo/" "$mnt/b/zoneinfo/")
[ -z "$differences" ] || fail "rsync sees differences to the original: $differences"
