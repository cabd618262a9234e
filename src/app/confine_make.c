/* A program of the build: writes the filter of system calls as the elements of an array, for
 * confine.c. So libseccomp, which knows every machine's numbers, need not be there at run time.
 *
 * What is listed is allowed. Whatever is not, is as if the kernel did not have it: then libraries
 * take an older way. What could start a program is refused in so many words. */
#include <errno.h>
#include <linux/filter.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED 1
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* clang-format off */
/* A name that this machine or this libseccomp does not know is passed over: several are of some
 * machines only. */
static const char *const ALLOWED[] = {
    /* memory */
    "brk", "cacheflush", "madvise", "map_shadow_stack", "membarrier", "mlock", "mlock2", "mremap",
    "munlock", "munmap", "riscv_flush_icache", "riscv_hwprobe",
    /* threads */
    "exit", "exit_group", "futex", "futex_time64", "futex_waitv", "get_robust_list", "getcpu",
    "rseq", "sched_getaffinity", "sched_getparam", "sched_getscheduler", "sched_get_priority_max",
    "sched_get_priority_min", "sched_setaffinity", "sched_yield", "set_robust_list",
    "set_thread_area", "set_tid_address", "set_tls", "arch_prctl", "gettid", "restart_syscall",
    /* signals */
    "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend",
    "rt_sigtimedwait", "rt_sigtimedwait_time64", "sigaltstack", "sigreturn", "tgkill", "tkill",
    "pause", "alarm", "getitimer", "setitimer", "waitid", "wait4", "waitpid",
    /* clocks, chance */
    "clock_getres", "clock_getres_time64", "clock_gettime", "clock_gettime64", "clock_nanosleep",
    "clock_nanosleep_time64", "gettimeofday", "nanosleep", "time", "times", "getrandom",
    /* who and where we are */
    "getcwd", "getegid", "getegid32", "geteuid", "geteuid32", "getgid", "getgid32", "getpgid",
    "getpgrp", "getpid", "getppid", "getpriority", "setpriority", "getresgid", "getresgid32", "getresuid",
    "getresuid32", "getrlimit", "setrlimit", "ugetrlimit", "getrusage", "getsid", "getuid",
    "getuid32", "sysinfo", "uname", "umask", "capget", "getgroups", "getgroups32",
    /* files: which ones is for the file system, and for Landlock */
    "access", "close", "close_range", "copy_file_range", "creat", "dup", "dup2", "dup3",
    "faccessat", "faccessat2", "fadvise64", "fadvise64_64", "arm_fadvise64_64", "fallocate",
    "fchmod", "fchown", "fchown32", "fcntl", "fcntl64", "fdatasync", "flock", "fstat", "fstat64",
    "fstatat64", "fstatfs", "fstatfs64", "fsync", "ftruncate", "ftruncate64", "getdents",
    "getdents64", "link", "linkat", "_llseek", "lseek", "lstat", "lstat64", "newfstatat", "open",
    "openat", "pread64", "preadv", "preadv2", "pwrite64", "pwritev", "pwritev2", "read",
    "readahead", "readlink", "readlinkat", "readv", "rename", "renameat", "renameat2", "sendfile",
    "sendfile64", "stat", "stat64", "statfs", "statfs64", "statx", "sync_file_range",
    "sync_file_range2", "truncate", "truncate64", "unlink", "unlinkat", "write", "writev",
    /* waiting */
    "_newselect", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2",
    "epoll_wait", "eventfd", "eventfd2", "pipe", "pipe2", "poll", "ppoll", "ppoll_time64",
    "pselect6", "pselect6_time64", "select", "signalfd", "signalfd4", "timerfd_create",
    "timerfd_gettime", "timerfd_gettime64", "timerfd_settime", "timerfd_settime64",
    /* the network */
    "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen",
    "recv", "recvfrom", "recvmmsg", "recvmmsg_time64", "recvmsg", "send", "sendmmsg", "sendmsg",
    "sendto", "setsockopt", "shutdown",
};

/* What a sanitizer does: it looks at its own threads, and at the end at all memory. */
static const char *const SANITIZERS[] = {
    "clone", "clone3", "ptrace", "process_vm_readv", "mprotect", "mmap", "mincore", "personality",
    "setrlimit", "prlimit64", "prctl", "msync",
};

static const char *const REFUSED[] = {
    "execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "fork", "vfork",
};

/* clang-format on */

static void must(int result, const char *what)
{
    if (result >= 0)
        return;
    fprintf(stderr, "confine_make: %s: %s\n", what, strerror(-result));
    exit(EXIT_FAILURE);
}

static int number_of(const char *name)
{
    return seccomp_syscall_resolve_name(name);
}

static void rule(scmp_filter_ctx filter, uint32_t action, const char *name)
{
    int number = number_of(name);
    if (number != __NR_SCMP_ERROR && number >= 0)
        must(seccomp_rule_add_array(filter, action, number, 0, NULL), name);
}

/* Argument `index` has, of the bits in `mask`, these. */
static struct scmp_arg_cmp bits(unsigned index, uint64_t mask, uint64_t value)
{
    return (struct scmp_arg_cmp){index, SCMP_CMP_MASKED_EQ, mask, value};
}

