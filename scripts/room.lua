-- $room: where players meet.
object { name = "room", parents = { "root" }, flags = "fertile" }

-- room:announce(except, text): tells everyone in the room but one.
verb { "announce", function(...)
  local except, text = args[1], args[2]
  for _, object in ipairs(this.contents) do
    if object ~= except then object:tell(text) end
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
