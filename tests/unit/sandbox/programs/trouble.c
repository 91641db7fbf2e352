/* A program that tries what a job may not do: trouble WHAT [ARGUMENT]. Prints "ok" if it could, the
 * name of the error if it could not. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <unistd.h>

static int say(long result) {
  puts(result >= 0 ? "ok" : strerrorname_np(errno));
  return 0;
}

/* Touches so many MiB, then says so. */
static int memory(long mib) {
  for (long i = 0; i < mib; ++i) {
    char* page = malloc(1 << 20);
    if (!page) return say(-1);
    memset(page, 1, 1 << 20);
  }
  return say(0);
}

static int spin(void) {
  for (volatile unsigned long i = 0;; ++i) {
  }
}

/* Starts children that sleep until one is refused, or there are so many; says how many. */
static int forks(long most) {
  long made = 0;
  while (made < most) {
    const pid_t pid = fork();
    if (pid < 0) break;
    if (pid == 0) {
      pause();
      _exit(0);
    }
    ++made;
  }
  printf("%ld\n", made);
  fflush(stdout);
  pause();
  return 0;
}

static int bomb(void) {
  for (;;) fork();
}

static int write_file(const char* path, long bytes) {
  const int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
  if (fd < 0) return say(-1);
  char block[4096] = {0};
  for (long written = 0; written < bytes; written += sizeof block) {
    if (write(fd, block, sizeof block) < 0) return say(-1);
  }
  return say(0);
}

static int open_files(void) {
  int count = 0;
  while (open("/dev/null", O_RDONLY) >= 0) ++count;
  printf("%d %s\n", count + 3, strerrorname_np(errno));
  return 0;
}

static int connect_to(const char* port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return say(-1);
  return say(connect(fd, (struct sockaddr*)&to, sizeof to));
}

static int local_socket(void) {
  return say(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int new_user_namespace(void) {
  struct clone_args arguments;
  memset(&arguments, 0, sizeof arguments);
  arguments.flags = CLONE_NEWUSER;
  arguments.exit_signal = SIGCHLD;
  const long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) _exit(0);
  return say(pid);
}

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "";
  const char* argument = argc > 2 ? argv[2] : "";
  const long number = atol(argument);
  if (!strcmp(what, "memory")) return memory(number);
  if (!strcmp(what, "spin")) return spin();
  if (!strcmp(what, "forks")) return forks(number);
  if (!strcmp(what, "bomb")) return bomb();
  if (!strcmp(what, "write")) return write_file(argument, argc > 3 ? atol(argv[3]) : 1);
  if (!strcmp(what, "files")) return open_files();
  if (!strcmp(what, "connect")) return connect_to(argument);
  if (!strcmp(what, "local")) return local_socket();
  if (!strcmp(what, "read")) return say(open(argument, O_RDONLY));
  if (!strcmp(what, "ptrace")) return say(ptrace(PTRACE_ATTACH, (pid_t)number, 0, 0));
  if (!strcmp(what, "kill")) return say(kill((pid_t)number, 0));
  if (!strcmp(what, "mount")) return say(mount("tmpfs", "/tmp", "tmpfs", 0, ""));
  if (!strcmp(what, "unshare")) return say(unshare(CLONE_NEWUSER));
  if (!strcmp(what, "userns")) return new_user_namespace();
  if (!strcmp(what, "setuid")) return say(setuid(0));
  if (!strcmp(what, "chroot")) return say(chroot("/tmp"));
  if (!strcmp(what, "keys")) return say(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, -3, 1));
  if (!strcmp(what, "bpf")) return say(syscall(SYS_bpf, 0, 0, 0));
  if (!strcmp(what, "type")) return say(ioctl(0, TIOCSTI, "x"));
  if (!strcmp(what, "hostname")) return say(sethostname("mine", 4));
  if (!strcmp(what, "abort")) abort();
  if (!strcmp(what, "exit")) return (int)number;
  fprintf(stderr, "trouble: there is no %s\n", what);
  return 2;
}
