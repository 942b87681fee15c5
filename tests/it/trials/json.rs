//! JSON whose paths, members or depth cost more than its bytes.
