// cosmoo-sandbox as a shell sees it: options, files, exit codes.
#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace {

namespace fs = std::filesystem;

/// A folder of its own for each test.
class Cli {
 public:
  Cli() {
    std::string name = (fs::temp_directory_path() / "cosmoo-cli-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
    for (const char* guest : {"hello", "wordcount", "json_check", "forth", "sha256"})
      fs::copy(fs::path(COSMOO_SOURCE_DIR "/executables/guests") / guest, folder_ / guest);
  }
  ~Cli() { fs::remove_all(folder_); }
  Cli(const Cli&) = delete;
  Cli& operator=(const Cli&) = delete;

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  std::string read(const std::string& name) const {
    std::ifstream file(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// Runs it in the folder; its streams are in the files "out" and "err" then.
  int run(const std::string& options) const {
    const std::string command =
        "cd " + folder_.string() + " && exec " COSMOO_SANDBOX " " + options + " >out 2>err";
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  bool err_has(const std::string& text) const {
    return read("err").find(text) != std::string::npos;
  }

 private:
  fs::path folder_;
};

TEST_CASE("the output goes where -o says, and the exit code is the guest's") {
  const Cli cli;
  CHECK(cli.run("-e hello -o -") == 0);
  CHECK(cli.read("out") == "Hello from a processor of its own.\n");
  cli.write("bad", "[");
  CHECK(cli.run("-e json_check -d bad -o result") == 1);
  CHECK(cli.read("result") == "line 1, column 2: the end instead of a value\n");
  CHECK(cli.read("out").empty());
}

TEST_CASE("the memory map stands on standard error") {
  const Cli cli;
  cli.write("text", "some words\n");
  CHECK(cli.run("-e wordcount -d text -o -") == 0);
  CHECK(cli.err_has("ep 00001000\nro 00001000-"));
  CHECK(cli.err_has(" data0\nrw "));
  CHECK(cli.err_has(" stack\nro "));
  CHECK(cli.read("err").ends_with(" mapdesc\n"));
}

TEST_CASE("the state has a file of its own") {
  const Cli cli;
  cli.write("program", "1 2 + 3 .\" out\"");
  CHECK(cli.run("-e forth -d program -o - --state kept") == 0);
  CHECK(cli.read("out") == "out");
  CHECK(cli.read("kept") == "3\n3\n");
}

TEST_CASE("--heap bounds what mmap() gives") {
  const Cli cli;
  const std::string check = "-e " COSMOO_SOURCE_DIR "/tests/guests/sdk_check -o - --heap ";
  cli.write("data", "one\ntwo\n");
  CHECK(cli.run(check + "64m -d data -d data") == 3);
  CHECK(cli.read("out").find("heap: ok\n") != std::string::npos);
  CHECK(cli.run(check + "4k -d data -d data") == 3);
  CHECK(cli.read("out").find("heap: WRONG\n") != std::string::npos);
  CHECK(cli.run(check + "4g -d data -d data") == 125);
  CHECK(cli.err_has("a guest has 4 GiB of addresses"));
}

TEST_CASE("programs and data are found by their SHA-256") {
  const Cli cli;
  cli.write("abc", "abc");
  const std::string abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  CHECK(cli.run("-e sha256 -d hello -o -") == 0);
  const std::string hello = cli.read("out").substr(0, 64);
  CHECK(cli.run("-E . -e " + hello + " -o -") == 0);
  CHECK(cli.read("out") == "Hello from a processor of its own.\n");
  CHECK(cli.run("-D . -e wordcount -d " + abc + " -o -") == 0);
  CHECK(cli.read("out") == "0 1 3 data0\n");
  CHECK(cli.run("-E . -e " + std::string(64, '0')) == 125);
  CHECK(cli.err_has("no file with this SHA-256"));
  CHECK(cli.run("-E nowhere -e " + hello) == 125);
}

TEST_CASE("a budget ends the run exactly, with 124") {
  const Cli cli;
  cli.write("program", ": f begin again ; f");
  CHECK(cli.run("-e forth -d program --budget 1m --json") == 124);
  CHECK(cli.read("out").find("\"status\": \"over_limit\", \"exit_code\": null") !=
        std::string::npos);
  CHECK(cli.read("out").find("\"instructions\": 1000000,") != std::string::npos);
  CHECK(cli.err_has("budget spent at pc "));
  CHECK(cli.run("-e forth -d program --budget 12345 --engine step --json") == 124);
  CHECK(cli.read("out").find("\"instructions\": 12345,") != std::string::npos);
}

TEST_CASE("engines count the same instructions") {
  const Cli cli;
  const auto count = [&cli](const std::string& options) {
    CHECK(cli.run("-e hello --json " + options) == 0);
    const std::string json = cli.read("out");
    const std::size_t at = json.find("\"instructions\"");
    return json.substr(at, json.find(',', at) - at);
  };
  const std::string plain = count("");
  CHECK(plain.size() > 16);
  CHECK(count("--engine step") == plain);
  CHECK(count("--engine interp") == plain);
  CHECK(count("--engine jit") == plain);
  CHECK(count("--engine auto") == plain);
  CHECK(count("-t") == plain);
  CHECK(count("-p gmon.out") == plain);
}

TEST_CASE("where the time went is told of each engine") {
  const Cli cli;
  cli.write("program", ": f begin again ; f");
  const auto figure = [&cli](const std::string& name) {
    const std::string json = cli.read("out"), key = "\"" + name + "\": ";
    const std::size_t at = json.find(key);
    REQUIRE(at != std::string::npos);
    return std::stod(json.substr(at + key.size()));
  };
  CHECK(cli.run("-e forth -d program --budget 5m --json --engine interp") == 124);
  CHECK(figure("interpreter_s") > 0);
  CHECK(figure("machine_code_s") == 0);
  CHECK(figure("translating_s") == 0);
  CHECK(figure("blocks") == 0);
  CHECK(cli.run("-e forth -d program --budget 5m --json --engine auto") == 124);
  CHECK(figure("interpreter_s") > 0);
  CHECK(figure("machine_code_s") > 0);
  CHECK(figure("translating_s") > 0);
  CHECK(figure("blocks") > 0);
  CHECK(figure("to_bytes") > 0);
  CHECK(figure("interpreter_s") + figure("machine_code_s") + figure("translating_s") <=
        figure("wall_s"));
}

TEST_CASE("a fault ends with 128 and the signal, and says where") {
  const Cli cli;
  cli.write("program", ": f begin 4096 allot again ; f");
  // The stack has a page, and the guest wants more.
  CHECK(cli.run("-e forth -d program --stack 1 --heap 0 --json") != 0);
  // Data instead of code: an ELF header that enters its own segment of zeros, which is `bad`.
  std::string elf(
      "\x7f"
      "ELF\1\1\1\0\0\0\0\0\0\0\0\0\2\0\xdf\0\1\0\0\0\0\x10\0\0\x34\0\0\0\0\0\0\0\0\0\0\0"
      "\x34\0\x20\0\1\0\0\0\0\0\0\0\1\0\0\0\x54\0\0\0\0\x10\0\0\0\x10\0\0\4\0\0\0\4\0\0\0"
      "\5\0\0\0\1\0\0\0\0\0\0\0",
      88);
  cli.write("zeros", elf);
  CHECK(cli.run("-e zeros --json") == 132);
  CHECK(cli.read("out").find(
            "\"status\": \"faulted\", \"exit_code\": null, \"signal\": \"SIGILL\", "
            "\"address\": 4096, \"pc\": 4096, \"instructions\": 1,") != std::string::npos);
  CHECK(cli.err_has("SIGILL at pc 00001000"));
}

TEST_CASE("a trace names functions and changed registers") {
  const Cli cli;
  CHECK(cli.run("-e hello -t") == 0);
  CHECK(cli.err_has("00001000  __start                       xor $fp, $fp"));
  CHECK(cli.err_has("  main  "));
  CHECK(cli.err_has("  _exit                         swi 0x1 "));
  CHECK(cli.read("err").ends_with(" exit code 0\n"));
}

TEST_CASE("--disassemble lists the code and runs nothing") {
  const Cli cli;
  CHECK(cli.run("-e hello --disassemble -o result") == 0);
  CHECK(
      cli.read("out").find("00001000 <__start>:\n    1000:  00 2e               xor $fp, $fp\n") !=
      std::string::npos);
  CHECK(cli.read("out").find("<main>:\n") != std::string::npos);
  CHECK(cli.read("result").empty());
}

TEST_CASE("a profile has the header, the histogram and the calls of gprof's format") {
  const Cli cli;
  CHECK(cli.run("-e hello -p gmon.out") == 0);
  const std::string file = cli.read("gmon.out");
  REQUIRE(file.size() > 60);
  CHECK(file.substr(0, 8) == std::string("gmon\1\0\0\0", 8));
  CHECK(file[20] == '\0');                                    // a histogram ...
  CHECK(file.substr(21, 4) == std::string("\0\x10\0\0", 4));  // ... from 0x1000 ...
  CHECK(file.substr(37, 7) == "seconds");
  CHECK(static_cast<unsigned char>(file[53]) == 1);  // ... whose first bin ran once
}

TEST_CASE("what can't be run ends with 125 and says why") {
  const Cli cli;
  cli.write("text", "no program");
  CHECK(cli.run("") == 125);
  CHECK(cli.err_has("no program: name one with -e"));
  CHECK(cli.run("-e nowhere") == 125);
  CHECK(cli.err_has("nowhere: No such file or directory"));
  CHECK(cli.run("-e text") == 125);
  CHECK(cli.err_has("cosmoo-sandbox: text: "));
  CHECK(cli.run("-e hello -d nowhere") == 125);
  CHECK(cli.run("-e hello -o nowhere/file") == 125);
  CHECK(cli.run("-e hello --budget 1x") == 125);
  CHECK(cli.err_has("the suffix is none of k, m, g"));
  CHECK(cli.run("-e hello --budget -1") == 125);
  CHECK(cli.run("-e hello --budget 99999999999g") == 125);
  CHECK(cli.run("-e hello --stack 8g") == 125);
  CHECK(cli.run("-e hello --stack 0") == 125);
  CHECK(cli.run("-e hello -o - --json") == 125);
  CHECK(cli.run("-e hello --engine fast") == 125);
  CHECK(cli.run("-e hello -g 70000") == 125);
  CHECK(cli.run("--help") == 0);
}

}  // namespace
