/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp: which system calls may still be made. */
#include "server/confine.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/socket.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define IS_SANITIZED 1
#endif

bool confine_is_possible(void)
{
#ifdef IS_SANITIZED
	return false;
#else
	return true;
#endif
}

/* By what they are for.  A name that this machine's kind does not have is left out. */
/* clang-format off */
static const char *const allowed[] = {
	/* memory */
	"brk", "mmap", "mmap2", "munmap", "mremap", "mprotect", "madvise", "mlock", "mlock2",
	"munlock", "membarrier", "get_mempolicy", "pkey_alloc", "pkey_mprotect",
	"map_shadow_stack",
	/* files */
	"open", "openat", "close", "close_range", "read", "pread64", "readv", "preadv", "preadv2",
	"write", "pwrite64", "writev", "pwritev", "pwritev2", "lseek", "_llseek", "fsync",
	"fdatasync", "sync_file_range", "sync_file_range2", "fallocate", "ftruncate",
	"ftruncate64", "truncate", "truncate64", "fadvise64", "fadvise64_64", "arm_fadvise64_64",
	"readahead", "copy_file_range", "sendfile", "sendfile64", "stat", "stat64", "fstat",
	"fstat64", "lstat", "lstat64", "newfstatat", "fstatat64", "statx", "statfs", "statfs64",
	"fstatfs", "fstatfs64", "access", "faccessat", "faccessat2", "readlink", "readlinkat",
	"getdents", "getdents64", "rename", "renameat", "renameat2", "link", "linkat", "unlink",
	"unlinkat", "mkdir", "mkdirat", "rmdir", "chmod", "fchmod", "fchmodat", "chown", "fchown",
	"fchownat", "lchown", "utimensat", "umask", "flock", "fcntl", "fcntl64", "dup", "dup2",
	"dup3", "getcwd", "ioctl", "inotify_init1", "inotify_add_watch", "inotify_rm_watch",
	/* sockets; which kinds: below */
	"bind", "listen", "accept", "accept4", "connect", "getsockname", "getpeername",
	"getsockopt", "setsockopt", "shutdown", "send", "sendto", "sendmsg", "sendmmsg", "recv",
	"recvfrom", "recvmsg", "recvmmsg", "socketpair",
	/* waiting */
	"epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2",
	"poll", "ppoll", "ppoll_time64", "select", "_newselect", "pselect6", "pselect6_time64",
	"eventfd", "eventfd2", "pipe", "pipe2", "timerfd_create", "timerfd_settime",
	"timerfd_settime64", "futex", "futex_time64", "futex_waitv", "nanosleep",
	"clock_nanosleep", "clock_nanosleep_time64", "restart_syscall",
	/* time and dice */
	"clock_gettime", "clock_gettime64", "clock_getres", "clock_getres_time64", "gettimeofday",
	"time", "times", "getrandom",
	/* threads and signals; starting one: below */
	"set_robust_list", "get_robust_list", "rseq", "set_tid_address", "exit", "exit_group",
	"sched_yield", "sched_getaffinity", "sched_setaffinity", "sched_getparam",
	"sched_getscheduler", "sched_get_priority_max", "sched_get_priority_min", "setpriority",
	"getpriority", "ioprio_set", "ioprio_get", "getcpu", "gettid", "getpid", "getppid",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait",
	"rt_sigtimedwait_time64", "rt_sigpending", "rt_sigsuspend", "sigaltstack", "sigreturn",
	"sigprocmask", "tgkill", "tkill", "kill", "pause", "wait4", "waitid",
	/* who and where we are */
	"uname", "sysinfo", "getrusage", "getrlimit", "ugetrlimit", "setrlimit", "prlimit64",
	"getuid", "getuid32", "geteuid", "geteuid32", "getgid", "getgid32", "getegid", "getegid32",
	"prctl", "arch_prctl", "riscv_flush_icache", "riscv_hwprobe",
};
/* clang-format on */

/* What a mistake does not make: somebody else is at the wheel. */
static const char *const deadly[] = {
	"execve", "execveat",   "ptrace",      "process_vm_readv", "process_vm_writev",
	"mount",  "pivot_root", "init_module", "finit_module",     "kexec_load",
	"bpf",
};

static const int socket_kinds[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };

static int add_named(scmp_filter_ctx filter, uint32_t action, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);
		if (number == __NR_SCMP_ERROR)
			continue;
		int failed = seccomp_rule_add(filter, action, number, 0);
		/* Known to the library and not to this kind of machine. */
		if (failed && failed != -EDOM)
			return failed;
	}
	return 0;
}

static int fill(scmp_filter_ctx filter)
{
	int failed = add_named(filter, SCMP_ACT_ALLOW, allowed, sizeof allowed / sizeof *allowed);
	if (!failed)
		failed = add_named(filter, SCMP_ACT_KILL_PROCESS, deadly,
				   sizeof deadly / sizeof *deadly);
	for (size_t i = 0; !failed && i < sizeof socket_kinds / sizeof *socket_kinds; i++)
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
					  SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)socket_kinds[i], 0));
	/* Threads, and no processes.  What the newer call asks for lies in memory, where a filter
	 * does not look: it is as if it were not there (the default), and libc takes the older. */
	if (!failed)
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
					  SCMP_A0(SCMP_CMP_MASKED_EQ,
						  CLONE_VM | CLONE_THREAD | CLONE_SIGHAND,
						  CLONE_VM | CLONE_THREAD | CLONE_SIGHAND));
	/* All threads, those that libraries began included. */
	if (!failed)
		failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	return failed;
}

uc_err confine_rings(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	if (!filter)
		return UC_E_MEMORY;
	int failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(io_uring_setup), 0);
	if (!failed)
		failed = seccomp_load(filter);
	seccomp_release(filter);
	return failed ? UC_E_UNSUPPORTED : UC_OK;
}

uc_err confine_calls(void)
{
	/* As from a kernel that lacks them: libraries are used to that, and do without. */
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	if (!filter)
		return UC_E_MEMORY;
	int failed = fill(filter);
	if (!failed)
		failed = seccomp_load(filter);
	seccomp_release(filter);
	return failed ? UC_E_UNSUPPORTED : UC_OK;
}
