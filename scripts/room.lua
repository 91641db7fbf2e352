-- $room: where players meet.
object { name = "room", parents = { "root" }, flags = "fertile" }

-- room:announce(except, text): tells everyone in the room but one. Whatever stands there may have a
-- `tell` of its own: its errors are its own, and where it waits or is slow, players were told before.
verb { "announce", function(...)
  local except, text = args[1], args[2]
  local players, things = {}, {}
  for _, object in ipairs(this.contents) do
    local to = is_player(object) and players or things
    if object ~= except then to[#to + 1] = object end
  end
  for _, some in ipairs({ players, things }) do
    for _, object in ipairs(some) do pcall(function() object:tell(text) end) end
  end
end }

verb { "look_self", function()
  player:tell(this.name)
  player:tell(this.description)
  local here = {}
  for _, object in ipairs(this.contents) do
    if object ~= player then here[#here + 1] = object.name end
  end
  if #here > 0 then player:tell("Here: " .. table.concat(here, ", ") .. ".") end
end }
