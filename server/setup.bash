# What server/run and tests/run share: packages, configuring, building. Sourced, not run.
# Everything is said on standard error: standard output belongs to what is run in the end.

say() { echo "$*" >&2; }

# install_packages SET...: installs what is missing of the sets in packages.txt.
install_packages() {
  local file="$root/server/packages.txt" set name missing=()
  for set in "$@"; do
    while read -r name; do
      [[ $(dpkg-query -W -f '${Status}' "$name" 2>/dev/null) == *" installed" ]] ||
        missing+=("$name")
    done < <(awk -v set="$set" '$1 == set { print $2 }' "$file")
  done
  ((${#missing[@]})) || return 0

  local as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || {
      say "These Debian packages are missing, and there is no sudo to install them with:"
      say "  ${missing[*]}"
      return 1
    }
    as_root=(sudo)
  fi
  say "Installing Debian packages: ${missing[*]}"
  local install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive
    apt-get install -y --no-install-recommends "${missing[@]}")
  "${install[@]}" >&2 2>/dev/null && return 0
  # The package lists may be missing or old.
  "${as_root[@]}" apt-get update >&2
  "${install[@]}" >&2
}

# build PRESET TARGET...: configures if that was never done, then builds what is out of date.
build() {
  local preset=$1 log status=0
  shift
  if [[ ! -f $root/build/$preset/build.ninja ]]; then
    say "Configuring the $preset build; building takes some minutes the first time"
    (cd "$root" && cmake --preset "$preset") >&2
  fi
  if [[ -t 2 ]]; then
    cmake --build "$root/build/$preset" --target "$@" >&2
    return
  fi
  log=$(mktemp)
  cmake --build "$root/build/$preset" --target "$@" >"$log" 2>&1 || status=$?
  ((status == 0)) || cat "$log" >&2
  rm -f "$log"
  return "$status"
}
