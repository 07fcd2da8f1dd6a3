// The host's name and the date, for records that people read.
#pragma once

#include <string>

namespace mrun {

/// As the system knows it; empty where it does not.
std::string host_name();

/// Where short-lived files go: TMPDIR, or /tmp.
std::string temp_folder();

/// Now, as "2026-01-31T23:59:59Z".
std::string utc_time_text();

}  // namespace mrun
