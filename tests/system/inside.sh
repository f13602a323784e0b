#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The daily life of an administrator, where a systemd runs, ioe is installed and none of it is in use: starts, breaks and
# stops instances 1 to 3 and changes /etc. So only in a machine that is thrown away. One line a case; the last is the
# sum. IOE_LONG=1: the long forms.
# shellcheck source=tests/system/tell.sh
source "$(dirname "$0")/tell.sh"
head -c 3000000 /dev/urandom >"$scratch/file"

# eventually COMMAND...: within ten seconds. What is waited for here has no event of its own to wait for.
eventually()
{
	local end=$((SECONDS + 10))

	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || return 1
		sleep 0.05
	done
}

# logs WHAT PATTERN COMMAND...: as says, of what comes to the journal a little later than it happens.
logs()
{
	local what=$1

	shift
	eventually matches "$@"
	result $? "$what"
}

property()
{
	systemctl show --value -p "$2" "$1"
}

is()
{
	[[ $(property "$1" "$2") == "$3" ]]
}

# What was said since mark(). Not by a cursor: systemd 252 leaves out the first match after one.
mark()
{
	since=@${EPOCHREALTIME/,/.}
}

journal()
{
	journalctl --sync
	journalctl -q --since="$since" "$@"
}

# ask PORT REQUEST [ADDRESS]: the first line of the answer.
ask()
{
	local reply fd

	exec {fd}<>"/dev/tcp/${3-127.0.0.1}/$1" || return
	printf '%s\n' "$2" >&"$fd"
	read -r -t 10 reply <&"$fd"
	exec {fd}>&-
	printf '%s\n' "$reply"
}

answers()
{
	[[ $(ask "$1" PING 2>/dev/null) == PONG ]]
}

# edit UNIT: standard input becomes its drop-in, as with systemctl edit.
edit()
{
	mkdir -p "/etc/systemd/system/$1.d"
	cat >"/etc/systemd/system/$1.d/override.conf"
	systemctl daemon-reload
}

unedit()
{
	rm -rf "/etc/systemd/system/$1.d"
	systemctl daemon-reload
}

configure()
{
	mkdir -p /etc/ioe.conf.d
	cat >/etc/ioe.conf.d/test.conf
}

# Everything as it was: nothing runs, nothing is configured or kept.
begin()
{
	systemctl stop 'ioe@*.socket' 'ioe@*.service' 2>/dev/null
	systemctl reset-failed 2>/dev/null
	rm -rf /etc/ioe.conf.d /var/lib/ioe/* /srv/share
	mark
	echo "# $*"
}

usec()
{
	local now=$EPOCHREALTIME

	echo "${now//[!0-9]/}"
}

case_install()
{
	begin 'what was installed'
	check 'systemd-sysusers makes user and group' systemd-sysusers
	check 'there is a user ioe' getent passwd ioe
	check 'there is a group ioe-admin' getent group ioe-admin
	systemctl daemon-reload
	says 'systemd-analyze has nothing to say against the units' '^0$' \
		bash -c 'systemd-analyze verify --man=no ioe@1.service ioe@1.socket 2>&1 | wc -l'
	check 'the exposure is 1.2 or less' \
		systemd-analyze security --offline=yes --threshold=12 "$(property ioe@1 FragmentPath)"
	echo "# counts: $(tail -n 1 "$scratch/said" | sed 's/^[^A-Z]*//; s/ [^ ]*$//')"
	check 'the service can be enabled' systemctl enable ioe@1.service
	systemctl disable ioe@1.service 2>/dev/null
}

