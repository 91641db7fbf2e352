// Changes a world without end, until it is killed: `world_writer FILE`. Two properties always
// change together, objects come and go with their number in them; every number printed was on the
// disk before it was printed.
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <string>

#include "vm/world/write_behind.h"

using namespace cosmoo;

namespace {

// A loop of one thread: posted functions run between the changes.
class Loop {
 public:
  void post(std::function<void()> function) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(function));
  }
  void run_posted() {
    std::vector<std::function<void()>> now;
    {
      const std::lock_guard lock(mutex_);
      now.swap(waiting_);
    }
    for (const auto& function : now) function();
  }

 private:
  std::mutex mutex_;
  std::vector<std::function<void()>> waiting_;
};

void change(World& world, std::int64_t number) {
  const Symbol count = world.symbols().intern("count");
  const ObjectId left{1}, right{2};
  (void)world.set_property(left, count, Value(number));
  // Newest last; its number is also in a verb's code and in its name.
  const auto made = world.create({kSystem}, kSystem);
  (void)world.set_name(*made, std::to_string(number));
  (void)world.set_property(*made, count, Value(number));
  (void)world.move(*made, left);
  Verb verb;
  verb.names = "number";
  verb.code = std::to_string(number);
  (void)world.add_verb(*made, verb);
  while (world.find(left)->contents.size() > 5) (void)world.recycle(world.find(left)->contents[0]);
  (void)world.set_property(right, count, Value(number));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  Loop loop;
  World world;
  auto store = WriteBehind::open(
      argv[1], world, [&](std::function<void()> function) { loop.post(std::move(function)); },
      nullptr);
  if (!store) {
    std::fprintf(stderr, "%s\n", store.error().message.c_str());
    return 1;
  }
  const Symbol count = world.symbols().intern("count");
  if ((*store)->is_new()) {
    for (int i = 0; i < 3; ++i) {
      (void)world.create(i == 0 ? std::vector<ObjectId>{} : std::vector{kSystem}, kSystem);
    }
    (void)world.add_property(kSystem, count, Property{Value(0), kSystem});
    for (const ObjectId id : {ObjectId{1}, ObjectId{2}}) {
      (void)world.set_property(id, count, Value(0));
    }
  }
  std::int64_t number = world.property(ObjectId{1}, count)->value->integer();
  bool checkpointing = false;
  while (true) {
    change(world, ++number);
    (*store)->flush();
    if (!checkpointing && number % 20 == 0) {
      checkpointing = true;
      (*store)->checkpoint([&checkpointing, number](const Result<void>& result) {
        checkpointing = false;
        if (!result) return;
        std::printf("%lld\n", static_cast<long long>(number));
        std::fflush(stdout);
      });
    }
    loop.run_posted();
  }
}
