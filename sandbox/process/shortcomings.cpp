#include "sandbox/process/shortcomings.h"

#include "sandbox/process/job_setup.h"

namespace cosmoo::sandbox {

std::vector<std::string> shortcomings(const Controls& controls, SlotPool& slots,
                                      const std::vector<Profile>& profiles) {
  std::vector<std::string> sentences;
  constexpr struct {
    Controller controller;
    const char* sentence;
  } kUses[] = {
      {Controller::memory, "no control group limits memory: each process is limited alone"},
      {Controller::pids, "no control group limits processes"},
      {Controller::cpu, "no control group shares the processor out"},
      {Controller::cpuacct, "no control group counts processor time: it is the leader's"}};
  for (const auto& [controller, sentence] : kUses) {
    if (!controls.has(controller)) sentences.emplace_back(sentence);
  }
  for (const Profile& profile : profiles) {
    const auto missing = usual_kind(profile).and_then(
        [&slots](const SlotKind& kind) { return slots.missing(kind); });
    if (!missing) {
      sentences.push_back("profile " + profile.name + ": " + missing.error().message);
      continue;
    }
    for (const auto& wall : feature_names(*missing)) {
      sentences.push_back("profile " + profile.name + " has not " + wall);
    }
  }
  return sentences;
}

}  // namespace cosmoo::sandbox
