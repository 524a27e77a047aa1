# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A local installation in $run_dir: certificates, configuration, start and stop.  Sourced after lib.sh.

local_apps=(dial lens plaza)
base_port=${UNDERCROFT_PORT:-8441}
declare -A local_port=([dial]=$base_port [lens]=$((base_port + 1)) [plaza]=$((base_port + 2)))
declare -A local_web_port=([dial]=$((base_port + 10)) [lens]=$((base_port + 11)) [plaza]=$((base_port + 12)))
# Folder of the built web apps; empty: the apps are not served to browsers.
local_web=
declare -A local_names=([dial]=number [lens]=handle [plaza]=address)

# A certificate authority of this folder alone, and one certificate for each app.
local_certificates() {
	local tls=$run_dir/tls app
	mkdir -p "$tls"
	chmod 700 "$tls"
	if [ ! -f "$tls/ca.pem" ]; then
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 825 \
			-subj '/CN=Undercroft local authority' -keyout "$tls/ca.key" -out "$tls/ca.pem" \
			-addext 'basicConstraints=critical,CA:TRUE' \
			-addext 'keyUsage=critical,keyCertSign' 2>/dev/null
	fi
	for app in "${local_apps[@]}"; do
		[ -f "$tls/$app.pem" ] && continue
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
			-subj "/CN=$app.localhost" -keyout "$tls/$app.key" -out "$tls/$app.csr" 2>/dev/null
		openssl x509 -req -in "$tls/$app.csr" -CA "$tls/ca.pem" -CAkey "$tls/ca.key" \
			-CAcreateserial -days 825 -out "$tls/$app.pem" -extfile <(
				echo "subjectAltName=DNS:$app.localhost"
				echo "extendedKeyUsage=serverAuth,clientAuth"
			) 2>/dev/null
		rm "$tls/$app.csr"
	done
}

app_section() { # APP
	cat <<EOF

[app $1]
domain = $1.localhost
listen = 127.0.0.1:${local_port[$1]}
certificate = tls/$1.pem
private_key = tls/$1.key
names = ${local_names[$1]}
keys = keys/$1
grown_ups = yes
new_accounts_ask = yes
requests_day = 10000
EOF
	[ "${local_names[$1]}" != number ] || echo 'discovery = yes'
	# Handles need no code; numbers and addresses do.
	[ "${local_names[$1]}" = handle ] || echo "delivery = $PWD/scripts/dev/deliver-to-file $(realpath -m "$codes_file")"
	[ -z "$local_web" ] || cat <<EOF
web = $(realpath "$local_web")/$1
listen_http = 127.0.0.1:${local_web_port[$1]}
EOF
}

