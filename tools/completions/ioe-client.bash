# SPDX-License-Identifier: MIT
# bash completion for ioe-client(1). Rooms, names and files are asked for, of a server that answers within a second.

# Into "whom": the options in front of the command that say whom to ask; into "command": the command.
_ioe_client_look()
{
	local i word value

	whom=(-t 1)
	command=
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		-s | --servers | -t | --timeout)
			# bash takes "--servers=a:1,b:2" apart at "=" and ":".
			[[ ${COMP_WORDS[i + 1]} == = ]] && i=$((i + 1))
			i=$((i + 1))
			value=${COMP_WORDS[i]}
			while [[ ${COMP_WORDS[i + 1]} =~ ^:+$ ]]; do
				value+=${COMP_WORDS[i + 1]}${COMP_WORDS[i + 2]}
				i=$((i + 2))
			done
			[[ $word == -s || $word == --servers ]] && whom+=(-s "$value")
			;;
		-*) ;;
		*)
			command=$word
			return
			;;
		esac
	done
}

_ioe_client_ask()
{
	ioe-client "${whom[@]}" "$@" 2>/dev/null </dev/null
}

# What a server says is data: only what reads as a room or a name is offered. The first line is a size.
_ioe_client_rooms()
{
	_ioe_client_ask raw ROOMS | tail -n +2 | cut -d , -f 1 | grep -x '[A-Za-z0-9._-]*'
}

_ioe_client_names()
{
	_ioe_client_ask raw WHO | tail -n +2 | grep -x '[A-Za-z0-9._:-]*'
}

# Into "word": what a shell would make of the quotes in $1, of which the last may not be closed yet. Nothing of it is run.
_ioe_client_unquote()
{
	local i char quote=

	word=
	for ((i = 0; i < ${#1}; i++)); do
		char=${1:i:1}
		if [[ $quote != "'" && $char == \\ ]]; then
			i=$((i + 1))
			word+=${1:i:1}
		elif [[ -z $quote && ($char == "'" || $char == '"') ]]; then
			quote=$char
		elif [[ -n $quote && $char == "$quote" ]]; then
			quote=
		else
			word+=$char
		fi
	done
}

# Of the folder that is typed already. They are given to readline as file names, which quotes what it inserts.
_ioe_client_files()
{
	local word folder='' name

	_ioe_client_unquote "$cur"
	[[ $word == */* ]] && folder=${word%/*}/
	while IFS= read -r name; do
		[[ $1 == folders && $name != */ ]] && continue
		name=$folder$name
		[[ ${name:0:${#word}} == "$word" ]] && COMPREPLY+=("$name")
	done < <(_ioe_client_ask ls ${folder:+"$folder"})
	compopt -o filenames 2>/dev/null
	[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace 2>/dev/null
	return 0
}

_ioe_client_local_files()
{
	mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	compopt -o filenames 2>/dev/null
	return 0
}

_ioe_client()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words='' whom command

	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]] && ((COMP_CWORD > 1)); then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	COMPREPLY=()
	_ioe_client_look
	case $prev in
	-s | --servers | --nick | --key | --history | --since | --as) return ;;
	-t | --timeout) words='1 5 30' ;;
	--for) words='10 60 3600' ;;
	*)
		case $command in
		'') words='ls get put chat say send inbox watch double ping raw help -s -t --servers= --timeout= --help --version' ;;
		ls)
			_ioe_client_files folders
			return
			;;
		get)
			# The second word is a file here.
			if [[ $prev == get ]]; then
				_ioe_client_files
			else
				_ioe_client_local_files
			fi
			return
			;;
		put)
			if [[ $cur != -* ]]; then
				_ioe_client_local_files
				return
			fi
			words='--as='
			;;
		chat) words="--nick= --history= --since= $(_ioe_client_rooms)" ;;
		say) words="--nick= $(_ioe_client_rooms)" ;;
		send) words="--nick= --key= --wait --for= $(_ioe_client_names)" ;;
		inbox) words='--nick= --keep' ;;
		watch) words='--nick=' ;;
		help) words='ls get put chat say send inbox watch double ping raw' ;;
		raw) words='HELP ROOMS WHO LIST PING MAILBOX' ;;
		esac
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=/] ]] && compopt -o nospace 2>/dev/null
	return 0
}

complete -F _ioe_client ioe-client