/* Only if the argument is so; where a machine's calls cannot be told by their arguments, always. */
static void rule_if(scmp_filter_ctx filter, const char *name, struct scmp_arg_cmp argument)
{
    int number = number_of(name);
    if (number == __NR_SCMP_ERROR || number < 0)
        return;
    if (seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 1, &argument) != 0)
        rule(filter, SCMP_ACT_ALLOW, name);
}

static void rule_each(scmp_filter_ctx filter, const char *name, unsigned index,
                      const uint64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        rule_if(filter, name, bits(index, UINT32_MAX, values[i]));
}

/* No memory is both written and run. */
static void memory_rules(scmp_filter_ctx filter)
{
    static const char *const NAMES[] = {"mmap", "mmap2", "mprotect"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        rule_if(filter, NAMES[i], bits(2, PROT_EXEC, 0));
        rule_if(filter, NAMES[i], bits(2, PROT_EXEC | PROT_WRITE, PROT_EXEC));
    }
}

/* A thread and no process. (clone3 hides what it is asked for: it is as if it were not there.) */
static void thread_rules(scmp_filter_ctx filter)
{
#ifdef __s390__
    rule_if(filter, "clone", bits(1, CLONE_THREAD, CLONE_THREAD));
#else
    rule_if(filter, "clone", bits(0, CLONE_THREAD, CLONE_THREAD));
#endif
    rule_if(filter, "kill", bits(0, UINT32_MAX, 0)); /* our own job: Ctrl-z */
}

/* By its size alone, which is part of the numbers below; its header is not for everyone. */
struct termios2 {
    uint32_t words[11];
};

/* Not TIOCSTI and TIOCLINUX, which type for the user: the shell behind us would read it. */
static void terminal_rules(scmp_filter_ctx filter)
{
    static const uint64_t QUESTIONS[] = {
        TCGETS,        TCSETS,       TCSETSW,    TCSETSF,     TCFLSH,      TCSBRK,
        TCXONC,        TIOCGWINSZ,   TIOCGPGRP,  TIOCGSID,    TIOCOUTQ,    FIONREAD,
        FIONBIO,       FIOCLEX,      FIONCLEX,   SIOCGIFADDR, SIOCGIFCONF, SIOCGIFFLAGS,
        SIOCGIFHWADDR, SIOCGIFINDEX, SIOCGIFMTU, SIOCGIFNAME,
#ifdef TCGETS2 /* of newer C libraries */
        TCGETS2,       TCSETS2,      TCSETSW2,   TCSETSF2,
#endif
    };
    rule_each(filter, "ioctl", 1, QUESTIONS, sizeof QUESTIONS / sizeof *QUESTIONS);
}

/* Unix sockets are for what resolves names: avahi, systemd, nscd. */
static void other_rules(scmp_filter_ctx filter)
{
    enum { NAME_MEMORY = 0x53564d41 };
    static const uint64_t FAMILIES[] = {AF_INET, AF_INET6, AF_NETLINK, AF_UNIX};
    static const uint64_t ABOUT_US[] = {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, NAME_MEMORY};
    rule_each(filter, "socket", 0, FAMILIES, sizeof FAMILIES / sizeof *FAMILIES);
    rule_each(filter, "socketpair", 0, FAMILIES, sizeof FAMILIES / sizeof *FAMILIES);
    rule_each(filter, "prctl", 0, ABOUT_US, sizeof ABOUT_US / sizeof *ABOUT_US);
    rule_if(filter, "prlimit64", bits(0, UINT32_MAX, 0));
}

static bool is_in(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, list[i]) == 0)
            return true;
    return false;
}

static void rules(scmp_filter_ctx filter)
{
    const size_t sanitizers = SANITIZED ? sizeof SANITIZERS / sizeof *SANITIZERS : 0;
    for (size_t i = 0; i < sizeof ALLOWED / sizeof *ALLOWED; i++)
        rule(filter, SCMP_ACT_ALLOW, ALLOWED[i]);
    for (size_t i = 0; i < sanitizers; i++)
        rule(filter, SCMP_ACT_ALLOW, SANITIZERS[i]);
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++)
        if (!is_in(REFUSED[i], SANITIZERS, sanitizers))
            rule(filter, SCMP_ACT_ERRNO(EPERM), REFUSED[i]);
    memory_rules(filter);
    thread_rules(filter);
    terminal_rules(filter);
    other_rules(filter);
}

/* As the elements of an array of struct sock_filter. */
static void filter_print(scmp_filter_ctx filter)
{
    struct sock_filter one;
    FILE *raw = tmpfile();
    must(raw ? 0 : -errno, "a temporary file");
    must(seccomp_export_bpf(filter, fileno(raw)), "the filter");
    rewind(raw);
    while (fread(&one, sizeof one, 1, raw) == 1)
        printf("{0x%02x, %u, %u, 0x%08x},\n", one.code, one.jt, one.jf, one.k);
    fclose(raw);
}

int main(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    must(filter ? 0 : -ENOMEM, "seccomp_init");
    must(seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2), "a tree");
    rules(filter);
    filter_print(filter);
    seccomp_release(filter);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
