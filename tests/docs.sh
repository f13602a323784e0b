#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The manual and the program say the same: every verb, option and command has its entry, and every entry is of one
# that exists. docs-rows tells what ioed is made of; the tools are asked for their help.
set -u -o pipefail
export LC_ALL=C

: "${top_srcdir:?is set by make check}" "${top_builddir:?is set by make check}"
: "${IOED:?is set by make check}" "${IOECTL:?is set by make check}" "${IOE_CLIENT:?is set by make check}"
man=$top_srcdir/man
rows=$top_builddir/tests/docs-rows
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
# shellcheck source=tests/result.sh
source "$top_srcdir/tests/result.sh"

# The items of a page that are set in macro $2, as they stand in the source: ".It Ic BYE" is BYE.
items()
{
	sed -nE "s/^\\.It $2 //p" "$man/$1" | sort -u
}

# same WHAT PAGE ITEMS WANTED: two files with a word a line, sorted. One result a word that is in either.
same()
{
	local what=$1 page=$2 word

	while read -r word; do
		grep -qxF -e "$word" "$3"
		result $? "$what $word is in $page"
	done <"$4"
	while read -r word; do
		result 1 "$page tells of $what $word, and there is none"
	done < <(comm -23 "$3" "$4")
}

check_verbs()
{
	items ioe-protocol.7 Ic >"$scratch/entries"
	awk -F '\t' '$1 == "verb" { print $3 }' "$scratch/rows" | sort -u >"$scratch/wanted"
	same verb ioe-protocol.7 "$scratch/entries" "$scratch/wanted"

	# What is not served yet, and only that, stands in its own section.
	sed -n '/^\.Ss Verbs that answer unavailable/,/^\.S[hs] [^V]/p' "$man/ioe-protocol.7" |
		sed -n 's/^\.It Ic //p' | sort -u >"$scratch/entries"
	awk -F '\t' '$1 == "verb" && $4 == "unavailable" { print $3 }' "$scratch/rows" | sort -u >"$scratch/wanted"
	cmp -s "$scratch/entries" "$scratch/wanted"
	result $? "ioe-protocol.7 says which verbs are not served: $(comm -3 "$scratch/entries" "$scratch/wanted" | xargs)"
}

check_slugs()
{
	local code

	while read -r code; do
		sed -n '/^\.Sh DIAGNOSTICS/,/^\.Sh SEE/p' "$man/ioe-protocol.7" | grep -qE "^\\.(It )?Li $code( ,)?$"
		result $? "error $code is in ioe-protocol.7"
	done < <(awk -F '\t' '$1 == "code" { print $2 }' "$scratch/rows")
}

# Name, level and id in ioed.8, id and subject in the catalog: those of the rows, and no others.
check_events()
{
	items ioed.8 Cm >"$scratch/entries"
	awk -F '\t' '$1 == "event" { print $2 }' "$scratch/rows" | sort -u >"$scratch/wanted"
	same event ioed.8 "$scratch/entries" "$scratch/wanted"

	sed -n '/^\.It Cm /{s///;N;s/\n\.Pq \([a-z]*\), Li /\t\1\t/;p}' "$man/ioed.8" | sort >"$scratch/entries"
	awk -F '\t' '$1 == "event" { print $2 "\t" $4 "\t" $3 }' "$scratch/rows" | sort >"$scratch/wanted"
	diff "$scratch/wanted" "$scratch/entries"
	result $? "ioed.8 has the level and the id of each event"

	sed -n '/^-- /{s///;N;s/\nSubject: /\t/;p}' "$top_srcdir/systemd/ioe.catalog" | sort >"$scratch/entries"
	awk -F '\t' '$1 == "event" { print $3 "\t" $5 }' "$scratch/rows" | sort >"$scratch/wanted"
	diff "$scratch/wanted" "$scratch/entries"
	result $? "systemd/ioe.catalog has the id and the subject of each event"
}

check_warnings()
{
	items ioectl.1 Cm >"$scratch/entries"
	awk -F '\t' '$1 == "warning" { print $2 }' "$scratch/rows" | sort -u >"$scratch/wanted"
	same warning ioectl.1 "$scratch/entries" "$scratch/wanted"
}

# systemd reads all of the catalog, and knows each id then.
check_catalog()
{
	local root=$scratch/root id

	if ! command -v journalctl >/dev/null; then
		echo "left out: the catalog in systemd's eyes; there is no journalctl"
		return
	fi
	mkdir -p "$root/usr/lib/systemd/catalog" "$root/var/lib/systemd/catalog"
	cp "$top_srcdir/systemd/ioe.catalog" "$root/usr/lib/systemd/catalog/"
	journalctl --root="$root" --update-catalog >"$scratch/said" 2>&1
	result $? "systemd takes the catalog: $(xargs <"$scratch/said")"
	while read -r id; do
		journalctl --root="$root" --dump-catalog "$id" >"$scratch/said" 2>&1 && grep -q '^Subject: ' "$scratch/said"
		result $? "systemd explains $id"
	done < <(awk -F '\t' '$1 == "event" { print $3 }' "$scratch/rows")
}

check_options()
{
	items ioe.conf.5 Va >"$scratch/entries"
	awk -F '\t' '$1 == "option" { print $2 }' "$scratch/rows" | sort -u >"$scratch/wanted"
	same option ioe.conf.5 "$scratch/entries" "$scratch/wanted"
}

check_example()
{
	"$rows" --example >"$scratch/example" && diff -u "$top_srcdir/etc/ioe.conf" "$scratch/example"
	result $? "etc/ioe.conf is what the rows make of it (docs-rows --example prints that)"
}

