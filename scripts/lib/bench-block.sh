# Sourced by scripts/bench: --block, a block volume beside qemu-storage-daemon's FUSE export of a qcow2 file on the same disk.
# fio does the same to both, with direct I/O as virtual machines and loop devices do it. Random bytes; both disks are
# written from begin to end first, so that no read is of a hole. What the disk itself does with such a file, with more
# requests under way, is there for information: what has to reach the disk, or come from it, hardly can sooner.
# shellcheck shell=bash disable=SC2154 # project, base, quick, rounds and only are scripts/bench's

# name:unit:options of fio:what is measured
block_lines=(
  'seq-write:MB/s:--rw=write --bs=1M --iodepth=4 --end_fsync=1:the whole disk in pieces of 1 MiB, 4 at a time, forced at the end'
  'seq-read:MB/s:--rw=read --bs=1M --iodepth=4:the same, read, with nothing in the system'\''s cache'
  'rand-read:/s:--rw=randread --bs=4k --iodepth=16 --time_based:4 KiB reads all over it, which was just read from begin to end, 16 at a time'
  'rand-read-1:/s:--rw=randread --bs=4k --iodepth=1 --time_based:one at a time'
  'rand-write:/s:--rw=randwrite --bs=4k --iodepth=16 --time_based --end_fsync=1:4 KiB writes all over it, 16 at a time, forced at the end'
  'rand-write-1:/s:--rw=randwrite --bs=4k --iodepth=1 --time_based --end_fsync=1:one at a time'
)
block_target=1.5
qsd_pid=

block_disk() {
  case $1 in
    firn) echo "$base/firn/mount/disk.raw" ;;
    qemu) echo "$base/qemu/disk.raw" ;;
    disk) echo "$base/disk.raw" ;;
  esac
}

start_block_peers() {
  mkdir -p "$base/firn/mount" "$base/qemu"
  firn init >/dev/null
  firn volume create bench --kind block --size "${file_mib}M" >/dev/null
  firn mount bench "$base/firn/mount"
  qemu-img create -q -f qcow2 "$base/qemu/disk.qcow2" "${file_mib}M"
  : >"$base/qemu/disk.raw"
  setsid qemu-storage-daemon --blockdev "driver=file,node-name=file,filename=$base/qemu/disk.qcow2" \
    --blockdev driver=qcow2,node-name=disk,file=file \
    --export "type=fuse,id=export,node-name=disk,mountpoint=$base/qemu/disk.raw,writable=on" >"$base/qemu/log" 2>&1 &
  qsd_pid=$!
  wait_until "the export of qemu-storage-daemon" test -s "$base/qemu/disk.raw"
}

stop_block_peers() {
  stop_firn
  if [ -n "$qsd_pid" ]; then
    end_process "$qsd_pid" qemu-storage-daemon
    qsd_pid=
    unmount "$base/qemu/disk.raw"
  fi
}

# fio_rate FILE UNIT OPTIONS... : MB/s or operations a second. Of fio's terse line: 7 and 8 are the read's KiB/s and
# operations a second, 48 and 49 the write's.
fio_rate() {
  timeout -k 5 300 fio --minimal --name=bench --filename="$1" --size="${file_mib}M" --direct=1 --ioengine=libaio \
    --refill_buffers=1 --randrepeat=0 --runtime="$block_seconds" "${@:3}" 2>/dev/null |
    awk -F ';' -v unit="$2" 'NF > 49 { print unit == "MB/s" ? ($7 + $48) * 1024 / 1e6 : $8 + $49 }'
}

# measure_block LINE UNIT OPTIONS PEER
measure_block() {
  local value options
  # Space that was overwritten: Firn gives it back about a second later, and that belongs to no later measurement.
  firn gc >/dev/null
  sync -f "$base"
  case $1 in
    # qemu's writes leave all of it in the system's cache, long ones of Firn nothing: that is no matter of reading.
    seq-read) echo 3 >/proc/sys/vm/drop_caches ;;
    rand-read*) fio_rate "$(block_disk "$4")" MB/s --rw=read --bs=1M --iodepth=4 >/dev/null ;;
  esac
  read -ra options <<<"$3"
  if [ "$4" = disk ]; then
    options=("${options[@]/--iodepth=4/--iodepth=32}")
  fi
  value=$(fio_rate "$(block_disk "$4")" "$2" "${options[@]}")
  if [ -n "$value" ]; then
    samples[$1,$4]+="$value "
  else
    echo "bench: $1 failed on $4" >&2
    failed=true
  fi
}

print_block_table() {
  local entry name unit rest below=() value
  printf '\n%-15s %-5s %12s %12s %6s %12s\n' line unit firn qemu ratio disk
  for entry in "${chosen[@]}"; do
    IFS=: read -r name unit rest <<<"$entry"
    value=$(ratio "$(median "${samples[$name,firn]:-}")" "$(median "${samples[$name,qemu]:-}")")
    printf '%-15s %-5s %12s %12s %6s %12s\n' "$name" "$unit" "$(rate "$(median "${samples[$name,firn]:-}")")" \
      "$(rate "$(median "${samples[$name,qemu]:-}")")" "$value" "$(rate "$(median "${samples[$name,disk]:-}")")"
    if awk -v r="$value" -v t="$block_target" 'BEGIN { exit !(r + 0 < t) }'; then
      below+=("$name ($value)")
    fi
  done
  printf '\nbelow %s of qemu-storage-daemon: %s\n' "$block_target" "${below[*]:-nothing}"
}

run_block() {
  local entry name unit options rest i order
  declare -gA samples=()
  failed=false
  block_seconds=$($quick && echo 3 || echo 6)
  start_block_peers
  echo "Linux $(uname -r), $(nproc) processors, $(df --output=fstype "$base" | tail -n 1) at $directory; disks of $file_mib MiB;" \
    "$(qemu-storage-daemon --version | head -n 1)"
  # Round 0 fills the disks, and warms everything up: a JVM compiles what was run often, and that takes as long as a
  # measurement does.
  for ((round = 0; round <= rounds; round++)); do
    order=(firn disk qemu)
    ((round % 2)) || order=(qemu disk firn)
    if [ "$round" -eq 0 ]; then
      for i in "${order[@]}" "${order[@]}" "${order[@]}" "${order[@]}"; do
        fio_rate "$(block_disk "$i")" MB/s --rw=write --bs=1M --iodepth=4 --end_fsync=1 >/dev/null
      done
    fi
    for entry in "${chosen[@]}"; do
      IFS=: read -r name unit options rest <<<"$entry"
      for i in "${order[@]}"; do
        measure_block "$name" "$unit" "$options" "$i"
      done
      printf 'round %d of %d: %-15s  firn %s  qemu %s  disk %s\n' "$round" "$rounds" "$name" \
        "$(last_rate "$name,firn")" "$(last_rate "$name,qemu")" "$(last_rate "$name,disk")" >&2
    done
    if [ "$round" -eq 0 ]; then
      samples=()
    fi
  done
  print_block_table
  stop_block_peers
  ! $failed
}

last_rate() {
  local all=${samples[$1]:-}
  all=${all% }
  rate "${all##* }"
}
