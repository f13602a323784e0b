#!/bin/bash
# SPDX-License-Identifier: MIT
#
#   bare.sh SUITE DIR
#
# The first command of README.md, as somebody types it who has a fresh Debian (bookworm, trixie) and this tree, and
# nothing else: tools/package in the smallest Debian there is, without git and without apt's lists. The packages go to
# DIR. What apt fetches is kept beside the roots.
: "${1:?is the Debian, bookworm or trixie}" "${2:?is where the packages go}"
suite=$1
output=$(realpath -m "$2")
top_srcdir=$(cd "$(dirname "$0")/../.." && pwd)
top_builddir=${top_builddir:-$top_srcdir/build}
# shellcheck source=tests/system/machine.sh
source "$(dirname "$0")/machine.sh"

# As a clone: with .git, in which there need be no git to look.
mkdir -p "$scratch/tree/.git" "$output" "$roots/debs-$suite/partial" || exit 1
tar -C "$top_srcdir" --exclude='./build*' --exclude=./.git --exclude=./b -c . | tar -C "$scratch/tree" --no-same-owner -x || exit 1
rm -f "$output"/*.deb

have_root "bare-$suite" "$suite" '' || skip "debootstrap makes no Debian here: $(tail -n 1 "$roots/bare-$suite.log")"
have_containers
cat >"$scratch/inside" <<-'END'
	set -e
	rm -rf /var/lib/apt/lists/*
	cd /root/ioe
	tools/package
	cp build/package/*.deb /root/output
END
"${container[@]}" -D "$roots/bare-$suite" --pipe --bind="$scratch/tree:/root/ioe" --bind="$output:/root/output" \
	--bind="$roots/debs-$suite:/var/cache/apt/archives" --bind-ro="$scratch/inside:/root/inside" \
	bash /root/inside </dev/null >"$scratch/log" 2>&1
status=$?
if ((status == 0)) && [[ $(find "$output" -name 'ioe_*.deb' -o -name 'ioe-client_*.deb' | wc -l) == 2 ]]; then
	echo "ok: tools/package builds the packages on a bare $suite"
	echo "1 passed, 0 failed"
else
	tail -n 60 "$scratch/log"
	echo "FAILED: tools/package on a bare $suite (status $status)"
	echo "0 passed, 1 failed"
	exit 1
fi
