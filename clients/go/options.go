package eventgrpc

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"example.com/event-grpc/clients/go/events"
)

// Consent says whether events may be stored and sent.
type Consent string

// What consent may be.
const (
	// Granted is the default.
	Granted Consent = "granted"
	// Pending keeps events in memory; nothing is written or sent.
	Pending Consent = "pending"
	// Denied empties the queue and takes nothing.
	Denied Consent = "denied"
)

// Options say where a client sends to, and how.
type Options struct {
	// Endpoint is the server, such as https://events.example.com.
	Endpoint string
	// Key is the write key, if the server asks for one.
	Key string
	// Header is who and what sends; it holds for all events until SetHeader.
	Header *events.Header
	// Storage is a folder, made if it isn't there, for a queue that outlives the process. Without it the queue is in
	// memory.
	Storage string
	// Consent is Granted if it is left out.
	Consent Consent
	// OnGivenUp is called with each event that was taken and can't be sent. It may not call Flush or Close. Without it the
	// first of each reason is logged by log/slog.
	OnGivenUp func(GivenUp)
	// TLS trusts more than the system does, or has a client certificate.
	TLS *tls.Config
	// Insecure allows http to what isn't this machine.
	Insecure bool
	// Limits are the bounds; those that are zero are at their default.
	Limits Limits
}

// Limits are the bounds of a client. A field that is zero is at its default.
type Limits struct {
	// MaxEvents is how many events the queue holds: 1,000.
	MaxEvents int
	// MaxBytes is how many bytes the queue holds: 5,000,000.
	MaxBytes int
	// MaxEventBytes is how many bytes an event has, and the header: 256 KiB.
	MaxEventBytes int
	// MaxAge is when an event is given up: 7 days.
	MaxAge time.Duration
	// BatchEvents is how many events a request has: 50.
	BatchEvents int
	// BatchBytes is how many bytes a request has: 500,000.
	BatchBytes int
	// BatchWait is how long an event waits for others that are sent with it: 3 s.
	BatchWait time.Duration
	// BackoffBase bounds the first pause after a failure, and doubles with each further one: 1 s.
	BackoffBase time.Duration
	// BackoffMax bounds all pauses that the server didn't ask for: 10 min.
	BackoffMax time.Duration
	// RequestTimeout is how long one request may take, with its answer: 30 s.
	RequestTimeout time.Duration
}

func (l Limits) orDefaults() Limits {
	return Limits{
		MaxEvents:      or(l.MaxEvents, 1_000),
		MaxBytes:       or(l.MaxBytes, 5_000_000),
		MaxEventBytes:  or(l.MaxEventBytes, 256<<10),
		MaxAge:         or(l.MaxAge, 7*24*time.Hour),
		BatchEvents:    or(l.BatchEvents, 50),
		BatchBytes:     or(l.BatchBytes, 500_000),
		BatchWait:      or(l.BatchWait, 3*time.Second),
		BackoffBase:    or(l.BackoffBase, time.Second),
		BackoffMax:     or(l.BackoffMax, 10*time.Minute),
		RequestTimeout: or(l.RequestTimeout, 30*time.Second),
	}
}

func or[T comparable](v, otherwise T) T {
	var none T
	if v == none {
		return otherwise
	}
	return v
}

// check says what is wrong with options. The key isn't in the error.
func (o *Options) check() error {
	u, err := url.Parse(o.Endpoint)
	switch {
	case err != nil, u.Hostname() == "", u.Scheme != "http" && u.Scheme != "https":
		return errors.New("event-grpc: Endpoint should be such as https://events.example.com")
	case u.User != nil:
		return errors.New("event-grpc: a password doesn't belong into Endpoint; use Key")
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("event-grpc: Endpoint should have neither ? nor #")
	case u.Scheme == "http" && !o.Insecure && !isLoopback(u.Hostname()):
		return fmt.Errorf("event-grpc: http to %s would send events and the key in the clear; use https, or say Insecure",
			u.Hostname())
	case strings.ContainsFunc(o.Key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("event-grpc: Key has a character that a key can't have; is there a line break?")
	case o.TLS != nil && o.TLS.InsecureSkipVerify:
		return errors.New("event-grpc: TLS should verify the server's certificate; give RootCAs instead")
	}
	return o.Consent.check()
}

func (c Consent) check() error {
	switch c {
	case Granted, Pending, Denied:
		return nil
	}
	return fmt.Errorf("event-grpc: consent should be granted, pending or denied, is %q", string(c))
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
