#!/usr/bin/env bash
# stress-ng's file stressors with --verify, then fio with checksums on every block, through both ways of writing.
VOLUME_SIZE=8G
MOUNT_OPTIONS=io_uring=auto
. "$(dirname "$0")/lib.sh"

mkdir "$mnt/stress"
for stressor in hdd fallocate link rename symlink dir dentry dirdeep filename lockf flock readahead seek \
  sync-file utime xattr chmod chown copy-file mmap; do
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
  esac
  if ! stress-ng --"$stressor" 2 "${options[@]}" --verify --timeout 1 --temp-path "$mnt/stress" \
    >"$work/stress.txt" 2>&1; then
    tail -n 30 "$work/stress.txt" >&2
    fail "stress-ng --$stressor"
  fi
done
# Some leave their last files behind when their time is over.
rm -rf "$mnt/stress"

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
firn mount data "$mnt" -o no_writeback
verify --name=sequential --rw=write --bs=1m --ioengine=psync --verify_only
verify --name=through --rw=randwrite --bsrange=512-128k --ioengine=psync
cmp "$mnt/random.0.0" "$mnt/.snapshots/written/random.0.0"
