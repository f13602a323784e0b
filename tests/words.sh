#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The words of the tree: a word that was replaced by the usual one does not come back in the name of an identifier or of
# a file of src/ or tests/. Comments and strings are not checked: they are English, and can have names of the protocol.
# Of comments only the width is: a line with one has at most 120 columns.
#
#   words.sh [TREE]        checks src and tests of TREE (the project's own without TREE), after its own test
#   words.sh --only TREE   without its own test
set -u -o pipefail
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/result.sh
source "$here/result.sh"

# WORD, where it is not a part of a name (* for all layers of src/, *-LAYER,... for all but these, or LAYER,...), and the
# word that is used instead.
words='
ask         *-net,channel                                request
asked       *-session,channel,roles                      requested
attach      *                                            observer
borrowed    *                                            reserved
branch      *                                            fanout
bury        *                                            reap
came        *                                            on_arrival
chamber     *                                            channel fixture
charge      *                                            account
charged     *                                            accounted
cold        *                                            not resident
coldread    *                                            prefetch
door        *                                            allowed include
drained     *                                            flushed
errand      *                                            task
errands     *                                            tasks
fate        *                                            disposition
flood       *-roles                                      ratelimit
floor       *                                            low_water_mark
followed    *                                            subscribed
follower    *                                            subscriber
guest       *                                            subscriber
hear        *                                            receive
heard       base,wire,loop,log,net,server,session,config,store received
hindmost    *                                            slowest
house       *                                            server, tree
incident    *                                            event
intercept   *                                            pre_verb
keeper      *                                            maintenance
lane        *                                            slice, shared buffer
later       base,wire,loop,log,net,server,session,config,store deferred
ledger      *                                            channels
letters     *-ctl                                        mail
lost        base,wire,loop,log,server,session,config,store close_reason
note        *-session                                    attribute
pace        *                                            pacing
prune       *                                            expire
quiet       *                                            idle
room        base,wire,loop,log,net,server,config,store   diskspace, or a chat room
roster      *                                            clients
said        *-session,channel,roles,peer,client          the name of the text
scene       *                                            fault scenario
scream      *                                            log, print
settle      *                                            flush, persist, account, resolve
silent      base,wire,loop,log,net,server,session,config,store idle, noreply
slug        *                                            error_code
spool       *                                            staging
stray       *                                            unmatched
tell        base,wire,loop,log,net,server,session,store  notify
told        base,wire,loop,log,net,server,session,store  notified, reported
took        *                                            on_stored
uncharge    *                                            unaccount
unkept      *                                            ephemeral
unsettled   *                                            size undecided
untold      *                                            pending
upkeep      *                                            maintenance
warmed      *                                            resident
'

# The same for the names of tests/, whose folders count as layers here. A test can name words of English, so only those
# are listed that were names of the tests' own.
test_words='
chamber     *                                            channel fixture
errand      *                                            task
errands     *                                            tasks
guest       *                                            subscriber
hear        *-fuzz                                       receive
heard       *                                            received
hears       *                                            receives
hindmost    *                                            slowest
house       *                                            sim server
incident    *                                            event
ledger      *                                            channels
letters     *                                            messages
lane        *                                            shared buffer
roster      *                                            clients
scene       *                                            fault scenario
settle      *                                            flush, persist, account or resolve
slug        *                                            error_code
stage       *                                            session fixture
tell        *                                            report
told        *                                            reported
untold      *                                            pending
upkeep      *                                            maintenance
'