check_dictionary()
{
	"$rows" --dictionary >"$scratch/dictionary" && diff -u "$top_srcdir/tests/fuzz/verbs.dict" "$scratch/dictionary"
	result $? "tests/fuzz/verbs.dict is what the rows make of it (docs-rows --dictionary prints that)"
}

# CONTRIBUTING.md has the table of layers.sh, README.md its layers, and each file and function that
# CONTRIBUTING.md names exists.
check_map()
{
	local map=$top_srcdir/CONTRIBUTING.md file function

	sed -n "/^includes='/,/^'/s/^\([a-z]*\): */\1: /p" "$top_srcdir/tests/layers.sh" | sed 's|/\*||g; s/: *$/:/; s/ *$//' >"$scratch/wanted"
	# shellcheck disable=SC2016 # the file has backquotes
	sed -nE 's/^\| `([a-z]+)\/` \|[^|]*\| *`?([^`|]*)`? *\|$/\1: \2/p' "$map" | sed 's/ *$//' >"$scratch/entries"
	diff "$scratch/wanted" "$scratch/entries"
	result $? "CONTRIBUTING.md has the table of layers.sh"

	while IFS=: read -r file _; do
		sed -n '/^## The source tree/,/^    etc/p' "$top_srcdir/README.md" | grep -qw "$file"
		result $? "README.md names the layer $file"
	done <"$scratch/wanted"

	while read -r file; do
		[ -e "$top_srcdir/$file" ] || [ -e "$top_srcdir/src/$file" ] || [ -e "$top_srcdir/tests/$file" ]
		result $? "$file, which CONTRIBUTING.md names, exists"
	done < <(grep -oE '[a-z_]+(/[a-z_-]+)+\.([ch]|sh|varlink)\b' "$map" | sort -u)
	while read -r function; do
		grep -rqw --include='*.[ch]' "$function" "$top_srcdir/src" "$top_srcdir/tests"
		result $? "$function(), which CONTRIBUTING.md names, exists"
	done < <(grep -oE '\b[A-Za-z_]+\(\)' "$map" | tr -d '()' | sort -u)
}

# The command-line options that PROGRAM --help names, against ".It Fl i ..." of its page, by their letters.
check_flags()
{
	local page=$1 program=$2

	"$program" --help >"$scratch/help" </dev/null
	result $? "$program --help works"
	sed -nE 's/^ +-([a-zA-Z]), --.*/\1/p' "$scratch/help" | sort -u >"$scratch/wanted"
	sed -nE 's/^\.It Fl ([a-zA-Z])( .*)?$/\1/p' "$man/$page" | sort -u >"$scratch/entries"
	[ -s "$scratch/wanted" ]
	result $? "$program --help names its options"
	same "option" "$page" "$scratch/entries" "$scratch/wanted"
}

# The commands that PROGRAM --help lists, against ".It Ic NAME ..." of its page.
check_commands()
{
	local page=$1 program=$2

	"$program" --help 2>&1 </dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z-][a-z-]*\).*/\1/p' | sort -u >"$scratch/wanted"
	[ -s "$scratch/wanted" ]
	result $? "$program --help lists its commands"
	sed -nE 's/^\.It Ic ([a-z-]+)( .*)?$/\1/p' "$man/$page" | sort -u >"$scratch/entries"
	same command "$page" "$scratch/entries" "$scratch/wanted"
}

# Behind check_commands: each command that is not for the prompt alone (PROMPT, a regular expression) is completed in bash,
# also behind help, and in zsh.
check_completions()
{
	local program=$1 prompt=$2 name missing=""
	local bash=$top_srcdir/tools/completions/$1.bash zsh=$top_srcdir/tools/completions/_$1

	while read -r name; do
		grep -qE "^[[:space:]]*''\) words='([^']* )?$name " "$bash" || missing+=" $name (bash)"
		[ "$name" = help ] || grep -qE "^[[:space:]]*help\) words='([^']* )?${name}[ ']" "$bash" || missing+=" $name (bash, help)"
		grep -q "^[[:space:]]*'$name:" "$zsh" || missing+=" $name (zsh)"
	done < <(grep -vxE "$prompt" "$scratch/wanted")
	[ -z "$missing" ]
	result $? "tools/completions/ has each command of $program${missing:+, but not:$missing}"
}

# A page that mandoc has nothing to say against, but that a page it refers to is not installed here.
check_page()
{
	local said

	[ -s "$man/$1" ]
	result $? "man/$1 is there"
	said=$(mandoc -T lint -W style "$man/$1" 2>&1 |
		grep -vE 'STYLE: referenced manual not found|outdated mandoc.db|UNSUPP: .*mandoc.db')
	[ -z "$said" ]
	result $? "mandoc has nothing to say against man/$1${said:+: $said}"
}

"$rows" >"$scratch/rows" || exit 1
for page in ioe-client.1 ioe-protocol.7 ioe.conf.5 ioectl.1 ioed.8; do
	check_page "$page"
done
check_verbs
check_slugs
check_events
check_warnings
check_catalog
check_options
check_example
check_dictionary
check_map
check_flags ioed.8 "$IOED"
check_flags ioectl.1 "$IOECTL"
check_flags ioe-client.1 "$IOE_CLIENT"
check_commands ioectl.1 "$IOECTL"
check_completions ioectl ''
check_commands ioe-client.1 "$IOE_CLIENT"
check_completions ioe-client 'connect|bye|exit|quit'

result_sum
