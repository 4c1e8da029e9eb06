# Sourced by other scripts: installs what the system lacks. Debian and its relatives.

# need COMMAND_OR_FILE PACKAGE... : remembers PACKAGE for install_needed when the command or file is missing.
needed_packages=()
need() {
  local what=$1
  shift
  case $what in
    /*) compgen -G "$what" >/dev/null || needed_packages+=("$@") ;;
    *) command -v "$what" >/dev/null 2>&1 || needed_packages+=("$@") ;;
  esac
}

install_needed() {
  if [ ${#needed_packages[@]} -eq 0 ]; then
    return 0
  fi
  if ! command -v apt-get >/dev/null 2>&1; then
    echo "missing: ${needed_packages[*]} (no apt-get here: install them your way)" >&2
    return 1
  fi
  if [ "$(id -u)" -ne 0 ]; then
    echo "missing: ${needed_packages[*]}; as root: apt-get install ${needed_packages[*]}" >&2
    return 1
  fi
  echo "installing ${needed_packages[*]}"
  local log
  log=$(mktemp)
  if ! { DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${needed_packages[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    echo "could not install: ${needed_packages[*]}" >&2
    return 1
  fi
  rm -f "$log"
  needed_packages=()
}

# What Firn itself needs to build and run.
need_for_running() {
  need javac openjdk-17-jdk-headless
  need mvn maven
  need fusermount3 fuse3
  need setsid util-linux
}

require_fuse_device() {
  if [ ! -e /dev/fuse ]; then
    modprobe fuse 2>/dev/null || true
  fi
  if [ ! -e /dev/fuse ]; then
    echo "no /dev/fuse: load the module with 'modprobe fuse', or give the container the device" >&2
    return 1
  fi
}
