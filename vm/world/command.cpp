// A line typed by a player, taken apart; and the verb that it means.
#include "vm/world/command.h"

#include <algorithm>
#include <span>

namespace cosmoo {
namespace {

void skip_spaces(std::string_view& text) {
  const auto start = text.find_first_not_of(' ');
  text.remove_prefix(start == std::string_view::npos ? text.size() : start);
}

// Takes the first word off `rest`, which does not begin with a space, and the spaces behind it.
std::string take_word(std::string_view& rest) {
  std::string word;
  bool quoted = false;
  std::size_t i = 0;
  for (; i < rest.size(); ++i) {
    const char c = rest[i];
    if (c == ' ' && !quoted) break;
    if (c == '"') {
      quoted = !quoted;
    } else if (c != '\\') {
      word += c;
    } else if (++i < rest.size()) {
      word += rest[i];
    }
  }
  rest.remove_prefix(std::min(i, rest.size()));
  skip_spaces(rest);
  return word;
}

std::string join(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) {
    if (&word != words.data()) text += ' ';
    text += word;
  }
  return text;
}

std::string_view shortcut(char first) {
  switch (first) {
    case '"':
      return "say";
    case ':':
      return "emote";
    case ';':
      return "eval";
    default:
      return {};
  }
}

// "in front" in quotes is one word, and no part of a preposition.
bool has_space(const std::string& word) { return word.find(' ') != std::string::npos; }

// The first place where a preposition stands, and the longest one there.
struct FoundPreposition {
  std::size_t first;
  std::size_t count;
  std::int8_t prep;
};
std::optional<FoundPreposition> first_preposition(std::span<const std::string> words) {
  constexpr std::size_t kLongest = 3;  // "on top of"
  for (std::size_t first = 0; first < words.size(); ++first) {
    if (!begins_preposition(words[first])) continue;
    for (std::size_t count = std::min(kLongest, words.size() - first); count > 0; --count) {
      const auto phrase = words.subspan(first, count);
      if (std::any_of(phrase.begin(), phrase.end(), has_space)) continue;
      if (const auto prep = find_preposition(join(phrase))) {
        return FoundPreposition{first, count, *prep};
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> split_words(std::string_view line) {
  std::vector<std::string> words;
  skip_spaces(line);
  while (!line.empty()) words.push_back(take_word(line));
  return words;
}

Command parse_command(const World& world, ObjectId player, std::string_view line) {
  Command command;
  skip_spaces(line);
  if (line.empty()) return command;
  if (const std::string_view verb = shortcut(line.front()); !verb.empty()) {
    command.verb = verb;
    line.remove_prefix(1);
  } else {
    command.verb = take_word(line);
  }
  command.argstr = line;
  command.args = split_words(line);

  const std::span<const std::string> words(command.args);
  if (const auto found = first_preposition(words)) {
    command.prep = found->prep;
    command.dobjstr = join(words.first(found->first));
    command.prepstr = join(words.subspan(found->first, found->count));
    command.iobjstr = join(words.subspan(found->first + found->count));
  } else {
    command.dobjstr = join(words);
  }
  command.dobj = match_object(world, player, command.dobjstr);
  command.iobj = match_object(world, player, command.iobjstr);
  return command;
}

std::optional<CommandTarget> find_command_target(const World& world, ObjectId player,
                                                 const Command& command) {
  const Object* self = world.find(player);
  const ObjectId here = self ? self->location : kNothing;
  for (const ObjectId object : {player, here, command.dobj, command.iobj}) {
    const auto verb =
        world.find_command_verb(object, command.verb, command.dobj, command.prep, command.iobj);
    if (verb) return CommandTarget{object, *verb};
  }
  return std::nullopt;
}

}  // namespace cosmoo
