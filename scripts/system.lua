-- #0: what the server asks of the world, and the names of its classes ($room is system.room).
object { name = "system", flags = "readable" }

property { "welcome", {
  "Welcome. This is a Cosmoo world.",
  "",
  "  connect NAME PASSWORD     log in",
  "  quit                      leave",
} }

-- Called by the server, and by nobody else, when a player has logged in.
verb { "user_connected user_created user_reconnected", function()
  if caller_perms() ~= #-1 then raise(E_PERM) end
  local who = args[1]
  if valid(who.location) then
    who.location:announce(who, who.name .. " has connected.")
  end
  who:look_around()
end }

verb { "user_disconnected", function()
  if caller_perms() ~= #-1 then raise(E_PERM) end
  local who = args[1]
  if valid(who) and valid(who.location) then
    who.location:announce(who, who.name .. " has disconnected.")
  end
end }

-- $named("#4"), $named("$room"), $named("sword"): the object, or an E_INVARG that says what is wrong.
verb { "named", function()
  set_task_perms(caller_perms(player))
  local text = tostr(args[1] or "")
  local object
  if text:sub(1, 1) == "$" then
    local ok, found = pcall(function() return system[text:sub(2)] end)
    object = ok and type(found) == "object" and found or #-3
  else
    object = match_object(text)
    -- A player who is elsewhere goes by name, too.
    if object == #-3 then object = find_player(text) end
  end
  if valid(object) then return object end
  if text == "" then raise(E_INVARG, "No object is named.") end
  if object == #-2 then
    raise(E_INVARG, "\"" .. text .. "\" could be several things. Say which by its number: examine shows it.")
  end
  local known, meant = pcall(function() return system[text] end)
  raise(E_INVARG, "There is no \"" .. text .. "\" here." ..
    (known and type(meant) == "object" and valid(meant) and " Do you mean $" .. text .. "?" or ""))
end }

-- $exit_among(exits, "north"): the exit of that name or alias in a list, #-1 if there is none.
verb { "exit_among", function()
  set_task_perms(caller_perms(player))
  local word = tostr(args[2]):lower()
  for _, exit in ipairs(type(args[1]) == "table" and args[1] or {}) do
    if type(exit) == "object" and isa(exit, $exit) then
      local names = { exit.name, table.unpack(exit.aliases) }
      for _, name in ipairs(names) do
        if tostr(name):lower() == word then return exit end
      end
    end
  end
  return #-1
end }

-- $visible("north"): as $named, and the exits of the room besides. The room's own find_exit is not
-- asked: what somebody is about to change is nothing for another's code to choose.
verb { "visible", function()
  set_task_perms(caller_perms(player))
  local listed, exit = pcall(function() return this:exit_among(player.location.exits, args[1]) end)
  return listed and valid(exit) and exit or this:named(args[1])
end }

-- $held("lantern"): as $named, of what the player carries.
verb { "held", function()
  set_task_perms(caller_perms(player))
  local object = this:named(args[1])
  if object.location ~= player then raise(E_INVARG, "You don't have that.") end
  return object
end }

-- $verb_named("lamp:light"), $property_named("lamp.oil"): the object and the name, or an E_INVARG
-- that says how it is written.
verb { "verb_named", function()
  set_task_perms(caller_perms(player))
  local object, name = tostr(args[1] or ""):match("^([^:]+):(.+)$")
  if not object then raise(E_INVARG, "A verb is written OBJECT:VERB, such as lantern:light.") end
  return this:named(object), name
end }

verb { "property_named", function()
  set_task_perms(caller_perms(player))
  local object, name = tostr(args[1] or ""):match("^(.+)%.([^.]+)$")
  if not object then raise(E_INVARG, "A property is written OBJECT.PROPERTY, such as lantern.oil.") end
  return this:named(object), name
end }

-- $verb_home(object, name): the object itself or the ancestor that defines the verb. E_VERBNF.
verb { "verb_home", function()
  set_task_perms(caller_perms(player))
  local object, name = args[1], args[2]
  local found, info = pcall(verb_info, object, name)
  if found or info ~= E_VERBNF then return object end
  for _, class in ipairs(ancestors(object)) do
    local above, why = pcall(verb_info, class, name)
    if above or why ~= E_VERBNF then return class end
  end
  raise(E_VERBNF, "There is no verb " .. object .. ":" .. name .. ". @verb or @program adds one.")
end }

-- $form(object, "light"): what a command must look like for a verb, in words: "this none this".
verb { "form", function()
  set_task_perms(caller_perms(player))
  return table.concat(verb_args(args[1], args[2]), " ")
end }

-- $label(#4): "lantern (#4)".
verb { "label", function()
  return valid(args[1]) and args[1].name .. " (" .. args[1] .. ")" or tostr(args[1])
end }

-- $duration(3661): "1h 1m"
verb { "duration", function()
  local seconds = math.floor(args[1])
  if seconds < 60 then return seconds .. "s" end
  if seconds < 3600 then return ("%dm %ds"):format(seconds // 60, seconds % 60) end
  if seconds < 86400 then return ("%dh %dm"):format(seconds // 3600, seconds % 3600 // 60) end
  return ("%dd %dh"):format(seconds // 86400, seconds % 86400 // 3600)
end }