# Is the local configuration one with the web apps?
local_has_web() {
	grep -qs '^listen_http' "$run_dir"/*.conf
}

# One configuration for all apps, or one for each, which then know the others as peers.
local_configs() { # SPLIT
	local app other
	rm -f "$run_dir"/*.conf
	if [ "$1" = no ]; then
		{
			echo '# Local backbone with three apps, written by ./dev up. Paths are relative to this file;'
			echo '# undercroftd --print-config explains every key.'
			printf '[backbone]\ndata = data\n'
			for app in "${local_apps[@]}"; do app_section "$app"; done
		} >"$run_dir/undercroft.conf"
	else
		for app in "${local_apps[@]}"; do
			{
				echo "# Local backbone with $app alone, written by ./dev up --split."
				printf '[backbone]\ndata = data-%s\npeer_ca = tls/ca.pem\n' "$app"
				app_section "$app"
				for other in "${local_apps[@]}"; do
					[ "$other" = "$app" ] ||
						printf '\n[peer %s.localhost]\nurl = https://%s.localhost:%s\nnames = %s\n' \
							"$other" "$other" "${local_port[$other]}" "${local_names[$other]}"
				done
			} >"$run_dir/$app.conf"
		done
	fi
}

# How the terminal client reaches the apps, and a short way to call it: its people live in
# $run_dir/people.
local_client() {
	local app
	{
		echo '# The apps of the local backbone: name, domain, where it listens, who vouches for it,'
		echo '# where its codes go. Written by ./dev up.'
		for app in "${local_apps[@]}"; do
			echo "$app $app.localhost $app.localhost:${local_port[$app]} tls/ca.pem codes.txt"
		done
	} >"$run_dir/apps"
	echo '#!/bin/sh' >"$run_dir/undercroft"
	cat >>"$run_dir/undercroft" <<EOF
# The terminal client with the local apps and people. Written by ./dev up.
here=\$(dirname "\$(readlink -f "\$0")")
UNDERCROFT_APPS=\$here/apps UNDERCROFT_HOME=\$here/people
export UNDERCROFT_APPS UNDERCROFT_HOME
exec $(realpath "$build_dir")/src/cli/undercroft "\$@"
EOF
	chmod 755 "$run_dir/undercroft"
}

# The command that delivers codes is written in words, without quotes.
local_paths_check() {
	case $PWD$(realpath -m "$run_dir") in
	*[[:space:]]*) die "The path of this folder, or of $run_dir, has a blank in it, which the local configuration cannot
name. Move it to where there is none, for example ~/undercroft." ;;
	esac
}

local_prepare() { # SPLIT
	local_paths_check
	mkdir -p "$run_dir"
	chmod 700 "$run_dir"
	local_certificates
	local_configs "$1"
	local_client
}

# Nobody else may be where the apps are to listen: they would be taken for us.
local_ports_check() { # WEB
	local app port ports
	for app in "${local_apps[@]}"; do
		ports=("${local_port[$app]}")
		[ "$1" = no ] || ports+=("${local_web_port[$app]}")
		for port in "${ports[@]}"; do
			if port_is_taken "$port"; then
				die "Port $port of this machine, meant for ${app^}, is taken by another program.
UNDERCROFT_PORT chooses others: the three from it on, and those ten above for browsers. For example:
  UNDERCROFT_PORT=9441 ./dev up"
			fi
		done
	done
}

# A backbone that was killed a moment ago may still be letting go of it, thread by thread.
port_is_taken() { # PORT
	local i
	for i in $(seq 50); do
		port_answers "$1" || return 1
		[ "$i" -eq 50 ] || sleep 0.1
	done
}

port_answers() { # PORT
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

local_start() {
	local conf name
	if local_has_web; then local_ports_check yes; else local_ports_check no; fi
	for conf in "$run_dir"/*.conf; do
		name=$(basename "$conf" .conf)
		"$build_dir/src/server/undercroftd" --init "$conf" >>"$run_dir/$name.log" 2>&1 ||
			{ tail -n 5 "$run_dir/$name.log"; die "undercroftd --init $conf failed"; }
		setsid "$build_dir/src/server/undercroftd" "$conf" >>"$run_dir/$name.log" 2>&1 </dev/null &
		echo $! >"$run_dir/$name.pid"
	done
	for app in "${local_apps[@]}"; do
		wait_for_port "${local_port[$app]}"
		if local_has_web; then wait_for_port "${local_web_port[$app]}"; fi
	done
}

wait_for_port() { # PORT
	local i
	for i in $(seq 600); do
		if port_answers "$1"; then return; fi
		sleep 0.1
	done
	tail -n 20 "$run_dir"/*.log
	die "nothing listens on 127.0.0.1:$1 after a minute ($i tries)"
}

running_any() {
	local pid
	for pid in "$run_dir"/*.pid; do running "$pid" && return; done
	return 1
}

# stopped TRIES SECONDS: waits so often so long until nothing runs; then its files go.
stopped() {
	local i
	for i in $(seq "$1"); do
		running_any || { rm -f "$run_dir"/*.pid && return; }
		[ "$i" -eq "$1" ] || sleep "$2"
	done
	return 1
}

local_stop() {
	local pid
	for pid in "$run_dir"/*.pid; do
		if running "$pid"; then kill -TERM "$(cat "$pid")" || true; fi
	done
	stopped 600 0.1 || die "still running after a minute; see $run_dir/*.log"
}

# kill -9, as a power cut would.
local_kill() {
	local pid
	for pid in "$run_dir"/*.pid; do
		if running "$pid"; then kill -KILL "$(cat "$pid")" || true; fi
	done
	stopped 3000 0.01 || die "still running half a minute after kill -9"
}

# What to open, for those who came for the apps.
next_steps_web() {
	cat <<EOF
Undercroft runs. Three apps that talk to each other; open two of them side by side:

  http://dial.localhost:${local_web_port[dial]}/    Dial, calm and plain: people have phone numbers
  http://lens.localhost:${local_web_port[lens]}/    Lens, pictures first: people have handles
  http://plaza.localhost:${local_web_port[plaza]}/   Plaza, for groups: people have e-mail addresses

Sign up in each, look for the other person, say hello. Any number with its country code and any
address will do: the code that Dial and Plaza send goes nowhere but into a file. The latest one:

  tail -n 1 $codes_file

The same from the terminal, with three commands (Rosa on Dial, Tom on Lens):
EOF
}

next_steps() {
	local u=$run_dir/undercroft conf=$run_dir/undercroft.conf
	[ "${u#/}" = "$u" ] && u=./$u
	[ -f "$conf" ] || conf=$run_dir/APP.conf
	if local_has_web; then
		next_steps_web
	else
		cat <<EOF
Undercroft runs, with Dial (people known by phone numbers), Lens (handles) and Plaza (addresses).
Three commands, and Rosa on Dial and Tom on Lens have written to each other:
EOF
	fi
	cat <<EOF

  $u -p tom sign-up lens tom --name Tom
  $u -p rosa sign-up dial +4915112345678 --name Rosa --ask lens:tom --say "Are the beans up?" &
  $u -p tom accept Rosa --say "They are. Come and see."

The second stays until Tom has answered: with & as here, or in a second terminal without it.
Then:  $u -p rosa follow Tom      a live conversation; each line you type is sent
       $u -p rosa safety Tom      the number that both see, if nobody sits between them
       $u --help                  groups, recovery, blocking and the rest

Logs: $run_dir/*.log   Codes sent to numbers and addresses: $codes_file
Moderators' keys, to be kept offline in earnest: $run_dir/keys/APP/moderators.key
State of the stores: $build_dir/src/ctl/undercroftctl state $conf
./dev down stops it; ./dev demo plays a longer story.
EOF
}
