# Sourced by scripts/bench: --upkeep, five statements about what goes on beside reading and writing.
# Each statement has homes of its own under $base, with names from upkeep_homes, and a figure to compare with a limit.
# shellcheck shell=bash disable=SC2154 # project, base, quick, rounds, only and plot are scripts/bench's

# name:what is stated
upkeep_lines=(
  'fsync:4 KiB appended and forced reach 0.7 of the disk'\''s own rate with 1 writer, and more than it with 16'
  'reclaim:a writer loses less than a fifth while 10 GiB (2 with --quick) are given back'
  'memory:with a heap of 512 MiB a million files (a tenth with --quick) and a file of 1 TiB, gc and scrub'
  'recovery:after kill -9 that home is listed again in less than 5 s'
  'snapshots:creating, looking up, showing, listing a page and deleting take the same time whatever the number of snapshots'
)
upkeep_homes=()
upkeep_failed=false
seed=${FIRN_BENCH_SEED:-$RANDOM}

at_home() { "$project/scripts/firn" --home "$base/$1/home" "${@:2}"; }

upkeep_client() { perl "$project/scripts/lib/bench-upkeep.pl" "$@"; }

# make_home NAME: a home with a volume that is mounted at $base/NAME/mount.
make_home() {
  upkeep_homes+=("$1")
  mkdir -p "$base/$1/mount"
  at_home "$1" init >/dev/null
  at_home "$1" volume create bench --size 2T >/dev/null
  at_home "$1" mount bench "$base/$1/mount" -o noacl >/dev/null
}

