#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The rooms of src/ and their doors: reads the include lines and fails on one that is against the table below.
#
#   layers.sh [TREE]        checks TREE/src (the project's own without TREE), after its own test
#   layers.sh --only TREE   without its own test, which is on made-up trees: each has one door reversed and must fail
set -u -o pipefail
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
passed=0
failed=0

# ROOM: what its files may include of other rooms, as globs. Its own headers are always open to it, but in roles/.
doors='
base:
wire:    base/*
daemon:  wire/* base/*
config:  daemon/option.h base/*
control: daemon/* config/* wire/* base/*
store:   daemon/inbox.h daemon/loop.h daemon/flood.h daemon/incident.h base/*
channel: store/* daemon/* wire/* base/*
roles:   daemon/role.h daemon/session.h daemon/account.h daemon/incident.h daemon/option.h daemon/timer.h daemon/warning.h daemon/worker.h channel/* store/* wire/* base/*
ioed:    roles/* control/* config/* channel/* store/* daemon/* wire/* base/*
peer:    wire/* base/*
ctl:     peer/* wire/* base/*
client:  peer/* wire/* base/*
'

# Whose the files of roles/ are: a role knows no other one. As globs of the name without its suffix.
roles='
chat:    chat chat_*
compute: compute compute_*
file:    file file_* path publish read spool upload
relay:   relay relay_*
'

# What comes from outside and belongs to few: EXTENDED REGULAR EXPRESSION of code lines, then the files that may.
keepers='
#[[:space:]]*include[[:space:]]*<libconfig          config/*
#[[:space:]]*include[[:space:]]*<json               wire/varlink* control/* ctl/*
#[[:space:]]*include[[:space:]]*<systemd/           daemon/notify.* daemon/journal.*
#[[:space:]]*include[[:space:]]*<sqlite3            store/*
#[[:space:]]*include[[:space:]]*<(editline|histedit|readline) client/*
#[[:space:]]*include[[:space:]]*<(glib|gio/|check[.]h)
#[[:space:]]*include[[:space:]]*<sys/(poll|select)[.]h
(^|[^_[:alnum:]])epoll_(create|create1|ctl|wait|pwait|pwait2)[[:space:]]*[(] daemon/loop.[ch]
'

# A word that matches one of the globs behind it.
matches()
{
	local word=$1 glob

	shift
	for glob; do
		# shellcheck disable=SC2254 # it is a glob
		case $word in $glob) return 0 ;; esac
	done
	return 1
}

doors_of()
{
	sed -n "s/^$1:[[:space:]]*//p" <<<"$doors"
}

