# Sourced by each scenario: a home and a mounted volume of its own, taken away whatever happens.
# VOLUME_SIZE is the volume's size, MOUNT_OPTIONS how it is mounted, over /dev/fuse by itself since that is what most machines have; with HOME_DISK_SIZE the home is on an ext4 of its own of that size, at $disk;
# with HOME_DISK_QUOTA, too, on a btrfs where it may take no more than that.
set -euo pipefail
export LC_ALL=C.UTF-8
firn=${FIRN_LAUNCHER:-$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../scripts/firn}
work=$(mktemp -d /var/tmp/firn-scenario.XXXXXX)
export FIRN_HOME=$work/home
mnt=$work/mnt
mkdir "$mnt"

firn() { "$firn" "$@"; }

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# same A B : fails with the difference if two trees are not equal in names, types and contents.
same() {
  local status=0
  diff -r --no-dereference "$1" "$2" >"$work/diff.txt" || status=$?
  # diff does not look into fifos and devices, and says so even where both are alike.
  if [ $status -gt 1 ] || grep -vE '^File .* is a (.*) while file .* is a \1$' "$work/diff.txt" >"$work/real.txt"; then
    head -n 20 "$work/real.txt" >&2
    fail "'$1' and '$2' differ"
  fi
}

# listing DIR : everything stat knows of a tree but what must differ (devices, inode numbers).
listing() {
  (cd "$1" && find . ! -path './.snapshots*' -printf '%p|%y|%m|%U|%G|%n|%T@|%l|' \
    \( -type d -printf '\n' -o -printf '%s\n' \) | LC_ALL=C sort)
}

# same_listing A B : fails if two trees differ in modes, owners, links, times or sizes.
same_listing() {
  listing "$1" >"$work/listing-a.txt"
  listing "$2" >"$work/listing-b.txt"
  diff "$work/listing-a.txt" "$work/listing-b.txt" >"$work/diff.txt" || {
    head -n 20 "$work/diff.txt" >&2
    fail "'$1' and '$2' differ in attributes"
  }
}

# store_kib : what the store takes, apart from what is set aside for a full disk.
store_kib() { du -sk --exclude=reserve "$FIRN_HOME/store" | cut -f1; }

# within SECONDS WHAT COMMAND...: the command succeeds before so many seconds have gone.
within() {
  local until=$((SECONDS + $1)) what=$2
  shift 2
  while ! "$@" 2>/dev/null; do
    [ "$SECONDS" -lt "$until" ] || fail "$what"
    sleep 0.2
  done
}

daemon_pid() { cat "$FIRN_HOME/lock"; }

# Whether a process waits for the answer of a FUSE mount.
waits_for_mount() { grep -qs '^request_wait_answer' "/proc/$1/wchan"; }
# Whether each thread of a process is stopped.
is_stopped() { ! grep -hs '^State:' "/proc/$1/task"/*/status | grep -qv '[[:space:]]T '; }

has_ended() { ! kill -0 "$1" 2>/dev/null; }

# hang FILE : stops the daemon, whose process is in $hanging then, and has a program read a file that it is to open.
hanging=
hang() {
  hanging=$(daemon_pid)
  kill -STOP "$hanging"
  # kill returns before each thread has stopped, and one is enough to answer.
  within 10 "the daemon does not stop" is_stopped "$hanging"
  cat "$1" >"$work/read" 2>"$work/error" &
  reader=$!
  within 10 "the reader does not wait for the daemon" waits_for_mount "$reader"
}
# reader_fails WHEN : that program gets an error, soon.
reader_fails() {
  within 10 "the reader still waits $1" has_ended "$reader"
  ! wait "$reader" || fail "nobody gave the reader '$(cat "$work/read")'"
  [ -s "$work/error" ] || fail "the reader was told nothing"
}
kill_hanging() {
  kill -KILL "$hanging"
  within 10 "the daemon does not end" has_ended "$hanging"
}

# Whether each thread of a process is traced.
is_traced() { ! grep -hs '^TracerPid:' "/proc/$1/task"/*/status | grep -q '[[:space:]]0$'; }

tracer=
stop_tracer() {
  if [ -n "$tracer" ]; then
    kill -INT "$tracer" 2>/dev/null || true
    wait "$tracer" 2>/dev/null || true
    tracer=
  fi
}

