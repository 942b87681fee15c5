//! Small requests that become large: headers, events that are refused or unknown, answers.
