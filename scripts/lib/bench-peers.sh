# Sourced by scripts/bench: starts and stops each of the file systems it compares, under $base.
# For every peer start_PEER mounts at "$base/PEER/mount" what was there before, or something new; stop_PEER
# unmounts it and ends what serves it, so that no cache of its own remains. Both may be called when there is nothing to do.
# shellcheck shell=bash disable=SC2154 # project, base, transport, options and zfs_fuse_is_new are scripts/bench's

# wait_until WHAT COMMAND...: tries the command for ten seconds.
wait_until() {
  local what=$1 attempt
  shift
  for ((attempt = 0; attempt < 200; attempt++)); do
    if "$@" >/dev/null 2>&1; then
      return 0
    fi
    sleep 0.05
  done
  echo "bench: $what did not happen in ten seconds" >&2
  return 1
}

ended() { ! kill -0 "$1" 2>/dev/null; }

# end_process PID WHAT: only processes that we have started.
end_process() {
  kill "$1" 2>/dev/null || true
  wait_until "the end of $2" ended "$1" || kill -KILL "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

unmount() {
  if mountpoint -q "$1" 2>/dev/null || grep -qF " $1 " /proc/mounts; then
    umount "$1" 2>/dev/null || umount -l "$1"
  fi
}

# Firn lets the kernel read ahead as on the disk below, or as much as one request holds; the others get the same.
read_ahead_kib=
share_read_ahead() {
  local file
  file=/sys/class/bdi/$(mountpoint -d "$1")/read_ahead_kb
  if [ -z "$read_ahead_kib" ]; then
    read_ahead_kib=$(cat "$file")
  else
    echo "$read_ahead_kib" >"$file"
  fi
}

firn() { "$project/scripts/firn" --home "$base/firn/home" "$@"; }

start_firn() {
  if [ ! -d "$base/firn/home" ]; then
    firn init >/dev/null
    firn volume create bench --size 64G >/dev/null
  fi
  firn mount bench "$base/firn/mount" ${transport:+--transport "$transport"} ${options:+-o "$options"} >/dev/null
  share_read_ahead "$base/firn/mount"
}

stop_firn() {
  if [ -d "$base/firn/home" ]; then
    firn umount "$base/firn/mount" >/dev/null 2>&1 || true
    firn daemon stop >/dev/null 2>&1 || true
    unmount "$base/firn/mount"
  fi
}

# The example of libfuse that hands every request on to a directory of the disk. Debian ships its source with
# libfuse3-dev; systems that leave documentation out still have it in the package's file.
build_passthrough_ll() {
  local examples=usr/share/doc/libfuse3-dev/examples
  local source=/$examples
  if [ ! -r "$source/passthrough_ll.c" ]; then
    (cd "$base" && apt-get download -qq libfuse3-dev && dpkg-deb -x libfuse3-dev_*.deb package) >/dev/null 2>&1 || return 1
    source=$base/package/$examples
  fi
  # The definitions are those of libfuse's own build.
  gcc -O2 -D_FILE_OFFSET_BITS=64 -DHAVE_COPY_FILE_RANGE -DHAVE_FALLOCATE -DHAVE_POSIX_FALLOCATE -I/usr/include/fuse3 \
    "$source/passthrough_ll.c" -o "$base/passthrough_ll/program" -lfuse3 -lpthread
}

passthrough_ll_pid=
start_passthrough_ll() {
  local here=$base/passthrough_ll
  if [ ! -x "$here/program" ]; then
    mkdir -p "$here/source"
    build_passthrough_ll || return 1
  fi
  # It keeps every file open that the kernel knows: 17,000 of the full table.
  ulimit -n 1048576 2>/dev/null || ulimit -n "$(ulimit -Hn)"
  if [ "$(ulimit -n)" != unlimited ] && [ "$(ulimit -n)" -lt 19000 ]; then
    echo "bench: passthrough_ll needs 19,000 open files and $(ulimit -n) are allowed: raise 'ulimit -Hn', or use --peers" >&2
    return 1
  fi
  # Without its option "xattr", as here, it refuses extended attributes once and is not asked again, which Firn is:
  # that is in its favour.
  setsid "$here/program" -f -o "source=$here/source,cache=always,writeback,allow_other,default_permissions" "$here/mount" \
    >>"$here/log" 2>&1 &
  passthrough_ll_pid=$!
  wait_until "the mount of passthrough_ll" mountpoint -q "$here/mount"
  share_read_ahead "$here/mount"
}

stop_passthrough_ll() {
  unmount "$base/passthrough_ll/mount"
  if [ -n "$passthrough_ll_pid" ]; then
    end_process "$passthrough_ll_pid" passthrough_ll
    passthrough_ll_pid=
  fi
}

# zfs-fuse has one socket and one list of pools for the whole machine, so it must not be in use. What its package
# starts when it is installed is stopped again.
claim_zfs_fuse() {
  if pgrep -x zfs-fuse >/dev/null; then
    if ! $zfs_fuse_is_new; then
      echo "bench: a zfs-fuse is running: it is left alone, and out of the comparison" >&2
      return 1
    fi
    echo "stopping the zfs-fuse that its package has just started"
    service zfs-fuse stop >/dev/null 2>&1 || true
    wait_until "the end of the package's zfs-fuse" not_running zfs-fuse || return 1
  fi
  if [ -s /var/lib/zfs/zpool.cache ]; then
    echo "bench: zfs-fuse has pools here: they are left alone, and zfs-fuse out of the comparison" >&2
    return 1
  fi
}

not_running() { ! pgrep -x "$1"; }

zfs_fuse_pid=
pool=firn-bench-$$
start_zfs_fuse() {
  local here=$base/zfs-fuse
  # The options of its package (/etc/zfs/zfsrc): 100 MB of cache, attributes and entries cached by the kernel for an hour.
  # A signal that ends this script must reach it only after its pool is gone.
  setsid zfs-fuse --no-daemon --no-kstat-mount >>"$here/log" 2>&1 &
  zfs_fuse_pid=$!
  wait_until "zfs-fuse's socket" zpool list
  if [ -e "$here/disk" ]; then
    zpool import -d "$here" -o cachefile=none "$pool"
  else
    truncate -s 32G "$here/disk"
    # Firn does not note access times either.
    zpool create -o cachefile=none -O atime=off -m "$here/mount" "$pool" "$here/disk" 2>>"$here/log"
  fi
  wait_until "the mount of zfs-fuse" mountpoint -q "$here/mount"
  share_read_ahead "$here/mount"
}

stop_zfs_fuse() {
  if [ -n "$zfs_fuse_pid" ]; then
    wait_until "the export of zfs-fuse's pool" zpool export "$pool" || true
    end_zfs_fuse
  fi
}

# At the very end; the file that the pool was in goes with $base.
destroy_zfs_fuse() {
  if [ -n "$zfs_fuse_pid" ]; then
    wait_until "the end of zfs-fuse's pool" zpool destroy "$pool" || true
    end_zfs_fuse
  fi
}

end_zfs_fuse() {
  end_process "$zfs_fuse_pid" zfs-fuse
  zfs_fuse_pid=
  unmount "$base/zfs-fuse/mount"
}

start_disk() { :; }
stop_disk() { :; }
