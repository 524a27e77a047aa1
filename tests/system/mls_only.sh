#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The MLS library without all else (-Dmls_only=true): it asks for libsodium and libcrypto and nothing
# more, its example runs, and what would be installed is the library's own, whole:
#   mls_only.sh MESON NINJA SOURCE
set -euo pipefail
meson=$1 ninja=$2 source=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
quietly() { "$@" >"$tmp/log" 2>&1 || { cat "$tmp/log" && exit 1; }; }
quietly "$meson" setup "$tmp/build" "$source" -Dmls_only=true --optimization=0 --werror
# Debian 13's Meson lists what is declared within the project, too, as dep and a number.
needs=$("$meson" introspect --dependencies "$tmp/build" | grep -o '"name": "[^"]*"' |
	grep -v '"dep[0-9]*"$' | sort -u)
[ "$needs" = $'"name": "libcrypto"\n"name": "libsodium"\n"name": "threads"' ] ||
	{ echo "it needs $needs" && exit 1; }
installed=$("$meson" introspect --installed "$tmp/build")
for file in mls.h mls_types.h mls_crypto.h mls_component.h errors.h undercroft-mls.pc \
	libundercroft-mls.so libundercroft-mls.a undercroft-mls.3 mls_group.3; do
	grep -q "/${file}[\".]" <<<"$installed" || { echo "$file is not installed" && exit 1; }
done
for file in undercroft.h libundercroft.so undercroftd undercroft.1; do
	! grep -q "/${file}[\".]" <<<"$installed" || { echo "$file is installed" && exit 1; }
done
quietly "$ninja" -C "$tmp/build" examples/mls-example
[ "$("$tmp/build/examples/mls-example")" = $'0: Hi\n1: Ho\nBob is out' ]
echo "alone: ok"
