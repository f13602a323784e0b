#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What tools/ and .ci/run say before they do anything, where they cannot do it: in a copy of the tree's scripts, with
# programs of our own in the place of apt-get and dpkg-query, so that nothing is installed.
set -u -o pipefail
export LC_ALL=C.UTF-8

: "${top_srcdir:?is set by make check}"
# shellcheck source=tests/result.sh
source "$top_srcdir/tests/result.sh"
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
result_details=$scratch/said

# refuses STATUS PATTERN WHAT COMMAND...: that it ends so, with a line that matches, and has called no apt-get.
refuses()
{
	local wanted=$1 pattern=$2 what=$3 status

	shift 3
	rm -f "$scratch/called"
	PATH=$scratch/bin "$@" >"$scratch/said" 2>&1 </dev/null
	status=$?
	echo "exit status $status" >>"$scratch/said"
	((status == wanted)) && grep -qE -e "$pattern" "$scratch/said" && [[ ! -e $scratch/called ]]
	result $? "$what"
}

# tree DIR: what of ours lies in a clone beside the sources.
tree()
{
	mkdir -p "$1/build/package" "$1/.ci" && cp -r "$top_srcdir/tools" "$1/" && cp "$top_srcdir/.ci/run" "$1/.ci/" &&
		cp "$top_srcdir/configure.ac" "$1/" && chmod -R u+w,go+rX "$1"
}

# All programs of this machine but sudo, and those of our own. The umask of whoever runs this is not in the way.
umask 022
mkdir "$scratch/bin"
for path in /usr/local/bin /usr/bin /usr/sbin /bin /sbin; do
	cp -sn "$path"/* "$scratch/bin/" 2>/dev/null
done
rm -f "$scratch/bin/"{sudo,apt-get,dpkg-query}
printf '#!/bin/sh\necho "$*" >>%s/called\nexit 1\n' "$scratch" >"$scratch/bin/apt-get"
printf '#!/bin/sh\nexit 1\n' >"$scratch/bin/dpkg-query"
chmod 755 "$scratch/bin/"{apt-get,dpkg-query}

# shellcheck disable=SC2016 # as it stands
for bad in 'with blank' 'a"b' 'a$b' "a'b" 'a#b' 'a&b' 'a\b' $'a\tb'; do
	tree "$scratch/$bad"
	refuses 1 'has a blank or one of' "tools/need refuses to build in '$bad'" "$scratch/$bad/tools/need" build
done
for tool in tools/run tools/test tools/package .ci/run; do
	refuses 1 'has a blank or one of.*move this tree' "$tool says what is wrong with the path" "$scratch/with blank/$tool"
	[[ ! -e "$scratch/with blank/configure" ]]
	result $? "$tool has begun nothing"
done
tree "$scratch/good"
refuses 1 'has a blank' 'tools/test says so of --build' "$scratch/good/tools/test" --build "$scratch/a b"
refuses 1 'has a blank' 'tools/package says so of --output' "$scratch/good/tools/package" --output "$scratch/a b"
refuses 2 "no section 'nonsense'" 'a section that is not there' "$scratch/good/tools/need" nonsense

# Who may not install.
nobody=()
((EUID != 0)) || nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
refuses 1 '^As root: apt-get update && apt-get install --no-install-recommends build-essential ' \
	'who is not root is told what to type' ${nobody[0]+"${nobody[@]}"} "$scratch/good/tools/need" build test ci package
[[ $(sed -n 's/^As root: //p' "$scratch/said" | tr ' ' '\n' | grep -cx systemd) == 1 ]]
result $? 'each package once'

# What is removed before it is made anew.
mkdir "$scratch/home"
echo precious >"$scratch/home/letter"
refuses 2 'is not of this command' 'tools/package removes nothing that is not its own' \
	"$scratch/good/tools/package" --output "$scratch/home"
grep -qx precious "$scratch/home/letter"
result $? 'it is still there'

# Root installs: without lists these are fetched first.
if ((EUID == 0)); then
	for empty in true false; do
		mkdir -p "$scratch/lists"
		rm -f "$scratch/lists/"* "$scratch/called"
		$empty || : >"$scratch/lists/deb.example_dists_stable_main_binary-amd64_Packages.lz4"
		IOE_APT_LISTS=$scratch/lists PATH=$scratch/bin "$scratch/good/tools/need" build >"$scratch/said" 2>&1 </dev/null
		read -r first _ <"$scratch/called"
		if $empty; then
			[[ $first == update ]]
			result $? 'without lists they are fetched first'
		else
			[[ $first == install ]]
			result $? 'with lists they are not'
		fi
	done
else
	echo "left out: what is fetched when; that takes root"
fi
result_sum
