#include "vm/world/batch.h"

#include <unordered_map>

namespace cosmoo {
namespace {

// Puts each newer row in the place of the older one with its key, or behind the others.
template <typename Row, typename Key, typename KeyOf>
void overtake(std::vector<Row>& older, std::vector<Row>&& newer, KeyOf key_of) {
  std::unordered_map<Key, std::size_t> places;
  places.reserve(older.size());
  for (std::size_t i = 0; i < older.size(); ++i) places.emplace(key_of(older[i]), i);
  for (Row& row : newer) {
    const auto [it, added] = places.emplace(key_of(row), older.size());
    if (added) {
      older.push_back(std::move(row));
    } else {
      older[it->second] = std::move(row);
    }
  }
}

std::string property_key(const Changes::PropertyRow& row) {
  return std::to_string(row.object.number) + '.' + fold(row.name);
}

}  // namespace

void merge(Changes& older, Changes newer) {
  if (older.empty()) {
    older = std::move(newer);
    return;
  }
  older.max_object = newer.max_object;
  older.last_task = std::max(older.last_task, newer.last_task);
  boost::unordered_flat_set<ObjectId> ended;  // in `newer`: the object that had the number
  for (const auto& row : newer.objects) {
    if (!row.data || row.anew) ended.insert(row.object);
  }
  if (!ended.empty()) {
    const auto gone = [&](const auto& row) { return ended.contains(row.object); };
    std::erase_if(older.properties, gone);
    std::erase_if(older.verbs, gone);
  }
  boost::unordered_flat_set<ObjectId> anew;
  for (const auto& row : older.objects) {
    if (!row.data || row.anew) anew.insert(row.object);
  }
  for (auto& row : newer.objects) row.anew = row.anew || anew.contains(row.object);
  const auto object_of = [](const auto& row) { return row.object; };
  overtake<Changes::ObjectRow, ObjectId>(older.objects, std::move(newer.objects), object_of);
  overtake<Changes::VerbsRow, ObjectId>(older.verbs, std::move(newer.verbs), object_of);
  overtake<Changes::PropertyRow, std::string>(older.properties, std::move(newer.properties),
                                              property_key);
  overtake<PlannedCalls::Change, std::int64_t>(older.planned, std::move(newer.planned),
                                               [](const auto& row) { return row.task; });
}

void drop_unstored(Changes& batch, std::int64_t highest) {
  std::erase_if(batch.objects,
                [&](const auto& row) { return !row.data && row.object.number > highest; });
}

}  // namespace cosmoo