# failing CALLS ERROR COMMAND... : runs a command while these system calls (names with commas) of the daemon fail
# with ERROR where they are about the segments of the home that there are, or about those in the array
# failing_segments. The command's exit status is the answer. What failed is in $work/injected.txt afterwards.
failing_segments=()
failing() {
  local calls=$1 error=$2 pid status=0 each
  local paths=("${failing_segments[@]}") limit=()
  shift 2
  pid=$(daemon_pid)
  [ ${#paths[@]} -gt 0 ] || paths=("$FIRN_HOME"/store/segments/*/*.seg)
  for each in "${paths[@]}"; do
    limit+=(-P "$each")
  done
  strace -f -qq -o "$work/injected.txt" -p "$pid" "${limit[@]}" -e "trace=$calls" \
    -e "inject=$calls:error=$error" 2>"$work/strace.txt" &
  tracer=$!
  until is_traced "$pid"; do
    kill -0 "$tracer" 2>/dev/null || fail "strace: $(cat "$work/strace.txt")"
    sleep 0.02
  done
  "$@" || status=$?
  stop_tracer
  grep -q INJECTED "$work/injected.txt" || fail "nothing failed: the test proves nothing"
  return $status
}

# What a daemon that is ending still has open goes soon.
unmount() {
  local tries
  for tries in 1 2 3 4 5 6 7 8 9 10; do
    if umount "$1" 2>/dev/null || ! mountpoint -q "$1"; then
      # In a trap a mere "return" has the status from before it.
      return 0
    fi
    sleep 0.3
  done
  umount -l "$1" 2>/dev/null || true
}

# What stands on devices of this home goes before its daemon does, which would refuse to end.
unmount_devices() {
  local device place
  awk -v base="$work/" 'index($2, base) == 1 && $1 ~ "^/dev/loop" { print $1, $2 }' /proc/mounts |
    while read -r device place; do
      if grep -qsF "$work/" "/sys/block/${device#/dev/}/loop/backing_file" && [ "$place" != "$disk" ]; then
        unmount "$place"
      fi
    done
}

# Devices whose daemon did not take them away.
detach_devices() {
  local device
  for device in /sys/block/loop*; do
    if grep -qsF "$work/" "$device/loop/backing_file"; then
      losetup -d "/dev/${device##*/}" || true
    fi
  done
}

take_away() {
  local status=$?
  trap - EXIT
  cd /
  stop_tracer
  # A daemon that is stopped would not even end.
  [ -z "$hanging" ] || kill -CONT "$hanging" 2>/dev/null || true
  unmount_devices
  "$firn" daemon stop >/dev/null 2>&1 || true
  if [ $status -ne 0 ] && [ -f "$FIRN_HOME/log/daemon.log" ]; then
    echo "--- the daemon's log:" >&2
    tail -n 30 "$FIRN_HOME/log/daemon.log" >&2
  fi
  detach_devices
  local each
  # Deepest first; only what this scenario mounted below its own directory.
  for each in $(awk -v base="$work/" 'index($2, base) == 1 { print $2 }' /proc/mounts | sort -r); do
    unmount "$each"
  done
  rm -rf "$work"
  exit $status
}
disk=
trap take_away EXIT
trap 'exit 130' INT TERM

if [ -n "${HOME_DISK_SIZE:-}" ]; then
  disk=$work/disk
  mkdir "$disk"
  truncate -s "$HOME_DISK_SIZE" "$work/disk.img"
  if [ -n "${HOME_DISK_QUOTA:-}" ]; then
    mkfs.btrfs -q "$work/disk.img" >/dev/null
    mount -o loop "$work/disk.img" "$disk"
    btrfs -q subvolume create "$disk/limited"
    btrfs quota enable "$disk"
    btrfs qgroup limit "$HOME_DISK_QUOTA" "$disk/limited"
    export FIRN_HOME=$disk/limited/home
  else
    mkfs.ext4 -q "$work/disk.img"
    mount -o loop "$work/disk.img" "$disk"
    export FIRN_HOME=$disk/home
  fi
fi

firn volume create data --size "${VOLUME_SIZE:-2G}" >/dev/null
mount_options=${MOUNT_OPTIONS:-io_uring=off}
firn mount data "$mnt" -o "$mount_options"
