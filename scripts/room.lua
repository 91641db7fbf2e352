-- $room: where players meet.
object { name = "room", parents = { "root" }, flags = "fertile readable" }

property { "description", "A bare room." }
-- The exits that lead out of it: a list of $exit.
property { "exits", {}, perms = "rc" }

-- room:announce(except, text): tells everyone in the room but one, players first. Whatever stands
-- there may have a `tell` of its own: its errors are its own, and so are the ticks that it takes.
verb { "announce", function()
  local except, text = args[1], args[2]
  local players, things = {}, {}
  for _, object in ipairs(this.contents) do
    local to = is_player(object) and players or things
    if object ~= except then to[#to + 1] = object end
  end
  for _, some in ipairs({ players, things }) do
    for _, object in ipairs(some) do
      pcall(function()
        local found = respond_to(object, "tell")
        local author = verb_info(found[1], "tell")[1]
        if author.wizard then object:tell(text) else this:tell_apart(object, text, author) end
      end)
    end
  end
end }

-- For announce(): the author of its `tell` tells it in a task of its own, whose ticks are its own too.
verb { "tell_apart", function()
  if not caller_perms().wizard then raise(E_PERM) end
  local object, text = args[1], args[2]
  set_task_perms(args[3])
  fork(0, function() object:tell(text) end)
end }

verb { "look_self", function()
  player:tell({ title = this.name })
  player:tell_text(this.description)
  local here, ways = {}, {}
  for _, object in ipairs(this.contents) do
    local asleep = is_player(object) and not pcall(idle_seconds, object)
    if object ~= player then here[#here + 1] = object.name .. (asleep and " (asleep)" or "") end
  end
  for _, exit in ipairs(this:usable_exits()) do ways[#ways + 1] = exit.name end
  if #here > 0 then player:tell_text("Here: " .. table.concat(here, ", ") .. ".") end
  if #ways > 0 then player:tell_text("Exits: " .. table.concat(ways, ", ") .. ".") end
end }

-- What may be brought here: everything. A room that is choosy has an `accept` of its own.
verb { "accept", function()
  return true
end }

-- Those of its exits that are still there.
verb { "usable_exits", function()
  local usable = {}
  for _, exit in ipairs(this.exits) do
    if type(exit) == "object" and valid(exit) and isa(exit, $exit) then usable[#usable + 1] = exit end
  end
  return usable
end }

-- room:find_exit("n"): the exit of that name or alias, #-1 if there is none.
verb { "find_exit", function()
  return $exit_among(this:usable_exits(), args[1])
end }

-- room:add_exit(exit): for whoever may change the room's list of exits.
verb { "add_exit", function()
  set_task_perms(caller_perms(player))
  local exits = this:usable_exits()
  exits[#exits + 1] = args[1]
  this.exits = exits
end }

-- Called by the server for a line that is no command: the name of an exit, or a slip.
verb { "huh", function()
  set_task_perms(caller_perms(player))
  local line = argstr == "" and verb or verb .. " " .. argstr
  local exit = this:find_exit(line)
  if valid(exit) then return exit:invoke() end
  local doc = $help:command(verb)
  if doc then
    player:tell("I couldn't understand that. It is typed: ", { bold = doc[1] })
    if doc[2] then player:tell("  ", doc[2]) end
    return
  end
  for _, object in ipairs({ dobj, iobj }) do
    local known, home, form = pcall(function()
      local home = $verb_home(object, verb)
      return home, $form(home, verb)
    end)
    if known then
      return player:tell("I couldn't understand that. ", home, ":", verb, " takes: ", form, ".")
    end
  end
  local near = $help:near(verb)
  player:tell("I couldn't understand that.",
    #near > 0 and " Did you mean " .. table.concat(near, ", ") .. "?" or " Type help for what you can do.")
end }
