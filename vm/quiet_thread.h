// Threads that take no signals: what is sent to the process is for the event loop's thread alone.
#pragma once

#include <signal.h>

namespace cosmoo {

/// While one lives, its thread has all signals blocked; threads that it starts meanwhile keep that.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace cosmoo
