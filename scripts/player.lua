-- $player: what everyone can do: look about, talk, carry things, move.
object { name = "player", parents = { "terminal" }, flags = "fertile readable" }

-- Where `home` leads.
property { "home", ref "first_room", perms = "rc" }

-- --- looking

verb { "look_around", function()
  if valid(this.location) then
    this.location:look_self()
  else
    this:tell("You are nowhere. Type home.")
  end
end }

verb { "look_self", function()
  pass()
  local there, idle = pcall(idle_seconds, this)
  local state = not there and " is asleep." or
    idle < 300 and " is awake." or " is awake, but has not moved for " .. $duration(idle) .. "."
  player:tell(this.name, state)
  if #this.contents > 0 then
    local held = {}
    for i, object in ipairs(this.contents) do held[i] = object.name end
    player:tell("Carrying ", $text:list(held), ".")
  end
end }

verb { "l*ook", "any any any", function()
  -- look [THING]
  -- What is here; or one thing, an exit, or what is in something: look in box.
  set_task_perms(caller_perms(player))
  local name = dobjstr ~= "" and dobjstr or iobjstr
  if name == "" or name == "here" then return player:look_around() end
  local ok, object = pcall(function() return $visible(name) end)
  if not ok then return player:tell_error(object) end
  object:look_self()
end }

