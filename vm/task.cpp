#include "vm/task.h"

namespace cosmoo {

Value as_value(const Frame& frame) {
  return Value(List{Value(frame.this_object), Value(frame.verb), Value(frame.programmer),
                    Value(frame.definer), Value(frame.player), Value(frame.line)});
}

Value as_value(const std::vector<Frame>& calls) {
  List rows;
  rows.reserve(calls.size());
  for (const Frame& frame : calls) rows.push_back(as_value(frame));
  return Value(std::move(rows));
}

}  // namespace cosmoo
