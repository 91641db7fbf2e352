-- $builder: what those do who make things: objects, their names and properties, rooms and exits.
-- Each command acts with its player's permissions and says what went wrong.
object { name = "builder", parents = { "player" }, flags = "fertile readable" }

-- --- objects

verb { "@create", "any any any", function()
  -- @create PARENT named NAME[, ALIAS ...]
  -- Makes an object, and puts a thing into your hands: @create $thing named brass bell, bell
  set_task_perms(caller_perms(player))
  local parent, name = argstr:match("^(%S+)%s+named%s+(.+)$")
  if not parent then
    parent, name = argstr:match("^(%S+)%s+called%s+(.+)$")
  end
  if not parent then return player:usage() end
  local ok, why = pcall(function()
    local object = create($named(parent))
    player:name_object(object, name)
    local kind = #parents(object) > 0 and parents(object)[1].name or "thing without a parent"
    if not isa(object, $thing) then
      return player:tell("Made ", { title = object.name }, " (", object, "), a ", kind, ".")
    end
    move(object, player)
    player:tell("You now have ", { title = object.name }, " (", object, "), a ", kind, ".")
  end)
  if not ok then player:tell_error(why) end
end }

-- player:name_object(object, "brass bell, bell"): a name, and what else it is called. Each word of a
-- name is an alias, so that "bell" finds a brass bell, too.
verb { "name_object", function()
  set_task_perms(caller_perms(player))
  local names, seen = {}, {}
  local function add(name)
    if name ~= "" and not seen[name:lower()] then
      seen[name:lower()] = true
      names[#names + 1] = name
    end
  end
  for _, name in ipairs(explode($text:unquote(args[2]), ",")) do
    add((name:gsub("^%s+", ""):gsub("%s+$", "")))
  end
  if #names == 0 then raise(E_INVARG, "The name is missing.") end
  if names[1]:find(" ") then
    for _, word in ipairs(explode(names[1])) do add(word) end
  end
  args[1].name = table.remove(names, 1)
  args[1].aliases = names
end }

verb { "@recycle", "any none none", function()
  -- @recycle OBJECT
  -- Ends an object for good. It asks first if the object has children, or a name such as $thing.
  set_task_perms(caller_perms(player))
  if argstr == "" then return player:usage() end
  local ok, why = pcall(function()
    local object = $named(argstr)
    local label = $label(object)
    local known = false
    for _, name in ipairs(properties(system)) do
      local readable, value = pcall(function() return system[name] end)
      known = known or readable and value == object
    end
    local allowed = player.wizard or object.owner == player
    if allowed and (known or #children(object) > 0) then
      player:tell(label, known and " is one of the system's own objects" or " is a parent of others",
        " (", $text:count(#children(object), "child"):gsub("childs", "children"), "). Type yes to end it:")
      if read(player):lower() ~= "yes" then return player:tell("It stays.") end
    end
    recycle(object)
    player:tell(label, " is no more.")
  end)
  if not ok then player:tell_error(why) end
end }

verb { "@chparent @chparents", "any any any", function()
  -- @chparent OBJECT to PARENT[, PARENT ...]
  -- Lets an object inherit from something else.
  set_task_perms(caller_perms(player))
  local what, to = $text:around(argstr, "to")
  if not what then return player:usage() end
  local ok, why = pcall(function()
    local object, above, labels = $named(what), {}, {}
    for i, name in ipairs(explode(to, ",")) do
      above[i] = $named((name:gsub("%s+", "")))
      labels[i] = $label(above[i])
    end
    chparents(object, above)
    player:tell($label(object), " now inherits from ", $text:list(labels), ".")
  end)
  if not ok then player:tell_error(why) end
end }

verb { "@rename", "any any any", function()
  -- @rename OBJECT to NAME[, ALIAS ...], @rename OBJECT:VERB to NAMES
  -- Gives an object or a verb other names: @rename bell:ring to "ring r*ing"
  set_task_perms(caller_perms(player))
  local what, name = $text:around(argstr, "to")
  if not what then return player:usage() end
  local ok, why = pcall(function()
    if what:find(":", 1, true) then
      local object, old = $verb_named(what)
      local info = verb_info(object, old)
      set_verb_info(object, old, { info[1], info[2], $text:unquote(name) })
      return player:tell(object, ":", old, " is now ", object, ":", $text:unquote(name), ".")
    end
    local object = $visible(what)
    local old = $label(object)
    player:name_object(object, name)
    player:tell(old, " is now ", $label(object), #object.aliases > 0 and ", also called " or "",
      #object.aliases > 0 and $text:list(object.aliases) or "", ".")
  end)
  if not ok then player:tell_error(why) end
end }

verb { "@move @teleport", "any any any", function()
  -- @move OBJECT to PLACE
  -- Puts an object somewhere: a room, a container, a player.
  set_task_perms(caller_perms(player))
  local what, to = $text:around(argstr, "to")
  if not what then return player:usage() end
  local ok, why = pcall(function()
    local object, place = $named(what), $named(to)
    if object == player then return player:travel(place, "is gone.", "is here.") end
    move(object, place)
    player:tell("Moved ", $label(object), " to ", $label(place), ".")
  end)
  if not ok then player:tell_error(why) end
end }

verb { "@go", "any none none", function()
  -- @go PLACE
  -- Takes you to a room, wherever it is: @go #12; or to where a player is: @go Ann.
  set_task_perms(caller_perms(player))
  local ok, why = pcall(function()
    local place = $named(argstr)
    if is_player(place) then place = place.location end
    if not isa(place, $room) then raise(E_INVARG, $label(place) .. " is no room.") end
    player:travel(place, "is gone.", "is here.")
  end)
  if not ok then player:tell_error(why) end
end }

verb { "@dig", "any any any", function()
  -- @dig [EXIT[|BACK] to] "NAME" or ROOM
  -- Makes a room, or leads an exit to it: @dig north,n|south,s to "The Garden". See help building.
  set_task_perms(caller_perms(player))
  if argstr == "" then return player:usage() end
  local ok, why = pcall(function()
    local ways, target = $text:around(argstr, "to")
    target = target or argstr
    local here, room = player.location, nil
    local taken = ways and valid(here) and here:find_exit(ways:match("^[^,|]+")) or #-1
    if valid(taken) then raise(E_INVARG, "There is an exit " .. taken.name .. " already: @recycle " .. taken .. " ends it.") end
    if target:match("^[#$]") or target == "here" then
      room = $named(target)
      if not isa(room, $room) then raise(E_INVARG, $label(room) .. " is no room.") end
    else
      room = create($room)
      player:name_object(room, target)
      room.aliases = {}
      player:tell("Made ", { title = room.name }, " (", room, ").")
    end
    if not ways then return player:tell("Nothing leads there yet: @go ", room, " takes you.") end
    local there, back = ways:match("^([^|]+)|?(.*)$")
    player:dig_exit(here, there, room)
    if back ~= "" then player:dig_exit(room, back, here) end
  end)
  if not ok then player:tell_error(why) end
end }

-- player:dig_exit(from, "north,n", to)
verb { "dig_exit", function()
  set_task_perms(caller_perms(player))
  local from, names, to = args[1], args[2], args[3]
  if not valid(from) then raise(E_INVARG, "You are nowhere: there is nothing to leave.") end
  local exit = create($exit)
  local ok, why = pcall(function()
    player:name_object(exit, names)
    exit.dest = to
    from:add_exit(exit)
  end)
  if not ok then
    recycle(exit)
    if why == E_PERM then
      raise(E_PERM, "Only the owner of " .. $label(from) .. ", " .. $label(from.owner) .. ", can add an exit there.")
    end
    raise(E_INVARG, type(why) == "error" and why.message or why)
  end
  player:tell({ title = exit.name }, " (", exit, ") leads from ", $label(from), " to ", $label(to), ".")
end }

-- --- properties

verb { "@prop @property", "any any any", function()
  -- @prop OBJECT.NAME [VALUE]
  -- Shows a property; or sets it, and adds it if it is new: @prop lamp.oil 3, @prop lamp.names {"a", "b"}
  set_task_perms(caller_perms(player))
  local place, source = $text:first(argstr)
  if place == "" then return player:usage() end
  local ok, why = pcall(function()
    local object, name = $property_named(place)
    if source == "" then
      return player:tell(object, ".", name, " = ", toliteral(object[name]))
    end
    local right, value = eval(source)
    if not right then raise(E_INVARG, value) end
    local known = pcall(property_info, object, name)
    if known then
      object[name] = value
    else
      add_property(object, name, value, "rc")
    end
    player:tell(known and "Set " or "Added ", object, ".", name, " = ", toliteral(object[name]))
  end)
  if not ok then player:tell_error(why) end
end }

verb { "@set", "any any any", function()
  -- @set OBJECT.NAME to VALUE
  -- Sets a property that there is: @set lamp.oil to 3
  set_task_perms(caller_perms(player))
  local place, source = $text:around(argstr, "to")
  if not place then return player:usage() end
  local ok, why = pcall(function()
    local object, name = $property_named(place)
    local right, value = eval(source)
    if not right then raise(E_INVARG, value) end
    object[name] = value
    player:tell("Set ", object, ".", name, " = ", toliteral(object[name]))
  end)
  if not ok then player:tell_error(why) end
end }

verb { "@rmprop @rmproperty", "any none none", function()
  -- @rmprop OBJECT.NAME
  -- Takes a property away where it was defined.
  set_task_perms(caller_perms(player))
  local ok, why = pcall(function()
    local object, name = $property_named(argstr)
    delete_property(object, name)
    player:tell("Took ", object, ".", name, " away.")
  end)
  if not ok then player:tell_error(why) end
end }

verb { "@clearprop @clearproperty", "any none none", function()
  -- @clearprop OBJECT.NAME
  -- Lets an object have its parent's value again.
  set_task_perms(caller_perms(player))
  local ok, why = pcall(function()
    local object, name = $property_named(argstr)
    clear_property(object, name)
    player:tell(object, ".", name, " is its parent's again: ", toliteral(object[name]))
  end)
  if not ok then player:tell_error(why) end
end }

-- --- permissions

verb { "@perms @chmod", "any any any", function()
  -- @perms OBJECT | OBJECT.PROPERTY | OBJECT:VERB [[+|-]LETTERS]
  -- Shows or sets permissions: @perms lamp +f, @perms lamp.oil rc, @perms lamp:light -r. See help permissions.
  set_task_perms(caller_perms(player))
  local what, letters = args[1], args[2]
  if not what or #args > 2 then return player:usage() end
  local ok, why = pcall(function()
    -- "rc" with "+w", "-r" or other letters.
    local function changed(old)
      local sign, given = letters:match("^([+-]?)(%a*)$")
      if not sign then raise(E_INVARG, "Permissions are letters, such as r or +w: see help permissions.") end
      if sign == "" then return given end
      if sign == "+" then return old .. given end
      return (old:gsub("[" .. given .. "]", ""))
    end
    if what:find(":", 1, true) then
      local object, name = $verb_named(what)
      local info = verb_info(object, name)
      if letters then set_verb_info(object, name, { info[1], changed(info[2]), info[3] }) end
      return player:tell(object, ":", name, " is ", verb_info(object, name)[2])
    elseif what:find("%.") then
      local object, name = $property_named(what)
      local info = property_info(object, name)
      if letters then set_property_info(object, name, { info[1], changed(info[2]) }) end
      return player:tell(object, ".", name, " is ", property_info(object, name)[2])
    end
    local object = $visible(what)
    if letters then
      local now = changed(player:flags_of(object))
      local unknown = now:match("[^rwf]")
      if unknown then raise(E_INVARG, "An object has the permissions r, w and f, not " .. unknown .. ".") end
      for letter in ("rwf"):gmatch(".") do
        local on = now:find(letter, 1, true) ~= nil
        if object[letter] ~= on then object[letter] = on end
      end
    end
    local now = player:flags_of(object)
    player:tell($label(object), " is ", now ~= "" and now or "closed to others")
  end)
  if not ok then player:tell_error(why) end
end }

verb { "flags_of", function()
  local object = args[1]
  return (object.r and "r" or "") .. (object.w and "w" or "") .. (object.f and "f" or "")
end }

-- --- looking into things

verb { "@show @display", "any none none", function()
  -- @show OBJECT | OBJECT.PROPERTY | OBJECT:VERB
  -- What an object is and has; or a property's or a verb's owner and permissions.
  set_task_perms(caller_perms(player))
  if argstr == "" then return player:usage() end
  local ok, why = pcall(function()
    if argstr:find(":", 1, true) then
      local object, name = $verb_named(argstr)
      object = $verb_home(object, name)
      local info = verb_info(object, name)
      player:tell({ title = object .. ":" .. info[3] })
      player:tell("  Owner ", $label(info[1]), "   permissions ", info[2], "   command ", $form(object, name))
      return
    end
    local known, object = pcall(function() return $visible(argstr) end)
    if known then return player:tell_lines(player:describe_object(object)) end
    if not argstr:find("%.") then raise(object) end
    local name
    object, name = $property_named(argstr)
    local info = property_info(object, name)
    player:tell(object, ".", name, " = ", toliteral(object[name]))
    player:tell("  Owner ", $label(info[1]), "   permissions ", info[2], "   defined on ", $label(info[3]),
      is_clear_property(object, name) and object ~= info[3] and "   (its value)" or "")
  end)
  if not ok then player:tell_error(why) end
end }

verb { "describe_object", function()
  set_task_perms(caller_perms(player))
  local object = args[1]
  local function labels(objects)
    local names = {}
    for i = 1, math.min(#objects, 10) do names[i] = $label(objects[i]) end
    if #objects > 10 then names[11] = "... " .. #objects - 10 .. " more" end
    return #names > 0 and table.concat(names, ", ") or "none"
  end
  local flags = player:flags_of(object)
  local kind = is_player(object) and (object.wizard and "  wizard" or object.programmer and "  programmer" or "  player") or ""
  local lines = {
    { { title = object.name }, " (" .. object .. ")  owned by " .. $label(object.owner) ..
      (flags ~= "" and "  " .. flags or "") .. kind },
    "Parents:  " .. labels(parents(object)),
    "Children: " .. labels(children(object)),
    "Location: " .. (valid(object.location) and $label(object.location) or "none"),
    "Contents: " .. labels(object.contents),
  }
  local width = player:columns()
  -- What it has a value of its own for, its ancestors' properties too.
  local rows = {}
  for _, class in ipairs({ object, table.unpack(ancestors(object)) }) do
    local listed, names = pcall(properties, class)
    if not listed and class == object then lines[#lines + 1] = { { error = names.message } } end
    for _, name in ipairs(listed and names or {}) do
      local readable, info = pcall(property_info, object, name)
      local own = class == object or readable and not is_clear_property(object, name)
      if own then
        local value = readable and toliteral(object[name]) or "(not readable)"
        rows[#rows + 1] = { "  ." .. name, readable and info[2] or "", $text:shorten(value, math.max(width - 32, 20)) }
      end
    end
  end
  if #rows > 0 then
    for _, line in ipairs($text:table({ "Properties", "", "" }, rows)) do lines[#lines + 1] = line end
  end
  local listed, names = pcall(verbs, object)
  rows = {}
  for place, spelled in ipairs(listed and names or {}) do
    local readable, info = pcall(verb_info, object, place)
    rows[place] = { "  :" .. spelled, readable and $form(object, place) or "", readable and info[2] or "(not readable)" }
  end
  if #rows > 0 then
    for _, line in ipairs($text:table({ "Verbs", "", "" }, rows)) do lines[#lines + 1] = line end
  end
  return lines
end }

-- The verbs of these five only differ in what they list.
verb { "@parents @kids @children @contents @ancestors", "any none none", function()
  -- @parents OBJECT, @kids OBJECT, @contents OBJECT
  -- What an object inherits from, all the way up; what inherits from it; what is in it.
  set_task_perms(caller_perms(player))
  local ok, why = pcall(function()
    local object, what = $named(argstr ~= "" and argstr or "here"), verb:lower()
    local list = (what == "@parents" or what == "@ancestors") and ancestors(object) or
      what == "@contents" and object.contents or children(object)
    if #list == 0 then return player:tell($label(object), " has no ", what:sub(2), ".") end
    local rows = {}
    for i, item in ipairs(list) do rows[i] = { tostr(item), item.name, $label(item.owner) } end
    player:tell_lines($text:table({ "Object", "Name", "Owner" }, rows))
  end)
  if not ok then player:tell_error(why) end
end }

verb { "@quota", "any none none", function()
  -- @quota [PLAYER]
  -- How much you own, and how much you may; wizards see others' too.
  set_task_perms(caller_perms(player))
  local ok, why = pcall(function()
    local who = argstr == "" and player or $named(argstr)
    local held = quota(who)
    player:tell($label(who), " owns ", $text:count(held.objects, "object"), " and ", held.bytes, " bytes.")
    player:tell("Further objects: ", held.ownership_quota or "no limit", "   bytes in all: ",
      held.byte_quota or "no limit")
  end)
  if not ok then player:tell_error(why) end
end }

verb { "@audit", "any none none", function()
  -- @audit [PLAYER]
  -- The objects that you, or somebody, own.
  set_task_perms(caller_perms(player))
  local ok, why = pcall(function()
    local who = argstr == "" and player or $named(argstr)
    local rows = {}
    for i, object in ipairs(owned_objects(who)) do
      rows[i] = { tostr(object), object.name, #parents(object) > 0 and $label(parents(object)[1]) or "",
        valid(object.location) and $label(object.location) or "" }
    end
    local lines = $text:table({ "Object", "Name", "Parent", "Where" }, rows)
    lines[#lines + 1] = $label(who) .. " owns " .. $text:count(#rows, "object") .. "."
    player:tell_lines(lines)
  end)
  if not ok then player:tell_error(why) end
end }

verb { "@find", "any none none", function()
  -- @find TEXT
  -- The objects and players whose name has that in it, and where they are.
  set_task_perms(caller_perms(player))
  if argstr == "" then return player:usage() end
  local rows = {}
  for i, object in ipairs($search:called(argstr)) do
    rows[i] = { tostr(object), object.name, $label(object.owner),
      valid(object.location) and $label(object.location) or "" }
  end
  if #rows == 0 then return player:tell("Nothing is called \"", argstr, "\".") end
  player:tell_lines($text:table({ "Object", "Name", "Owner", "Where" }, rows))
end }
