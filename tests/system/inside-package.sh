#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The life of the package in a Debian that has not seen it, from the first installation to the purge. Only in a machine
# that is thrown away. One line a case; the last is the sum.
# shellcheck source=tests/system/tell.sh
source "$(dirname "$0")/tell.sh"
export DEBIAN_FRONTEND=noninteractive

debs=$(dirname "$0")/debs

# What is on the disk, without what every package leaves and what is a system's own to change.
tree()
{
	find / -xdev \( -path /root -o -path /tmp -o -path /var/tmp -o -path /var/log -o -path /var/lib/dpkg \
		-o -path /var/cache -o -path /var/lib/systemd -o -path /run -o -path '/etc/*-' \) -prune -o -print | sort
}

pid()
{
	systemctl show --value -p MainPID "ioe@$1"
}

is_active()
{
	systemctl is-active "ioe@$1"
}

# same_as FILE: what the server has under the name "kept".
keeps()
{
	ioe-client get kept "$scratch/got" && cmp "$scratch/got" "$1"
}

tree >"$scratch/before"
head -c 500000 /dev/urandom >"$scratch/file"

echo '# install'
check 'it installs' dpkg -i "$debs"/ioe_*.deb "$debs"/ioe-client_*.deb
check 'there is the user' getent passwd ioe
check 'there is the group of administrators' getent group ioe-admin
refuse 3 'nothing is started' systemctl is-active ioe@1
refuse 1 'nothing is enabled' systemctl is-enabled ioe@1
check 'the configuration is in order' ioectl check
refuse 3 'nothing answers yet' ioectl status

echo '# use'
check 'the main job' env AUTOPKGTEST_TMP="$scratch" sh "$(dirname "$0")/main-job"

echo '# upgrade'
check 'two instances start' systemctl start ioe@1 ioe@2
check 'a file is stored' ioe-client put "$scratch/file" kept
echo '# by the administrator' >>/etc/ioe.conf
first=$(pid 1) second=$(pid 2)
check 'it upgrades' dpkg --force-confold -i "$debs"/newer-*.deb
check 'the first runs' is_active 1
check 'the second runs' is_active 2
check 'the first is a new process' test "$first" != "$(pid 1)"
check 'the second is a new process' test "$second" != "$(pid 2)"
refuse 3 'what did not run does not run' systemctl is-active ioe@3
check 'the file is kept' keeps "$scratch/file"
says "the administrator's change is kept" '^# by the administrator$' cat /etc/ioe.conf

echo '# remove'
check 'a socket waits' systemctl start ioe@3.socket
check 'it is removed' dpkg -r ioe ioe-client
says 'the first is stopped' '^inactive$' systemctl is-active ioe@1
says 'the socket is closed' '^inactive$' systemctl is-active ioe@3.socket
refuse 1 'nothing of it runs' grep -lx ioed /proc/*/comm
tree | comm -13 "$scratch/before" - >"$scratch/left"
refuse 1 'nothing but state and configuration is left' \
	grep -vE '^/var/lib/ioe(/|$)|^/var/lib/private|^/etc/ioe\.conf(\.d)?$' "$scratch/left"

echo '# install again'
check 'it installs again' dpkg --force-confold -i "$debs"/ioe_*.deb "$debs"/ioe-client_*.deb
check 'it starts again' systemctl start ioe@1
check 'the file is still there' keeps "$scratch/file"
check 'an instance is enabled' systemctl enable ioe@1

echo '# purge'
says 'it tells what it keeps' 'kept in /var/lib/ioe' dpkg -P ioe ioe-client
refuse 1 'the configuration is gone' test -e /etc/ioe.conf
check 'no instance is enabled' test -z "$(find /etc/systemd -name 'ioe@*')"
check 'the files of users are not' test -s /var/lib/ioe/1/files/kept
rm -rf /var/lib/ioe/*
tree | comm -13 "$scratch/before" - >"$scratch/left"
refuse 1 'nothing else is left' grep -vE '^/var/lib/ioe$|^/var/lib/private' "$scratch/left"

complete=1
((failed == 0))
