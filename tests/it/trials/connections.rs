//! Connections that stop everybody, and the edges of HTTP and gRPC.
