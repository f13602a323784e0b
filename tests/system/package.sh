#!/bin/bash
# SPDX-License-Identifier: MIT
#
#   package.sh DIR [SUITE]
#
# Installs the packages in DIR, where tools/package has put them, in a Debian (bookworm, or SUITE) with a systemd of its
# own, and runs tests/system/inside-package.sh there: installed, used, upgraded, removed, purged.
: "${1:?is the folder with the packages}"
top_srcdir=$(cd "$(dirname "$0")/../.." && pwd)
top_builddir=${top_builddir:-$top_srcdir/build}
# shellcheck source=tests/system/machine.sh
source "$(dirname "$0")/machine.sh"

# newer DEB VERSION: the same package as a later version, for an upgrade.
newer()
{
	local dir=$scratch/newer

	rm -rf "$dir"
	dpkg-deb -R "$1" "$dir" && sed -i "s/^Version: .*/Version: $2/" "$dir/DEBIAN/control" &&
		dpkg-deb --root-owner-group -b "$dir" "$scratch/debs/newer-$(basename "$1")" >/dev/null
}

# There need be no build.
await_ready=$scratch/await-ready
"${CC:-cc}" -D_GNU_SOURCE -I"$top_srcdir/src" -o "$await_ready" "$top_srcdir/tools/await-ready.c" \
	"$top_srcdir/src/base/stdfd.c" || exit 1

mkdir "$scratch/debs"
cp "$1"/ioe_*.deb "$1"/ioe-client_*.deb "$scratch/debs" || exit 1
version=$(dpkg-deb -f "$scratch/debs"/ioe_*.deb Version)
for deb in "$scratch/debs"/*.deb; do
	newer "$deb" "$version+1" || exit 1
done

have_debian "${2-bookworm}"
boot "${2-bookworm}"
bring tell.sh inside-package.sh || exit 1
tar -C "$scratch" -c debs | inside tar --no-same-owner -C /root -x || exit 1
tar -C "$top_srcdir/debian/tests" -c main-job | inside tar --no-same-owner -C /root -x || exit 1
inside bash /root/inside-package.sh </dev/null