# strip(): a line of a C file without comments and literals; sets has_comment, and in_comment for the next line.
# shellcheck disable=SC2016 # awk's own variables
lexer='
FNR == 1 { in_comment = 0 }
function strip(line,    code, mark, end)
{
	has_comment = in_comment
	code = ""
	while (line != "") {
		if (in_comment) {
			end = index(line, "*/")
			if (!end)
				break
			line = substr(line, end + 2)
			in_comment = 0
		} else if (match(line, /\/\*|"|\047/)) {
			mark = substr(line, RSTART, RLENGTH)
			code = code substr(line, 1, RSTART - 1) " "
			line = substr(line, RSTART + RLENGTH)
			if (mark == "/*") {
				in_comment = has_comment = 1
				continue
			}
			while (line != "" && substr(line, 1, 1) != mark)
				line = substr(line, substr(line, 1, 1) == "\\" ? 3 : 2)
			line = substr(line, 2)
		} else {
			code = code line
			line = ""
		}
	}
	return code
}'

# FILE:LINE:NAME of each identifier of C files.
# shellcheck disable=SC2016
identifiers=$lexer'
{
	code = strip($0)
	while (match(code, /[A-Za-z_][A-Za-z0-9_]*/)) {
		print FILENAME ":" FNR ":" substr(code, RSTART, RLENGTH)
		code = substr(code, RSTART + RLENGTH)
	}
}'

# Reads "PLACE:NAME", where PLACE begins with the layer, and says which names have one of the words in them.
# shellcheck disable=SC2016
judge='
BEGIN {
	n = split(list, row, "\n")
	for (i = 1; i <= n; i++) {
		if (split(row[i], field, " ") < 3)
			continue
		where[field[1]] = field[2]
		use = row[i]
		sub(/^[^ ]+ +[^ ]+ +/, "", use)
		instead[field[1]] = use
	}
}
function applies(word, layer,    w)
{
	w = where[word]
	if (w ~ /^\*-/)
		return index("," substr(w, 3) ",", "," layer ",") == 0
	return w == "*" || index("," w ",", "," layer ",") > 0
}
{
	name = $NF
	layer = $1
	sub(/\/.*/, "", layer)
	n_parts = split(tolower(name), part, /[_.\/-]/)
	for (i = 1; i <= n_parts; i++)
		if (part[i] in where && applies(part[i], layer)) {
			place = NF > 2 ? $1 ":" $2 : $1
			print place ": " name ": \"" part[i] "\" is \"" instead[part[i]] "\" in this tree"
			break
		}
}'

# The faults of FOLDER by the rows of LIST, a sentence a line.
check_folder()
{
	[ -d "$1" ] || return 0
	(
		cd "$1" || exit 1
		find . \( -name '*.[ch]' -o -name '*.varlink' \) | sed 's|^\./||' | sort | sed 's|.*|&:&|'
		find . -name '*.[ch]' | sed 's|^\./||' | sort | xargs -r awk "$identifiers"
	) | awk -F: -v list="$2" "$judge"
}

# The lines of C files that have a comment and are too wide.
# shellcheck disable=SC2016
wide_comments=$lexer'
{
	strip($0)
	if (!has_comment)
		next
	line = $0
	while (tab = index(line, "\t"))
		line = substr(line, 1, tab - 1) substr("        ", (tab - 1) % 8 + 1) substr(line, tab + 1)
	if (length(line) > 120)
		print FILENAME ":" FNR ": the line has " length(line) " columns, and a comment has at most 120"
}'

check_width()
{
	[ -d "$1" ] || return 0
	(
		cd "$1" || exit 1
		find . -name '*.[ch]' | sed 's|^\./||' | sort | xargs -r awk "$wide_comments"
	)
}

# The faults of TREE, a sentence a line.
check_tree()
{
	check_folder "$1/src" "$words"
	check_folder "$1/tests" "$test_words"
	check_width "$1/src"
	check_width "$1/tests"
}

# In a tree of its own, FILE (of src/, or tests/...) has TEXT in it. EXPECTED is a glob for the result; "": no fault.
case_of()
{
	local file=$1 text=$2 expected=$3 said path

	path=$scratch/src/$file
	[[ $file == tests/* ]] && path=$scratch/$file
	rm -rf "$scratch/src" "$scratch/tests"
	mkdir -p "$(dirname "$path")"
	printf '%s\n' "$text" >"$path"
	said=$(check_tree "$scratch")
	# shellcheck disable=SC2053 # it is a glob
	[[ $said == $expected ]]
	result $? "own test: $file with \"${text//$'\n'/ }\"${said:+ is: $said}"
}

own_test()
{
	scratch=$(mktemp -d) || exit 1
	trap 'rm -rf "$scratch"' EXIT

	case_of store/a.c 'int store_fate(int n);' 'store/a.c:1: store_fate: "fate" is "disposition"*'
	case_of store/a.c $'int a;\nenum { STORE_FATE_MAX };' 'store/a.c:2: STORE_FATE_MAX: *'
	case_of store/a.c $'/* one\n * two */ int fate;' 'store/a.c:2: fate: *'
	case_of store/a.c 'char c = '"'\"'"'; int fate; /* " */' 'store/a.c:1: fate: *'
	case_of roles/chat/a.h 'struct guest;' 'roles/chat/a.h:1: guest: *'
	case_of store/prune.c 'int a;' 'store/prune.c: store/prune.c: "prune" is "expire"*'
	case_of store/room.c 'int a;' 'store/room.c: *'
	case_of roles/chat/room.c 'int a;' ''
	case_of roles/chat/a.c 'int room_flood;' ''
	case_of log/a.c 'int log_flood;' 'log/a.c:1: log_flood: *'
	case_of tests/unit/a.c 'int heard;' 'unit/a.c:1: heard: "heard" is "received" in this tree'
	case_of tests/unit/a.c 'int late; /* heard */ char *s = "heard";' ''
	case_of tests/faults/ledger.c 'int a;' 'faults/ledger.c: *'
	case_of channel/a.c 'int asked;' ''
	case_of store/a.c 'int asked;' 'store/a.c:1: asked: *'
	case_of store/a.c $'/* the fate of it,\n and fate */ int a = f("fate \\" fate");' ''
	case_of store/a.c 'int fateful, defloor;' ''
	case_of store/a.c '#include "store/prune.h"' ''

	local wide
	wide=$(printf 'x%.0s' {1..110})
	case_of store/a.c "/* $wide      */" 'store/a.c:1: the line has 121 columns, *'
	case_of store/a.c "/* $wide     */" ''
	case_of store/a.c $'\t'"/* $wide */" 'store/a.c:1: the line has 124 columns, *'
	case_of store/a.c $'/*\n'" * a"$'\n\t'" * $wide"$'\n */' 'store/a.c:3: the line has 121 columns, *'
	case_of tests/unit/a.c "int a = 1; /* $wide */" 'unit/a.c:1: the line has 127 columns, *'
	case_of store/a.c "char *s = \"/* $wide\";" ''
	case_of store/a.c "/* a */"$'\n'"char *s = \"$wide$wide\";" ''
}

only=false
if [ "${1-}" = --only ]; then
	only=true
	shift
fi
tree=${1:-${top_srcdir:-$here/..}}
if ! [ -d "$tree/src" ]; then
	echo "words.sh: $tree has no src folder" >&2
	exit 2
fi
tree=$(cd "$tree" && pwd)

$only || own_test

found=$(check_tree "$tree")
[ -z "$found" ]
result $? "no name of src/ or tests/ has a word that was replaced, and no comment is too wide${found:+:
$found}"

result_sum
