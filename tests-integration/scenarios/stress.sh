#!/usr/bin/env bash
# stress-ng's file stressors with --verify, half of them each way, then fio with checksums on every block, through both
# ways of writing.
VOLUME_SIZE=8G
. "$(dirname "$0")/lib.sh"

# stress WAY STRESSOR... : over the mount in which requests come this way.
stress() {
  local way=$1 stressor options
  shift
  firn umount "$mnt"
  firn mount data "$mnt" -o "$way"
  mkdir "$mnt/stress"
  for stressor in "$@"; do
    options=()
    case $stressor in
      hdd) options=(--hdd-bytes 32m --hdd-opts wr-rnd,rd-rnd,fsync) ;;
      fallocate) options=(--fallocate-bytes 64m) ;;
      copy-file) options=(--copy-file-bytes 128m) ;;
      seek) options=(--seek-size 16m) ;;
      readahead) options=(--readahead-bytes 16m) ;;
      sync-file) options=(--sync-file-bytes 8m) ;;
      mmap) options=(--mmap-bytes 16m --mmap-file) ;;
      filename) options=(--filename-opts ext) ;;
      iomix) options=(--iomix-bytes 16m) ;;
    esac
    if ! stress-ng --"$stressor" 2 "${options[@]}" --verify --timeout 1 --temp-path "$mnt/stress" \
      >"$work/stress.txt" 2>&1; then
      tail -n 30 "$work/stress.txt" >&2
      fail "stress-ng --$stressor with $way"
    fi
    ! grep -q skipping "$work/stress.txt" || fail "not tested: $(grep skipping "$work/stress.txt")"
  done
  # Some leave their last files behind when their time is over.
  rm -rf "$mnt/stress"
}
# Of stress-ng's class "filesystem" are left out: fiemap and verity, chattr and inode-flags (there is none of that on FUSE or
# here: they skip, or see ENOTTY); io (syncs every file system of the machine, whatever they answer); bind-mount, binderfs,
# eventfd, ioprio and procfs (not about files on a volume).
stress io_uring=off hdd link symlink dentry filename flock seek utime chmod copy-file \
  access chdir dnotify fcntl fpunch fstat handle iomix locka mknod
stress io_uring=auto fallocate rename dir dirdeep lockf readahead sync-file xattr chown mmap \
  dirmany dup fanotify file-ioctl fsize getdent inotify lease lockofd open touch

verify() {
  if ! fio --directory="$mnt" --verify=crc32c --verify_state_save=0 --verify_fatal=1 --do_verify=1 --size=48m --randseed="$seed" \
    --output="$work/fio.txt" "$@"; then
    tail -n 30 "$work/fio.txt" >&2
    fail "fio $* (seed $seed)"
  fi
}
seed=${FIRN_SEED:-$RANDOM$RANDOM}
echo "firn.seed=$seed"
verify --name=random --rw=randwrite --bsrange=512-128k --ioengine=psync --fsync=64
verify --name=mapped --rw=randwrite --bs=4k --ioengine=mmap
verify --name=direct --rw=randwrite --bs=4k --ioengine=psync --direct=1
verify --name=sequential --rw=write --bs=1m --ioengine=psync
mkdir "$mnt/.snapshots/written"
firn umount "$mnt"
firn mount data "$mnt" -o no_writeback,io_uring=off
verify --name=sequential --rw=write --bs=1m --ioengine=psync --verify_only
verify --name=through --rw=randwrite --bsrange=512-128k --ioengine=psync
cmp "$mnt/random.0.0" "$mnt/.snapshots/written/random.0.0"
