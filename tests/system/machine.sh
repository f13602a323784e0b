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

# root_seen [COMMAND...]: which mount and which folder / is, as seen by what COMMAND starts.
root_seen()
{
	# shellcheck disable=SC2016 # for the inner shell
	"$@" sh -c 'exec 3</ && grep mnt_id /proc/self/fdinfo/3 && stat -Lc %d:%i /' 2>/dev/null
}

# Whether / is another one than that of our mount namespace. From a chroot, systemd-nspawn leaves the outer / where it
# was, and who enters its namespaces is there: on a machine that this test must not touch.
in_chroot()
{
	[[ $(root_seen) != "$(root_seen nsenter --mount=/proc/self/ns/mnt)" ]]
}

((EUID == 0)) || skip "booting a systemd needs root"
for tool in debootstrap systemd-nspawn nsenter flock; do
	command -v "$tool" >/dev/null || skip "there is no $tool; tools/need test installs it"
done
unshare -m true 2>/dev/null || skip "this process may have no mounts of its own (unshare -m)"
in_chroot && skip "this is a chroot, from which one does not get into a container"

scratch=$(mktemp -d) || exit 1
machine=
inner=
run_systemd_made=
clean_up()
{
	# Its first process: all of it ends with it, at once.
	if [[ -n $inner ]]; then
		kill -KILL "$inner"
	elif [[ -n $machine ]]; then
		kill "$machine" 2>/dev/null
	fi
	wait
	if [[ -n $run_systemd_made ]]; then
		rmdir /run/systemd
	fi
	rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Where apt has Debian's packages from here, for debootstrap, too; its own default where that says nothing.
mirror()
{
	# shellcheck disable=SC2016 # apt's
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -m 1 '/debian/$'
}

# have_root NAME SUITE PACKAGE,...: a Debian in $roots/NAME, made where it is not there. The mounts that debootstrap makes
# are its own and go with it. A folder of that name that this has not made is left alone.
have_root()
{
	local suite=$2 packages=$3 dir=$roots/$1 log=$roots/$1.log from=()

	mkdir -p "$roots" || return
	(
		flock 9 # another build may be at it
		# The smallest one has no packages to name: its mark is empty, and has to be there.
		[[ -e $dir/.complete && $(cat "$dir/.complete") == "$packages" ]] && exit 0
		if [[ -e $dir && ! -e $log ]]; then
			echo "# $dir is in the way: it was not made by this test" >&2
			exit 1
		fi
		: >"$log"
		rm -rf --one-file-system "$dir"
		mapfile -t from < <(mirror)
		echo "# makes a Debian $suite in $dir, once" >&2
		unshare -m debootstrap --variant=minbase ${packages:+--include="$packages"} "$suite" "$dir" \
			${from[0]+"${from[0]}"} >"$log" 2>&1 || exit 1
		rm -f "$dir"/var/cache/apt/archives/*.deb "$dir"/etc/resolv.conf
		echo "$packages" >"$dir/.complete"
	) 9>"$roots/$1.lock"
}

# What is written goes to memory and is gone afterwards. Nothing is registered with a systemd of the machine outside:
# what systemd-nspawn keeps in /run/systemd goes to a tmpfs that it alone sees.
# shellcheck disable=SC2016 # for the inner shell
container=(unshare -m sh -c 'mount -t tmpfs none /run/systemd && exec systemd-nspawn "$@"' sh
	-q --volatile=overlay --register=no --keep-unit --machine="$name" --hostname=ioe)

have_containers()
{
	if mkdir /run/systemd 2>/dev/null; then
		run_systemd_made=1
	fi
	unshare -m mount -t tmpfs none /run/systemd || skip "no tmpfs can be mounted on /run/systemd"
}

# boot NAME: the Debian in $roots/NAME, with a systemd of its own.
boot()
{
	local arguments=(-D "$roots/$1" --boot --notify-ready=yes --console=pipe --private-network
		--tmpfs=/var/lib/ioe:mode=0755 --setenv=IOE_SYSTEM_MACHINE="$name")

	if [[ $1 != trixie && -d $roots/trixie ]]; then
		arguments+=(--bind-ro="$roots/trixie:/mnt")
	fi
	have_containers
	mkfifo "$scratch/ready"
	"${await_ready:-$top_builddir/tools/await-ready}" "${container[@]}" "${arguments[@]}" \
		</dev/null >"$scratch/ready" 2>"$scratch/console" &
	machine=$!
	read -r nspawn <"$scratch/ready" || skip "no systemd boots here: $(tail -n 3 "$scratch/console" | tr '\n\r' '  ')"
	read -r inner _ <"/proc/$nspawn/task/$nspawn/children"
	is_inside || {
		echo "What is run in the machine that was booted does not arrive there: nothing was written."
		exit 1
	}
}

# With the root and the working directory of that machine: its namespaces alone lead to where its / is mounted.
inside()
{
	nsenter -t "$inner" -m -u -i -n -p -r -w -- "$@"
}

# Whether inside() leads into the machine that boot() has booted, and its / is not ours.
is_inside()
{
	[[ -n $inner ]] && inside grep -qzx container=systemd-nspawn /proc/1/environ &&
		inside grep -qzx "IOE_SYSTEM_MACHINE=$name" /proc/1/environ &&
		inside test / -ef /proc/1/root && [[ $(root_seen inside) != "$(root_seen)" ]]
}

# bring FILE...: files of tests/system/, and what counts their results, go to /root there.
bring()
{
	tar -C "$top_srcdir/tests/system" -c "$@" -C .. result.sh | inside tar --no-same-owner -C /root -x
}

# have_debian SUITE: in $roots/SUITE, with all that ioe needs to run.
have_debian()
{
	local config=libconfig9

	[[ $1 == bookworm ]] || config=libconfig11
	have_root "$1" "$1" "systemd,netcat-openbsd,$config,libedit2,libjson-c5,libsqlite3-0" ||
		skip "debootstrap makes no Debian here: $(tail -n 1 "$roots/$1.log")"
}