# end_home NAME: also after a failure.
end_home() {
  local pid
  at_home "$1" umount "$base/$1/mount" >/dev/null 2>&1 || true
  at_home "$1" daemon stop >/dev/null 2>&1 || true
  pid=$(daemon_of "$1")
  [ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
  unmount "$base/$1/mount"
  rm -rf --one-file-system "${base:?}/$1/home"
}

end_homes() {
  local name
  for name in "${upkeep_homes[@]}"; do
    end_home "$name" || true
  done
  upkeep_homes=()
}

# The daemon's process id, if it is really that home's.
daemon_of() {
  local pid
  pid=$(cat "$base/$1/home/lock" 2>/dev/null) || return 0
  if [ -n "$pid" ] && tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF "$base/$1/home"; then
    echo "$pid"
  fi
}

# judge TEXT VALUE RELATION LIMIT DETAILS
judge() {
  local verdict=holds
  if ! awk -v a="$2" -v b="$4" -v relation="$3" \
    'BEGIN { exit a == "" || !(relation == "<" ? a < b : relation == ">" ? a > b : a >= b) }'; then
    verdict='does not hold'
    upkeep_failed=true
  fi
  printf '%-42s %8s  %s %-5s %-13s %s\n' "$1" "${2:--}" "$3" "$4" "$verdict" "$5"
}

divide() { awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.3f", a / b }'; }
milliseconds() { echo $(($(date +%s%N) / 1000000)); }

measure_fsync() {
  local seconds=1 writers i firn_rate disk_rate details=()
  ! $quick || seconds=0.5
  declare -A firn_rates disk_rates ratios
  make_home fsync
  mkdir -p "$base/fsync/disk"
  # A daemon that is in use has compiled what it does.
  for writers in 16 1 16; do
    upkeep_client append "$base/fsync/mount" "$writers" 3 >/dev/null
  done
  for ((i = 0; i < 3 * rounds; i++)); do
    for writers in 1 16; do
      if ((i % 2)); then
        disk_rate=$(upkeep_client append "$base/fsync/disk" "$writers" "$seconds")
      fi
      firn_rate=$(upkeep_client append "$base/fsync/mount" "$writers" "$seconds")
      if ((i % 2 == 0)); then
        disk_rate=$(upkeep_client append "$base/fsync/disk" "$writers" "$seconds")
      fi
      firn_rates[$writers]+="$firn_rate " disk_rates[$writers]+="$disk_rate "
      ratios[$writers]+="$(divide "$firn_rate" "$disk_rate") "
    done
  done
  end_home fsync
  for writers in 1 16; do
    details[writers]="$(rate "$(median "${firn_rates[$writers]}")")/s, disk $(rate "$(median "${disk_rates[$writers]}")")/s; ratios ${ratios[$writers]}"
  done
  judge 'fsync, 1 writer: ratio to the disk' "$(median "${ratios[1]}")" '>=' 0.7 "${details[1]}"
  judge 'fsync, 16 writers: ratio to the disk' "$(median "${ratios[16]}")" '>' 1 "${details[16]}"
}

used_mib() { df --output=used -B1M "$base/$1/mount" | tail -n 1; }
uses_less() { [ "$(used_mib "$1")" -lt "$2" ]; }
stored_mib() { du -sm "$base/$1/home/store" | cut -f1; }

# At rest: nothing waits to be written or given back.
come_to_rest() {
  sync -f "$base/$1/mount"
  sync "$base/$1/mount"
  at_home "$1" gc >/dev/null
  sync -f "$base"
}

measure_reclaim() {
  local mib=10240 i with without seconds before freed mount=$base/reclaim/mount ratios='' freed_all='' took='' rates=''
  ! $quick || mib=2048
  make_home reclaim
  upkeep_client write "$mount/warm-up" 3 >/dev/null
  for ((i = 0; i < rounds; i++)); do
    rm -f "$mount"/*
    come_to_rest reclaim
    upkeep_client pairs "$mount" "$mib"
    come_to_rest reclaim
    # The file is gone, and its pages in the kernel, some time before its bytes are dead.
    rm "$mount/dead"
    wait_until 'the end of a file' uses_less reclaim $((mib * 3 / 2))
    before=$(stored_mib reclaim)
    with=$(upkeep_client write "$mount/with" "$base/reclaim/home/run/firn.sock")
    read -r with seconds <<<"$with"
    sync -f "$base"
    freed=$(awk -v b="$before" -v a="$(stored_mib reclaim)" -v w="$with" -v s="$seconds" 'BEGIN { printf "%.0f", b - a + w * s / 1.048576 }')
    rm -f "$mount/with"
    come_to_rest reclaim
    read -r without _ <<<"$(upkeep_client write "$mount/without" "$seconds")"
    ratios+="$(divide "$with" "$without") " freed_all+="$freed " took+="$seconds " rates+="$with/$without "
  done
  end_home reclaim
  judge 'reclaim: writer with it, ratio to without' "$(median "$ratios")" '>' 0.8 \
    "MB/s with/without $rates; seconds $took; MiB given back $freed_all"
}

measure_memory() {
  local files=1000000 writes=100000 pid found made note
  if $quick; then
    files=100000 writes=10000
  fi
  FIRN_DAEMON_OPTS=-Xmx512m make_home million
  pid=$(daemon_of million)
  made=$(upkeep_client tree "$base/million/mount" "$files")
  upkeep_client sparse "$base/million/mount/sparse" 1024 "$writes" "$seed"
  at_home million gc >/dev/null
  at_home million scrub >/dev/null
  found=$(find "$base/million/mount" -type f | wc -l)
  note="$made files made a second; at most $(awk '/VmHWM/ { printf "%.0f", $2 / 1024 }' "/proc/$pid/status") MiB resident"
  if [ "$(daemon_of million)" != "$pid" ] || grep -q OutOfMemory "$base/million/home/log/"*; then
    found=0 note+='; the daemon ran out of memory'
  fi
  judge 'memory: files in a heap of 512 MiB' "$found" '>=' "$((files + 1))" "$note; seed $seed"
}

measure_recovery() {
  local i pid load start took='' mount=$base/million/mount listed
  if [ ! -d "$base/million/home" ]; then
    measure_memory
  fi
  for ((i = 0; i < rounds; i++)); do
    mkdir "$mount/load-$i"
    upkeep_client tree "$mount/load-$i" 1000000 >/dev/null 2>&1 &
    load=$!
    sleep $((6 + (seed + i * 7) % 9))
    pid=$(daemon_of million)
    kill -KILL "$pid"
    wait_until 'the end of the daemon' ended "$pid"
    wait "$load" || true
    start=$(milliseconds)
    at_home million daemon start >/dev/null
    listed=$(upkeep_client first-ls "$mount")
    took+="$(awk -v t=$(($(milliseconds) - start)) 'BEGIN { print t / 1000 }') "
    [ "$listed" -gt 0 ] || took+='999 '
  done
  end_home million
  judge 'recovery: seconds to the first listing' "$(tr ' ' '\n' <<<"$took" | sort -g | tail -n 1)" '<' 5 "the slowest of $took"
}

operations=(create look-up show list delete)

measure_snapshots() {
  local counts=(1 1000 10000) times=10 count i operation value line all
  if $quick; then
    counts=(1 500 2000)
  fi
  declare -A samples=() medians=()
  for count in "${counts[@]}"; do
    make_home "snapshots-$count"
    snapshots_client snapshots "$count"
    # A daemon that has just been started has compiled nothing.
    snapshots_client snapshot-times "$count" 1000 "$seed" >/dev/null
  done
  # Many short rounds: what else happens on the machine then falls on all of them.
  for ((i = 0; i < 15 * rounds; i++)); do
    for count in "${counts[@]}"; do
      line=$(snapshots_client snapshot-times "$count" "$times" $((seed + i)))
      read -ra all <<<"$line"
      for operation in "${!operations[@]}"; do
        samples[$count,$operation]+="${all[operation]} "
      done
    done
  done
  end_homes
  for operation in "${!operations[@]}"; do
    line=''
    for count in "${counts[@]}"; do
      medians[$count,$operation]=$(median "${samples[$count,$operation]}")
      line+="$count: $(rate "${medians[$count,$operation]}") us; "
    done
    # A page of one entry is no page: listings are compared from the second count on.
    value=$(for count in "${counts[@]:$([ "${operations[operation]}" = list ] && echo 1 || echo 0)}"; do
      echo "${medians[$count,$operation]}"
    done | sort -g | awk 'NR == 1 { least = $1 } { most = $1 } END { printf "%.3f", most / least }')
    judge "snapshots, ${operations[operation]}: most to least" "$value" '<' 1.2 "${line%; }"
  done
  [ -z "$plot" ] || plot_snapshots >"$plot"
}

snapshots_client() {
  upkeep_client "$1" "$base/snapshots-$2/mount" "$base/snapshots-$2/home/run/firn.sock" bench "$2" "${@:3}"
}

# A small SVG: times against the number of snapshots, both logarithmic.
plot_snapshots() {
  local operation count
  for operation in "${!operations[@]}"; do
    for count in "${counts[@]}"; do
      echo "${operations[operation]} $count ${medians[$count,$operation]}"
    done
  done | awk '
    function log10(v) { return log(v) / log(10) }
    function x(count) { return 70 + 120 * log10(count) }
    function y(micros) { return 300 - 65 * (log10(micros) - 1) }
    BEGIN {
      split("#1f77b4 #2ca02c #9467bd #ff7f0e #d62728", colours, " ")
      print "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"640\" height=\"340\" font-family=\"sans-serif\" font-size=\"12\">"
      print "<rect width=\"640\" height=\"340\" fill=\"white\"/>"
      for (e = 1; e <= 5; e++)
        printf "<path d=\"M70 %d H550\" stroke=\"#ddd\"/><text x=\"60\" y=\"%d\" text-anchor=\"end\">%d µs</text>\n", y(10 ^ e), y(10 ^ e) + 4, 10 ^ e
      for (e = 0; e <= 4; e++)
        printf "<text x=\"%d\" y=\"318\" text-anchor=\"middle\">%d</text>\n", x(10 ^ e), 10 ^ e
      print "<text x=\"310\" y=\"335\" text-anchor=\"middle\">snapshots of the volume</text>"
    }
    $1 != last { if (path) print path "\"/>"; n++; last = $1
      path = "<path fill=\"none\" stroke=\"" colours[n] "\" stroke-width=\"2\" d=\"M"
      label[n] = $1 }
    { path = path sprintf("%.1f %.1f ", x($2), y($3)); end[n] = y($3) }
    END {
      print path "\"/>"
      for (i = 1; i <= n; i++)
        printf "<text x=\"560\" y=\"%.1f\" fill=\"%s\">%s</text>\n", end[i] + 4, colours[i], label[i]
      print "</svg>"
    }'
}

run_upkeep() {
  local entry
  echo "Linux $(uname -r), $(nproc) processors, $(df --output=fstype "$base" | tail -n 1) at $directory; seed $seed"
  for entry in "${upkeep_lines[@]}"; do
    if [ -z "$only" ] || [[ ,$only, == *,"${entry%%:*}",* ]]; then
      "measure_${entry%%:*}"
    fi
  done
  ! $upkeep_failed
}
