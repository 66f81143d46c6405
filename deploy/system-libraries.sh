#!/bin/sh
# Installs the Debian packages named as arguments where they are missing and that may be done; otherwise says so.
missing=""
for package in "$@"; do
    dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
install="apt-get install --yes --no-install-recommends$missing"
if ! command -v apt-get >/dev/null; then
    echo "waifu2x needs the Vulkan loader and the OpenMP runtime of LLVM; install what your system calls$missing" >&2
elif [ "$(id -u)" = 0 ]; then
    (apt-get update --quiet=2 && $install --quiet=2 >/dev/null) || echo "could not install$missing: enlarging will not work" >&2
elif sudo --non-interactive true 2>/dev/null; then
    (sudo apt-get update --quiet=2 && sudo $install --quiet=2 >/dev/null) || echo "could not install$missing: enlarging will not work" >&2
else
    echo "waifu2x needs two system libraries: sudo $install" >&2
fi
