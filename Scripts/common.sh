# Functions that Scripts/run and Scripts/test share; sourced, not run.

# Ends the script with one sentence on standard error.
die() {
    echo "$*" >&2
    exit 1
}

# Checks that a Swift toolchain of at least 6.2 is on the path.
require_swift() {
    command -v swift >/dev/null ||
        die "LinkUp is built with Swift 6.2 or later, and there is no 'swift' on the PATH: see https://swift.org/install"
    local version
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    local major=${version%%.*} minor=${version##*.}
    if [ -z "$version" ] || [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 2 ]; }; then
        die "LinkUp is built with Swift 6.2 or later; the 'swift' on the PATH is version ${version:-unknown}."
    fi
}

# Runs a command with the rights to change the system.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# Installs the Debian packages among the arguments that are missing, and says so. Does nothing if all are there.
require_packages() {
    command -v dpkg-query >/dev/null || {
        echo "This is not a Debian system: make sure that these are installed: $*"
        return 0
    }
    local missing=() package
    for package in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "Installing from Debian: ${missing[*]}"
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
        die "Please install these Debian packages first: ${missing[*]}"
    # Another package manager may be at work, on a machine that has just started: wait for it.
    local options=(-qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
    as_root apt-get "${options[@]}" update
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get "${options[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null
}

# SwiftPM keeps a plan that names each file of the page, and fails when one is gone: has it plan anew if files came or
# went since. $1: the root of the package; $2: debug or release.
keep_plan_up_to_date() {
    local plan="$1/.build/$2.yaml"
    [ -e "$plan" ] || return 0
    [ -z "$(find "$1/Web" -type d -newer "$plan" -print -quit)" ] || touch "$1/Package.swift"
}
