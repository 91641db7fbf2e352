// What the tests of this folder share: results that must hold, a loop to post to, a scratch folder.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>

#include "vm/world/access.h"
#include "vm/world/world.h"

namespace cosmoo {

inline doctest::String toString(const Value& value) { return to_literal(value).c_str(); }
inline doctest::String toString(ObjectId id) { return to_string(id).c_str(); }
inline doctest::String toString(ErrorCode code) { return std::string(name_of(code)).c_str(); }

namespace test {

/// The value of a result that has to be one.
template <typename T>
T ok(Result<T> result) {
  if (!result) FAIL(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// The error of a result that has to be one.
template <typename T>
Error error_of(const Result<T>& result) {
  if (result) {
    FAIL("it worked, though it should not");
    return Error(ErrorCode::none);
  }
  return result.error();
}

template <typename T>
ErrorCode code_of(const Result<T>& result) {
  return result ? ErrorCode::none : result.error().code;
}

inline bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// A world in which tests make objects with few words.
struct Small {
  World world;

  Symbol name(std::string_view text) { return world.symbols().intern(text); }
  ObjectId make(std::vector<ObjectId> parents = {}, ObjectId owner = kNothing) {
    return ok(world.create(parents, owner));
  }
  void define(ObjectId id, std::string_view property, Value value, ObjectId owner = kNothing,
              std::uint8_t permissions = kRead) {
    ok(world.add_property(id, name(property), Property{std::move(value), owner, permissions}));
  }
  Value get(ObjectId id, std::string_view property) {
    const auto view = world.property(id, name(property));
    return view ? *view->value : Value("no such property");
  }
  VerbRef verb(ObjectId id, std::string names, VerbArgs args = {},
               std::uint8_t permissions = kRead | kExecute) {
    Verb verb;
    verb.names = std::move(names);
    verb.owner = id;
    verb.permissions = permissions;
    verb.args = args;
    return ok(world.add_verb(id, std::move(verb)));
  }
};

/// Stands for the server's loop: what is posted runs when the test asks for it.
class Loop {
 public:
  std::function<void(std::function<void()>)> poster() {
    return [this](std::function<void()> function) {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(function));
      wake_.notify_one();
    };
  }
  /// Runs what is posted until `done()`; false after ten seconds.
  template <typename Predicate>
  bool run_until(Predicate done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!done()) {
      std::function<void()> next;
      {
        std::unique_lock lock(mutex_);
        if (!wake_.wait_until(lock, deadline, [this] { return !waiting_.empty(); })) return false;
        next = std::move(waiting_.front());
        waiting_.pop_front();
      }
      next();
    }
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> waiting_;
};

/// A folder that is gone with everything in it at the end.
class Folder {
 public:
  Folder() {
    std::string path = (std::filesystem::temp_directory_path() / "world-XXXXXX").string();
    REQUIRE(::mkdtemp(path.data()) != nullptr);
    path_ = path;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace test
}  // namespace cosmoo
