-- $container: a thing that holds things.
object { name = "container", parents = { "thing" }, flags = "fertile readable" }

verb { "accept", function()
  return isa(args[1], $thing)
end }

verb { "look_self", function()
  pass()
  local inside = {}
  for i, object in ipairs(this.contents) do inside[i] = object.name end
  player:tell(#inside > 0 and "In it: " .. $text:list(inside) .. "." or "It is empty.")
end }
