#include "vm/lua/profiler.h"

#include <algorithm>

#include "vm/lua/convert.h"

namespace cosmoo::lua {

void Profiler::begin(std::int64_t ticks_left) {
  since_ = Clock::now();
  ticks_left_ = ticks_left;
}

void Profiler::count(const Activation& worker, std::int64_t ticks_left) {
  const Clock::time_point now = Clock::now();
  Row& to = row(worker);
  to.time += now - since_;
  to.ticks += ticks_left_ - ticks_left;
  since_ = now;
  ticks_left_ = ticks_left;
}

Profiler::Row& Profiler::row(const Activation& activation) {
  const Key key{activation.definer, activation.verb};
  if (const auto it = rows_.find(key); it != rows_.end()) return it->second;
  if (rows_.size() >= kMostRows) return others_;
  Row fresh;
  fresh.definer = key.definer;
  fresh.verb = key.verb;
  return rows_.emplace(key, fresh).first->second;
}

std::vector<Profiler::Row> Profiler::rows() const {
  std::vector<Row> rows;
  rows.reserve(rows_.size() + 1);
  for (const auto& [key, row] : rows_) rows.push_back(row);
  if (others_.calls > 0) rows.push_back(others_);
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.time > b.time; });
  return rows;
}

namespace {

int profile_verbs_l(lua_State* L) {
  Runtime& rt = runtime(L);
  check_access(L, "profile_verbs", Access::wizard);
  if (lua_gettop(L) != 1 || !lua_isboolean(L, 1)) {
    raise(L, ErrorCode::type, "profile_verbs() takes true or false");
  }
  rt.profiling = lua_toboolean(L, 1) != 0;
  if (!rt.profiling) return 0;
  rt.profiler = std::make_unique<Profiler>();
  rt.profiler->begin(rt.current->ticks_left());
  return 0;
}

int verb_profile_l(lua_State* L) {
  Runtime& rt = runtime(L);
  check_access(L, "verb_profile", Access::wizard);
  lua_settop(L, 0);
  lua_newtable(L);
  if (rt.profiler == nullptr) return 1;
  lua_Integer place = 0;
  for (const Profiler::Row& row : rt.profiler->rows()) {
    Map map;
    map.emplace(Value("object"), Value(row.definer));
    map.emplace(Value("verb"),
                Value(row.verb ? rt.world.symbols().name_of(*row.verb) : "(others)"));
    map.emplace(Value("calls"), Value(row.calls));
    map.emplace(Value("ticks"), Value(row.ticks));
    map.emplace(Value("seconds"), Value(std::chrono::duration<double>(row.time).count()));
    push_value(L, Value(std::move(map)));
    lua_rawseti(L, 1, ++place);
    rt.current->charge(L, 1);
  }
  return 1;
}

}  // namespace

void open_profiler(lua_State* L) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, runtime(L).globals);
  constexpr luaL_Reg kFunctions[] = {
      {"profile_verbs", profile_verbs_l}, {"verb_profile", verb_profile_l}, {nullptr, nullptr}};
  luaL_setfuncs(L, kFunctions, 0);
  lua_pop(L, 1);
}

}  // namespace cosmoo::lua
