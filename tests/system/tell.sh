#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Read by what runs inside: how a case is judged and counted.
set -u -o pipefail
export LC_ALL=C.UTF-8 SYSTEMD_PAGER='' SYSTEMD_COLORS=0

# What reads this starts and stops services, writes to /etc and removes what is in /var/lib/ioe.
if ! grep -sqzx container=systemd-nspawn /proc/1/environ || ! grep -sqz ^IOE_SYSTEM_MACHINE=ioe- /proc/1/environ ||
	[[ ! / -ef /proc/1/root ]]; then
	echo "$0 changes the machine it runs on: it runs only in the one that tests/system/units.sh or package.sh boots." >&2
	exit 1
fi

# It lies beside this file in that machine.
# shellcheck source=tests/result.sh
source "$(dirname "$0")/result.sh"
scratch=$(mktemp -d) || exit 1
result_details=$scratch/said
# Whatever ends it, the last line is the sum; what has gone through all its cases says so with complete=1.
complete=0
finish()
{
	rm -rf "$scratch"
	((complete)) || result 1 'all cases are gone through'
	result_sum
}
trap finish EXIT
trap '' PIPE # a client whose server goes away goes on
chmod 755 "$scratch"

# check WHAT COMMAND...: that it succeeds.
check()
{
	local what=$1

	shift
	"$@" >"$scratch/said" 2>&1
	result $? "$what"
}

# refuse STATUS WHAT COMMAND...: that it exits with STATUS.
refuse()
{
	local wanted=$1 what=$2 status

	shift 2
	"$@" >"$scratch/said" 2>&1
	status=$?
	echo "exit status $status" >>"$scratch/said"
	((status == wanted))
	result $? "$what"
}

matches()
{
	local pattern=$1

	shift
	"$@" >"$scratch/said" 2>&1
	grep -qE -e "$pattern" "$scratch/said"
}

# says WHAT PATTERN COMMAND...: that its output has a line that matches.
says()
{
	local what=$1

	shift
	matches "$@"
	result $? "$what"
}
