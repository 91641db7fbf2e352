#include "tests/integration/support/exec_server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace cosmoo::test {

namespace fs = std::filesystem;

ExecServer::ExecServer(const std::string& config) {
  for (const char* name : {"cat", "true", "sleep", "printenv", "echo"}) {
    fs::copy_file(fs::path("/bin") / name, folder.path() / name);
  }
  script("signal", "kill -TERM $$");
  script("status", "exit $1");
  script("both", "echo out; echo err >&2; exit 3");
  script("partial", "echo before; exec sleep 100");
  script("flood", "exec yes");
  script("family", "sleep 100 & sleep 100 & echo $$; (setsid sleep 100 &) ; exec sleep 100");
  script("fds", "exec ls /proc/self/fd");
  script("signals", "exec grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status");
  fs::create_directory(folder.path() / "sub");
  fs::copy_file("/bin/echo", folder.path() / "sub" / "echo");
  write("plain", "no program\n", 0644);
  fs::create_symlink("/bin/sh", folder.path() / "outside");
  fs::create_directory_symlink("/bin", folder.path() / "bin");
  fs::create_symlink("echo", folder.path() / "inside");
  ServerOptions options;
  options.config = config;
  options.arguments = {"--executables", folder.path().string()};
  server = std::make_unique<Server>(options);
}

void ExecServer::script(const std::string& name, const std::string& body) const {
  write(name, "#!/bin/sh\n" + body + "\n", 0755);
}

void ExecServer::write(const std::string& name, const std::string& text, mode_t mode) const {
  std::ofstream(folder.path() / name) << text;
  ::chmod((folder.path() / name).c_str(), mode);
}

std::string error_of(Client& client, const std::string& call) {
  return eval(client, "local ok, e = pcall(function() return " + call +
                          " end) return ok and 'none' or e.name");
}

bool alive(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(in, line);
  const std::size_t name_end = line.rfind(") ");
  return name_end != std::string::npos && line[name_end + 2] != 'Z';
}

bool gone(pid_t pid) {
  const auto until = std::chrono::steady_clock::now() + kDeadline;
  while (alive(pid)) {
    if (std::chrono::steady_clock::now() > until) return false;
    ::usleep(1000);
  }
  return true;
}

}  // namespace cosmoo::test
