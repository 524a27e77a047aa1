#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The engine as it is installed, and nothing of this repository beside it: pkg-config finds it, the
# example is built with it, shared and static, in C11 and its headers in C99 and C++17, and each
# function has its manual page:
#   installed_mls.sh MESON BUILD SOURCE CC CXX
set -euo pipefail
meson=$1 build=$2 source=$3 cc=$4 cxx=$5
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
"$meson" install -C "$build" --no-rebuild --destdir "$tmp" >"$tmp/log" || { cat "$tmp/log" && exit 1; }
pc=$(find "$tmp" -name undercroft-mls.pc)
lib=$(dirname "$(find "$tmp" -name libundercroft-mls.so)")
export PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$tmp
read -ra flags <<<"$(pkg-config --cflags undercroft-mls)"
read -ra libs <<<"$(pkg-config --libs undercroft-mls)"
read -ra more <<<"$(PKG_CONFIG_SYSROOT_DIR='' pkg-config --libs libsodium libcrypto)"
want=$'0: Hi\n1: Ho\nBob is out'
cd "$tmp"
strict=(-Wall -Wextra -pedantic -Werror)

"$cc" -std=c11 -D_GNU_SOURCE "${strict[@]}" "${flags[@]}" "$source/examples/mls.c" -o shared "${libs[@]}"
[ "$(LD_LIBRARY_PATH=$lib ./shared)" = "$want" ]
if [ -f "$lib/libundercroft-mls.a" ]; then
	"$cc" -std=c11 -D_GNU_SOURCE "${strict[@]}" "${flags[@]}" "$source/examples/mls.c" -o static \
		"$lib/libundercroft-mls.a" "${more[@]}" -lpthread
	[ "$(./static)" = "$want" ]
fi
for header in mls mls_types mls_crypto; do
	echo "#include <undercroft/$header.h>" >one.c
	"$cc" -std=c99 "${strict[@]}" "${flags[@]}" -fsyntax-only one.c
	"$cc" -std=c17 "${strict[@]}" "${flags[@]}" -fsyntax-only one.c
	[ "$cxx" = none ] || "$cxx" -x c++ -std=c++17 "${strict[@]}" "${flags[@]}" -fsyntax-only one.c
done
# From C++ it links, too.
if [ "$cxx" != none ]; then
	printf '#include <undercroft/mls.h>\nint main() { return mls_error_kind(0); }\n' >two.cc
	"$cxx" -std=c++17 "${strict[@]}" "${flags[@]}" two.cc -o two "${libs[@]}"
	LD_LIBRARY_PATH=$lib ./two
fi
# As check-symbols reads the headers.
man=$(dirname "$(find "$tmp" -name 'undercroft-mls.3*')")
for name in $(grep -hv '^#' "$source"/include/undercroft/mls*.h | tr '\n' ' ' |
	grep -o 'UC_API [^;]*' | sed 's/(.*//; s/.*[ *]//'); do
	[ -e "$man/$name.3" ] || { echo "there is no page for $name" && exit 1; }
done
echo "installed: ok"
