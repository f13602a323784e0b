#!/bin/bash
# SPDX-License-Identifier: MIT
#
#   units.sh [CASE...]
#
# Boots a Debian with a systemd of its own (systemd-nspawn), installs the build under test in it as make install does,
# and runs tests/system/inside.sh there. IOE_LONG=1: the long forms.
# shellcheck source=tests/system/machine.sh
source "$(dirname "$0")/machine.sh"

if grep -q __asan_init "$IOED" || grep -q __tsan_init "$IOED"; then
	skip "the sanitizers and what the unit forbids do not go together"
fi
have_debian bookworm
# Only for its varlinkctl, which Debian 12 does not have yet; inside.sh says so where it is missing.
(have_debian trixie) >/dev/null || true

env -u MAKEFLAGS -u MFLAGS make -s -C "$top_builddir" install DESTDIR="$scratch/install" >"$scratch/make" 2>&1 || {
	cat "$scratch/make"
	exit 1
}
[[ -x $scratch/install/usr/sbin/ioed && -e $scratch/install/etc/ioe.conf ]] ||
	skip "this build is not configured for /usr and /etc, where a systemd looks"
boot bookworm
tar -C "$scratch/install" -c . | inside tar --no-same-owner --keep-directory-symlink -C / -x || exit 1
bring tell.sh inside.sh || exit 1
inside env IOE_LONG="${IOE_LONG-}" bash /root/inside.sh "$@" </dev/null
