-- #0: what the server asks of the world, and the names of its classes ($room is system.room).
object { name = "system" }

property { "welcome", {
  "Welcome. This is a Cosmoo world.",
  "",
  "  connect NAME PASSWORD     log in",
  "  quit                      leave",
} }

-- Texts that `help TOPIC` shows besides those of builtins and of commands.
property { "help", {
  eval = {
    ";EXPRESSION         prints its value:         ;1 + 1",
    ";STATEMENTS         runs Lua; `return` prints: ;local x = 2 return x * x",
    ";                   alone: type or paste lines, `.` on a line of its own ends them",
    "Objects are written #4 or $room; me and here stand for yourself and where you are.",
  },
  verbs = {
    "@verb OBJECT:NAME [ARGS]    adds a verb; ARGS are three words such as: this none this",
    "@program OBJECT:NAME        then paste Lua lines, `.` ends, @abort gives up",
    "@list OBJECT:NAME           shows a verb's code",
    "In a verb: this player caller verb args argstr dobj dobjstr prepstr iobj iobjstr.",
    "obj.name is a property, obj:name(...) calls a verb; `help BUILTIN` explains a builtin.",
  },
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
  local text = tostring(args[1] or "")
  local object
  if text:sub(1, 1) == "$" then
    local ok, found = pcall(function() return system[text:sub(2)] end)
    object = ok and type(found) == "object" and found or #-3
  else
    object = match_object(text)
  end
  if valid(object) then return object end
  if text == "" then raise(E_INVARG, "No object is named.") end
  if object == #-2 then raise(E_INVARG, "\"" .. text .. "\" could be several things.") end
  raise(E_INVARG, "There is no \"" .. text .. "\" here.")
end }

-- $duration(3661): "1h 1m"
verb { "duration", function()
  local seconds = math.floor(args[1])
  if seconds < 60 then return seconds .. "s" end
  if seconds < 3600 then return ("%dm %ds"):format(seconds // 60, seconds % 60) end
  if seconds < 86400 then return ("%dh %dm"):format(seconds // 3600, seconds % 3600 // 60) end
  return ("%dd %dh"):format(seconds // 86400, seconds % 86400 // 3600)
end }
