# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Sourced by the scripts beside it: finds or makes an environment that has Kokkos, and runs commands
# in it.
#
# Order: a Kokkos of this machine that is new enough (cmake/requirements.cmake); a release that
# CMake fetches; a private Debian 13 userland, built once from the machine's own Debian mirror.
# Nothing outside the cache folder changes, except that debootstrap is installed.

set -euo pipefail

project_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# The oldest version that is taken: oldest KOKKOS, oldest BOOST.
oldest() {
    sed -n "s/^set(SPIKEFUSE_OLDEST_$1 \(.*\))/\1/p" "$project_root/cmake/requirements.cmake"
}
cache_root=${SPIKEFUSE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/var/cache}/.cache}/spikefuse}

say() { printf '\033[1m[spikefuse]\033[0m %s\n' "$*" >&2; }
fail() {
    printf '\033[1;31m[spikefuse]\033[0m %s\n' "$1" >&2
    printf '            cure: %s\n' "$2" >&2
    exit 1
}

# -h or --help: what stands at the top of the script.
explain_if_asked() {
    case ${1-} in
    -h | --help)
        awk '
            /SPDX/ { next }
            NR > 1 && !/^#/ { exit }
            NR > 1 { sub(/^# ?/, ""); print }' "$0" && exit
        ;;
    esac
}

# What the userland holds. Changing a word here makes a new userland: its folder is named after
# this text.
userland_suite=trixie
userland_packages=(
    g++ cmake ninja-build pkgconf git ca-certificates
    libboost-dev catch2 libhdf5-dev libcli11-dev nlohmann-json3-dev librandom123-dev
    gfortran libopenmpi-dev openmpi-bin # bindings, and ranks
    clang libomp-dev libclang-rt-19-dev clang-format clang-tidy python3-minimal
    # Older compilers that the README names: they compile the headers and a training program.
    g++-12 g++-13 clang-18
    # The site of docs/.
    doxygen furo python3-breathe python3-myst-parser
    python3-sphinx python3-sphinx-copybutton python3-sphinx-design
)
userland_from_sid=(libkokkos-dev)
# Of pip; beside nvcc alone: what a device's kernels became is looked at.
disassembler='nvidia-cuda-nvdisasm>=13'
# For programs of arm64 (the preset aarch64): what links and runs them here, and what they are
# linked with, in a tree of its own: Catch2 and HDF5 do not stand beside those of another processor.
# libomp without what it depends on, which is LLVM.
userland_for_arm=(lld qemu-user)
arm_tree=/usr/aarch64-tree
arm_packages=(
    libkokkos-dev:arm64 libcatch2-dev:arm64 libhdf5-dev:arm64 libstdc++-14-dev:arm64
    libcli11-dev nlohmann-json3-dev librandom123-dev
)
arm_packages_alone=(libomp5-19:arm64)

userland_path() {
    local key named_after=(
        "$userland_suite" "${userland_packages[@]}" "${userland_from_sid[@]}"
        "${userland_for_arm[@]}" "$arm_tree" "${arm_packages[@]}" "${arm_packages_alone[@]}"
        "$disassembler" layout-2
    )
    key=$(printf '%s\n' "${named_after[@]}" | sha256sum | cut -c1-12)
    printf '%s/userland-%s' "$cache_root" "$key"
}

# The mirror that this machine itself uses; no host is named here.
debian_mirror() {
    apt-get indextargets --no-release-info --format '$(REPO_URI)|$(LABEL)|$(COMPONENT)' \
        'Identifier: Packages' 2>/dev/null |
        awk -F'|' '
            $3 == "main" && ($2 == "Debian" || $2 !~ /^[A-Z]/) && $1 !~ /security/ {
                print $1
                exit
            }'
}

# Where nvcc stands without nvdisasm: NVIDIA's own package. Whoever cannot have it skips the tests
# that ask for it.
fetch_disassembler() {
    local root=$1 cuda
    cuda=$(readlink -f /usr/local/cuda 2>/dev/null) && [ -x "$cuda/bin/nvcc" ] &&
        [ ! -x "$cuda/bin/nvdisasm" ] || return 0
    local folder=$root/tmp/nvdisasm
    {
        python3 -m pip download --quiet --no-deps --dest "$folder" "$disassembler" &&
            python3 -m zipfile -e "$folder"/*.whl "$folder" &&
            install -m 755 "$(find "$folder" -name nvdisasm -type f)" "$root/usr/local/bin/nvdisasm"
    } >>"$2" 2>&1 </dev/null ||
        say "no nvdisasm (see $2): device code is compiled, and not looked at"
    rm -rf "$folder"
}

build_userland() {
    local target=$1 mirror log making kokkos boost install_kokkos
    kokkos="Kokkos >= $(oldest KOKKOS)" boost="Boost >= $(oldest BOOST)"
    install_kokkos="install $kokkos and set CMAKE_PREFIX_PATH"
    command -v apt-get >/dev/null ||
        fail "no $kokkos was found, it cannot be fetched, and this is not a Debian system" \
            "install $kokkos (with OpenMP), $boost, Catch2 3, HDF5, CLI11 and nlohmann-json, \
then set CMAKE_PREFIX_PATH"
    [ "$(id -u)" = 0 ] || fail "building the private Debian userland needs root" \
        "run once as root (sudo scripts/setup.sh), or $install_kokkos"
    mirror=$(debian_mirror)
    [ -n "$mirror" ] ||
        fail "apt knows no Debian mirror" "add one to the apt sources, or $install_kokkos"
    mkdir -p "$cache_root"
    local free
    free=$(df -Pk "$cache_root" | awk 'NR == 2 { print int($4 / 1048576) }')
    [ "$free" -ge 4 ] || fail "the userland needs 4 GiB, $cache_root has $free GiB free" \
        "free some room, or set SPIKEFUSE_CACHE to another folder"
    log=$cache_root/userland.log
    : >"$log"
    if ! command -v debootstrap >/dev/null; then
        say "installing debootstrap"
        local installing=(apt-get install -y --no-install-recommends debootstrap)
        { "${installing[@]}" || { apt-get update && "${installing[@]}"; }; } \
            >>"$log" 2>&1 </dev/null || fail "debootstrap could not be installed (see $log)" \
            "install it by hand: apt-get install debootstrap"
    fi
    making=$(mktemp -d "$cache_root/making.XXXXXX")
    chmod 755 "$making"
    say "building a private Debian 13 userland with Kokkos 5 (once; one to four minutes; log: $log)"
    debootstrap --variant=minbase "$userland_suite" "$making" "$mirror" >>"$log" 2>&1 </dev/null ||
        fail "debootstrap failed (last words: $(tail -n 1 "$log"))" \
            "see $log; a mirror without Debian 13 is the usual cause"
    printf 'deb %s %s main\ndeb %s sid main\n' "$mirror" "$userland_suite" "$mirror" \
        >"$making/etc/apt/sources.list"
    printf '%s\n' 'Package: *' 'Pin: release a=unstable' 'Pin-Priority: 50' \
        >"$making/etc/apt/preferences.d/sid"
    printf '%s\n' 'Acquire::Check-Valid-Until "false";' 'APT::Install-Recommends "false";' \
        >"$making/etc/apt/apt.conf.d/90spikefuse"
    # A crash loses nothing here.
    printf '%s\n' force-unsafe-io 'path-exclude=/usr/share/doc/*' 'path-exclude=/usr/share/man/*' \
        'path-exclude=/usr/share/locale/*' 'path-exclude=/usr/bin/qemu-*' \
        path-include=/usr/bin/qemu-aarch64 >"$making/etc/dpkg/dpkg.cfg.d/90spikefuse"
    cp -L /etc/resolv.conf "$making/etc/resolv.conf" 2>/dev/null || true
    cp -L /etc/apt/apt.conf.d/*proxy* "$making/etc/apt/apt.conf.d/" 2>/dev/null || true
    enter_userland "$making" / bash -euc "
        export DEBIAN_FRONTEND=noninteractive
        native=\$(dpkg --print-architecture)
        [ \$native = arm64 ] || dpkg --add-architecture arm64
        apt-get update
        apt-get install -y ${userland_packages[*]}
        apt-get install -y -t sid ${userland_from_sid[*]}
        if [ \$native != arm64 ]; then
            apt-get install -y ${userland_for_arm[*]}
            mkdir -p $arm_tree/usr/lib $arm_tree/usr/include $arm_tree/packages/partial
            ln -s usr/lib $arm_tree/lib
            ln -s /usr/include/boost $arm_tree/usr/include/boost # headers, of any processor
            cd $arm_tree/packages
            apt-get install -y --download-only -o Dir::State::status=/dev/null \
                -o APT::Architectures::=\$native -o APT::Architectures::=arm64 \
                -o Dir::Cache::archives=\$PWD ${arm_packages[*]}
            apt-get download ${arm_packages_alone[*]}
            for package in *_arm64.deb *_all.deb; do
                dpkg-deb --fsys-tarfile \$package |
                    tar -x -C .. --keep-directory-symlink --exclude=./usr/share/{doc,man,locale}
            done
            ln -s libomp.so.5 $arm_tree/usr/lib/aarch64-linux-gnu/libomp.so
            # Else it names this machine's.
            sed -i 's#\"/usr/include#\"$arm_tree/usr/include#' \
                $arm_tree/usr/lib/*/cmake/Kokkos/KokkosTargets.cmake
            rm -r $arm_tree/packages
        fi
        # The package names two archives of header-only parts that it does not hold; empty ones
        # satisfy find_package.
        for folder in \$(ls -d {,$arm_tree}/usr/lib/*/cmake/Kokkos); do
            for part in algorithms simd; do
                test -e \$folder/../../libkokkos\$part.a || ar rcs \$folder/../../libkokkos\$part.a
            done
        done
        apt-get clean
        rm -rf /var/lib/apt/lists/*
    " >>"$log" 2>&1 </dev/null ||
        fail "the userland's packages could not be installed (last words: $(tail -n 1 "$log"))" \
            "see $log, then run again"
    fetch_disassembler "$making" "$log"
    mv "$making" "$target"
    say "userland ready: $(du -sh "$target" 2>/dev/null | cut -f1)"
}

# enter_userland ROOT FOLDER COMMAND...: folders outside it keep their own paths inside, so that
# messages name real files.
enter_userland() {
    local root=$1 folder=$2 extra cuda
    shift 2
    local binds=("$project_root" "$folder")
    [ -d "$project_root/../shared" ] && binds+=("$(cd "$project_root/../shared" && pwd -P)")
    cuda=$(readlink -f /usr/local/cuda 2>/dev/null || true)
    # nvcc_wrapper looks for nvcc on the PATH.
    [ -d "$cuda" ] && binds+=("$cuda") && local -x PATH="$PATH:$cuda/bin"
    for extra in ${!SPIKEFUSE_@}; do # data that tests are told to read: SPIKEFUSE_GOLDEN_DIR ...
        case $extra in *_DIR) [ -d "${!extra}" ] && binds+=("$(cd "${!extra}" && pwd -P)") ;; esac
    done
    binds+=("${TMPDIR:-/tmp}")
    # What the command names by an absolute path must be there too, or its folder.
    for extra in "$@"; do
        extra=${extra#--*=}
        case $extra in
        /*)
            [ -d "$extra" ] || extra=$(dirname "$extra")
            [ -d "$extra" ] && binds+=("$(cd "$extra" && pwd -P)")
            ;;
        esac
    done
    unshare --mount --propagation private bash -euc '
        root=$1 folder=$2 count=$3
        shift 3
        for name in proc dev sys; do
            mkdir -p "$root/$name" && mount --rbind "/$name" "$root/$name"
        done
        for ((k = 0; k < count; ++k)); do
            case $1 in
            /usr/local/*) mkdir -p "$root$1" && mount --rbind "$1" "$root$1" ;;
            / | /bin* | /usr* | /lib* | /etc* | /var* | /proc* | /dev* | /sys*) ;;
            *) mkdir -p "$root$1" && mount --rbind "$1" "$root$1" ;;
            esac
            shift
        done
        exec chroot "$root" /bin/bash -c '\''cd "$0" && exec "$@"'\'' "$folder" "$@"
    ' enter "$root" "$folder" "${#binds[@]}" "${binds[@]}" "$@"
}

# Is there a Kokkos that is new enough (and what the tests need) on this machine itself?
native_has_everything() {
    command -v cmake >/dev/null && command -v c++ >/dev/null && command -v ninja >/dev/null ||
        return 1
    local probe
    probe=$(mktemp -d)
    cat >"$probe/CMakeLists.txt" <<'PROBE'
cmake_minimum_required(VERSION 3.25)
project(probe LANGUAGES C CXX)
include(${REQUIREMENTS})
if(NEED_KOKKOS)
    spikefuse_find_kokkos()
    if(spikefuse_problem)
        message(FATAL_ERROR "${spikefuse_problem}")
    endif()
endif()
spikefuse_find_boost()
if(spikefuse_problem)
    message(FATAL_ERROR "${spikefuse_problem}")
endif()
find_package(Catch2 3 REQUIRED)
find_package(HDF5 REQUIRED COMPONENTS C)
find_package(ZLIB REQUIRED)
find_package(CLI11 REQUIRED)
PROBE
    local result=0
    cmake -S "$probe" -B "$probe/build" "-DNEED_KOKKOS=$1" \
        "-DREQUIREMENTS=$project_root/cmake/requirements.cmake" >/dev/null 2>&1 || result=1
    rm -rf "$probe"
    return $result
}
github_answers() {
    command -v git >/dev/null && timeout 6 git ls-remote --exit-code \
        https://github.com/kokkos/kokkos.git refs/tags/5.0.2 >/dev/null 2>&1
}

# Decides where programs are built and run, once; the answer is kept in the cache and asked again
# only when it breaks.
# Sets `environment` to native or to the userland's folder.
find_environment() {
    local remembered=$cache_root/environment left
    mkdir -p "$cache_root" 2>/dev/null || fail "the cache folder $cache_root cannot be made" \
        "set SPIKEFUSE_CACHE to a folder that can be written"
    if [ -r "$remembered" ]; then
        environment=$(cat "$remembered")
        [ "$environment" = native ] && return
        [ -x "$environment/usr/bin/cmake" ] && [ "$environment" = "$(userland_path)" ] && return
    fi
    exec 9>"$cache_root/lock"
    flock 9 # two calls at once: the second waits and finds what the first made
    if [ "${SPIKEFUSE_ENVIRONMENT:-}" != userland ] && native_has_everything ON; then
        say "this machine has Kokkos and all the rest: building natively"
        environment=native
    elif [ "${SPIKEFUSE_ENVIRONMENT:-}" != userland ] &&
        native_has_everything OFF && github_answers; then
        say "Kokkos is missing and can be fetched: CMake does it"
        environment=native
    else
        environment=$(userland_path)
        if [ ! -x "$environment/usr/bin/cmake" ]; then
            # Of a build that was interrupted, perhaps with the machine's /proc still in it.
            for left in "$cache_root"/making.*; do
                awk -v "within=$left/" 'index($2, within) == 1 { print $2 }' /proc/mounts |
                    sort -r | xargs -r umount -l
                rm -rf --one-file-system "$left"
            done
            build_userland "$environment"
        fi
    fi
    printf '%s\n' "$environment" >"$remembered"
    exec 9>&-
}

# in_environment FOLDER COMMAND...
in_environment() {
    local folder=$1
    shift
    if [ "$environment" = native ]; then
        (cd "$folder" && "$@")
    else
        [ "$(id -u)" = 0 ] || fail "entering the private userland needs root" \
            "run as root (sudo), or install Kokkos >= $(oldest KOKKOS) and set CMAKE_PREFIX_PATH"
        enter_userland "$environment" "$folder" "$@"
    fi
}

# One build folder for each environment and preset.
build_folder() {
    local suffix=
    [ "$environment" = native ] || suffix=-userland
    export SPIKEFUSE_BUILD_SUFFIX=$suffix
    printf '%s/build/%s%s' "$project_root" "${SPIKEFUSE_PRESET:-release}" "$suffix"
}

# Configures where that was not done, and again where a CMake file changed since, or another
# OPTION=VALUE is asked for.
only_configure() { # [OPTION=VALUE...]
    local folder option others=no how=(cmake --preset "${SPIKEFUSE_PRESET:-release}" "${@/#/-D}")
    folder=$(build_folder)
    for option in "$@"; do
        grep -q "^${option%%=*}:[A-Z]*=${option#*=}\$" "$folder/CMakeCache.txt" 2>/dev/null ||
            others=yes
    done
    export SPIKEFUSE_BUILD_SUFFIX
    [ "$environment" = native ] || export SPIKEFUSE_BUILD_SUFFIX=-userland
    mkdir -p "$folder" # logs stand in it: clones side by side do not share them
    if [ -f "$folder/build.ninja" ] && [ $others = no ]; then
        how=(cmake --build "$folder" --target build.ninja)
    else
        say "configuring (preset ${SPIKEFUSE_PRESET:-release})"
    fi
    in_environment "$project_root" "${how[@]}" >"$folder/configure.log" 2>&1 || {
        tail -n 30 "$folder/configure.log" >&2
        fail "cmake could not configure" \
            "read the lines above; the whole log is $folder/configure.log"
    }
}

configure_and_build() { # [TARGET...]
    local folder targets=()
    folder=$(build_folder)
    only_configure
    [ $# -gt 0 ] && targets=(--target "$@")
    say "building ${*:-everything}"
    in_environment "$project_root" cmake --build "$folder" --parallel "${SPIKEFUSE_JOBS:-2}" \
        "${targets[@]}" >"$folder/build.log" 2>&1 || {
        grep -E 'error|FAILED|unknown target' "$folder/build.log" | head -n 40 >&2
        fail "the build failed" "read the lines above; the whole log is $folder/build.log"
    }
}
