-- $player: what everyone can do.
object { name = "player", parents = { "root" }, flags = "fertile" }

-- The commands of this class, for `help`.
property { "commands", {
  { "look [THING]", "what is here, or one thing" },
  { "say TEXT, \"TEXT", "speak to everyone in the room" },
  { "emote TEXT, :TEXT", "act: \":smiles\" shows \"Name smiles\"" },
  { "get THING, drop THING, inventory", "carry things about" },
  { "@who", "who is connected" },
  { "@password OLD NEW", "change your password" },
  { "help [TOPIC]", "this list; or a command, a builtin, eval, verbs" },
  { "@quit", "leave" },
} }

verb { "tell", function()
  local line = {}
  for i, part in ipairs(args) do line[i] = tostr(part) end
  notify(this, table.concat(line))
end }

verb { "look_around", function()
  if valid(this.location) then
    this.location:look_self()
  else
    this:tell("You are nowhere.")
  end
end }

verb { "l*ook", "any any any", function()
  local name = dobjstr ~= "" and dobjstr or iobjstr
  if name == "" or name == "here" then return player:look_around() end
  local ok, object = pcall(function() return $named(name) end)
  if not ok then return player:tell(object.message) end
  object:look_self()
end }

verb { "say", "any any any", function()
  if not valid(player.location) then return player:tell("Nobody hears you.") end
  player:tell("You say, \"", argstr, "\"")
  player.location:announce(player, player.name .. " says, \"" .. argstr .. "\"")
end }

verb { "emote", "any any any", function()
  local line = player.name .. " " .. argstr
  player:tell(line)
  if valid(player.location) then player.location:announce(player, line) end
end }

verb { "get take", "any none none", function()
  local ok, object = pcall(function() return $named(dobjstr) end)
  if not ok then return player:tell(object.message) end
  if not isa(object, $thing) then return player:tell("You can't take that.") end
  if object.location ~= player.location then return player:tell("That is not here.") end
  move(object, player)
  player:tell("You take ", object.name, ".")
end }

verb { "drop", "any none none", function()
  local ok, object = pcall(function() return $named(dobjstr) end)
  if not ok then return player:tell(object.message) end
  if object.location ~= player then return player:tell("You don't have that.") end
  move(object, player.location)
  player:tell("You drop ", object.name, ".")
end }

verb { "i*nventory", "none none none", function()
  if #player.contents == 0 then return player:tell("You carry nothing.") end
  player:tell("You carry:")
  for _, object in ipairs(player.contents) do player:tell("  ", object.name, " (", object, ")") end
end }

verb { "@who who", "none none none", function()
  local there = connected_players()
  player:tell(("%-24s %-12s %-8s %s"):format("Player", "Connected", "Idle", "Where"))
  for _, who in ipairs(there) do
    local where = valid(who.location) and who.location.name or "nowhere"
    player:tell(("%-24s %-12s %-8s %s"):format(who.name .. " (" .. who .. ")",
      $duration(connected_seconds(who)), $duration(idle_seconds(who)), where))
  end
  player:tell(#there == 1 and "1 player" or #there .. " players")
end }

verb { "@password", "any any any", function()
  if caller_perms() ~= #-1 then raise(E_PERM) end
  if #args ~= 2 then return player:tell("Usage: @password OLD NEW") end
  if not check_password(player, args[1]) then return player:tell("That is not your password.") end
  set_password(player, args[2])
  player:tell("Your password is changed.")
end }

-- The commands of this player's classes, nearest class first.
verb { "help_commands", function()
  for _, class in ipairs(ancestors(this)) do
    local ok, commands = pcall(function() return class.commands end)
    if ok and not is_clear_property(class, "commands") then
      player:tell("")
      player:tell("For every ", class.name, ":")
      for _, command in ipairs(commands) do
        player:tell(("  %-34s %s"):format(command[1], command[2]))
      end
    end
  end
end }

verb { "help_builtin", function()
  local info = args[1]
  player:tell(info.signature, "  ->  ", info.returns)
  if info.access ~= "everyone" then player:tell("  For ", info.access, " only.") end
  local line = " "
  for _, word in ipairs(explode(info.help)) do
    if #line + #word > 76 then
      player:tell(line)
      line = " "
    end
    line = line .. " " .. word
  end
  player:tell(line)
end }

verb { "help", "any any any", function()
  local topic = argstr
  if topic == "" then
    player:tell("help TOPIC explains one thing: a command, or eval, verbs, builtins, NAME of a builtin.")
    return player:help_commands()
  end
  if topic == "builtins" then
    local names = {}
    for _, info in ipairs(function_info()) do names[#names + 1] = info.name end
    table.sort(names)
    return player:tell(table.concat(names, "  "))
  end
  local text = system.help[topic]
  if text then
    for _, line in ipairs(text) do player:tell(line) end
    return
  end
  local known, info = pcall(function_info, (topic:gsub("%(%)$", "")))
  if known then return player:help_builtin(info) end
  for _, class in ipairs(ancestors(player)) do
    local ok, commands = pcall(function() return class.commands end)
    for _, command in ipairs(ok and commands or {}) do
      if command[1]:lower():find(topic:lower(), 1, true) then
        return player:tell(command[1], "  --  ", command[2])
      end
    end
  end
  player:tell("There is no help on \"", topic, "\". Type help alone for what there is.")
end }
