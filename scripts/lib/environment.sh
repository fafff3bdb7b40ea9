# Sourced by the scripts beside it: finds or makes an environment that has Kokkos, and runs commands in it.
#
# Order: a Kokkos >= 5.0 of this machine; a release that CMake fetches; a private Debian 13 userland, built once
# from the machine's own Debian mirror. Nothing outside the cache folder changes, except that debootstrap is installed.

set -euo pipefail

project_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache_root=${SPIKEFUSE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/var/cache}/.cache}/spikefuse}

say() { printf '\033[1m[spikefuse]\033[0m %s\n' "$*" >&2; }
fail() {
    printf '\033[1;31m[spikefuse]\033[0m %s\n' "$1" >&2
    printf '            cure: %s\n' "$2" >&2
    exit 1
}

# What the userland holds. Changing a line here makes a new userland: its folder is named after this text.
userland_suite=trixie
userland_packages=(
    g++ cmake ninja-build pkgconf git ca-certificates
    libboost-dev catch2 libhdf5-dev libcli11-dev nlohmann-json3-dev librandom123-dev
    clang libomp-dev clang-format clang-tidy python3-minimal
)
userland_from_sid=(libkokkos-dev)

userland_path() {
    local key
    key=$(printf '%s\n' "$userland_suite" "${userland_packages[@]}" "${userland_from_sid[@]}" layout-1 | sha256sum | cut -c1-12)
    printf '%s/userland-%s' "$cache_root" "$key"
}

# The mirror that this machine itself uses; no host is named here.
debian_mirror() {
    apt-get indextargets --no-release-info --format '$(REPO_URI)|$(LABEL)|$(COMPONENT)' 'Identifier: Packages' 2>/dev/null |
        awk -F'|' '$3 == "main" && ($2 == "Debian" || $2 !~ /^[A-Z]/) && $1 !~ /security/ { print $1; exit }'
}

build_userland() {
    local target=$1 mirror log making
    command -v apt-get >/dev/null || fail "no Kokkos >= 5.0 was found, it cannot be fetched, and this is not a Debian system" \
        "install Kokkos >= 5.0 (with OpenMP), Boost >= 1.81, Catch2 3, HDF5, CLI11 and nlohmann-json, then set CMAKE_PREFIX_PATH"
    [ "$(id -u)" = 0 ] || fail "building the private Debian userland needs root" \
        "run once as root (sudo scripts/setup.sh), or install Kokkos >= 5.0 and set CMAKE_PREFIX_PATH"
    mirror=$(debian_mirror)
    [ -n "$mirror" ] || fail "apt knows no Debian mirror" "add one to the apt sources, or install Kokkos >= 5.0 and set CMAKE_PREFIX_PATH"
    mkdir -p "$cache_root"
    local free
    free=$(df -Pk "$cache_root" | awk 'NR == 2 { print int($4 / 1048576) }')
    [ "$free" -ge 4 ] || fail "the userland needs 4 GiB, $cache_root has $free GiB free" "free some room, or set SPIKEFUSE_CACHE to another folder"
    log=$cache_root/userland.log
    : >"$log"
    if ! command -v debootstrap >/dev/null; then
        say "installing debootstrap"
        { apt-get install -y --no-install-recommends debootstrap || { apt-get update && apt-get install -y --no-install-recommends debootstrap; }; } \
            >>"$log" 2>&1 </dev/null || fail "debootstrap could not be installed (see $log)" "install it by hand: apt-get install debootstrap"
    fi
    making=$(mktemp -d "$cache_root/making.XXXXXX")
    chmod 755 "$making"
    say "building a private Debian 13 userland with Kokkos 5 (once; about 4 minutes; log: $log)"
    debootstrap --variant=minbase "$userland_suite" "$making" "$mirror" >>"$log" 2>&1 </dev/null ||
        fail "debootstrap failed (last words: $(tail -n 1 "$log"))" "see $log; a mirror without Debian 13 is the usual cause"
    printf 'deb %s %s main\ndeb %s sid main\n' "$mirror" "$userland_suite" "$mirror" >"$making/etc/apt/sources.list"
    printf 'Package: *\nPin: release a=unstable\nPin-Priority: 50\n' >"$making/etc/apt/preferences.d/sid"
    printf 'Acquire::Check-Valid-Until "false";\nAPT::Install-Recommends "false";\n' >"$making/etc/apt/apt.conf.d/90spikefuse"
    cp -L /etc/resolv.conf "$making/etc/resolv.conf" 2>/dev/null || true
    cp -L /etc/apt/apt.conf.d/*proxy* "$making/etc/apt/apt.conf.d/" 2>/dev/null || true
    enter_userland "$making" / bash -euc "
        export DEBIAN_FRONTEND=noninteractive
        apt-get update
        apt-get install -y ${userland_packages[*]}
        apt-get install -y -t sid ${userland_from_sid[*]}
        # The package names two archives of header-only parts that it does not hold; empty ones satisfy find_package.
        for part in algorithms simd; do
            test -e /usr/lib/x86_64-linux-gnu/libkokkos\$part.a || ar rcs \$(dirname \$(ls /usr/lib/*/libkokkoscore.*  | head -n 1))/libkokkos\$part.a
        done
        apt-get clean
        rm -rf /var/lib/apt/lists/*
    " >>"$log" 2>&1 </dev/null || fail "the userland's packages could not be installed (last words: $(tail -n 1 "$log"))" "see $log, then run again"
    mv "$making" "$target"
    say "userland ready: $(du -sh "$target" 2>/dev/null | cut -f1)"
}

# enter_userland ROOT FOLDER COMMAND...: the checkout and its surroundings keep their own paths, so messages name real files.
enter_userland() {
    local root=$1 folder=$2
    shift 2
    local binds=("$project_root")
    [ -d "$project_root/../shared" ] && binds+=("$(cd "$project_root/../shared" && pwd -P)")
    [ -n "${SPIKEFUSE_BIND:-}" ] && IFS=: read -r -a extra <<<"$SPIKEFUSE_BIND" && binds+=("${extra[@]}")
    [ -d "$folder" ] && binds+=("$folder")
    local cuda
    cuda=$(readlink -f /usr/local/cuda 2>/dev/null || true)
    [ -d "$cuda" ] && binds+=("$cuda")
    unshare --mount --propagation private bash -euc '
        root=$1 folder=$2 count=$3
        shift 3
        for name in proc dev sys; do mkdir -p "$root/$name" && mount --rbind "/$name" "$root/$name"; done
        for ((k = 0; k < count; ++k)); do
            if [ "$1" != / ]; then mkdir -p "$root$1" && mount --rbind "$1" "$root$1"; fi
            shift
        done
        exec chroot "$root" /bin/bash -c '\''cd "$0" && exec "$@"'\'' "$folder" "$@"
    ' enter "$root" "$folder" "${#binds[@]}" "${binds[@]}" "$@"
}