verb { "exam*ine", "any none none", function()
  -- examine THING
  -- All there is to see of a thing: its number, names, owner, and what can be done with it.
  set_task_perms(caller_perms(player))
  local ok, object = pcall(function() return $visible(dobjstr) end)
  if not ok then return player:tell_error(object) end
  player:tell({ title = object.name }, " (", object, "), owned by ", $label(object.owner))
  if #object.aliases > 0 then player:tell("Also called ", $text:list(object.aliases), ".") end
  player:tell_text(object.description)
  for _, inside in ipairs(object.contents) do player:tell("  In it: ", inside.name, " (", inside, ")") end
  local deeds, seen = {}, {}
  for _, class in ipairs({ object, table.unpack(ancestors(object)) }) do
    local listed, names = pcall(verbs, class)
    for place, name in ipairs(listed and class ~= $player and class ~= $terminal and names or {}) do
      local readable, form = pcall(function() return $form(class, place) end)
      if readable and form:find("this") and form ~= "this none this" and not seen[name] then
        seen[name] = true
        local direct, preposition, indirect = form:match("^(%S+) (.+) (%S+)$")
        local function word(spec) return ({ this = dobjstr, any = "ANYTHING" })[spec] end
        local words = { (name:match("^%S+"):gsub("%*", "")), word(direct),
          preposition ~= "none" and preposition or nil, word(indirect) }
        local spoken = {}
        for i = 1, 4 do spoken[#spoken + 1] = words[i] end
        deeds[#deeds + 1] = "  " .. table.concat(spoken, " ")
      end
    end
  end
  if #deeds > 0 then
    player:tell("You can:")
    player:tell_lines(deeds)
  end
end }

verb { "i*nventory", "none none none", function()
  -- inventory
  -- What you carry.
  if #player.contents == 0 then return player:tell("You carry nothing.") end
  player:tell("You carry:")
  local lines = {}
  for i, object in ipairs(player.contents) do lines[i] = "  " .. object.name .. " (" .. object .. ")" end
  player:tell_lines(lines)
end }

-- --- talking

verb { "say", "any any any", function()
  -- say TEXT, "TEXT
  -- Speaks to everyone in the room.
  if argstr == "" then return player:usage() end
  if not valid(player.location) then return player:tell("Nobody hears you.") end
  player:tell("You say, \"", argstr, "\"")
  player.location:announce(player, player.name .. " says, \"" .. argstr .. "\"")
end }

verb { "emote", "any any any", function()
  -- emote TEXT, :TEXT
  -- Acts: ":smiles" shows "Name smiles", "::'s hat falls" shows "Name's hat falls".
  if argstr == "" then return player:usage() end
  local text = argstr:sub(1, 1) == ":" and argstr:sub(2) or " " .. argstr
  player:tell(player.name, text)
  if valid(player.location) then player.location:announce(player, player.name .. text) end
end }

verb { "whisper", "any at any", function()
  -- whisper TEXT to PLAYER
  -- Says something to one player in the room, whom alone it reaches.
  local ok, whom = pcall(function() return $named(iobjstr) end)
  if not ok then return player:tell_error(whom) end
  local text = $text:unquote(argstr:match("^(.*)%s+[aAtT][tToO]%s") or dobjstr)
  if text == "" then return player:usage() end
  if not is_player(whom) or whom.location ~= player.location then
    return player:tell(whom.name, " is nobody to whisper to here.")
  end
  whom:tell(player.name, " whispers to you, \"", text, "\"")
  player:tell("You whisper to ", whom.name, ".")
end }

verb { "page", "any any any", function()
  -- page PLAYER TEXT
  -- Says something to one player, wherever they are.
  local name, text = args[1], $text:unquote(argstr:match("^%S+%s+(.+)$") or "")
  if not name or text == "" then return player:usage() end
  local whom = find_player(name)
  if not valid(whom) then return player:tell("There is no player called \"", name, "\". @who shows who is here.") end
  if not pcall(idle_seconds, whom) then return player:tell(whom.name, " is not connected.") end
  whom:tell({ bold = player.name .. " pages you" }, ", \"", text, "\"")
  player:tell("You page ", whom.name, ".")
end }

verb { "@who who", "none none none", function()
  -- @who
  -- Who is connected, since when, and where; wizards see where from.
  set_task_perms(caller_perms(player))
  local rows, titles = {}, { "Player", "Connected", "Idle", "Where", task_perms().wizard and "From" or nil }
  for i, who in ipairs(connected_players()) do
    rows[i] = { $label(who), $duration(connected_seconds(who)), $duration(idle_seconds(who)),
      valid(who.location) and who.location.name or "nowhere", titles[5] and connection_name(who, 1) or nil }
  end
  local lines = $text:table(titles, rows)
  lines[#lines + 1] = $text:count(#rows, "player")
  player:tell_lines(lines)
end }

-- --- things
--
-- These move what others own, as wizards may; so they act for the player who typed them, only.

verb { "get take", "any any any", function()
  -- get THING, get THING from CONTAINER
  -- Takes what lies here, or is in something.
  if caller_perms(player) ~= player then raise(E_PERM, "Only players take things, by typing it.") end
  if dobjstr == "" then return player:usage() end
  local ok, object = pcall(function()
    if iobjstr == "" then return $named(dobjstr) end
    return $named(iobjstr):find_inside(dobjstr)
  end)
  if not ok then return player:tell_error(object) end
  local from = object.location
  if from == player then return player:tell("You have ", object.name, " already.") end
  if not isa(object, $thing) then return player:tell("You can't take that.") end
  local function here(place) return place == player or valid(place) and place == player.location end
  local inside = valid(from) and isa(from, $container) and here(from.location)
  if not here(from) and not inside then return player:tell("That is not here.") end
  player:carry(object, player, "take ", "takes ", inside and " from " .. from.name or "")
end }

verb { "drop", "any none none", function()
  -- drop THING
  -- Leaves what you carry here.
  if caller_perms(player) ~= player then raise(E_PERM, "Only players drop things, by typing it.") end
  local ok, object = pcall(function() return $held(dobjstr) end)
  if not ok then return player:tell_error(object) end
  if not valid(player.location) then return player:tell("There is no floor here.") end
  player:carry(object, player.location, "drop ", "drops ")
end }

verb { "give hand", "any at any", function()
  -- give THING to PLAYER
  -- Hands over what you carry.
  if caller_perms(player) ~= player then raise(E_PERM, "Only players give things, by typing it.") end
  local ok, object, whom = pcall(function() return $held(dobjstr), $named(iobjstr) end)
  if not ok then return player:tell_error(object) end
  if not is_player(whom) or whom.location ~= player.location then
    return player:tell(whom.name, " is nobody to give anything to here.")
  end
  if player:carry(object, whom, "give ", "gives ", " to " .. whom.name) then
    whom:tell(player.name, " gives you ", object.name, ".")
  end
end }

verb { "put", "any in any", function()
  -- put THING in CONTAINER
  -- Puts what you carry into something.
  if caller_perms(player) ~= player then raise(E_PERM, "Only players put things, by typing it.") end
  local ok, object, into = pcall(function() return $held(dobjstr), $named(iobjstr) end)
  if not ok then return player:tell_error(object) end
  if not isa(into, $container) then return player:tell("Nothing can be put into ", into.name, ".") end
  player:carry(object, into, "put ", "puts ", " into " .. into.name)
end }

-- player:carry(thing, where, "drop ", "drops ", after): moves it if its new place wants it, and tells.
verb { "carry", function()
  if not caller_perms().wizard then raise(E_PERM, "Only the commands of players carry things.") end
  local thing, where, own, others, after = args[1], args[2], args[3], args[4], args[5] or ""
  local from = thing.location
  local ok, welcome = pcall(function() return where:accept(thing) end)
  if not ok or not welcome then
    this:tell(where.name, " does not take ", thing.name, ".")
    return false
  end
  -- accept() is anybody's, and may have waited.
  if thing.location ~= from then return false end
  local moved, why = pcall(move, thing, where)
  if not moved then
    this:tell_error(why)
    return false
  end
  this:tell("You ", own, thing.name, after, ".")
  if valid(this.location) then
    this.location:announce(this, this.name .. " " .. others .. thing.name .. after .. ".")
  end
  return true
end }

-- What others may put into one's hands: anything but players.
verb { "accept", function()
  return not is_player(args[1])
end }

-- --- moving

verb { "go walk", "any any any", function()
  -- go EXIT
  -- Leaves by an exit; its name alone does it, too.
  set_task_perms(caller_perms(player))
  local exit = valid(player.location) and player.location:find_exit(argstr) or #-1
  if not valid(exit) then
    return player:tell("There is no way \"", argstr, "\". @exits shows where you can go.")
  end
  exit:invoke()
end }

verb { "home", "none none none", function()
  -- home
  -- Takes you home.
  set_task_perms(caller_perms(player))
  local home = player.home
  if type(home) ~= "object" or not valid(home) or not isa(home, $room) then home = $first_room end
  if player.location == home then return player:tell("You are at home.") end
  player:travel(home, "goes home.", "comes home.")
end }

verb { "@sethome", "none none none", function()
  -- @sethome
  -- Makes this room your home.
  set_task_perms(caller_perms(player))
  player.home = player.location
  player:tell(player.location.name, " is your home now.")
end }

verb { "@exits", "none none none", function()
  -- @exits
  -- Where you can go from here.
  set_task_perms(caller_perms(player))
  local rows = {}
  for _, exit in ipairs(valid(player.location) and player.location:usable_exits() or {}) do
    rows[#rows + 1] = { $label(exit), $label(exit:leads_to()), table.concat(exit.aliases, ", ") }
  end
  if #rows == 0 then return player:tell("There is no way out of here but home.") end
  player:tell_lines($text:table({ "Exit", "Leads to", "Also called" }, rows))
end }

-- player:travel(place, leaving, arriving): goes there, if it lets the player in, and tells both places
-- what the others see: "Name goes home." Nobody is moved by another's code.
verb { "travel", function()
  local by = caller_perms(player)
  if by ~= this and not by.wizard then raise(E_PERM, by .. " may not move " .. this) end
  local to, from = args[1], this.location
  if not to:accept(this) then raise(E_NACC, to.name .. " does not let you in.") end
  move(this, to)
  if valid(from) and args[2] ~= "" then from:announce(this, this.name .. " " .. args[2]) end
  if args[3] ~= "" then to:announce(this, this.name .. " " .. args[3]) end
  this:look_around()
end }

-- --- oneself

verb { "@describe", "any any any", function()
  -- @describe THING as TEXT
  -- What people see when they look: @describe me as A tall figure in a grey cloak.
  set_task_perms(caller_perms(player))
  local what, text = $text:around(argstr, "as")
  if not what then return player:usage() end
  local ok, why = pcall(function()
    local object = $visible(what)
    object.description = $text:unquote(text)
    player:tell("Described ", $label(object), ".")
  end)
  if not ok then player:tell_error(why) end
end }

verb { "@password", "any any any", function()
  -- @password [OLD NEW]
  -- Changes your password; alone, it asks for both and shows neither.
  if caller_perms(player) ~= player then raise(E_PERM) end
  local old, new = args[1], args[2]
  if #args == 0 then
    player:tell("Your password now:")
    old = read(player, { echo = false })
    player:tell("The new one:")
    new = read(player, { echo = false })
    player:tell("The new one again:")
    if read(player, { echo = false }) ~= new then return player:tell("Those were two different ones: nothing is changed.") end
  elseif #args ~= 2 then
    return player:usage()
  end
  if not check_password(player, old) then return player:tell("That is not your password.") end
  local ok, why = pcall(set_password, player, new)
  if not ok then return player:tell_error(why) end
  player:tell("Your password is changed.")
end }

verb { "help", "any any any", function()
  -- help [TOPIC]
  -- What there is; or one thing: a command, a builtin, or a topic.
  set_task_perms(caller_perms(player))
  local lines = $help:on(argstr)
  if lines then return player:tell_lines(lines) end
  local near = $help:near(argstr)
  player:tell("There is no help on \"", argstr, "\". ",
    #near > 0 and "Did you mean " .. table.concat(near, ", ") .. "?" or "Type help alone for what there is.")
end }