status_field()
{
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

case_start()
{
	local pid

	begin 'start'
	check 'it starts' systemctl start ioe@1
	check 'it is active' systemctl is-active ioe@1
	check 'it answers' answers 9001
	says 'the status is told to systemd' '127\.0\.0\.1:9001' property ioe@1 StatusText
	pid=$(property ioe@1 MainPID)
	says 'it runs as ioe' '^ioe:ioe-admin$' stat -c %U:%G "/proc/$pid"
	says 'it has no capabilities' '^0+$' status_field "$pid" CapBnd
	says 'it can gain no privileges' '^1$' status_field "$pid" NoNewPrivs
	says 'its system calls are filtered' '^2$' status_field "$pid" Seccomp
	says 'its state is its own' '^ioe 700$' stat -c '%U %a' /var/lib/ioe/1
	says 'the runtime directory can be entered' '^ioe 755$' stat -c '%U %a' /run/ioe/1
	says 'the control socket is for the admins' '^ioe ioe-admin 660$' stat -c '%U %G %a' /run/ioe/1/control.sock

	check 'a file is taken' ioe-client put "$scratch/file" kept
	check 'and given' ioe-client get kept "$scratch/back"
	check 'as it was' cmp "$scratch/file" "$scratch/back"
	says 'a number is doubled' '^42$' ioe-client double 21
	check 'the file is in the state directory' cmp "$scratch/file" /var/lib/ioe/1/files/kept

	check 'it restarts' systemctl restart ioe@1
	check 'the file is still there' ioe-client get kept "$scratch/again"
	systemctl start ioe@2
	check 'it stops' systemctl stop ioe@1
	says 'in order' '^success$' property ioe@1 Result
	check 'its runtime directory is gone' test ! -e /run/ioe/1
	check "the other's is not" test -S /run/ioe/2/control.sock
	check 'and that one answers' answers 9002
}

# By the clock of whoever types the command: from then to the first answer.
case_start_time()
{
	local times=() begin

	begin 'from systemctl start to the first answer'
	for _ in {1..9}; do
		begin=$(usec)
		systemctl start ioe@1
		answers 9001 || break
		times+=($(($(usec) - begin)))
		systemctl stop ioe@1
	done
	((${#times[@]} == 9))
	result $? 'it answers after each start'
	mapfile -t times < <(printf '%s\n' "${times[@]}" | sort -n)
	echo "# counts: from systemctl start to the first answer: ${times[0]} us at best, ${times[4]} us in the middle"
}

case_reload()
{
	local fd reply

	begin 'reload'
	systemctl start ioe@1
	exec {fd}<>/dev/tcp/127.0.0.1/9001
	configure <<<'log = { level = "debug"; };'
	check 'it reloads' systemctl reload ioe@1
	logs 'and says so' 'reloaded' journal -u ioe@1
	configure <<<'limits = { connections = 0; };'
	refuse 1 'a reload that is refused fails' systemctl reload ioe@1
	logs 'the journal says what is wrong, and where' 'test\.conf:1: .*limits\.connections.* 1 to' journal -u ioe@1
	check 'it goes on' answers 9001
	printf 'PING\n' >&"$fd"
	read -r -t 10 reply <&"$fd"
	[[ $reply == PONG ]]
	result $? 'with those who were connected'
	exec {fd}>&-
	configure <<<'listeners = ( { port = 7001; roles = [ "compute" ]; } );'
	check 'a listener is changed' systemctl reload ioe@1
	check 'it answers on the new port' answers 7001
	refuse 1 'and no more on the old one' answers 9001
	says 'the status tells of it' '7001' property ioe@1 StatusText
}

case_wrong_start()
{
	begin 'a configuration with faults'
	configure <<<'limits = { conections = 5; };'
	refuse 1 'it does not start' systemctl start ioe@1
	says 'with 78' '^78$' property ioe@1 ExecMainStatus
	says 'and is not tried again' '^failed$' property ioe@1 ActiveState
	logs 'the journal says what is wrong, and where' 'test\.conf:1: .*conections is no option' journal -u ioe@1
	rm -rf /etc/ioe.conf.d
	refuse 1 'an instance that is no number does not start' systemctl start ioe@one
	says 'with 2' '^2$' property ioe@one ExecMainStatus
	says 'and is not tried again either' '^failed$' property ioe@one ActiveState
}

case_three()
{
	local i

	begin 'three instances'
	check 'they start at once' systemctl start ioe@1 ioe@2 ioe@3
	for i in 1 2 3; do
		check "instance $i answers on 900$i" answers "900$i"
		says "ioectl finds instance $i" "^ *$i " ioectl status
	done
	systemctl stop ioe@2
	refuse 1 'one is stopped' answers 9002
	check 'the others answer' eval 'answers 9001 && answers 9003'
	check 'what says ioe@* means all' systemctl try-restart 'ioe@*'
	check 'they answer again' eval 'answers 9001 && answers 9003'
}

case_socket()
{
	begin 'socket activation'
	check 'the socket starts' systemctl start ioe@1.socket
	check 'ioed does not run yet' is ioe@1.service ActiveState inactive
	check 'the first client is answered' answers 9001
	check 'ioed runs now' is ioe@1.service ActiveState active
	says 'what the socket does not hold, it binds itself' '11826' property ioe@1 StatusText
	check 'it is stopped with its socket' systemctl stop ioe@1.socket ioe@1.service
	refuse 1 'nobody listens then' answers 9001

	configure <<<'listeners = ( { port = 7001; roles = [ "compute" ]; } );'
	systemctl start ioe@1.socket
	refuse 1 'a socket that no listener has is refused' systemctl start ioe@1.service
	logs 'by name, with the remedy' '127\.0\.0\.1:9001 of ioe@1\.socket.*systemctl disable --now ioe@1\.socket' journal -u ioe@1

	# A listener that has the port, but not the address: nothing is bound before the sockets are looked at.
	systemctl stop ioe@1.socket ioe@1.service 2>/dev/null
	systemctl reset-failed
	mark
	configure <<<'listeners = ( { port = 9001; address = "0.0.0.0"; roles = [ "compute" ]; } );'
	systemctl start ioe@1.socket
	refuse 1 'nor is one of another address taken' systemctl start ioe@1.service
	logs 'the socket is named, and what to write' 'of ioe@1\.socket.*ListenStream=0\.0\.0\.0:9001' journal -u ioe@1
	refuse 1 'and no other program is blamed' grep -q 'another program' <(journal -u ioe@1)
	systemctl stop ioe@1.socket ioe@1.service 2>/dev/null
	systemctl reset-failed
	edit ioe@1.socket <<<$'[Socket]\nListenStream=\nListenStream=0.0.0.0:9001'
	systemctl start ioe@1.socket
	says 'with that it is answered' '^42$' ask 9001 21
	systemctl stop ioe@1.socket ioe@1.service
	unedit ioe@1.socket
}

case_sockets()
{
	begin 'several sockets, and not in the order of listeners'
	edit ioe@1.socket <<<$'[Socket]\nListenStream=\nListenStream=[::1]:7002\nListenStream=127.0.0.1:7001'
	configure <<-'END'
		listeners = (
		  { address = "127.0.0.1"; port = 7001; roles = [ "compute" ]; },
		  { address = "127.0.0.1"; port = 7002; roles = [ "relay" ]; },
		  { address = "::1"; port = 7002; roles = [ "file" ]; }
		);
	END
	systemctl start ioe@1.socket
	says 'one has its own roles' '^42$' ask 7001 21
	says 'the one that shares its port, too' '^0$' ask 7002 LIST ::1
	says 'what is bound beside it has others' '^ERROR' ask 7002 LIST
	says 'they are all there' '127\.0\.0\.1:7001.*127\.0\.0\.1:7002.*\[::1\]:7002' property ioe@1.service StatusText
	check 'a restart keeps them' systemctl restart ioe@1.service
	says 'and they answer' '^42$' ask 7001 21
	systemctl stop ioe@1.socket ioe@1.service
	unedit ioe@1.socket
}

# Connects, asks and goes, until $scratch/enough is there. Leaves: connects, answers, refused, broken off.
hammer()
{
	local connects=0 answered=0 refused=0 broken=0 reply fd

	until [[ -e $scratch/enough ]]; do
		connects=$((connects + 1))
		if ! { exec {fd}<>/dev/tcp/127.0.0.1/9001; } 2>/dev/null; then
			refused=$((refused + 1))
			read -r -t 0.02 _ <>"$scratch/pause" # other tests want the processor, too
			continue
		fi
		reply=
		{ printf 'PING\n' >&"$fd" && read -r -t 20 reply <&"$fd"; } 2>/dev/null
		if [[ $reply == PONG ]]; then
			answered=$((answered + 1))
		else
			broken=$((broken + 1))
		fi
		exec {fd}>&-
	done
	echo "$connects $answered $refused $broken" >"$scratch/hammer.$1"
}

# Is it up, and another process than $1?
another_serves()
{
	local now

	now=$(property ioe@1 MainPID)
	((now != 0 && now != $1)) && is ioe@1 ActiveState active
}

# kills N: kills it N times while three clients connect all the while, and adds up what they saw into $sum.
kills()
{
	local i pid hammers=() survived=0 longest=0 begin took

	rm -f "$scratch/enough" "$scratch/pause"
	mkfifo "$scratch/pause"
	for i in 1 2 3; do
		hammer "$i" &
		hammers+=($!)
	done
	for ((i = 0; i < $1; i++)); do
		pid=$(property ioe@1 MainPID)
		begin=$(usec)
		systemctl kill --signal=KILL ioe@1.service
		if ! eventually another_serves "$pid" || ! answers 9001; then
			break
		fi
		took=$(($(usec) - begin))
		((took <= longest)) || longest=$took
		survived=$((survived + 1))
	done
	: >"$scratch/enough"
	wait "${hammers[@]}"
	sum=$(awk '{ c += $1; a += $2; r += $3; b += $4 } END { print c, a, r, b }' "$scratch"/hammer.[123])
	sum="$survived $longest $sum"
}

case_kill()
{
	local n=10 sum survived longest connects answered refused broken

	[[ -z ${IOE_LONG-} ]] || n=100
	begin 'kill -9, with the socket unit'
	systemctl start ioe@1.socket ioe@1.service
	kills "$n"
	read -r survived longest connects answered refused broken <<<"$sum"
	((survived == n))
	result $? "it came back from $n kills"
	((connects > n && refused == 0))
	result $? 'nobody was refused'
	echo "# counts: $n kills with the socket unit: $connects connects, $answered answered, $refused refused," \
		"$broken broken off; at most $longest us from the kill to an answer"

	begin 'kill -9, without'
	systemctl start ioe@1.service
	kills 5
	read -r survived longest connects answered refused broken <<<"$sum"
	((survived == 5))
	result $? 'it came back from 5 kills'
	echo "# counts: 5 kills without: $connects connects, $answered answered, $refused refused," \
		"$broken broken off; at most $longest us from the kill to an answer"
}

case_watchdog()
{
	local pid begin

	begin 'the watchdog'
	edit ioe@1.service <<<$'[Service]\nWatchdogSec=2s'
	systemctl start ioe@1
	pid=$(property ioe@1 MainPID)
	sleep 3 # an idle daemon must feed it
	check 'an idle daemon is let be' is ioe@1 MainPID "$pid"
	begin=$(usec)
	kill -STOP "$pid"
	check 'a stopped one is replaced' eventually another_serves "$pid"
	check 'and answers' answers 9001
	echo "# counts: WatchdogSec=2s: $((($(usec) - begin) / 1000)) ms from SIGSTOP to the next answer"
	logs 'the journal says why' 'Watchdog timeout' journal -u ioe@1
	unedit ioe@1.service
}

# as USER COMMAND...
as()
{
	setpriv --reuid "$1" --regid "$1" --init-groups -- "${@:2}"
}

case_rights()
{
	begin 'who may administer it'
	useradd admina --groups ioe-admin
	useradd stranger
	systemctl start ioe@1
	check 'root may' ioectl status
	check 'a member of ioe-admin may, by a supplementary group' as admina ioectl status
	check 'and reload' as admina ioectl -i 1 reload
	check 'and have clients sent away' as admina ioectl -i 1 clients
	refuse 4 'a stranger may not' as stranger ioectl status
	says 'and is told the remedy' 'ioe-admin' as stranger ioectl status
	refuse 4 'nor may he reload' as stranger ioectl -i 1 reload
	check 'the unit, which reloads as ioe, may' as ioe ioectl -i 1 status
	userdel admina
	userdel stranger
}

case_root_elsewhere()
{
	begin 'file.root elsewhere'
	mkdir -p /srv/share
	chown ioe /srv/share
	echo 'from the outside' >/srv/share/readme
	configure <<<'file = { root = "/srv/share"; };'
	check 'it starts' systemctl start ioe@1
	logs 'and says what it cannot do, and the remedy' 'ReadWritePaths=/srv/share' journal -u ioe@1
	says 'it can be read' '^from the outside$' ioe-client get readme -
	refuse 4 'and not written' ioe-client put "$scratch/file" new
	edit ioe@1.service <<<$'[Service]\nReadWritePaths=/srv/share'
	systemctl restart ioe@1
	check 'with the remedy it can' ioe-client put "$scratch/file" new
	check 'and it is there' cmp "$scratch/file" /srv/share/new

	chown root /srv/share
	rm -rf /srv/share/.ioe
	mark
	systemctl restart ioe@1
	logs 'a folder of somebody else is told apart' '/srv/share cannot be written: Permission denied.*writable for the user' journal -u ioe@1
	systemctl stop ioe@1
	mkdir -p /home/share
	configure <<<'file = { root = "/home/share"; };'
	refuse 1 'one that the unit hides is refused' systemctl start ioe@1
	logs 'and that it is hidden is said' '/home/share cannot be opened.*ioe@.service does not see' journal -u ioe@1
	unedit ioe@1.service
}

# field PATTERN FIELD: of the last record whose message matches.
field()
{
	journal -u ioe@1 -o json --all | grep -E "\"MESSAGE\":\"[^\"]*$1" | tail -n 1 |
		sed -nE "s/.*\"$2\":\"([^\"]*)\".*/\1/p"
}

case_journal()
{
	local fd

	begin 'the journal'
	configure <<<'log = { level = "debug"; };'
	systemctl start ioe@1
	logs 'which instance' '^1$' field 'started; ' IOE_INSTANCE
	logs 'what of' '^ioed$' field 'started; ' SYSLOG_IDENTIFIER
	logs 'how grave' '^5$' field 'started; ' PRIORITY
	logs 'an event that an administrator acts on has its id' '^[0-9a-f]{32}$' field 'started; ' MESSAGE_ID
	exec {fd}<>/dev/tcp/127.0.0.1/9001
	printf 'NICK,alice\nPING\n' >&"$fd"
	read -r -t 10 _ <&"$fd"
	read -r -t 10 _ <&"$fd"
	check 'somebody is sent away' ioectl -i 1 kick "$(ioectl -i 1 clients alice | awk '$0 ~ /alice/ { print $1 }')"
	read -r -t 10 _ <&"$fd"
	exec {fd}>&-
	logs 'which session' '^[0-9]' field 'was kicked' IOE_SESSION
	logs 'from where' '^127\.0\.0\.1' field 'was kicked' IOE_PEER
	logs 'who' '^alice$' field 'was kicked' IOE_NAME
	logs 'how much it was sent' '^[0-9]+$' field 'session .* ended' IOE_BYTES
	logs 'it is found by instance' '.' journal IOE_INSTANCE=1
	check 'and nothing of another' test -z "$(journal IOE_INSTANCE=2)"
	logs 'by its id' 'started; ' journal MESSAGE_ID=120882982408483c9e4186c8a7f7553a
	journalctl --update-catalog
	logs 'which the catalog explains' 'ioed\(8\)' journal --catalog MESSAGE_ID=120882982408483c9e4186c8a7f7553a

	# A journal that does not read holds up nobody.
	systemctl kill --signal=STOP systemd-journald.service
	for _ in {1..50}; do
		answers 9001 || break
	done
	check 'a journal that is stuck holds up no client' answers 9001
	check 'nor the administrator' timeout 10 ioectl status
	systemctl kill --signal=CONT systemd-journald.service
}

case_port_taken()
{
	local nc

	begin 'a port that somebody else has'
	nc -l 127.0.0.1 9001 >/dev/null &
	nc=$!
	eventually bash -c 'ss -ltn 2>/dev/null | grep -q :9001 || grep -q ":2329 " /proc/net/tcp'
	refuse 1 'it does not start' systemctl start ioe@1
	logs 'and says which, and what to do' 'port 9001 on 127\.0\.0\.1 is in use by another program' journal -u ioe@1
	kill "$nc"
	wait "$nc" 2>/dev/null
	check 'once it is free, it starts by itself' eventually answers 9001
}

case_state()
{
	local fd

	begin 'the state of another'
	systemctl start ioe@1
	check 'the store knows this boot by its id, though the unit hides the file of it' \
		grep -aq "$(tr -d - </proc/sys/kernel/random/boot_id)" /var/lib/ioe/1/store.db /var/lib/ioe/1/store.db-wal
	configure <<<'state_dir = "/var/lib/ioe/1";'
	says 'a second one does not start, and names the first' \
		'/var/lib/ioe/1 is locked by another ioed \(instance 1, process [0-9]+\)' as ioe env RUNTIME_DIRECTORY=/tmp ioed -i 4
	systemctl stop ioe@1
	rm -rf /etc/ioe.conf.d
	exec {fd}>>/var/lib/ioe/1/lock
	flock -n "$fd"
	refuse 1 'nor does the unit where somebody else has the lock' systemctl start ioe@1
	logs 'by name' '/var/lib/ioe/1 is locked' journal -u ioe@1
	exec {fd}>&-
	check 'once it is free, it starts by itself' eventually answers 9001
}

case_full_disk()
{
	begin 'a full disk'
	mkdir -p /var/lib/ioe/1
	mount -t tmpfs -o size=2m,mode=0700 none /var/lib/ioe/1
	chown ioe:ioe-admin /var/lib/ioe/1
	head -c 3000000 /dev/zero >/var/lib/ioe/1/fill 2>/dev/null
	if systemctl start ioe@1 2>"$scratch/said"; then
		check 'it starts, and serves what it can' answers 9001
		refuse 11 'what does not fit is refused' ioe-client put "$scratch/file" file
	else
		logs 'it does not start and says what is full' '/var/lib/ioe/1.*No space left on device' journal -u ioe@1
	fi
	rm -f /var/lib/ioe/1/fill
	check 'with room again it serves' eventually answers 9001
	echo small >"$scratch/small"
	check 'and takes files' ioe-client put "$scratch/small" small
	systemctl stop ioe@1
	umount /var/lib/ioe/1
}

case_wrong_unit()
{
	begin 'a unit edited wrongly'
	edit ioe@1.service <<<$'[Service]\nRestrictSUIDSGID=yes'
	check 'without openat2 it starts' systemctl start ioe@1
	check 'a file is taken' ioe-client put "$scratch/file" file
	check 'and given' ioe-client get file "$scratch/back2"
	check 'as it was' cmp "$scratch/file" "$scratch/back2"

	systemctl stop ioe@1
	edit ioe@1.service <<<$'[Service]\nRestrictAddressFamilies=\nRestrictAddressFamilies=AF_UNIX'
	mark
	refuse 1 'without AF_INET it does not start' systemctl start ioe@1
	logs 'and says what is missing' 'RestrictAddressFamilies' journal -t ioed
	systemctl stop ioe@1

	edit ioe@1.service <<<$'[Service]\nGroup=ioe'
	mark
	check 'without the group it starts' systemctl start ioe@1
	logs 'and says who cannot administer it' 'ioe-admin' journal -t ioed
	systemctl stop ioe@1

	edit ioe@1.service <<<$'[Service]\nStateDirectory=\nRuntimeDirectory='
	mark
	refuse 1 'without its directories it does not start' systemctl start ioe@1
	logs 'and says which' '/var/lib/ioe/1' journal -t ioed
	unedit ioe@1.service
}

# A client that takes no answer and does not go.
case_stop()
{
	local fd begin took

	begin 'a stop that takes its time'
	configure <<<'stop_timeout = "25s";'
	head -c 50000000 /dev/zero >"$scratch/big"
	systemctl start ioe@1
	ioe-client put "$scratch/big" big
	exec {fd}<>/dev/tcp/127.0.0.1/9001
	printf 'READ,big\n' >&"$fd"
	read -r -t 10 -N 1 _ <&"$fd"
	begin=$SECONDS
	check 'it stops' systemctl stop ioe@1
	took=$((SECONDS - begin))
	echo "took $took s" >>"$scratch/said"
	says 'within stop_timeout, not killed by systemd' '^success$' property ioe@1 Result
	((took >= 20))
	result $? "and had the $took s that stop_timeout gives"
	exec {fd}>&-
}

# A Varlink client of others.
case_varlink()
{
	local root=/mnt

	begin 'varlinkctl'
	if [[ ! -x $root/usr/bin/varlinkctl ]]; then
		echo "# skipped: there is no Debian 13 in $root, whose varlinkctl would be asked"
		return
	fi
	systemctl start ioe@1
	mount -t tmpfs none "$root/run"
	mkdir "$root/run/ioe"
	mount --bind /run/ioe/1 "$root/run/ioe"
	says 'it is told who serves' 'Product: +ioe' chroot "$root" varlinkctl info unix:/run/ioe/control.sock
	says 'it reads the interface' 'method Status' \
		chroot "$root" varlinkctl introspect unix:/run/ioe/control.sock org.ioe.control
	says 'it calls Status' '"instance" *: *1' \
		chroot "$root" varlinkctl call unix:/run/ioe/control.sock org.ioe.control.Status '{}'
	umount "$root/run/ioe" "$root/run"
}

cases=(install start start_time reload wrong_start three socket sockets kill watchdog rights root_elsewhere journal port_taken
	state full_disk wrong_unit varlink)
if [[ -n ${IOE_LONG-} ]]; then
	cases+=(stop)
fi
(($# == 0)) || cases=("$@")
for name in "${cases[@]}"; do
	"case_$name"
done
begin "took $SECONDS s"
complete=1
((failed == 0))
