// Package eventgrpc sends events to an event-grpc server: typed, queued, and never lost in silence.
//
//	client, err := eventgrpc.Open(eventgrpc.Options{Endpoint: "https://events.example.com", Key: key})
//	id, err := client.Track(&events.AddToCartEvent{ProductID: 42, Quantity: 2})
package eventgrpc

import (
	"context"
	"fmt"
	"maps"
	"sync"

	"example.com/event-grpc/clients/go/events"
)

// Client takes events, and sends them from a goroutine of its own. Its methods may be called from all goroutines.
type Client struct {
	limits Limits
	state  *state
	sender *sender
	closed closing
}

// closing is what Close returned.
type closing struct {
	once sync.Once
	err  error
}

// Open opens a client.
func Open(options Options) (*Client, error) {
	options.Consent = or(options.Consent, Granted)
	options.Limits = options.Limits.orDefaults()
	if err := options.check(); err != nil {
		return nil, err
	}
	header, err := encodeHeader(options.Header, options.Limits)
	if err != nil {
		return nil, err
	}
	var j *journal
	var found []*item
	var damaged int
	if options.Storage != "" {
		if j, found, damaged, err = openJournal(options.Storage); err != nil {
			return nil, err
		}
	}
	s := newState(&options, newQueue(options.Limits, j, found))
	s.header = header
	s.counters.Taken = len(found)
	s.counters.Damaged = damaged
	c := &Client{limits: options.Limits, state: s, sender: newSender(s, newTransport(&options))}
	go c.sender.run()
	if options.Consent == Denied {
		return c, c.SetConsent(Denied)
	}
	return c, nil
}

// String says where a client sends to, and not its key.
func (c *Client) String() string {
	return "eventgrpc.Client(" + c.state.options.Endpoint + ")"
}

// GoString is the same for %#v.
func (c *Client) GoString() string {
	return c.String()
}

// Track takes an event and gives it an id. The error says why it wasn't taken: ErrQueueFull, ErrNoConsent, ErrClosed,
// ErrInvalid or ErrStorage. It doesn't wait for the network.
func (c *Client) Track(event events.Event) (id string, err error) {
	return c.TrackWith(event, Details{})
}

// TrackWith takes an event with an id, a time or a place of its own.
func (c *Client) TrackWith(event events.Event, details Details) (id string, err error) {
	s := c.state
	s.mu.Lock()
	header := s.header
	reason, err := s.refusal()
	s.mu.Unlock()
	var it *item
	if err == nil {
		reason = Invalid
		it, err = newItem(event, header, details)
	}
	if err == nil && len(it.event) > c.limits.MaxEventBytes {
		err = fmt.Errorf("%w: it is %d bytes, more than MaxEventBytes", ErrInvalid, len(it.event))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		reason, err = s.take(it)
	}
	if err != nil {
		s.counters.Refused[reason]++
		return "", err
	}
	return it.id, nil
}

// SetHeader sets who and what sends, for events that are taken from now on.
func (c *Client) SetHeader(header *events.Header) error {
	text, err := encodeHeader(header, c.limits)
	if err != nil {
		return err
	}
	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	c.state.header = text
	return nil
}

// SetOnline stops requests, or lets them go on at once. Events are taken meanwhile.
func (c *Client) SetOnline(online bool) {
	s := c.state
	s.mu.Lock()
	defer s.mu.Unlock()
	s.online = online
	if online {
		s.hurry()
	}
	s.settleWaiters()
	s.wake()
}

// SetConsent sets whether events may be stored and sent. Denied empties the queue.
func (c *Client) SetConsent(consent Consent) error {
	if err := consent.check(); err != nil {
		return err
	}
	s := c.state
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return nil
	}
	s.consent = consent
	var told []GivenUp
	switch consent {
	case Denied:
		s.epoch++
		told = s.giveUp(s.queue.items, GivenUp{Reason: ConsentDenied})
	case Granted:
		s.queue.store()
		s.hurry()
	}
	s.settleWaiters()
	s.wake()
	s.mu.Unlock()
	s.callBack(told)
	return nil
}

// Flush waits until everything is settled, what is taken meanwhile too. It returns the context's error if that ends
// first, and ErrNoConsent, ErrOffline or ErrClosed at once where nothing can be sent.
func (c *Client) Flush(ctx context.Context) error {
	s := c.state
	w := make(waiter, 1)
	s.mu.Lock()
	s.waiters = append(s.waiters, w)
	s.pacing.cut()
	s.settleWaiters()
	s.wake()
	s.mu.Unlock()
	select {
	case err := <-w:
		return err
	case <-ctx.Done():
		s.mu.Lock()
		defer s.mu.Unlock()
		s.forget(w)
		return ctx.Err()
	}
}

// Close takes no more events, flushes, and ends all activity. What isn't in storage then is given up. A second Close
// returns the same.
func (c *Client) Close(ctx context.Context) error {
	c.closed.once.Do(func() {
		s := c.state
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
		c.closed.err = c.Flush(ctx)
		s.mu.Lock()
		told := s.end()
		s.mu.Unlock()
		c.sender.end()
		s.callBack(told)
	})
	return c.closed.err
}

// Counters are numbers since the client was opened.
func (c *Client) Counters() Counters {
	s := c.state
	s.mu.Lock()
	defer s.mu.Unlock()
	counters := s.counters
	counters.Refused = maps.Clone(counters.Refused)
	counters.GivenUp = maps.Clone(counters.GivenUp)
	counters.Queued = len(s.queue.items)
	return counters
}
