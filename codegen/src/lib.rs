//! The generator: load, resolve, check, emit. It knows nothing of the server.
