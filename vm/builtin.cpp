#include "vm/builtin.h"

#include <stdexcept>

#include "vm/scheduler.h"

namespace cosmoo {

const Value& Call::operator[](std::size_t index) const {
  static const Value kNil;
  return index < args_.size() ? args_[index] : kNil;
}

Ticket Call::ticket() const { return scheduler_.next_ticket(); }

std::string_view name_of(Access access) {
  switch (access) {
    case Access::everyone:
      return "everyone";
    case Access::programmer:
      return "programmers";
    case Access::wizard:
      break;
  }
  return "wizards";
}

std::vector<std::string_view> names_of(TypeSet types) {
  std::vector<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Value::Type::map); ++i) {
    const auto type = static_cast<Value::Type>(i);
    if ((types & type_bit(type)) != 0) names.push_back(name_of(type));
  }
  return names;
}

std::string text_of(TypeSet types) {
  if (types == types::kAny) return "anything";
  if (types == types::kValue) return "anything but nil";
  std::string text;
  for (const std::string_view name : names_of(types)) {
    if (!text.empty()) text += " or ";
    text += name;
  }
  return text;
}

void BuiltinTable::add(std::string_view family, std::span<const Builtin> rows) {
  for (const Builtin& row : rows) {
    if (find(row.name) != nullptr) {
      throw std::logic_error("two builtins are called " + std::string(row.name));
    }
    rows_.push_back(row);
    rows_.back().family = family;
  }
}

const Builtin* BuiltinTable::find(std::string_view name) const {
  for (const Builtin& row : rows_) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

std::string signature(const Builtin& builtin) {
  std::string text(builtin.name);
  text += '(';
  std::size_t open = 0;
  for (std::size_t i = 0; i < builtin.parameters.size(); ++i) {
    if (i >= builtin.required) {
      text += i == 0 ? "[" : " [";
      ++open;
    }
    if (i > 0) text += ", ";
    text += builtin.parameters[i].name;
  }
  if (builtin.variadic) text += builtin.parameters.empty() ? "..." : ", ...";
  text.append(open, ']');
  text += ')';
  return text;
}

}  // namespace cosmoo
