# SPDX-License-Identifier: MIT
# bash completion for ioectl(1). What runs is asked: instances from their sockets, ids from the daemon.

# The options in front of the command that say whom to ask, into the array "whom".
_ioectl_whom()
{
	local i

	whom=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-i | -s | --instance | --socket)
			whom=("${COMP_WORDS[i]}" "${COMP_WORDS[i + 1]}")
			# bash takes "--instance=1" apart.
			[[ ${COMP_WORDS[i + 1]} == = ]] && whom=("${COMP_WORDS[i]}" "${COMP_WORDS[i + 2]}")
			;;
		esac
	done
}

# Into "command": the first word that is no option, and no option's value.
_ioectl_command()
{
	local i

	command=
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-i | -s | --instance | --socket)
			i=$((i + 1))
			[[ ${COMP_WORDS[i]} == = ]] && i=$((i + 1))
			;;
		-*) ;;
		*)
			command=${COMP_WORDS[i]}
			return
			;;
		esac
	done
}

_ioectl_instances()
{
	local path

	for path in "${IOE_RUNTIME_DIR:-/run/ioe}"/*/control.sock; do
		[[ -S $path ]] && path=${path%/control.sock} && echo "${path##*/}"
	done
}

_ioectl_columns='id name address listener dialect state'

# What can follow "key=" or stand for itself: as it is now.
_ioectl_values()
{
	ioectl "${whom[@]}" clients --no-headers --columns="$1" 2>/dev/null | grep -vx -e - | sort -u
}

_ioectl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command words='' whom key

	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]] && ((COMP_CWORD > 1)); then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	COMPREPLY=()
	_ioectl_whom
	_ioectl_command
	case $prev in
	-i | --instance) words=$(_ioectl_instances) ;;
	-s | --socket | --write)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--columns) words="all instance $_ioectl_columns connected idle requests received sent" ;;
	--timeout) words='10s 30s 1m' ;;
	--why) return ;;
	--for)
		words='1m 10m 1h'
		[[ $command == wait ]] && words=ready
		;;
	*)
		case $command in
		'') words='status clients kick rooms mailboxes backup restore reload check log-level metrics wait help -i -s -j --instance= --socket= --json --help --version' ;;
		clients)
			words='--columns= --no-headers id= name= address= ip= listener= dialect= state= requests='
			for key in $_ioectl_columns; do
				[[ $prev == "$key" ]] && words=$(_ioectl_values "$key")
			done
			;;
		kick) words="--why= $(_ioectl_values id) $(_ioectl_values name)" ;;
		status | rooms | mailboxes) words=--no-headers ;;
		help) words='status clients kick rooms mailboxes backup restore reload check log-level metrics wait' ;;
		reload) words='--check --diff' ;;
		check | backup | restore)
			[[ $command == backup && $cur == -* ]] && words=--dated
			[[ $command == restore && $cur == -* ]] && words='--config= --state-dir='
			mapfile -t COMPREPLY < <(if [[ $words ]]; then compgen -W "$words" -- "$cur"; else compgen -f -- "$cur"; fi)
			return
			;;
		log-level) words='--for= err warning notice info debug' ;;
		metrics) words='--write=' ;;
		wait) words='--for=ready --timeout=' ;;
		esac
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
	return 0
}

complete -F _ioectl ioectl