# The role that roles/NAME.[ch] belongs to; nothing for one that the table does not know.
role_of()
{
	local name=${1#roles/} role globs
	local -a own

	while read -r role globs; do
		read -ra own <<<"$globs"
		if [ -n "$role" ] && matches "${name%.*}" "${own[@]}"; then
			echo "${role%:}"
			return
		fi
	done <<<"$roles"
}

# One include "ROOM/FILE.h" of the file: says what is wrong with it, or nothing.
check_include()
{
	local tree=$1 file=$2 header=$3 room=${2%%/*} of=${3%%/*}
	local -a open

	if [ "$header" = config.h ]; then
		return
	elif [ "$of" = "$header" ]; then
		echo "$file includes \"$header\" without naming its room"
		return
	elif ! [ -e "$tree/src/$header" ] && ! [ -e "$tree/src/${header%.inc}.varlink" ]; then
		echo "$file includes \"$header\", which is not there"
		return
	elif grep -qsxF "$file $header" "$tree/tests/layers.allow"; then
		return
	fi

	if [ "$of" = "$room" ]; then
		[ "$room" != roles ] || [ "$(role_of "$file")" = "$(role_of "$header")" ] ||
			echo "$file includes \"$header\": a role may not know another role"
		return
	fi
	read -ra open <<<"$(doors_of "$room")"
	matches "$header" "${open[@]}" ||
		echo "$file includes \"$header\": the doors of $room/ lead to ${open[*]:-no other room}"
}

check_file()
{
	local tree=$1 file=$2 header

	grep -q "^${file%%/*}:" <<<"$doors" || echo "$file is in a room that the table does not know"
	[ "${file%%/*}" != roles ] || [ -n "$(role_of "$file")" ] || echo "$file is of no role that the table knows"
	while read -r header; do
		check_include "$tree" "$file" "$header"
	done < <(sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"([^"]*)".*/\1/p' "$tree/src/$file")
}

check_keepers()
{
	local tree=$1 regex globs file
	local -a allowed

	while read -r regex globs; do
		[ -n "$regex" ] || continue
		read -ra allowed <<<"$globs"
		while read -r file; do
			matches "$file" "${allowed[@]}" ||
				echo "$file: only ${globs:-tests} may have what matches $regex"
		done < <(cd "$tree/src" && grep -rlE --include='*.[ch]' -e "$regex" . | sed 's|^\./||' | sort)
	done <<<"$keepers"
}

# All that is wrong with TREE, a sentence a line.
check_tree()
{
	local tree=$1 file

	while read -r file; do
		check_file "$tree" "$file"
	done < <(cd "$tree/src" && find . -name '*.[ch]' | sed 's|^\./||' | sort)
	check_keepers "$tree"
}

# Counts one result.
result()
{
	if [ "$1" = 0 ]; then
		passed=$((passed + 1))
		echo "ok: $2"
	else
		failed=$((failed + 1))
		echo "FAILED: $2"
	fi
}

# A tree in which all is as it should be.
made_up_tree()
{
	local room

	rm -rf "$scratch"
	for room in base wire daemon config control store channel roles ioed peer ctl client; do
		mkdir -p "$scratch/src/$room"
	done
	cd "$scratch/src" || exit 1
	touch base/buf.h wire/line.h wire/verb.h daemon/{inbox,loop,session,option,role,conn}.h config/load.h peer/peer.h \
		store/store.h channel/channel.h roles/{chat_room,file,path}.h control/control.h
	printf '#include "config.h"\n#include "base/buf.h"\n#include <string.h>\n' >base/buf.c
	printf '#include "wire/line.h"\n\n#include "base/buf.h"\n' >wire/line.c
	printf '#include <json-c/json.h>\n' >wire/varlink.c
	printf '#include <sys/epoll.h>\nint x = epoll_wait(1);\n' >daemon/loop.c
	printf '#include <systemd/sd-journal.h>\n' >daemon/journal.c
	printf '#include <libconfig.h>\n#include "daemon/option.h"\n' >config/load.c
	printf '#include "daemon/session.h"\n#include "roles/path.h"\n' >roles/file.c
	printf '#include "roles/file.h"\n#include "daemon/loop.h"\n#include "control/control.h"\n' >ioed/main.c
	printf '#include "peer/peer.h"\n' >client/client.c
	cd "$OLDPWD" || exit 1
}

# reversed FILE LINE: with this line in it the made-up tree must fail, and say which file it is.
reversed()
{
	local found

	made_up_tree
	printf '%s\n' "$2" >>"$scratch/src/$1"
	found=$(check_tree "$scratch")
	[ "$(wc -l <<<"$found")" = 1 ] && [[ $found == "$1"* ]]
	result $? "own test: $2 in $1 is found"
}

own_test()
{
	local found

	scratch=$(mktemp -d) || exit 1
	trap 'rm -rf "$scratch"' EXIT

	made_up_tree
	found=$(check_tree "$scratch")
	[ -z "$found" ]
	result $? "own test: a tree without a reversed door passes${found:+, but: $found}"

	reversed base/buf.c '#include "wire/line.h"'
	reversed wire/line.c '#include "daemon/loop.h"'
	reversed wire/line.c '  #  include  "daemon/conn.h" /* indented */'
	reversed daemon/loop.c '#include "roles/file.h"'
	reversed daemon/loop.h '#include "config/load.h"'
	reversed config/load.c '#include "daemon/session.h"'
	reversed control/control.c '#include "roles/file.h"'
	reversed store/store.c '#include "wire/verb.h"'
	reversed channel/channel.c '#include "roles/file.h"'
	reversed roles/file.c '#include "daemon/conn.h"'
	reversed roles/file.c '#include "roles/chat_room.h"'
	reversed roles/chat.c '#include "roles/path.h"'
	reversed peer/peer.c '#include "daemon/loop.h"'
	reversed ctl/ctl.c '#include "control/control.h"'
	reversed client/client.c '#include "daemon/session.h"'
	reversed base/buf.c '#include "buf.h"'
	reversed base/buf.c '#include "base/absent.h"'
	reversed daemon/session.c '#include <libconfig.h>'
	reversed daemon/session.c '#include <json-c/json.h>'
	reversed wire/line.c '#include <systemd/sd-daemon.h>'
	reversed roles/file.c '#include <sqlite3.h>'
	reversed daemon/session.c 'r = epoll_ctl(fd, 1, 2, NULL);'
	reversed base/buf.c '#include <glib.h>'

	made_up_tree
	mkdir "$scratch/src/attic" "$scratch/tests"
	touch "$scratch/src/attic/old.c"
	[[ $(check_tree "$scratch") == attic/old.c* ]]
	result $? "own test: a room that the table does not know is found"

	made_up_tree
	touch "$scratch/src/roles/other.c"
	[[ $(check_tree "$scratch") == roles/other.c* ]]
	result $? "own test: a file of roles/ that is nobody's is found"

	made_up_tree
	mkdir "$scratch/tests"
	echo '#include "daemon/loop.h"' >>"$scratch/src/wire/line.c"
	echo "wire/line.c daemon/loop.h" >"$scratch/tests/layers.allow"
	[ -z "$(check_tree "$scratch")" ]
	result $? "own test: the allowlist is read"
}

only=false
if [ "${1-}" = --only ]; then
	only=true
	shift
fi
tree=${1:-${top_srcdir:-$here/..}}
if ! [ -d "$tree/src" ]; then
	echo "layers.sh: $tree has no src folder" >&2
	exit 2
fi
tree=$(cd "$tree" && pwd)

$only || own_test

found=$(check_tree "$tree")
[ -z "$found" ]
result $? "no door of src/ is reversed${found:+:
$found}"
! grep -qsv '^#' "$tree/tests/layers.allow"
result $? "the allowlist is empty"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
