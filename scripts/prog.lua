-- $prog: what programmers can do besides.
object { name = "programmer", parents = { "player" }, flags = "fertile" }

property { "commands", {
  { ";CODE", "run Lua: see help eval" },
  { "@program OBJECT:VERB", "paste a verb's code: see help verbs" },
  { "@list OBJECT:VERB", "show a verb's code" },
  { "@verb OBJECT:NAME [ARGS]", "add a verb" },
  { "@rmverb OBJECT:NAME", "take a verb away" },
  { "@create PARENT named NAME", "make an object: @create $thing named sword" },
  { "@recycle OBJECT", "end an object" },
  { "@prop OBJECT.NAME [VALUE]", "show a property; or set it, adding it if it is new" },
  { "@rmprop OBJECT.NAME", "take a property away" },
  { "@show OBJECT", "an object's properties and verbs" },
  { "@tasks", "your waiting tasks" },
  { "@kill TASK", "end a task" },
} }

-- Reads lines up to "." for a command that takes a text; nil if the player gives up.
verb { "read_text", function()
  set_task_perms(caller_perms(player))
  local lines = {}
  while true do
    local line = read(player)
    if line == "." then return table.concat(lines, "\n") end
    if line == "@abort" then
      player:tell("Given up.")
      return nil
    end
    -- A line that begins with a dot is sent with two, so that "." can be part of a text.
    lines[#lines + 1] = line:sub(1, 2) == ".." and line:sub(2) or line
  end
end }

verb { "eval", "any any any", function()
  set_task_perms(caller_perms(player))
  local code = argstr
  if not code:find("%S") then
    player:tell("Lines of Lua; `.` alone runs them, @abort gives up.")
    code = player:read_text()
    if not code then return end
  end
  local result = table.pack(eval(code))
  local told_how = false
  while not result[1] and result[3] do
    -- It ends too early: what is typed or pasted next belongs to it.
    if not told_how then player:tell("(go on; `.` alone gives up)") end
    told_how = true
    local line = read(player)
    if line == "." or line == "@abort" then return player:tell(result[2]) end
    code = code .. "\n" .. line
    result = table.pack(eval(code))
  end
  if not result[1] then return player:tell(result[2]) end
  local shown = {}
  for i = 2, math.max(result.n, 2) do shown[#shown + 1] = toliteral(result[i]) end
  player:tell("=> ", table.concat(shown, ", "))
end }

-- "#4:look" or "sword.colour" in its two halves: the object and the name.
verb { "split_name", function()
  local text, separator, usage = args[1], args[2], args[3]
  local object, name = text:match("^(.-)%" .. separator .. "([^%s]+)$")
  if not object then raise(E_INVARG, usage) end
  return $named(object), name
end }

verb { "@program .program", "any any any", function()
  set_task_perms(caller_perms(player))
  local ok, object, name = pcall(function()
    return player:split_name(args[1] or "", ":", "Usage: @program OBJECT:VERB")
  end)
  if not ok then return player:tell(object.message) end
  local found, info = pcall(verb_info, object, name)
  if not found and info ~= E_VERBNF then return player:tell(info.message) end
  if not found then
    local added, why = pcall(add_verb, object, { player, "rxd", name }, { "this", "none", "this" })
    if not added then return player:tell(why.message) end
    player:tell("There was no ", object, ":", name, ": added it (this none this).")
  end
  player:tell("Now programming ", object, ":", name, ". `.` alone ends, @abort gives up.")
  local code = player:read_text()
  if not code then return end
  local done, why = pcall(set_verb_code, object, name, code)
  if not done then
    player:tell("Not programmed: ", why.message)
    return
  end
  local _, lines = code:gsub("\n", "")
  player:tell("Programmed ", object, ":", name, ", ", lines + 1, " lines.")
end }

verb { "@list", "any any any", function()
  set_task_perms(caller_perms(player))
  local ok, object, name = pcall(function()
    return player:split_name(args[1] or "", ":", "Usage: @list OBJECT:VERB")
  end)
  if not ok then return player:tell(object.message) end
  local found, info = pcall(verb_info, object, name)
  while not found and info == E_VERBNF and #parents(object) > 0 do
    object = parents(object)[1]
    found, info = pcall(verb_info, object, name)
  end
  if not found then return player:tell(info.message) end
  player:tell(object, ":", info[3], "   ", verb_args(object, name), "   ", info[2], "   owner ", info[1])
  local number = 0
  for line in (verb_code(object, name) .. "\n"):gmatch("(.-)\n") do
    number = number + 1
    player:tell(("%4d  %s"):format(number, line))
  end
end }

verb { "@verb", "any any any", function()
  set_task_perms(caller_perms(player))
  local ok, why = pcall(function()
    local usage = "Usage: @verb OBJECT:NAME [DIRECT PREPOSITION INDIRECT]"
    local object, name = player:split_name(args[1] or "", ":", usage)
    local form = { args[2] or "this", args[3] or "none", args[4] or "this" }
    add_verb(object, { player, "rxd", name }, form)
    player:tell("Added ", object, ":", name, " (", table.concat(form, " "), "). Now: @program ", object, ":", name)
  end)
  if not ok then player:tell(why.message or why) end
end }

verb { "@rmverb", "any none none", function()
  set_task_perms(caller_perms(player))
  local ok, why = pcall(function()
    local object, name = player:split_name(argstr, ":", "Usage: @rmverb OBJECT:NAME")
    delete_verb(object, name)
    player:tell("Took ", object, ":", name, " away.")
  end)
  if not ok then player:tell(why.message or why) end
end }

verb { "@create", "any any any", function()
  set_task_perms(caller_perms(player))
  local parent, name = argstr:match("^(%S+)%s+named%s+(.+)$")
  if not parent then
    parent, name = argstr:match("^(%S+)%s+called%s+(.+)$")
  end
  if not parent then return player:tell("Usage: @create PARENT named NAME") end
  name = name:gsub("^\"(.*)\"$", "%1")
  local ok, object = pcall(function()
    local made = create($named(parent))
    made.name = name
    -- "bell" finds a brass bell, too.
    if name:find(" ") then made.aliases = explode(name) end
    move(made, player)
    return made
  end)
  if not ok then return player:tell(object.message or object) end
  player:tell("You now have ", name, " (", object, "), a ", parents(object)[1].name, ".")
end }

verb { "@recycle", "any none none", function()
  set_task_perms(caller_perms(player))
  local ok, why = pcall(function()
    local object = $named(argstr)
    local name = object.name
    recycle(object)
    player:tell(name, " (", object, ") is no more.")
  end)
  if not ok then player:tell(why.message or why) end
end }

verb { "@prop @property", "any any any", function()
  set_task_perms(caller_perms(player))
  local place, source = argstr:match("^(%S+)%s*(.*)$")
  local ok, why = pcall(function()
    local object, name = player:split_name(place or "", ".", "Usage: @prop OBJECT.NAME [VALUE]")
    if source == "" then
      player:tell(object, ".", name, " = ", toliteral(object[name]))
      return
    end
    local right, value = eval(source)
    if not right then raise(E_INVARG, value) end
    local known, info = pcall(property_info, object, name)
    if known then
      object[name] = value
    else
      add_property(object, name, value, "rc")
    end
    player:tell(known and "Set " or "Added ", object, ".", name, " = ", toliteral(object[name]))
  end)
  if not ok then player:tell(why.message or why) end
end }

verb { "@rmprop", "any none none", function()
  set_task_perms(caller_perms(player))
  local ok, why = pcall(function()
    local object, name = player:split_name(argstr, ".", "Usage: @rmprop OBJECT.NAME")
    delete_property(object, name)
    player:tell("Took ", object, ".", name, " away.")
  end)
  if not ok then player:tell(why.message or why) end
end }

verb { "@show", "any none none", function()
  set_task_perms(caller_perms(player))
  local ok, why = pcall(function()
    local object = $named(argstr)
    player:tell(object.name, " (", object, "), owned by ", object.owner)
    local above = {}
    for _, parent in ipairs(parents(object)) do above[#above + 1] = parent.name .. " (" .. parent .. ")" end
    player:tell("Parents: ", #above > 0 and table.concat(above, ", ") or "none")
    player:tell("Location: ", object.location, "   Contents: ", #object.contents, "   Children: ", #children(object))
    for _, name in ipairs(properties(object)) do
      local readable, value = pcall(function() return toliteral(object[name]) end)
      if not readable then value = "(not readable)" end
      if #value > 60 then value = value:sub(1, 57) .. "..." end
      player:tell(("  .%-22s %s"):format(name, value))
    end
    for _, names in ipairs(verbs(object)) do player:tell("  :", names) end
  end)
  if not ok then player:tell(why.message or why) end
end }

verb { "@tasks", "none none none", function()
  set_task_perms(caller_perms(player))
  local rows = queued_tasks()
  if #rows == 0 then return player:tell("No task is waiting.") end
  player:tell(("%6s  %-14s %-16s %s"):format("Task", "Owner", "Wakes", "Where"))
  for _, row in ipairs(rows) do
    local id, wakes, state, _, owner, definer, name, line = table.unpack(row)
    local when = type(wakes) == "string" and wakes or ("in %.1fs"):format(wakes)
    local who = valid(owner) and owner.name .. " (" .. owner .. ")" or tostring(owner)
    local where = valid(definer) and definer .. ":" .. name or name
    if line > 0 then where = where .. ", line " .. line end
    player:tell(("%6d  %-14s %-16s %s"):format(id, who, when, where))
  end
end }

verb { "@kill", "any none none", function()
  set_task_perms(caller_perms(player))
  local id = math.tointeger(tonumber(argstr))
  if not id then return player:tell("Usage: @kill TASK, with a number that @tasks shows.") end
  local ok, why = pcall(kill_task, id)
  player:tell(ok and "Killed task " .. id .. "." or why.message)
end }
