package eventgrpc

import "fmt"

// Reasons why events are refused or given up, as they stand in counters.
const (
	QueueFull = "queue_full"
	NoConsent = "no_consent"
	Closed    = "closed"
	Invalid   = "invalid"
	Storage   = "storage"

	Rejected      = "rejected"
	Refused       = "refused"
	TooLarge      = "too_large"
	Expired       = "expired"
	ConsentDenied = "consent"
)

// Counters are numbers since a client was opened: Taken = Accepted + all of GivenUp + Queued.
type Counters struct {
	// Taken counts events that were taken, and those found in storage.
	Taken int `json:"taken"`
	// Refused counts events that weren't taken, by reason.
	Refused map[string]int `json:"refused"`
	// Accepted counts events that the server accepted.
	Accepted int `json:"accepted"`
	// GivenUp counts events that were given up, by reason.
	GivenUp map[string]int `json:"given_up"`
	// Queued is how many events are in the queue.
	Queued int `json:"queued"`
	// Requests counts requests that were sent.
	Requests int `json:"requests"`
	// Retries counts those among them that followed a failure.
	Retries int `json:"retries"`
	// Damaged counts records of storage that couldn't be read.
	Damaged int `json:"damaged"`
	// LastFailure is why the last request failed, in a few words for a person; empty if it didn't.
	LastFailure string `json:"last_failure"`
}

// String is the counters with their names.
func (c Counters) String() string {
	type named Counters
	return fmt.Sprintf("%+v", named(c))
}

// GivenUp is an event that was taken and won't be sent again.
type GivenUp struct {
	// ID is the event's.
	ID string `json:"id"`
	// Type is the event's type, such as addToCartEvent.
	Type string `json:"type"`
	// Reason is one of Rejected, Refused, TooLarge, Expired, ConsentDenied and Closed.
	Reason string `json:"reason"`
	// Code is the server's reason for a program, if it gave one.
	Code string `json:"code,omitempty"`
	// Message is the server's reason for a person, if it gave one.
	Message string `json:"message,omitempty"`
	// Status is that of the server's answer; 0 if there was none.
	Status int `json:"status,omitempty"`
}
