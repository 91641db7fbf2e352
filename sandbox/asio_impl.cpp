// The one place where the bodies of Boost.Asio are compiled; everyone else sees declarations.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
