package eventgrpc

import "errors"

// Why an event wasn't taken, or why Flush can't settle what is queued. Compare with errors.Is.
var (
	// ErrQueueFull: there is no room for the event until others are sent.
	ErrQueueFull = errors.New("event-grpc: the queue is full")
	// ErrNoConsent: consent is denied; from Flush, that it isn't granted.
	ErrNoConsent = errors.New("event-grpc: there is no consent")
	// ErrClosed: the client is closed.
	ErrClosed = errors.New("event-grpc: the client is closed")
	// ErrInvalid: the event can't be sent as it is.
	ErrInvalid = errors.New("event-grpc: the event is invalid")
	// ErrStorage: the event can't be written to storage.
	ErrStorage = errors.New("event-grpc: the event can't be stored")
	// ErrOffline: Flush doesn't wait while the client is offline.
	ErrOffline = errors.New("event-grpc: the client is offline")
	// ErrQueueInUse: another client has the queue in this folder; each needs a folder of its own.
	ErrQueueInUse = errors.New("event-grpc: another client has the queue in this folder")
)
