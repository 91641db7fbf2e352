#include "builtins/elsewhere.h"

namespace cosmoo {

Outcome run_elsewhere(Call& call, std::string label, std::function<Resumption()> work) {
  auto answer = std::make_shared<Resumption>(Value());
  return run_elsewhere(
      call, std::move(label), [answer, work = std::move(work)] { *answer = work(); },
      [answer] { return std::move(*answer); });
}

Outcome run_elsewhere(Call& call, std::string label, std::function<void()> work,
                      std::function<Resumption()> finish) {
  Services& services = call.services();
  if (auto allowed = services.scheduler.may_wait(call.programmer()); !allowed) {
    return allowed.error();
  }
  enum class Waiting { yes, no };
  auto waiting = std::make_shared<Waiting>(Waiting::yes);
  services.offload(std::move(work), [waiting, finish = std::move(finish), ticket = call.ticket(),
                                     &scheduler = services.scheduler] {
    if (*waiting == Waiting::yes) scheduler.complete(ticket, finish());
  });
  Wait wait;
  wait.kind = Wait::Kind::job;
  wait.label = std::move(label);
  wait.on_kill = [waiting] { *waiting = Waiting::no; };
  return wait;
}

}  // namespace cosmoo
