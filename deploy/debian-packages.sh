#!/bin/sh
# Installs Debian packages that are missing if that may be done, and otherwise says what does not work without them.
# Usage: debian-packages.sh WHAT_NEEDS_THEM PACKAGE...   Services among them are neither started nor enabled.
purpose=$1
shift
missing=""
for package in "$@"; do
    dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

policy=/usr/sbin/policy-rc.d
root=""
[ "$(id -u)" = 0 ] || root="sudo --non-interactive"
get="$root env DEBIAN_FRONTEND=noninteractive apt-get --quiet=2 --option DPkg::Lock::Timeout=300"

units_of() {
    [ -z "$*" ] || dpkg --listfiles "$@" | sed -nE 's#^(/usr)?/lib/systemd/system/([^/]+)$#\2#p; s#^/etc/init.d/([^/]+)$#\1.service#p' | sort -u
}

install_missing() {
    $get update
    new=$($get install --simulate --no-install-recommends $missing 2>/dev/null | sed -n 's/^Inst \([^ ]*\) (.*/\1/p')
    $get install --yes --no-install-recommends $missing >/dev/null || return 1
    units=$(units_of $new)
    if [ -n "$units" ] && command -v systemctl >/dev/null; then
        $root systemctl --quiet disable $units
    fi
}

if ! command -v apt-get >/dev/null; then
    echo "$purpose: install what your system calls$missing" >&2
elif ! $root true 2>/dev/null; then
    echo "$purpose: sudo apt-get install --no-install-recommends$missing" >&2
else
    if [ ! -e $policy ]; then
        trap '$root rm -f $policy' EXIT INT TERM
        printf '#!/bin/sh\nexit 101\n' | $root tee $policy >/dev/null
        $root chmod 755 $policy
    fi
    install_missing || echo "$purpose: could not install$missing" >&2
fi
exit 0
