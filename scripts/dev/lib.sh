# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the scripts of ./dev share.  They run from the project's root.

run_dir=${UNDERCROFT_RUN_DIR:-run}
build_dir=${UNDERCROFT_BUILD_DIR:-build}
codes_file=$run_dir/codes.txt

say() { printf '%s\n' "$*"; }
die() {
	printf '%s\n' "$*" >&2
	exit 1
}

# Debian's packages, by what they are for.  The names are the same in Debian 12 and 13.
packages_build=(gcc libc6-dev meson ninja-build pkg-config python3 openssl ca-certificates
	libsodium-dev libssl-dev libuv1-dev libnghttp2-dev libcurl4-openssl-dev librocksdb-dev
	libsqlite3-dev libjansson-dev libqrencode-dev libseccomp-dev libsystemd-dev)
packages_test=(clang libclang-rt-dev llvm)
packages_wasm=(clang lld llvm wasi-libc libclang-rt-dev-wasm32 meson ninja-build python3 dpkg-dev
	nodejs)
packages_web=(nodejs npm)
packages_browser=(chromium fonts-noto-color-emoji)
packages_package=(build-essential debhelper dpkg-dev fakeroot lintian git)
packages_lint=(clang-format clang-tidy shellcheck mandoc)

# A program that is there already, from wherever, is taken instead of Debian's package of it.
declare -A program_of=([nodejs]=node [npm]=npm [chromium]=chromium)

need_packages() {
	local missing=() p
	for p in "$@"; do
		[ -z "${program_of[$p]:-}" ] || ! command -v "${program_of[$p]}" >/dev/null || continue
		dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' ||
			missing+=("$p")
	done
	[ ${#missing[@]} -eq 0 ] && return
	say "Installing Debian packages: ${missing[*]}"
	local as=()
	[ "$(id -u)" -eq 0 ] || as=(sudo)
	"${as[@]}" apt-get update -qq
	"${as[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# The npm packages of the lock file, with nothing of theirs run; again only when the lock changed.
need_npm() {
	local mark=apps/node_modules/.undercroft-lock
	cmp -s apps/package-lock.json "$mark" && return
	say "Fetching npm packages"
	(cd apps && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null) ||
		die "npm could not fetch the packages of apps/package-lock.json"
	cp apps/package-lock.json "$mark"
}

# fetched WHAT COMMAND...: can what WHAT needs be had from outside?  Where it can't (a closed network,
# a proxy with an authority of its own), WHAT counts as skipped, unless UNDERCROFT_REQUIRE_WEB is set.
fetched() {
	local what=$1
	shift
	("$@") && return
	[ -z "${UNDERCROFT_REQUIRE_WEB:-}" ] || die "$what cannot be skipped (UNDERCROFT_REQUIRE_WEB)"
	say "$what: skipped, for the reason above"
	return 1
}
wasm_tools() { need_packages "${packages_wasm[@]}" && scripts/dev/wasm-sources build-wasm-src; }
web_tools() { need_packages "${packages_web[@]}" && need_npm; }

# configure DIR COMPILER OPTION...: sets the build folder up once; a changed option needs a new one.
configure() {
	local dir=$1 compiler=$2
	shift 2
	command -v ccache >/dev/null && compiler="ccache $compiler"
	[ -f "$dir/build.ninja" ] || CC=$compiler meson setup "$dir" "$@" >"$dir.log" 2>&1 || {
		cat "$dir.log"
		die "meson could not configure $dir"
	}
}

build() {
	ninja -C "$1" >"$1.log" 2>&1 || {
		grep -vE '^\[[0-9]+/[0-9]+\] (Compiling|Linking|Generating)' "$1.log"
		die "the build in $1 failed"
	}
}

# The build that `up`, `demo` and `bench` use.
build_default() {
	need_packages "${packages_build[@]}"
	configure "$build_dir" gcc --buildtype=release -Db_ndebug=false
	build "$build_dir"
}

# With the sanitizers, the fuzzers, and a count of the lines that are run, which only the tests write.
build_asan() {
	export LLVM_PROFILE_FILE=/dev/null
	configure build-asan clang --werror -Db_sanitize=address,undefined -Db_lundef=false \
		-Dfuzzers=true -Dcoverage=true --optimization=1
	build build-asan
}

# The core for browsers, in build-wasm/: core.wasm, and the tests that run in WebAssembly.
configure_wasm() {
	need_packages "${packages_wasm[@]}"
	scripts/dev/wasm-sources build-wasm-src
	[ ! -f build-wasm/build.ninja ] || return 0
	printf "[constants]\nroot = '%s'\n" "$PWD" >build-wasm-src/root.ini
	meson setup build-wasm --cross-file build-wasm-src/root.ini \
		--cross-file scripts/wasm32.ini --werror >build-wasm.log 2>&1 || {
		cat build-wasm.log
		die "meson could not configure build-wasm"
	}
}
build_wasm() {
	configure_wasm
	build build-wasm
}

# running PIDFILE: is the process that we started still there?  One that has ended and waits for
# its parent to notice is not.
running() {
	local pid state
	pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] || return 1
	state=$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$pid/status" 2>/dev/null) || return 1
	case $state in
	'' | X) return 1 ;;
	# Its other threads may be there still, and what they hold.
	Z) set -- "/proc/$pid/task"/* && [ $# -gt 1 ] ;;
	esac
}
