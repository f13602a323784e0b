#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The layers of src/ and what each may include: reads the include lines and fails on one that is against the table
# below. A folder of src/ is a layer; lower ones, which stand first, never name higher ones. Of tests/ it checks who
# includes what is inside of a layer. The files that decide at the owner of a channel are checked for clocks, settings
# and random numbers.
#
#   layers.sh [TREE]        checks TREE/src (the project's own without TREE), after its own test
#   layers.sh --only TREE   without its own test, which is on made-up trees: each has one include reversed and must fail
set -u -o pipefail
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/result.sh
source "$here/result.sh"

# LAYER: what its files may include of other layers, as globs. Its own headers are always open to it, but in roles/.
includes='
base:
wire:    base/*
loop:    base/*
log:     loop/* base/*
net:     log/* loop/* base/*
session: net/* log/* loop/* wire/* base/*
server:  session/* net/* log/* loop/* wire/* base/*
config:  base/*
store:   log/* loop/inbox.h loop/loop.h loop/thread.h base/*
channel: store/* session/* net/* log/* loop/* wire/* base/*
control: channel/list.h server/* config/* session/* net/* log/* loop/* wire/* base/*
roles:   channel/* session/identity.h session/role.h session/session.h log/event.h log/warning.h loop/timer.h loop/worker.h wire/* base/*
ioed:    roles/* control/* config/* channel/* store/* server/* session/* net/* log/* loop/* wire/* base/*
cli:     wire/* base/*
peer:    wire/* base/*
ctl:     cli/* peer/* wire/* base/*
client:  cli/* peer/* wire/* base/*
'

# What comes from outside and belongs to few: EXTENDED REGULAR EXPRESSION of code lines, then the files that may.
keepers='
#[[:space:]]*include[[:space:]]*<libconfig          config/*
#[[:space:]]*include[[:space:]]*<json               wire/varlink* control/* ctl/*
#[[:space:]]*include[[:space:]]*<systemd/           log/*
#[[:space:]]*include[[:space:]]*<sqlite3            store/*
#[[:space:]]*include[[:space:]]*<(editline|histedit|readline) client/*
#[[:space:]]*include[[:space:]]*<(glib|gio/|check[.]h)
#[[:space:]]*include[[:space:]]*"session/session-private[.]h" session/*
#[[:space:]]*include[[:space:]]*<sys/(poll|select)[.]h
(^|[^_[:alnum:]])epoll_(create|create1|ctl|wait|pwait|pwait2)[[:space:]]*[(] loop/loop.[ch]
(^|[^_[:alnum:]])(getsockopt|setsockopt|getsockname|getpeername|accept4?|recv|recvfrom|recvmsg|send|sendto|sendmsg|shutdown)[[:space:]]*[(] net/* control/control.c control/peer_rights.c log/service_manager.c peer/* ctl/*
(^|[^_[:alnum:]])(sendfile|ioctl)[[:space:]]*[(][^)] net/* client/terminal.c client/progress.c
(SIOCOUTQ|SIOCINQ|FIONREAD|TCP_INFO)                net/*
(^|[^_[:alnum:]])(store_[a-z_]+[[:space:]]*[(]|STORE_[A-Z]) store/* channel/* ioed/restore.c
conn([.]|->)watch                                   net/*
'

# The same for the files of tests/: what is inside of a layer is tested by the tests of that layer.
test_keepers='
#[[:space:]]*include[[:space:]]*"session/session-private[.]h" unit/session/*
'

# The files that decide at the owner of a channel, and the code that they must not have: a decision follows from the
# channel and the request alone, and never from the time, the settings, chance, or another request.
deciders='channel/owner.c channel/append.c channel/attributes.c channel/replay.c roles/*/owner/*'
undecided='
(^|[^_[:alnum:]])(clock_[[:alnum:]_]+|time|gettimeofday|store_age_msec|channel_engine_msec)[[:space:]]*[(]
(^|[^_[:alnum:]])now_(u|m)?sec([^_[:alnum:]]|$)
(^|[^_[:alnum:]])settings_get[[:space:]]*[(]
[>.](limits|max_subscriptions)[[:space:]]*[(]
(^|[^_[:alnum:]])(rand|rand_r|random|[a-z]rand48|arc4random[a-z_]*|getrandom|getentropy)[[:space:]]*[(]
(^|[^_[:alnum:]])channel_(submit|request_init|request_init_alone)[[:space:]]*[(]
#[[:space:]]*include[[:space:]]*"(base/clock|channel/subscriber)[.]h"
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

# The same table by layer. There are thousands of includes: nothing here starts a program for each of them.
declare -A includes_of
while IFS=: read -r layer globs; do
	[ -z "$layer" ] || includes_of[$layer]=$globs
done <<<"$includes"

# read_exceptions TREE: the lines of layers.allow.
declare -A exceptions
read_exceptions()
{
	local line

	exceptions=()
	[ -e "$1/tests/layers.allow" ] || return 0
	while read -r line; do
		[ -z "$line" ] || exceptions[$line]=1
	done <"$1/tests/layers.allow"
}

# Sets $role to the role that roles/NAME/... belongs to, which is its folder; empty for a file beside the folders.
set_role()
{
	role=${1#roles/}
	if [ "$role" = "${role#*/}" ]; then
		role=
	else
		role=${role%%/*}
	fi
}

# One include "LAYER/FILE.h" of the file: says what is wrong with it, or nothing.
check_include()
{
	local tree=$1 file=$2 header=$3 layer=${2%%/*} of=${3%%/*} role mine
	local -a allowed

	if [ "$header" = config.h ]; then
		return
	elif [ "$of" = "$header" ]; then
		echo "$file includes \"$header\" without naming its layer"
		return
	elif ! [ -e "$tree/src/$header" ] && ! [ -e "$tree/src/${header%.inc}.varlink" ]; then
		echo "$file includes \"$header\", which is not there"
		return
	elif [ -n "${exceptions["$file $header"]-}" ]; then
		return
	fi

	if [ "$of" = "$layer" ]; then
		set_role "$file"
		mine=$role
		set_role "$header"
		[ "$layer" != roles ] || [ "$mine" = "$role" ] ||
			echo "$file includes \"$header\": a role may not know another role"
		return
	fi
	read -ra allowed <<<"${includes_of[$layer]-}"
	matches "$header" "${allowed[@]}" ||
		echo "$file includes \"$header\": $layer/ may include ${allowed[*]:-no other layer}"
}

check_file()
{
	local file=$1 role

	[ -n "${includes_of[${file%%/*}]+known}" ] || echo "$file is in a layer that the table does not know"
	set_role "$file"
	[ "${file%%/*}" != roles ] || [ -n "$role" ] || echo "$file is in no role's folder"
}

# check_keepers DIR KEEPERS PREFIX: each file of DIR is named with the PREFIX before it.
check_keepers()
{
	local dir=$1 list=$2 prefix=$3 regex globs file found
	local -a allowed

	while read -r regex globs; do
		[ -n "$regex" ] || continue
		read -ra allowed <<<"$globs"
		found=$(cd "$dir" && grep -rlE --include='*.[ch]' -e "$regex" .) || continue
		while read -r file; do
			file=${file#./}
			matches "$file" "${allowed[@]}" ||
				echo "$prefix$file: only ${globs:-tests} may have what matches $regex"
		done < <(sort <<<"$found")
	done <<<"$list"
}

check_deciders()
{
	local tree=$1 regex file
	local -a globs

	read -ra globs <<<"$deciders"
	while read -r regex; do
		[ -n "$regex" ] || continue
		while read -r file; do
			matches "$file" "${globs[@]}" || continue
			echo "$file decides at the owner of a channel, and has what matches $regex"
		done < <(cd "$tree/src" && grep -rlE --include='*.[ch]' -e "$regex" . | sed 's|^\./||' | sort)
	done <<<"$undecided"
}

# All that is wrong with TREE, a sentence a line.
check_tree()
{
	local tree=$1 file header

	read_exceptions "$tree"
	while read -r file; do
		check_file "$file"
	done < <(cd "$tree/src" && find . -name '*.[ch]' | sed 's|^\./||' | sort)
	while IFS=: read -r file header; do
		check_include "$tree" "$file" "$header"
	done < <(cd "$tree/src" && grep -rE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' . |
		sed -E 's|^\./([^:]*):[^"]*"([^"]*)".*|\1:\2|' | sort)
	check_keepers "$tree/src" "$keepers" ""
	! [ -d "$tree/tests" ] || check_keepers "$tree/tests" "$test_keepers" tests/
	check_deciders "$tree"
}

# A tree in which all is as it should be.
made_up_tree()
{
	rm -rf "$scratch"
	mkdir -p "$scratch/src"
	cd "$scratch/src" || exit 1
	mkdir -p base wire loop log net session server config control store channel roles/{chat/owner,file} ioed cli peer ctl client
	touch base/buf.h cli/exit.h wire/line.h wire/verb.h loop/{inbox,loop}.h log/journal.h net/conn.h session/{session,role,session-private}.h config/load.h \
		client/client.h peer/peer.h store/store.h channel/{channel,subscriber}.h roles/{chat/room,file/file,file/path}.h control/control.h server/server.h
	printf '#include "config.h"\n#include "base/buf.h"\n#include <string.h>\n' >base/buf.c
	printf '#include "wire/line.h"\n\n#include "base/buf.h"\n' >wire/line.c
	printf '#include <json-c/json.h>\n' >wire/varlink.c
	printf '#include <sys/epoll.h>\nint x = epoll_wait(1);\n' >loop/loop.c
	printf '#include <systemd/sd-journal.h>\n' >log/journal.c
	printf '#include "loop/loop.h"\nint x = recv(c->watch.fd, p, n, 0), y = ioctl(fd, FIONREAD, &n);\n' >net/conn.c
	printf '#include "net/conn.h"\n' >session/session.c
	printf '#include <libconfig.h>\n#include "base/buf.h"\n' >config/load.c
	printf 'rq->real_msec = clock_real_usec() / 1000;\nrq->policy->limits(settings, &rq->limits);\n' >channel/subscriber.c
	printf 'm->time_msec = rq->real_msec;\nif (n >= rq->limits.members)\n' >channel/owner.c
	printf '#include "channel/channel.h"\n' >roles/chat/owner/act.c
	printf '#include "session/session.h"\n#include "roles/file/path.h"\n' >roles/file/file.c
	printf '#include "roles/file/file.h"\n#include "loop/loop.h"\n#include "control/control.h"\n' >ioed/main.c
	printf '#include "wire/line.h"\n#include "base/buf.h"\n' >cli/exit.c
	printf '#include "cli/exit.h"\n' >ctl/ctl.c
	printf '#include "cli/exit.h"\n#include "peer/peer.h"\n' >client/client.c
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
	result $? "own test: a tree without a reversed include passes${found:+, but: $found}"

	reversed base/buf.c '#include "wire/line.h"'
	reversed wire/line.c '#include "loop/loop.h"'
	reversed wire/line.c '  #  include  "net/conn.h" /* indented */'
	reversed loop/loop.c '#include "log/journal.h"'
	reversed loop/loop.c '#include "roles/file/file.h"'
	reversed log/journal.c '#include "net/conn.h"'
	reversed net/conn.c '#include "session/session.h"'
	reversed net/conn.c '#include "wire/verb.h"'
	reversed session/session.c '#include "server/server.h"'
	reversed server/server.c '#include "channel/channel.h"'
	reversed server/server.c '#include "session/session-private.h"'
	reversed loop/loop.h '#include "config/load.h"'
	reversed config/load.c '#include "session/session.h"'
	reversed control/control.c '#include "roles/file/file.h"'
	reversed control/control.c '#include "channel/channel.h"'
	reversed store/store.c '#include "wire/verb.h"'
	reversed channel/channel.c '#include "roles/file/file.h"'
	reversed channel/channel.c '#include "server/server.h"'
	reversed roles/file/file.c '#include "net/conn.h"'
	reversed roles/chat/chat.c '#include "store/store.h"'
	reversed roles/chat/chat.c 'r = store_page(s, &page);'
	reversed roles/chat/chat.c 'uint64_t upto = STORE_NUMBER_MAX;'
	reversed roles/file/file.c '#include "roles/chat/room.h"'
	reversed roles/chat/chat.c '#include "roles/file/path.h"'
	reversed cli/exit.c '#include "peer/peer.h"'
	reversed cli/exit.c '#include "loop/loop.h"'
	reversed peer/peer.c '#include "loop/loop.h"'
	reversed peer/peer.c '#include "cli/exit.h"'
	reversed ctl/ctl.c '#include "control/control.h"'
	reversed ctl/ctl.c '#include "client/client.h"'
	reversed client/client.c '#include "session/session.h"'
	reversed base/buf.c '#include "buf.h"'
	reversed base/buf.c '#include "base/absent.h"'
	reversed session/session.c '#include <libconfig.h>'
	reversed session/session.c '#include <json-c/json.h>'
	reversed wire/line.c '#include <systemd/sd-daemon.h>'
	reversed roles/file/file.c '#include <sqlite3.h>'
	reversed session/session.c 'r = epoll_ctl(fd, 1, 2, NULL);'
	reversed base/buf.c '#include <glib.h>'
	reversed session/session.c 'r = getsockopt(fd, 1, 2, &x, &n);'
	reversed session/session.c 'n = send(fd, p, len, 0);'
	reversed roles/file/file.c 'n = sendfile(fd, file, NULL, 1);'
	reversed session/session.c 'r = ioctl(fd, request, &n);'
	reversed server/server.c 'int request = SIOCOUTQ;'
	reversed session/session.c 'close(s->conn.watch.fd);'
	reversed session/session.c 'fd = conn->watch.fd;'

	reversed channel/owner.c 'now = clock_usec();'
	reversed channel/append.c 'time_msec = clock_real_usec () / 1000;'
	reversed channel/attributes.c 'return channel_engine_msec(engine);'
	reversed channel/attributes.c 'return loop->now_usec;'
	reversed channel/replay.c 'const struct options *o = settings_get(s, &section);'
	reversed channel/owner.c 'policy->limits(settings, &limits);'
	reversed channel/owner.c 'n = policy->max_subscriptions(settings);'
	reversed roles/chat/owner/act.c 'n = random() % 6;'
	reversed roles/chat/owner/act.c 'channel_submit(&x->rq);'
	reversed roles/chat/owner/act.c '#include "channel/subscriber.h"'

	made_up_tree
	mkdir "$scratch/src/attic" "$scratch/tests"
	touch "$scratch/src/attic/old.c"
	[[ $(check_tree "$scratch") == attic/old.c* ]]
	result $? "own test: a layer that the table does not know is found"

	made_up_tree
	touch "$scratch/src/roles/other.c"
	[[ $(check_tree "$scratch") == roles/other.c* ]]
	result $? "own test: a file of roles/ that is in no role's folder is found"

	made_up_tree
	mkdir -p "$scratch/tests/unit/session"
	echo '#include "session/session-private.h"' | tee "$scratch/tests/unit/session/check_session.c" >"$scratch/tests/unit/serve.h"
	found=$(check_tree "$scratch")
	[ "$(wc -l <<<"$found")" = 1 ] && [[ $found == tests/unit/serve.h:* ]]
	result $? "own test: a test of another layer that includes the inside of a session is found"

	made_up_tree
	mkdir "$scratch/tests"
	echo '#include "loop/loop.h"' >>"$scratch/src/wire/line.c"
	echo "wire/line.c loop/loop.h" >"$scratch/tests/layers.allow"
	[ -z "$(check_tree "$scratch")" ]
	result $? "own test: the list of exceptions is read"
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
result $? "no include of src/ is against the table${found:+:
$found}"
# An exception that nobody needs any more goes.
stale=$(grep -v '^#' "$tree/tests/layers.allow" | while read -r file header; do
	grep -qsF "#include \"$header\"" "$tree/src/$file" || echo "$file $header"
done)
[ -z "$stale" ]
result $? "no exception is stale${stale:+:
$stale}"

result_sum
