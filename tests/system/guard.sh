#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The tests in here change the machine they run in. That they act in none but the one they have booted: what runs inside
# refuses to begin anywhere else, and in a chroot, from which one arrives outside, nothing is booted at all.
set -u -o pipefail
export LC_ALL=C.UTF-8

: "${top_srcdir:?is set by make check}" "${top_builddir:?is set by make check}"
here=$top_srcdir/tests/system
# shellcheck source=tests/result.sh
source "$top_srcdir/tests/result.sh"
scratch=$(mktemp -d) || exit 1
result_details=$scratch/said
trap 'rm -rf "$scratch"' EXIT

# judge STATUS PATTERN WHAT COMMAND...: that it ends so and says so.
judge()
{
	local wanted=$1 pattern=$2 what=$3 status

	shift 3
	"$@" >"$scratch/said" 2>&1
	status=$?
	echo "exit status $status" >>"$scratch/said"
	((status == wanted)) && [[ $(<"$scratch/said") =~ $pattern ]]
	result $? "$what"
}

# The guard is tell.sh's, and is tried without what reads it: where it is broken, nothing comes of that.
for what in inside inside-package; do
	judge 0 'tell\.sh' "$what.sh is guarded before anything else" \
		awk '/^source / { print; exit 0 } !/^#/ && NF { exit 1 }' "$here/$what.sh"
done
judge 1 'changes the machine it runs on' 'what runs inside refuses to begin here' bash "$here/tell.sh"
judge 1 'changes the machine it runs on' 'whatever the environment says' \
	env container=systemd-nspawn IOE_SYSTEM_MACHINE=ioe-units-1 bash "$here/tell.sh"
judge 1 'autopkgtest' 'the main job refuses as well' env -u AUTOPKGTEST_TMP sh "$top_srcdir/debian/tests/main-job"

# in_copy HOW COMMAND...: in a chroot where all folders of / are, made by make_HOW and gone with the mounts.
in_copy()
{
	export -f make_whole make_parts
	# shellcheck disable=SC2016 # for the inner shell
	unshare -m bash -c '"make_$1" "$2" && shift 2 && exec chroot "$@"' sh "$1" "$scratch/root" "$scratch/root" "${@:2}"
}

make_whole()
{
	mount --rbind / "$1"
}

make_parts()
{
	local entry

	mount -t tmpfs none "$1" || return
	for entry in /*; do
		if [[ -L $entry ]]; then
			cp -P "$entry" "$1/"
		elif [[ -d $entry ]]; then
			mkdir "$1$entry" && mount --rbind "$entry" "$1$entry"
		fi
	done
}

mkdir "$scratch/root"
if ((EUID == 0)) && unshare -m mount --rbind / "$scratch/root" 2>/dev/null && command -v systemd-nspawn debootstrap >/dev/null; then
	judge 77 'SKIP.* chroot' 'in a chroot it is skipped' in_copy parts bash "$here/machine.sh"
	judge 77 'SKIP.* chroot' 'also where it looks the same' in_copy whole bash "$here/machine.sh"
	if [[ / -ef /proc/1/root || ! -e /proc/1/root/ ]]; then
		judge 0 '' 'elsewhere it is not' bash "$here/machine.sh"
	fi
else
	echo "left out: a chroot; that takes root, systemd-nspawn and debootstrap"
fi
result_sum
