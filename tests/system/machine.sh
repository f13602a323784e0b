#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Read by the tests in here: a Debian with a systemd of its own (systemd-nspawn), which boot() starts, inside() acts in,
# and which goes with the script. Needs root, and the network once: the Debian is kept in $IOE_SYSTEM_ROOTS (the build
# folder without it). Where that cannot be, the test is skipped and says why.
set -u -o pipefail
export LC_ALL=C.UTF-8

: "${top_srcdir:?is set by make check}" "${top_builddir:?is set by make check}"
roots=${IOE_SYSTEM_ROOTS:-$top_builddir/tests/system/roots}
name=ioe-$(basename "$0" .sh)-$$

skip()
{
	echo "1..0 # SKIP $*"
	exit 77
}

# All mounts are our own and go with us.
if [[ -z ${IOE_SYSTEM_OWN_MOUNTS-} ]]; then
	((EUID == 0)) || skip "booting a systemd needs root"
	unshare -m true 2>/dev/null || skip "this process may have no mounts of its own (unshare -m)"
	IOE_SYSTEM_OWN_MOUNTS=1 exec unshare -m "$BASH" "$0" "$@"
fi
for tool in debootstrap systemd-nspawn nsenter flock; do
	command -v "$tool" >/dev/null || skip "there is no $tool; tools/need test installs it"
done

scratch=$(mktemp -d) || exit 1
machine=
inner=
clean_up()
{
	# Its first process: all of it ends with it, at once.
	if [[ -n $inner ]]; then
		kill -KILL "$inner"
	elif [[ -n $machine ]]; then
		kill "$machine" 2>/dev/null
	fi
	wait
	rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# have_root SUITE PACKAGE,...: a Debian in $roots/SUITE, made where it is not there.
have_root()
{
	local suite=$1 packages=$2 dir=$roots/$1

	mkdir -p "$roots" || return
	(
		flock 9 # another build may be at it
		[[ $(cat "$dir/.complete" 2>/dev/null) == "$packages" ]] && exit 0
		rm -rf "$dir"
		echo "# makes a Debian $suite in $dir, once" >&2
		debootstrap --variant=minbase --include="$packages" "$suite" "$dir" >"$roots/$suite.log" 2>&1 || exit 1
		rm -f "$dir"/var/cache/apt/archives/*.deb "$dir"/etc/resolv.conf
		echo "$packages" >"$dir/.complete"
	) 9>"$roots/$suite.lock"
}

# What is written goes to memory and is gone afterwards. Nothing is registered with a systemd of the machine outside.
boot()
{
	local arguments=(-q -D "$roots/bookworm" --volatile=overlay --boot --notify-ready=yes --register=no --keep-unit
		--console=pipe --private-network --machine="$name" --hostname=ioe --tmpfs=/var/lib/ioe:mode=0755)

	if [[ -d $roots/trixie ]]; then
		arguments+=(--bind-ro="$roots/trixie:/mnt")
	fi
	mount -t tmpfs none /run/systemd || skip "no tmpfs can be mounted on /run/systemd"
	mkfifo "$scratch/ready"
	"${await_ready:-$top_builddir/tools/await-ready}" systemd-nspawn "${arguments[@]}" </dev/null >"$scratch/ready" 2>"$scratch/console" &
	machine=$!
	read -r nspawn <"$scratch/ready" || skip "no systemd boots here: $(tail -n 3 "$scratch/console" | tr '\n\r' '  ')"
	read -r inner _ <"/proc/$nspawn/task/$nspawn/children"
}

inside()
{
	nsenter -t "$inner" -m -u -i -n -p -- "$@"
}

# bring FILE...: files from here go to /root there.
bring()
{
	tar -C "$top_srcdir/tests/system" -c "$@" | inside tar --no-same-owner -C /root -x
}

# With all that ioe needs to run.
have_bookworm()
{
	have_root bookworm systemd,netcat-openbsd,libconfig9,libedit2,libjson-c5,libsqlite3-0 ||
		skip "debootstrap makes no Debian here: $(tail -n 1 "$roots/bookworm.log")"
}
